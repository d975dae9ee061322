// Value: equality, variant encoding, shapes. Level 1, every thread.
#include "columnar/value.h"

#include <cmath>
#include <cstring>

namespace bywash::columnar {
namespace {

bool floats_equal(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

bool maps_equal(const Value::Map& a, const Value::Map& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    bool found = false;
    for (const auto& [other_key, other_value] : b) {
      if (key == other_key) { found = value == other_value; break; }
    }
    if (!found) return false;
  }
  return true;
}

template <class T>
void put(std::string& out, T v) { out.append(reinterpret_cast<const char*>(&v), sizeof v); }
void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// Reads what `put` wrote; a truncated input gives zeros and an empty rest, never an overrun.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  template <class T>
  T number() {
    T v{};
    if (in_.size() < sizeof v) { in_ = {}; return v; }
    std::memcpy(&v, in_.data(), sizeof v);
    in_.remove_prefix(sizeof v);
    return v;
  }
  std::string text() {
    auto n = number<uint32_t>();
    std::string out(in_.substr(0, n));
    in_.remove_prefix(std::min<size_t>(n, in_.size()));
    return out;
  }
  bool empty() const { return in_.empty(); }
  Value value();

 private:
  std::string_view in_;
};

void encode_to(std::string& out, const Value& value) {
  out += static_cast<char>(value.storage().index());
  std::visit([&](const auto& v) {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_same_v<T, Value::Null>) {
    } else if constexpr (std::is_arithmetic_v<T>) put(out, v);
    else if constexpr (std::is_same_v<T, std::string>) put_text(out, v);
    else if constexpr (std::is_same_v<T, Value::Bytes>) put_text(out, v.data);
    else if constexpr (std::is_same_v<T, Decimal>) put_text(out, encode_decimal(v));
    else if constexpr (std::is_same_v<T, Value::Millis>) put(out, v.ms);
    else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::List>>) {
      put(out, static_cast<uint32_t>(v->size()));
      for (const Value& item : *v) encode_to(out, item);
    } else if constexpr (std::is_same_v<T, std::shared_ptr<const Value::Map>>) {
      put(out, static_cast<uint32_t>(v->size()));
      for (const auto& [key, item] : *v) { encode_to(out, key); encode_to(out, item); }
    } else {
      // A struct inside schemaless data keeps its values under its field names.
      put(out, static_cast<uint32_t>(v->values.size()));
      for (size_t i = 0; i < v->values.size(); ++i) {
        encode_to(out, Value::string(v->schema->fields()[i].name));
        encode_to(out, v->values[i]);
      }
    }
  }, value.storage());
}

Value Reader::value() {
  if (in_.empty()) return {};
  auto tag = number<uint8_t>();
  switch (tag) {
    case 1: return Value(number<bool>());
    case 2: return Value(number<int8_t>());
    case 3: return Value(number<int16_t>());
    case 4: return Value(number<int32_t>());
    case 5: return Value(number<int64_t>());
    case 6: return Value(number<float>());
    case 7: return Value(number<double>());
    case 8: return Value(text());
    case 9: return Value(Value::Bytes{text()});
    case 10: return Value(decode_decimal(text()));
    case 11: return Value(Value::Millis{number<int64_t>()});
    case 12: {
      Value::List items;
      for (auto n = number<uint32_t>(); n > 0 && !empty(); --n) items.push_back(value());
      return Value::list(std::move(items));
    }
    case 13:
    case 14: {
      Value::Map entries;
      for (auto n = number<uint32_t>(); n > 0 && !empty(); --n) {
        Value key = value();
        entries.emplace_back(std::move(key), value());
      }
      return Value::map(std::move(entries));
    }
    default: return {};
  }
}

SchemaPtr shape_of_list(const Value::List& items) {
  SchemaPtr element;
  for (const Value& item : items) {
    SchemaPtr shape = shape_of(item);
    if (!element || element->type() == Type::kNull) element = shape;
    else if (shape->type() != Type::kNull && !element->equals(*shape)) return ConnectSchema::schemaless(Type::kVariant);
  }
  SchemaSpec spec;
  spec.type = Type::kArray;
  spec.optional = spec.schemaless = true;
  spec.value_schema = element ? element : ConnectSchema::schemaless(Type::kNull);
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr shape_of_map(const Value::Map& entries) {
  SchemaSpec spec;
  spec.type = Type::kObject;
  spec.optional = spec.schemaless = true;
  for (const auto& [key, value] : entries) {
    if (!key.is<std::string>()) return ConnectSchema::schemaless(Type::kVariant);
    spec.fields.push_back({key.get<std::string>(), shape_of(value)});
  }
  return ConnectSchema::make(std::move(spec));
}

}  // namespace

const Value::List* Value::as_list() const {
  auto* p = std::get_if<std::shared_ptr<const List>>(&v_);
  return p ? p->get() : nullptr;
}
const Value::Map* Value::as_map() const {
  auto* p = std::get_if<std::shared_ptr<const Map>>(&v_);
  return p ? p->get() : nullptr;
}
const Value::Struct* Value::as_struct() const {
  auto* p = std::get_if<std::shared_ptr<const Struct>>(&v_);
  return p ? p->get() : nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.v_.index() != b.v_.index()) return false;
  if (auto* x = a.get_if<double>()) return floats_equal(*x, b.get<double>());
  if (auto* x = a.get_if<float>()) return floats_equal(*x, b.get<float>());
  if (auto* x = a.as_list()) return *x == *b.as_list();
  if (auto* x = a.as_map()) return maps_equal(*x, *b.as_map());
  if (auto* x = a.as_struct()) {
    const Value::Struct* y = b.as_struct();
    return (x->schema == y->schema || x->schema->equals(*y->schema)) && x->values == y->values;
  }
  return a.v_ == b.v_;
}

std::string encode_variant(const Value& value) {
  std::string out;
  encode_to(out, value);
  return out;
}

Value decode_variant(std::string_view encoded) { return Reader(encoded).value(); }

SchemaPtr shape_of(const Value& value) {
  static constexpr Type kShapes[] = {Type::kNull,  Type::kBoolean, Type::kInt8,   Type::kInt16,  Type::kInt32,
                                     Type::kInt64, Type::kFloat32, Type::kFloat64, Type::kString, Type::kBytes};
  size_t index = value.storage().index();
  if (index < std::size(kShapes)) return ConnectSchema::schemaless(kShapes[index]);
  if (auto* items = value.as_list()) return shape_of_list(*items);
  if (auto* entries = value.as_map()) return shape_of_map(*entries);
  return ConnectSchema::schemaless(Type::kVariant);
}

}  // namespace bywash::columnar
