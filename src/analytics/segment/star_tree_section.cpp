// See star_tree_section.h.
#include "analytics/segment/star_tree_section.h"

#include "analytics/segment/star_tree_view.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace bywash::analytics {
namespace {

using file_format::BlockKind;
using file_format::TreeValue;

// Of dimensions in the default tree (StarTreeV2BuilderConfig, Apache Pinot 1.5.1).
constexpr uint32_t kDefaultTreeCardinality = 10'000;

bool lists(const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

const std::string* block_of(const BuiltColumn& column, BlockKind kind) {
  for (const BuiltBlock& block : column.blocks) {
    if (block.kind == kind) return &block.bytes;
  }
  return nullptr;
}

template <class From, class To>
std::vector<To> numbers_of(const std::string& bytes, int64_t rows) {
  const auto* values = reinterpret_cast<const From*>(bytes.data());
  return {values, values + rows};
}

std::vector<uint32_t> ids_of(const BuiltColumn& column, int64_t rows) {
  const std::string& bytes = *block_of(column, BlockKind::kForward);
  if (column.column.width == 1) return numbers_of<uint8_t, uint32_t>(bytes, rows);
  return column.column.width == 2 ? numbers_of<uint16_t, uint32_t>(bytes, rows) : numbers_of<uint32_t, uint32_t>(bytes, rows);
}

std::vector<int64_t> whole_numbers_of(const BuiltColumn& built, int64_t rows) {
  const auto* bytes = reinterpret_cast<const std::byte*>(block_of(built, BlockKind::kForward)->data());
  ColumnView column;
  column.stored = stored_as(built.column.type);
  column.width = built.column.width;
  column.min_integer = built.column.min_integer;
  column.chunks = &bytes;
  return column.with_integers(0, [&](const auto* values, int64_t base) {
    std::vector<int64_t> out(static_cast<size_t>(rows));
    for (size_t i = 0; i < out.size(); ++i) out[i] = base + static_cast<int64_t>(values[i]);
    return out;
  });
}

template <class T>
std::string plain(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// What of a column an aggregation needs.
std::vector<StarValue> parts_of(StarFunction function, bool whole_fits) {
  const StarValue sum = whole_fits ? StarValue::kSumWhole : StarValue::kSumReal;
  switch (function) {
    case StarFunction::kCount: return {};
    case StarFunction::kSum:
    case StarFunction::kAvg: return {sum};
    case StarFunction::kMin: return {StarValue::kMin};
    case StarFunction::kMax: return {StarValue::kMax};
    case StarFunction::kMinMaxRange: return {StarValue::kMin, StarValue::kMax};
  }
  return {};
}

bool is_numeric_metric(const FieldSpec& field) {
  return field.kind == FieldKind::kMetric && field.single_value && !is_text(field.type) && field.type != DataType::kBoolean && field.type != DataType::kTimestamp;
}

}  // namespace

std::string_view to_string(StarFunction function) {
  constexpr std::string_view kNames[] = {"count", "sum", "min", "max", "avg", "minmaxrange"};
  return kNames[static_cast<int>(function)];
}

StarTreeSealer::StarTreeSealer(const SealOptions& options, const TableSchema& schema)
    : schema_(schema), specs_(options.star_trees), default_tree_(options.default_star_tree) {
  for (const StarTreeSpec& spec : specs_) {
    for (const std::string& dimension : spec.dimensions) {
      if (!lists(dictionary_columns_, dimension)) dictionary_columns_.push_back(dimension);
    }
  }
  if (!default_tree_) return;
  for (const FieldSpec& field : schema.fields) {  // every column has a dictionary in Pinot unless it is told otherwise
    const bool time = field.kind == FieldKind::kDateTime && field.single_value && !lists(options.raw_columns, field.name);
    if (time && !lists(dictionary_columns_, field.name)) dictionary_columns_.push_back(field.name);
  }
}

bool StarTreeSealer::is_dimension(const std::string& name) const { return lists(dictionary_columns_, name); }

bool StarTreeSealer::is_aggregated(const std::string& name) const {
  for (const StarTreeSpec& spec : specs_) {
    for (const StarPair& pair : spec.pairs) {
      if (pair.column == name) return true;
    }
  }
  return false;
}

void StarTreeSealer::add(const BuiltColumn& built, const FieldSpec& field, int64_t rows) {
  if (!field.single_value) return;
  const bool by_id = built.column.encoding == Encoding::kDictionary;
  const bool candidate = default_tree_ && field.kind == FieldKind::kDimension && by_id && built.column.cardinality <= kDefaultTreeCardinality;
  if ((is_dimension(field.name) || candidate) && by_id) {
    ids_[field.name] = ids_of(built, rows);
    cardinalities_[field.name] = built.column.cardinality;
  }
  if ((!is_aggregated(field.name) && !(default_tree_ && is_numeric_metric(field))) || is_text(field.type)) return;
  Numbers& to = numbers_[field.name];
  const std::string& bytes = *block_of(built, BlockKind::kForward);
  if (is_integer(field.type)) {
    const double largest = std::max(std::abs(static_cast<double>(built.column.min_integer)), std::abs(static_cast<double>(built.column.max_integer)));
    to.whole_fits = built.column.has_range && largest * static_cast<double>(rows) < 9.0e18;
    if (!by_id) to.whole = whole_numbers_of(built, rows);
  } else if (!by_id) {
    to.real = built.column.width == 4 ? numbers_of<float, double>(bytes, rows) : numbers_of<double, double>(bytes, rows);
  }
  if (by_id) {
    const std::string& values = *block_of(built, BlockKind::kDictionary);
    for (uint32_t id : ids_of(built, rows)) {
      if (is_integer(field.type)) to.whole.push_back(reinterpret_cast<const int64_t*>(values.data())[id]);
      else to.real.push_back(reinterpret_cast<const double*>(values.data())[id]);
    }
  }
  if (to.real.empty() && rows > 0) to.real.assign(to.whole.begin(), to.whole.end());  // for smallest and largest
}

void StarTreeSealer::add_default(const TableSchema& schema) {
  std::vector<std::string> dimensions, times;
  StarTreeSpec spec;
  spec.pairs.push_back({StarFunction::kCount, "*"});
  for (const FieldSpec& field : schema.fields) {
    if (is_numeric_metric(field)) spec.pairs.push_back({StarFunction::kSum, field.name});
    auto known = cardinalities_.find(field.name);
    if (known == cardinalities_.end()) continue;
    if (field.kind == FieldKind::kDateTime) times.push_back(field.name);
    else if (field.kind == FieldKind::kDimension && known->second <= kDefaultTreeCardinality) dimensions.push_back(field.name);
  }
  auto larger = [&](const std::string& a, const std::string& b) { return cardinalities_[a] > cardinalities_[b]; };
  std::stable_sort(dimensions.begin(), dimensions.end(), larger);
  std::stable_sort(times.begin(), times.end(), larger);
  spec.dimensions = std::move(dimensions);
  spec.dimensions.insert(spec.dimensions.end(), times.begin(), times.end());
  if (!spec.dimensions.empty()) specs_.push_back(std::move(spec));
}

std::vector<BuiltTree> StarTreeSealer::build(int64_t rows, std::vector<std::string>* problems) {
  if (default_tree_) add_default(schema_);
  std::vector<BuiltTree> out;
  for (const StarTreeSpec& spec : specs_) {
    StarTreeInput input;
    input.rows = static_cast<uint32_t>(rows);
    input.max_leaf_records = spec.max_leaf_records;
    input.block_rows = static_cast<uint32_t>(kBlockRows);
    bool complete = true;
    for (const std::string& dimension : spec.dimensions) {
      auto known = ids_.find(dimension);
      complete = complete && known != ids_.end();
      if (!complete) break;
      input.dimensions.push_back(known->second);
      input.without_star.push_back(lists(spec.without_star, dimension));
    }
    if (!complete) continue;  // a dimension that has no dictionary: refused with the config
    std::vector<TreeValue> values{{StarValue::kCount, "*"}};
    for (const StarPair& pair : spec.pairs) {
      for (StarValue part : parts_of(pair.function, numbers_[pair.column].whole_fits)) {
        const bool known = std::any_of(values.begin(), values.end(), [&](const TreeValue& value) { return value.kind == part && value.column == pair.column; });
        if (!known) values.push_back({part, pair.column});
      }
    }
    for (const TreeValue& value : values) {
      const Numbers& numbers = numbers_[value.column];
      input.values.push_back({value.kind, value.kind == StarValue::kSumWhole ? numbers.whole : std::vector<int64_t>(),
                              value.kind == StarValue::kSumWhole || value.kind == StarValue::kCount ? std::vector<double>() : numbers.real});
    }
    Result<BuiltStarTree> built = build_star_tree(input);
    if (built.ok()) {
      out.push_back(lay_out(spec, *built, values));
    } else {
      problems->push_back(fmt::format("star-tree over {} is left out: {}", fmt::join(spec.dimensions, ", "), built.status().message()));
    }
  }
  return out;
}

BuiltTree StarTreeSealer::lay_out(const StarTreeSpec& spec, const BuiltStarTree& built, const std::vector<TreeValue>& values) const {
  BuiltTree out;
  out.tree.dimensions = spec.dimensions;
  for (const StarPair& pair : spec.pairs) out.tree.pairs.push_back({static_cast<uint8_t>(pair.function), pair.column});
  out.tree.values = values;
  out.tree.records = built.records();
  out.tree.nodes = static_cast<uint32_t>(built.nodes.size());
  out.blocks.push_back({BlockKind::kStarNodes, plain(built.nodes)});
  for (const std::vector<uint32_t>& ids : built.dimensions) out.blocks.push_back({BlockKind::kStarIds, plain(ids)});
  for (const StarValues& value : built.values) {
    const bool whole = value.kind == StarValue::kCount || value.kind == StarValue::kSumWhole;
    out.blocks.push_back({BlockKind::kStarValues, whole ? plain(value.whole) : plain(value.real)});
  }
  out.tree.running_rows = built.running.rows;
  out.tree.running_records = built.running.records;
  for (const std::vector<int64_t>& sums : built.running.sums) out.blocks.push_back({BlockKind::kStarSums, plain(sums)});
  return out;
}

}  // namespace bywash::analytics
