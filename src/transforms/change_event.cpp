// Reading change events. Level 4, the task's thread.
#include "transforms/change_event.h"

#include <arrow/array.h>

#include "transforms/field_slots.h"

namespace bywash::transforms {

using columnar::ConnectSchema;
using columnar::Type;

namespace {

// java.util.regex.Pattern.split with a one-character pattern: empty parts at the end are dropped, "" is one empty part.
std::vector<std::string> split_as_java(const std::string& text, char separator) {
  if (text.empty()) return {""};
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
    parts.push_back(text.substr(from, at - from));
    from = at + 1;
  }
  parts.push_back(text.substr(from));
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

// The struct that a plain name belongs to; empty: the envelope.
std::string structure_of(const std::string& field) {
  if (field == "id" || field == "data_collection_order" || field == "total_order") return "transaction";
  if (field == "op" || field == "ts_ms" || field == "ts_us" || field == "ts_ns") return "";
  return field == "updateDescription" ? field : "source";
}

// SchemaUtil.copySchemaBasics(schema).optional(): neither default nor fields.
SchemaPtr optional_basics(const ConnectSchema& source) {
  columnar::SchemaSpec spec;
  spec.type = source.type();
  spec.optional = true;
  spec.name = source.name();
  spec.version = source.version();
  spec.doc = source.doc();
  spec.parameters = source.parameters();
  if (source.type() == Type::kArray || source.type() == Type::kMap) spec.value_schema = source.value_schema();
  if (source.type() == Type::kMap) spec.key_schema = source.key_schema();
  return ConnectSchema::make(std::move(spec));
}

}  // namespace

bool is_envelope(const ConnectSchema& schema) {
  return !schema.schemaless() && schema.name() && std::string_view(*schema.name()).ends_with(".Envelope");
}

Result<EventField> EventField::parse(const std::string& prefix, const std::string& item) {
  const auto names = split_as_java(item, ':');
  auto bad = [&](std::string_view java_class, std::string message) {
    return Status::invalid(std::move(message)).with_java_class(std::string(java_class));
  };
  constexpr std::string_view kIndex = "java.lang.ArrayIndexOutOfBoundsException";
  if (names.empty()) return bad(kIndex, fmt::format("'{}' names no field", item));
  if (names.size() > 2) return bad(kIllegalArgument, "Unexpected field name: " + item);
  const auto steps = split_as_java(names[0], '.');
  if (steps.empty()) return bad(kIndex, fmt::format("'{}' names no field", item));
  EventField out;
  const bool plain = steps.size() == 1;
  out.field = plain ? steps[0] : steps[1];
  out.structure = plain ? structure_of(out.field) : steps[0];
  out.output = prefix + (names.size() == 2 ? names[1] : plain ? out.field : out.structure + "_" + out.field);
  return out;
}

Result<std::vector<EventColumn>> resolve(const std::vector<EventField>& fields, const ConnectSchema& envelope) {
  std::vector<EventColumn> out;
  for (const EventField& wanted : fields) {
    EventColumn column;
    column.output = wanted.output;
    column.is_operation = wanted.field == "op";
    const ConnectSchema* parent = &envelope;
    if (!wanted.structure.empty()) {
      column.structure = envelope.field_index(wanted.structure);
      if (column.structure < 0) return data_error(kNullPointer, fmt::format("The event has no struct '{}'", wanted.structure));
      parent = envelope.fields()[static_cast<size_t>(column.structure)].schema.get();
      if (parent->type() != Type::kStruct) return data_error(kDataException, "Cannot look up fields on non-struct type");
    }
    column.field = parent->field_index(wanted.field);
    column.in_envelope = column.structure < 0 || column.field < 0;
    if (column.field < 0) {
      // Another transform may have put it into the event itself.
      column.field = envelope.field_index(wanted.field);
      parent = &envelope;
    }
    if (column.field < 0) continue;
    column.schema = optional_basics(*parent->fields()[static_cast<size_t>(column.field)].schema);
    out.push_back(std::move(column));
  }
  return out;
}

Column EventColumn::values(const Column& events) const {
  Column parent = structure < 0 ? events : events.child(structure);
  Column column = in_envelope ? events.child(field) : parent.child(field);
  return masked_by_parent(column, parent);
}

}  // namespace bywash::transforms
