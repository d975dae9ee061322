// Messages and fields compared by name and number. Encode step. Level 4.
#include "formats/protobuf/proto_compatibility.h"

#include <google/protobuf/descriptor.h>


#include "formats/protobuf/schema_to_connect.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;

namespace {

// Types of one group read each other's bytes.
int kind_group(const pb::FieldDescriptor& field) {
  using F = pb::FieldDescriptor;
  switch (field.type()) {
    case F::TYPE_INT32:
    case F::TYPE_UINT32:
    case F::TYPE_INT64:
    case F::TYPE_UINT64:
    case F::TYPE_BOOL:
    case F::TYPE_ENUM: return 1;
    case F::TYPE_SINT32:
    case F::TYPE_SINT64: return 2;
    case F::TYPE_STRING:
    case F::TYPE_BYTES: return 3;
    case F::TYPE_FIXED32:
    case F::TYPE_SFIXED32: return 4;
    case F::TYPE_FIXED64:
    case F::TYPE_SFIXED64: return 5;
    default: return 100 + field.type();
  }
}

Status incompatible(const std::string& what, const std::string& name) { return Status::data(fmt::format("{} ('{}')", what, name)); }

Status check_field(const pb::FieldDescriptor& reader, const pb::FieldDescriptor& writer) {
  if (kind_group(reader) != kind_group(writer)) return incompatible("a field's type changed", reader.full_name());
  if (reader.message_type() && !is_map_field(reader) && reader.message_type()->name() != writer.message_type()->name()) {
    return incompatible("a field's message changed", reader.full_name());
  }
  if (reader.is_required() != writer.is_required()) return incompatible("a field became required or is no longer required", reader.full_name());
  bool text = kind_group(reader) == 3 || reader.message_type();
  if (reader.is_repeated() != writer.is_repeated() && !text) return incompatible("a field's label changed", reader.full_name());
  return {};
}

Status check_message(const pb::Descriptor& reader, const pb::Descriptor& writer) {
  for (int i = 0; i < writer.field_count(); ++i) {
    const pb::FieldDescriptor& old = *writer.field(i);
    const pb::FieldDescriptor* now = reader.FindFieldByNumber(old.number());
    if (now) RETURN_IF_ERROR(check_field(*now, old));
    if (!now && old.is_required()) return incompatible("a required field was removed", old.full_name());
    if (!now && old.real_containing_oneof()) return incompatible("a field of a oneof was removed", old.full_name());
  }
  for (int i = 0; i < reader.field_count(); ++i) {
    const pb::FieldDescriptor& now = *reader.field(i);
    if (now.is_required() && !writer.FindFieldByNumber(now.number())) return incompatible("a required field was added", now.full_name());
  }
  for (int i = 0; i < reader.real_oneof_decl_count(); ++i) {
    int moved = 0;
    const pb::OneofDescriptor& oneof = *reader.oneof_decl(i);
    for (int k = 0; k < oneof.field_count(); ++k) {
      const pb::FieldDescriptor* old = writer.FindFieldByNumber(oneof.field(k)->number());
      moved += old && !old->real_containing_oneof();
    }
    if (moved > 1) return incompatible("several fields moved into a oneof", oneof.full_name());
  }
  for (int i = 0; i < writer.nested_type_count(); ++i) {
    const pb::Descriptor& old = *writer.nested_type(i);
    const pb::Descriptor* now = reader.FindNestedTypeByName(old.name());
    if (now) RETURN_IF_ERROR(check_message(*now, old));
    else if (!is_map_entry_like(old)) return incompatible("a message was removed", old.full_name());
  }
  return {};
}

}  // namespace

Status check_readable(const ProtoSchema& reader, const ProtoSchema& writer) {
  for (int i = 0; i < writer.file().message_type_count(); ++i) {
    const pb::Descriptor& old = *writer.file().message_type(i);
    const pb::Descriptor* now = reader.file().FindMessageTypeByName(old.name());
    if (!now) return incompatible("a message was removed", old.full_name());
    RETURN_IF_ERROR(check_message(*now, old));
  }
  return {};
}

}  // namespace bywash::formats::protobuf
