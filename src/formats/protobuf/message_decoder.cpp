// The hot loop: a tag, its field, a value into a builder. Fields mostly come in the order of the schema, each once. Decode step, the
// task's thread. Level 4.
#include "formats/protobuf/message_decoder.h"

#include <arrow/array.h>
#include <google/protobuf/descriptor.h>

#include <bit>
#include <unordered_map>
#include <utility>

#include "formats/json/connect_value.h"
#include "formats/protobuf/known_values.h"
#include "formats/protobuf/schema_to_connect.h"
#include "formats/protobuf/wire.h"
#include "formats/string/charset.h"

namespace bywash::formats::protobuf {

using json::ColumnBuilder;

namespace {

constexpr char kDataException[] = "org.apache.kafka.connect.errors.DataException";
constexpr char kCorrupt[] = "the message is truncated or corrupt";
constexpr char kBadTag[] = "the message has an invalid tag";
constexpr int kGroupDepthMax = 100;

// One integer by the width of its column: int8 and int16 cut off what does not fit, as Number.byteValue().
inline void push_integer(ColumnBuilder& out, int64_t v) {
  using K = ColumnBuilder::Kind;
  switch (out.kind()) {
    case K::kInt64: out.push_fixed(v); return;
    case K::kInt32: out.push_fixed(static_cast<int32_t>(v)); return;
    case K::kInt16: out.push_fixed(static_cast<int16_t>(v)); return;
    case K::kInt8: out.push_fixed(static_cast<int8_t>(v)); return;
    default: out.push_fixed(static_cast<uint8_t>(v != 0)); return;
  }
}

// The key of a map entry as bytes that are equal where keys are; false when the entry is corrupt.
bool entry_key(const FieldPlan& key, std::string_view entry, std::string* out) {
  const char* p = entry.data();
  const char* end = p + entry.size();
  out->clear();
  uint64_t number = 0;
  while (p < end) {
    uint64_t v = 0;
    if (!read_varint(p, end, &v)) return false;
    auto tag = static_cast<uint32_t>(v);
    if (tag != key.element_tag) {
      if (!skip_wire_value(tag, p, end, kGroupDepthMax)) return false;
      continue;
    }
    if ((tag & 7) == kWireLength) {
      std::string_view text;
      if (!read_span(p, end, &text)) return false;
      out->assign(text);
    } else if ((tag & 7) == kWireVarint) {
      if (!read_varint(p, end, &number)) return false;
      if (key.form == WireForm::kVarint32 || key.form == WireForm::kUnsigned32 || key.form == WireForm::kZigzag32) number = static_cast<uint32_t>(number);
      if (key.form == WireForm::kBool) number = number != 0;
    } else if ((tag & 7) == kWireFixed64) {
      if (!read_fixed(p, end, &number)) return false;
    } else {
      uint32_t four = 0;
      if (!read_fixed(p, end, &four)) return false;
      number = four;
    }
  }
  if (key.form != WireForm::kString) out->assign(reinterpret_cast<const char*>(&number), sizeof number);
  return true;
}

}  // namespace

Result<std::unique_ptr<MessageDecoder>> MessageDecoder::make(std::shared_ptr<const ProtoSchema> schema, const google::protobuf::Descriptor& message,
                                                             const ProtoOptions& options, int32_t version) {
  std::unique_ptr<MessageDecoder> out(new MessageDecoder());
  auto of_subject = version > 0 ? std::optional<int32_t>(version) : std::nullopt;
  ASSIGN_OR_RETURN(out->connect_schema_, to_connect_schema(*schema, message, options, of_subject));
  out->schema_ = std::move(schema);
  out->builder_ = std::make_unique<ColumnBuilder>(out->connect_schema_);
  out->java_class_ = kDataException;
  out->unwrapped_ = out->connect_schema_->type() != columnar::Type::kStruct;
  out->plan_ = out->unwrapped_ ? make_wrapper_plan(message, *out->builder_) : make_decode_plan(message, options, *out->builder_);
  return out;
}

MessageDecoder::~MessageDecoder() = default;

void MessageDecoder::reserve(int64_t rows) { builder_->reserve(rows); }
void MessageDecoder::clear() { builder_->truncate(0); }

Status MessageDecoder::append(std::string_view message) {
  int64_t row = builder_->length();
  if (fields(*plan_, row, message)) {
    if (!unwrapped_) builder_->end_fields();
    return {};
  }
  builder_->truncate(row);
  std::string where = path_.empty() ? "" : fmt::format(" (field '{}')", path_);
  path_.clear();
  return Status::data(std::string(problem_) + where).with_java_class(std::exchange(java_class_, kDataException));
}

Result<columnar::Column> MessageDecoder::finish() {
  auto data = builder_->finish();
  if (!data.ok()) {
    // A builder that gave up half-way is not empty.
    builder_->truncate(0);
    return data.status();
  }
  return columnar::Column{connect_schema_, *std::move(data)};
}

bool MessageDecoder::fail(const char* problem) {
  problem_ = problem;
  return false;
}

bool MessageDecoder::fail_in(const FieldPlan& field) {
  path_ = path_.empty() ? field.name : field.name + "." + path_;
  return false;
}

// All values of one message into the builders of `plan`, row `row` of each; its own builder's row is ended by the caller.
bool MessageDecoder::fields(MessagePlan& plan, int64_t row, std::string_view message) {
  if (plan.has_pieces) {
    // Left over from a message that failed.
    for (FieldPlan& field : plan.fields) field.pieces.clear();
    plan.has_pieces = false;
  }
  const char* p = message.data();
  const char* end = p + message.size();
  const size_t count = plan.fields.size();
  size_t next = 0, in_turn = 0;
  while (p < end) {
    uint64_t v = 0;
    if (!read_varint(p, end, &v)) return fail(kCorrupt);
    auto tag = static_cast<uint32_t>(v);
    FieldPlan* found = nullptr;
    if (next < count && plan.fields[next].tag == tag) {
      found = &plan.fields[next];
      if (found->is_plain && next == in_turn && found->target->length() == row) {
        // The usual case: the fields in the schema's order, each for the first time.
        const char* behind = plain(*found, p, end);
        if (!behind) return fail_in(*found);
        p = behind;
        next = ++in_turn;
        continue;
      }
    } else if (uint32_t number = tag >> 3; number == 0) {
      return fail(kBadTag);
    } else {
      found = plan.find(number);
    }
    if (!found || (tag != found->element_tag && tag != found->packed_tag)) {
      // Also a known field with a type that is not its own.
      if (!skip_wire_value(tag, p, end, kGroupDepthMax)) return fail((tag & 7) == kWireEndGroup ? kBadTag : kCorrupt);
      continue;
    }
    if (!field(plan, *found, tag, row, p, end)) return fail_in(*found);
    next = static_cast<size_t>(found - plan.fields.data()) + !found->repeated;
  }
  // Every field once, in the schema's order: nothing is left to fill.
  if (plan.is_plain && in_turn == count) return true;
  return finish_row(plan, row);
}

// A plain field's value, for the first time in its row: what is behind it, null when it fails.
const char* MessageDecoder::plain(const FieldPlan& field, const char* p, const char* end) {
  ColumnBuilder& out = *field.target;
  uint64_t v = 0;
  const bool wide = end - p >= 8;
  switch (field.form) {
    case WireForm::kVarint32:
    case WireForm::kVarint64:
      if (const char* behind = wide ? read_varint_wide(p, &v) : nullptr) {
        push_integer(out, field.form == WireForm::kVarint32 ? static_cast<int32_t>(v) : static_cast<int64_t>(v));
        return behind;
      }
      break;
    case WireForm::kFixed64:
    case WireForm::kDouble:
      if (!wide) break;
      std::memcpy(&v, p, sizeof v);
      out.push_fixed(v);
      return p + sizeof v;
    case WireForm::kString:
    case WireForm::kBytes:
      // Lengths of one byte.
      if (p < end && static_cast<uint8_t>(*p) < 0x80 && end - p > *p) {
        const std::string_view text(p + 1, static_cast<size_t>(*p));
        if (field.form == WireForm::kString && !valid_utf8(text)) break;
        out.push_bytes(text);
        return text.data() + text.size();
      }
      break;
    default: break;
  }
  return scalar(field, out, p, end) ? p : nullptr;
}

bool MessageDecoder::field(MessagePlan& plan, FieldPlan& field, uint32_t tag, int64_t row, const char*& p, const char* end) {
  std::string_view span;
  if (field.repeated) {
    if (field.is_map) {
      if (!read_span(p, end, &span)) return fail(kCorrupt);
      field.pieces.push_back(span);
      plan.has_pieces = true;
      return true;
    }
    if (tag == field.packed_tag) return read_span(p, end, &span) ? packed(field, span) : fail(kCorrupt);
    if (!field.message && field.form < WireForm::kMessage) return scalar(field, *field.items, p, end);
    return read_span(p, end, &span) ? embedded(field, *field.items, span) : fail(kCorrupt);
  }
  if (field.oneof >= 0) choose(plan, field, row);
  bool again = field.target->length() > row;
  if (field.form < WireForm::kMessage) {
    if (again) field.target->truncate(row);
    return scalar(field, *field.target, p, end);
  }
  if (!read_span(p, end, &span)) return fail(kCorrupt);
  if (again) {
    // A second one: their concatenation is the merged message. Put off to the end of the row, so that many cost no more than their bytes.
    field.target->truncate(row);
    field.pieces.push_back(field.last);
  }
  if (again || !field.pieces.empty()) {
    field.pieces.push_back(span);
    plan.has_pieces = true;
    return true;
  }
  field.last = span;
  return embedded(field, *field.target, span);
}

// The members of a oneof push each other out.
void MessageDecoder::choose(MessagePlan& plan, const FieldPlan& chosen, int64_t row) {
  for (size_t member : plan.oneofs[static_cast<size_t>(chosen.oneof)].members) {
    FieldPlan& other = plan.fields[member];
    if (&other == &chosen) continue;
    other.pieces.clear();
    if (other.target->length() > row) other.target->truncate(row);
  }
}

bool MessageDecoder::number(const FieldPlan& field, ColumnBuilder& out, const char*& p, const char* end) {
  uint64_t v = 0;
  uint32_t four = 0;
  switch (field.form) {
    case WireForm::kFixed64:
    case WireForm::kDouble:
      if (!read_fixed(p, end, &v)) return fail(kCorrupt);
      out.push_fixed(v);
      return true;
    case WireForm::kFixed32:
      if (!read_fixed(p, end, &four)) return fail(kCorrupt);
      push_integer(out, static_cast<int32_t>(four));
      return true;
    case WireForm::kUnsignedFixed32:
      if (!read_fixed(p, end, &four)) return fail(kCorrupt);
      push_integer(out, static_cast<int64_t>(four));
      return true;
    case WireForm::kFloat:
      if (!read_fixed(p, end, &four)) return fail(kCorrupt);
      out.push_fixed(four);
      return true;
    default: break;
  }
  if (!read_varint(p, end, &v)) return fail(kCorrupt);
  switch (field.form) {
    case WireForm::kVarint32: push_integer(out, static_cast<int32_t>(v)); return true;
    case WireForm::kUnsigned32: push_integer(out, static_cast<int64_t>(static_cast<uint32_t>(v))); return true;
    case WireForm::kZigzag32: push_integer(out, static_cast<int32_t>(zigzag(static_cast<uint32_t>(v)))); return true;
    case WireForm::kZigzag64: push_integer(out, zigzag(v)); return true;
    case WireForm::kBool: out.push_fixed(static_cast<uint8_t>(v != 0)); return true;
    case WireForm::kEnumName:
    case WireForm::kEnumNumber: return enum_value(field, out, static_cast<int32_t>(v));
    default: push_integer(out, static_cast<int64_t>(v)); return true;
  }
}

bool MessageDecoder::enum_value(const FieldPlan& field, ColumnBuilder& out, int32_t number) {
  const std::string* name = field.names.find(number);
  if (!name && field.names.closed) return true;
  if (field.form == WireForm::kEnumNumber) {
    push_integer(out, number);
  } else if (name) {
    out.push_bytes(*name);
  } else {
    scratch_ = fmt::format("UNKNOWN_ENUM_VALUE_{}_{}", field.names.type_name, number);
    out.push_bytes(scratch_);
  }
  return true;
}

bool MessageDecoder::scalar(const FieldPlan& field, ColumnBuilder& out, const char*& p, const char* end) {
  if (field.form < WireForm::kString) return number(field, out, p, end);
  std::string_view text;
  if (!read_span(p, end, &text)) return fail(kCorrupt);
  if (field.form == WireForm::kString && !valid_utf8(text)) {
    if (field.strict_utf8) return fail("a string is not valid UTF-8");
    text = repair_utf8(text, &scratch_);
  }
  out.push_bytes(text);
  return true;
}

bool MessageDecoder::packed(const FieldPlan& field, std::string_view values) {
  const char* p = values.data();
  const char* end = p + values.size();
  while (p < end) {
    if (!number(field, *field.items, p, end)) return false;
  }
  return true;
}

bool MessageDecoder::embedded(FieldPlan& field, ColumnBuilder& out, std::string_view message) {
  if (!field.message) return known(field, out, message);
  if (!fields(*field.message, out.length(), message)) return false;
  if (field.form == WireForm::kMessage) out.end_fields();
  return true;
}

bool MessageDecoder::known(const FieldPlan& field, ColumnBuilder& out, std::string_view message) {
  KnownParts parts;
  const char* problem = read_known_parts(message, &parts);
  if (problem) return fail(problem);
  java_class_ = field.form == WireForm::kTime ? "java.time.DateTimeException" : "java.lang.IllegalArgumentException";
  int32_t small = 0;
  int64_t ms = 0;
  columnar::Decimal decimal;
  switch (field.form) {
    case WireForm::kDate:
      problem = to_days(parts, &small);
      if (!problem) out.push_fixed(small);
      break;
    case WireForm::kTime:
      problem = to_milliseconds_of_day(parts, &small);
      if (!problem) out.push_fixed(small);
      break;
    case WireForm::kTimestamp:
      problem = to_timestamp_ms(parts, &ms);
      if (!problem) out.push_fixed(ms);
      break;
    default:
      if (parts.bytes.empty()) java_class_ = "java.lang.NumberFormatException";
      problem = to_decimal(parts, &decimal);
      if (!problem) out.push_bytes(columnar::encode_decimal(decimal));
  }
  if (problem) return fail(problem);
  java_class_ = kDataException;
  return true;
}

bool MessageDecoder::finish_row(MessagePlan& plan, int64_t row) {
  for (FieldPlan& field : plan.fields) {
    if (field.repeated) {
      if (field.is_map && !field.pieces.empty() && !finish_map(field)) return fail_in(field);
      field.target->end_list();
      continue;
    }
    if (!field.pieces.empty()) {
      std::string merged;
      for (std::string_view piece : field.pieces) merged.append(piece);
      field.pieces.clear();
      if (!embedded(field, *field.target, merged)) return fail_in(field);
      field.last = {};
    }
    if (field.oneof < 0 && field.target->length() == row && !fill(field)) return fail_in(field);
  }
  plan.has_pieces = false;
  return plan.oneofs.empty() || finish_oneofs(plan, row);
}

bool MessageDecoder::finish_oneofs(MessagePlan& plan, int64_t row) {
  for (OneofPlan& oneof : plan.oneofs) {
    bool any = false;
    for (size_t member : oneof.members) any = any || plan.fields[member].target->length() > row;
    if (oneof.target && !any) {
      oneof.target->append_null();
      continue;
    }
    for (size_t member : oneof.members) {
      ColumnBuilder& target = *plan.fields[member].target;
      if (target.length() == row) target.append_null();
    }
    if (oneof.target) oneof.target->end_fields();
  }
  return true;
}

// Of entries with equal keys the last one counts.
bool MessageDecoder::finish_map(FieldPlan& field) {
  std::vector<std::string_view> entries = std::move(field.pieces);
  field.pieces.clear();
  if (entries.size() > 1) {
    std::unordered_map<std::string, size_t> last;
    std::string key;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!entry_key(field.message->fields[0], entries[i], &key)) return fail(kCorrupt);
      auto [at, fresh] = last.try_emplace(key, i);
      if (fresh) continue;
      entries[at->second] = entries[i];
      entries[i] = std::string_view(nullptr, 0);
    }
  }
  ColumnBuilder& keys = *field.message->fields[0].target;
  for (std::string_view entry : entries) {
    // An empty entry has a place in the message and so an address.
    if (!entry.data()) continue;
    if (!fields(*field.message, keys.length(), entry)) return false;
  }
  return true;
}

bool MessageDecoder::fill(FieldPlan& field) {
  ColumnBuilder& out = *field.target;
  switch (field.absent) {
    case Absent::kNull: out.append_null(); return true;
    case Absent::kRefused: return fail("a required field is missing");
    case Absent::kEmptyMessage: return embedded(field, out, std::string_view());
    case Absent::kDefault: break;
  }
  switch (field.form) {
    case WireForm::kString:
    case WireForm::kBytes: out.push_bytes(field.default_text); return true;
    case WireForm::kDouble: out.push_fixed(field.default_bits); return true;
    case WireForm::kFloat: out.push_fixed(static_cast<uint32_t>(field.default_bits)); return true;
    case WireForm::kEnumName:
    case WireForm::kEnumNumber: return enum_value(field, out, static_cast<int32_t>(field.default_bits));
    default: push_integer(out, static_cast<int64_t>(field.default_bits)); return true;
  }
}

}  // namespace bywash::formats::protobuf
