// Batches that are written read back as they were; the sender against a broker that refuses, hangs up and moves.
#include "kafka/record_sender.h"

#include <gtest/gtest.h>

#include <mutex>

#include "kafka/fake_broker_for_tests.h"
#include "kafka/partitioner.h"
#include "kafka/record_queue.h"

namespace bywash::kafka {
namespace {

using namespace for_tests;
using columnar::RawHeader;

SharedBytes shared(std::string_view bytes) {
  std::shared_ptr<char[]> memory(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), memory.get());
  return memory;
}

// A batch's records as "timestamp key=value{header=value} "; what is null is said.
std::string records_of(std::string_view bytes) {
  SharedBytes memory = shared(bytes);
  RecordSet set(memory, {memory.get(), bytes.size()}, {}, {});
  FetchedBatch batch({"t", Partition(0)}, 10);
  if (Status status = set.read(0, 1'000'000, &batch); !status.ok()) return status.message();
  std::string out;
  for (size_t i = 0; i < batch.records().size(); ++i) {
    const auto& r = batch.records()[i];
    out += fmt::format("{} {}={}{{", r.timestamp_ms, r.key.value_or("null"), r.value.value_or("null"));
    for (const auto& [name, value] : batch.headers(i)) out += fmt::format("{}={}", name, value.value_or("null"));
    out += "} ";
  }
  return out;
}

// The values of a batch, one after the other.
std::string values_of(std::string_view bytes) {
  SharedBytes memory = shared(bytes);
  RecordSet set(memory, {memory.get(), bytes.size()}, {}, {});
  FetchedBatch batch({"t", Partition(0)}, 10);
  if (Status status = set.read(0, 1'000'000, &batch); !status.ok()) return status.message();
  std::string out;
  for (const auto& r : batch.records()) out += fmt::format("{} ", r.value.value_or("null"));
  return out;
}

ProducerRecord with(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  ProducerRecord out;
  out.topic = "t";
  out.key = key;
  out.value = value;
  return out;
}

void add(RecordBatchWriter* to, const ProducerRecord& record, int64_t timestamp_ms) { to->add(record, content_size(record), timestamp_ms); }

TEST(RecordBatchWriter, WritesWhatIsRead) {
  const std::string large(100'000, 'x');
  const std::vector<RawHeader> headers{{"h", "1"}, {"none", std::nullopt}}, more{{"m", ""}};
  RecordBatchWriter writer;
  ProducerRecord first = with("k", "v");
  first.headers = &headers;
  first.more_headers = &more;
  add(&writer, first, 1'700'000'000'000);
  add(&writer, with(std::nullopt, std::nullopt), 1'600'000'000'000);
  add(&writer, with("", large), 1'800'000'000'000);
  const std::string expected = fmt::format("1700000000000 k=v{{h=1none=nullm=}} 1600000000000 null=null{{}} 1800000000000 ={}{{}} ", large);
  std::string memory;
  for (Codec codec : {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    auto bytes = writer.finish({codec, codec == Codec::kZstd ? 3 : -1}, &memory);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_EQ(records_of(*bytes), expected) << static_cast<int>(codec);
    EXPECT_EQ(bytes->size() < 10'000, codec != Codec::kNone);
  }
  RecordBatchWriter rest = writer.part(1, 3);
  auto part = rest.finish({}, &memory);
  EXPECT_EQ(records_of(*part), fmt::format("1600000000000 null=null{{}} 1800000000000 ={}{{}} ", large));
}

TEST(RecordBatchWriter, WhatCompressionMakesLongerGoesAsItIs) {
  RecordBatchWriter writer;
  add(&writer, with("k", "v"), 5);
  std::string memory;
  auto bytes = writer.finish({Codec::kGzip, -1}, &memory);
  EXPECT_EQ(records_of(*bytes), "5 k=v{} ");
  EXPECT_EQ(bytes->size(), writer.size());
}

// The values that Kafka's own tests give (UtilsTest.testMurmur2).
TEST(Partitioner, HashesAsJava) {
  const std::vector<std::pair<std::string, int32_t>> known{{"21", -973932308}, {"foobar", -790332482}, {"a-little-bit-long-string", -985981536},
                                                           {"a-little-bit-longer-string", -1486304829},
                                                           {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}, {"abc", 479470107}};
  for (const auto& [key, hash] : known) EXPECT_EQ(static_cast<int32_t>(murmur2(key)), hash) << key;
}

// Keeps the answers: "number " of what was delivered, "number! " of what was refused.
class Answers : public DeliveryListener {
 public:
  void delivered(std::span<const int64_t> numbers) override {
    std::lock_guard lock(mutex_);
    for (int64_t number : numbers) text_ += fmt::format("{} ", number);
  }
  void refused(int64_t number, const std::string&, const Status& answer) override {
    std::lock_guard lock(mutex_);
    text_ += fmt::format("{}! ", number);
    last_ = answer;
  }
  std::string text() const {
    std::lock_guard lock(mutex_);
    return text_;
  }
  Status last() const {
    std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  Status last_;
};

SendSettings send_settings(const FakeBroker& broker) {
  SendSettings out;
  out.bootstrap = {{"127.0.0.1", broker.port()}};
  out.request_timeout_ms = 1000;
  out.delivery_timeout_ms = kForEver;
  out.linger_ms = 20;
  out.retry_backoff_ms = 10;
  out.security = std::make_shared<BrokerSecurity>();
  return out;
}

std::unique_ptr<Producer> sender(SendSettings settings, Answers* answers) { return std::move(*make_record_sender(std::move(settings), answers)); }

void send(Producer* producer, int64_t from, int64_t end) {
  for (int64_t i = from; i < end; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(producer->produce_numbered(with(std::nullopt, value), i).ok());
  }
}

// What a broker was sent.
struct Log {
  std::mutex mutex;
  std::string text;
  int batches = 0;
  int add(std::string_view bytes) {
    std::lock_guard lock(mutex);
    text += values_of(bytes) + "| ";
    return ++batches;
  }
};

TEST(RecordSender, SendsInBatchesInOrder) {
  Log log;
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view batch) { return log.add(batch), 0; }));
  auto producer = sender(send_settings(broker), &answers);
  send(producer.get(), 0, 5);
  ASSERT_TRUE(producer->flush(5000).ok());
  send(producer.get(), 5, 7);
  ASSERT_TRUE(producer->flush(5000).ok());
  EXPECT_EQ(log.text, "0 1 2 3 4 | 5 6 | ");
  EXPECT_EQ(answers.text(), "0 1 2 3 4 5 6 ");
}

TEST(RecordSender, BatchesAreNotLargerThanTheirSize) {
  Log log;
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view batch) {
    EXPECT_LE(batch.size(), 200u);
    return log.add(batch), 0;
  }));
  SendSettings settings = send_settings(broker);
  settings.batch_bytes = 200;
  settings.buffer_bytes = 1000;  // room only when answers come
  auto producer = sender(std::move(settings), &answers);
  std::string expected;
  for (int i = 0; i < 300; ++i) expected += fmt::format("{} ", i);
  send(producer.get(), 0, 300);
  ASSERT_TRUE(producer->flush(20'000).ok());
  EXPECT_EQ(answers.text(), expected);
  std::string sent = log.text;
  for (size_t at; (at = sent.find("| ")) != sent.npos;) sent.erase(at, 2);
  EXPECT_EQ(sent, expected);
}

TEST(RecordSender, GoesByKeyAndByPartition) {
  std::mutex mutex;
  std::map<int32_t, std::string> sent;
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t partition, std::string_view batch) {
    std::lock_guard lock(mutex);
    sent[partition] += values_of(batch);
    return 0;
  }), 3);
  auto producer = sender(send_settings(broker), &answers);
  for (const char* key : {"21", "foobar", "abc"}) ASSERT_TRUE(producer->produce_numbered(with(key, key), 0).ok());
  ProducerRecord given = with("21", "given");
  given.partition = 1;
  ASSERT_TRUE(producer->produce_numbered(given, 1).ok());
  ASSERT_TRUE(producer->flush(5000).ok());
  std::map<int32_t, std::string> expected;
  for (const char* key : {"21", "foobar", "abc"}) expected[static_cast<int32_t>((murmur2(key) & 0x7fffffff) % 3)] += std::string(key) + " ";
  expected[1] += "given ";
  EXPECT_EQ(sent, expected);
  given.partition = 3;
  Status status = producer->produce_numbered(given, 2);
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_NE(status.message().find("partition 3 of 3"), std::string::npos) << status.message();
}

TEST(RecordSender, TriesAgainWhatPassesByItself) {
  Log log;
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view batch) -> std::optional<int16_t> {
    switch (log.add(batch)) {
      case 1: return int16_t{6};         // not the leader
      case 2: return int16_t{19};        // too few replicas
      case 3: return std::nullopt;       // hangs up without an answer
      case 4: return int16_t{2};         // arrived damaged
      default: return int16_t{0};
    }
  }));
  auto producer = sender(send_settings(broker), &answers);
  send(producer.get(), 0, 3);
  ASSERT_TRUE(producer->flush(10'000).ok());
  send(producer.get(), 3, 4);
  ASSERT_TRUE(producer->flush(5000).ok());
  EXPECT_EQ(log.text, "0 1 2 | 0 1 2 | 0 1 2 | 0 1 2 | 0 1 2 | 3 | ");
  EXPECT_EQ(answers.text(), "0 1 2 3 ");
}

TEST(RecordSender, OneRecordAtFaultDoesNotTakeTheOthersAlong) {
  for (const int16_t error : {int16_t{10}, int16_t{87}}) {
    Log log;
    Answers answers;
    FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view batch) {
      log.add(batch);
      return (" " + values_of(batch)).find(" 5 ") != std::string::npos ? error : int16_t{0};
    }));
    auto producer = sender(send_settings(broker), &answers);
    send(producer.get(), 0, 8);
    ASSERT_TRUE(producer->flush(10'000).ok());
    EXPECT_EQ(answers.text(), "0 1 2 3 4 5! 6 7 ") << log.text;
    EXPECT_EQ(answers.last().code(), Code::kData) << answers.last().message();
  }
}

TEST(RecordSender, TellsFunctionsAndNumbersApart) {
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view batch) { return values_of(batch).find("bad") != std::string::npos ? int16_t{87} : int16_t{0}; }));
  auto producer = sender(send_settings(broker), &answers);
  std::mutex mutex;
  std::string told;
  auto tell = [&](const char* name) {
    return [&, name](const Status& status) {
      std::lock_guard lock(mutex);
      told += fmt::format("{}{} ", name, status.ok() ? "" : "!");
    };
  };
  send(producer.get(), 0, 2);
  ASSERT_TRUE(producer->produce(with(std::nullopt, "good"), tell("good")).ok());
  ASSERT_TRUE(producer->produce(with(std::nullopt, "bad"), tell("bad")).ok());
  send(producer.get(), 2, 3);
  ASSERT_TRUE(producer->flush(10'000).ok());
  EXPECT_EQ(told, "good bad! ");
  EXPECT_EQ(answers.text(), "0 1 2 ");
}

TEST(RecordSender, ABrokerThatDoesNotAnswer) {
  std::atomic<bool> hang = true;
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view) {
    for (int i = 0; i < 40 && hang; ++i) std::this_thread::sleep_for(Millis(50));
    return 0;
  }));
  auto producer = sender(send_settings(broker), &answers);
  send(producer.get(), 0, 1);
  Status status = producer->flush(300);
  EXPECT_EQ(status.code(), Code::kTimedOut) << status.message();
  std::this_thread::sleep_for(Millis(1000));
  hang = false;
  ASSERT_TRUE(producer->flush(10'000).ok());
  EXPECT_EQ(answers.text(), "0 ");
}

TEST(RecordSender, WhatWaitedTooLongIsRefused) {
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view) { return int16_t{6}; }));
  SendSettings settings = send_settings(broker);
  settings.delivery_timeout_ms = 300;
  auto producer = sender(std::move(settings), &answers);
  send(producer.get(), 0, 2);
  ASSERT_TRUE(producer->flush(10'000).ok());
  EXPECT_EQ(answers.text(), "0! 1! ");
  EXPECT_EQ(answers.last().code(), Code::kTimedOut) << answers.last().message();
}

TEST(RecordSender, ATopicThatIsNotThere) {
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view) { return 0; }));
  broker.topic_error(3);
  SendSettings settings = send_settings(broker);
  settings.topic_timeout_ms = 300;
  auto producer = sender(std::move(settings), &answers);
  send(producer.get(), 0, 2);
  ASSERT_TRUE(producer->flush(10'000).ok());
  EXPECT_EQ(answers.text(), "0! 1! ");
  EXPECT_EQ(answers.last().code(), Code::kNotFound) << answers.last().message();
  // It comes while records wait for it.
  send(producer.get(), 2, 4);
  std::this_thread::sleep_for(Millis(150));
  broker.topic_error(0);
  ASSERT_TRUE(producer->flush(10'000).ok());
  EXPECT_EQ(answers.text(), "0! 1! 2 3 ");
}

TEST(RecordSender, RecordsThatAreTooLarge) {
  Answers answers;
  FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view) { return 0; }));
  SendSettings settings = send_settings(broker);
  settings.largest_bytes = 1000;
  auto producer = sender(std::move(settings), &answers);
  Status status = producer->produce_numbered(with(std::nullopt, std::string(2000, 'x')), 0);
  EXPECT_EQ(status.code(), Code::kData);
  EXPECT_NE(status.message().find("max.request.size"), std::string::npos) << status.message();
}

TEST(RecordSender, WhatIsLeftAtTheEndIsRefused) {
  Answers answers;
  {
    FakeBroker broker(FakeBroker::OnProduce([&](int32_t, std::string_view) { return int16_t{6}; }));
    auto producer = sender(send_settings(broker), &answers);
    send(producer.get(), 0, 2);
    std::this_thread::sleep_for(Millis(100));
    producer.reset();
  }
  EXPECT_EQ(answers.text(), "0! 1! ");
}

TEST(SendSettings, WhatIsLeftToLibrdkafka) {
  const Properties plain{{"bootstrap.servers", "localhost:9092"}, {"enable.idempotence", "false"}};
  auto has = [&](Properties more) {
    more.insert(plain.begin(), plain.end());
    auto settings = SendSettings::of(more);
    return settings.ok() && settings->has_value();
  };
  EXPECT_TRUE(has({}));
  EXPECT_TRUE(has({{"acks", "1"}, {"compression.type", "zstd"}}));
  EXPECT_FALSE(has({{"produce.client", "librdkafka"}}));
  EXPECT_FALSE(has({{"acks", "0"}}));
  EXPECT_FALSE(has({{"enable.idempotence", "true"}}));
  EXPECT_FALSE(has({{"transactional.id", "t"}}));
  EXPECT_FALSE(has({{"librdkafka.debug", "all"}}));
  EXPECT_FALSE(has({{"security.protocol", "SASL_PLAINTEXT"}, {"sasl.mechanism", "GSSAPI"}}));
  auto given = SendSettings::of({{"bootstrap.servers", "h:1"}, {"enable.idempotence", "false"}, {"batch.size", "1000"}, {"linger.ms", "7"}, {"max.request.size", "5000"},
                                 {"buffer.memory", "1048576"}, {"compression.type", "lz4"}, {"retries", "3"}, {"delivery.timeout.ms", "9000"}, {"acks", "1"}});
  ASSERT_TRUE(given.ok()) << given.status().message();
  EXPECT_EQ((*given)->batch_bytes, 1000u);
  EXPECT_EQ((*given)->linger_ms, 7);
  EXPECT_EQ((*given)->largest_bytes, 5000u);
  EXPECT_EQ((*given)->buffer_bytes, 1048576u);
  EXPECT_EQ((*given)->compression.codec, Codec::kLz4);
  EXPECT_EQ((*given)->retries, 3);
  EXPECT_EQ((*given)->delivery_timeout_ms, 9000);
  EXPECT_EQ((*given)->acks, 1);
}

}  // namespace
}  // namespace bywash::kafka
