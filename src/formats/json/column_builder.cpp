// Growth, rollback and the turn into Arrow arrays. Decode step, the task's thread. Level 4.
#include "formats/json/column_builder.h"

#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/check.h"
#include "columnar/decimal.h"
#include "formats/json/connect_value.h"

namespace bywash::formats::json {

using columnar::Logical;
using columnar::Type;
using columnar::Value;

namespace {

constexpr int64_t kMaxColumnBytes = INT32_MAX;
// Up to so many names are compared one by one.
constexpr size_t kScannedChildren = 16;

ColumnBuilder::Kind kind_of(const columnar::ConnectSchema& schema) {
  using K = ColumnBuilder::Kind;
  switch (schema.logical()) {
    case Logical::kDecimal: return K::kDecimal;
    case Logical::kDate: return K::kDate;
    case Logical::kTime: return K::kTime;
    case Logical::kTimestamp: return K::kTimestamp;
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kInt8: return K::kInt8;
    case Type::kInt16: return K::kInt16;
    case Type::kInt32: return K::kInt32;
    case Type::kInt64: return K::kInt64;
    case Type::kFloat32: return K::kFloat32;
    case Type::kFloat64: return K::kFloat64;
    case Type::kBoolean: return K::kBoolean;
    case Type::kString: return K::kString;
    case Type::kBytes: return K::kBytes;
    case Type::kArray: return K::kList;
    case Type::kMap: return K::kMap;
    case Type::kStruct:
    case Type::kObject: return K::kFields;
    case Type::kNull: return K::kNull;
    case Type::kVariant: return K::kVariant;
  }
  return K::kNull;
}

int width_of(ColumnBuilder::Kind kind) {
  using K = ColumnBuilder::Kind;
  switch (kind) {
    case K::kInt8:
    case K::kBoolean: return 1;
    case K::kInt16: return 2;
    case K::kInt32:
    case K::kFloat32:
    case K::kDate:
    case K::kTime: return 4;
    case K::kInt64:
    case K::kFloat64:
    case K::kTimestamp: return 8;
    default: return 0;
  }
}

bool has_offsets(ColumnBuilder::Kind kind) {
  using K = ColumnBuilder::Kind;
  return kind == K::kString || kind == K::kBytes || kind == K::kDecimal || kind == K::kVariant || kind == K::kList || kind == K::kMap;
}

std::shared_ptr<arrow::Buffer> pack_bits(const uint8_t* bytes, int64_t n, int64_t* zeros) {
  auto made = arrow::AllocateBuffer((n + 7) / 8);
  CHECK(made.ok());
  std::shared_ptr<arrow::Buffer> out = made.MoveValueUnsafe();
  uint8_t* bits = out->mutable_data();
  if (out->size() > 0) std::memset(bits, 0, static_cast<size_t>(out->size()));
  int64_t ones = 0;
  for (int64_t i = 0; i < n; ++i) {
    bits[i >> 3] = static_cast<uint8_t>(bits[i >> 3] | (bytes[i] != 0) << (i & 7));
    ones += bytes[i] != 0;
  }
  if (zeros) *zeros = n - ones;
  return out;
}

std::string token_of(const std::string& name) {
  bool plain = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; });
  return plain ? "\"" + name + "\":" : "";
}

}  // namespace

GrowingBuffer::GrowingBuffer() = default;
GrowingBuffer::~GrowingBuffer() = default;
GrowingBuffer::GrowingBuffer(GrowingBuffer&&) noexcept = default;

void GrowingBuffer::grow(int64_t bytes) {
  int64_t wanted = std::max<int64_t>({bytes, capacity_ * 2, 64});
  if (!buffer_) {
    auto made = arrow::AllocateResizableBuffer(wanted);
    CHECK(made.ok());
    buffer_ = made.MoveValueUnsafe();
  } else {
    CHECK(buffer_->Resize(wanted, /*shrink_to_fit=*/false).ok());
  }
  data_ = buffer_->mutable_data();
  capacity_ = buffer_->size();
}

std::shared_ptr<arrow::Buffer> GrowingBuffer::take() {
  if (!buffer_) grow(64);
  CHECK(buffer_->Resize(size_, /*shrink_to_fit=*/false).ok());
  size_ = capacity_ = 0;
  data_ = nullptr;
  return std::move(buffer_);
}

ColumnBuilder::ColumnBuilder(columnar::SchemaPtr schema)
    : schema_(std::move(schema)), kind_(kind_of(*schema_)), schemaless_(schema_->schemaless()), width_(width_of(kind_)) {
  if (kind_ == Kind::kDecimal) has_scale_ = decimal_scale(*schema_, &scale_);
  if (kind_ == Kind::kList) add_child("", schema_->value_schema(), false);
  if (kind_ == Kind::kMap) {
    add_child("key", schema_->key_schema(), false);
    add_child("value", schema_->value_schema(), false);
  }
  if (kind_ == Kind::kFields) {
    for (const columnar::Field& f : schema_->fields()) add_child(f.name, f.schema, f.may_be_absent);
    if (children_.size() > kScannedChildren) {
      for (size_t i = 0; i < children_.size(); ++i) by_name_.emplace(schema_->fields()[i].name, static_cast<int>(i));
    }
  }
}
ColumnBuilder::~ColumnBuilder() = default;

void ColumnBuilder::add_child(std::string name, columnar::SchemaPtr schema, bool may_be_absent) {
  Child child;
  child.token = token_of(name);
  if (!child.token.empty() && child.token.size() <= sizeof child.token_head) {
    std::memcpy(child.token_head, child.token.data(), child.token.size());
    child.token_mask = (uint32_t{1} << child.token.size()) - 1;
  }
  child.name = std::move(name);
  child.builder = std::make_unique<ColumnBuilder>(std::move(schema));
  child.may_be_absent = may_be_absent;
  children_.push_back(std::move(child));
}

int ColumnBuilder::find(std::string_view name) const {
  if (children_.size() > kScannedChildren) {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? -1 : found->second;
  }
  for (size_t i = 0; i < children_.size(); ++i) {
    if (children_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

void ColumnBuilder::reserve(int64_t rows) {
  if (width_ > 0) values_.reserve(values_.size() + rows * width_);
  else if (last_bytes_ > 0) values_.reserve(values_.size() + last_bytes_ + last_bytes_ / 8);
  if (has_offsets(kind_)) offsets_.reserve(offsets_.size() + rows * 4);
  if (kind_ != Kind::kFields) return;
  for (Child& child : children_) {
    child.builder->reserve(rows);
    if (child.may_be_absent) child.present.reserve(rows);
  }
}

void ColumnBuilder::mark_null() {
  if (!has_nulls_) {
    has_nulls_ = true;
    validity_.truncate(0);
    validity_.reserve(length_ + 1);
    if (length_ > 0) std::memset(validity_.data(), 1, static_cast<size_t>(length_));
    validity_.truncate(length_);
  }
  validity_.push(uint8_t{0});
  ++length_;
}

void ColumnBuilder::append_null() {
  static constexpr uint8_t kZeros[8] = {};
  if (kind_ == Kind::kVariant) {
    // A null inside mixed values is a null row; the encoding's own null is never written.
    offsets_.push(static_cast<int32_t>(values_.size()));
  } else if (kind_ == Kind::kList || kind_ == Kind::kMap) {
    offsets_.push(static_cast<int32_t>(children_[0].builder->length()));
  } else if (has_offsets(kind_)) {
    offsets_.push(static_cast<int32_t>(values_.size()));
  } else if (width_ > 0) {
    values_.push(kZeros, static_cast<size_t>(width_));
  }
  if (kind_ == Kind::kFields) {
    for (Child& child : children_) {
      child.builder->append_null();
      if (child.may_be_absent) child.present.push(uint8_t{0});
    }
  }
  mark_null();
}

Status ColumnBuilder::mismatch(const Value& value) const {
  return data_exception(fmt::format("Invalid value: schema type {} cannot hold {}", to_string(schema_->type()), to_string(columnar::shape_of(value)->type())));
}

Status ColumnBuilder::append(const Value& value) {
  if (value.is_null()) {
    append_null();
    return {};
  }
  switch (kind_) {
    case Kind::kFields: return append_fields(value);
    case Kind::kList:
    case Kind::kMap: return append_items(value);
    case Kind::kVariant: push_bytes(columnar::encode_variant(value)); return {};
    default: return append_plain(value);
  }
}

Status ColumnBuilder::append_plain(const Value& value) {
  auto fixed = [&](const auto* v) -> Status {
    if (!v) return mismatch(value);
    push_fixed(*v);
    return {};
  };
  auto millis = [&](auto narrow) -> Status {
    const auto* v = value.get_if<Value::Millis>();
    if (!v) return mismatch(value);
    push_fixed(narrow(v->ms));
    return {};
  };
  switch (kind_) {
    case Kind::kInt8: return fixed(value.get_if<int8_t>());
    case Kind::kInt16: return fixed(value.get_if<int16_t>());
    case Kind::kInt32: return fixed(value.get_if<int32_t>());
    case Kind::kInt64: return fixed(value.get_if<int64_t>());
    case Kind::kFloat32: return fixed(value.get_if<float>());
    case Kind::kFloat64: return fixed(value.get_if<double>());
    case Kind::kBoolean: return fixed(value.get_if<bool>());
    case Kind::kDate: return millis([](int64_t ms) { return static_cast<int32_t>(ms / 86'400'000 - (ms % 86'400'000 < 0)); });
    case Kind::kTime: return millis([](int64_t ms) { return static_cast<int32_t>(ms); });
    case Kind::kTimestamp: return millis([](int64_t ms) { return ms; });
    case Kind::kString: {
      const auto* v = value.get_if<std::string>();
      if (!v) return mismatch(value);
      push_bytes(*v);
      return {};
    }
    case Kind::kBytes: {
      const auto* v = value.get_if<Value::Bytes>();
      if (!v) return mismatch(value);
      push_bytes(v->data);
      return {};
    }
    case Kind::kDecimal: {
      const auto* v = value.get_if<columnar::Decimal>();
      if (!v) return mismatch(value);
      push_bytes(columnar::encode_decimal(*v));
      return {};
    }
    default: return mismatch(value);
  }
}

Status ColumnBuilder::append_fields(const Value& value) {
  const Value::Struct* s = value.as_struct();
  const Value::Map* m = value.as_map();
  if ((!s && !m) || (s && s->values.size() != children_.size())) return mismatch(value);
  size_t found = 0;
  for (size_t i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    const Value* v = s ? &s->values[i] : nullptr;
    if (m) {
      // Keys mostly come in the shape's order.
      for (size_t k = 0; k < m->size() && !v; ++k) {
        const auto& [key, item] = (*m)[(i + k) % m->size()];
        if (const auto* text = key.get_if<std::string>(); text && *text == child.name) v = &item;
      }
    }
    found += v != nullptr;
    if (!v && !child.may_be_absent) return mismatch(value);
    if (v) RETURN_IF_ERROR(child.builder->append(*v));
    else child.builder->append_null();
    if (child.may_be_absent) child.present.push(static_cast<uint8_t>(v != nullptr));
  }
  if (m && found != m->size()) return mismatch(value);
  end_fields();
  return {};
}

Status ColumnBuilder::append_items(const Value& value) {
  if (kind_ == Kind::kList) {
    const Value::List* items = value.as_list();
    if (!items) return mismatch(value);
    for (const Value& item : *items) RETURN_IF_ERROR(children_[0].builder->append(item));
  } else {
    const Value::Map* entries = value.as_map();
    if (!entries) return mismatch(value);
    for (const auto& [key, item] : *entries) {
      RETURN_IF_ERROR(children_[0].builder->append(key));
      RETURN_IF_ERROR(children_[1].builder->append(item));
    }
  }
  end_list();
  return {};
}

void ColumnBuilder::truncate(int64_t length) {
  if (kind_ == Kind::kFields) {
    // Children may be ahead of a row that was never ended.
    for (Child& child : children_) {
      child.builder->truncate(length);
      if (child.may_be_absent && child.present.size() > length) child.present.truncate(length);
    }
  } else if (has_offsets(kind_)) {
    int32_t end = 0;
    if (length > 0) std::memcpy(&end, offsets_.data() + (length - 1) * 4, 4);
    if (length_ >= length) offsets_.truncate(length * 4);
    if (kind_ == Kind::kList || kind_ == Kind::kMap) {
      for (Child& child : children_) child.builder->truncate(end);
    } else {
      values_.truncate(end);
    }
  } else if (width_ > 0 && length_ > length) {
    values_.truncate(length * width_);
  }
  if (length_ <= length) return;
  if (has_nulls_) validity_.truncate(length);
  length_ = length;
}

std::shared_ptr<arrow::Buffer> ColumnBuilder::take_validity(int64_t* null_count) {
  *null_count = 0;
  if (!has_nulls_) return nullptr;
  has_nulls_ = false;
  auto bits = pack_bits(validity_.data(), length_, null_count);
  validity_.truncate(0);
  return *null_count > 0 ? bits : nullptr;
}

Result<std::shared_ptr<arrow::ArrayData>> ColumnBuilder::finish_data() {
  int64_t length = length_;
  const auto& type = schema_->arrow_type();
  if (kind_ == Kind::kNull) {
    has_nulls_ = false;
    validity_.truncate(0);
    length_ = 0;
    return arrow::ArrayData::Make(type, length, {nullptr}, length);
  }
  int64_t null_count = 0;
  auto validity = take_validity(&null_count);
  length_ = 0;
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (Child& child : children_) {
    ASSIGN_OR_RETURN(auto data, child.builder->finish_data());
    children.push_back(std::move(data));
  }
  if (kind_ == Kind::kFields) {
    for (Child& child : children_) {
      if (!child.may_be_absent) continue;
      children.push_back(arrow::ArrayData::Make(arrow::boolean(), length, {nullptr, pack_bits(child.present.data(), length, nullptr)}, 0));
      child.present.truncate(0);
    }
    return arrow::ArrayData::Make(type, length, {validity}, std::move(children), null_count);
  }
  if (kind_ == Kind::kBoolean) {
    auto bits = pack_bits(values_.data(), length, nullptr);
    values_.truncate(0);
    return arrow::ArrayData::Make(type, length, {validity, bits}, null_count);
  }
  if (width_ > 0) return arrow::ArrayData::Make(type, length, {validity, values_.take()}, null_count);

  last_bytes_ = values_.size();
  GrowingBuffer with_zero;
  with_zero.reserve((length + 1) * 4);
  with_zero.push(int32_t{0});
  with_zero.push(offsets_.data(), static_cast<size_t>(length) * 4);
  offsets_.truncate(0);
  if (kind_ == Kind::kList) return arrow::ArrayData::Make(type, length, {validity, with_zero.take()}, std::move(children), null_count);
  if (kind_ == Kind::kMap) {
    const auto& entry = type->field(0)->type();
    int64_t count = children[0]->length;
    auto entries = arrow::ArrayData::Make(entry, count, {nullptr}, std::move(children), 0);
    return arrow::ArrayData::Make(type, length, {validity, with_zero.take()}, {entries}, null_count);
  }
  bool too_big = values_.size() > kMaxColumnBytes;
  auto bytes = values_.take();
  if (too_big) return Status::fatal("One batch has more than 2 GiB of text or bytes in a column. Lower max.poll.records or fetch.max.bytes");
  return arrow::ArrayData::Make(type, length, {validity, with_zero.take(), bytes}, null_count);
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::finish() {
  ASSIGN_OR_RETURN(auto data, finish_data());
  return arrow::MakeArray(data);
}

}  // namespace bywash::formats::json
