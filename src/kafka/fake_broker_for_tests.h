// A broker that does what a real one cannot be made to do at will: damaged batches, lost connections, wrong answers. Test support.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kafka/batches_for_tests.h"
#include "kafka/protocol.h"
#include "kafka/wire.h"

namespace bywash::kafka::for_tests {

// One broker that leads the partitions of topic "t" (one, unless said otherwise). `on_fetch` gives the answer to a fetch from an offset,
// `on_produce` the error code of a batch; none: the connection is closed.
class FakeBroker {
 public:
  struct Fetched {
    std::string records;
    int16_t error = 0;
    int32_t correlation_by = 0;  // how far the correlation id is off
  };
  using OnFetch = std::function<std::optional<Fetched>(int64_t offset)>;
  using OnProduce = std::function<std::optional<int16_t>(int32_t partition, std::string_view batch)>;

  explicit FakeBroker(OnFetch on_fetch, int16_t fetch_most = 16) : FakeBroker(std::move(on_fetch), nullptr, fetch_most, 1) {}
  explicit FakeBroker(OnProduce on_produce, int32_t partitions = 1) : FakeBroker(nullptr, std::move(on_produce), 16, partitions) {}
  ~FakeBroker() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (std::thread& each : serving_) each.join();
  }
  int port() const { return port_; }
  int fetches() const { return fetches_; }
  // What Metadata says of the topic from now on.
  void topic_error(int16_t error) { topic_error_ = error; }

 private:
  FakeBroker(OnFetch on_fetch, OnProduce on_produce, int16_t fetch_most, int32_t partitions)
      : on_fetch_(std::move(on_fetch)), on_produce_(std::move(on_produce)), fetch_most_(fetch_most), partitions_(partitions) {
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
      big_endian<int32_t>(&body, 4);
      for (int16_t number : {int16_t{0}, int16_t{0}, int16_t{9}, int16_t{1}, int16_t{4}, fetch_most_, int16_t{2}, int16_t{1}, int16_t{9}, int16_t{3}, int16_t{0}, int16_t{12}}) big_endian(&body, number);
    } else if (api == protocol::kMetadata) {
      body = metadata();
    } else if (api == protocol::kProduce) {
      auto produced = produce(&in);
      if (!produced) return std::nullopt;
      body = *produced;
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
    big_endian<int16_t>(&out, topic_error_);
    text(&out, "t");
    out.push_back(0);
    big_endian<int32_t>(&out, topic_error_ ? 0 : partitions_);
    for (int32_t partition = 0; !topic_error_ && partition < partitions_; ++partition) {
      big_endian<int16_t>(&out, 0);
      big_endian<int32_t>(&out, partition);
      big_endian<int32_t>(&out, 7);
      for (int list = 0; list < 3; ++list) big_endian<int32_t>(&out, 0);
    }
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

  // Each batch of a request, and the answer to it.
  std::optional<std::string> produce(ResponseReader* in) {
    std::string out;
    in->string();  // no transaction
    in->skip(2 + 4);
    const int32_t topics = in->array(6);
    big_endian<int32_t>(&out, topics);
    for (int32_t topic = 0; topic < topics; ++topic) {
      text(&out, in->string());
      const int32_t count = in->array(8);
      big_endian<int32_t>(&out, count);
      for (int32_t i = 0; i < count; ++i) {
        const int32_t partition = in->i32();
        auto error = on_produce_(partition, in->bytes());
        if (!error) return std::nullopt;
        big_endian<int32_t>(&out, partition);
        big_endian<int16_t>(&out, *error);
        for (int64_t number : {0, -1, 0}) big_endian<int64_t>(&out, number);
      }
    }
    big_endian<int32_t>(&out, 0);
    return out;
  }

  const OnFetch on_fetch_;
  const OnProduce on_produce_;
  const int16_t fetch_most_;
  const int32_t partitions_;
  std::atomic<int16_t> topic_error_ = 0;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> fetches_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> serving_;
};

}  // namespace bywash::kafka::for_tests
