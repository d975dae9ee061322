// See upsert_config.h.
#include "analytics/table/upsert_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace bywash::analytics {
namespace {

const Json* upsert_object(const Json& parent, const char* key) {
  if (!parent.is_object()) return nullptr;
  auto found = parent.find(key);
  return found == parent.end() || !found->is_object() ? nullptr : &*found;
}

bool upsert_key_given(const Json& parent, const char* key) {
  auto found = parent.find(key);
  return found != parent.end() && !found->is_null() && !(found->is_structured() && found->empty()) && !(found->is_boolean() && !found->get<bool>());
}

double upsert_number(const Json& parent, const char* key, const char* section, std::vector<std::string>& problems) {
  const std::string text = text_at(parent, key);
  if (text.empty()) return 0;
  Result<Scalar> value = parse_scalar(DataType::kDouble, text);
  if (value) return value->real;
  problems.push_back(fmt::format("{}.{}: '{}' is not a number", section, key, text));
  return 0;
}

void warn_without_effect(const Json& section, const char* name, std::vector<std::string>& warnings) {
  for (const char* key : {"hashFunction", "snapshot", "preload", "enableSnapshot", "enablePreload", "consistencyMode", "upsertViewRefreshIntervalMs",
                          "newSegmentTrackingTimeMs", "metadataManagerConfigs", "enableCommitTimeCompaction", "enableDeletedKeysCompactionConsistency",
                          "allowPartialUpsertConsumptionDuringCommit", "allowDedupConsumptionDuringCommit", "ignoreNonDefaultTiers"}) {
    if (upsert_key_given(section, key)) {
      warnings.push_back(fmt::format("{}.{} has no effect: keys are found again in the segments at start, and every query sees one state of the table", name, key));
    }
  }
}

void read_partial(const Json& upsert, UpsertConfig& out, std::vector<std::string>& problems) {
  out.partial = true;
  auto read = [&](const std::string& name, const std::string& key) {
    const std::optional<MergeStrategy> strategy = merge_strategy_from(name);
    if (!strategy) problems.push_back(fmt::format("upsertConfig.{}: '{}' is not one of [APPEND, IGNORE, INCREMENT, MAX, MIN, OVERWRITE, FORCE_OVERWRITE, UNION]", key, name));
    return strategy.value_or(MergeStrategy::kOverwrite);
  };
  out.default_strategy = read(text_at(upsert, "defaultPartialUpsertStrategy", "OVERWRITE"), "defaultPartialUpsertStrategy");
  if (const Json* strategies = upsert_object(upsert, "partialUpsertStrategies")) {
    for (const auto& [column, name] : strategies->items()) out.strategies[column] = read(text_of(name), "partialUpsertStrategies." + column);
  }
  if (upsert_key_given(upsert, "partialUpsertMergerClass")) problems.push_back("upsertConfig.partialUpsertMergerClass: classes of one's own cannot be loaded");
}

void read_upsert(const Json& upsert, UpsertConfig& out, std::vector<std::string>& problems) {
  for (const char* key : {"comparisonColumns", "comparisonColumn"}) {
    auto columns = upsert.find(key);
    if (columns == upsert.end() || columns->is_null() || !out.comparison_columns.empty()) continue;
    if (columns->is_array()) {
      for (const Json& column : *columns) out.comparison_columns.push_back(text_of(column));
    } else {
      out.comparison_columns.push_back(text_of(*columns));
    }
  }
  out.delete_column = text_at(upsert, "deleteRecordColumn");
  out.drop_out_of_order = flag_at(upsert, "dropOutOfOrderRecord", false);
  out.out_of_order_column = text_at(upsert, "outOfOrderRecordColumn");
  if (!out.out_of_order_column.empty() && out.drop_out_of_order) {
    problems.push_back("outOfOrderRecordColumn and dropOutOfOrderRecord shouldn't exist together for upsert table");
  }
  if (upsert_key_given(upsert, "postPartialUpsertTransformConfigs")) {
    problems.push_back(out.partial ? "upsertConfig.postPartialUpsertTransformConfigs is not supported yet"
                                   : "postPartialUpsertTransformConfigs can only be configured for PARTIAL upsert tables");
  }
  const std::string consistency = text_at(upsert, "consistencyMode", "NONE");
  if (out.drop_out_of_order && consistency != "NONE") {
    problems.push_back(fmt::format("dropOutOfOrderRecord cannot be enabled when consistencyMode is {}. Out-of-order records can only be dropped in NONE consistency mode.",
                                   consistency));
  }
  out.metadata_ttl = upsert_number(upsert, "metadataTTL", "upsertConfig", problems);
  out.deleted_keys_ttl = upsert_number(upsert, "deletedKeysTTL", "upsertConfig", problems);
  if (out.comparison_columns.size() > 1 && (out.metadata_ttl > 0 || out.deleted_keys_ttl > 0)) {
    problems.push_back("MetadataTTL / DeletedKeysTTL does not work with multiple comparison columns");
  }
  if (out.metadata_ttl > 0 && ascii_upper(text_at(upsert, "snapshot", "DEFAULT")) == "DISABLE") problems.push_back("Upsert TTL must have snapshot enabled");
  if (out.deleted_keys_ttl > 0 && out.delete_column.empty()) problems.push_back("Deleted Keys TTL can only be enabled with deleteRecordColumn set.");
}

bool refuses_or_edits_rows(const UpsertConfig& config) {
  return config.drop_out_of_order || !config.out_of_order_column.empty() || config.partial || config.comparison_columns.size() > 1 || config.mode == KeyMode::kDedup;
}

// What the rest of the document must say or not say when keys are unique.
void check_surroundings(const Json& document, const UpsertConfig& config, std::vector<std::string>& problems) {
  const Json* routing = upsert_object(document, "routing");
  const std::string selector = routing ? text_at(*routing, "instanceSelectorType") : std::string();
  if (selector != "strictReplicaGroup" && selector != "multiStageReplicaGroup") {
    problems.push_back("Upsert/Dedup table must use strict replica-group (i.e. strictReplicaGroup) based routing");
  }
  const Json* indexing = upsert_object(document, "tableIndexConfig");
  const bool star_tree = indexing && (upsert_key_given(*indexing, "starTreeIndexConfigs") || flag_at(*indexing, "enableDefaultStarTree", false));
  if (config.mode == KeyMode::kUpsert && star_tree) problems.push_back("The upsert table cannot have star-tree index.");
  if (config.mode == KeyMode::kUpsert && upsert_key_given(document, "tierConfigs")) problems.push_back("The upsert table cannot have multi-tiers");
  const Json* ingestion = upsert_object(document, "ingestionConfig");
  const Json* complex = ingestion ? upsert_object(*ingestion, "complexTypeConfig") : nullptr;
  if (complex && upsert_key_given(*complex, "fieldsToUnnest") && refuses_or_edits_rows(config)) {
    problems.push_back("ingestionConfig.complexTypeConfig.fieldsToUnnest is not supported yet together with dedupConfig, upsertConfig.mode PARTIAL, several comparisonColumns, dropOutOfOrderRecord or outOfOrderRecordColumn");
  }
}

const FieldSpec* upsert_field(const TableSchema& schema, const std::string& name) {
  const int at = schema.find(name);
  return at < 0 ? nullptr : &schema.fields[static_cast<size_t>(at)];
}

// One column's way of merging against the column.
void check_strategy(const FieldSpec& field, MergeStrategy strategy, std::vector<std::string>& problems) {
  const bool compares = strategy == MergeStrategy::kMax || strategy == MergeStrategy::kMin;
  if (strategy == MergeStrategy::kIncrement || compares) {
    const char* name = strategy == MergeStrategy::kIncrement ? "INCREMENT" : strategy == MergeStrategy::kMax ? "MAX" : "MIN";
    if (!field.single_value) problems.push_back(fmt::format("{} merger cannot be applied to multi-value column: {}", name, field.name));
    else if (field.type == DataType::kBigDecimal) problems.push_back(fmt::format("{} merger is not supported yet on the BIG_DECIMAL column: {}", name, field.name));
    else if (!compares && is_text(field.type)) problems.push_back(fmt::format("INCREMENT merger cannot be applied to non-numeric column: {}", field.name));
    else if (!compares && field.kind == FieldKind::kDateTime) problems.push_back(fmt::format("INCREMENT merger cannot be applied to date time column: {}", field.name));
  } else if ((strategy == MergeStrategy::kAppend || strategy == MergeStrategy::kUnion) && field.single_value) {
    problems.push_back(fmt::format("{} merger cannot be applied to single-value column: {}", strategy == MergeStrategy::kAppend ? "APPEND" : "UNION", field.name));
  }
}

void check_comparison(const UpsertConfig& config, const TableSchema& schema, const std::string& column, std::vector<std::string>& problems) {
  const FieldSpec* compared = upsert_field(schema, column);
  const bool lives = config.metadata_ttl > 0 || config.deleted_keys_ttl > 0;
  if (!compared) {
    if (!config.comparison_columns.empty()) problems.push_back("The comparison column does not exist on schema");
    else if (lives) problems.push_back("MetadataTTL / DeletedKeysTTL requires either a comparison column or a time column to be configured");
  } else if (!compared->single_value) {
    problems.push_back(fmt::format("The comparison column: {} cannot be of multi-value type", column));
  } else if (compared->type == DataType::kBigDecimal) {
    problems.push_back(fmt::format("The comparison column: {} of type BIG_DECIMAL is not supported yet", column));
  } else if (lives && is_text(compared->type)) {
    problems.push_back(fmt::format("MetadataTTL / DeletedKeysTTL must have {} column: {} in numeric type, found: {}",
                                   config.comparison_columns.empty() ? "time" : "comparison", column, to_string(compared->type)));
  }
}

void check_dedup_time(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column, std::vector<std::string>& problems) {
  if (config.metadata_ttl <= 0) return;
  const std::string& column = config.comparison_columns.empty() ? time_column : config.comparison_columns[0];
  const FieldSpec* field = upsert_field(schema, column);
  if (!field) problems.push_back(fmt::format("dedupConfig.metadataTTL needs a dedupTimeColumn or time column; '{}' is not in the schema", column));
  else if (is_text(field->type) || !field->single_value) {
    problems.push_back(fmt::format("MetadataTTL must have {}: {} in numeric type, found: {}", config.comparison_columns.empty() ? "time column" : "dedupTimeColumn",
                                   column, to_string(field->type)));
  }
}

void check_partial(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column, std::vector<std::string>& problems) {
  if (!config.null_handling && !schema.column_based_null_handling) problems.push_back("Null handling must be enabled for partial upsert tables");
  const std::vector<std::string>& keys = schema.primary_key_columns;
  for (const auto& [column, strategy] : config.strategies) {
    if (std::find(keys.begin(), keys.end(), column) != keys.end()) problems.push_back("Merger cannot be applied to primary key columns");
    else if (config.compares_by(column)) problems.push_back("Merger cannot be applied to comparison column");
    else if (config.comparison_columns.empty() && column == time_column) problems.push_back("Merger cannot be applied to time column");
    else if (!upsert_field(schema, column)) problems.push_back(fmt::format("Merger cannot be applied to non-existing column: {}", column));
  }
  for (const FieldSpec& field : schema.fields) check_strategy(field, config.strategy_of(field.name, schema, time_column), problems);
}

}  // namespace

bool UpsertConfig::compares_by(const std::string& column) const {
  return std::find(comparison_columns.begin(), comparison_columns.end(), column) != comparison_columns.end();
}

MergeStrategy UpsertConfig::strategy_of(const std::string& column, const TableSchema& schema, const std::string& time_column) const {
  const std::vector<std::string>& keys = schema.primary_key_columns;
  // Of several, those that a record does not have stay.
  if (comparison_columns.size() > 1 && compares_by(column)) return MergeStrategy::kOverwrite;
  const std::string& comparison = comparison_columns.empty() ? time_column : comparison_columns[0];
  if (column == comparison || std::find(keys.begin(), keys.end(), column) != keys.end()) return MergeStrategy::kForceOverwrite;
  auto found = strategies.find(column);
  return found == strategies.end() ? default_strategy : found->second;
}

UpsertConfig read_upsert_config(const Json& document, bool realtime, std::vector<std::string>& problems, std::vector<std::string>& warnings) {
  UpsertConfig out;
  const Json* upsert = upsert_object(document, "upsertConfig");
  const Json* dedup = upsert_object(document, "dedupConfig");
  const std::string mode = upsert ? ascii_upper(text_at(*upsert, "mode", "FULL")) : "NONE";
  const bool deduplicates = dedup && flag_at(*dedup, "dedupEnabled", true);
  if (mode != "NONE" && mode != "FULL" && mode != "PARTIAL") {
    problems.push_back(fmt::format("upsertConfig.mode: '{}' is not one of [FULL, PARTIAL, NONE]", mode));
    return out;
  }
  if (mode == "NONE" && !deduplicates) return out;
  if (mode != "NONE" && deduplicates) {
    problems.push_back("A table can have either Upsert or Dedup enabled, but not both");
    return out;
  }
  out.mode = deduplicates ? KeyMode::kDedup : KeyMode::kUpsert;
  if (!realtime) problems.push_back(deduplicates ? "Dedup is not supported for OFFLINE table" : "upsertConfig is not supported yet for OFFLINE tables");
  const Json& section = deduplicates ? *dedup : *upsert;
  const char* name = deduplicates ? "dedupConfig" : "upsertConfig";
  if (mode == "PARTIAL") read_partial(section, out, problems);
  if (mode != "NONE") read_upsert(section, out, problems);
  if (const Json* indexing = upsert_object(document, "tableIndexConfig")) out.null_handling = flag_at(*indexing, "nullHandlingEnabled", false);
  if (deduplicates) {
    out.metadata_ttl = upsert_number(section, "metadataTTL", name, problems);
    if (std::string column = text_at(section, "dedupTimeColumn"); !column.empty()) out.comparison_columns.push_back(std::move(column));
  }
  if (upsert_key_given(section, "metadataManagerClass")) problems.push_back(fmt::format("{}.metadataManagerClass: classes of one's own cannot be loaded", name));
  warn_without_effect(section, name, warnings);
  check_surroundings(document, out, problems);
  return out;
}

void check_upsert_config(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column, std::vector<std::string>& problems) {
  if (!config.on()) return;
  if (schema.primary_key_columns.empty()) problems.push_back("Upsert/Dedup table must have primary key columns in the schema");
  for (const std::string& column : schema.primary_key_columns) {
    const FieldSpec* field = upsert_field(schema, column);
    if (!field) problems.push_back(fmt::format("The primary key column: {} is not in the schema", column));
    else if (!field->single_value) problems.push_back(fmt::format("Upsert/Dedup primary key column: {} cannot be of multi-value type", column));
  }
  if (config.mode == KeyMode::kDedup) return check_dedup_time(config, schema, time_column, problems);
  if (config.partial) check_partial(config, schema, time_column, problems);
  if (config.comparison_columns.empty()) check_comparison(config, schema, time_column, problems);
  for (const std::string& column : config.comparison_columns) check_comparison(config, schema, column, problems);
  const FieldSpec* late = config.out_of_order_column.empty() ? nullptr : upsert_field(schema, config.out_of_order_column);
  if (!config.out_of_order_column.empty() && (!late || !late->single_value || late->type != DataType::kBoolean)) {
    problems.push_back("The outOfOrderRecordColumn must be a single-valued BOOLEAN column");
  }
  if (config.delete_column.empty()) return;
  const FieldSpec* deleted = upsert_field(schema, config.delete_column);
  if (!deleted) {
    problems.push_back(fmt::format("Column {} specified in deleteRecordColumn does not exist", config.delete_column));
  } else if (!deleted->single_value) {
    problems.push_back(fmt::format("The deleteRecordColumn - {} must be a single-valued column", config.delete_column));
  } else if (is_text(deleted->type) ? deleted->type != DataType::kString : deleted->type == DataType::kTimestamp) {
    problems.push_back(fmt::format("The deleteRecordColumn - {} must be of type: String / Boolean / Numeric", config.delete_column));
  }
}

}  // namespace bywash::analytics
