// Rows of the document's table into a topic at a steady rate, as they happen.
// bench_paced_rows BOOTSTRAP TOPIC ROWS_PER_SECOND SECONDS: prints the rows that were sent and the seconds that took.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_paced_rows: %s\n", why.c_str());
  std::exit(1);
}

rd_kafka_t* open_producer(const char* bootstrap) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (auto [key, value] : std::initializer_list<std::pair<const char*, const char*>>{{"bootstrap.servers", bootstrap}, {"linger.ms", "1"}}) {
    if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
  }
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!producer) die(error);
  return producer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("usage: BOOTSTRAP TOPIC ROWS_PER_SECOND SECONDS");
  using Clock = std::chrono::steady_clock;
  const double per_second = std::atof(argv[3]), seconds = std::atof(argv[4]);
  rd_kafka_t* producer = open_producer(argv[1]);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  const auto began = Clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  long sent = 0;
  char row[256];
  while (elapsed() < seconds) {
    const auto wanted = static_cast<long>(elapsed() * per_second);
    const long now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    for (; sent < wanted; ++sent) {
      const int size = std::snprintf(row, sizeof row, R"({"id":%ld,"user_id":%ld,"symbol":"S%ld","shares":%ld,"purchase":%ld.25,"update_at":%ld})", sent, 1 + sent * 7919 % 100'000,
                                     sent * 31 % 500, 1 + sent % 1000, 5 + sent % 900, now_ms);
      while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, row, static_cast<size_t>(size), nullptr, 0, nullptr) == -1) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer, 1);
      }
    }
    rd_kafka_poll(producer, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  rd_kafka_flush(producer, 60'000);
  std::printf("%ld %f\n", sent, elapsed());
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}
