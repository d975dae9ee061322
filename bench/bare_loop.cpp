// The bare loop: the least program from a topic of stock transactions to Parquet files of 10,000 rows. What a sink cannot beat.
// bench_bare_loop BOOTSTRAP TOPIC RECORDS FOLDER: prints one line of JSON with CPU seconds, wall seconds and peak RSS in bytes.
// With `avro` or `protobuf` for FOLDER: consume and decode messages with Confluent's framing into columns, which are thrown away.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <librdkafka/rdkafka.h>
#include <parquet/arrow/writer.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int64_t kFileRows = 10'000;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "bench_bare_loop: %s\n", why.c_str());
  std::exit(1);
}

void check(const arrow::Status& status) {
  if (!status.ok()) die(status.ToString());
}

rd_kafka_t* open_consumer(const char* bootstrap, const char* topic) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::string group = "bare-" + std::to_string(getpid());
  for (auto [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"bootstrap.servers", bootstrap}, {"group.id", group.c_str()}, {"enable.auto.commit", "false"}, {"queued.min.messages", "200000"}}) {
    if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
  }
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (!consumer) die(error);
  rd_kafka_poll_set_consumer(consumer);
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, 0)->offset = 0;
  rd_kafka_assign(consumer, list);
  rd_kafka_topic_partition_list_destroy(list);
  return consumer;
}

// Six typed builders and the file that they are emptied into.
class Writer {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder)) {}
  void append(simdjson::ondemand::object row) {
    int64_t id = row["id"].get_int64(), user = row["user_id"].get_int64();
    std::string_view symbol = row["symbol"].get_string();
    int64_t shares = row["shares"].get_int64();
    double purchase = row["purchase"].get_double();
    int64_t at = row["update_at"].get_int64();
    check(id_.Append(static_cast<int32_t>(id)));
    check(user_.Append(static_cast<int32_t>(user)));
    check(symbol_.Append(symbol));
    check(shares_.Append(static_cast<int32_t>(shares)));
    check(purchase_.Append(purchase));
    check(at_.Append(at));
    if (id_.length() == kFileRows) flush();
  }
  void flush() {
    if (id_.length() == 0) return;
    const int64_t rows = id_.length();
    arrow::ArrayVector arrays = {*id_.Finish(), *user_.Finish(), *symbol_.Finish(), *shares_.Finish(), *purchase_.Finish(), *at_.Finish()};
    auto out = *arrow::io::FileOutputStream::Open(folder_ + "/bare-" + std::to_string(files_++) + ".parquet");
    auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->disable_dictionary()->enable_dictionary("symbol")->build();
    check(parquet::arrow::WriteTable(*arrow::Table::Make(schema_, arrays, rows), arrow::default_memory_pool(), out, kFileRows, properties));
    check(out->Close());
  }

 private:
  std::string folder_;
  int files_ = 0;
  arrow::Int32Builder id_, user_, shares_;
  arrow::StringBuilder symbol_;
  arrow::DoubleBuilder purchase_;
  arrow::TimestampBuilder at_{arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), arrow::default_memory_pool()};
  std::shared_ptr<arrow::Schema> schema_ = arrow::schema({arrow::field("id", arrow::int32()), arrow::field("user_id", arrow::int32()),
                                                          arrow::field("symbol", arrow::utf8()), arrow::field("shares", arrow::int32()),
                                                          arrow::field("purchase", arrow::float64()), arrow::field("update_at", at_.type())});
};

// Where the payload of a schema envelope begins: found once, compared from then on. 0 for plain JSON.
class Envelope {
 public:
  size_t payload_start(std::string_view record) {
    if (record.starts_with("{\"id\"")) return 0;
    if (!prefix_.empty() && record.starts_with(prefix_)) return prefix_.size();
    size_t at = record.find("\"payload\":");
    if (at == record.npos) die("a record has no payload");
    prefix_ = std::string(record.substr(0, at + 10));
    return prefix_.size();
  }

 private:
  std::string prefix_;
};

// Decodes the binary messages by hand: fields in the order of the schema, nothing checked that a decoder could leave out.
class BinaryDecoder {
 public:
  explicit BinaryDecoder(bool avro) : avro_(avro) {}
  void append(const char* p, size_t size) {
    const char* end = p + size;
    if (avro_) avro_record(p + 5);
    else protobuf_message(p + 6, end);
    if (longs_.size() >= 4 * kFileRows) clear();
  }

 private:
  static uint64_t varint(const char*& p) {
    uint64_t v = 0;
    for (int shift = 0;; shift += 7) {
      auto byte = static_cast<uint8_t>(*p++);
      v |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return v;
    }
  }
  static int64_t zigzag(const char*& p) {
    uint64_t v = varint(p);
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  void text(const char*& p, size_t size) {
    texts_.append(p, size);
    ends_.push_back(texts_.size());
    p += size;
  }
  void number(const char*& p) {
    double v;
    std::memcpy(&v, p, 8);
    doubles_.push_back(v);
    p += 8;
  }
  void avro_record(const char* p) {
    longs_.push_back(zigzag(p));
    longs_.push_back(zigzag(p));
    text(p, static_cast<size_t>(zigzag(p)));
    longs_.push_back(zigzag(p));
    number(p);
    longs_.push_back(zigzag(p));
  }
  void protobuf_message(const char* p, const char* end) {
    while (p < end) {
      switch (varint(p) & 7) {
        case 0: longs_.push_back(static_cast<int64_t>(varint(p))); break;
        case 1: number(p); break;
        default: {
          const size_t length = varint(p);
          text(p, length);
        }
      }
    }
  }
  void clear() {
    longs_.clear();
    doubles_.clear();
    texts_.clear();
    ends_.clear();
  }
  bool avro_;
  std::vector<int64_t> longs_;
  std::vector<double> doubles_;
  std::vector<size_t> ends_;
  std::string texts_;
};

double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("usage: bench_bare_loop BOOTSTRAP TOPIC RECORDS FOLDER");
  const long records = std::atol(argv[3]);
  auto began = std::chrono::steady_clock::now();
  rd_kafka_t* consumer = open_consumer(argv[1], argv[2]);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  const std::string form = argv[4];
  const bool binary = form == "avro" || form == "protobuf";
  BinaryDecoder decoder(form == "avro");
  Writer writer(form);
  Envelope envelope;
  simdjson::ondemand::parser parser;
  std::string padded;
  std::vector<rd_kafka_message_t*> messages(8192);
  for (long seen = 0; seen < records;) {
    ssize_t n = rd_kafka_consume_batch_queue(queue, 200, messages.data(), messages.size());
    for (ssize_t i = 0; i < n; ++i) {
      rd_kafka_message_t* m = messages[static_cast<size_t>(i)];
      if (!m->err && binary) {
        decoder.append(static_cast<const char*>(m->payload), m->len);
        ++seen;
      } else if (!m->err) {
        std::string_view record(static_cast<const char*>(m->payload), m->len);
        size_t start = envelope.payload_start(record);
        padded.assign(record.substr(start, record.size() - start - (start ? 1 : 0)));
        padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
        auto document = parser.iterate(padded.data(), padded.size(), padded.capacity());
        writer.append(document.get_object().value());
        ++seen;
      }
      rd_kafka_message_destroy(m);
    }
  }
  writer.flush();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("{\"cpu_s\": %.4f, \"wall_s\": %.4f, \"rss_bytes\": %ld}\n", cpu_seconds(), wall, usage.ru_maxrss * 1024);
  std::fflush(stdout);
  _exit(0);  // the client's own shutdown is no part of the loop
}
