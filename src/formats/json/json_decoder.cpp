// Envelopes: known ones by comparison, new ones by a full parse. Decode step of the sink line, the task's thread. Level 4.
#include "formats/json/json_decoder.h"

#include <arrow/array.h>

#include <algorithm>

#include "formats/json/connect_value.h"

namespace bywash::formats::json {

using columnar::SchemaPtr;
using columnar::Value;

namespace {

constexpr size_t kKnownEnvelopes = 8;

Status not_an_envelope() {
  return data_exception(
      "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain additional fields. "
      "If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.");
}

plugin::DecodedGroup null_group(std::vector<uint32_t> rows, size_t row_count) {
  static const SchemaPtr kNull = columnar::ConnectSchema::schemaless(columnar::Type::kNull);
  plugin::DecodedGroup group;
  group.column = {kNull, std::make_shared<arrow::NullArray>(static_cast<int64_t>(rows.size()))};
  if (rows.size() != row_count) group.rows = std::move(rows);
  return group;
}

}  // namespace

EnvelopeDecoder::EnvelopeDecoder(EnvelopeOptions options)
    : options_(std::move(options)), reader_(options_.replace_null_with_default) {
  if (options_.fixed_schema) known_.push_back({"", "", intern(options_.fixed_schema, "")});
}

void EnvelopeDecoder::start(Target& target, size_t row_count) {
  if (target.rows.empty()) target.builder->reserve(static_cast<int64_t>(row_count));
}

bool EnvelopeDecoder::read_in(const Envelope& envelope, uint32_t row, std::string_view message, size_t row_count) {
  if (!message.starts_with(envelope.prefix)) return false;
  const char* p = message.data() + envelope.prefix.size();
  const char* end = message.data() + message.size();
  auto closed = [&] {
    if (options_.fixed_schema) {
      skip_space(p, end);
      return p == end;
    }
    if (std::string_view(p, static_cast<size_t>(end - p)).starts_with(envelope.suffix)) return true;
    // Only white space may differ, and only where the payload is the last member.
    skip_space(p, end);
    return p < end && *p == '}' && envelope.suffix.find(',') == std::string::npos;
  };
  int depth = options_.fixed_schema ? 0 : 1;
  if (!envelope.target) {
    const char* begin = p;
    if (!skip_value(p, end, depth)) return false;
    std::string_view payload(begin, static_cast<size_t>(p - begin));
    if (!closed()) return false;
    schemaless_payloads_.push_back(payload);
    schemaless_rows_.push_back(row);
    return true;
  }
  Target& target = *envelope.target;
  start(target, row_count);
  int64_t length = target.builder->length();
  if (!reader_.read(*target.builder, p, end, depth) || !closed()) {
    target.builder->truncate(length);
    return false;
  }
  target.rows.push_back(row);
  return true;
}

bool EnvelopeDecoder::read_known(uint32_t row, std::string_view message, size_t row_count) {
  for (size_t i = 0; i < known_.size(); ++i) {
    if (!read_in(known_[i], row, message, row_count)) continue;
    if (i > 0) std::rotate(known_.begin(), known_.begin() + static_cast<std::ptrdiff_t>(i), known_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return true;
  }
  return false;
}

EnvelopeDecoder::Target* EnvelopeDecoder::intern(SchemaPtr schema, std::string text) {
  for (auto& target : targets_) {
    if (target->schema->equals(*schema)) return target.get();
  }
  auto target = std::make_unique<Target>();
  target->builder = std::make_unique<ColumnBuilder>(schema);
  target->schema = std::move(schema);
  target->text = std::move(text);
  targets_.push_back(std::move(target));
  return targets_.back().get();
}

Result<EnvelopeDecoder::Target*> EnvelopeDecoder::target_of(const Node& schema) {
  std::string_view text(schema.begin, static_cast<size_t>(schema.end - schema.begin));
  for (auto& target : targets_) {
    if (target->text == text) return target.get();
  }
  ASSIGN_OR_RETURN(SchemaPtr made, schema_from_json(schema, options_.replace_null_with_default));
  if (!made) return static_cast<Target*>(nullptr);
  return intern(std::move(made), std::string(text));
}

// Keeps the text before and after the payload, if a look at the text alone shows the same envelope next time: nothing of the prefix
// or suffix may depend on what the payload is. Two members, each once, make that sure.
void EnvelopeDecoder::remember(std::string_view message, const Node& document, Target* target) {
  const Node* payload = document.find("payload");
  const Node* schema = document.find("schema");
  const char* start = message.data();
  bool first_schema = schema->end < payload->begin;
  const char* member = first_schema ? schema->begin : payload->begin;
  // A repeated key leaves no trace in the tree but text: more than one quoted "schema" or "payload" key outside the values.
  auto count = [](std::string_view text, std::string_view what) {
    size_t n = 0;
    for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
  };
  const Node* second = first_schema ? payload : schema;
  const Node* first = first_schema ? schema : payload;
  std::string outside(start, static_cast<size_t>(member - start));
  outside.append(first->end, second->begin).append(second->end, document.end);
  if (count(outside, "\"") != 4 || count(outside, ":") != 2) return;
  Envelope envelope;
  envelope.prefix.assign(start, payload->begin);
  envelope.suffix.assign(payload->end, document.end);
  envelope.target = target;
  bool known = std::any_of(known_.begin(), known_.end(), [&](const Envelope& e) { return e.prefix == envelope.prefix && e.suffix == envelope.suffix; });
  if (known) return;
  if (known_.size() >= kKnownEnvelopes) known_.pop_back();
  known_.insert(known_.begin(), std::move(envelope));
}

Status EnvelopeDecoder::append(Target& target, const Node& payload, uint32_t row, size_t row_count) {
  ASSIGN_OR_RETURN(Value value, to_connect(target.schema, &payload, options_.replace_null_with_default));
  start(target, row_count);
  int64_t length = target.builder->length();
  if (Status appended = target.builder->append(value); !appended.ok()) {
    target.builder->truncate(length);
    return appended;
  }
  target.rows.push_back(row);
  return {};
}

Status EnvelopeDecoder::read_carefully(uint32_t row, std::string_view message, size_t row_count) {
  std::string_view text = to_utf8(message, &utf8_);
  // Nothing at all is no null: the original converts Jackson's MissingNode, which gives what `false` gives for every type.
  if (options_.fixed_schema && text.empty()) text = "false";
  auto document = parse_document(text);
  if (!document.ok()) return serialization_error(document.status());
  if (options_.fixed_schema) return append(*known_[0].target, *document, row, row_count);
  const Node* schema = document->find("schema");
  const Node* payload = document->find("payload");
  if (!document->is(Node::Kind::kObject) || document->members.size() != 2 || !schema || !payload) return not_an_envelope();
  ASSIGN_OR_RETURN(Target * target, target_of(*schema));
  // Texts of another encoding live in scratch memory, and their payloads with them.
  bool in_place = text.data() == message.data();
  if (target) {
    RETURN_IF_ERROR(append(*target, *payload, row, row_count));
  } else if (in_place) {
    schemaless_payloads_.push_back(std::string_view(payload->begin, static_cast<size_t>(payload->end - payload->begin)));
    schemaless_rows_.push_back(row);
  } else {
    return data_exception("A message in UTF-16 or UTF-32 with a null schema is not supported: write it in UTF-8");
  }
  if (in_place) remember(message, *document, target);
  return {};
}

Result<plugin::Decoded> EnvelopeDecoder::decode(Payloads payloads) {
  plugin::Decoded out;
  std::vector<uint32_t> nulls;
  if (targets_.size() > std::max(kKnownEnvelopes, options_.schemas_max) && !options_.fixed_schema) {
    known_.clear();
    targets_.clear();
  }
  for (auto& target : targets_) target->builder->truncate(0);
  for (size_t i = 0; i < payloads.size(); ++i) {
    auto row = static_cast<uint32_t>(i);
    if (!payloads[i]) {
      nulls.push_back(row);
      continue;
    }
    if (read_known(row, *payloads[i], payloads.size())) continue;
    if (Status read = read_carefully(row, *payloads[i], payloads.size()); !read.ok()) out.errors.push_back({row, std::move(read)});
  }
  for (auto& target : targets_) {
    if (target->rows.empty()) continue;
    bool all = target->rows.size() == payloads.size();
    std::vector<uint32_t> rows = all ? std::vector<uint32_t>() : target->rows;
    target->rows.clear();
    auto data = target->builder->finish();
    if (!data.ok()) {
      for (auto& other : targets_) other->rows.clear();
      target->builder = std::make_unique<ColumnBuilder>(target->schema);
      return data.status();
    }
    plugin::DecodedGroup group;
    group.column = {target->schema, *std::move(data)};
    group.rows = std::move(rows);
    out.groups.push_back(std::move(group));
  }
  if (!schemaless_rows_.empty()) {
    Status decoded = schemaless_.decode(schemaless_payloads_, schemaless_rows_, &out);
    schemaless_payloads_.clear();
    schemaless_rows_.clear();
    RETURN_IF_ERROR(decoded);
  }
  if (!nulls.empty()) out.groups.push_back(null_group(std::move(nulls), payloads.size()));
  std::sort(out.errors.begin(), out.errors.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  return out;
}

}  // namespace bywash::formats::json
