// Walking a condition's tree for one record, with Groovy's rules (4.0): numbers compare across types, null is less than all else, texts
// never equal numbers. Level 4.
#include "transforms/condition.h"

#include <cmath>
#include <optional>

#include "base/text.h"
#include "columnar/java_text.h"
#include "transforms/change_event.h"
#include "transforms/java_numbers.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

using columnar::Decimal;
using Op = ConditionNode::Op;

// What an expression stands for.
struct Item {
  enum class Kind : uint8_t { kData, kSchema, kHeaders, kHeader } kind = Kind::kData;
  RecordNode data;
  const columnar::ConnectSchema* schema = nullptr;  // null: no schema
  const columnar::Header* header = nullptr;
  bool is_null() const {
    return kind == Kind::kData ? data.is_missing() : kind == Kind::kSchema ? schema == nullptr : kind == Kind::kHeader && header == nullptr;
  }
};

Item item_of(Value value) { return {Item::Kind::kData, RecordNode(std::move(value)), nullptr, nullptr}; }

bool is_number(const Value& v) { return (v.storage().index() >= 2 && v.storage().index() <= 7) || v.is<Decimal>(); }
bool is_real_number(const Value& v) { return v.is<float>() || v.is<double>(); }

int compare_digits(std::string a, std::string b) {
  const bool negative = a[0] == '-';
  if (negative != (b[0] == '-')) return negative ? -1 : 1;
  if (a.size() != b.size()) return (a.size() < b.size()) == negative ? 1 : -1;
  const int order = a.compare(b) < 0 ? -1 : a == b ? 0 : 1;
  return negative ? -order : order;
}

int compare_decimals(const Decimal& a, const Decimal& b) {
  auto digits = [](const Decimal& d, int32_t scale) {
    std::string text = columnar::integer_digits(d.unscaled);
    if (text != "0") text.append(static_cast<size_t>(scale - d.scale), '0');
    return text;
  };
  const int32_t scale = std::max(a.scale, b.scale);
  return compare_digits(digits(a, scale), digits(b, scale));
}

int compare_numbers(const Value& a, const Value& b) {
  auto real = [](const Value& v) {
    auto* d = v.get_if<Decimal>();
    return d ? parse_java_double(columnar::to_java_string(*d)).value_or(0) : *double_value(v);
  };
  if (is_real_number(a) || is_real_number(b)) {
    const double x = real(a), y = real(b);
    if (std::isnan(x) || std::isnan(y)) return int{std::isnan(x)} - int{std::isnan(y)};
    return x < y ? -1 : x > y;
  }
  if (a.is<Decimal>() || b.is<Decimal>()) {
    auto exact = [](const Value& v) { return v.is<Decimal>() ? v.get<Decimal>() : *columnar::parse_decimal(std::to_string(*long_value(v))); };
    const Decimal x = exact(a), y = exact(b);
    // Far apart in scale there are too many digits to line up: such numbers are compared as doubles.
    if (std::abs(int64_t{x.scale} - y.scale) > 1000) return real(a) < real(b) ? -1 : real(a) > real(b);
    return compare_decimals(x, y);
  }
  const int64_t x = *long_value(a), y = *long_value(b);
  return x < y ? -1 : x > y;
}

class ConditionWalk {
 public:
  ConditionWalk(const ConditionRecords& records, int64_t row, ConditionLanguage language) : records_(records), batch_(records.batch), row_(row), groovy_(language == ConditionLanguage::kGroovy) {}

  Result<Item> item(const ConditionNode& n) const {
    switch (n.op) {
      case Op::kLiteral: return Item{Item::Kind::kData, RecordNode(&n.literal), nullptr, nullptr};
      case Op::kList: return list(n);
      case Op::kKey: return Item{Item::Kind::kData, RecordNode(records_.key, row_), nullptr, nullptr};
      case Op::kValue: return Item{Item::Kind::kData, RecordNode(records_.value, row_), nullptr, nullptr};
      case Op::kTopic: return item_of(Value::string(batch_.topic_of(row_)));
      case Op::kKeySchema: return schema_item(batch_.key.schema.get());
      case Op::kValueSchema: return schema_item(batch_.value.schema.get());
      case Op::kHeaders: return Item{Item::Kind::kHeaders, {}, nullptr, nullptr};
      case Op::kMember: return member(n);
      case Op::kIndex: return index(n);
      case Op::kCall: return call(n);
      case Op::kTernary: {
        ASSIGN_OR_RETURN(bool test, truth(*n.parts[0]));
        return item(*n.parts[test ? 1 : 2]);
      }
      case Op::kElvis: {
        ASSIGN_OR_RETURN(Item first, item(*n.parts[0]));
        return is_true(first) ? Result<Item>(first) : item(*n.parts[1]);
      }
      case Op::kConcat: return concat(n);
      default: {
        ASSIGN_OR_RETURN(bool out, boolean(n));
        return item_of(Value(out));
      }
    }
  }
  // An operator whose result is true or false.
  static bool is_boolean(const ConditionNode& n) { return n.op >= Op::kNot && n.op != Op::kTernary && n.op != Op::kElvis; }
  Result<bool> boolean(const ConditionNode& n) const {
    if (n.op == Op::kNot) {
      ASSIGN_OR_RETURN(bool inner, truth(*n.parts[0]));
      return !inner;
    }
    if (n.op == Op::kAnd || n.op == Op::kOr) {
      ASSIGN_OR_RETURN(bool left, truth(*n.parts[0]));
      return left == (n.op == Op::kOr) ? Result<bool>(left) : truth(*n.parts[1]);
    }
    if (auto order = n.op >= Op::kEq && n.op <= Op::kGe ? order_of_places(*n.parts[0], *n.parts[1]) : std::nullopt) return holds_of_order(n.op, *order);
    ASSIGN_OR_RETURN(Item left, item(*n.parts[0]));
    if (n.op == Op::kMatches || n.op == Op::kFinds) {
      if (left.is_null()) return false;
      return n.regex->matches(columnar::java_text(left.data.value()));
    }
    ASSIGN_OR_RETURN(Item right, item(*n.parts[1]));
    if (n.op == Op::kIn || n.op == Op::kNotIn) {
      ASSIGN_OR_RETURN(bool in, is_in(n, left, right));
      return in == (n.op == Op::kIn);
    }
    if (n.op == Op::kEq || n.op == Op::kNe) {
      ASSIGN_OR_RETURN(bool equal, equals(n, left, right));
      return equal == (n.op == Op::kEq);
    }
    ASSIGN_OR_RETURN(int order, compared(n, left, right));
    return holds_of_order(n.op, order);
  }

 private:
  Status error(const ConditionNode& n, std::string_view what) const { return Status::data(fmt::format("{} (position {})", what, n.at)); }

  static Item schema_item(const columnar::ConnectSchema* schema) {
    return {Item::Kind::kSchema, {}, schema->schemaless() ? nullptr : schema, nullptr};
  }
  Result<Item> list(const ConditionNode& n) const {
    Value::List items;
    for (const auto& part : n.parts) {
      ASSIGN_OR_RETURN(Item one, item(*part));
      items.push_back(one.data.value());
    }
    return item_of(Value::list(std::move(items)));
  }
  Result<Item> concat(const ConditionNode& n) const {
    std::string out;
    for (const auto& part : n.parts) {
      ASSIGN_OR_RETURN(Item one, item(*part));
      if (one.kind != Item::Kind::kData) return error(n, "Schemas and headers are no texts: take their name or value");
      const Value value = one.data.value();
      out += columnar::java_text(value);
    }
    return item_of(Value(std::move(out)));
  }
  Result<Item> member(const ConditionNode& n) const {
    ASSIGN_OR_RETURN(Item of, item(*n.parts[0]));
    if (of.is_null()) {
      if (n.safe) return Item{};
      return error(n, fmt::format("Cannot get property '{}' on null object", n.name));
    }
    return named(n, of, n.name, true);
  }
  Result<Item> named(const ConditionNode& n, const Item& of, const std::string& name, bool defaults) const {
    if (of.kind == Item::Kind::kHeaders) return header(name);
    if (of.kind == Item::Kind::kHeader) {
      if (name == "value") return item_of(of.header->value);
      if (name == "schema") return Item{Item::Kind::kSchema, {}, of.header->schema.get(), nullptr};
      return error(n, fmt::format("A header has no property '{}': it has value and schema", name));
    }
    if (of.kind == Item::Kind::kSchema) {
      if (name == "name") return item_of(of.schema->name() ? Value::string(*of.schema->name()) : Value());
      return error(n, fmt::format("The property '{}' of a schema is not supported", name));
    }
    if (!of.data.has_members()) return error(n, fmt::format("No such property: {} for class: {}", name, java_class_of(of.data.value())));
    RecordNode found = of.data.member(name, defaults);
    if (found.is_absent() && of.data.is_struct()) return error(n, fmt::format("{} is not a valid field name", name));
    return Item{Item::Kind::kData, std::move(found), nullptr, nullptr};
  }
  // The last header of that name, as a java.util.HashMap filled in order keeps it.
  Item header(const std::string& name) const {
    Item out{Item::Kind::kHeader, {}, nullptr, nullptr};
    if (batch_.headers.empty()) return out;
    for (const columnar::Header& h : batch_.headers[static_cast<size_t>(row_)]) {
      if (h.key == name) out.header = &h;
    }
    return out;
  }
  Result<Item> index(const ConditionNode& n) const {
    ASSIGN_OR_RETURN(Item of, item(*n.parts[0]));
    ASSIGN_OR_RETURN(Item at, item(*n.parts[1]));
    const Value key = at.data.value();
    if (of.is_null()) return error(n, "Cannot take an element of null");
    if (auto* name = key.get_if<std::string>()) return named(n, of, *name, true);
    auto number = long_value(key);
    if (!number || of.kind != Item::Kind::kData || !of.data.is_list()) return error(n, "Only lists have elements by number, and structs, maps and headers by name");
    auto items = of.data.items();
    const int64_t position = *number < 0 ? *number + static_cast<int64_t>(items.size()) : *number;
    if (position < 0 || position >= static_cast<int64_t>(items.size())) return Item{};
    return Item{Item::Kind::kData, items[static_cast<size_t>(position)], nullptr, nullptr};
  }

  Result<Item> call(const ConditionNode& n) const {
    ASSIGN_OR_RETURN(Item of, item(*n.parts[0]));
    if (of.is_null()) {
      if (n.safe) return Item{};
      return error(n, fmt::format("Cannot invoke method {}() on null object", n.name));
    }
    Value argument;
    if (n.parts.size() > 1) {
      ASSIGN_OR_RETURN(Item given, item(*n.parts[1]));
      argument = given.data.value();
    }
    if (n.name.starts_with("get")) return getter(n, of, argument);
    if (n.name == "name") return of.kind == Item::Kind::kSchema ? named(n, of, "name", true) : error(n, "name() is a method of schemas");
    if (of.kind == Item::Kind::kHeaders && n.name == "containsKey") {
      auto* name = argument.get_if<std::string>();
      return item_of(Value(name && header(*name).header != nullptr));
    }
    if (of.kind != Item::Kind::kData) return error(n, fmt::format("The method {}() is not supported here", n.name));
    if (of.data.is_list() || of.data.has_members()) return container_method(n, of.data, argument);
    return text_method(n, of.data.value(), argument);
  }
  Result<Item> getter(const ConditionNode& n, const Item& of, const Value& argument) const {
    auto* name = argument.get_if<std::string>();
    if (!name) return error(n, fmt::format("{}() takes a field's name", n.name));
    const bool plain = n.name == "get" || n.name == "getWithoutDefault";
    if (!plain && !of.data.is_struct()) return error(n, fmt::format("{}() is a method of structs", n.name));
    ASSIGN_OR_RETURN(Item found, named(n, of, *name, n.name == "get"));
    if (plain || !found.data.schema()) return found;
    if (columnar::to_string(found.data.schema()->type()) != ascii_lower(n.name.substr(3))) return error(n, fmt::format("Field '{}' is not of the type that {}() reads", *name, n.name));
    return found;
  }
  Result<Item> container_method(const ConditionNode& n, const RecordNode& of, const Value& argument) const {
    if (n.name == "size") return item_of(Value(static_cast<int32_t>(of.size())));
    if (n.name == "isEmpty") return item_of(Value(of.size() == 0));
    if (n.name == "containsKey" && of.has_members() && !of.is_struct()) {
      auto* name = argument.get_if<std::string>();
      return item_of(Value(name && !of.member(*name).is_absent()));
    }
    if (n.name == "contains" && of.is_list()) {
      for (const RecordNode& one : of.items()) {
        if (one.value() == argument) return item_of(Value(true));
      }
      return item_of(Value(false));
    }
    return error(n, fmt::format("The method {}() is not supported here", n.name));
  }
  Result<Item> text_method(const ConditionNode& n, const Value& of, const Value& argument) const {
    if (n.name == "equals") return item_of(Value(of == argument));
    if (n.name == "toString") return item_of(Value::string(columnar::java_text(of)));
    auto* text = of.get_if<std::string>();
    if (!text) return error(n, fmt::format("No such method: {}() for class: {}", n.name, java_class_of(of)));
    if (n.name == "isEmpty") return item_of(Value(text->empty()));
    if (n.name == "size" || n.name == "length") return item_of(Value(static_cast<int32_t>(utf16_length(*text))));
    if (n.name == "trim") return item_of(Value::string(trimmed(*text)));
    if (n.name == "toLowerCase" || n.name == "toUpperCase") return item_of(Value::string(cased(*text, n.name == "toUpperCase")));
    if (n.regex) {
      ASSIGN_OR_RETURN(bool matches, n.regex->matches(*text));
      return item_of(Value(matches));
    }
    auto* other = argument.get_if<std::string>();
    if (n.name == "equalsIgnoreCase") return item_of(Value(other && cased(*text, false) == cased(*other, false)));
    if (!other) return error(n, fmt::format("{}() takes a text", n.name));
    if (n.name == "startsWith") return item_of(Value(text->starts_with(*other)));
    if (n.name == "endsWith") return item_of(Value(text->ends_with(*other)));
    if (n.name == "contains") return item_of(Value(text->find(*other) != std::string::npos));
    return error(n, fmt::format("No such method: {}() for class: java.lang.String", n.name));
  }
  static size_t utf16_length(std::string_view text) {
    size_t units = 0;
    for (char c : text) units += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? (static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1) : 0;
    return units;
  }
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
  }
  // ASCII only: what lies beyond keeps its case.
  static std::string cased(std::string_view text, bool upper) { return upper ? ascii_upper(text) : ascii_lower(text); }

  bool is_true(const Item& it) const {
    if (it.is_null()) return false;
    if (it.kind != Item::Kind::kData) return true;
    if (it.data.is_list() || (it.data.has_members() && !it.data.is_struct())) return !groovy_ || it.data.size() > 0;
    if (it.data.is_struct()) return true;
    const Value v = it.data.value();
    if (auto* b = v.get_if<bool>()) return *b;
    if (auto* s = v.get_if<std::string>()) return !s->empty();
    return !is_number(v) || compare_numbers(v, Value(int32_t{0})) != 0;
  }
  Result<bool> truth(const ConditionNode& n) const {
    if (is_boolean(n)) return boolean(n);
    ASSIGN_OR_RETURN(Item it, item(n));
    return is_true(it);
  }

  // Collection.contains: by Java's equality, so that a Long is in no list of Integers.
  Result<bool> is_in(const ConditionNode& n, const Item& left, const Item& right) const {
    if (right.kind == Item::Kind::kHeaders) {
      const Value name = left.data.value();
      auto* text = name.get_if<std::string>();
      return text && header(*text).header != nullptr;
    }
    if (right.is_null()) return left.is_null();
    if (!right.data.is_list()) return error(n, "'in' takes a list");
    const Value wanted = left.data.value();
    for (const RecordNode& one : right.data.items()) {
      if (one.value() == wanted) return true;
    }
    return false;
  }
  Result<bool> equals(const ConditionNode& n, const Item& left, const Item& right) const {
    if (auto order = plain_order(left, right)) return *order == 0;
    if (left.is_null() || right.is_null()) return left.is_null() && right.is_null();
    if (left.kind != Item::Kind::kData || right.kind != Item::Kind::kData) return error(n, "Schemas and headers are comparable with null only");
    const Value a = left.data.value(), b = right.data.value();
    if (is_number(a) && is_number(b)) return compare_numbers(a, b) == 0;
    if (!groovy_ && a.storage().index() != b.storage().index()) return error(n, "Values of different types are not compared");
    return a == b;
  }
  // Most comparisons are of two texts or two whole numbers: no Value is made for them.
  static std::optional<int> plain_order(const Item& left, const Item& right) {
    return left.kind == Item::Kind::kData && right.kind == Item::Kind::kData ? plain_order(left.data, right.data) : std::nullopt;
  }
  static std::optional<int> plain_order(const RecordNode& left, const RecordNode& right) {
    if (auto a = left.text()) {
      auto b = right.text();
      return b ? std::optional(a->compare(*b)) : std::nullopt;
    }
    auto a = left.whole_number();
    auto b = a ? right.whole_number() : std::nullopt;
    return b ? std::optional(*a < *b ? -1 : int{*a > *b}) : std::nullopt;
  }
  // And most sides are literals or fields of the record that are there: they are reached without Items. nullopt: not of that kind.
  std::optional<int> order_of_places(const ConditionNode& left, const ConditionNode& right) const {
    const RecordNode a = place(left);
    return a.is_missing() ? std::nullopt : plain_order(a, place(right));
  }
  RecordNode place(const ConditionNode& n) const {
    if (n.op == Op::kMember) return place(*n.parts[0]).member(n.name, true);
    if (n.op == Op::kLiteral) return RecordNode(&n.literal);
    if (n.op == Op::kValue) return {records_.value, row_};
    return n.op == Op::kKey ? RecordNode(records_.key, row_) : RecordNode();
  }
  Result<int> compared(const ConditionNode& n, const Item& left, const Item& right) const {
    if (auto order = plain_order(left, right)) return *order;
    if (left.is_null() || right.is_null()) {
      if (!groovy_) return error(n, "null is not compared");
      return int{right.is_null()} - int{left.is_null()};
    }
    const Value a = left.data.value(), b = right.data.value();
    if (is_number(a) && is_number(b)) return compare_numbers(a, b);
    if (auto *x = a.get_if<std::string>(), *y = b.get_if<std::string>(); x && y) return x->compare(*y);
    if (auto *x = a.get_if<Value::Millis>(), *y = b.get_if<Value::Millis>(); x && y) return x->ms < y->ms ? -1 : x->ms > y->ms;
    return error(n, fmt::format("Cannot compare {} with {}", java_class_of(a), java_class_of(b)));
  }

  const ConditionRecords& records_;
  const Batch& batch_;
  const int64_t row_;
  const bool groovy_;
};

// The names from the record's key or value down to a member; nullptr: it is none.
const RecordColumn* column_path(const ConditionNode& n, const ConditionRecords& records, std::vector<std::string_view>* names) {
  if (n.op == Op::kValue) return &records.value;
  if (n.op == Op::kKey) return &records.key;
  const RecordColumn* start = n.op == Op::kMember ? column_path(*n.parts[0], records, names) : nullptr;
  if (start) names->push_back(n.name);
  return start;
}

std::optional<RowVerdicts> condition_verdicts(const ConditionNode& n, const ConditionRecords& records) {
  if (n.op >= Op::kEq && n.op <= Op::kGe) {
    std::vector<std::string_view> names;
    const RecordColumn* start = n.parts[1]->op == Op::kLiteral ? column_path(*n.parts[0], records, &names) : nullptr;
    return start ? RowVerdicts::compared(*start, names, n.parts[1]->literal, OrderVerdicts::of(n.op)) : std::nullopt;
  }
  if (n.op != Op::kNot && n.op != Op::kAnd && n.op != Op::kOr) return std::nullopt;
  auto out = condition_verdicts(*n.parts[0], records);
  if (!out || n.op == Op::kNot) {
    if (out) out->negate();
    return out;
  }
  auto right = condition_verdicts(*n.parts[1], records);
  if (!right) return std::nullopt;
  if (n.op == Op::kAnd) out->and_then(*right);
  else out->or_else(*right);
  return out;
}

}  // namespace

Result<Condition> Condition::compile(std::string_view text, ConditionLanguage language) {
  ASSIGN_OR_RETURN(ConditionNodePtr root, parse_condition(text, language));
  return Condition(std::move(root), language);
}

Result<bool> Condition::holds(const ConditionRecords& records, int64_t row) const {
  const ConditionWalk walk(records, row, language_);
  if (ConditionWalk::is_boolean(*root_)) return walk.boolean(*root_);
  ASSIGN_OR_RETURN(Item out, walk.item(*root_));
  if (out.is_null()) return Status::data("The condition's result is null").with_java_class(std::string(kNullPointer));
  const Value value = out.kind == Item::Kind::kData ? out.data.value() : Value();
  if (auto* b = value.get_if<bool>()) return *b;
  return Status::data(fmt::format("The condition's result is not a Boolean but {}", java_class_of(value)));
}

std::optional<RowVerdicts> Condition::holds(const ConditionRecords& records) const { return condition_verdicts(*root_, records); }

Result<std::optional<std::string>> Condition::text(const ConditionRecords& records, int64_t row) const {
  ASSIGN_OR_RETURN(Item out, ConditionWalk(records, row, language_).item(*root_));
  if (out.is_null()) return std::optional<std::string>();
  const Value value = out.kind == Item::Kind::kData ? out.data.value() : Value();
  if (auto* text = value.get_if<std::string>()) return std::optional(*text);
  return Status::data(fmt::format("The expression's result is not a String but {}", java_class_of(value)));
}

}  // namespace bywash::transforms
