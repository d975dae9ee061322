// Values as text, nested ones embedded. Level 4.
#include "formats/string/values_text.h"

#include "base/time_arithmetic.h"
#include "columnar/java_text.h"
#include "formats/json/json_text.h"

namespace bywash::formats {

using columnar::Value;

namespace {

void append_quoted(const std::string& text, std::string* out) {
  *out += '"';
  for (char c : text) {
    if (c == '\\' || c == '"') *out += '\\';
    *out += c;
  }
  *out += '"';
}

void append(const Value& value, bool embedded, std::string* out) {
  if (const auto* s = value.get_if<std::string>()) {
    if (embedded) append_quoted(*s, out);
    else *out += *s;
  } else if (const auto* b = value.get_if<Value::Bytes>()) {
    std::string text;
    json::append_base64(b->data, &text);
    *out += embedded ? text : text.substr(1, text.size() - 2);
  } else if (const auto* m = value.get_if<Value::Millis>()) {
    if (m->ms < kMsPerDay) json::append_iso_time((m->ms % kMsPerDay + kMsPerDay) % kMsPerDay, out);
    else if (m->ms % kMsPerDay == 0) json::append_iso_date(m->ms / kMsPerDay, out);
    else json::append_iso_timestamp(m->ms, out);
    if (m->ms < kMsPerDay) *out += 'Z';
  } else if (const Value::List* items = value.as_list()) {
    *out += '[';
    for (size_t i = 0; i < items->size(); ++i) {
      if (i > 0) *out += ',';
      append((*items)[i], true, out);
    }
    *out += ']';
  } else if (const Value::Map* entries = value.as_map()) {
    *out += '{';
    for (const auto& entry : *entries) {
      if (&entry != &entries->front()) *out += ',';
      append(entry.first, true, out);
      *out += ':';
      append(entry.second, true, out);
    }
    *out += '}';
  } else if (const Value::Struct* structure = value.as_struct()) {
    *out += '{';
    for (size_t i = 0; i < structure->values.size(); ++i) {
      if (i > 0) *out += ',';
      const columnar::Field& field = structure->schema->fields()[i];
      const Value& stored = structure->values[i];
      append_quoted(field.name, out);
      *out += ':';
      append(stored.is_null() && field.schema->default_value() ? *field.schema->default_value() : stored, true, out);
    }
    *out += '}';
  } else {
    *out += columnar::java_text(value);
  }
}

}  // namespace

std::string value_text(const Value& value) {
  std::string out;
  append(value, false, &out);
  return out;
}

}  // namespace bywash::formats
