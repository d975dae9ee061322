// Value: one dynamic value as Java has it in Connect (Integer, String, Struct, Map, BigDecimal, java.util.Date ...).
// For defaults, literals, headers, awkward transforms and variant columns; never in the hot loop of a typed column. Level 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "columnar/connect_schema.h"
#include "columnar/decimal.h"

namespace bywash::columnar {

class Value {
 public:
  struct Null { friend bool operator==(Null, Null) = default; };
  struct Bytes { std::string data; friend bool operator==(const Bytes&, const Bytes&) = default; };
  // java.util.Date; Date, Time and Timestamp alike: milliseconds since the epoch (a Date is days x 86,400,000).
  struct Millis { int64_t ms = 0; friend bool operator==(const Millis&, const Millis&) = default; };
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>;  // insertion order; equality ignores it
  // A struct's values in the order of its schema's fields.
  struct Struct {
    SchemaPtr schema;
    std::vector<Value> values;
  };
  using Storage = std::variant<Null, bool, int8_t, int16_t, int32_t, int64_t, float, double, std::string, Bytes, Decimal, Millis,
                               std::shared_ptr<const List>, std::shared_ptr<const Map>, std::shared_ptr<const Struct>>;

  Value() = default;
  template <class T>
    requires(!std::is_same_v<T, Value>) && std::is_constructible_v<Storage, std::in_place_type_t<T>, T>
  explicit Value(T v) : v_(std::in_place_type<T>, std::move(v)) {}
  static Value string(std::string_view s) { return Value(std::string(s)); }
  static Value list(List items) { return Value(std::make_shared<const List>(std::move(items))); }
  static Value map(Map entries) { return Value(std::make_shared<const Map>(std::move(entries))); }
  static Value structure(SchemaPtr schema, std::vector<Value> values) {
    return Value(std::make_shared<const Struct>(Struct{std::move(schema), std::move(values)}));
  }

  bool is_null() const { return std::holds_alternative<Null>(v_); }
  template <class T>
  bool is() const { return std::holds_alternative<T>(v_); }
  template <class T>
  const T* get_if() const { return std::get_if<T>(&v_); }
  template <class T>
  const T& get() const { return std::get<T>(v_); }
  const List* as_list() const;
  const Map* as_map() const;
  const Struct* as_struct() const;
  const Storage& storage() const { return v_; }

  // Java's equality: types must match (int32 1 is not int64 1), NaN equals NaN, maps in any order.
  friend bool operator==(const Value& a, const Value& b);

 private:
  Storage v_;
};

// The self-describing binary form that kVariant columns hold.
std::string encode_variant(const Value& value);
Value decode_variant(std::string_view encoded);

// The schemaless shape of a value: what inferring it alone would give (kObject for a map with string keys, ...).
SchemaPtr shape_of(const Value& value);

}  // namespace bywash::columnar
