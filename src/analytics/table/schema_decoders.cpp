// Avro and Protobuf by a schema that the table's config names. See record_decoder.h.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "analytics/table/column_text.h"
#include "analytics/table/durable_file.h"
#include "analytics/table/record_decoder.h"
#include "formats/avro/avro_schema.h"
#include "formats/avro/decoder.h"
#include "formats/avro/to_connect.h"
#include "formats/protobuf/message_decoder.h"

namespace bywash::analytics {
namespace {

namespace avro = formats::avro;
namespace protobuf = formats::protobuf;
using Payloads = std::span<const std::optional<std::string_view>>;

// Decodes payload by payload with `read`, which adds a row to `decoder` or none.
template <class Decoder, class Read>
Status decode_rows(Decoder& decoder, Payloads payloads, Read read, std::vector<DecodedRecord>* out) {
  std::vector<DecodedRecord> records(payloads.size());
  std::vector<size_t> good;
  for (size_t i = 0; i < payloads.size(); ++i) {
    if (!payloads[i]) continue;
    if (read(*payloads[i])) good.push_back(i);
    else records[i].failed = true;
  }
  ASSIGN_OR_RETURN(columnar::Column column, decoder.finish());
  ASSIGN_OR_RETURN(ColumnText rows, ColumnText::make(column));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string json;
    records[good[i]].failed = !rows.append(static_cast<int64_t>(i), &json).ok();
    if (!records[good[i]].failed) records[good[i]].json = std::move(json);
  }
  std::move(records.begin(), records.end(), std::back_inserter(*out));
  return {};
}

class AvroRecords final : public RecordDecoder {
 public:
  explicit AvroRecords(std::unique_ptr<avro::AvroDecoder> decoder) : decoder_(std::move(decoder)) {}
  Status decode(const std::string&, Payloads payloads, std::vector<DecodedRecord>* out) override {
    return decode_rows(*decoder_, payloads, [this](std::string_view bytes) { return decoder_->read(&bytes).ok(); }, out);
  }

 private:
  std::unique_ptr<avro::AvroDecoder> decoder_;
};

class ProtobufRecords final : public RecordDecoder {
 public:
  explicit ProtobufRecords(std::unique_ptr<protobuf::MessageDecoder> decoder) : decoder_(std::move(decoder)) {}
  Status decode(const std::string&, Payloads payloads, std::vector<DecodedRecord>* out) override {
    return decode_rows(*decoder_, payloads, [this](std::string_view bytes) { return decoder_->append(bytes).ok(); }, out);
  }

 private:
  std::unique_ptr<protobuf::MessageDecoder> decoder_;
};

// A message by its full name, also inside of others.
const google::protobuf::DescriptorProto* find_message(const google::protobuf::DescriptorProto& message, const std::string& path, const std::string& name) {
  const std::string full = path + message.name();
  if (full == name || message.name() == name) return &message;
  for (const auto& nested : message.nested_type()) {
    if (const auto* found = find_message(nested, full + ".", name)) return found;
  }
  return nullptr;
}

// The file of the set that defines `name`, and the message's full name; without a name the last file's first message, as those that it
// imports stand before it.
const google::protobuf::FileDescriptorProto* find_file(const google::protobuf::FileDescriptorSet& files, std::string* name) {
  for (int i = files.file_size() - 1; i >= 0; --i) {
    const auto& file = files.file(i);
    const std::string package = file.package().empty() ? "" : file.package() + ".";
    for (const auto& message : file.message_type()) {
      if (name->empty()) {
        *name = package + message.name();
        return &file;
      }
      if (!find_message(message, package, *name)) continue;
      if (message.name() == *name) *name = package + *name;
      return &file;
    }
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<RecordDecoder>> make_avro_decoder(const std::string& schema_text) {
  Result<std::shared_ptr<const avro::AvroSchema>> schema = avro::AvroSchema::parse(schema_text);
  if (!schema.ok()) return Status::invalid("stream.kafka.decoder.prop.schema: " + schema.status().message());
  int unions = 0;
  Result<columnar::SchemaPtr> connect = avro::to_connect_schema((*schema)->root(), std::nullopt, {}, &unions);
  if (!connect.ok()) return Status::invalid("stream.kafka.decoder.prop.schema: " + connect.status().message());
  if ((*connect)->type() != columnar::Type::kStruct) return Status::invalid("stream.kafka.decoder.prop.schema: the schema must be a record");
  ASSIGN_OR_RETURN(std::unique_ptr<avro::AvroDecoder> decoder, avro::AvroDecoder::make(*schema, (*schema)->root(), *connect));
  return std::unique_ptr<RecordDecoder>(new AvroRecords(std::move(decoder)));
}

Result<std::unique_ptr<RecordDecoder>> make_protobuf_decoder(const std::string& descriptor_file, const std::string& message) {
  constexpr std::string_view kFileKey = "stream.kafka.decoder.prop.descriptorFile", kNameKey = "stream.kafka.decoder.prop.protoClassName";
  const std::string path = descriptor_file.starts_with("file://") ? descriptor_file.substr(7) : descriptor_file.starts_with("file:") ? descriptor_file.substr(5) : descriptor_file;
  if (path.find("://") != std::string::npos) return Status::invalid(fmt::format("{}: '{}' is not a local file", kFileKey, descriptor_file));
  Result<std::string> bytes = read_file(path);
  if (!bytes.ok()) return Status::invalid(fmt::format("{}: {}", kFileKey, bytes.status().message()));
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromString(*bytes) || files.file_size() == 0) {
    return Status::invalid(fmt::format("{}: '{}' holds no descriptors. Make it by protoc --include_imports --descriptor_set_out", kFileKey, path));
  }
  std::string name = message;
  const google::protobuf::FileDescriptorProto* file = find_file(files, &name);
  if (!file) return Status::invalid(fmt::format("{}: '{}' is not in {}", kNameKey, message, path));
  std::vector<protobuf::ProtoText> imports;
  for (const auto& other : files.file()) {
    if (&other != file) imports.push_back({other.name(), protobuf::proto_text(other)});
  }
  Result<std::shared_ptr<const protobuf::ProtoSchema>> schema = protobuf::ProtoSchema::build(*file, imports);
  if (!schema.ok()) return Status::invalid(fmt::format("{}: {}", kFileKey, schema.status().message()));
  const google::protobuf::Descriptor* descriptor = (*schema)->find(name);
  if (!descriptor) return Status::invalid(fmt::format("{}: '{}' is not in {}", kNameKey, message, path));
  protobuf::ProtoOptions options;
  options.flatten_unions = true;  // members of a oneof are fields of the record, as Pinot's extractor has them
  options.wrapper_for_raw_primitives = false;
  Result<std::unique_ptr<protobuf::MessageDecoder>> decoder = protobuf::MessageDecoder::make(*schema, *descriptor, options, 0);
  if (!decoder.ok()) return Status::invalid(fmt::format("{}: {}", kFileKey, decoder.status().message()));
  return std::unique_ptr<RecordDecoder>(new ProtobufRecords(*std::move(decoder)));
}

}  // namespace bywash::analytics
