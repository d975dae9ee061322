// The fetcher against a broker that does what a real one cannot be made to do at will: damaged batches, lost connections, wrong answers.
#include "kafka/fetcher.h"

#include <gtest/gtest.h>

#include <atomic>

#include "kafka/fake_broker_for_tests.h"

namespace bywash::kafka {
namespace {

using namespace for_tests;

FetchSettings settings_for(const FakeBroker& broker) {
  FetchSettings out;
  out.bootstrap = {{"127.0.0.1", broker.port()}};
  out.reset_to = protocol::kEarliest;
  out.request_timeout_ms = 2000;
  out.ahead_bytes = 1 << 20;
  out.limits.max_wait_ms = 10;
  out.security = std::make_shared<BrokerSecurity>();
  return out;
}

const TopicPartition kPartition{"t", Partition(0)};

// Takes records until `wanted` are there or something fails: "offset=value " each, then the error's words.
std::string take(Fetcher* fetcher, size_t wanted) {
  std::string out;
  const SteadyTime deadline = steady_now() + Millis(5000);
  for (size_t got = 0; got < wanted && steady_now() < deadline;) {
    if (Status status = fetcher->step(); !status.ok()) return out + status.message();
    if (fetcher->unsupported()) return out + "unsupported";
    auto batches = fetcher->take(100);
    if (!batches.ok()) return out + batches.status().message();
    for (const auto& batch : *batches) {
      for (const auto& r : batch->records()) out += fmt::format("{}={} ", r.offset, r.value.value_or("null"));
      got += batch->records().size();
    }
    if (got < wanted) fetcher->wait(-1, 20);
  }
  return out;
}

// Ten records a fetch, from whatever offset.
FakeBroker::Fetched ten(int64_t offset) {
  std::vector<TestRecord> records;
  for (int64_t i = 0; i < 10; ++i) records.push_back(record(std::to_string(offset + i)));
  return {batch(offset, records)};
}

std::string expected(int64_t from, int64_t end) {
  std::string out;
  for (int64_t i = from; i < end; ++i) out += fmt::format("{}={} ", i, i);
  return out;
}

TEST(Fetcher, ReadsOnFromAnOffsetAndAfterASeek) {
  FakeBroker broker([](int64_t offset) { return ten(offset); });
  Fetcher fetcher(settings_for(broker), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 5}});
  EXPECT_EQ(take(&fetcher, 20).substr(0, expected(5, 25).size()), expected(5, 25));
  ASSERT_TRUE(fetcher.seek(kPartition, 500));
  EXPECT_EQ(take(&fetcher, 10).substr(0, expected(500, 510).size()), expected(500, 510)) << "an answer to what was asked before the seek is dropped";
  EXPECT_EQ(fetcher.watermarks(kPartition).high, 1000);
  fetcher.assign({{kPartition, kStartBeginning}});
  EXPECT_EQ(take(&fetcher, 10).substr(0, expected(100, 110).size()), expected(100, 110)) << "the broker says that the log begins at 100";
}

TEST(Fetcher, KeepsWhatWasFetchedOfAPausedPartition) {
  FakeBroker broker([](int64_t offset) { return ten(offset); });
  Fetcher fetcher(settings_for(broker), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 0}});
  EXPECT_EQ(take(&fetcher, 10).substr(0, expected(0, 10).size()), expected(0, 10));
  fetcher.pause({kPartition}, true);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(fetcher.step().ok());
    EXPECT_TRUE(fetcher.take(100)->empty());
    fetcher.wait(-1, 10);
  }
  fetcher.pause({kPartition}, false);
  const int64_t next = fetcher.positions()[0].offset;
  EXPECT_EQ(take(&fetcher, 10).substr(0, expected(next, next + 10).size()), expected(next, next + 10));
}

TEST(Fetcher, FetchesADamagedBatchOnceMore) {
  int damaged = 0;
  FakeBroker broker([&](int64_t offset) {
    auto fetched = ten(offset);
    if (offset == 10 && damaged++ == 0) fetched.records.back() = '!';
    return fetched;
  });
  Fetcher fetcher(settings_for(broker), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 0}});
  EXPECT_EQ(take(&fetcher, 30).substr(0, expected(0, 30).size()), expected(0, 30));
}

TEST(Fetcher, FailsAtABatchThatStaysDamaged) {
  FakeBroker broker([](int64_t offset) {
    auto fetched = ten(offset);
    if (offset == 10) fetched.records.back() = '!';
    return fetched;
  });
  Fetcher fetcher(settings_for(broker), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 0}});
  const std::string said = take(&fetcher, 30);
  EXPECT_TRUE(said.starts_with(expected(0, 10) + "The record batch of t-0 at offset 10 is invalid: its checksum is wrong")) << said;
  EXPECT_EQ(take(&fetcher, 1), said.substr(expected(0, 10).size())) << "and says so again";
}

TEST(Fetcher, GoesOnAfterALostConnectionAndAWrongAnswer) {
  bool lost = false, wrong = false, moved = false;  // each once; requests come one after the other
  FakeBroker broker([&](int64_t offset) -> std::optional<FakeBroker::Fetched> {
    if (offset == 10 && !std::exchange(lost, true)) return std::nullopt;
    auto fetched = ten(offset);
    if (offset == 20 && !std::exchange(wrong, true)) fetched.correlation_by = 5;
    if (offset == 30 && !std::exchange(moved, true)) return FakeBroker::Fetched{"", 6};  // not the leader any more
    return fetched;
  });
  std::vector<std::string> told;
  Fetcher fetcher(settings_for(broker), [&](auto, const std::string& text) { told.push_back(text); });
  fetcher.assign({{kPartition, 0}});
  EXPECT_EQ(take(&fetcher, 40).substr(0, expected(0, 40).size()), expected(0, 40));
  ASSERT_GE(told.size(), 2u);
  EXPECT_NE(told[0].find("the broker closed the connection"), std::string::npos) << told[0];
  EXPECT_TRUE(moved);
  EXPECT_NE(told[1].find("an answer to another request"), std::string::npos) << told[1];
}

TEST(Fetcher, AsksForNoMoreThanMayWait) {
  FakeBroker broker([](int64_t offset) { return FakeBroker::Fetched{batch(offset, {record(std::string(200 << 10, 'x'))})}; });
  Fetcher fetcher(settings_for(broker), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 0}});
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(fetcher.step().ok());
    fetcher.wait(-1, 2);
  }
  EXPECT_LE(broker.fetches(), 6) << "half of 1 MiB, and one more in flight";
}

TEST(Fetcher, LeavesAnOldBrokerAndOldRecordsToOthers) {
  FakeBroker old_broker([](int64_t offset) { return ten(offset); }, 10);
  Fetcher first(settings_for(old_broker), [](auto, const std::string&) {});
  first.assign({{kPartition, 3}});
  EXPECT_EQ(take(&first, 1), "unsupported");
  EXPECT_EQ(first.positions()[0].offset, 3);
  FakeBroker old_records([](int64_t offset) {
    auto fetched = ten(offset);
    if (offset == 10) fetched.records[16] = 1;
    return fetched;
  });
  Fetcher second(settings_for(old_records), [](auto, const std::string&) {});
  second.assign({{kPartition, 0}});
  // The answer behind may come before the first one's records are taken: then they are left to librdkafka too.
  const std::string taken = take(&second, 30);
  EXPECT_EQ(taken, expected(0, second.positions()[0].offset) + "unsupported");
  EXPECT_LE(second.positions()[0].offset, 10);
}

TEST(Fetcher, FailsWhereNothingSaysWhereToBegin) {
  FakeBroker broker([](int64_t) { return FakeBroker::Fetched{"", 1}; });
  FetchSettings settings = settings_for(broker);
  settings.reset_to.reset();
  Fetcher fetcher(std::move(settings), [](auto, const std::string&) {});
  fetcher.assign({{kPartition, 3}});
  EXPECT_NE(take(&fetcher, 1).find("auto.offset.reset is none"), std::string::npos);
}

}  // namespace
}  // namespace bywash::kafka
