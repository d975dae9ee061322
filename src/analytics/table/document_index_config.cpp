// See document_index_config.h.
#include "analytics/table/document_index_config.h"

#include <nlohmann/json.hpp>

#include "analytics/plan/document_match.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

const Json* entry(const Json& parent, const char* key) {
  if (!parent.is_object()) return nullptr;
  auto found = parent.find(key);
  return found == parent.end() || found->is_null() ? nullptr : &*found;
}

// A list of texts, or one text with commas.
std::set<std::string> texts_of(const Json* value) {
  std::set<std::string> out;
  if (value && value->is_array()) {
    for (const Json& one : *value) out.insert(text_of(one));
  } else if (value && value->is_string()) {
    const std::string text = value->get<std::string>();
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find(',', at), text.size());
      std::string word = text.substr(at, end - at);
      word.erase(0, word.find_first_not_of(' '));
      while (word.ends_with(' ')) word.pop_back();
      if (!word.empty()) out.insert(std::move(word));
      at = end + 1;
    }
  }
  return out;
}

int whole_of(const Json& settings, const char* key) {
  const Json* value = entry(settings, key);
  if (!value) return 0;
  Result<Scalar> number = parse_scalar(DataType::kLong, text_of(*value));
  return number.ok() ? static_cast<int>(std::clamp<int64_t>(number->integer, 0, INT32_MAX)) : 0;
}

}  // namespace

void DocumentIndexReader::read_table(const Json& indexing) {
  if (const Json* list = entry(indexing, "jsonIndexColumns"); list && list->is_array()) {
    for (const Json& column : *list) add_json(text_of(column), Json::object());
  }
  if (const Json* configs = entry(indexing, "jsonIndexConfigs"); configs && configs->is_object()) {
    for (const auto& [column, settings] : configs->items()) {
      if (!flag_at(settings, "disabled", false)) add_json(column, settings);
    }
  }
  const Json* partitions = entry(indexing, "segmentPartitionConfig");
  const Json* columns = partitions ? entry(*partitions, "columnPartitionMap") : nullptr;
  if (!columns || !columns->is_object()) return;
  for (const auto& [column, settings] : columns->items()) add_partition(column, settings);
}

void DocumentIndexReader::add_json(const std::string& column, const Json& settings) {
  auto options = std::make_shared<JsonIndexOptions>();
  options->max_levels = whole_of(settings, "maxLevels");
  options->exclude_array = flag_at(settings, "excludeArray", false);
  options->disable_cross_array_unnest = flag_at(settings, "disableCrossArrayUnnest", false);
  options->skip_invalid_json = flag_at(settings, "skipInvalidJson", false);
  options->include_paths = texts_of(entry(settings, "includePaths"));
  options->exclude_paths = texts_of(entry(settings, "excludePaths"));
  options->exclude_fields = texts_of(entry(settings, "excludeFields"));
  options->index_paths = texts_of(entry(settings, "indexPaths"));
  options->max_value_length = whole_of(settings, "maxValueLength");
  if (!options->include_paths.empty() && !options->exclude_paths.empty()) {
    problems.push_back(fmt::format("Cannot configure both include and exclude paths (JSON index of column '{}')", column));
    return;
  }
  FieldIndexes& field = fields[column];
  field.json_settings = json_settings(*options);
  field.json_terms = json_terms(options);
  field.json = std::move(options);
}

void DocumentIndexReader::add_text(const std::string& column, const Json& settings) {
  for (const char* key : {"luceneAnalyzerClass", "luceneQueryParserClass", "fstType", "caseSensitive"}) {
    const Json* value = entry(settings, key);
    if (!value) continue;
    const std::string text = text_of(*value);
    if (text.empty() || text == "false" || text.ends_with(".StandardAnalyzer") || text.ends_with(".QueryParser")) continue;
    warnings.push_back(fmt::format("fieldConfigList: '{}' of the text index of column '{}' has no effect: texts are taken apart as Lucene's StandardAnalyzer does", key, column));
  }
  auto options = std::make_shared<TextIndexOptions>(TextIndexOptions{english_stop_words()});
  for (const char* key : {"stopWordsInclude", "stopWordInclude"}) options->stop_words.merge(texts_of(entry(settings, key)));
  for (const char* key : {"stopWordsExclude", "stopWordExclude"}) {
    for (const std::string& word : texts_of(entry(settings, key))) options->stop_words.erase(word);
  }
  FieldIndexes& field = fields[column];
  field.text_settings = text_settings(*options);
  field.text_terms = text_terms(options);
  field.text = std::move(options);
}

void DocumentIndexReader::add_partition(const std::string& column, const Json& settings) {
  std::map<std::string, std::string> own;
  if (const Json* config = entry(settings, "functionConfig"); config && config->is_object()) {
    for (const auto& [key, value] : config->items()) own[key] = text_of(value);
  }
  Result<PartitionFunction> function = PartitionFunction::make(text_at(settings, "functionName"), whole_of(settings, "numPartitions"), own);
  if (!function.ok() && function.status().code() == Code::kFatal) {
    warnings.push_back(fmt::format("tableIndexConfig.segmentPartitionConfig: segments are not pruned by column '{}': {} is not known; answers are the same", column, function.status().message()));
  } else if (!function.ok()) {
    problems.push_back(fmt::format("segmentPartitionConfig of column '{}': {}", column, function.status().message()));
  } else {
    fields[column].partition = std::make_shared<const PartitionFunction>(*std::move(function));
  }
}

std::map<std::string, std::shared_ptr<const FieldIndexes>> DocumentIndexReader::finish() {
  std::map<std::string, std::shared_ptr<const FieldIndexes>> out;
  for (auto& [column, field] : fields) out[column] = std::make_shared<const FieldIndexes>(std::move(field));
  return out;
}

std::shared_ptr<const TableSchema> with_indexes(const std::shared_ptr<const TableSchema>& schema, const std::map<std::string, std::shared_ptr<const FieldIndexes>>& documents) {
  if (documents.empty()) return schema;
  auto out = std::make_shared<TableSchema>(*schema);
  for (FieldSpec& field : out->fields) {
    if (auto found = documents.find(field.name); found != documents.end()) field.indexes = found->second;
  }
  return out;
}

}  // namespace bywash::analytics
