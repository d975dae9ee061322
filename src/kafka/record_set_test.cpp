#include "kafka/record_set.h"

#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include "kafka/batches_for_tests.h"
#include "kafka/decompress.h"
#include "kafka/protocol.h"

namespace bywash::kafka {
namespace {

using columnar::RawHeader;
using columnar::RawRecord;

using namespace for_tests;

std::string end_of_transaction(int64_t base, int64_t producer, bool commit) {
  std::string key;
  big_endian<int16_t>(&key, 0);
  big_endian<int16_t>(&key, commit ? 1 : 0);
  return batch(base, {{key, std::string(6, '\0'), {}}}, kTransactional | kControl, producer);
}

RecordSet set_of(const std::string& bytes, std::vector<AbortedTransaction> aborted = {}, RecordSetOptions options = {}) {
  std::shared_ptr<char[]> memory(new char[bytes.size() + 1]);
  std::copy(bytes.begin(), bytes.end(), memory.get());
  const std::string_view view(memory.get(), bytes.size());
  return RecordSet(std::move(memory), view, std::move(aborted), options);
}

// What is read of it, as "offset:key=value" one after the other; the error's words at the end.
std::string read(RecordSet set, int64_t from = 0, size_t most = 100) {
  FetchedBatch out({"t", Partition(0)}, 8);
  const Status status = set.read(from, most, &out);
  std::string text;
  for (const RawRecord& r : out.records()) text += fmt::format("{}:{}={} ", r.offset, r.key.value_or("null"), r.value.value_or("null"));
  return text + status.message();
}

TEST(RecordSet, ReadsRecordsWithTheirNullsTimesAndHeaders) {
  const std::vector<RawHeader> headers{{"a", "1"}, {"", std::nullopt}, {"a", ""}};
  RecordSet set = set_of(batch(7, {{"k", "v", {}}, {std::nullopt, "", headers}, {"", std::nullopt, {}}}));
  EXPECT_EQ(set.end_offset(), 10);
  EXPECT_EQ(set.record_count(), 3u);
  FetchedBatch out({"t", Partition(3)}, 1);
  ASSERT_TRUE(set.read(0, 100, &out).ok());
  ASSERT_TRUE(set.done());
  ASSERT_EQ(out.records().size(), 3u);
  EXPECT_EQ(out.records()[0].offset, 7);
  EXPECT_EQ(out.records()[1].timestamp_ms, 1010);
  EXPECT_EQ(out.records()[1].timestamp_type, RawRecord::TimestampType::kCreate);
  EXPECT_FALSE(out.records()[1].key);
  EXPECT_EQ(out.records()[1].value, "");
  EXPECT_EQ(out.records()[2].key, "");
  EXPECT_FALSE(out.records()[2].value);
  EXPECT_FALSE(out.has_headers(0));
  EXPECT_FALSE(out.has_headers(2));
  EXPECT_EQ(out.headers(1), headers);
  EXPECT_TRUE(out.headers(2).empty());
}

TEST(RecordSet, TakesTheBatchesTimeWhereTheBrokerSetIt) {
  RecordSet set = set_of(batch(0, {record("a"), record("b")}, kAppendTime));
  FetchedBatch out({"t", Partition(0)}, 1);
  ASSERT_TRUE(set.read(0, 100, &out).ok());
  EXPECT_EQ(out.records()[1].timestamp_ms, 5000);
  EXPECT_EQ(out.records()[1].timestamp_type, RawRecord::TimestampType::kLogAppend);
}

TEST(RecordSet, BeginsAtTheOffsetThatWasAskedForAndStopsAtTheCount) {
  const std::string bytes = batch(0, {record("a"), record("b"), record("c")}) + batch(5, {record("d"), record("e")});
  EXPECT_EQ(read(set_of(bytes), 2), "2:c=c 5:d=d 6:e=e ");
  EXPECT_EQ(read(set_of(bytes), 4), "5:d=d 6:e=e ");
  RecordSet set = set_of(bytes);
  FetchedBatch first({"t", Partition(0)}, 1), second({"t", Partition(0)}, 1);
  ASSERT_TRUE(set.read(1, 1, &first).ok());
  EXPECT_EQ(set.next_offset(), 2);
  EXPECT_FALSE(set.done());
  ASSERT_TRUE(set.read(2, 10, &second).ok());
  EXPECT_TRUE(set.done());
  EXPECT_EQ(set.next_offset(), 7);
  EXPECT_EQ(second.records().size(), 3u);
}

TEST(RecordSet, LeavesOutABatchThatIsCutOff) {
  const std::string whole = batch(0, {record("a")}), next = batch(1, {record("b")});
  for (size_t size = 0; size < next.size(); ++size) {
    RecordSet set = set_of(whole + next.substr(0, size));
    EXPECT_EQ(set.end_offset(), 1);
    EXPECT_EQ(read(std::move(set)), "0:a=a ");
  }
  EXPECT_EQ(set_of(whole.substr(0, 40)).end_offset(), -1);
}

TEST(RecordSet, SeesOldFormats) {
  std::string old = batch(0, {record("a")});
  old[16] = 1;
  EXPECT_TRUE(set_of(old).has_old_format());
  EXPECT_FALSE(set_of(batch(0, {record("a")})).has_old_format());
}

std::string compressed(arrow::Compression::type kind, const std::string& plain) {
  auto codec = *arrow::util::Codec::Create(kind);
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(plain.size()), nullptr)), '\0');
  out.resize(static_cast<size_t>(*codec->Compress(static_cast<int64_t>(plain.size()), reinterpret_cast<const uint8_t*>(plain.data()),
                                                  static_cast<int64_t>(out.size()), reinterpret_cast<uint8_t*>(out.data()))));
  return out;
}

std::string xerial(const std::string& plain) {
  std::string out("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
  for (size_t at = 0; at < plain.size(); at += 1000) {
    const std::string block = compressed(arrow::Compression::SNAPPY, plain.substr(at, 1000));
    big_endian<int32_t>(&out, static_cast<int32_t>(block.size()));
    out += block;
  }
  return out;
}

TEST(RecordSet, ReadsEveryCodec) {
  std::string records, expected;
  for (int i = 0; i < 500; ++i) {
    records += record_bytes(i, record("value" + std::to_string(i % 7)));
    expected += fmt::format("{}:value{}=value{} ", i, i % 7, i % 7);
  }
  const std::string gzip = compressed(arrow::Compression::GZIP, records), zstd = compressed(arrow::Compression::ZSTD, records);
  // Two frames one after the other, as a writer that flushes may leave them.
  const std::string two = compressed(arrow::Compression::ZSTD, records.substr(0, 100)) + compressed(arrow::Compression::ZSTD, records.substr(100));
  for (const auto& [codec, bytes] : std::vector<std::pair<int, std::string>>{{1, gzip}, {2, compressed(arrow::Compression::SNAPPY, records)},
                                                                             {2, xerial(records)}, {3, compressed(arrow::Compression::LZ4_FRAME, records)}, {4, zstd}, {4, two}}) {
    EXPECT_EQ(read(set_of(batch_of(0, 500, bytes, codec, -1)), 0, 1000), expected) << codec;
    // Cut off inside, or broken: an error, whatever the codec.
    for (size_t size = 0; size < bytes.size(); size += 13) {
      const std::string broken = batch_of(0, 500, bytes.substr(0, size), codec, -1);
      EXPECT_NE(read(set_of(broken), 0, 1000), expected) << codec << " " << size;
    }
  }
  EXPECT_NE(read(set_of(batch_of(0, 500, gzip, 5, -1))).find("number 5"), std::string::npos);
}

TEST(RecordSet, LeavesOutWhatAnAbortedTransactionWrote) {
  const std::string bytes = batch(0, {record("a1")}, kTransactional, 11) + batch(1, {record("b1")}, kTransactional, 22) + batch(2, {record("plain")}) +
                            end_of_transaction(3, 11, false) + batch(4, {record("a2")}, kTransactional, 11) + end_of_transaction(5, 22, true) +
                            end_of_transaction(6, 11, true);
  const std::vector<AbortedTransaction> aborted{{11, 0}};
  EXPECT_EQ(read(set_of(bytes, aborted, {.read_committed = true})), "1:b1=b1 2:plain=plain 4:a2=a2 ");
  EXPECT_EQ(read(set_of(bytes, aborted, {})), "0:a1=a1 1:b1=b1 2:plain=plain 4:a2=a2 ");
  RecordSet set = set_of(bytes, aborted, {.read_committed = true});
  FetchedBatch out({"t", Partition(0)}, 1);
  ASSERT_TRUE(set.read(0, 100, &out).ok());
  EXPECT_EQ(set.next_offset(), 7) << "the marks of transactions have offsets, too";
}

TEST(RecordSet, RefusesWhatItsChecksumDoesNotCover) {
  const std::string good = batch(0, {record("a"), record("b")});
  for (size_t at = 21; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    EXPECT_NE(read(set_of(bad)).find("checksum"), std::string::npos) << at;
  }
}

// Without the checksum nothing but the structure holds: no byte may lead outside the batch.
TEST(RecordSet, SurvivesAnyBrokenByte) {
  const std::string good = batch(3, {{"k", "v", {{"h", "x"}}}, {std::nullopt, std::string(300, 'y'), {}}}) + batch(9, {record("z")});
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      RecordSet set = set_of(bad, {{0, 0}}, {.check_crcs = false, .read_committed = true});
      FetchedBatch out({"t", Partition(0)}, 1);
      (void)set.read(0, 100, &out).ok();
      for (size_t i = 0; i < out.records().size(); ++i) (void)out.headers(i);
    }
  }
}

TEST(FetchProtocol, ReadsAnAnswerAndNoPartOfIt) {
  std::string bytes;
  big_endian<int32_t>(&bytes, 30);  // throttle
  big_endian<int16_t>(&bytes, 0);
  big_endian<int32_t>(&bytes, 0);
  big_endian<int32_t>(&bytes, 1);
  big_endian<int16_t>(&bytes, 5);
  bytes += "topic";
  big_endian<int32_t>(&bytes, 1);
  big_endian<int32_t>(&bytes, 4);  // partition
  big_endian<int16_t>(&bytes, 0);
  for (int64_t offset : {100, 90, 10}) big_endian<int64_t>(&bytes, offset);
  big_endian<int32_t>(&bytes, 1);
  for (int64_t aborted : {77, 12}) big_endian<int64_t>(&bytes, aborted);
  big_endian<int32_t>(&bytes, -1);
  big_endian<int32_t>(&bytes, 3);
  bytes += "abc";
  auto answer = protocol::parse_fetch(bytes);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->throttle_ms, 30);
  ASSERT_EQ(answer->partitions.size(), 1u);
  const auto& part = answer->partitions[0];
  EXPECT_EQ(part.topic, "topic");
  EXPECT_EQ(part.partition, 4);
  EXPECT_EQ(part.high_watermark, 100);
  EXPECT_EQ(part.log_start, 10);
  EXPECT_EQ(part.aborted[0].producer_id, 77);
  EXPECT_EQ(part.records, "abc");
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(protocol::parse_fetch(bytes.substr(0, size)).ok()) << size;
  // A count that cannot be true does not make room for itself.
  std::string many = bytes.substr(0, 10);
  big_endian<int32_t>(&many, 0x7fffffff);
  EXPECT_FALSE(protocol::parse_fetch(many + std::string(100, '\0')).ok());
}

TEST(FetchProtocol, NamesTheRequestThatABrokerDoesNotSpeak) {
  auto versions = [](int16_t fetch_most) {
    std::string bytes;
    big_endian<int16_t>(&bytes, 0);
    big_endian<int32_t>(&bytes, 3);
    for (int16_t number : {int16_t{1}, int16_t{4}, fetch_most, int16_t{2}, int16_t{1}, int16_t{9}, int16_t{3}, int16_t{0}, int16_t{12}}) big_endian(&bytes, number);
    return protocol::check_api_versions(bytes, protocol::kFetchApis);
  };
  EXPECT_TRUE(versions(16).ok());
  EXPECT_EQ(versions(8).code(), Code::kInvalid);
  EXPECT_NE(versions(8).message().find("version 11 of Fetch"), std::string::npos);
  EXPECT_TRUE(protocol::check_api_versions("", protocol::kFetchApis).retriable());
}

}  // namespace
}  // namespace bywash::kafka
