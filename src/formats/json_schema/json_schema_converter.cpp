// JsonSchemaConverter: the declaration, and both directions over a builder per schema and a text per Connect schema. Decode step of the
// sink line, encode step of the source line, the task's thread. Level 4.
#include <arrow/array.h>

#include <algorithm>
#include <map>

#include "config/typed_config.h"
#include "formats/json/column_reader.h"
#include "formats/json/connect_value.h"
#include "formats/json_schema/indented_text.h"
#include "formats/json_schema/json_schema_converter.h"
#include "formats/json_schema/row_writer.h"
#include "formats/json_schema/schema_mapping.h"
#include "formats/json_schema/schema_validator.h"
#include "formats/json_schema/value_mapping.h"
#include "formats/schema_registry/converter_schemas.h"
#include "formats/schema_registry/registry_converter.h"

namespace bywash::formats {
namespace {

using json_schema::JsonSchema;
using json_schema::JsonSchemaOptions;
using json_schema::NamedDocument;
using json_schema::SchemaValidator;
using schema_registry::ConverterSchemas;
using schema_registry::ResolvedSchema;
using schema_registry::SchemaText;

constexpr size_t kFrameBytes = 5;
constexpr size_t kRecentMax = 8;
constexpr char kJavaObjectsOnly[] = " Concerns schemas and values derived from Java objects only: without effect on a converter, as in the original.";

struct JsonSchemaConfig {
  bool generalized_sum_types = false, ignore_default = false, additional_properties = true, optional_for_nonrequired = false;
  bool ignore_modern_dialects = false, flatten_singletons = true, fail_invalid = false, indent = false;
  bool fail_unknown = true, dates_iso = false, oneof_for_nullables = true;
  int32_t schemas_max = 1000;
  std::string decimal_format, spec_version;
  config::List scan_packages;
  std::optional<std::string> property_inclusion;

  JsonSchemaOptions options() const {
    JsonSchemaOptions out;
    out.generalized_sum_types = generalized_sum_types;
    out.ignore_default_for_nullables = ignore_default;
    out.additional_properties = additional_properties;
    out.optional_for_nonrequired = optional_for_nonrequired;
    out.flatten_singleton_unions = flatten_singletons;
    out.numeric_decimals = decimal_format.size() == 7;  // "NUMERIC" in any case
    return out;
  }
};

config::TypedConfig<JsonSchemaConfig> json_schema_definition() {
  using C = JsonSchemaConfig;
  config::TypedConfig<C> def;
  def.key("generalized.sum.type.support", &C::generalized_sum_types).by_default("false")
      .doc("Whether enums and unions are named as Avro and Protobuf name them with this key, so that one can be written as the other.");
  def.key("ignore.default.for.nullables", &C::ignore_default).by_default("false").doc("Whether a null is written as null even where its schema has a default.");
  def.key("schemas.cache.config", &C::schemas_max).by_default("1000").low().doc("How many converted schemas are remembered.");
  def.key("object.additional.properties", &C::additional_properties).by_default("true")
      .doc("Whether registered objects allow further properties; false writes \"additionalProperties\": false.");
  def.key("use.optional.for.nonrequired", &C::optional_for_nonrequired).by_default("false").doc("Whether properties that are not among `required` are optional.");
  def.key("ignore.modern.dialects", &C::ignore_modern_dialects).by_default("false").low()
      .doc("Whether schemas of drafts after 7 are read as draft 7. Here all drafts are read alike: the keywords that make types are the same.");
  def.key("decimal.format", &C::decimal_format).by_default("BASE64").low().one_of({"BASE64", "NUMERIC"}, true)
      .doc("How a Decimal is written: BASE64 (its unscaled bytes) or NUMERIC (a JSON number). Both are read.");
  def.key("flatten.singleton.unions", &C::flatten_singletons).by_default("true").low().doc("Whether a oneOf, anyOf or allOf of one schema is that schema.");
  def.key("json.fail.invalid.schema", &C::fail_invalid).by_default("false").doc("Whether a message that does not match its schema is an error.");
  def.key("json.indent.output", &C::indent).by_default("false").low().doc("Whether messages are written over several lines.");
  def.key("json.fail.unknown.properties", &C::fail_unknown).by_default("true").low().doc(std::string("Whether unknown properties are errors.") + kJavaObjectsOnly);
  def.key("json.write.dates.iso8601", &C::dates_iso).by_default("false").low().doc(std::string("Whether dates are ISO 8601 text.") + kJavaObjectsOnly);
  def.key("json.schema.spec.version", &C::spec_version).by_default("draft_7")
      .one_of({"draft_4", "draft_6", "draft_7", "draft_2019_09", "draft_2020_12"}, true).doc(std::string("The draft of schemas.") + kJavaObjectsOnly);
  def.key("json.schema.scan.packages", &C::scan_packages).by_default("").low().doc(std::string("Packages with annotations.") + kJavaObjectsOnly);
  def.key("json.oneof.for.nullables", &C::oneof_for_nullables).by_default("true").low().doc(std::string("Whether nullable fields are a oneOf.") + kJavaObjectsOnly);
  def.key("json.default.property.inclusion", &C::property_inclusion).low().doc(std::string("Which properties are written.") + kJavaObjectsOnly);
  return def;
}

config::ConfigDef json_schema_def() {
  config::ConfigDef def = json_schema_definition().def();
  def.embed("", schema_registry::registry_keys());
  return def;
}

std::vector<NamedDocument> named_documents(const std::vector<schema_registry::NamedSchema>& references) {
  std::vector<NamedDocument> out;
  for (const auto& r : references) out.push_back({r.name, r.schema.text});
  return out;
}

schema_registry::SchemaLanguage json_schema_language() {
  schema_registry::SchemaLanguage out;
  out.kind = schema_registry::SchemaKind::kJson;
  out.record_name = [](const SchemaText& schema, const auto&) -> Result<std::optional<std::string>> {
    ASSIGN_OR_RETURN(auto document, json::parse_document(schema.text));
    const json::Node* title = document.find("title");
    if (!title || !title->is(json::Node::Kind::kString)) return std::optional<std::string>();
    return std::optional<std::string>(title->text);
  };
  out.can_read = [](const SchemaText& reader, const auto& references, const SchemaText& writer) -> Status {
    ASSIGN_OR_RETURN(auto parsed_reader, JsonSchema::parse(reader.text, named_documents(references)));
    ASSIGN_OR_RETURN(auto parsed_writer, JsonSchema::parse(writer.text, {}));
    return json_schema::check_readable(parsed_reader->root(), parsed_writer->root());
  };
  return out;
}

// A fault of a record; what no record is to blame for comes back as it was.
Status conversion_error(const Status& status, const char* direction, const std::string& topic) {
  if (status.code() != Code::kData && status.code() != Code::kNotFound && status.code() != Code::kConflict && status.code() != Code::kInvalid) return status;
  return json::data_exception(fmt::format("Converting {} failed due to serialization error of topic {}: {}", direction, topic, status.message()));
}
Status read_error(const Status& status, const std::string& topic) { return conversion_error(status, "byte[] to Kafka Connect data", topic); }
Status write_error(const Status& status, const std::string& topic) { return conversion_error(status, "Kafka Connect data to byte[]", topic); }

// Nothing in it needs the slow way: no alternatives, no maps as lists of entries.
bool is_plain(const columnar::ConnectSchema& schema) {
  if (schema.type() == columnar::Type::kMap) return json_schema::is_object_map(schema) && is_plain(*schema.value_schema());
  if (schema.type() == columnar::Type::kArray) return is_plain(*schema.value_schema());
  if (json_schema::is_alternatives(schema)) return false;
  return std::all_of(schema.fields().begin(), schema.fields().end(), [](const columnar::Field& f) { return is_plain(*f.schema); });
}

class JsonSchemaConverter final : public plugin::Converter {
 public:
  JsonSchemaConverter(const JsonSchemaConfig& config, std::unique_ptr<ConverterSchemas> schemas)
      : options_(config.options()),
        validates_(config.fail_invalid),
        indents_(config.indent),
        schemas_max_(static_cast<size_t>(std::max(1, config.schemas_max))),
        schemas_(std::move(schemas)),
        reader_(true, true),
        writer_(options_) {}

  Result<plugin::Decoded> decode(const std::string& topic, std::span<const std::optional<std::string_view>> payloads) override {
    plugin::Decoded out;
    std::vector<uint32_t> nulls;
    if (targets_.size() > schemas_max_) reset();
    if (topic != topic_) forget_recent();
    topic_ = topic;
    for (size_t i = 0; i < payloads.size(); ++i) {
      auto row = static_cast<uint32_t>(i);
      if (!payloads[i]) {
        nulls.push_back(row);
        continue;
      }
      Status read = append(row, *payloads[i], payloads.size());
      if (read.ok()) continue;
      if (read.code() != Code::kData) {
        reset();
        return read;
      }
      out.errors.push_back({row, std::move(read)});
    }
    RETURN_IF_ERROR(finish(payloads.size(), &out));
    if (!nulls.empty()) out.groups.push_back(null_group(std::move(nulls), payloads.size()));
    return out;
  }

  Status encode(const std::string& topic, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>* errors) override {
    int64_t rows = column.row_count();
    out->assign(static_cast<size_t>(rows), std::nullopt);
    Writer* writer = nullptr;
    Status ready;
    for (int64_t row = 0; row < rows; ++row) {
      if (column.schema->schemaless() && column.is_null(row)) continue;
      if (!writer && ready.ok()) {
        auto made = writer_of(topic, column.schema);
        if (made.ok()) writer = *made;
        else ready = made.status();
        if (!ready.ok() && ready.code() != Code::kData) return ready;
      }
      std::string bytes;
      bool written = false;
      Status status = writer ? write_row(*writer, topic, column, row, &bytes, &written) : ready;
      if (!status.ok()) errors->push_back({static_cast<uint32_t>(row), std::move(status)});
      else if (written) (*out)[static_cast<size_t>(row)] = std::move(bytes);
    }
    return {};
  }

 private:
  struct Target {
    std::string prefix;
    columnar::SchemaPtr schema;
    bool plain = false;
    std::unique_ptr<json::ColumnBuilder> builder;
    std::unique_ptr<SchemaValidator> validator;
    std::vector<uint32_t> rows;
  };
  struct Writer {
    std::string prefix;
    std::unique_ptr<SchemaValidator> validator;
  };

  Status append(uint32_t row, std::string_view payload, size_t row_count) {
    if ((!last_ || !payload.starts_with(last_->prefix)) && !find_recent(payload)) RETURN_IF_ERROR(find_target(payload));
    Target& target = *last_;
    std::string_view text = payload.substr(kFrameBytes);
    if (target.rows.empty()) target.builder->reserve(static_cast<int64_t>(row_count));
    if (target.validator) {
      if (Status valid = target.validator->check(text); !valid.ok()) return read_error(valid, topic_);
    }
    int64_t length = target.builder->length();
    if (target.plain) {
      const char* p = text.data();
      const char* end = p + text.size();
      bool read = reader_.read(*target.builder, p, end, 0);
      json::skip_space(p, end);
      if (read && p == end) {
        target.rows.push_back(row);
        return {};
      }
      target.builder->truncate(length);
    }
    Status status = append_carefully(target, text);
    if (status.ok()) target.rows.push_back(row);
    else target.builder->truncate(length);
    return status;
  }

  Status append_carefully(Target& target, std::string_view text) {
    auto document = json::parse_document(json::to_utf8(text, &utf8_));
    if (!document.ok()) return read_error(document.status(), topic_);
    ASSIGN_OR_RETURN(columnar::Value value, json_schema::to_connect_value(target.schema, &*document));
    return target.builder->append(value);
  }

  // Records of several schemas mostly take turns among a few.
  bool find_recent(std::string_view payload) {
    for (Target* target : recent_) {
      if (!payload.starts_with(target->prefix)) continue;
      last_ = target;
      return true;
    }
    return false;
  }

  Status find_target(std::string_view payload) {
    std::string_view rest = payload;
    auto id = schema_registry::take_frame(&rest);
    if (!id.ok()) return read_error(id.status(), topic_);
    auto resolved = schemas_->to_read(topic_, *id);
    if (!resolved.ok()) return read_error(resolved.status(), topic_);
    auto found = targets_.find(*resolved);
    if (found == targets_.end()) {
      auto made = make_target(**resolved);
      if (!made.ok()) return made.status();
      (*made)->prefix = std::string(payload.substr(0, kFrameBytes));
      found = targets_.emplace(*resolved, *std::move(made)).first;
    }
    last_ = found->second.get();
    remember(last_);
    return {};
  }

  Result<std::unique_ptr<Target>> make_target(const ResolvedSchema& resolved) {
    auto target = std::make_unique<Target>();
    auto documents = named_documents(resolved.references);
    ASSIGN_OR_RETURN(auto schema, JsonSchema::parse(resolved.registered.schema.text, documents));
    auto version = resolved.registered.version > 0 ? std::optional<int32_t>(resolved.registered.version) : std::nullopt;
    ASSIGN_OR_RETURN(target->schema, json_schema::to_connect_schema(*schema, options_, version));
    target->plain = is_plain(*target->schema);
    target->builder = std::make_unique<json::ColumnBuilder>(target->schema);
    if (validates_) {
      ASSIGN_OR_RETURN(target->validator, SchemaValidator::make(resolved.registered.schema.text, documents));
    }
    return target;
  }

  Status finish(size_t row_count, plugin::Decoded* out) {
    for (auto& [resolved, target] : targets_) {
      if (target->rows.empty()) continue;
      plugin::DecodedGroup group;
      if (target->rows.size() != row_count) group.rows = target->rows;
      auto data = target->builder->finish();
      if (!data.ok()) {
        reset();
        return data.status();
      }
      target->rows.clear();
      group.column = {target->schema, *std::move(data)};
      out->groups.push_back(std::move(group));
    }
    return {};
  }

  void reset() {
    targets_.clear();
    forget_recent();
  }
  void forget_recent() {
    last_ = nullptr;
    recent_.clear();
  }
  void remember(Target* target) {
    if (recent_.size() >= kRecentMax) recent_.erase(recent_.begin());
    recent_.push_back(target);
  }

  static plugin::DecodedGroup null_group(std::vector<uint32_t> rows, size_t row_count) {
    static const columnar::SchemaPtr kNull = columnar::ConnectSchema::schemaless(columnar::Type::kNull);
    plugin::DecodedGroup group;
    group.column = {kNull, std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size()))};
    if (rows.size() != row_count) group.rows = std::move(rows);
    return group;
  }

  Status write_row(Writer& writer, const std::string& topic, const columnar::Column& column, int64_t row, std::string* out, bool* written) {
    *out = writer.prefix;
    std::string text;
    RETURN_IF_ERROR(writer_.write(column, row, &text, written));
    if (!*written) return {};
    if (writer.validator) {
      if (Status valid = writer.validator->check(text); !valid.ok()) return write_error(valid, topic);
    }
    *out += indents_ ? json_schema::indented(text) : text;
    return {};
  }

  Result<Writer*> writer_of(const std::string& topic, const columnar::SchemaPtr& schema) {
    if (schema->schemaless()) {
      return Status::data("JsonSchemaConverter cannot write a record without schema: give it one, or use JsonConverter with schemas.enable=false")
          .with_java_class("java.lang.NullPointerException");
    }
    auto known = std::find_if(texts_.begin(), texts_.end(), [&](const auto& t) { return t.first == schema || t.first->equals(*schema); });
    if (known == texts_.end()) {
      ASSIGN_OR_RETURN(std::string text, json_schema::from_connect_schema(*schema, options_));
      if (texts_.size() > schemas_max_) texts_.clear();
      known = texts_.insert(texts_.end(), {schema, std::move(text)});
    }
    auto resolved = schemas_->to_write(topic, {schema_registry::SchemaKind::kJson, known->second, {}});
    if (!resolved.ok()) return write_error(resolved.status(), topic);
    auto& writer = writers_[*resolved];
    if (writer.prefix.empty()) {
      if (validates_) {
        const std::string& registered = (*resolved)->registered.schema.text;
        ASSIGN_OR_RETURN(writer.validator, SchemaValidator::make(registered.empty() ? known->second : registered, named_documents((*resolved)->references)));
      }
      schema_registry::append_frame((*resolved)->registered.id, &writer.prefix);
    }
    return &writer;
  }

  JsonSchemaOptions options_;
  bool validates_, indents_;
  size_t schemas_max_;
  std::unique_ptr<ConverterSchemas> schemas_;
  json::ColumnReader reader_;
  json_schema::RowWriter writer_;
  std::map<const ResolvedSchema*, std::unique_ptr<Target>> targets_;
  Target* last_ = nullptr;
  std::vector<Target*> recent_;  // of this topic
  std::string topic_;
  std::string utf8_;
  std::vector<std::pair<columnar::SchemaPtr, std::string>> texts_;
  std::map<const ResolvedSchema*, Writer> writers_;
};

}  // namespace

plugin::ConverterPlugin json_schema_converter() {
  schema_registry::RegistryConverterInfo info;
  info.name = "json_schema";
  info.class_name = "io.confluent.connect.json.JsonSchemaConverter";
  info.version = "7.7.9";
  info.summary = "JSON messages with their JSON Schema in a Schema Registry.";
  info.description =
      "A message starts with a zero byte and the schema's id; the rest is JSON. `connect.type`, `connect.index`, `connect.version` and\n"
      "`connect.parameters` in a schema say what JSON Schema cannot: the width of numbers, bytes, maps, the order of fields. A oneOf with null is\n"
      "an optional schema, any other a struct with one field for each alternative. Values are coerced to the schema's types, not checked, unless\n"
      "`json.fail.invalid.schema=true`. A property that is not there is null, also where its schema is required.";
  auto parse = [](const plugin::Properties& properties) { return json_schema_definition().parse(properties); };
  return schema_registry::registry_converter<JsonSchemaConverter>(std::move(info), json_schema_def(), parse, json_schema_language);
}

}  // namespace bywash::formats
