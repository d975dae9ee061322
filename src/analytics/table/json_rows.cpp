// See json_rows.h. The fast path appends values as it meets them, in the order of the last record's keys; whatever is unusual (a key
// twice, a value of another type, a long text) rolls the row back and takes the slow path, which reads the record field by field.
#include "analytics/table/json_rows.h"

#include <simdjson.h>

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "analytics/table/record_shaping.h"
#include "analytics/table/time_format.h"
#include "analytics/table/value_coercion.h"

namespace bywash::analytics {

namespace ondemand = simdjson::ondemand;

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::kNotJson: return "not_json";
    case DropReason::kNotAnObject: return "not_an_object";
    case DropReason::kFiltered: return "filtered";
    case DropReason::kTooManyRows: return "too_many_rows";
    case DropReason::kUndecodable: return "undecodable";
    default: return "tombstone";
  }
}

std::string_view to_string(ReplaceReason reason) {
  switch (reason) {
    case ReplaceReason::kOutOfRange: return "out_of_range";
    case ReplaceReason::kNotANumber: return "not_a_number";
    case ReplaceReason::kFractional: return "fractional";
    case ReplaceReason::kWrongType: return "wrong_type";
    case ReplaceReason::kNested: return "nested";
    case ReplaceReason::kTooLong: return "too_long";
    case ReplaceReason::kNotTransformed: return "not_transformed";
    default: return "time_out_of_range";
  }
}

namespace {

bool coerce_value(ondemand::value value, const FieldSpec& field, LongText long_text, CoercedValue& out);

// A single-value column takes the only element of an array or object, as Pinot does; more than one is an error.
template <class Container, class Get>
bool coerce_only(Container container, Get get, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  size_t count = 0;
  for (auto member : container) {
    ondemand::value element;
    if (get(member).get(element) != simdjson::SUCCESS || !coerce_value(element, field, long_text, out)) return false;
    ++count;
  }
  if (count > 1) out.fail(ReplaceReason::kNested);
  return true;
}

bool coerce_elements(ondemand::array array, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  out.null = false;
  FieldSpec element_field = field;
  element_field.single_value = true;
  for (auto member : array) {
    ondemand::value element;
    CoercedValue one;
    if (member.get(element) != simdjson::SUCCESS || !coerce_value(element, element_field, long_text, one)) return false;
    if (one.problem) out.problem = one.problem;
    if (!one.null) out.elements.push_back(std::move(one));
  }
  if (out.elements.empty()) out.null = true;
  return true;
}

bool coerce_nested(ondemand::value value, ondemand::json_type type, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  if (field.type == DataType::kJson) {
    std::string_view raw;
    if (value.raw_json().get(raw) != simdjson::SUCCESS) return false;
    std::string compact(raw.size(), '\0');
    size_t length = 0;
    if (simdjson::minify(raw.data(), raw.size(), compact.data(), length) != simdjson::SUCCESS) return false;
    compact.resize(length);
    put_text(std::move(compact), field, long_text, out);
    return true;
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    if (!field.single_value) return coerce_elements(array, field, long_text, out);
    return coerce_only(array, [](auto& member) { return simdjson::simdjson_result<ondemand::value>(member); }, field, long_text, out);
  }
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  return coerce_only(object, [](auto& member) { return member.value(); }, field, long_text, out);
}

// False: the record is not JSON here.
bool coerce_value(ondemand::value value, const FieldSpec& field, LongText long_text, CoercedValue& out) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (!field.single_value && type != ondemand::json_type::array && type != ondemand::json_type::null) {
    FieldSpec element_field = field;
    element_field.single_value = true;
    CoercedValue one;
    if (!coerce_value(value, element_field, long_text, one)) return false;
    out.problem = one.problem;
    out.null = one.null;
    if (!one.null) out.elements.push_back(std::move(one));
    return true;
  }
  switch (type) {
    case ondemand::json_type::null: {
      bool is_null;
      out.reset();
      return value.is_null().get(is_null) == simdjson::SUCCESS && is_null;
    }
    case ondemand::json_type::boolean: {
      bool flag;
      if (value.get_bool().get(flag) != simdjson::SUCCESS) return false;
      coerce_bool(flag, field, out);
      return true;
    }
    case ondemand::json_type::string: {
      std::string_view text;
      if (value.get_string(true).get(text) != simdjson::SUCCESS) return false;
      coerce_text(text, field, long_text, out);
      return true;
    }
    case ondemand::json_type::number: {
      std::string_view token = value.raw_json_token();
      while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\t' || token.back() == '\r')) token.remove_suffix(1);
      if (!is_json_number(token)) return false;
      coerce_number(token, field, long_text, out);
      return true;
    }
    default: return coerce_nested(value, type, field, long_text, out);
  }
}

}  // namespace

struct JsonRows::Impl {
  std::shared_ptr<const TableSchema> schema;
  std::vector<LongText> long_texts;
  std::unordered_map<std::string_view, size_t> by_name;
  bool slow_only = false;       // multi-value columns, or times to check
  int time_field = -1;
  std::optional<TimeFormat> time_format;  // set when rows' times are checked

  ondemand::parser parser;
  std::vector<char> buffer;
  struct Expected {
    std::string key;  // as between the quotes
    size_t field;
  };
  std::vector<Expected> order;  // keys of the last record, by position; unknown keys have field = npos
  std::vector<uint64_t> seen;   // row number + 1 of the last row that set the column
  uint64_t row_number = 0;
  std::vector<CoercedValue> cells;
  std::unique_ptr<RecordShaper> shaper;  // of tables with transforms, a filter or complex types
  std::vector<std::string> shaped;
  bool unnests = false;
  IngestCounts counts;

  static constexpr size_t kUnknown = SIZE_MAX;

  simdjson::padded_string_view padded(std::string_view payload) {
    const size_t needed = payload.size() + simdjson::SIMDJSON_PADDING;
    if (buffer.size() < needed) buffer.resize(needed * 2);
    std::memcpy(buffer.data(), payload.data(), payload.size());
    std::memset(buffer.data() + payload.size(), ' ', simdjson::SIMDJSON_PADDING);
    return simdjson::padded_string_view(buffer.data(), payload.size(), buffer.size());
  }

  // The field of the key at this position of the record; learns the order.
  size_t field_of(std::string_view key, size_t position) {
    if (position < order.size() && order[position].key.size() == key.size() &&
        std::memcmp(order[position].key.data(), key.data(), key.size()) == 0) {
      return order[position].field;
    }
    auto found = by_name.find(key);
    const size_t field = found == by_name.end() ? kUnknown : found->second;
    if (position >= order.size()) {
      if (position > 4096) return field;
      order.resize(position + 1, {{}, kUnknown});
    }
    order[position] = {std::string(key), field};
    return field;
  }

  // One value the way most records have it; false: the slow path has to look.
  bool append_fast(ondemand::value& value, size_t column, MutableSegment& segment) {
    const FieldSpec& field = schema->fields[column];
    switch (field.type) {
      case DataType::kInt: {
        int64_t number;
        if (value.get_int64().get(number) != simdjson::SUCCESS || number < INT32_MIN || number > INT32_MAX) return false;
        segment.append_int(column, static_cast<int32_t>(number));
        return true;
      }
      case DataType::kLong:
      case DataType::kTimestamp: {
        int64_t number;
        if (value.get_int64().get(number) != simdjson::SUCCESS) return false;
        segment.append_long(column, number);
        return true;
      }
      case DataType::kFloat:
      case DataType::kDouble: {
        double number;
        if (value.get_double().get(number) != simdjson::SUCCESS) return false;
        number += 0.0;  // -0.0 is 0.0
        if (field.type == DataType::kDouble) segment.append_double(column, number);
        else segment.append_float(column, static_cast<float>(number));
        return true;
      }
      case DataType::kBoolean: {
        bool flag;
        if (value.get_bool().get(flag) != simdjson::SUCCESS) return false;
        segment.append_int(column, flag ? 1 : 0);
        return true;
      }
      case DataType::kString: {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS || text.size() > static_cast<size_t>(field.max_length)) return false;
        segment.append_text(column, text);
        return true;
      }
      default: return false;
    }
  }

  enum class Outcome { kRow, kUnusual, kBroken };

  Outcome fast(ondemand::object& object, MutableSegment& segment) {
    size_t position = 0, set = 0;
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field) != simdjson::SUCCESS) return Outcome::kUnusual;
      const std::string_view key = field.escaped_key();
      if (key.find('\\') != std::string_view::npos) return Outcome::kUnusual;
      const size_t column = field_of(key, position++);
      if (column == kUnknown) continue;
      if (seen[column] == row_number) return Outcome::kUnusual;
      if (!append_fast(field.value(), column, segment)) return Outcome::kUnusual;
      seen[column] = row_number;
      ++set;
    }
    if (set < seen.size()) {
      for (size_t column = 0; column < seen.size(); ++column) {
        if (seen[column] != row_number) segment.append_null(column);
      }
    }
    return Outcome::kRow;
  }

  bool drop(DropReason reason) {
    ++counts.dropped[static_cast<size_t>(reason)];
    return false;
  }

  // Reads every known key; a key that comes twice keeps its last value, as Jackson does.
  bool slow(simdjson::padded_string_view text, MutableSegment& segment) {
    for (CoercedValue& cell : cells) cell.reset();
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return drop(DropReason::kNotJson);
    if (document.get_object().get(object) != simdjson::SUCCESS) {
      ondemand::json_type type;
      bool is_null = false;
      const bool json = document.type().get(type) == simdjson::SUCCESS && type != ondemand::json_type::object &&
                        (type != ondemand::json_type::null || (document.is_null().get(is_null) == simdjson::SUCCESS && is_null));
      return drop(json ? DropReason::kNotAnObject : DropReason::kNotJson);
    }
    for (auto member : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(member).get(field) != simdjson::SUCCESS || field.unescaped_key().get(key) != simdjson::SUCCESS) return drop(DropReason::kNotJson);
      auto found = by_name.find(key);
      if (found == by_name.end()) continue;
      CoercedValue& cell = cells[found->second];
      cell.reset();
      if (!coerce_value(field.value(), schema->fields[found->second], long_texts[found->second], cell)) return drop(DropReason::kNotJson);
    }
    check_time();
    for (size_t column = 0; column < cells.size(); ++column) append_cell(cells[column], column, segment);
    return true;
  }

  // rowTimeValueCheck: a time outside 1971..2071 is an error (org.apache.pinot...TimeValidationTransformer).
  void check_time() {
    if (time_field < 0 || !time_format) return;
    CoercedValue& cell = cells[static_cast<size_t>(time_field)];
    if (cell.null) return;
    const FieldSpec& field = schema->fields[static_cast<size_t>(time_field)];
    const std::optional<int64_t> at = is_text(field.type) ? time_format->to_millis(std::string_view(cell.text)) : time_format->to_millis(cell.integer);
    if (at && is_plausible_time(*at)) return;
    cell.reset();
    cell.problem = ReplaceReason::kTimeOutOfRange;
  }

  void append_cell(const CoercedValue& cell, size_t column, MutableSegment& segment) {
    if (cell.problem) ++counts.replaced[static_cast<size_t>(*cell.problem)];
    if (cell.null) return segment.append_null(column);
    const FieldSpec& field = schema->fields[column];
    if (!field.single_value) return append_multi(cell, column, segment);
    switch (stored_as(field.type)) {
      case Stored::kI32: return segment.append_int(column, static_cast<int32_t>(cell.integer));
      case Stored::kI64: return segment.append_long(column, cell.integer);
      case Stored::kF32: return segment.append_float(column, static_cast<float>(cell.real));
      case Stored::kF64: return segment.append_double(column, cell.real);
      case Stored::kBytes: return segment.append_text(column, cell.text);
    }
  }

  void append_multi(const CoercedValue& cell, size_t column, MutableSegment& segment) {
    const DataType type = schema->fields[column].type;
    if (is_integer(type)) {
      std::vector<int64_t> values;
      for (const CoercedValue& element : cell.elements) values.push_back(element.integer);
      return segment.append_integers(column, values);
    }
    if (is_real(type)) {
      std::vector<double> values;
      for (const CoercedValue& element : cell.elements) values.push_back(element.real);
      return segment.append_reals(column, values);
    }
    std::vector<std::string_view> values;
    for (const CoercedValue& element : cell.elements) values.push_back(element.text);
    segment.append_texts(column, values);
  }
};

JsonRows::JsonRows(const SchemaConfig& schema, const TableConfig& table) : impl_(std::make_unique<Impl>()) {
  impl_->schema = schema.schema;
  impl_->long_texts = schema.long_texts;
  for (size_t i = 0; i < schema.schema->fields.size(); ++i) {
    const FieldSpec& field = schema.schema->fields[i];
    impl_->by_name.emplace(field.name, i);
    if (!field.single_value) impl_->slow_only = true;
  }
  impl_->seen.resize(schema.schema->fields.size());
  impl_->cells.resize(schema.schema->fields.size());
  if (!table.ingestion.empty()) {
    Result<std::unique_ptr<RecordShaper>> shaper = RecordShaper::create(table.ingestion, *schema.schema);
    CHECK(shaper.ok());  // checked with the config
    impl_->shaper = *std::move(shaper);
    impl_->unnests = !table.ingestion.fields_to_unnest.empty();
  }
  impl_->time_field = schema.schema->find(table.time_column);
  if (table.row_time_check && impl_->time_field >= 0) {
    Result<TimeFormat> format = TimeFormat::parse(schema.schema->fields[static_cast<size_t>(impl_->time_field)].format);
    if (format) impl_->time_format = *format;
    impl_->slow_only = true;
  }
}

JsonRows::~JsonRows() = default;

int64_t JsonRows::filtered() const { return impl_->counts.dropped[static_cast<size_t>(DropReason::kFiltered)]; }
void JsonRows::drop(DropReason reason) { (void)impl_->drop(reason); }
int64_t JsonRows::rows_per_record() const { return impl_->unnests ? static_cast<int64_t>(kUnnestedRowsMax) : 1; }

bool JsonRows::append(std::optional<std::string_view> payload, MutableSegment& segment) {
  Impl& impl = *impl_;
  if (!payload || payload->empty()) return impl.drop(DropReason::kTombstone);
  if (!impl.shaper) return append_row(*payload, segment);
  int64_t failed = 0;
  const RecordShaper::Outcome outcome = impl.shaper->shape(*payload, &impl.shaped, &failed);
  impl.counts.replaced[static_cast<size_t>(ReplaceReason::kNotTransformed)] += failed;
  switch (outcome) {
    case RecordShaper::Outcome::kRows: break;
    case RecordShaper::Outcome::kFiltered: return impl.drop(DropReason::kFiltered);
    case RecordShaper::Outcome::kNotJson: return impl.drop(DropReason::kNotJson);
    case RecordShaper::Outcome::kNotAnObject: return impl.drop(DropReason::kNotAnObject);
    case RecordShaper::Outcome::kTooManyRows: return impl.drop(DropReason::kTooManyRows);
  }
  bool any = false;
  for (const std::string& row : impl.shaped) any = append_row(row, segment) || any;
  return any;
}

bool JsonRows::append_row(std::string_view payload, MutableSegment& segment) {
  Impl& impl = *impl_;
  const simdjson::padded_string_view text = impl.padded(payload);
  const int64_t before = segment.appended_rows();
  if (!impl.slow_only) {
    ++impl.row_number;
    ondemand::document document;
    ondemand::object object;
    if (impl.parser.iterate(text).get(document) == simdjson::SUCCESS && document.get_object().get(object) == simdjson::SUCCESS &&
        impl.fast(object, segment) == Impl::Outcome::kRow) {
      ++impl.counts.rows;
      return true;
    }
    segment.rollback(before);
  }
  if (!impl.slow(text, segment)) return false;
  ++impl.counts.rows;
  return true;
}

IngestCounts JsonRows::take_counts() { return std::exchange(impl_->counts, IngestCounts()); }

std::shared_ptr<const TableSchema> segment_schema(const SchemaConfig& schema, const TableConfig& table, int64_t now_ms) {
  const int at = schema.schema->find(table.time_column);
  if (at < 0) return schema.schema;
  const FieldSpec& field = schema.schema->fields[static_cast<size_t>(at)];
  Result<TimeFormat> format = TimeFormat::parse(field.format);
  if (!format) return schema.schema;
  const Scalar& given = field.default_null;
  const std::optional<int64_t> millis = is_text(field.type) ? format->to_millis(std::string_view(given.text)) : format->to_millis(given.integer);
  if (millis && is_plausible_time(*millis)) return schema.schema;
  auto copy = std::make_shared<TableSchema>(*schema.schema);
  FieldSpec& own = copy->fields[static_cast<size_t>(at)];
  const std::string now = format->from_millis(now_ms);
  if (Result<Scalar> value = parse_scalar(own.type == DataType::kTimestamp ? DataType::kLong : own.type, now)) own.default_null = *value;
  return copy;
}

}  // namespace bywash::analytics
