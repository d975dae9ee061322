// See upsert.h.
#include "analytics/table/upsert.h"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace bywash::analytics {
namespace {

int64_t key_integer(const ColumnView& column, int64_t row) {
  if (column.encoding == Encoding::kDictionary) return column.dictionary.integer(column.dictionary_id(row));
  return column.integer(row);
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

std::string_view to_string(KeyVerdict verdict) {
  static constexpr std::string_view kNames[kKeyVerdictCount] = {"taken", "duplicate", "out_of_order", "comparison_columns"};
  return kNames[static_cast<size_t>(verdict)];
}

UpsertRules UpsertRules::of(const UpsertConfig& config, const TableSchema& schema, const std::string& time_column) {
  UpsertRules out;
  out.config = config;
  for (const std::string& column : schema.primary_key_columns) out.keys.push_back(static_cast<size_t>(schema.find(column)));
  std::vector<std::string> comparisons = config.comparison_columns;
  if (comparisons.empty()) comparisons.push_back(time_column);
  for (const std::string& column : comparisons) {
    if (const int field = schema.find(column); field >= 0) out.comparisons.push_back(static_cast<size_t>(field));
  }
  if (!config.out_of_order_column.empty()) out.out_of_order = schema.find(config.out_of_order_column);
  if (!config.delete_column.empty()) out.deleted = schema.find(config.delete_column);
  for (const FieldSpec& field : schema.fields) {
    const bool kept = config.comparison_columns.size() > 1 && config.compares_by(field.name);
    out.revival.push_back(kept ? MergeStrategy::kOverwrite : MergeStrategy::kForceOverwrite);
    out.strategies.push_back(config.partial ? config.strategy_of(field.name, schema, time_column) : out.revival.back());
  }
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
  const ColumnView& column = parts_[place.segment].segment->column(rules_.comparisons[0]);
  return is_integer(column.field->type) ? static_cast<double>(key_integer(column, place.row)) : key_real(column, place.row);
}

bool UpsertPartition::is_older(RowPlace now, RowPlace known) const {
  const bool several = rules_.comparisons.size() > 1;
  for (size_t field : rules_.comparisons) {
    const ColumnView& left = parts_[now.segment].segment->column(field);
    const ColumnView& right = parts_[known.segment].segment->column(field);
    if (several && (left.is_null(now.row) || right.is_null(known.row))) continue;
    bool older = false;
    if (is_integer(left.field->type)) older = key_integer(left, now.row) < key_integer(right, known.row);
    else if (is_real(left.field->type)) older = key_real(left, now.row) < key_real(right, known.row);
    else older = key_text(left, now.row) < key_text(right, known.row);
    if (older) return true;
  }
  return false;
}

bool UpsertPartition::has_one_comparison(const Segment& segment, int64_t row) const {
  size_t given = 0;
  for (size_t field : rules_.comparisons) given += !segment.column(field).is_null(row);
  return given == 1;
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

void UpsertPartition::edit(MutableSegment& segment, uint32_t row) {
  // An older view may not know that a column has nulls.
  const auto look_again = [&] { parts_.back().segment = segment.snapshot(); };
  look_again();
  const RowPlace place{static_cast<uint32_t>(parts_.size() - 1), row};
  const bool several = rules_.comparisons.size() > 1;
  refused_ = several && !has_one_comparison(*parts_.back().segment, row);
  if (refused_) return;
  const RowPlace* known = map_.find(key_of(*parts_.back().segment, row));
  if (known && gone(*known)) known = nullptr;
  const bool late = known && is_older(place, *known);
  if (merges() && known && !late) {
    const bool revived = is_deletion(*known);
    if (!revived || several) {
      merge_rows(revived ? rules_.revival : rules_.strategies, {*parts_[known->segment].segment, known->row}, {*parts_.back().segment, row}, segment);
      look_again();
    }
  }
  if (rules_.out_of_order >= 0) set_integer({*parts_.back().segment, row}, static_cast<size_t>(rules_.out_of_order), late, segment);
}

KeyVerdict UpsertPartition::add(uint32_t row) {
  if (std::exchange(refused_, false)) return KeyVerdict::kNotComparable;
  const RowPlace place{static_cast<uint32_t>(parts_.size() - 1), row};
  const KeyHash key = key_of(*parts_.back().segment, row);
  RowPlace* known = map_.find(key);
  if (known && gone(*known)) known = nullptr;
  if (rules_.config.metadata_ttl > 0 || rules_.config.deleted_keys_ttl > 0) newest_ = std::max(newest_, comparison_of(place));
  if (rules_.config.mode == KeyMode::kDedup) {
    if (known && !is_stale(*known)) return KeyVerdict::kDuplicate;
    map_.put(key, place);
    return KeyVerdict::kTaken;
  }
  if (known && is_older(place, *known)) return rules_.config.drop_out_of_order ? KeyVerdict::kOutOfOrder : KeyVerdict::kTaken;
  if (known) changes_.emplace_back(*known, false);
  if (!is_deletion(place)) changes_.emplace_back(place, true);
  map_.put(key, place);
  return KeyVerdict::kTaken;
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

std::vector<std::string> UpsertPartition::segment_names() const {
  std::vector<std::string> out;
  for (const Part& part : parts_) out.push_back(part.name);
  return out;
}

std::shared_ptr<const ValidRows> UpsertPartition::rows_of(const std::string& name) {
  auto found = numbers_.find(name);
  if (found == numbers_.end() || rules_.config.mode == KeyMode::kDedup) return nullptr;
  return parts_[found->second].bits.snapshot();
}

}  // namespace bywash::analytics
