// A file as text: types, oneofs and options where Confluent's ProtobufSchema.canonicalString 7.7 has them, so that the registry gives the
// same id. Encode step. Level 4.
#include <google/protobuf/descriptor.pb.h>

#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;

namespace {

std::string proto_quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += c;
    }
  }
  return out + "\"";
}

std::string option_text(const pb::UninterpretedOption& option) {
  std::string out;
  for (const auto& part : option.name()) {
    if (!out.empty()) out += '.';
    out += part.is_extension() ? "(" + part.name_part() + ")" : part.name_part();
  }
  out += " = ";
  if (option.has_identifier_value()) return out + option.identifier_value();
  if (option.has_string_value()) return out + proto_quoted(option.string_value());
  if (option.has_positive_int_value()) return out + std::to_string(option.positive_int_value());
  if (option.has_negative_int_value()) return out + std::to_string(option.negative_int_value());
  if (option.has_double_value()) return out + fmt::format("{}", option.double_value());
  return out + "{ " + option.aggregate_value() + " }";
}

class TextWriter {
 public:
  explicit TextWriter(const pb::FileDescriptorProto& file) : file_(file), proto3_(file.syntax() == "proto3") {}

  std::string write() {
    if (file_.has_syntax()) line(0, fmt::format("syntax = \"{}\";", file_.syntax()));
    if (file_.has_package()) line(0, fmt::format("package {};", file_.package()));
    imports();
    file_options();
    if (file_.message_type_size() + file_.enum_type_size() > 0) out_ += '\n';
    for (const auto& m : file_.message_type()) message(m, 0);
    for (const auto& e : file_.enum_type()) enumeration(e, 0);
    return std::move(out_);
  }

 private:
  void line(int depth, const std::string& text) { out_.append(static_cast<size_t>(depth) * 2, ' ').append(text).append("\n"); }

  void imports() {
    if (file_.dependency_size() > 0) out_ += '\n';
    for (bool is_public : {false, true}) {
      for (int i = 0; i < file_.dependency_size(); ++i) {
        bool found = false;
        for (int p : file_.public_dependency()) found = found || p == i;
        if (found == is_public) line(0, fmt::format("import {}\"{}\";", is_public ? "public " : "", file_.dependency(i)));
      }
    }
  }

  void file_options() {
    const pb::FileOptions& o = file_.options();
    std::vector<std::string> lines;
    if (o.has_java_package()) lines.push_back("java_package = " + proto_quoted(o.java_package()));
    if (o.has_java_outer_classname()) lines.push_back("java_outer_classname = " + proto_quoted(o.java_outer_classname()));
    if (o.has_java_multiple_files()) lines.push_back(fmt::format("java_multiple_files = {}", o.java_multiple_files()));
    if (o.has_go_package()) lines.push_back("go_package = " + proto_quoted(o.go_package()));
    if (o.has_cc_enable_arenas()) lines.push_back(fmt::format("cc_enable_arenas = {}", o.cc_enable_arenas()));
    if (o.has_objc_class_prefix()) lines.push_back("objc_class_prefix = " + proto_quoted(o.objc_class_prefix()));
    if (o.has_csharp_namespace()) lines.push_back("csharp_namespace = " + proto_quoted(o.csharp_namespace()));
    for (const auto& option : o.uninterpreted_option()) lines.push_back(option_text(option));
    if (!lines.empty()) out_ += '\n';
    for (const std::string& text : lines) line(0, "option " + text + ";");
  }

  static std::string type_of(const pb::FieldDescriptorProto& field) {
    if (field.has_type_name()) return field.type_name();
    std::string name = pb::FieldDescriptorProto::Type_Name(field.type()).substr(5);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return name;
  }

  void field(const pb::FieldDescriptorProto& field, bool in_oneof, int depth) {
    std::string text;
    if (!in_oneof) {
      if (field.label() == pb::FieldDescriptorProto::LABEL_REPEATED) text = "repeated ";
      else if (field.proto3_optional() || (!proto3_ && field.label() == pb::FieldDescriptorProto::LABEL_OPTIONAL)) text = "optional ";
      else if (!proto3_) text = "required ";
    }
    text += fmt::format("{} {} = {}", type_of(field), field.name(), field.number());
    std::vector<std::string> options;
    for (const auto& option : field.options().uninterpreted_option()) options.push_back(option_text(option));
    if (!proto3_ && field.has_default_value()) {
      bool text_type = field.type() == pb::FieldDescriptorProto::TYPE_STRING || field.type() == pb::FieldDescriptorProto::TYPE_BYTES;
      options.push_back("default = " + (text_type ? proto_quoted(field.default_value()) : field.default_value()));
    }
    for (size_t i = 0; i < options.size(); ++i) text += (i ? ", " : " [") + options[i];
    line(depth, text + (options.empty() ? ";" : "];"));
  }

  void message(const pb::DescriptorProto& m, int depth) {
    line(depth, "message " + m.name() + " {");
    bool gap = false;
    for (const auto& f : m.field()) {
      if (f.has_oneof_index() && !f.proto3_optional()) continue;
      field(f, false, depth + 1);
      gap = true;
    }
    for (int i = 0; i < m.oneof_decl_size(); ++i) oneof(m, i, depth + 1, &gap);
    if (m.nested_type_size() + m.enum_type_size() > 0 && gap) out_ += '\n';
    for (const auto& nested : m.nested_type()) message(nested, depth + 1);
    for (const auto& e : m.enum_type()) enumeration(e, depth + 1);
    line(depth, "}");
  }

  void oneof(const pb::DescriptorProto& m, int index, int depth, bool* gap) {
    bool open = false;
    for (const auto& f : m.field()) {
      if (!f.has_oneof_index() || f.oneof_index() != index || f.proto3_optional()) continue;
      if (!open) {
        if (*gap) out_ += '\n';
        line(depth, "oneof " + m.oneof_decl(index).name() + " {");
      }
      open = *gap = true;
      field(f, true, depth + 1);
    }
    if (open) line(depth, "}");
  }

  void enumeration(const pb::EnumDescriptorProto& e, int depth) {
    line(depth, "enum " + e.name() + " {");
    for (const auto& value : e.value()) line(depth + 1, fmt::format("{} = {};", value.name(), value.number()));
    line(depth, "}");
  }

  const pb::FileDescriptorProto& file_;
  bool proto3_;
  std::string out_;
};

}  // namespace

std::string proto_text(const pb::FileDescriptorProto& file) { return TextWriter(file).write(); }

}  // namespace bywash::formats::protobuf
