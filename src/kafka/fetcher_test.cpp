// The fetcher against a broker that does what a real one cannot be made to do at will: damaged batches, lost connections, wrong answers.
#include "kafka/fetcher.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "kafka/batches_for_tests.h"
#include "kafka/wire.h"

namespace bywash::kafka {
namespace {

using namespace for_tests;

// One broker that leads partition 0 of topic "t". `on_fetch` gives the answer to a fetch from an offset; none: the connection is closed.
class FakeBroker {
 public:
  struct Fetched {
    std::string records;
    int16_t error = 0;
    int32_t correlation_by = 0;  // how far the correlation id is off
  };
  using OnFetch = std::function<std::optional<Fetched>(int64_t offset)>;

  explicit FakeBroker(OnFetch on_fetch, int16_t fetch_most = 16) : on_fetch_(std::move(on_fetch)), fetch_most_(fetch_most) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 16);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] {
      for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) serving_.emplace_back([this, fd] { serve(fd); });
    });
  }
  ~FakeBroker() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (std::thread& each : serving_) each.join();
  }
  int port() const { return port_; }
  int fetches() const { return fetches_; }

 private:
  static bool read_all(int fd, char* to, size_t size) {
    for (size_t at = 0; at < size;) {
      const ssize_t n = recv(fd, to + at, size - at, 0);
      if (n <= 0) return false;
      at += static_cast<size_t>(n);
    }
    return true;
  }

  void serve(int fd) {
    char head[4];
    while (read_all(fd, head, 4)) {
      std::string request(load_big_endian<uint32_t>(head), '\0');
      if (!read_all(fd, request.data(), request.size())) break;
      auto answer = answer_to(request);
      if (!answer) break;
      std::string frame;
      big_endian<int32_t>(&frame, static_cast<int32_t>(answer->size()));
      frame += *answer;
      // In pieces, as a network may bring them.
      for (size_t at = 0; at < frame.size(); at += 1000) send(fd, frame.data() + at, std::min<size_t>(1000, frame.size() - at), MSG_NOSIGNAL);
    }
    ::close(fd);
  }

  std::optional<std::string> answer_to(const std::string& request) {
    ResponseReader in(request);
    const int16_t api = in.i16();
    in.i16();
    int32_t correlation = in.i32();
    in.string();
    std::string body;
    if (api == protocol::kApiVersions) {
      big_endian<int16_t>(&body, 0);
      big_endian<int32_t>(&body, 3);
      for (int16_t number : {int16_t{1}, int16_t{4}, fetch_most_, int16_t{2}, int16_t{1}, int16_t{9}, int16_t{3}, int16_t{0}, int16_t{12}}) big_endian(&body, number);
    } else if (api == protocol::kMetadata) {
      body = metadata();
    } else if (api == protocol::kListOffsets) {
      body = offsets();
    } else {
      in.skip(4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 3 + 4 + 4 + 4);
      ++fetches_;
      auto fetched = on_fetch_(in.i64());
      if (!fetched) return std::nullopt;
      correlation += fetched->correlation_by;
      body = fetch(*fetched);
    }
    std::string out;
    big_endian<int32_t>(&out, correlation);
    return out + body;
  }

  static void text(std::string* out, std::string_view value) {
    big_endian<int16_t>(out, static_cast<int16_t>(value.size()));
    *out += value;
  }
  std::string metadata() const {
    std::string out;
    big_endian<int32_t>(&out, 0);
    big_endian<int32_t>(&out, 1);
    big_endian<int32_t>(&out, 7);
    text(&out, "127.0.0.1");
    big_endian<int32_t>(&out, port_);
    big_endian<int16_t>(&out, -1);
    big_endian<int16_t>(&out, -1);
    big_endian<int32_t>(&out, 7);
    big_endian<int32_t>(&out, 1);
    big_endian<int16_t>(&out, 0);
    text(&out, "t");
    out.push_back(0);
    big_endian<int32_t>(&out, 1);
    big_endian<int16_t>(&out, 0);
    big_endian<int32_t>(&out, 0);
    big_endian<int32_t>(&out, 7);
    for (int list = 0; list < 3; ++list) big_endian<int32_t>(&out, 0);
    return out;
  }
  static std::string offsets() {
    std::string out;
    big_endian<int32_t>(&out, 0);
    big_endian<int32_t>(&out, 1);
    text(&out, "t");
    big_endian<int32_t>(&out, 1);
    big_endian<int32_t>(&out, 0);
    big_endian<int16_t>(&out, 0);
    big_endian<int64_t>(&out, -1);
    big_endian<int64_t>(&out, 100);
    return out;
  }
  static std::string fetch(const Fetched& fetched) {
    std::string out;
    big_endian<int32_t>(&out, 0);
    big_endian<int16_t>(&out, 0);
    big_endian<int32_t>(&out, 0);
    big_endian<int32_t>(&out, 1);
    text(&out, "t");
    big_endian<int32_t>(&out, 1);
    big_endian<int32_t>(&out, 0);
    big_endian<int16_t>(&out, fetched.error);
    for (int64_t offset : {1000, 1000, 0}) big_endian<int64_t>(&out, offset);
    big_endian<int32_t>(&out, 0);
    big_endian<int32_t>(&out, -1);
    big_endian<int32_t>(&out, static_cast<int32_t>(fetched.records.size()));
    return out + fetched.records;
  }

  const OnFetch on_fetch_;
  const int16_t fetch_most_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> fetches_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> serving_;
};

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
  EXPECT_EQ(take(&second, 30), expected(0, 10) + "unsupported");
  EXPECT_EQ(second.positions()[0].offset, 10);
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
