// See schema_config.h.
#include "analytics/table/schema_config.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "analytics/table/json_document.h"
#include "analytics/table/time_format.h"

namespace bywash::analytics {
namespace {

constexpr const char* kFieldKeys =
    "description tags fieldId aliases metadata name dataType fieldType singleValueField notNull maxLength maxLengthExceedStrategy "
    "allowTrailingZeros defaultNullValue transformFunction virtualColumnProvider ";

const KeyShape& shape() {
  static const std::string kField = kFieldKeys;
  static const std::string kTime = "name dataType timeType timeUnitSize timeFormat timeunitSize";
  static const KeyShape kShape(fmt::format(
      "schemaName description tags enableColumnBasedNullHandling primaryKeyColumns dimensionFieldSpecs[{0}] metricFieldSpecs[{0}] "
      "dateTimeFieldSpecs[{0} format granularity sampleValue] complexFieldSpecs "
      "timeFieldSpec{{{0} incomingGranularitySpec{{{1}}} outgoingGranularitySpec{{{1}}}}}", kField, kTime));
  return kShape;
}

// Collects the problems and the fields of one document.
struct SchemaReader {
  TableSchema schema;
  std::vector<LongText> long_texts;
  std::vector<std::string> syntax;      // "Invalid schema config json string: ... Reason: ..."
  std::vector<std::string> semantics;   // "Invalid schema: x. Reason: ..."

  void read_list(const Json& document, const char* key, FieldKind kind, Json& stored) {
    auto found = document.find(key);
    if (found == document.end() || found->is_null()) return;
    if (!found->is_array()) {
      syntax.push_back(fmt::format("'{}' must be a list of field specs", key));
      return;
    }
    Json list = Json::array();
    for (const Json& spec : *found) {
      if (!spec.is_object()) {
        syntax.push_back(fmt::format("'{}' must be a list of field specs", key));
        continue;
      }
      Json kept = Json::object();
      read_field(spec, kind, kept);
      list.push_back(std::move(kept));
    }
    if (!list.empty()) stored[key] = std::move(list);
  }

  void read_field(const Json& spec, FieldKind kind, Json& kept) {
    FieldSpec field;
    field.kind = kind;
    field.name = text_at(spec, "name");
    field.single_value = flag_at(spec, "singleValueField", true);
    field.not_null = flag_at(spec, "notNull", false);
    if (field.name.empty()) syntax.push_back("a field spec has no 'name'");
    const std::string type_name = text_at(spec, "dataType");
    if (!read_type(type_name, field)) return;
    kept["name"] = field.name;
    kept["dataType"] = type_name;
    kept["fieldType"] = kind == FieldKind::kDimension ? "DIMENSION" : kind == FieldKind::kMetric ? "METRIC" : "DATE_TIME";
    for (const auto& [key, value] : spec.items()) {
      if (!value.is_null() && !kept.contains(key) && !(key == "singleValueField" && field.single_value)) kept[key] = value;
    }
    check_field(spec, field);
    read_default(spec, field);
    if (schema.find(field.name) >= 0) {
      syntax.push_back("Field spec already exists for column: " + field.name);
      return;
    }
    long_texts.push_back(read_long_text(spec, field));
    schema.fields.push_back(std::move(field));
  }

  bool read_type(const std::string& name, FieldSpec& field) {
    Result<DataType> type = data_type_from(name);
    if (type) {
      field.type = *type;
      return true;
    }
    if (name.empty()) {
      syntax.push_back(fmt::format("the field spec '{}' has no 'dataType'", field.name));
    } else if (name == "STRUCT" || name == "MAP" || name == "LIST" || name == "UNKNOWN") {
      semantics.push_back(fmt::format("the data type {} of column '{}' is not supported yet", name, field.name));
    } else {
      syntax.push_back(fmt::format(
          "Cannot deserialize value of type `org.apache.pinot.spi.data.FieldSpec$DataType` from String \"{}\": not one of the values accepted "
          "for Enum class: [JSON, UNKNOWN, BYTES, INT, STRING, BIG_DECIMAL, STRUCT, TIMESTAMP, FLOAT, LIST, BOOLEAN, DOUBLE, MAP, LONG] "
          "(column '{}')", name, field.name));
    }
    return false;
  }

  void check_field(const Json& spec, FieldSpec& field) {
    if (field.kind == FieldKind::kMetric && (field.type == DataType::kString || field.type == DataType::kJson ||
                                             field.type == DataType::kBoolean || field.type == DataType::kTimestamp)) {
      semantics.push_back(fmt::format("Unsupported data type: {} for METRIC field: {}", to_string(field.type), field.name));
    }
    if (field.kind != FieldKind::kDimension && !field.single_value) {
      semantics.push_back(fmt::format("Column '{}': only dimension fields may have several values", field.name));
    }
    if (!text_at(spec, "transformFunction").empty()) {
      semantics.push_back(fmt::format("Column '{}': 'transformFunction' is not supported yet; compute the column before the topic", field.name));
    }
    if (!text_at(spec, "virtualColumnProvider").empty()) {
      semantics.push_back(fmt::format("Column '{}': 'virtualColumnProvider' names a Java class, which cannot be loaded here", field.name));
    }
    if (field.kind != FieldKind::kDateTime) return;
    field.format = text_at(spec, "format");
    field.granularity = text_at(spec, "granularity");
    if (field.format.empty()) {
      semantics.push_back(fmt::format("Format cannot be null or empty for date time field: {}", field.name));
    } else if (Result<TimeFormat> format = TimeFormat::parse(field.format); !format) {
      semantics.push_back(format.status().message());
    }
  }

  void read_default(const Json& spec, FieldSpec& field) {
    field.default_null = default_null_of(field.kind, field.type);
    auto found = spec.find("defaultNullValue");
    if (found == spec.end() || found->is_null()) return;
    Result<Scalar> parsed = parse_scalar(field.type, text_of(*found));
    if (parsed) {
      field.default_null = *std::move(parsed);
    } else {
      semantics.push_back(fmt::format("Cannot convert the defaultNullValue of column '{}' to type: {}", field.name, to_string(field.type)));
    }
  }

  LongText read_long_text(const Json& spec, FieldSpec& field) {
    field.trailing_zeros = flag_at(spec, "allowTrailingZeros", false);
    if (std::string length = text_at(spec, "maxLength"); !length.empty()) {
      Result<Scalar> parsed = parse_scalar(DataType::kInt, length);
      if (parsed && parsed->integer > 0) {
        field.max_length = static_cast<int32_t>(parsed->integer);
      } else {
        semantics.push_back(fmt::format("Column '{}': maxLength must be a positive number", field.name));
      }
    }
    const std::string strategy = text_at(spec, "maxLengthExceedStrategy");
    if (strategy.empty()) {
      // FieldSpec 1.5.1: JSON and BYTES columns keep what they get, STRING columns are trimmed.
      return field.type == DataType::kString ? LongText::kTrim : LongText::kKeep;
    }
    if (strategy == "TRIM_LENGTH") return LongText::kTrim;
    if (strategy == "ERROR") return LongText::kError;
    if (strategy == "SUBSTITUTE_DEFAULT_VALUE") return LongText::kSubstituteDefault;
    if (strategy != "NO_ACTION") semantics.push_back(fmt::format("Column '{}': unknown maxLengthExceedStrategy", field.name));
    return LongText::kKeep;
  }

  // The deprecated timeFieldSpec becomes a date-time field.
  void read_time_field(const Json& document, Json& stored) {
    auto found = document.find("timeFieldSpec");
    if (found == document.end() || !found->is_object()) return;
    stored["timeFieldSpec"] = *found;
    const Json incoming = found->value("incomingGranularitySpec", Json::object());
    const Json outgoing = found->value("outgoingGranularitySpec", incoming);
    auto format_of = [](const Json& spec) {
      const std::string kind = text_at(spec, "timeFormat", "EPOCH");
      std::string size = text_at(spec, "timeUnitSize", text_at(spec, "timeunitSize", "1"));
      return fmt::format("{}:{}:{}", size, text_at(spec, "timeType"), kind);
    };
    if (format_of(incoming) != format_of(outgoing) || text_at(incoming, "name") != text_at(outgoing, "name")) {
      semantics.push_back("timeFieldSpec: an outgoingGranularitySpec that differs from the incoming one is not supported; use dateTimeFieldSpecs");
      return;
    }
    Json spec = {{"name", text_at(incoming, "name")}, {"dataType", text_at(incoming, "dataType")}, {"format", format_of(incoming)},
                 {"granularity", "1:" + text_at(incoming, "timeType")}};
    if (found->contains("defaultNullValue")) spec["defaultNullValue"] = (*found)["defaultNullValue"];
    Json kept = Json::object();
    read_field(spec, FieldKind::kDateTime, kept);
  }

  void read_keys(const Json& document) {
    auto found = document.find("primaryKeyColumns");
    if (found == document.end() || !found->is_array()) return;
    for (const Json& key : *found) {
      schema.primary_key_columns.push_back(text_of(key));
      if (schema.find(schema.primary_key_columns.back()) < 0) {
        semantics.push_back(fmt::format("The primary key column '{}' is no column of the schema", schema.primary_key_columns.back()));
      }
    }
  }
};

void indent(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<size_t>(depth) * 2, ' ');
}

void print(const Json& value, int depth, std::string& out) {
  if (value.is_object()) {
    if (value.empty()) {
      out += "{ }";
      return;
    }
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.items()) {
      if (!first) out += ',';
      first = false;
      indent(out, depth + 1);
      out += Json(key).dump() + " : ";
      print(member, depth + 1, out);
    }
    indent(out, depth);
    out += '}';
  } else if (value.is_array()) {
    out += "[ ";
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      print(value[i], depth, out);
    }
    out += value.empty() ? "]" : " ]";
  } else {
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace

Status check_name(std::string_view what, std::string_view name) {
  if (name.empty()) return Status::invalid(fmt::format("The {} must not be empty", what));
  if (name.size() > 200) return Status::invalid(fmt::format("The {} is longer than 200 bytes", what));
  for (char c : name) {
    if (c == '/' || c == '\\' || c == ' ' || static_cast<unsigned char>(c) < 0x20) {
      return Status::invalid(fmt::format("The {} '{}' must not contain spaces, slashes or control characters", what, name));
    }
  }
  if (name.front() == '.') return Status::invalid(fmt::format("The {} '{}' must not begin with a dot", what, name));
  return {};
}

Result<SchemaConfig> parse_schema_config(std::string_view text) {
  auto unreadable = [&](const std::string& why) {
    return Status::invalid(fmt::format("Invalid schema config json string: {}. Reason: {}", text, why));
  };
  Result<Json> parsed = parse_json(text);
  if (!parsed) return unreadable(parsed.status().message());
  Json document = *std::move(parsed);
  if (!document.is_object()) return unreadable("a schema is a JSON object");
  SchemaConfig out;
  out.unrecognized = shape().take_unrecognized(document).dump();

  SchemaReader reader;
  Json stored = Json::object();
  reader.schema.name = text_at(document, "schemaName");
  stored["schemaName"] = reader.schema.name;
  if (document.contains("description")) stored["description"] = document["description"];
  reader.schema.column_based_null_handling = flag_at(document, "enableColumnBasedNullHandling", false);
  stored["enableColumnBasedNullHandling"] = reader.schema.column_based_null_handling;
  if (document.contains("primaryKeyColumns") && document["primaryKeyColumns"].is_array()) stored["primaryKeyColumns"] = document["primaryKeyColumns"];
  reader.read_list(document, "dimensionFieldSpecs", FieldKind::kDimension, stored);
  reader.read_list(document, "metricFieldSpecs", FieldKind::kMetric, stored);
  reader.read_list(document, "dateTimeFieldSpecs", FieldKind::kDateTime, stored);
  reader.read_time_field(document, stored);
  reader.read_keys(document);
  if (auto complex = document.find("complexFieldSpecs"); complex != document.end() && complex->is_array() && !complex->empty()) {
    reader.semantics.push_back("complexFieldSpecs (MAP, STRUCT, LIST) are not supported yet");
  }
  if (Status name = check_name("schemaName", reader.schema.name); !name.ok()) reader.semantics.push_back(name.message());
  if (reader.syntax.empty() && reader.semantics.empty() && reader.schema.fields.empty()) reader.semantics.push_back("the schema has no columns");
  if (!reader.syntax.empty()) {
    reader.syntax.insert(reader.syntax.end(), reader.semantics.begin(), reader.semantics.end());
    return unreadable(fmt::format("{}", fmt::join(reader.syntax, "\n")));
  }
  if (!reader.semantics.empty()) {
    return Status::invalid(fmt::format("Invalid schema: {}. Reason: {}", reader.schema.name, fmt::join(reader.semantics, "\n")));
  }
  out.schema = std::make_shared<const TableSchema>(std::move(reader.schema));
  out.long_texts = std::move(reader.long_texts);
  out.stored = stored.dump();
  return out;
}

Status check_schema_evolution(const TableSchema& before, const TableSchema& after) {
  std::vector<std::string> problems;
  for (const FieldSpec& field : before.fields) {
    const int now = after.find(field.name);
    if (now < 0) {
      problems.push_back(fmt::format("column '{}' is missing", field.name));
    } else if (const FieldSpec& other = after.fields[static_cast<size_t>(now)];
               other.type != field.type || other.single_value != field.single_value || other.kind != field.kind) {
      problems.push_back(fmt::format("column '{}' has another type", field.name));
    }
  }
  if (problems.empty()) return {};
  return Status::invalid(fmt::format("Backward incompatible schema {}. Only allow adding new columns: {}", after.name, fmt::join(problems, ", ")));
}

std::string pretty_json(std::string_view compact) {
  Result<Json> document = parse_json(compact);
  if (!document) return std::string(compact);
  std::string out;
  print(*document, 0, out);
  return out;
}

}  // namespace bywash::analytics
