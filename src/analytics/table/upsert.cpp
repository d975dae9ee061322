// See upsert.h.
#include "analytics/table/upsert.h"

#include <strings.h>

#include <algorithm>
#include <cstring>

namespace bywash::analytics {
namespace {

int64_t key_integer(const ColumnView& column, int64_t row) {
  if (column.encoding == Encoding::kDictionary) return column.dictionary.integer(column.dictionary_id(row));
  return column.stored == Stored::kI32 ? *column.block<int32_t>(row) : *column.block<int64_t>(row);
}

double key_real(const ColumnView& column, int64_t row) {
  if (column.encoding == Encoding::kDictionary) return column.dictionary.real(column.dictionary_id(row));
  return column.stored == Stored::kF32 ? *column.block<float>(row) : *column.block<double>(row);
}

std::string_view key_text(const ColumnView& column, int64_t row) {
  return column.encoding == Encoding::kDictionary ? column.dictionary.text(column.dictionary_id(row)) : column.raw_text(row);
}

void append_word(std::string& out, uint64_t word) { out.append(reinterpret_cast<const char*>(&word), sizeof word); }

}  // namespace

UpsertRules UpsertRules::of(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column) {
  UpsertRules out;
  out.config = config;
  for (const std::string& column : schema.primary_key_columns) out.keys.push_back(static_cast<size_t>(schema.find(column)));
  out.comparison = schema.find(config.comparison_columns.empty() ? time_column : config.comparison_columns[0]);
  if (!config.out_of_order_column.empty()) out.out_of_order = schema.find(config.out_of_order_column);
  if (!config.delete_column.empty()) out.deleted = schema.find(config.delete_column);
  for (const FieldSpec& field : schema.fields) out.strategies.push_back(config.strategy_of(field.name, schema, time_column));
  return out;
}

KeyHash UpsertPartition::key_of(const Segment& segment, int64_t row) {
  key_.clear();
  for (size_t field : rules_.keys) {
    const ColumnView& column = segment.column(field);
    if (is_text(column.field->type)) {
      const std::string_view text = key_text(column, row);
      append_word(key_, text.size());
      key_ += text;
    } else if (is_integer(column.field->type)) {
      append_word(key_, static_cast<uint64_t>(key_integer(column, row)));
    } else {
      append_word(key_, std::bit_cast<uint64_t>(key_real(column, row)));
    }
  }
  return hash_of_key(key_);
}

double UpsertPartition::comparison_of(RowPlace place) const {
  const ColumnView& column = parts_[place.segment].segment->column(static_cast<size_t>(rules_.comparison));
  return is_integer(column.field->type) ? static_cast<double>(key_integer(column, place.row)) : key_real(column, place.row);
}

int UpsertPartition::compare(RowPlace a, RowPlace b) const {
  if (rules_.comparison < 0) return 0;
  const ColumnView& left = parts_[a.segment].segment->column(static_cast<size_t>(rules_.comparison));
  const ColumnView& right = parts_[b.segment].segment->column(static_cast<size_t>(rules_.comparison));
  auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (is_integer(left.field->type)) return order(key_integer(left, a.row), key_integer(right, b.row));
  if (is_real(left.field->type)) return order(key_real(left, a.row), key_real(right, b.row));
  return order(key_text(left, a.row), key_text(right, b.row));
}

// What org.apache.pinot.spi.utils.BooleanUtils takes for true.
bool UpsertPartition::is_deletion(RowPlace place) const {
  if (rules_.deleted < 0) return false;
  const ColumnView& column = parts_[place.segment].segment->column(static_cast<size_t>(rules_.deleted));
  if (is_integer(column.field->type)) return key_integer(column, place.row) == 1;
  if (is_real(column.field->type)) {
    const double value = key_real(column, place.row);
    return value >= 1 && value < 2;
  }
  const std::string_view text = key_text(column, place.row);
  return text == "1" || (text.size() == 4 && strncasecmp(text.data(), "true", 4) == 0);
}

void UpsertPartition::begin(std::shared_ptr<const Segment> segment) {
  numbers_[segment->name()] = parts_.size();
  Part part;
  part.name = segment->name();
  part.segment = std::move(segment);
  parts_.push_back(std::move(part));
}

void UpsertPartition::merge(MutableSegment& segment, uint32_t row) {
  parts_.back().segment = segment.snapshot();  // an older view may not know that a column has nulls
  const RowPlace place{static_cast<uint32_t>(parts_.size() - 1), row};
  const RowPlace* known = map_.find(key_of(*parts_.back().segment, row));
  if (!known || gone(*known) || is_deletion(*known) || compare(place, *known) < 0) return;
  merge_rows(rules_.strategies, {*parts_[known->segment].segment, known->row}, {*parts_.back().segment, row}, segment);
}

void UpsertPartition::mark(MutableSegment& segment, uint32_t row) {
  parts_.back().segment = segment.snapshot();  // as in merge()
  const RowPlace place{static_cast<uint32_t>(parts_.size() - 1), row};
  const RowPlace* known = map_.find(key_of(*parts_.back().segment, row));
  const bool late = known && !gone(*known) && compare(place, *known) < 0;
  set_integer({*parts_.back().segment, row}, static_cast<size_t>(rules_.out_of_order), late, segment);
}

bool UpsertPartition::add(uint32_t row) {
  const RowPlace place{static_cast<uint32_t>(parts_.size() - 1), row};
  const KeyHash key = key_of(*parts_.back().segment, row);
  RowPlace* known = map_.find(key);
  if (known && gone(*known)) known = nullptr;
  if (rules_.config.metadata_ttl > 0 || rules_.config.deleted_keys_ttl > 0) newest_ = std::max(newest_, comparison_of(place));
  if (rules_.config.mode == KeyMode::kDedup) {
    if (known && !is_stale(*known)) return false;
    map_.put(key, place);
    return true;
  }
  if (known && compare(place, *known) < 0) return !rules_.config.drop_out_of_order;
  if (known) changes_.emplace_back(*known, false);
  if (!is_deletion(place)) changes_.emplace_back(place, true);
  map_.put(key, place);
  return true;
}

void UpsertPartition::publish() {
  for (const auto& [place, counts] : changes_) parts_[place.segment].bits.set(place.row, counts);
  changes_.clear();
  reservation_.resize(map_.memory_bytes());
}

void UpsertPartition::sealed(std::shared_ptr<const Segment> segment) { parts_.back().segment = std::move(segment); }

void UpsertPartition::forget_old() {
  std::vector<uint8_t> dropped(parts_.size());
  bool any = false;
  for (size_t i = 0; i < parts_.size(); ++i) {
    dropped[i] = parts_[i].gone->load(std::memory_order_relaxed);
    any |= dropped[i] && parts_[i].segment;
  }
  const double metadata_ttl = rules_.config.metadata_ttl, deleted_ttl = rules_.config.deleted_keys_ttl;
  if (!any && metadata_ttl <= 0 && deleted_ttl <= 0) return;
  map_.erase_if([&](RowPlace place) {
    if (dropped[place.segment]) return true;
    if (is_stale(place)) return true;
    return deleted_ttl > 0 && is_deletion(place) && comparison_of(place) < newest_ - deleted_ttl;
  });
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (dropped[i]) parts_[i].segment.reset();
  }
  reservation_.resize(map_.memory_bytes());
}

void UpsertPartition::drop(const std::string& name) {
  auto found = numbers_.find(name);
  if (found != numbers_.end()) parts_[found->second].gone->store(true, std::memory_order_relaxed);
}

std::shared_ptr<const ValidRows> UpsertPartition::rows_of(const std::string& name) {
  auto found = numbers_.find(name);
  if (found == numbers_.end() || rules_.config.mode == KeyMode::kDedup) return nullptr;
  return parts_[found->second].bits.snapshot();
}

}  // namespace bywash::analytics
