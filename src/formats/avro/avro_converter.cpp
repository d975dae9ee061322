// AvroConverter: the declaration, and both directions over plans per schema. Decode step of the sink line, encode step of the source
// line, the task's thread. Level 4.
#include <arrow/array.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "config/typed_config.h"
#include "formats/avro/decoder.h"
#include "formats/avro/encoder.h"
#include "formats/avro/from_connect.h"
#include "formats/avro/to_connect.h"
#include "formats/plugins.h"
#include "formats/schema_registry/converter_schemas.h"
#include "formats/schema_registry/registry_converter.h"

namespace bywash::formats {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Value;
using plugin::Decoded;

namespace avro {
namespace {

using schema_registry::ConverterSchemas;
using schema_registry::NamedSchema;
using schema_registry::ResolvedSchema;
using schema_registry::SchemaKind;
using schema_registry::SchemaText;

Result<std::shared_ptr<const AvroSchema>> parse_schema(const SchemaText& schema, const std::vector<NamedSchema>& references) {
  std::vector<std::string_view> texts;
  for (const NamedSchema& reference : references) texts.push_back(reference.schema.text);
  return AvroSchema::parse(schema.text, texts);
}

schema_registry::SchemaLanguage avro_language() {
  schema_registry::SchemaLanguage out;
  out.kind = SchemaKind::kAvro;
  out.record_name = [](const SchemaText& schema, const std::vector<NamedSchema>& references) -> Result<std::optional<std::string>> {
    ASSIGN_OR_RETURN(auto parsed, parse_schema(schema, references));
    if (parsed->root().kind != AvroKind::kRecord) return std::optional<std::string>();
    return std::optional<std::string>(parsed->root().full_name());
  };
  out.can_read = [](const SchemaText& reader, const std::vector<NamedSchema>& references, const SchemaText& writer) -> Status {
    ASSIGN_OR_RETURN(auto r, parse_schema(reader, references));
    ASSIGN_OR_RETURN(auto w, parse_schema(writer, {}));
    return can_read(r->root(), w->root());
  };
  return out;
}

// The errors of one message's data, as AvroConverter reports them: an IOException inside Avro is a NetworkException there.
Status data_error(const Status& status, const std::string& topic) {
  if (status.java_class() == "java.io.EOFException" || status.java_class() == "java.io.IOException") {
    return Status::data(fmt::format("I/O error while deserializing data for topic {}: {}", topic, status.message()))
        .with_java_class("org.apache.kafka.common.errors.NetworkException");
  }
  return Status::data(fmt::format("Failed to deserialize data for topic {} to Avro: {}", topic, status.message()))
      .with_java_class("org.apache.kafka.connect.errors.DataException");
}

Status null_record() {
  return Status::data("The message holds an Avro null where a record is wanted: only a message without bytes is a tombstone")
      .with_java_class("java.lang.NullPointerException");
}

// What one writer's schema needs, and the rows of the running call that have it.
struct ReadTarget {
  std::shared_ptr<const AvroSchema> avro;
  std::unique_ptr<AvroDecoder> decoder;  // null: schemaless data
  bool bare_bytes = false;
  Status failed;  // the schema cannot be had or mapped
  std::vector<uint32_t> rows;
  std::vector<Value> values;  // schemaless
};

struct WriteTarget {
  Status failed;
  SchemaPtr schema;
  SchemaText text;
  std::shared_ptr<const AvroSchema> avro;  // the schema's own
  const ResolvedSchema* chosen = nullptr;
  std::unique_ptr<AvroEncoder> encoder;    // null: schemaless
};

class AvroConverter final : public plugin::Converter {
 public:
  AvroConverter(AvroOptions options, std::unique_ptr<ConverterSchemas> schemas, bool is_key)
      : options_(options), schemas_(std::move(schemas)), is_key_(is_key) {}

  Result<Decoded> decode(const std::string& topic, std::span<const std::optional<std::string_view>> payloads) override {
    if (readers_.size() > static_cast<size_t>(options_.schemas_max) + 8) readers_.clear();
    forget_failures();
    Decoded out;
    std::vector<uint32_t> nulls;
    for (size_t i = 0; i < payloads.size(); ++i) {
      auto row = static_cast<uint32_t>(i);
      if (!payloads[i]) {
        nulls.push_back(row);
        continue;
      }
      Status read = read_message(topic, *payloads[i], row, payloads.size());
      if (read.ok()) continue;
      if (read.code() != Code::kData) {
        forget_rows();
        return read;
      }
      out.errors.push_back({row, std::move(read)});
    }
    Status collected = collect(payloads.size(), &out);
    if (!collected.ok()) {
      forget_rows();
      return collected;
    }
    if (!nulls.empty()) {
      static const SchemaPtr kNull = ConnectSchema::schemaless(columnar::Type::kNull);
      plugin::DecodedGroup group;
      group.column = {kNull, std::make_shared<arrow::NullArray>(static_cast<int64_t>(nulls.size()))};
      if (nulls.size() != payloads.size()) group.rows = std::move(nulls);
      out.groups.push_back(std::move(group));
    }
    return out;
  }

  Status encode(const std::string& topic, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                std::vector<plugin::ConvertError>* errors) override {
    int64_t rows = column.row_count();
    out->assign(static_cast<size_t>(rows), std::nullopt);
    WriteTarget& target = write_target(topic, column.schema);
    if (target.encoder) target.encoder->bind(column);
    bool bound = target.encoder != nullptr;
    for (int64_t row = 0; row < rows; ++row) {
      auto fail = [&](Status status) { errors->push_back({static_cast<uint32_t>(row), std::move(status)}); };
      if (!target.failed.ok()) {
        fail(target.failed);
        continue;
      }
      bool null = column.is_null(row);
      if (null && column.schema->optional()) continue;
      if (null) {
        fail(Status::data("Found null value for non-optional schema").with_java_class("org.apache.kafka.connect.errors.DataException"));
        continue;
      }
      Status ready = choose(topic, &target);
      if (!ready.ok() && ready.code() != Code::kData) return ready;
      if (!ready.ok()) {
        fail(std::move(ready));
        continue;
      }
      if (target.encoder && !bound) target.encoder->bind(column);
      bound = true;
      std::string bytes;
      schema_registry::append_frame(target.chosen->registered.id, &bytes);
      Status written = target.encoder ? target.encoder->write(row, &bytes) : write_anything(columnar::value_at(column, row), &bytes);
      if (written.ok()) (*out)[static_cast<size_t>(row)] = std::move(bytes);
      else fail(std::move(written));
    }
    return {};
  }

 private:
  const char* side() const { return is_key_ ? "key" : "value"; }

  Status read_message(const std::string& topic, std::string_view message, uint32_t row, size_t row_count) {
    auto id = schema_registry::take_frame(&message);
    if (!id.ok()) return ConverterSchemas::reading_error(id.status(), topic, "Avro");
    ReadTarget* target = nullptr;
    for (const auto& [known, used] : recent_) {
      if (known == *id) target = used;
    }
    if (!target) {
      ASSIGN_OR_RETURN(target, read_target(topic, *id));
      if (recent_.size() >= kRecentMax) recent_.clear();
      recent_.emplace_back(*id, target);
    }
    if (!target->failed.ok()) return target->failed;
    if (is_null(target->avro->root(), message)) return null_record();
    if (!target->decoder) {
      auto value = read_anything(&message);
      if (!value.ok()) return data_error(value.status(), topic);
      target->values.push_back(*std::move(value));
    } else {
      if (target->rows.empty()) target->decoder->reserve(static_cast<int64_t>(row_count));
      Status read = target->bare_bytes ? target->decoder->read_bare_bytes(message) : target->decoder->read(&message);
      if (!read.ok()) return data_error(read, topic);
    }
    target->rows.push_back(row);
    return {};
  }

  // A datum that is Avro's null at the top, which the original cannot take.
  static bool is_null(const AvroNode& root, std::string_view message) {
    if (root.kind == AvroKind::kNull) return true;
    if (root.kind != AvroKind::kUnion || message.empty()) return false;
    auto index = static_cast<unsigned char>(message[0]);
    return !(index & 0x81) && static_cast<size_t>(index >> 1) < root.branches.size() && root.branches[index >> 1]->kind == AvroKind::kNull;
  }

  Result<ReadTarget*> read_target(const std::string& topic, int32_t id) {
    auto& target = readers_[{topic, id}];
    if (target) return target.get();
    auto found = schemas_->to_read(topic, id);
    Status refused = found.ok() ? Status() : ConverterSchemas::reading_error(found.status().with_context(fmt::format("Error retrieving Avro {} schema for id {}", side(), id)), topic, "Avro");
    if (!refused.ok() && refused.code() != Code::kData) {
      readers_.erase({topic, id});
      return refused;
    }
    target = std::make_unique<ReadTarget>();
    target->failed = refused.ok() ? prepare(**found, target.get()) : refused;
    return target.get();
  }

  Status prepare(const ResolvedSchema& resolved, ReadTarget* target) {
    auto parsed = parse_schema(resolved.registered.schema, resolved.references);
    if (!parsed.ok()) return Status::data(fmt::format("The schema with id {} is not one of Avro: {}", resolved.registered.id, parsed.status().message())).with_java_class("org.apache.kafka.connect.errors.DataException");
    target->avro = *std::move(parsed);
    const AvroNode& root = target->avro->root();
    if (is_anything(root) || root.kind == AvroKind::kNull) return {};
    std::optional<int32_t> version;
    if (resolved.registered.version > 0) version = resolved.registered.version;
    ASSIGN_OR_RETURN(SchemaPtr schema, to_connect_schema(root, version, options_, &union_count_));
    target->bare_bytes = root.kind == AvroKind::kBytes;
    ASSIGN_OR_RETURN(target->decoder, AvroDecoder::make(target->avro, root, schema));
    return {};
  }

  Status collect(size_t row_count, Decoded* out) {
    for (auto& [key, target] : readers_) {
      if (target->rows.empty()) continue;
      plugin::DecodedGroup group;
      if (target->decoder) {
        ASSIGN_OR_RETURN(group.column, target->decoder->finish());
      } else {
        ASSIGN_OR_RETURN(group.column, columnar::infer_column(target->values));
        target->values.clear();
      }
      if (target->rows.size() != row_count) group.rows = target->rows;
      target->rows.clear();
      out->groups.push_back(std::move(group));
    }
    return {};
  }

  void forget_rows() {
    for (auto& [key, target] : readers_) {
      target->rows.clear();
      target->values.clear();
      if (target->decoder) target->decoder->truncate(0);
    }
  }

  // A schema that could not be had may be there at the next call.
  void forget_failures() {
    std::erase_if(readers_, [](const auto& entry) { return !entry.second || !entry.second->failed.ok(); });
    recent_.clear();
  }

  WriteTarget& write_target(const std::string& topic, const SchemaPtr& schema) {
    auto it = writers_.find({topic, schema});
    if (it != writers_.end()) return it->second;
    if (writers_.size() > static_cast<size_t>(options_.schemas_max)) writers_.clear();
    WriteTarget& target = writers_[{topic, schema}];
    target.schema = schema;
    auto made = from_connect_schema(*schema, options_);
    if (!made.ok()) {
      target.failed = made.status();
      return target;
    }
    auto text = schema_text((*made)->root());
    if (!text.ok()) {
      target.failed = ConverterSchemas::writing_error(text.status(), topic, "Avro");
      return target;
    }
    target.avro = *std::move(made);
    target.text = {SchemaKind::kAvro, *std::move(text), {}};
    return target;
  }

  // Asks for the schema's id (cached there) and compiles the encoder when the answer is another than before.
  Status choose(const std::string& topic, WriteTarget* target) {
    auto chosen = schemas_->to_write(topic, target->text);
    if (!chosen.ok()) {
      return ConverterSchemas::writing_error(chosen.status().retriable() ? chosen.status() : chosen.status().with_context("Error registering or retrieving the Avro schema"), topic, "Avro");
    }
    if (*chosen == target->chosen) return {};
    if (!target->schema->schemaless()) {
      std::shared_ptr<const AvroSchema> avro = target->avro;
      if ((*chosen)->registered.schema.text != target->text.text) {
        auto parsed = parse_schema((*chosen)->registered.schema, (*chosen)->references);
        if (!parsed.ok()) return ConverterSchemas::writing_error(parsed.status(), topic, "Avro");
        avro = *std::move(parsed);
      }
      auto encoder = AvroEncoder::make(std::move(avro), target->schema, options_);
      if (!encoder.ok()) return ConverterSchemas::writing_error(encoder.status(), topic, "Avro");
      target->encoder = *std::move(encoder);
      target->encoder->write_root_bytes_bare();
    }
    target->chosen = *chosen;
    return {};
  }

  AvroOptions options_;
  std::unique_ptr<ConverterSchemas> schemas_;
  bool is_key_;
  int union_count_ = 0;
  std::map<std::pair<std::string, int32_t>, std::unique_ptr<ReadTarget>> readers_;
  std::map<std::pair<std::string, SchemaPtr>, WriteTarget> writers_;
  // The schemas of the running call, which is of one topic: a list is faster than the map while they are few.
  static constexpr size_t kRecentMax = 8;
  std::vector<std::pair<int32_t, ReadTarget*>> recent_;
};

const config::ConfigDef& converter_keys() {
  static const config::ConfigDef kDef = [] {
    config::ConfigDef def;
    def.embed("", schema_registry::registry_keys());
    def.embed("", avro_keys());
    return def;
  }();
  return kDef;
}

}  // namespace
}  // namespace avro

plugin::ConverterPlugin avro_converter() {
  schema_registry::RegistryConverterInfo info;
  info.name = "avro";
  info.class_name = "io.confluent.connect.avro.AvroConverter";
  info.version = "7.7.8";
  info.summary = "Avro messages whose schemas are in a Schema Registry.";
  info.description =
      "Every message is a zero byte, the schema's id in four bytes and Avro binary data. Reading, the schema comes from the registry by its id;\n"
      "writing, the record's schema is registered under the topic's subject, or looked up (`auto.register.schemas=false`), or the subject's latest\n"
      "is used (`use.latest.version`). A registry that does not answer pauses the task; no record fails for it.";
  return schema_registry::registry_converter<avro::AvroConverter>(std::move(info), avro::converter_keys(), avro::parse_avro_options, avro::avro_language);
}

}  // namespace bywash::formats
