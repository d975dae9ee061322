// See hand_over.h.
#include "analytics/table/hand_over.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analytics/segment/segment_file.h"
#include "analytics/table/checked_bytes.h"
#include "analytics/table/durable_file.h"
#include "analytics/table/json_document.h"
#include "analytics/table/manifest.h"
#include "analytics/table/table_config.h"
#include "analytics/table/value_coercion.h"
#include "base/clock.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kOffsetReset = "stream.kafka.consumer.prop.auto.offset.reset";
constexpr int64_t kHourMs = 3'600'000, kDayMs = 86'400'000;
// Records reach the topic after the time that they tell: consumption begins so much before the boundary.
constexpr int64_t kSlackMs = kHourMs;

// One half of the table as the folder has it.
struct Half {
  TableConfig config;
  Json document;
  std::vector<SegmentRecord> segments;
  std::string folder;
  int64_t end_ms = -1;  // newest plausible time; -1: none
};

Result<std::optional<Half>> read_half(const std::string& data_dir, const std::string& name_with_type) {
  Half out;
  out.folder = data_dir + "/tables/" + name_with_type;
  if (!std::filesystem::exists(out.folder + "/config.json")) return std::optional<Half>();
  ASSIGN_OR_RETURN(const std::string text, read_document(out.folder + "/config.json"));
  ASSIGN_OR_RETURN(out.config, parse_table_config(text, wall_clock_ms()));
  ASSIGN_OR_RETURN(out.document, parse_json(text));
  ASSIGN_OR_RETURN(const ManifestState state, read_manifest(out.folder + "/manifest"));
  for (const auto& [name, record] : state.segments) {
    out.segments.push_back(record);
    if (record.end_ms >= record.start_ms && is_plausible_time(record.end_ms)) out.end_ms = std::max(out.end_ms, record.end_ms);
  }
  return std::optional<Half>(std::move(out));
}

void add_history(const Half& half, const TimeRange& range, HandOver* out) {
  for (const SegmentRecord& record : half.segments) {
    out->history.push_back({record.name, half.folder + "/segments/" + record.name + ".seg", range, record.rows});
  }
}

// Sets where a REALTIME table begins, in every stream of its document.
void begin_at(Json& document, const std::string& offset) {
  auto set = [&](Json& stream) {
    if (stream.is_object()) stream[std::string(kOffsetReset)] = offset;
  };
  if (document.contains("tableIndexConfig") && document["tableIndexConfig"].contains("streamConfigs")) set(document["tableIndexConfig"]["streamConfigs"]);
  if (!document.contains("ingestionConfig") || !document["ingestionConfig"].contains("streamIngestionConfig")) return;
  Json& streams = document["ingestionConfig"]["streamIngestionConfig"];
  if (!streams.contains("streamConfigMaps") || !streams["streamConfigMaps"].is_array()) return;
  for (Json& stream : streams["streamConfigMaps"]) set(stream);
}

// The OFFLINE half for a table that was REALTIME only: the same columns, indexes and retention. Its rows are shaped already.
Json offline_of(Json document, const std::string& table) {
  document["tableName"] = table + "_OFFLINE";
  document["tableType"] = "OFFLINE";
  if (document.contains("tableIndexConfig")) document["tableIndexConfig"].erase("streamConfigs");
  if (document.contains("segmentsConfig")) {
    Json& segments = document["segmentsConfig"];
    segments.erase("replicasPerPartition");
    segments.erase("completionConfig");
  }
  for (const char* key : {"upsertConfig", "dedupConfig"}) document.erase(key);
  document["ingestionConfig"] = {{"batchIngestionConfig", {{"segmentIngestionType", "APPEND"}, {"segmentIngestionFrequency", "DAILY"}}}};
  return document;
}

std::string iso_time(int64_t epoch_ms) {
  static const TimeFormat kFormat = *TimeFormat::parse("SIMPLE_DATE_FORMAT|yyyy-MM-dd'T'HH:mm:ss'Z'");
  return kFormat.from_millis(epoch_ms);
}

// Why the rows of a REALTIME table cannot become history beside it; '' when they can.
std::string why_no_history(const Half& realtime, const HandOver& out) {
  if (realtime.config.upsert.on()) return "it knows keys, and Pinot has no hybrid tables with upsert or dedup";
  if (out.time_field < 0 || !out.time_format) return "its time column tells no time";
  if (is_real(out.columns->fields[static_cast<size_t>(out.time_field)].type)) return "its time column is of a real type";
  if (realtime.segments.empty()) return "nothing of it is committed yet";
  return realtime.end_ms < 0 ? "the times of its rows lie outside of 1971 to 2071" : "";
}

void add_realtime(Half& realtime, const std::optional<Half>& offline, HandOver* out) {
  const std::string why = offline ? "" : why_no_history(realtime, *out);
  int64_t newest = offline ? offline->end_ms : realtime.end_ms;
  if (!why.empty() || newest < 0) {
    begin_at(realtime.document, "smallest");
    out->notes.push_back(fmt::format("Table {} consumes its topic from the start{}: what the topic holds no longer is not handed over", realtime.config.name_with_type,
                                     why.empty() ? "" : ", without history, for " + why));
    out->realtime = realtime.document.dump();
    return;
  }
  const bool hourly = offline && offline->config.hourly_push;
  TimeRange after;
  if (offline) {
    // What both halves have counts once: OFFLINE up to the boundary, REALTIME past it.
    const int64_t boundary = newest - (hourly ? kHourMs : kDayMs);
    for (HistoryPart& part : out->history) part.range.upto = boundary;
    after.after = boundary;
  }
  add_history(realtime, after, out);
  newest = std::max(newest, realtime.end_ms);
  const std::string begin = iso_time(newest - (hourly ? kHourMs : kDayMs) - kSlackMs);
  begin_at(realtime.document, begin);
  out->realtime = realtime.document.dump();
  if (!offline) out->offline = offline_of(realtime.document, out->table).dump();
  out->notes.push_back(fmt::format("Table {} consumes its topic from {} on, an hour before the time boundary; records must reach the topic after the time that they tell",
                                   realtime.config.name_with_type, begin));
  out->notes.push_back("Rows that were consumed but not committed are read from the topic again: pause the table before (POST /tables/{table}/pauseConsumption), so that "
                       "late ones among them are in the history");
}

std::string yaml_text(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

}  // namespace

Result<HandOver> plan_hand_over(const std::string& data_dir, const std::string& table) {
  RETURN_IF_ERROR(check_name("table", table));
  HandOver out;
  out.table = table;
  ASSIGN_OR_RETURN(std::optional<Half> offline, read_half(data_dir, table + "_OFFLINE"));
  ASSIGN_OR_RETURN(std::optional<Half> realtime, read_half(data_dir, table + "_REALTIME"));
  if (!offline && !realtime) return Status::not_found(fmt::format("Folder '{}' has no table '{}'", data_dir, table));
  ASSIGN_OR_RETURN(out.schema, read_document(data_dir + "/schemas/" + table + ".json"));
  ASSIGN_OR_RETURN(const SchemaConfig schema, parse_schema_config(out.schema));
  out.columns = schema.schema;
  out.time_field = schema.schema->find((realtime ? *realtime : *offline).config.time_column);
  if (out.time_field >= 0) {
    if (Result<TimeFormat> format = TimeFormat::parse(schema.schema->fields[static_cast<size_t>(out.time_field)].format)) out.time_format = *format;
  }
  if (offline) {
    out.offline = offline->document.dump();
    add_history(*offline, {}, &out);
  }
  if (realtime) add_realtime(*realtime, offline, &out);
  return out;
}

Result<std::string> history_file(const HandOver& plan, const HistoryPart& part) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Segment> segment, open_segment(part.path, plan.columns));
  return parquet_of_segment(*segment, part.range, plan.time_field, plan.time_format ? &*plan.time_format : nullptr);
}

std::string batch_job_spec(const HandOver& plan, const JobPlaces& places) {
  constexpr std::string_view kRunner = "org.apache.pinot.plugin.ingestion.batch.standalone.";
  const std::string controller = yaml_text(places.controller);
  std::string out = fmt::format("# History of table {}: bin/pinot-admin.sh LaunchDataIngestionJob -jobSpecFile <this file>\n", plan.table);
  out += "executionFrameworkSpec:\n  name: 'standalone'\n";
  for (const char* step : {"Generation", "TarPush", "UriPush", "MetadataPush"}) {
    out += fmt::format("  segment{}JobRunnerClassName: '{}Segment{}JobRunner'\n", step, kRunner, step);
  }
  out += fmt::format("jobType: SegmentCreationAndTarPush\ninputDirURI: {}\nincludeFileNamePattern: 'glob:**/*.parquet'\noutputDirURI: {}\noverwriteOutput: true\n",
                     yaml_text(places.input), yaml_text(places.output));
  out += "pinotFSSpecs:\n";
  if (places.input.starts_with("s3://") || places.output.starts_with("s3://")) {
    out += fmt::format("  - scheme: s3\n    className: org.apache.pinot.plugin.filesystem.S3PinotFS\n    configs:\n      region: {}\n", yaml_text(places.region));
  }
  out += "  - scheme: file\n    className: org.apache.pinot.spi.filesystem.LocalPinotFS\n";
  out += "recordReaderSpec:\n  dataFormat: 'parquet'\n  className: 'org.apache.pinot.plugin.inputformat.parquet.ParquetRecordReader'\n";
  out += fmt::format("tableSpec:\n  tableName: {}\n  schemaURI: {}\n  tableConfigURI: {}\n", yaml_text(plan.table), yaml_text(places.controller + "/tables/" + plan.table + "/schema"),
                     yaml_text(places.controller + "/tables/" + plan.table));
  // Names that come out alike when the job runs again, so that it replaces what it pushed.
  out += "segmentNameGeneratorSpec:\n  type: simple\n";
  out += fmt::format("pinotClusterSpecs:\n  - controllerURI: {}\npushJobSpec:\n  pushAttempts: 3\n  pushRetryIntervalMillis: 1000\n", controller);
  return out;
}

}  // namespace bywash::analytics
