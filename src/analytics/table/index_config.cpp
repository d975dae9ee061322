// See index_config.h.
#include "analytics/table/index_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "analytics/table/document_index_config.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

// Aggregations that Pinot's trees hold and these do not yet: queries with them scan.
constexpr std::string_view kScannedFunctions[] = {
    "avgmv", "avgvalueintegersumtuplesketch", "countmv", "distinctcountbitmap", "distinctcountcpcsketch", "distinctcounthll", "distinctcounthllplus",
    "distinctcountrawcpcsketch", "distinctcountrawhll", "distinctcountrawhllplus", "distinctcountrawintegersumtuplesketch", "distinctcountrawthetasketch",
    "distinctcountrawull", "distinctcountthetasketch", "distinctcounttuplesketch", "distinctcountull", "maxlong", "minlong", "percentileest",
    "percentilerawest", "percentilerawtdigest", "percentiletdigest", "sumint", "sumlong", "summv", "sumprecision", "sumvaluesintegersumtuplesketch"};

bool names_column(const std::vector<std::string>& columns, const std::string& name) { return std::find(columns.begin(), columns.end(), name) != columns.end(); }

// Pinot's name of a function, without underscores, in lower case.
std::string plain_name(std::string_view function) {
  std::string out = ascii_lower(function);
  std::erase(out, '_');
  return out;
}

std::optional<StarFunction> star_function(const std::string& plain) {
  for (StarFunction function : {StarFunction::kCount, StarFunction::kSum, StarFunction::kMin, StarFunction::kMax, StarFunction::kAvg, StarFunction::kMinMaxRange}) {
    if (plain == to_string(function)) return function;
  }
  return std::nullopt;
}

const Json* member(const Json& parent, const char* key) {
  if (!parent.is_object()) return nullptr;
  auto found = parent.find(key);
  return found == parent.end() || found->is_null() ? nullptr : &*found;
}
bool filled(const Json* value) { return value && !(value->is_structured() && value->empty()); }

struct IndexReader {
  const Json& document;
  std::vector<std::string>& problems;
  std::vector<std::string>& warnings;
  SealOptions out;
  DocumentIndexReader documents{problems, warnings, {}};

  std::vector<std::string> names(const Json& parent, const char* key) {
    std::vector<std::string> list;
    const Json* found = member(parent, key);
    if (!found) return list;
    if (!found->is_array()) {
      problems.push_back(fmt::format("'{}' must be a list of column names", key));
      return list;
    }
    for (const Json& name : *found) list.push_back(text_of(name));
    return list;
  }

  void add_once(std::vector<std::string>& to, const std::string& name) {
    if (!names_column(to, name)) to.push_back(name);
  }

  void add_bloom(const std::string& column, const Json& settings) {
    if (flag_at(settings, "disabled", false)) return;
    BloomSpec bloom;
    const Json* share = member(settings, "fpp");
    if (share && share->is_number() && share->get<double>() != 0) bloom.false_share = share->get<double>();
    const Json* bytes = member(settings, "maxSizeInBytes");
    if (bytes && bytes->is_number_integer() && bytes->get<int64_t>() > 0) bloom.max_bytes = static_cast<uint64_t>(bytes->get<int64_t>());
    if (!(bloom.false_share > 0 && bloom.false_share < 1) || (share && !share->is_number())) {
      problems.push_back(fmt::format("Invalid fpp (false positive probability): {} (bloom filter of column '{}')", text_of(*share), column));
      return;
    }
    out.bloom_columns[column] = bloom;
  }

  void read_table_indexes() {
    const Json* found = member(document, "tableIndexConfig");
    if (!found || !found->is_object()) return;
    const Json& indexing = *found;
    out.inverted_columns = names(indexing, "invertedIndexColumns");
    out.raw_columns = names(indexing, "noDictionaryColumns");
    if (const Json* raw = member(indexing, "noDictionaryConfig"); raw && raw->is_object()) {
      for (const auto& [column, codec] : raw->items()) out.raw_columns.push_back(column);
    }
    std::vector<std::string> sorted = names(indexing, "sortedColumn");
    if (sorted.size() > 1) problems.push_back("sortedColumn: only one column can be sorted");
    if (!sorted.empty()) out.sorted_column = sorted[0];
    out.range_columns = names(indexing, "rangeIndexColumns");
    for (const std::string& column : names(indexing, "bloomFilterColumns")) out.bloom_columns[column] = {};
    if (const Json* blooms = member(indexing, "bloomFilterConfigs"); blooms && blooms->is_object()) {
      for (const auto& [column, settings] : blooms->items()) add_bloom(column, settings);
    }
    if (filled(member(indexing, "multiColumnTextIndexConfig"))) warnings.push_back("tableIndexConfig.multiColumnTextIndexConfig: this index is not built yet; answers are the same");
    documents.read_table(indexing);
    out.default_star_tree = flag_at(indexing, "enableDefaultStarTree", false);
    if (const Json* trees = member(indexing, "starTreeIndexConfigs"); trees && trees->is_array()) {
      for (const Json& tree : *trees) read_star_tree(tree);
    }
  }

  void read_star_tree(const Json& tree) {
    StarTreeSpec spec;
    spec.dimensions = names(tree, "dimensionsSplitOrder");
    spec.without_star = names(tree, "skipStarNodeCreationForDimensions");
    if (spec.dimensions.empty()) problems.push_back("'dimensionsSplitOrder' must be configured");
    for (const std::string& dimension : spec.without_star) {
      if (names_column(spec.dimensions, dimension)) continue;
      problems.push_back(fmt::format("Can not skip star-node creation for dimensions not in the split order, dimensionsSplitOrder: [{}], "
                                     "skipStarNodeCreationForDimensions: [{}]", fmt::join(spec.dimensions, ", "), fmt::join(spec.without_star, ", ")));
      break;
    }
    const Json* pairs = member(tree, "functionColumnPairs");
    const Json* aggregations = member(tree, "aggregationConfigs");
    const bool has_pairs = filled(pairs), has_aggregations = filled(aggregations);
    if (!has_pairs && !has_aggregations) problems.push_back("Either 'functionColumnPairs' or 'aggregationConfigs' must be configured");
    if (has_pairs && has_aggregations) problems.push_back("Either 'functionColumnPairs' or 'aggregationConfigs' must be specified, but not both");
    std::set<std::string> known;
    if (has_pairs) {
      for (const std::string& pair : names(tree, "functionColumnPairs")) {
        const size_t cut = pair.find("__");
        const std::string function = cut == std::string::npos ? "" : plain_name(std::string_view(pair).substr(0, cut));
        add_pair(function, cut == std::string::npos ? "" : pair.substr(cut + 2), pair, known, spec);
      }
    } else if (has_aggregations && aggregations->is_array()) {
      for (const Json& entry : *aggregations) {
        const std::string function = text_at(entry, "aggregationFunction"), column = text_at(entry, "columnName");
        add_pair(plain_name(function), column, function + "__" + column, known, spec);
      }
    }
    if (const Json* most = member(tree, "maxLeafRecords")) {
      Result<Scalar> records = parse_scalar(DataType::kInt, text_of(*most));
      if (!records.ok()) problems.push_back(fmt::format("maxLeafRecords: '{}' is not a number", text_of(*most)));
      else if (records->integer > 0) spec.max_leaf_records = static_cast<uint32_t>(records->integer);
    }
    if (!spec.pairs.empty()) out.star_trees.push_back(std::move(spec));
  }

  void add_pair(const std::string& function, const std::string& column, const std::string& shown, std::set<std::string>& known, StarTreeSpec& spec) {
    const bool scanned = std::find(std::begin(kScannedFunctions), std::end(kScannedFunctions), function) != std::end(kScannedFunctions);
    std::optional<StarFunction> kind = star_function(function);
    if ((!kind && !scanned) || (column.empty() && kind != StarFunction::kCount)) {
      problems.push_back(fmt::format("Invalid StarTreeIndex config: {}. Must be in the form <Aggregation function>__<Column name>, with one of the functions "
                                     "that a star-tree can hold", shown));
      return;
    }
    if (column == "*" && kind != StarFunction::kCount) {
      problems.push_back(fmt::format("Non-COUNT function set the column as '*' in the functionColumnPair: {}. Please configure an actual column for the function", shown));
      return;
    }
    StarPair pair{kind.value_or(StarFunction::kCount), kind == StarFunction::kCount ? "*" : column};
    if (!known.insert(kind ? pair.name() : function + "__" + column).second) {
      problems.push_back(fmt::format("Duplicate function column pair: {}", shown));
    } else if (scanned) {
      warnings.push_back(fmt::format("starTreeIndexConfigs: {} is not held by star-trees yet; queries with it scan, answers are the same", shown));
    } else {
      spec.pairs.push_back(std::move(pair));
    }
  }

  void read_field_configs() {
    const Json* list = member(document, "fieldConfigList");
    if (!list || !list->is_array()) return;
    for (const Json& field : *list) {
      const std::string name = text_at(field, "name");
      if (name.empty()) problems.push_back("fieldConfigList: an entry has no 'name'");
      if (text_at(field, "encodingType") == "RAW") out.raw_columns.push_back(name);
      std::vector<std::string> types = names(field, "indexTypes");
      if (std::string one = text_at(field, "indexType"); !one.empty()) types.push_back(one);
      const Json* properties = member(field, "properties");
      for (std::string& type : types) add_index(ascii_upper(type), name, properties ? *properties : Json::object());
      const Json* indexes = member(field, "indexes");
      if (!indexes || !indexes->is_object()) continue;
      for (const auto& [index, settings] : indexes->items()) {
        if (!flag_at(settings, "disabled", false)) add_index(ascii_upper(index), name, settings);
      }
    }
  }

  void add_index(const std::string& type, const std::string& name, const Json& settings) {
    if (type == "INVERTED") add_once(out.inverted_columns, name);
    else if (type == "SORTED") out.sorted_column = name;
    else if (type == "RANGE") add_once(out.range_columns, name);
    else if (type == "BLOOM") add_bloom(name, settings);
    else if (type == "JSON") documents.add_json(name, settings);
    else if (type == "TEXT") documents.add_text(name, settings);
    else if (type != "FORWARD" && type != "DICTIONARY" && type != "NULL") warnings.push_back(fmt::format("fieldConfigList: the {} index of column '{}' is not built yet", type, name));
  }
};

struct IndexCheck {
  const SealOptions& indexes;
  const TableSchema& schema;
  std::vector<std::string>& problems;

  const FieldSpec* field(const std::string& name) const {
    const int at = schema.find(name);
    return at < 0 ? nullptr : &schema.fields[static_cast<size_t>(at)];
  }
  bool raw(const std::string& name) const { return names_column(indexes.raw_columns, name); }

  void check_columns() {
    std::vector<std::string> columns = indexes.inverted_columns;
    columns.insert(columns.end(), indexes.raw_columns.begin(), indexes.raw_columns.end());
    columns.insert(columns.end(), indexes.range_columns.begin(), indexes.range_columns.end());
    for (const auto& [column, bloom] : indexes.bloom_columns) columns.push_back(column);
    if (!indexes.sorted_column.empty()) columns.push_back(indexes.sorted_column);
    for (const std::string& column : columns) {
      if (!field(column)) problems.push_back(fmt::format("Failed to find column: {} in schema", column));
    }
    for (const std::string& column : indexes.inverted_columns) {
      if (raw(column)) problems.push_back(fmt::format("Cannot create inverted index on column: {}, it can only be applied to dictionary encoded columns", column));
    }
    for (const std::string& column : indexes.range_columns) {
      const FieldSpec* spec = field(column);
      if (spec && raw(column) && is_text(spec->type)) problems.push_back(fmt::format("Cannot create range index on non-numeric column: {} without dictionary", column));
    }
    for (const auto& [column, bloom] : indexes.bloom_columns) {
      const FieldSpec* spec = field(column);
      if (spec && spec->type == DataType::kBoolean) problems.push_back(fmt::format("Cannot create bloom filter on BOOLEAN column: {}", column));
    }
    for (const auto& [column, documents] : indexes.documents) {
      const FieldSpec* spec = field(column);
      if (documents->partition && !spec) problems.push_back(fmt::format("Failed to find partition column: {} in schema", column));
      else if (!spec) problems.push_back(fmt::format("Failed to find column: {} in schema", column));
      if (!spec) continue;
      if (documents->partition && !spec->single_value) problems.push_back(fmt::format("Cannot partition on multi-value column: {}", column));
      if (documents->json && !spec->single_value) problems.push_back(fmt::format("Cannot create JSON index on multi-value column: {}", column));
      if (documents->json && spec->type != DataType::kJson && spec->type != DataType::kString) problems.push_back(fmt::format("Cannot create JSON index on non-string column: {}", column));
      if (documents->text && spec->type != DataType::kJson && spec->type != DataType::kString) problems.push_back(fmt::format("Cannot create TEXT index on column: {} of stored type other than STRING", column));
    }
    if (const FieldSpec* sorted = field(indexes.sorted_column); sorted && !sorted->single_value) {
      problems.push_back(fmt::format("Cannot create sorted index on multi-value column: {}", indexes.sorted_column));
    }
  }

  void check_tree(const StarTreeSpec& tree) {
    for (const std::string& dimension : tree.dimensions) {
      const FieldSpec* spec = field(dimension);
      if (!spec) problems.push_back(fmt::format("Failed to find dimension column: {} specified in star-tree index config in schema", dimension));
      else if (raw(dimension)) problems.push_back(fmt::format("Cannot create star-tree index on dimension column: {} without dictionary", dimension));
      else if (!spec->single_value) problems.push_back(fmt::format("Star-tree dimension columns must be single-value, but found multi-value column: {}", dimension));
    }
    for (const StarPair& pair : tree.pairs) {
      if (pair.column == "*") continue;
      const FieldSpec* spec = field(pair.column);
      if (!spec) {
        problems.push_back(fmt::format("Failed to find column: {} specified in star-tree index config in schema", pair.column));
      } else if (is_text(spec->type) || !spec->single_value) {
        problems.push_back(fmt::format("Cannot create star-tree index with {}: column {} is not a single number", pair.name(), pair.column));
      }
    }
  }
};

}  // namespace

SealOptions read_index_config(const Json& document, std::vector<std::string>& problems, std::vector<std::string>& warnings) {
  IndexReader reader{document, problems, warnings, {}};
  reader.read_table_indexes();
  reader.read_field_configs();
  reader.out.documents = reader.documents.finish();
  return std::move(reader.out);
}

void check_index_config(const SealOptions& indexes, const TableSchema& schema, bool upsert, std::vector<std::string>& problems) {
  IndexCheck check{indexes, schema, problems};
  check.check_columns();
  for (const StarTreeSpec& tree : indexes.star_trees) check.check_tree(tree);
  if (upsert && (!indexes.star_trees.empty() || indexes.default_star_tree)) problems.push_back("The upsert table cannot have star-tree index.");
}

}  // namespace bywash::analytics
