// ProtobufConverter: the declaration, and both directions over a decoder per schema and message type and an encoder per Connect schema.
// Decode step of the sink line, encode step of the source line, the task's thread. Level 4.
#include <arrow/array.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>

#include "config/typed_config.h"
#include "formats/json/connect_value.h"
#include "formats/protobuf/message_decoder.h"
#include "formats/protobuf/message_encoder.h"
#include "formats/protobuf/proto_compatibility.h"
#include "formats/protobuf/protobuf_converter.h"
#include "formats/protobuf/wire.h"
#include "formats/schema_registry/converter_schemas.h"
#include "formats/schema_registry/registry_converter.h"

namespace bywash::formats {
namespace {

using protobuf::MessageDecoder;
using protobuf::MessageEncoder;
using protobuf::ProtoOptions;
using protobuf::ProtoSchema;
using schema_registry::ConverterSchemas;
using schema_registry::ResolvedSchema;
using schema_registry::SchemaText;

constexpr std::string_view kLanguage = "Protobuf";
constexpr char kDataException[] = "org.apache.kafka.connect.errors.DataException";
constexpr uint64_t kIndexesMax = 100;
constexpr size_t kRecentMax = 8;

struct ProtobufConfig {
  bool generalized_sum_types = false, ignore_default = false, enhanced_names = false, scrub_names = false, int_for_enums = false;
  bool optional_for_nullables = false, optional_for_proto2 = true, wrapper_for_nullables = false, wrapper_for_raw = true;
  bool struct_for_nulls = false, index_for_unions = true, flatten_unions = false, skip_known_types = true, reference_lookup_only = false;
  int32_t schemas_max = 1000;

  ProtoOptions proto_options() const {
    ProtoOptions out;
    out.generalized_sum_types = generalized_sum_types;
    out.ignore_default_for_nullables = ignore_default;
    out.enhanced_names = enhanced_names;
    out.scrub_invalid_names = scrub_names;
    out.int_for_enums = int_for_enums;
    out.optional_for_nullables = optional_for_nullables;
    out.optional_for_proto2 = optional_for_proto2;
    out.wrapper_for_nullables = wrapper_for_nullables;
    out.wrapper_for_raw_primitives = wrapper_for_raw;
    out.generate_struct_for_nulls = struct_for_nulls;
    out.generate_index_for_unions = index_for_unions;
    out.flatten_unions = flatten_unions;
    return out;
  }
};

config::TypedConfig<ProtobufConfig> protobuf_definition() {
  using C = ProtobufConfig;
  config::TypedConfig<C> def;
  def.key("generalized.sum.type.support", &C::generalized_sum_types).by_default("false")
      .doc("Whether enums and unions (oneofs) are named as Avro and JSON Schema name them with this key, so that one can be written as the other.");
  def.key("ignore.default.for.nullables", &C::ignore_default).by_default("false")
      .doc("Whether a null is left out even where its schema has a default, which is written otherwise.");
  def.key("schemas.cache.config", &C::schemas_max).by_default("1000").low().doc("How many converted schemas are remembered.");
  def.key("enhanced.protobuf.schema.support", &C::enhanced_names).by_default("false").doc("Whether schema names keep their package.");
  def.key("scrub.invalid.names", &C::scrub_names).by_default("false").doc("Whether characters that Protobuf does not take in names become underscores.");
  def.key("int.for.enums", &C::int_for_enums).by_default("false").doc("Whether enums are int32 instead of string.");
  def.key("optional.for.nullables", &C::optional_for_nullables).by_default("false")
      .doc("Whether fields that may be null carry the word optional, and only such fields are optional when read.");
  def.key("optional.for.proto2", &C::optional_for_proto2).by_default("true").doc("Whether an optional field of proto2 that is not there is null; otherwise it has its default.");
  def.key("wrapper.for.nullables", &C::wrapper_for_nullables).by_default("false").doc("Whether nullable values are google.protobuf.*Value messages, and those are read as their values.");
  def.key("wrapper.for.raw.primitives", &C::wrapper_for_raw).by_default("true").doc("Whether a google.protobuf.*Value as the whole message is read as its value.");
  def.key("generate.struct.for.nulls", &C::struct_for_nulls).by_default("false").doc("Whether a message that is not there is read as one with its defaults instead of null.");
  def.key("generate.index.for.unions", &C::index_for_unions).by_default("true").low().doc("Whether the field of a oneof is called <oneof>_<index> instead of <oneof>.");
  def.key("flatten.unions", &C::flatten_unions).by_default("false").low().doc("Whether the members of a oneof are fields of their own instead of a struct.");
  def.key("skip.known.types", &C::skip_known_types).by_default("true").low()
      .doc("Whether google/protobuf, google/type and confluent files are left out of a schema's references. false is not supported.");
  def.key("reference.lookup.only", &C::reference_lookup_only).by_default("false")
      .doc("Whether references are only looked up. The schemas that this converter registers have none, so it changes nothing.");
  def.check("skip.known.types", [](const C& c) -> std::optional<std::string> {
    if (c.skip_known_types) return std::nullopt;
    return "Registering well-known files as references is not supported. Leave it true";
  });
  return def;
}

config::ConfigDef protobuf_def() {
  config::ConfigDef def = protobuf_definition().def();
  def.embed("", schema_registry::registry_keys());
  return def;
}

std::vector<protobuf::ProtoText> proto_imports(const std::vector<schema_registry::NamedSchema>& references) {
  std::vector<protobuf::ProtoText> out;
  for (const auto& r : references) out.push_back({r.name, r.schema.text});
  return out;
}

schema_registry::SchemaLanguage protobuf_language() {
  schema_registry::SchemaLanguage out;
  out.kind = schema_registry::SchemaKind::kProtobuf;
  out.record_name = [](const SchemaText& schema, const auto& references) -> Result<std::optional<std::string>> {
    ASSIGN_OR_RETURN(auto parsed, ProtoSchema::parse(schema.text, proto_imports(references)));
    if (parsed->file().message_type_count() == 0) return std::optional<std::string>();
    return std::optional<std::string>(parsed->file().message_type(0)->full_name());
  };
  out.can_read = [](const SchemaText& reader, const auto& references, const SchemaText& writer) -> Status {
    ASSIGN_OR_RETURN(auto parsed_reader, ProtoSchema::parse(reader.text, proto_imports(references)));
    ASSIGN_OR_RETURN(auto parsed_writer, ProtoSchema::parse(writer.text, {}));
    return protobuf::check_readable(*parsed_reader, *parsed_writer);
  };
  return out;
}

// The places that stand before a message: a count and as many numbers, zigzag; a single 0 is the first message.
bool take_indexes(std::string_view* payload, std::vector<int32_t>* out) {
  const char* p = payload->data();
  const char* end = p + payload->size();
  uint64_t count = 0, v = 0;
  out->clear();
  if (!protobuf::read_varint(p, end, &count)) return false;
  int64_t n = protobuf::zigzag(count);
  if (n < 0 || n > static_cast<int64_t>(kIndexesMax)) return false;
  for (int64_t i = 0; i < n; ++i) {
    if (!protobuf::read_varint(p, end, &v)) return false;
    out->push_back(static_cast<int32_t>(protobuf::zigzag(v)));
  }
  if (out->empty()) out->push_back(0);
  payload->remove_prefix(static_cast<size_t>(p - payload->data()));
  return true;
}

void append_indexes(const std::vector<int32_t>& indexes, std::string* out) {
  if (indexes.size() == 1 && indexes[0] == 0) {
    out->push_back(0);
    return;
  }
  auto put = [&](int64_t v) { protobuf::put_varint(static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63), out); };
  put(static_cast<int64_t>(indexes.size()));
  for (int32_t index : indexes) put(index);
}

class ProtobufConverter final : public plugin::Converter {
 public:
  ProtobufConverter(const ProtobufConfig& config, std::unique_ptr<ConverterSchemas> schemas)
      : options_(config.proto_options()), targets_max_(static_cast<size_t>(std::max(1, config.schemas_max))), schemas_(std::move(schemas)) {}

  Result<plugin::Decoded> decode(const std::string& topic, std::span<const std::optional<std::string_view>> payloads) override {
    plugin::Decoded out;
    std::vector<uint32_t> nulls;
    forget_surplus();
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
      if (column.is_null(row)) continue;
      if (!writer && ready.ok()) {
        auto made = writer_of(topic, column.schema);
        if (made.ok()) writer = *made;
        else ready = made.status();
        if (!ready.ok() && ready.code() != Code::kData) return ready;
      }
      std::string bytes;
      if (writer) bytes = writer->prefix;
      Status written = writer ? writer->encoder->encode(column, row, &bytes) : ready;
      if (written.ok()) (*out)[static_cast<size_t>(row)] = std::move(bytes);
      else errors->push_back({static_cast<uint32_t>(row), std::move(written)});
    }
    return {};
  }

 private:
  // Messages of one schema and type. `prefix`: the bytes before such a message.
  struct Target {
    std::string prefix;
    std::unique_ptr<MessageDecoder> decoder;
    std::vector<uint32_t> rows;
  };
  struct Writer {
    MessageEncoder* encoder = nullptr;
    std::string prefix;
  };

  Status append(uint32_t row, std::string_view payload, size_t row_count) {
    if ((!last_ || !payload.starts_with(last_->prefix)) && !find_recent(payload)) RETURN_IF_ERROR(find_target(payload));
    if (last_->rows.empty()) last_->decoder->reserve(static_cast<int64_t>(row_count));
    Status read = last_->decoder->append(payload.substr(last_->prefix.size()));
    if (read.ok()) {
      last_->rows.push_back(row);
      return read;
    }
    return read.java_class() == kDataException ? ConverterSchemas::reading_error(read, topic_, kLanguage) : read;
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
    if (!id.ok()) return ConverterSchemas::reading_error(json::data_exception(id.status().message()), topic_, kLanguage);
    std::vector<int32_t> indexes;
    if (!take_indexes(&rest, &indexes)) {
      return ConverterSchemas::reading_error(json::data_exception("The message indexes behind the schema id are corrupt"), topic_, kLanguage);
    }
    auto resolved = schemas_->to_read(topic_, *id);
    if (!resolved.ok()) return ConverterSchemas::reading_error(resolved.status(), topic_, kLanguage);
    auto made = target_of(**resolved, indexes, payload.substr(0, payload.size() - rest.size()));
    if (!made.ok()) return ConverterSchemas::reading_error(made.status(), topic_, kLanguage);
    last_ = *made;
    remember(last_);
    return {};
  }

  Result<Target*> target_of(const ResolvedSchema& resolved, const std::vector<int32_t>& indexes, std::string_view prefix) {
    std::pair key(&resolved, std::string(prefix));
    if (auto found = targets_.find(key); found != targets_.end()) return found->second.get();
    ASSIGN_OR_RETURN(auto schema, ProtoSchema::parse(resolved.registered.schema.text, proto_imports(resolved.references)));
    ASSIGN_OR_RETURN(const auto* message, schema->message(indexes));
    auto target = std::make_unique<Target>();
    ASSIGN_OR_RETURN(target->decoder, MessageDecoder::make(std::move(schema), *message, options_, resolved.registered.version));
    target->prefix = std::string(prefix);
    return (targets_[std::move(key)] = std::move(target)).get();
  }

  Status finish(size_t row_count, plugin::Decoded* out) {
    for (auto& [key, target] : targets_) {
      if (target->rows.empty()) continue;
      plugin::DecodedGroup group;
      if (target->rows.size() != row_count) group.rows = target->rows;
      auto column = target->decoder->finish();
      if (!column.ok()) {
        reset();
        return column.status();
      }
      target->rows.clear();
      group.column = *std::move(column);
      out->groups.push_back(std::move(group));
    }
    return {};
  }

  // After a failure of all records: no row may stay behind.
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
  void forget_surplus() {
    if (targets_.size() > targets_max_) reset();
  }

  static plugin::DecodedGroup null_group(std::vector<uint32_t> rows, size_t row_count) {
    static const columnar::SchemaPtr kNull = columnar::ConnectSchema::schemaless(columnar::Type::kNull);
    plugin::DecodedGroup group;
    group.column = {kNull, std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size()))};
    if (rows.size() != row_count) group.rows = std::move(rows);
    return group;
  }

  Result<Writer*> writer_of(const std::string& topic, const columnar::SchemaPtr& schema) {
    if (schema->schemaless()) {
      return Status::data("ProtobufConverter cannot write a record without schema: give it one, or use another converter")
          .with_java_class("java.lang.NullPointerException");
    }
    std::unique_ptr<MessageEncoder>* slot = nullptr;
    for (auto& [known, encoder] : encoders_) {
      if (known == schema || known->equals(*schema)) slot = &encoder;
    }
    if (!slot) {
      ASSIGN_OR_RETURN(auto made, MessageEncoder::make(schema, options_));
      if (encoders_.size() > targets_max_) {
        encoders_.clear();
        writers_.clear();
      }
      encoders_.emplace_back(schema, std::move(made));
      slot = &encoders_.back().second;
    }
    // Asked for again each batch: latest versions may expire.
    auto resolved = schemas_->to_write(topic, {schema_registry::SchemaKind::kProtobuf, (*slot)->text(), {}});
    if (!resolved.ok()) return ConverterSchemas::writing_error(resolved.status(), topic, kLanguage);
    auto& writer = writers_[{slot->get(), *resolved}];
    if (writer.prefix.empty()) {
      ASSIGN_OR_RETURN(auto indexes, written_indexes(**resolved, **slot));
      schema_registry::append_frame((*resolved)->registered.id, &writer.prefix);
      append_indexes(indexes, &writer.prefix);
      writer.encoder = slot->get();
    }
    return &writer;
  }

  // The message's place in the schema that was registered or chosen, which may be another text than ours.
  static Result<std::vector<int32_t>> written_indexes(const ResolvedSchema& resolved, const MessageEncoder& encoder) {
    if (resolved.registered.schema.text.empty() || resolved.registered.schema.text == encoder.text()) return encoder.indexes();
    ASSIGN_OR_RETURN(auto schema, ProtoSchema::parse(resolved.registered.schema.text, proto_imports(resolved.references)));
    const auto* message = schema->find(encoder.definition().message);
    if (!message) {
      return json::data_exception(fmt::format("The schema of subject '{}' has no message '{}': name the record's schema after it (SetSchemaMetadata)",
                                              resolved.registered.subject, encoder.definition().message));
    }
    return ProtoSchema::indexes_of(*message);
  }

  ProtoOptions options_;
  size_t targets_max_;
  std::unique_ptr<ConverterSchemas> schemas_;
  std::map<std::pair<const ResolvedSchema*, std::string>, std::unique_ptr<Target>> targets_;
  Target* last_ = nullptr;
  std::vector<Target*> recent_;  // of this topic
  std::string topic_;
  std::vector<std::pair<columnar::SchemaPtr, std::unique_ptr<MessageEncoder>>> encoders_;
  std::map<std::pair<const MessageEncoder*, const ResolvedSchema*>, Writer> writers_;
};

}  // namespace

plugin::ConverterPlugin protobuf_converter() {
  schema_registry::RegistryConverterInfo info;
  info.name = "protobuf";
  info.class_name = "io.confluent.connect.protobuf.ProtobufConverter";
  info.version = "7.7.9";
  info.summary = "Protobuf messages with their schema in a Schema Registry.";
  info.description =
      "A message starts with a zero byte, the schema's id and the place of its type in the schema. Read straight from the wire into columns:\n"
      "a struct has the message's oneofs first (each a struct `<oneof>_<index>`), then its fields, all optional unless\n"
      "`optional.for.nullables` or `wrapper.for.nullables` says otherwise; every field's tag is a parameter of its schema, so that writing\n"
      "the struct again gives the same tags. Timestamps, dates, times of day and `confluent.type.Decimal` are Connect's logical types.";
  auto parse = [](const plugin::Properties& properties) { return protobuf_definition().parse(properties); };
  return schema_registry::registry_converter<ProtobufConverter>(std::move(info), protobuf_def(), parse, protobuf_language);
}

}  // namespace bywash::formats
