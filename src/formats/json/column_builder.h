// ColumnBuilder: a column under construction as plain growing arrays, one builder per schema node, which turn into Arrow arrays at the
// end of a batch. Rows can be taken back: a record that fails half-way leaves no trace. Decode step, the task's thread. Level 4.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "columnar/value.h"

namespace arrow {
class Array;
struct ArrayData;
class Buffer;
class ResizableBuffer;
}

namespace bywash::formats::json {

// Memory that grows and becomes an Arrow buffer without a copy.
class GrowingBuffer {
 public:
  GrowingBuffer();
  ~GrowingBuffer();
  GrowingBuffer(GrowingBuffer&&) noexcept;
  int64_t size() const { return size_; }
  uint8_t* data() { return data_; }
  void reserve(int64_t bytes) {
    if (bytes > capacity_) grow(bytes);
  }
  template <class T>
  void push(T v) {
    if (size_ + static_cast<int64_t>(sizeof v) > capacity_) grow(size_ + static_cast<int64_t>(sizeof v));
    std::memcpy(data_ + size_, &v, sizeof v);
    size_ += static_cast<int64_t>(sizeof v);
  }
  void push(const void* bytes, size_t n) {
    if (size_ + static_cast<int64_t>(n) > capacity_) grow(size_ + static_cast<int64_t>(n));
    if (n) std::memcpy(data_ + size_, bytes, n);
    size_ += static_cast<int64_t>(n);
  }
  void truncate(int64_t bytes) { size_ = bytes; }
  std::shared_ptr<arrow::Buffer> take();

 private:
  void grow(int64_t bytes);
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

class ColumnBuilder {
 public:
  enum class Kind : uint8_t {
    kInt8, kInt16, kInt32, kInt64, kFloat32, kFloat64, kBoolean, kString, kBytes, kDecimal, kDate, kTime, kTimestamp,
    kList, kMap, kFields, kNull, kVariant
  };
  struct Child {
    std::string name;
    std::string token;  // "name": with its quotes and colon, as most writers put it; empty when the name needs escapes
    char token_head[16] = {};     // its first 16 bytes
    uint32_t token_mask = 0;      // a bit per byte of a token that fits there; 0 for others
    std::unique_ptr<ColumnBuilder> builder;
    bool may_be_absent = false;
    GrowingBuffer present;  // a byte per row, when may_be_absent
  };

  explicit ColumnBuilder(columnar::SchemaPtr schema);
  ~ColumnBuilder();

  const columnar::SchemaPtr& schema() const { return schema_; }
  Kind kind() const { return kind_; }
  bool schemaless() const { return schemaless_; }
  int64_t length() const { return length_; }
  // False when a Decimal schema's scale parameter is missing or not a number.
  bool has_scale() const { return has_scale_; }
  int32_t scale() const { return scale_; }

  // Room for `rows` more, and for as many string bytes as the last batch had.
  void reserve(int64_t rows);
  void append_null();
  // A value that fits the schema; anything else is an error that names both types, and the row must be taken back.
  Status append(const columnar::Value& value);
  // Takes back everything from row `length` on.
  void truncate(int64_t length);
  // The array, and the builder empty again. Error: more than 2 GiB of text or bytes in one column.
  Result<std::shared_ptr<arrow::Array>> finish();

  // The straight way in, by kind; no check.
  template <class T>
  void push_fixed(T v) {
    values_.push(v);
    valid_row();
  }
  void push_bytes(std::string_view bytes) {
    values_.push(bytes.data(), bytes.size());
    offsets_.push(static_cast<int32_t>(values_.size()));
    valid_row();
  }
  // kList, kMap: ends a row whose items are already in children(); kFields: ends a row whose fields are.
  void end_list() {
    offsets_.push(static_cast<int32_t>(children_[0].builder->length()));
    valid_row();
  }
  void end_fields() { valid_row(); }
  std::vector<Child>& children() { return children_; }
  int find(std::string_view name) const;

 private:
  void valid_row() {
    if (has_nulls_) validity_.push(uint8_t{1});
    ++length_;
  }
  void add_child(std::string name, columnar::SchemaPtr schema, bool may_be_absent);
  void mark_null();
  Status append_plain(const columnar::Value& value);
  Status append_fields(const columnar::Value& value);
  Status append_items(const columnar::Value& value);
  Status mismatch(const columnar::Value& value) const;
  Result<std::shared_ptr<arrow::ArrayData>> finish_data();
  std::shared_ptr<arrow::Buffer> take_validity(int64_t* null_count);

  columnar::SchemaPtr schema_;
  Kind kind_;
  bool schemaless_;
  bool has_nulls_ = false;
  bool has_scale_ = false;
  int32_t scale_ = 0;
  int width_ = 0;  // bytes of a fixed value; 0 for others
  int64_t length_ = 0;
  int64_t last_bytes_ = 0;
  GrowingBuffer values_;    // fixed values, or string bytes
  GrowingBuffer offsets_;   // int32 ends of rows, for strings and lists (without the leading 0)
  GrowingBuffer validity_;  // a byte per row, once a null was seen
  std::vector<Child> children_;
  std::unordered_map<std::string_view, int> by_name_;  // of many fields; the names are the schema's
};

}  // namespace bywash::formats::json
