// See table_config.h.
#include "analytics/table/table_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analytics/table/index_config.h"
#include "analytics/table/json_document.h"
#include "analytics/table/schema_config.h"
#include "analytics/table/table_config_shape.h"
#include "analytics/table/time_format.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

const Json kNothing = Json::object();

const Json& object_at(const Json& parent, const char* key) {
  if (!parent.is_object()) return kNothing;
  auto found = parent.find(key);
  return found == parent.end() || !found->is_object() ? kNothing : *found;
}

bool filled(const Json& parent, const char* key) {
  if (!parent.is_object()) return false;
  auto found = parent.find(key);
  return found != parent.end() && !found->is_null() && !(found->is_structured() && found->empty()) && !(found->is_boolean() && !found->get<bool>());
}

// Reads one document; problems and warnings gather here.
struct TableReader {
  const Json& document;
  TableConfig& out;
  std::vector<std::string> problems;

  std::vector<std::string> names(const Json& parent, const char* key) {
    std::vector<std::string> list;
    if (!parent.is_object()) return list;
    auto found = parent.find(key);
    if (found == parent.end() || found->is_null()) return list;
    if (!found->is_array()) {
      problems.push_back(fmt::format("'{}' must be a list of column names", key));
      return list;
    }
    for (const Json& name : *found) list.push_back(text_of(name));
    return list;
  }

  void read_name() {
    out.name = text_at(document, "tableName");
    const std::string type = text_at(document, "tableType");
    if (out.name.empty()) problems.push_back("Missing required creator property 'tableName'");
    if (type == "REALTIME" || type == "realtime") {
      out.type = TableType::kRealtime;
    } else if (type == "OFFLINE" || type == "offline") {
      out.type = TableType::kOffline;
    } else {
      problems.push_back(type.empty() ? std::string("Missing required creator property 'tableType'")
                                      : fmt::format("'tableType': '{}' is not one of [OFFLINE, REALTIME]", type));
    }
    const std::string suffix = "_" + std::string(to_string(out.type));
    if (out.name.size() > suffix.size() && out.name.ends_with(suffix)) out.name.resize(out.name.size() - suffix.size());
    out.name_with_type = out.name + suffix;
    if (out.name.empty()) return;
    if (Status status = check_name("tableName", out.name); !status.ok()) problems.push_back(status.message());
    if (out.name.find("__") != std::string::npos) problems.push_back("'tableName' cannot contain double underscore ('__')");
  }

  void read_segments_config() {
    const Json& segments = object_at(document, "segmentsConfig");
    if (segments.empty()) out.warnings.push_back("segmentsConfig is missing: no time column, no retention");
    out.time_column = text_at(segments, "timeColumnName");
    if (out.type == TableType::kRealtime && out.time_column.empty()) problems.push_back("'timeColumnName' cannot be null in table config for REALTIME table");
    if (text_at(segments, "replication").empty() && text_at(segments, "replicasPerPartition").empty()) {
      out.warnings.push_back("segmentsConfig.replication is missing: taken as 1");
    }
    const std::string unit = text_at(segments, "retentionTimeUnit"), value = text_at(segments, "retentionTimeValue");
    if (unit.empty() != value.empty()) problems.push_back("retentionTimeUnit and retentionTimeValue must be given together");
    if (unit.empty() || value.empty()) return;
    std::string upper = unit;
    upper = ascii_upper(upper);
    const std::optional<int64_t> millis = millis_of_unit(upper);
    Result<Scalar> amount = parse_scalar(DataType::kLong, value);
    if (!millis) problems.push_back(fmt::format("retentionTimeUnit: '{}' is no time unit (DAYS, HOURS, ...)", unit));
    if (!amount || amount->integer <= 0) problems.push_back(fmt::format("retentionTimeValue: '{}' is not a positive number", value));
    int64_t total = 0;
    if (millis && amount && !__builtin_mul_overflow(*millis, amount->integer, &total)) out.retention_ms = total;
  }

  void read_indexing() {
    const Json& indexing = object_at(document, "tableIndexConfig");
    out.indexes = read_index_config(document, problems, out.warnings);
    out.null_handling = flag_at(indexing, "nullHandlingEnabled", false);
    if (flag_at(indexing, "aggregateMetrics", false)) problems.push_back("tableIndexConfig.aggregateMetrics is not supported yet");
  }

  // What would change answers is refused; what only places or bounds work in a cluster is named in a warning.
  void read_unsupported() {
    out.dimension = flag_at(document, "isDimTable", false);
    out.unique_keys = flag_at(object_at(document, "dimensionTableConfig"), "errorOnDuplicatePrimaryKey", false);
    if (out.dimension && out.type != TableType::kOffline) problems.push_back("Dimension table must be of OFFLINE table type.");
    const Json& ingestion = object_at(document, "ingestionConfig");
    for (const char* key : {"schemaConformingTransformerConfig", "schemaConformingTransformerV2Config", "enrichmentConfigs", "aggregationConfigs"}) {
      if (filled(ingestion, key)) problems.push_back(fmt::format("ingestionConfig.{} is not supported yet", key));
    }
    read_record_rules(ingestion);
    std::string frequency = text_at(object_at(ingestion, "batchIngestionConfig"), "segmentIngestionFrequency");
    if (frequency.empty()) frequency = text_at(object_at(document, "segmentsConfig"), "segmentPushFrequency");
    out.hourly_push = frequency == "HOURLY" || frequency == "hourly";
    out.row_time_check = flag_at(ingestion, "rowTimeValueCheck", false);
    read_routing();
    for (const char* key : {"quota", "task", "tierConfigs", "instanceAssignmentConfigMap", "instancePartitionsMap",
                            "segmentAssignmentConfigMap", "tunerConfigs", "tableSamplers"}) {
      if (filled(document, key)) out.warnings.push_back(fmt::format("'{}' has no effect in a single process", key));
    }
    if (!document.contains("tenants")) out.warnings.push_back("'tenants' is missing: DefaultTenant is taken");
  }

  void read_routing() {
    const Json& routing = object_at(document, "routing");
    bool other = false;
    if (!routing.is_object()) return;
    for (const auto& [key, value] : routing.items()) {
      if (key != "segmentPrunerTypes" || !value.is_array()) {
        other |= !value.is_null();
        continue;
      }
      for (const Json& type : value) {
        if (ascii_lower(text_of(type)) == "partition") out.prune_by_partition = true;
        else other |= ascii_lower(text_of(type)) != "empty";
      }
    }
    if (other) out.warnings.push_back("'routing' has no effect in a single process, but for segmentPrunerTypes \"partition\"");
  }

  void read_record_rules(const Json& ingestion) {
    if (auto list = ingestion.is_object() ? ingestion.find("transformConfigs") : ingestion.end(); ingestion.is_object() && list != ingestion.end() && list->is_array()) {
      for (const Json& entry : *list) {
        std::string column = text_at(entry, "columnName"), function = text_at(entry, "transformFunction");
        if (column.empty() || function.empty()) problems.push_back("ingestionConfig.transformConfigs: an entry needs 'columnName' and 'transformFunction'");
        else out.ingestion.transforms.emplace_back(std::move(column), std::move(function));
      }
    }
    out.ingestion.filter = text_at(object_at(ingestion, "filterConfig"), "filterFunction");
    const Json& complex = object_at(ingestion, "complexTypeConfig");
    if (!ingestion.is_object() || !ingestion.contains("complexTypeConfig") || !ingestion["complexTypeConfig"].is_object()) return;
    out.ingestion.complex_types = true;
    out.ingestion.fields_to_unnest = names(complex, "fieldsToUnnest");
    out.ingestion.delimiter = text_at(complex, "delimiter", ".");
    out.ingestion.collections_to_json = text_at(complex, "collectionNotUnnestedToJson", "NON_PRIMITIVE");
    if (const std::string& kind = out.ingestion.collections_to_json; kind != "NON_PRIMITIVE" && kind != "ALL" && kind != "NONE") {
      problems.push_back(fmt::format("ingestionConfig.complexTypeConfig.collectionNotUnnestedToJson: '{}' is not one of [NON_PRIMITIVE, ALL, NONE]", kind));
    }
    for (const auto& [from, to] : object_at(complex, "prefixesToRename").items()) out.ingestion.prefixes_to_rename[from] = text_of(to);
  }

  void read_streams(int64_t now_ms) {
    if (out.type != TableType::kRealtime) return;
    const Json& stream_ingestion = object_at(object_at(document, "ingestionConfig"), "streamIngestionConfig");
    std::vector<std::map<std::string, std::string>> maps;
    auto add = [&](const Json& entries) {
      std::map<std::string, std::string> map;
      for (const auto& [key, value] : entries.items()) map[key] = text_of(value);
      maps.push_back(std::move(map));
    };
    if (auto list = stream_ingestion.find("streamConfigMaps"); list != stream_ingestion.end() && list->is_array()) {
      for (const Json& entries : *list) {
        if (entries.is_object()) add(entries);
      }
    }
    if (const Json& legacy = object_at(object_at(document, "tableIndexConfig"), "streamConfigs"); maps.empty() && !legacy.empty()) add(legacy);
    if (maps.empty()) {
      problems.push_back("Could not find streamConfigs for REALTIME table: " + out.name_with_type);
      return;
    }
    for (const auto& map : maps) {
      out.streams.push_back(read_stream_config(map, now_ms, problems));
      const StreamConfig& stream = out.streams.back();
      out.warnings.insert(out.warnings.end(), stream.warnings.begin(), stream.warnings.end());
    }
  }
};

}  // namespace

std::string_view to_string(TableType type) { return type == TableType::kOffline ? "OFFLINE" : "REALTIME"; }

Result<TableConfig> parse_table_config(std::string_view text, int64_t now_ms) {
  ASSIGN_OR_RETURN(Json document, parse_json(text));
  if (!document.is_object()) return Status::invalid("A table config is a JSON object");
  TableConfig out;
  out.unrecognized = table_config_shape().take_unrecognized(document).dump();
  TableReader reader{document, out, {}};
  reader.read_name();
  reader.read_segments_config();
  reader.read_indexing();
  reader.read_unsupported();
  out.upsert = read_upsert_config(document, out.type == TableType::kRealtime, reader.problems, out.warnings);
  if (out.upsert.on() && !out.indexes.sorted_column.empty()) {
    out.warnings.push_back("sortedColumn has no effect together with upsertConfig or dedupConfig: rows stay in the order they came in");
    out.indexes.sorted_column.clear();
  }
  reader.read_streams(now_ms);
  if (!reader.problems.empty()) return Status::invalid(fmt::format("{}", fmt::join(reader.problems, "\n")));
  out.stored = stored_table_config(document, out.name_with_type, out.type == TableType::kRealtime).dump();
  return out;
}

Status check_table_config(const TableConfig& config, const TableSchema& schema) {
  std::vector<std::string> problems;
  if (!config.time_column.empty()) {
    const int at = schema.find(config.time_column);
    if (at < 0 || schema.fields[static_cast<size_t>(at)].kind != FieldKind::kDateTime) {
      problems.push_back(fmt::format("Cannot find valid fieldSpec for timeColumn: {} from the table config: {}, in the schema: {}",
                                     config.time_column, config.name_with_type, schema.name));
    }
  }
  if (config.dimension && schema.primary_key_columns.empty()) problems.push_back("Dimension table must have primary key[s]");
  for (const std::string& key : config.dimension ? schema.primary_key_columns : std::vector<std::string>()) {
    const int at = schema.find(key);
    if (at >= 0 && !schema.fields[static_cast<size_t>(at)].single_value) problems.push_back(fmt::format("The primary key column '{}' of a dimension table must be single-valued", key));
  }
  check_index_config(config.indexes, schema, config.upsert.mode == KeyMode::kUpsert, problems);
  check_upsert_config(config.upsert, schema, config.time_column, problems);
  if (Status shaping = config.ingestion.empty() ? Status() : RecordShaper::create(config.ingestion, schema).status(); !shaping.ok()) problems.push_back(shaping.message());
  if (problems.empty()) return {};
  std::sort(problems.begin(), problems.end());
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  return Status::invalid(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace bywash::analytics
