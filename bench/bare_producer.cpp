// The bare producer: the least program that writes so many records of so many bytes to a topic with the producer's settings of a source
// connector. What a source cannot beat.
// bench_bare_producer BOOTSTRAP TOPIC RECORDS BYTES: prints one line of JSON with CPU seconds, wall seconds and peak RSS in bytes.
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_bare_producer: %s\n", why.c_str());
  std::exit(1);
}

std::atomic<long> delivered{0};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* m, void*) {
  if (m->err) die(rd_kafka_err2str(m->err));
  delivered.fetch_add(1, std::memory_order_relaxed);
}

rd_kafka_t* open_producer(const char* bootstrap) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (auto [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"bootstrap.servers", bootstrap}, {"max.in.flight", "1"}, {"linger.ms", "5"}, {"queue.buffering.max.kbytes", "32768"}}) {
    if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!producer) die(error);
  return producer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("usage: BOOTSTRAP TOPIC RECORDS BYTES");
  const long records = std::atol(argv[3]);
  std::string text(static_cast<size_t>(std::atol(argv[4])), 'x');
  auto began = std::chrono::steady_clock::now();
  rd_kafka_t* producer = open_producer(argv[1]);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  std::atomic<bool> stop{false};
  std::thread poller([&] { while (!stop) rd_kafka_poll(producer, 100); });
  for (long i = 0; i < records; ++i) {
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, text.data(), text.size(), nullptr, 0, nullptr) == -1) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(rd_kafka_last_error()));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  rd_kafka_flush(producer, 60'000);
  if (delivered != records) die("not every record was delivered");
  double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  std::printf("{\"cpu_s\": %f, \"wall_s\": %f, \"rss_bytes\": %ld}\n", seconds(used.ru_utime) + seconds(used.ru_stime), wall, used.ru_maxrss * 1024);
  stop = true;
  poller.join();
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}
