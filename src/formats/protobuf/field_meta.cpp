// (confluent.field_meta) as text, as bytes and as a map. Decode and encode steps. Level 4.
#include "formats/protobuf/field_meta.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>

#include <memory>

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;

namespace {

constexpr int kFieldMetaNumber = 1088;

// message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }, its map spelled out: text and bytes are
// the same.
struct MetaMessage {
  pb::DescriptorPool pool;
  pb::DynamicMessageFactory factory{&pool};
  const pb::Message* prototype = nullptr;

  MetaMessage() {
    pb::FileDescriptorProto file;
    file.set_name("meta");
    file.set_syntax("proto3");
    auto add = [](pb::DescriptorProto* m, const char* name, int number, bool repeated, const char* type) {
      auto* f = m->add_field();
      f->set_name(name);
      f->set_number(number);
      f->set_label(repeated ? pb::FieldDescriptorProto::LABEL_REPEATED : pb::FieldDescriptorProto::LABEL_OPTIONAL);
      f->set_type(type ? pb::FieldDescriptorProto::TYPE_MESSAGE : pb::FieldDescriptorProto::TYPE_STRING);
      if (type) f->set_type_name(type);
    };
    auto* entry = file.add_message_type();
    entry->set_name("Entry");
    add(entry, "key", 1, false, nullptr);
    add(entry, "value", 2, false, nullptr);
    auto* meta = file.add_message_type();
    meta->set_name("Meta");
    add(meta, "doc", 1, false, nullptr);
    add(meta, "params", 2, true, "Entry");
    add(meta, "tags", 3, true, nullptr);
    prototype = factory.GetPrototype(pool.BuildFile(file)->message_type(1));
  }
};

void collect_meta_params(const pb::Message& meta, std::map<std::string, std::string>* out) {
  const auto* reflection = meta.GetReflection();
  const auto* field = meta.GetDescriptor()->FindFieldByNumber(2);
  for (int i = 0; i < reflection->FieldSize(meta, field); ++i) {
    const pb::Message& entry = reflection->GetRepeatedMessage(meta, field, i);
    const auto* type = entry.GetDescriptor();
    (*out)[entry.GetReflection()->GetString(entry, type->field(0))] = entry.GetReflection()->GetString(entry, type->field(1));
  }
}

class NoMetaErrors final : public pb::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

std::string quoted_meta(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out + "\"";
}

}  // namespace

std::map<std::string, std::string> field_meta_params(const pb::FieldOptions& options) {
  static const MetaMessage kMeta;
  std::map<std::string, std::string> out;
  NoMetaErrors errors;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  for (const auto& option : options.uninterpreted_option()) {
    const std::string& name = option.name_size() > 0 ? option.name(0).name_part() : "";
    if (name != "confluent.field_meta" && name != ".confluent.field_meta") continue;
    std::unique_ptr<pb::Message> meta(kMeta.prototype->New());
    // (confluent.field_meta) = { params: ... } or (confluent.field_meta).params = { key: ... value: ... }.
    std::string text = option.aggregate_value();
    if (option.name_size() == 2 && option.name(1).name_part() == "params") text = "params { " + text + " }";
    else if (option.name_size() != 1) continue;
    if (parser.ParseFromString(text, meta.get())) collect_meta_params(*meta, &out);
  }
  const pb::UnknownFieldSet& unknown = options.GetReflection()->GetUnknownFields(options);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const pb::UnknownField& field = unknown.field(i);
    if (field.number() != kFieldMetaNumber || field.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED) continue;
    std::unique_ptr<pb::Message> meta(kMeta.prototype->New());
    if (meta->ParseFromString(field.length_delimited())) collect_meta_params(*meta, &out);
  }
  return out;
}

void add_field_meta(const std::vector<std::pair<std::string, std::string>>& params, pb::FieldOptions* options) {
  auto* option = options->add_uninterpreted_option();
  auto* name = option->add_name();
  name->set_name_part("confluent.field_meta");
  name->set_is_extension(true);
  std::string text = "params: [";
  for (size_t i = 0; i < params.size(); ++i) {
    const auto& [key, value] = params[i];
    // ProtobufSchema puts the value of these two first.
    bool value_first = key == "precision" || key == "scale";
    text += i ? ", { " : "{ ";
    text += value_first ? fmt::format("value: {}, key: {}", quoted_meta(value), quoted_meta(key))
                        : fmt::format("key: {}, value: {}", quoted_meta(key), quoted_meta(value));
    text += " }";
  }
  option->set_aggregate_value(text + "]");
}

}  // namespace bywash::formats::protobuf
