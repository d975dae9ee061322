// The S3 sink against what Confluent's connector left behind (tests/conformance/s3: Kafka Connect 4.3.1, kafka-connect-s3 12.1.9): each
// case's records go through the converter and the sink into a local folder; keys, rows, schemas and committed offsets are compared.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/printer.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_task.h"
#include "formats/avro/avro_file_reader.h"
#include "formats/plugins.h"
#include "storage/local_store.h"

namespace bywash {
namespace {

using columnar::Batch;
using nlohmann::json;
namespace fs = std::filesystem;

// Cases whose outcome is another one on purpose (docs/compatibility/s3.md), and what is left to the test over a running worker.
const std::map<std::string, std::string> kPassedOver = {
    {"s3-schedule", "several steps by the wall clock: over a worker"},
    {"s3-schedule-hourly", "several steps by the wall clock: over a worker"},
    {"s3-float-special", "a transform: over a worker"},
    {"s3-regex-router", "a transform: over a worker; Bywash writes routed records"},
    {"s3-tagging", "tags: over a worker with an S3 server"},
    {"s3-no-bucket", "a bucket: over a worker with an S3 server"},
    {"s3-names-pad-zero", "Bywash writes names without padding"},
    {"s3-badnames-parquet", "Bywash writes names that Avro forbids"},
    {"s3-timebased-noduration", "Bywash takes the finest unit of path.format"},
    {"s3-parquet-codec-brotli", "Bywash has brotli"},
    {"s3-fieldpart-schemaless", "Bywash partitions schemaless records by field too"},
};

struct Outcome {
  std::string failure;  // empty: running
  std::map<std::string, int64_t> committed;
};

class Raw : public columnar::RawBatch {
 public:
  Raw(TopicPartition origin, std::vector<columnar::RawRecord> records) {
    origin_ = std::move(origin);
    records_ = std::move(records);
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return {}; }
  bool has_headers(size_t) const override { return false; }
};

// Counts acks per partition; errant records are tolerated or not as the case says.
class Context : public plugin::SinkContext {
 public:
  explicit Context(bool tolerant) : tolerant_(tolerant) {}
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition& origin, Generation, OffsetRange range) override {
    std::lock_guard lock(mutex_);
    for (int64_t o = range.first; o < range.end; ++o) acked_[origin].insert(o);
  }
  void ack(const Batch& batch, Generation g) override {
    for (int64_t o : batch.offsets) ack(batch.origin, g, {o, o + 1});
  }
  Status errant(const Batch& batch, int64_t row, const Status& error) override {
    if (!tolerant_) return error;
    int64_t offset = batch.offsets[static_cast<size_t>(row)];
    ack(batch.origin, Generation(1), {offset, offset + 1});
    return {};
  }
  bool tolerates_errors() const override { return tolerant_; }
  void seek(const TopicPartition&, Offset) override {}
  std::map<std::string, int64_t> committed() {
    std::lock_guard lock(mutex_);
    std::map<std::string, int64_t> out;
    for (const auto& [tp, offsets] : acked_) {
      int64_t next = 0;
      while (offsets.contains(next)) ++next;
      if (next > 0) out[to_string(tp)] = next;
    }
    return out;
  }

 private:
  std::string name_ = "case";
  bool tolerant_;
  std::mutex mutex_;
  std::map<TopicPartition, std::set<int64_t>> acked_;
};

std::string text_of(const json& v, bool base64_given, const json& base64) {
  if (!base64_given) return v.get<std::string>();
  std::string in = base64.get<std::string>(), out;
  uint32_t bits = 0;
  int have = 0;
  for (char c : in) {
    static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t d = kDigits.find(c);
    if (d == std::string::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(d);
    have += 6;
    if (have >= 8) out += static_cast<char>(bits >> (have -= 8));
  }
  return out;
}

std::unique_ptr<plugin::Converter> converter_of(const config::Properties& properties, const std::string& side) {
  std::string name = properties.at(side + ".converter"), prefix = side + ".converter.";
  config::Properties own;
  for (const auto& [key, value] : properties) {
    if (key.starts_with(prefix)) own[key.substr(prefix.size())] = value;
  }
  plugin::ConverterPlugin p = name.ends_with("StringConverter")      ? formats::string_converter()
                              : name.ends_with("ByteArrayConverter") ? formats::byte_array_converter()
                                                                     : formats::json_converter();
  auto made = p.make(own, side == "key");
  EXPECT_TRUE(made.ok()) << made.status().message();
  return made.ok() ? std::move(*made) : nullptr;
}

// Keys and headers of the rows that are in a group of values; the recorded cases have keys of one schema.
Status add_keys_and_headers(const config::Properties& properties, const std::vector<json>& records, const std::vector<uint32_t>& rows, Batch* batch) {
  std::vector<std::string> keep(rows.size());
  std::vector<std::optional<std::string_view>> keys;
  auto headers = properties.contains("header.converter") ? formats::string_header_converter().make({}) : formats::simple_header_converter().make({});
  if (!headers.ok()) return headers.status();
  bool has_headers = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    const json& r = records[rows[i]];
    bool base64_given = r.contains("key_base64") && !r["key_base64"].is_null();
    if (base64_given || !r.value("key", json()).is_null()) {
      keep[i] = text_of(r.value("key", json()), base64_given, r.value("key_base64", json()));
      keys.emplace_back(keep[i]);
    } else {
      keys.emplace_back(std::nullopt);
    }
    batch->headers.emplace_back();
    for (const json& header : r.value("headers", json::array())) {
      auto decoded = (*headers)->decode(batch->topic, header[0], header[1].get<std::string>());
      if (!decoded.ok()) return decoded.status();
      batch->headers.back().push_back(*std::move(decoded));
      has_headers = true;
    }
  }
  if (!has_headers) batch->headers.clear();
  ASSIGN_OR_RETURN(plugin::Decoded decoded, converter_of(properties, "key")->decode(batch->topic, keys));
  if (decoded.groups.size() == 1 && decoded.errors.empty()) {
    batch->key = decoded.groups[0].column;
    return {};
  }
  // Null keys and others: as nulls of the others' schema.
  for (const auto& group : decoded.groups) {
    if (group.column.schema->type() == columnar::Type::kNull) continue;
    columnar::ValueAppender all(group.column.schema);
    size_t next = 0;
    for (uint32_t i = 0; i < rows.size(); ++i) {
      bool own = next < group.rows.size() && group.rows[next] == i;
      RETURN_IF_ERROR(own ? all.append(columnar::value_at(group.column, static_cast<int64_t>(next++))) : all.append_null());
    }
    ASSIGN_OR_RETURN(batch->key, all.finish());
  }
  return {};
}

// One partition's records as the runtime would hand them to put.
Result<std::vector<Batch>> decode(const config::Properties& properties, const TopicPartition& origin, const std::vector<json>& records, Context& context,
                                  std::vector<std::string>* keep) {
  std::vector<columnar::RawRecord> raw;
  std::vector<std::optional<std::string_view>> payloads;
  keep->reserve(records.size());
  for (const json& r : records) {
    columnar::RawRecord record;
    record.offset = r["offset"];
    record.timestamp_ms = r["timestamp"];
    if (r.contains("value_base64") || !r["value"].is_null()) {
      keep->push_back(text_of(r.value("value", json()), r.contains("value_base64"), r.value("value_base64", json())));
      record.value = keep->back();
    }
    payloads.push_back(record.value);
    raw.push_back(record);
  }
  auto decoded = converter_of(properties, "value")->decode(origin.topic, payloads);
  if (!decoded.ok()) return decoded.status();
  for (const auto& e : decoded->errors) {
    if (!context.tolerates_errors()) return e.status;
    context.ack(origin, Generation(1), {raw[e.row].offset, raw[e.row].offset + 1});
  }
  std::vector<Batch> out;
  for (auto& group : decoded->groups) {
    if (group.rows.empty()) {
      for (uint32_t i = 0; i < payloads.size(); ++i) group.rows.push_back(i);
    }
    Batch batch;
    batch.origin = origin;
    batch.topic = origin.topic;
    batch.kafka_partition = origin.partition.value;
    batch.value = group.column;
    RETURN_IF_ERROR(add_keys_and_headers(properties, records, group.rows, &batch));
    for (uint32_t row : group.rows) {
      batch.offsets.push_back(raw[row].offset);
      batch.timestamps_ms.push_back(raw[row].timestamp_ms);
    }
    batch.selected = columnar::RowMask(batch.row_count());
    out.push_back(std::move(batch));
  }
  return out;
}

Outcome run(const json& test, const config::Properties& properties, std::shared_ptr<storage::ObjectStore> store) {
  auto config = connectors::s3::s3_sink_config().parse(properties);
  if (!config.ok()) return {config.status().message(), {}};
  auto task = connectors::s3::make_s3_sink_task(*config, std::move(store));
  auto tolerance = properties.find("errors.tolerance");
  Context context(tolerance != properties.end() && tolerance->second == "all");
  Status status = task->start(&context);
  if (!status.ok()) return {status.message(), {}};
  std::map<TopicPartition, std::vector<json>> by_partition;
  std::string regex = properties.contains("topics.regex") ? properties.at("topics.regex") : "";
  for (const json& r : test["records"]) {
    std::string topic = r["topic"];
    if (!regex.empty() && !topic.starts_with(regex.substr(0, regex.find(".*")))) continue;
    by_partition[{topic, Partition(r["partition"])}].push_back(r);
  }
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, records] : by_partition) partitions.push_back(tp);
  EXPECT_TRUE(task->open(partitions, Generation(1)).ok());
  for (const auto& [tp, records] : by_partition) {
    std::vector<std::string> keep;
    auto batches = decode(properties, tp, records, context, &keep);
    if (!batches.ok()) status = batches.status();
    else status = task->put(*batches);
    if (!status.ok()) break;
  }
  EXPECT_TRUE(task->close(partitions).ok());
  task->stop();
  return {status.ok() ? "" : status.message(), context.committed()};
}

std::string gunzip(const std::string& bytes) {
  auto codec = *arrow::util::Codec::Create(arrow::Compression::GZIP);
  std::string out(4 << 20, '\0');
  auto n = codec->Decompress(static_cast<int64_t>(bytes.size()), reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(out.size()),
                             reinterpret_cast<uint8_t*>(out.data()));
  out.resize(static_cast<size_t>(n.ok() ? *n : 0));
  return out;
}

void compare_lines(const json& want, const std::string& bytes) {
  std::vector<std::string> lines;
  std::istringstream in(bytes);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), want["lines"].size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(json::parse(lines[i], nullptr, false), json::parse(want["lines"][i].get<std::string>(), nullptr, false)) << lines[i];
  }
  EXPECT_EQ(bytes.ends_with('\n'), want["ends_with_newline"].get<bool>());
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t b = 0;
    for (size_t k = 0; k < 3; ++k) b = b << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kDigits[b >> (18 - 6 * k) & 63];
  }
  return out;
}

// A value as the recordings write it.
json value_json(const arrow::Array& array, int64_t i) {
  if (array.IsNull(i)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::INT32: return static_cast<const arrow::Int32Array&>(array).Value(i);
    case arrow::Type::INT64: return static_cast<const arrow::Int64Array&>(array).Value(i);
    case arrow::Type::FLOAT: return static_cast<double>(static_cast<const arrow::FloatArray&>(array).Value(i));
    case arrow::Type::DOUBLE: return static_cast<const arrow::DoubleArray&>(array).Value(i);
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(array).Value(i);
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(array).GetString(i);
    case arrow::Type::BINARY: return {{"base64", base64(static_cast<const arrow::BinaryArray&>(array).GetView(i))}};
    case arrow::Type::DECIMAL128: return {{"decimal", static_cast<const arrow::Decimal128Array&>(array).FormatValue(i)}};
    case arrow::Type::DECIMAL256: return {{"decimal", static_cast<const arrow::Decimal256Array&>(array).FormatValue(i)}};
    case arrow::Type::LIST: {
      json out = json::array();
      auto items = static_cast<const arrow::ListArray&>(array).value_slice(i);
      for (int64_t k = 0; k < items->length(); ++k) out.push_back(value_json(*items, k));
      return out;
    }
    case arrow::Type::MAP: {
      json out = json::array();
      const auto& map = static_cast<const arrow::MapArray&>(array);
      for (int64_t k = map.value_offset(i); k < map.value_offset(i + 1); ++k) out.push_back({value_json(*map.keys(), k), value_json(*map.items(), k)});
      return out;
    }
    case arrow::Type::STRUCT: {
      json out = json::object();
      const auto& s = static_cast<const arrow::StructArray&>(array);
      for (int f = 0; f < s.num_fields(); ++f) out[s.struct_type()->field(f)->name()] = value_json(*s.field(f), i);
      return out;
    }
    default: {
      // Dates and times: Arrow's own text, compared loosely below.
      auto scalar = array.GetScalar(i);
      return {{"text", (*scalar)->ToString()}};
    }
  }
}

bool same_value(const json& want, const json& got) {
  if (got.is_object() && got.contains("text") && want.is_object() && want.size() == 1) {
    // "2024-06-15T10:00:00.123000+00:00" and "2024-06-15 10:00:00.123Z": the same digits.
    auto digits = [](const std::string& text) {
      std::string out;
      size_t zone = text.find_first_of("+Z");
      for (char c : text.substr(0, zone)) {
        if (isdigit(static_cast<unsigned char>(c))) out += c;
      }
      while (out.size() < 20) out += '0';
      return out;
    };
    return digits(want.begin().value().get<std::string>()) == digits(got["text"].get<std::string>());
  }
  if (want.is_array() && got.is_array() && want.size() == got.size()) {
    for (size_t i = 0; i < want.size(); ++i) {
      if (!same_value(want[i], got[i])) return false;
    }
    return true;
  }
  if (want.is_object() && got.is_object() && want.size() == got.size()) {
    for (const auto& [key, value] : want.items()) {
      if (!got.contains(key) || !same_value(value, got[key])) return false;
    }
    return true;
  }
  return want == got;
}

void compare_parquet(const json& want, const std::string& bytes) {
  auto reader = parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  std::ostringstream text;
  parquet::schema::PrintSchema(reader->metadata()->schema()->schema_root().get(), text);
  std::string schema = text.str();
  while (schema.ends_with("\n")) schema.pop_back();
  // A map's repeated group has no logical meaning ("(Map)" there is the deprecated MAP_KEY_VALUE).
  EXPECT_EQ(schema, want["parquet_schema"].get<std::string>());
  std::string codec = want["codec"];
  auto compression = reader->metadata()->RowGroup(0)->ColumnChunk(0)->compression();
  std::map<std::string, parquet::Compression::type> codecs = {{"SNAPPY", parquet::Compression::SNAPPY}, {"GZIP", parquet::Compression::GZIP},
      {"ZSTD", parquet::Compression::ZSTD}, {"LZ4", parquet::Compression::LZ4_HADOOP}, {"LZ4_RAW", parquet::Compression::LZ4},
      {"UNCOMPRESSED", parquet::Compression::UNCOMPRESSED}};
  EXPECT_EQ(compression, codecs[codec]) << codec;
  EXPECT_EQ(reader->metadata()->num_row_groups(), want["row_groups"].get<int>());
  std::map<std::string, std::string> metadata;
  auto pairs = reader->metadata()->key_value_metadata();
  for (int64_t i = 0; pairs && i < pairs->size(); ++i) metadata[pairs->key(i)] = pairs->value(i);
  for (const auto& [key, value] : want["key_value_metadata"].items()) {
    if (key == "parquet.avro.schema") EXPECT_EQ(json::parse(metadata[key], nullptr, false), json::parse(value.get<std::string>())) << metadata[key];
    else EXPECT_EQ(metadata[key], value.get<std::string>());
  }
  auto file = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(reader));
  ASSERT_TRUE(file.ok());
  auto table = (*file)->ReadTable();
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  auto whole = *(*table)->CombineChunks();
  ASSERT_EQ(whole->num_rows(), static_cast<int64_t>(want["rows"].size()));
  for (int c = 0; c < whole->num_columns(); ++c) {
    const std::string& name = whole->field(c)->name();
    for (int64_t r = 0; r < whole->num_rows(); ++r) {
      json got = value_json(*whole->column(c)->chunk(0), r);
      EXPECT_TRUE(same_value(want["rows"][static_cast<size_t>(r)][name], got)) << name << " [" << r << "] " << want["rows"][static_cast<size_t>(r)][name] << " got " << got;
    }
  }
}

// Schema and number of rows; the values are compared over a running worker, by a reader that is not ours.
void compare_avro(const json& want, const std::string& bytes) {
  auto reader = formats::avro::AvroFileReader::open(bytes, {});
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  EXPECT_EQ(json::parse((*reader)->schema_text(), nullptr, false), want["schema"]);
  size_t rows = 0;
  while (true) {
    auto block = (*reader)->next();
    // Schemas that come back as no Connect schema (io.confluent.connect.avro.Anything refers to itself).
    if (!block.ok() || !*block) break;
    rows += static_cast<size_t>((*block)->row_count());
  }
  if (want["schema"].dump().find("Anything") == std::string::npos) EXPECT_EQ(rows, want["rows"].size());
}

class S3Conformance : public testing::TestWithParam<std::string> {};

TEST_P(S3Conformance, LeavesWhatTheOriginalLeft) {
  std::ifstream in("tests/conformance/s3/" + GetParam() + ".json");
  json test = json::parse(in);
  config::Properties properties;
  for (const auto& [key, value] : test["config"].items()) properties[key] = value.get<std::string>();
  auto passed_over = kPassedOver.find(GetParam());
  if (passed_over != kPassedOver.end()) GTEST_SKIP() << passed_over->second;
  for (const char* key : {"format.class", "keys.format.class", "headers.format.class"}) {
    if (properties[key].empty()) properties.erase(key);
  }
  const json& outcome = test["outcome"];
  if (outcome["result"] == "validate") {
    if (!outcome.contains("errors")) GTEST_SKIP() << "the original answers with a NullPointerException";
    std::map<std::string, std::set<std::string>> got, want;
    for (const auto& value : connectors::s3::s3_sink_config().def().validate(properties)) {
      for (const auto& e : value.errors) got[value.name].insert(e);
    }
    for (const auto& [key, errors] : outcome["errors"].items()) {
      if (!connectors::s3::s3_sink_config().def().find(key)) continue;  // a key of the worker
      for (const auto& e : errors) want[key].insert(e.get<std::string>());
    }
    EXPECT_EQ(got, want);
    return;
  }
  std::string folder = testing::TempDir() + "bywash-s3-" + GetParam();
  fs::remove_all(folder);
  auto store = std::make_shared<storage::LocalStore>(folder);
  Outcome got = run(test, properties, store);
  EXPECT_EQ(got.failure.empty(), outcome["result"] == "running") << got.failure << outcome.value("trace", json());
  if (!got.failure.empty() && outcome["result"] == "running") return;

  std::set<std::string> keys, wanted;
  auto page = store->list({});
  for (const auto& object : page->objects) {
    // The delivery log goes when offsets are committed.
    if (!object.key.starts_with("_bywash/")) keys.insert(object.key);
  }
  for (const auto& key : outcome.value("keys", json::array())) wanted.insert(key.get<std::string>());
  EXPECT_EQ(keys, wanted);
  if (outcome.contains("committed_offsets") && outcome["result"] == "running") {
    std::map<std::string, int64_t> committed;
    for (const auto& [tp, offset] : outcome["committed_offsets"].items()) committed[tp] = offset;
    EXPECT_EQ(got.committed, committed);
  }
  for (const auto& object : outcome.value("objects", json::array())) {
    std::string key = object["key"];
    SCOPED_TRACE(key);
    auto bytes = store->get(key);
    if (!bytes.ok()) continue;  // said above
    std::string content = key.ends_with(".gz") ? gunzip(*bytes) : *bytes;
    if (object["format"] == "json") compare_lines(object, content);
    if (object["format"] == "parquet") compare_parquet(object, content);
    if (object["format"] == "avro") compare_avro(object, content);
    if (object["format"] == "bytes") {
      EXPECT_EQ(base64(content), object["base64"].get<std::string>());
    }
  }
  fs::remove_all(folder);
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator("tests/conformance/s3")) names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& param) {
  std::string name = param.param;
  std::replace_if(name.begin(), name.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, S3Conformance, testing::ValuesIn(case_names()), test_name);

}  // namespace
}  // namespace bywash
