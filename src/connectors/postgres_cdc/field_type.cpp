// From types to schemas. Values are field_values.cpp's.
#include "connectors/postgres_cdc/field_type.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "columnar/column.h"
#include "connectors/postgres_cdc/server_text.h"

namespace bywash::postgres_cdc {

using columnar::ConnectSchema;
using columnar::SchemaSpec;
using columnar::Type;
using formats::json::ColumnBuilder;

// A type without its domains, with the modifier that counts.
struct FieldType::Root {
  const ServerType* type = nullptr;
  uint32_t oid = 0;
  int32_t modifier = -1;
  bool optional = true;
};

namespace {

// pg_type.oid of the types that are built in.
enum : uint32_t {
  kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kOid = 26, kJson = 114, kXml = 142, kPointType = 600,
  kFloat4 = 700, kFloat8 = 701, kMacaddr8 = 774, kMoneyType = 790, kMacaddr = 829, kInet = 869, kCidr = 650, kBpchar = 1042, kVarchar = 1043, kDateType = 1082,
  kTimeType = 1083, kTimestampType = 1114, kTimestamptz = 1184, kIntervalType = 1186, kTimetz = 1266, kBit = 1560, kVarbit = 1562, kNumeric = 1700, kUuid = 2950,
  kTsvector = 3614, kJsonb = 3802, kInt4range = 3904, kNumrange = 3906, kTsrange = 3908, kTstzrange = 3910, kDaterange = 3912, kInt8range = 3926
};

void named(SchemaSpec* spec, Type type, std::string name) {
  spec->type = type;
  spec->name = std::move(name);
  spec->version = 1;
}

bool is_plain_text(const ServerType& type) {
  switch (type.oid) {
    case kChar: case kName: case kText: case kBpchar: case kVarchar: case kInet: case kCidr: case kMacaddr: case kMacaddr8: case kInt4range: case kNumrange:
    case kTsrange: case kTstzrange: case kDaterange: case kInt8range: return true;
    default: return type.name == "citext" || type.name == "isbn";
  }
}

}  // namespace

Result<std::unique_ptr<FieldType>> FieldType::make(const ChangeConfig& config, Catalog& catalog, const TableColumn& column) {
  ASSIGN_OR_RETURN(const ServerType* type, catalog.type(column.type));
  Root root{type, column.type, column.modifier, column.optional};
  for (int depth = 0; root.type && root.type->kind == 'd' && depth < 32; ++depth) {
    if (root.modifier < 0) root.modifier = root.type->modifier;
    ASSIGN_OR_RETURN(root.type, catalog.type(root.type->base));
  }
  if (!root.type) return std::unique_ptr<FieldType>();
  root.oid = root.type->oid;
  ASSIGN_OR_RETURN(auto out, make_root(config, catalog, root));
  if (out && column.default_expression) out->set_default(*column.default_expression);
  return out;
}

Result<std::unique_ptr<FieldType>> FieldType::make_root(const ChangeConfig& config, Catalog& catalog, const Root& root) {
  std::unique_ptr<FieldType> out(new FieldType);
  out->binaries_ = config.binaries;
  out->decimals_ = config.decimals;
  out->unavailable_ = config.unavailable;
  out->needs_value_ = !root.optional;
  SchemaSpec spec;
  spec.optional = root.optional;
  if (root.type->element) {
    ASSIGN_OR_RETURN(const ServerType* element, catalog.type(root.type->element));
    // Arrays of enums are the ones whose elements Debezium takes for required.
    if (!element || element->kind == 'd') return std::unique_ptr<FieldType>();
    ASSIGN_OR_RETURN(out->element_, make_root(config, catalog, {element, element->oid, root.modifier, element->kind != 'e'}));
    static constexpr uint32_t kNotMapped[] = {kMoneyType, kName, kIntervalType, kVarbit, kXml, kPointType};
    if (!out->element_ || std::find(std::begin(kNotMapped), std::end(kNotMapped), element->oid) != std::end(kNotMapped)) return std::unique_ptr<FieldType>();
    out->element_->needs_value_ = false;
    // PostGIS's types are told apart by colons.
    if (out->element_->kind_ == Kind::kGeometry) out->delimiter_ = ':';
    out->kind_ = Kind::kArray;
    spec.type = Type::kArray;
    spec.value_schema = out->element_->schema_;
    out->schema_ = ConnectSchema::make(std::move(spec));
    return out;
  }
  bool known = true;
  switch (root.oid) {
    case kNumeric: case kMoneyType: out->plan_number(config, root, &spec); break;
    case kDateType: case kTimeType: case kTimestampType: case kTimestamptz: case kTimetz: case kIntervalType: out->plan_time(config, root, &spec); break;
    default: known = out->plan_plain(config, root, &spec) || out->plan_named(config, root, &spec);
  }
  if (!known && !config.unknown_types) return std::unique_ptr<FieldType>();
  if (!known) {
    // The type's text as bytes.
    out->kind_ = Kind::kBytes;
    out->as_text_ = true;
    spec.type = config.binaries == BinaryMode::kBytes ? Type::kBytes : Type::kString;
  }
  out->schema_ = ConnectSchema::make(std::move(spec));
  return out;
}

void FieldType::plan_number(const ChangeConfig& config, const Root& root, SchemaSpec* spec) {
  kind_ = Kind::kDecimal;
  if (config.decimals != DecimalMode::kPrecise) {
    spec->type = config.decimals == DecimalMode::kDouble ? Type::kFloat64 : Type::kString;
    kind_ = config.decimals == DecimalMode::kDouble ? Kind::kDecimalDouble : Kind::kDecimalText;
  }
  bool money = root.oid == kMoneyType, any_scale = !money && root.modifier < 4;
  if (money) {
    kind_ = Kind::kMoney;
    scale_ = config.money_digits;
  } else if (!any_scale) {
    scale_ = (((root.modifier - 4) & 0x7ff) ^ 1024) - 1024;
  }
  if (config.decimals != DecimalMode::kPrecise) return;
  if (any_scale) {
    kind_ = Kind::kVariableDecimal;
    named(spec, Type::kStruct, "io.debezium.data.VariableScaleDecimal");
    spec->doc = "Variable scaled decimal";
    spec->fields = {{"scale", ConnectSchema::of(Type::kInt32)}, {"value", ConnectSchema::of(Type::kBytes)}};
    return;
  }
  named(spec, Type::kBytes, std::string(columnar::kDecimalName));
  spec->parameters["scale"] = std::to_string(scale_);
  if (!money) spec->parameters["connect.decimal.precision"] = std::to_string(((root.modifier - 4) >> 16) & 0xffff);
}

bool FieldType::plan_time(const ChangeConfig& config, const Root& root, SchemaSpec* spec) {
  TimeMode mode = config.times;
  if (root.oid == kIntervalType) {
    kind_ = Kind::kInterval;
    as_text_ = config.interval_as_text;
    named(spec, as_text_ ? Type::kString : Type::kInt64, as_text_ ? "io.debezium.time.Interval" : "io.debezium.time.MicroDuration");
    return true;
  }
  // Without a modifier there are up to six digits.
  int digits = root.modifier < 0 ? 6 : root.modifier;
  if (root.oid == kTimestamptz || root.oid == kTimetz) {
    kind_ = root.oid == kTimestamptz ? Kind::kZonedTimestamp : Kind::kZonedTime;
    scale_ = root.oid == kTimestamptz ? digits : -1;
    named(spec, Type::kString, root.oid == kTimestamptz ? "io.debezium.time.ZonedTimestamp" : "io.debezium.time.ZonedTime");
    return true;
  }
  kind_ = root.oid == kDateType ? Kind::kDate : root.oid == kTimeType ? Kind::kTime : Kind::kTimestamp;
  std::string word = kind_ == Kind::kDate ? "Date" : kind_ == Kind::kTime ? "Time" : "Timestamp";
  if (mode == TimeMode::kIso) {
    iso_ = true;
    named(spec, Type::kString, "io.debezium.time.Iso" + word);
    return true;
  }
  if (mode == TimeMode::kConnect) {
    unit_micros_ = 1000;
    named(spec, kind_ == Kind::kTimestamp ? Type::kInt64 : Type::kInt32, "org.apache.kafka.connect.data." + word);
    return true;
  }
  if (kind_ == Kind::kDate) {
    named(spec, Type::kInt32, "io.debezium.time.Date");
    return true;
  }
  bool coarse = mode == TimeMode::kAdaptive ? digits <= 3 : mode == TimeMode::kAdaptiveTimeMicros && kind_ == Kind::kTimestamp && digits <= 3;
  bool nanos = mode == TimeMode::kNanos;
  unit_micros_ = coarse ? 1000 : nanos ? 0 : 1;
  named(spec, coarse && kind_ == Kind::kTime ? Type::kInt32 : Type::kInt64, std::string("io.debezium.time.") + (coarse ? "" : nanos ? "Nano" : "Micro") + word);
  return true;
}

bool FieldType::plan_plain(const ChangeConfig& config, const Root& root, SchemaSpec* spec) {
  auto set = [&](Kind kind, Type type) {
    kind_ = kind;
    spec->type = type;
    return true;
  };
  if (is_plain_text(*root.type)) return set(Kind::kText, Type::kString);
  switch (root.oid) {
    case kBool: return set(Kind::kBoolean, Type::kBoolean);
    case kInt2: return set(Kind::kInt16, Type::kInt16);
    case kInt4: return set(Kind::kInt32, Type::kInt32);
    case kInt8: case kOid: return set(Kind::kInt64, Type::kInt64);
    case kFloat4: return set(Kind::kFloat, Type::kFloat32);
    case kFloat8: return set(Kind::kDouble, Type::kFloat64);
    case kBytea: return set(Kind::kBytes, config.binaries == BinaryMode::kBytes ? Type::kBytes : Type::kString);
    case kBit: case kVarbit:
      if (root.modifier == 1) return set(Kind::kOneBit, Type::kBoolean);
      kind_ = Kind::kBits;
      named(spec, Type::kBytes, "io.debezium.data.Bits");
      spec->parameters["length"] = std::to_string(root.modifier < 0 ? INT32_MAX : root.modifier);
      return true;
    default: return false;
  }
}

bool FieldType::plan_named(const ChangeConfig& config, const Root& root, SchemaSpec* spec) {
  auto text = [&](const char* name) {
    kind_ = Kind::kText;
    named(spec, Type::kString, name);
    return true;
  };
  if (root.type->kind == 'e') {
    std::string allowed;
    for (const std::string& label : root.type->labels) allowed += (allowed.empty() ? "" : ",") + label;
    spec->parameters["allowed"] = allowed;
    labels_ = root.type->labels;
    return text("io.debezium.data.Enum");
  }
  const std::string& name = root.type->name;
  if (root.oid == kUuid) return text("io.debezium.data.Uuid");
  if (root.oid == kJson || root.oid == kJsonb) return text("io.debezium.data.Json");
  if (root.oid == kXml) return text("io.debezium.data.Xml");
  if (root.oid == kTsvector) return text("io.debezium.data.Tsvector");
  if (name == "ltree") return text("io.debezium.data.Ltree");
  if (root.oid == kPointType) {
    kind_ = Kind::kPoint;
    named(spec, Type::kStruct, "io.debezium.data.geometry.Point");
    spec->doc = "Geometry (POINT)";
    spec->fields = {{"x", ConnectSchema::of(Type::kFloat64)}, {"y", ConnectSchema::of(Type::kFloat64)}, {"wkb", ConnectSchema::of(Type::kBytes, true)},
                    {"srid", ConnectSchema::of(Type::kInt32, true)}};
    return true;
  }
  if (name == "geometry" || name == "geography") {
    kind_ = Kind::kGeometry;
    std::string word = name == "geometry" ? "Geometry" : "Geography";
    named(spec, Type::kStruct, "io.debezium.data.geometry." + word);
    spec->doc = word;
    spec->fields = {{"wkb", ConnectSchema::of(Type::kBytes)}, {"srid", ConnectSchema::of(Type::kInt32, true)}};
    return true;
  }
  if (name == "sparsevec") {
    kind_ = Kind::kSparseVector;
    named(spec, Type::kStruct, "io.debezium.data.SparseDoubleVector");
    spec->doc = "Sparse double vector";
    SchemaSpec vector;
    vector.type = Type::kMap;
    vector.key_schema = ConnectSchema::of(Type::kInt16);
    vector.value_schema = ConnectSchema::of(Type::kFloat64);
    spec->fields = {{"dimensions", ConnectSchema::of(Type::kInt16)}, {"vector", ConnectSchema::make(std::move(vector))}};
    return true;
  }
  if (name == "vector" || name == "halfvec") {
    kind_ = Kind::kVector;
    bool wide = name == "vector";
    named(spec, Type::kArray, wide ? "io.debezium.data.DoubleVector" : "io.debezium.data.FloatVector");
    spec->value_schema = ConnectSchema::of(wide ? Type::kFloat64 : Type::kFloat32);
    return true;
  }
  if (name != "hstore") return false;
  kind_ = Kind::kHstore;
  as_text_ = !config.hstore_as_map;
  if (as_text_) {
    named(spec, Type::kString, "io.debezium.data.Json");
    return true;
  }
  spec->type = Type::kMap;
  spec->key_schema = ConnectSchema::of(Type::kString);
  spec->value_schema = ConnectSchema::of(Type::kString, true);
  return true;
}

void FieldType::apply(const ChangeConfig::ColumnRule& rule) {
  if (schema_->type() != Type::kString) return;
  SchemaSpec spec = schema_->spec();
  if (rule.mask) {
    kind_ = Kind::kMask;
    mask_.assign(static_cast<size_t>(rule.length), '*');
    spec.parameters["masked"] = "true";
  } else {
    cut_ = rule.length;
    spec.parameters["truncateLength"] = std::to_string(rule.length);
  }
  schema_ = ConnectSchema::make(std::move(spec));
}

// A literal of the default's expression ("'abc'::character varying", "(7)::numeric"), or what Debezium has in its place for a function's result.
void FieldType::set_default(const std::string& expression) {
  using K = Kind;
  static constexpr K kWithout[] = {K::kBytes, K::kVariableDecimal, K::kMoney, K::kPoint, K::kGeometry, K::kHstore, K::kVector, K::kSparseVector, K::kArray, K::kZonedTime, K::kMask};
  if (std::find(std::begin(kWithout), std::end(kWithout), kind_) != std::end(kWithout) || expression.starts_with("NULL::")) return;
  std::string text = expression, lower = ascii_lower(expression);
  size_t quote = expression.find('\'');
  bool function = (expression.find('(') != expression.npos && expression.front() != '(' && expression.front() != '\'' && !expression.starts_with("B'")) ||
                  lower.starts_with("current_") || lower.starts_with("local");
  bool is_enum = schema_->name() && *schema_->name() == "io.debezium.data.Enum";
  if (function && is_enum) return;
  if (function) {
    bool times = kind_ == K::kDate || kind_ == K::kTimestamp || kind_ == K::kZonedTimestamp;
    bool words = kind_ == K::kText || kind_ == K::kDecimalText;
    text = times ? (kind_ == K::kDate ? "1970-01-01" : "1970-01-01 00:00:00") : kind_ == K::kTime ? "00:00:00" : kind_ == K::kInterval ? "" : kind_ == K::kBoolean ? "f" : "0";
    if (words) text = kind_ == K::kText ? "" : "0.0";
    if (schema_->name() && *schema_->name() == "io.debezium.data.Json") text = "{}";
    if (schema_->name() && *schema_->name() == "io.debezium.data.Uuid") text = "00000000-0000-0000-0000-000000000000";
  } else if (quote != expression.npos) {
    text.clear();
    for (size_t i = quote + 1; i < expression.size(); ++i) {
      if (expression[i] == '\'' && (i + 1 == expression.size() || expression[i + 1] != '\'')) break;
      if (expression[i] == '\'') ++i;
      text += expression[i];
    }
  } else {
    // "(-1)", "7::smallint"
    text = text.substr(0, text.find("::"));
    while (!text.empty() && text.front() == '(') text.erase(0, 1);
    while (!text.empty() && text.back() == ')') text.pop_back();
  }
  if (kind_ == K::kBoolean) text = ascii_lower(text) == "true" || text == "t" ? "t" : "f";
  ColumnBuilder builder(schema_);
  if (!append(text, &builder).ok()) return;
  auto made = builder.finish();
  if (!made.ok()) return;
  SchemaSpec spec = schema_->spec();
  spec.default_value = std::make_shared<const columnar::Value>(columnar::value_at(*schema_, **made, 0));
  schema_ = ConnectSchema::make(std::move(spec));
}

}  // namespace bywash::postgres_cdc
