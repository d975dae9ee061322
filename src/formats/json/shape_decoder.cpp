// Plain JSON into columns by shape. Decode step of the sink line, the task's thread. Level 4.
#include <arrow/array.h>

#include "columnar/column.h"
#include "formats/json/connect_value.h"
#include "formats/json/json_decoder.h"

namespace bywash::formats::json {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

namespace {

// An object with more keys than this holds data in its keys: no columns for each.
constexpr size_t kColumnsMax = 1000;
// Deeper nesting is kept as variants.
constexpr int kLevelsMax = 32;
// The first widening after so many misses; twice as many before each further one, so that a call's work stays within a small multiple.
constexpr size_t kFirstMisses = 16;

SchemaPtr limit(const SchemaPtr& shape, int level) {
  if (shape->type() != Type::kArray && shape->type() != Type::kObject) return shape;
  if (level > kLevelsMax) return ConnectSchema::schemaless(Type::kVariant);
  if (shape->type() == Type::kArray) {
    SchemaPtr element = limit(shape->value_schema(), level + 1);
    if (element == shape->value_schema()) return shape;
    SchemaSpec spec = shape->spec();
    spec.value_schema = std::move(element);
    return ConnectSchema::make(std::move(spec));
  }
  if (shape->fields().size() > kColumnsMax) return ConnectSchema::schemaless(Type::kVariant);
  SchemaSpec spec = shape->spec();
  bool changed = false;
  for (columnar::Field& field : spec.fields) {
    SchemaPtr limited = limit(field.schema, level + 1);
    changed = changed || limited != field.schema;
    field.schema = std::move(limited);
  }
  return changed ? ConnectSchema::make(std::move(spec)) : shape;
}

// merge_shapes takes a variant for one type among others; here it holds everything.
SchemaPtr widen(const SchemaPtr& known, const SchemaPtr& seen) {
  SchemaPtr merged = limit(columnar::merge_shapes(known, seen), 1);
  return merged->equals(*known) ? known : merged;
}

}  // namespace

ShapeDecoder::ShapeDecoder() : shape_(ConnectSchema::schemaless(Type::kNull)), reader_(false) {}

// A payload that the reader refused: malformed, of another shape, or just written unusually.
void ShapeDecoder::miss(size_t row, std::string_view payload) {
  auto document = parse_document(to_utf8(payload, &utf8_));
  if (!document.ok()) {
    bad_.push_back({static_cast<uint32_t>(row), serialization_error(document.status())});
    known_bad_[row] = true;
    return;
  }
  auto value = to_connect(nullptr, &*document, false);
  SchemaPtr wider = widen(shape_, columnar::shape_of(*value));
  if (wider != shape_) {
    shape_ = std::move(wider);
    widened_ = true;
    ++misses_;
    return;
  }
  // While a wider shape waits for its pass, the builder may be too narrow: that pass comes back to this row.
  if (widened_) {
    ++misses_;
    return;
  }
  int64_t length = builder_->length();
  if (Status appended = builder_->append(*value); !appended.ok()) {
    builder_->truncate(length);
    bad_.push_back({static_cast<uint32_t>(row), std::move(appended)});
    return;
  }
  good_.push_back(static_cast<uint32_t>(row));
}

bool ShapeDecoder::pass(Payloads payloads, size_t misses_max) {
  if (!builder_ || builder_->schema() != shape_) builder_ = std::make_unique<ColumnBuilder>(shape_);
  builder_->truncate(0);
  builder_->reserve(static_cast<int64_t>(payloads.size()));
  good_.clear();
  widened_ = false;
  misses_ = 0;
  for (size_t i = 0; i < payloads.size(); ++i) {
    if (known_bad_[i]) continue;
    if (!payloads[i]) {
      builder_->append_null();
      good_.push_back(static_cast<uint32_t>(i));
      continue;
    }
    const char* p = payloads[i]->data();
    const char* end = p + payloads[i]->size();
    int64_t length = builder_->length();
    if (reader_.read(*builder_, p, end, 0)) {
      if (p == end) {
        good_.push_back(static_cast<uint32_t>(i));
        continue;
      }
      skip_space(p, end);
      if (p == end) {
        good_.push_back(static_cast<uint32_t>(i));
        continue;
      }
    }
    builder_->truncate(length);
    miss(i, *payloads[i]);
    // A first object tells the shape of most; nothing is lost by starting over with it at once.
    if (widened_ && (misses_ >= misses_max || good_.empty())) return false;
  }
  return !widened_;
}

Status ShapeDecoder::decode(Payloads payloads, const std::vector<uint32_t>& rows, plugin::Decoded* out) {
  known_bad_.assign(payloads.size(), false);
  bad_.clear();
  size_t misses_max = kFirstMisses;
  while (!pass(payloads, misses_max)) misses_max *= 2;

  auto row_of = [&](uint32_t i) { return rows.empty() ? i : rows[i]; };
  for (plugin::ConvertError& error : bad_) out->errors.push_back({row_of(error.row), std::move(error.status)});
  bad_.clear();
  if (good_.empty()) return {};
  plugin::DecodedGroup group;
  // All null so far says nothing about the shape: such a batch has no columns.
  auto data = builder_->finish();
  if (!data.ok()) {
    builder_.reset();
    return data.status();
  }
  group.column = {shape_, *std::move(data)};
  if (!rows.empty() || good_.size() != payloads.size()) {
    for (uint32_t i : good_) group.rows.push_back(row_of(i));
  }
  out->groups.push_back(std::move(group));
  return {};
}

}  // namespace bywash::formats::json
