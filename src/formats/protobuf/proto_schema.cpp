// From text to descriptors: parse, strip what only code generators need, resolve imports. Decode and encode steps. Level 4.
#include "formats/protobuf/proto_schema.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <set>

#include "formats/json/connect_value.h"
#include "formats/protobuf/field_meta.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;

namespace {

constexpr char kRootFile[] = "default";
constexpr int kImportsMax = 1000;

class FirstProtoError final : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  void AddError(const std::string&, const std::string& element, const pb::Message*, ErrorLocation, const std::string& message) override {
    if (text_.empty()) text_ = element.empty() ? message : fmt::format("{}: {}", element, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Drops what does not change how messages look on the wire, and with it every name that could be unknown here.
void strip_enum(pb::EnumDescriptorProto* e) {
  e->clear_options();
  e->clear_reserved_range();
  e->clear_reserved_name();
  std::set<int32_t> numbers;
  for (auto& value : *e->mutable_value()) {
    value.clear_options();
    if (!numbers.insert(value.number()).second) e->mutable_options()->set_allow_alias(true);
  }
}

void strip_message(pb::DescriptorProto* m, const std::string& scope, bool proto3, std::unordered_map<std::string, ProtoSchema::Params>* params) {
  std::string name = scope.empty() ? m->name() : scope + "." + m->name();
  bool map_entry = m->options().map_entry();
  m->clear_options();
  if (map_entry) m->mutable_options()->set_map_entry(true);
  m->clear_extension();
  m->clear_extension_range();
  m->clear_reserved_range();
  m->clear_reserved_name();
  for (auto& field : *m->mutable_field()) {
    if (field.has_options()) {
      auto found = field_meta_params(field.options());
      if (!found.empty()) (*params)[name + "." + field.name()] = std::move(found);
      field.clear_options();
    }
    field.clear_json_name();
    if (proto3) field.clear_default_value();
  }
  for (auto& oneof : *m->mutable_oneof_decl()) oneof.clear_options();
  for (auto& e : *m->mutable_enum_type()) strip_enum(&e);
  for (auto& nested : *m->mutable_nested_type()) strip_message(&nested, name, proto3, params);
}

}  // namespace

Status parse_proto_text(std::string_view text, pb::FileDescriptorProto* out) {
  if (text.size() > INT32_MAX) return json::data_exception("Could not parse Protobuf schema: it has more than 2 GiB");
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  FirstProtoError errors;
  pb::io::Tokenizer tokenizer(&stream, &errors);
  pb::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.Parse(&tokenizer, out) || !errors.text().empty()) {
    return json::data_exception("Could not parse Protobuf schema: " + errors.text());
  }
  out->clear_source_code_info();
  return {};
}

// Builds files into one pool, each after those that it imports.
struct ProtoSchema::Importer {
  ProtoSchema& schema;
  const std::vector<ProtoText>& imports;
  std::set<std::string> done, open;

  // False in `found` when nobody has that file.
  Status add_import(const std::string& name, bool* found) {
    *found = true;
    if (done.count(name)) return {};
    if (!open.insert(name).second) return json::data_exception(fmt::format("Protobuf schema: the files import each other ('{}')", name));
    if (open.size() + done.size() > kImportsMax) return json::data_exception("Protobuf schema: more than 1000 imports");
    pb::FileDescriptorProto file;
    auto given = std::find_if(imports.begin(), imports.end(), [&](const ProtoText& t) { return t.name == name; });
    if (given != imports.end()) {
      RETURN_IF_ERROR(parse_proto_text(given->text, &file).with_context("import '" + name + "'"));
    } else if (!well_known_file(name, &file)) {
      *found = false;
      open.erase(name);
      return {};
    }
    file.set_name(name);
    RETURN_IF_ERROR(add_file(file));
    open.erase(name);
    done.insert(name);
    return {};
  }

  Status add_file(pb::FileDescriptorProto file) {
    bool proto3 = file.syntax() == "proto3";
    if (file.has_syntax() && !proto3 && file.syntax() != "proto2") {
      return json::data_exception(fmt::format("Protobuf schema: syntax '{}' is not supported: use proto2 or proto3", file.syntax()));
    }
    std::set<int> is_public(file.public_dependency().begin(), file.public_dependency().end());
    std::vector<std::string> wanted(file.dependency().begin(), file.dependency().end());
    file.clear_dependency();
    file.clear_public_dependency();
    file.clear_weak_dependency();
    for (size_t i = 0; i < wanted.size(); ++i) {
      bool found = false;
      RETURN_IF_ERROR(add_import(wanted[i], &found));
      // A file that only options need may be missing; a type that is missing is reported by its name.
      bool repeated = std::find(file.dependency().begin(), file.dependency().end(), wanted[i]) != file.dependency().end();
      if (!found || repeated) continue;
      if (is_public.count(static_cast<int>(i))) file.add_public_dependency(file.dependency_size());
      file.add_dependency(wanted[i]);
    }
    file.clear_options();
    file.clear_extension();
    file.clear_service();
    for (auto& e : *file.mutable_enum_type()) strip_enum(&e);
    for (auto& m : *file.mutable_message_type()) strip_message(&m, file.package(), proto3, &schema.params_);
    FirstProtoError errors;
    const pb::FileDescriptor* built = schema.pool_->BuildFileCollectingErrors(file, &errors);
    if (!built) return json::data_exception("Invalid Protobuf schema: " + errors.text());
    schema.file_ = built;
    return {};
  }
};

ProtoSchema::ProtoSchema() : pool_(std::make_unique<pb::DescriptorPool>()) {
  // The library writes warnings about schemas to stderr, past our log; what is an error comes back as one.
  static const bool silent = (pb::SetLogHandler(nullptr), true);
  (void)silent;
}
ProtoSchema::~ProtoSchema() = default;

Result<std::shared_ptr<const ProtoSchema>> ProtoSchema::build(const pb::FileDescriptorProto& file, const std::vector<ProtoText>& imports) {
  std::shared_ptr<ProtoSchema> schema(new ProtoSchema());
  pb::FileDescriptorProto root = file;
  root.set_name(kRootFile);
  Importer importer{*schema, imports, {}, {kRootFile}};
  RETURN_IF_ERROR(importer.add_file(std::move(root)));
  return std::shared_ptr<const ProtoSchema>(std::move(schema));
}

Result<std::shared_ptr<const ProtoSchema>> ProtoSchema::parse(std::string_view text, const std::vector<ProtoText>& imports) {
  pb::FileDescriptorProto file;
  Status parsed = parse_proto_text(text, &file);
  if (!parsed.ok()) {
    std::string bytes;
    file.Clear();
    if (!json::decode_base64(text, &bytes) || bytes.empty() || !file.ParseFromString(bytes)) return parsed;
  }
  return build(file, imports);
}

const pb::Descriptor* ProtoSchema::find(const std::string& full_name) const {
  const pb::Descriptor* found = pool_->FindMessageTypeByName(full_name);
  return found && found->file() == file_ ? found : nullptr;
}

// Entries of map fields have no place of their own: they are not in the text.
Result<const pb::Descriptor*> ProtoSchema::message(const std::vector<int32_t>& indexes) const {
  const pb::Descriptor* at = nullptr;
  for (int32_t index : indexes) {
    const pb::Descriptor* next = nullptr;
    int count = at ? at->nested_type_count() : file_->message_type_count();
    int32_t seen = 0;
    for (int i = 0; i < count && !next; ++i) {
      const pb::Descriptor* candidate = at ? at->nested_type(i) : file_->message_type(i);
      if (candidate->options().map_entry()) continue;
      if (seen++ == index) next = candidate;
    }
    if (!next) return json::data_exception("Invalid message indexes: the schema has no such message");
    at = next;
  }
  if (!at) return json::data_exception("Invalid message indexes: there are none");
  return at;
}

std::vector<int32_t> ProtoSchema::indexes_of(const pb::Descriptor& message) {
  std::vector<int32_t> out;
  for (const pb::Descriptor* m = &message; m; m = m->containing_type()) {
    const pb::Descriptor* outer = m->containing_type();
    int32_t index = 0;
    for (int i = 0; i < m->index(); ++i) {
      index += !(outer ? outer->nested_type(i) : m->file()->message_type(i))->options().map_entry();
    }
    out.insert(out.begin(), index);
  }
  return out;
}

const ProtoSchema::Params& ProtoSchema::params(const pb::FieldDescriptor& field) const {
  static const Params kNone;
  auto found = params_.find(field.full_name());
  return found == params_.end() ? kNone : found->second;
}

}  // namespace bywash::formats::protobuf
