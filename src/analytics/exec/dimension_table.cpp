// See dimension_table.h.
#include "analytics/exec/dimension_table.h"

#include <algorithm>
#include <unordered_map>

#include "analytics/exec/query_engine.h"

namespace bywash::analytics {
namespace {

void append_key(int64_t value, std::string& out) { out.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
void append_key(double value, std::string& out) { append_key(std::bit_cast<int64_t>(value == 0 ? 0.0 : value), out); }
void append_key(std::string_view value, std::string& out) {
  append_key(static_cast<int64_t>(value.size()), out);
  out += value;
}

// The value of a single-value column, for a key or an answer.
template <class Integer, class Real, class Text>
void with_value(const ColumnView& column, int64_t row, Integer integer, Real real, Text text) {
  const DataType type = column.field->type;
  if (column.encoding == Encoding::kDictionary) {
    const uint32_t id = column.dictionary_id(row);
    if (is_integer(type)) return integer(column.dictionary.integer(id));
    return is_real(type) ? real(column.dictionary.real(id)) : text(column.dictionary.text(id));
  }
  switch (column.stored) {
    case Stored::kI32:
    case Stored::kI64: return integer(column.integer(row));
    case Stored::kF32: return real(static_cast<double>(*column.block<float>(row)));
    case Stored::kF64: return real(*column.block<double>(row));
    case Stored::kBytes: return text(column.raw_text(row));
  }
}

struct Place {
  uint32_t segment = 0, row = 0;
};

class SegmentRows : public LookupTable {
 public:
  explicit SegmentRows(const TableSnapshot& snapshot) : schema_(snapshot.schema), segments_(snapshot.segments) {}

  Status fill(const std::string& name, bool unique) {
    std::vector<size_t> keys;
    for (const std::string& key : schema_->primary_key_columns) keys.push_back(static_cast<size_t>(schema_->find(key)));
    if (keys.empty()) return Status::invalid(fmt::format("Dimension table has no primary key columns: {}_OFFLINE", name));
    std::string key;
    for (uint32_t at = 0; at < segments_.size(); ++at) {
      const Segment& segment = *segments_[at];
      for (int64_t row = 0; row < segment.rows(); ++row) {
        key.clear();
        auto append = [&key](auto value) { append_key(value, key); };
        for (size_t field : keys) with_value(segment.column(field), row, append, append, append);
        const auto [place, fresh] = places_.insert_or_assign(key, Place{at, static_cast<uint32_t>(row)});
        if (!fresh && unique) return Status::invalid(fmt::format("A primary key stands twice in dimension table {}_OFFLINE (errorOnDuplicatePrimaryKey)", name));
      }
    }
    return {};
  }

  const TableSchema& schema() const override { return *schema_; }

  void read(size_t field, const std::vector<const Vector*>& keys, size_t n, Vector& out) const override {
    const FieldSpec& spec = schema_->fields[field];
    out.integers.clear(), out.reals.clear(), out.texts.clear();
    if (!spec.single_value) out.offsets.assign(1, 0);
    std::string key;
    for (size_t i = 0; i < n; ++i) {
      key.clear();
      for (const Vector* part : keys) {
        switch (part->physical()) {
          case Physical::kInteger: append_key(part->integers[i], key); break;
          case Physical::kReal: append_key(part->reals[i], key); break;
          case Physical::kText: append_key(part->texts[i], key); break;
        }
      }
      const auto found = places_.find(key);
      const bool known = found != places_.end() && std::none_of(keys.begin(), keys.end(), [i](const Vector* part) { return part->is_null(i); });
      const ColumnView* column = known ? &segments_[found->second.segment]->column(field) : nullptr;
      if (spec.single_value) put_value(column, spec, known ? found->second.row : 0, i, n, out);
      else put_array(column, known ? found->second.row : 0, out);
    }
  }

 private:
  // The texts lie in segments and in the schema, which live as long as this.
  static void put_value(const ColumnView* column, const FieldSpec& spec, uint32_t row, size_t i, size_t n, Vector& out) {
    if (column && !column->is_null(row)) {
      return with_value(*column, row, [&](int64_t value) { out.integers.push_back(value); }, [&](double value) { out.reals.push_back(value); },
                        [&](std::string_view value) { out.texts.push_back(value); });
    }
    out.set_null(i, n);
    switch (out.physical()) {
      case Physical::kInteger: out.integers.push_back(spec.default_null.integer); break;
      case Physical::kReal: out.reals.push_back(spec.default_null.real); break;
      case Physical::kText: out.texts.push_back(spec.default_null.text); break;
    }
  }
  static void put_array(const ColumnView* column, uint32_t row, Vector& out) {
    const MultiValue values = column ? column->multi(row) : MultiValue{};
    for (uint32_t k = 0; k < values.count; ++k) {
      if (is_integer(out.type)) out.integers.push_back(column->dictionary.integer(values.ids[k]));
      else if (is_real(out.type)) out.reals.push_back(column->dictionary.real(values.ids[k]));
      else out.texts.push_back(column->dictionary.text(values.ids[k]));
    }
    out.offsets.push_back(static_cast<uint32_t>(out.value_count()));
  }

  const std::shared_ptr<const TableSchema> schema_;
  const std::vector<std::shared_ptr<const Segment>> segments_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace

Result<std::shared_ptr<const LookupTable>> DimensionRows::of(const TableSnapshot& snapshot) {
  std::lock_guard lock(mutex_);
  if (rows_ && segments_ == snapshot.segments) return rows_;
  rows_.reset();  // those of before may go while the new ones are made
  auto made = std::make_shared<SegmentRows>(snapshot);
  RETURN_IF_ERROR(made->fill(snapshot.name, unique_));
  segments_ = snapshot.segments;
  rows_ = std::move(made);
  return rows_;
}

}  // namespace bywash::analytics
