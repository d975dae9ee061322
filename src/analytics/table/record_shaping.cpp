// See record_shaping.h.
#include "analytics/table/record_shaping.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "analytics/exec/evaluator.h"
#include "analytics/plan/binder.h"
#include "analytics/sql/parser.h"
#include "analytics/table/json_document.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

void names_in(const sql::Expression& e, std::vector<std::string>* out) {
  if (e.kind == sql::ExpressionKind::kIdentifier && std::find(out->begin(), out->end(), e.name) == out->end()) out->push_back(e.name);
  for (const sql::ExpressionPtr& arg : e.args) names_in(*arg, out);
}

// One letter per value: null, boolean, integer, double, text; arrays in capitals.
char kind_letter(const Json& value) {
  if (value.is_null()) return 'n';
  if (value.is_boolean()) return 'b';
  if (value.is_number_float()) return 'd';
  if (value.is_number()) return 'i';
  if (value.is_array() && !value.empty()) {
    char first = kind_letter(value[0]);
    for (const Json& element : value) {
      char own = kind_letter(element);
      if (own == first) continue;
      first = (own == 'd' && first == 'i') || (own == 'i' && first == 'd') ? 'd' : 's';
    }
    return first == 'i' ? 'I' : first == 'd' ? 'D' : 'S';
  }
  return 's';
}
std::string input_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// A text that is a number becomes one.
Json as_number(const Json& value) {
  if (!value.is_string()) return value;
  const std::string& text = value.get_ref<const std::string&>();
  if (Result<Scalar> whole = parse_scalar(DataType::kLong, text); whole.ok()) return whole->integer;
  if (Result<Scalar> real = parse_scalar(DataType::kDouble, text); real.ok()) return real->real;
  return value;
}

// One function over fields of a record, bound anew for each combination of the fields' types that records have.
class FieldFunction {
 public:
  FieldFunction(sql::ExpressionPtr expression, const TableSchema& schema) : expression_(std::move(expression)) {
    names_in(*expression_, &names_);
    for (const std::string& name : names_) {
      int at = schema.find(name);
      hints_.push_back(at < 0 ? DataType::kString : schema.fields[static_cast<size_t>(at)].type);
    }
  }

  // False: it cannot be computed for this record.
  bool compute(const Json& record, Json* out) {
    std::vector<Json> inputs;
    for (const std::string& name : names_) {
      auto found = record.find(name);
      inputs.push_back(found == record.end() ? Json() : *found);
    }
    if (Program* program = program_for(inputs)) return run(*program, inputs, out);
    for (Json& input : inputs) input = as_number(input);
    Program* program = program_for(inputs);
    return program && run(*program, inputs, out);
  }

  // Whether the function exists at all: bound with the schema's types, or with numbers.
  Status check() {
    std::vector<Json> texts, numbers;
    for (DataType type : hints_) {
      numbers.push_back(1);
      texts.push_back(is_text(type) ? Json("1") : is_real(type) ? Json(1.5) : Json(1));
    }
    if (program_for(texts) || program_for(numbers)) return {};
    return Status::invalid(last_error_);
  }

 private:
  struct Program {
    BoundPtr value;
    size_t slots = 0;
    std::vector<DataType> types;
    std::vector<bool> arrays;
  };

  Program* program_for(const std::vector<Json>& inputs) {
    std::string signature;
    for (const Json& input : inputs) signature += kind_letter(input);
    auto known = programs_.find(signature);
    if (known == programs_.end()) known = programs_.emplace(signature, bind_for(signature)).first;
    return known->second ? known->second.get() : nullptr;
  }

  std::unique_ptr<Program> bind_for(const std::string& signature) {
    auto out = std::make_unique<Program>();
    TableSchema inputs;
    for (size_t i = 0; i < signature.size(); ++i) {
      char letter = signature[i];
      FieldSpec field;
      field.name = names_[i];
      bool known_type = letter == 'n';
      field.type = known_type ? hints_[i] : letter == 'b' ? DataType::kBoolean : letter == 'i' || letter == 'I' ? DataType::kLong : letter == 'd' || letter == 'D' ? DataType::kDouble : DataType::kString;
      field.single_value = letter != 'I' && letter != 'D' && letter != 'S';
      out->types.push_back(field.type);
      out->arrays.push_back(!field.single_value);
      inputs.fields.push_back(std::move(field));
    }
    Result<ScalarProgram> bound = bind_scalar(expression_, inputs, wall_clock_ms());
    if (!bound.ok()) {
      last_error_ = bound.status().message();
      return nullptr;
    }
    out->value = bound->value;
    out->slots = bound->slots;
    return out;
  }

  bool run(const Program& program, const std::vector<Json>& inputs, Json* out) {
    std::vector<Vector> vectors(inputs.size());
    std::vector<std::string> kept;
    kept.reserve(64);
    for (size_t i = 0; i < inputs.size(); ++i) {
      Vector& vector = vectors[i];
      vector.type = program.types[i];
      vector.multi = program.arrays[i];
      std::vector<const Json*> values;
      if (!vector.multi) values.push_back(&inputs[i]);
      else for (const Json& element : inputs[i]) values.push_back(&element);
      std::vector<std::string> texts;
      for (const Json* value : values) {
        if (value->is_null() && !vector.multi) vector.nulls.assign(1, 1);
        if (vector.physical() == Physical::kText) texts.push_back(value->is_null() ? "" : input_text(*value));
        else if (vector.physical() == Physical::kReal) vector.reals.push_back(value->is_number() ? value->get<double>() : 0);
        else vector.integers.push_back(value->is_boolean() ? value->get<bool>() : value->is_number() ? value->get<int64_t>() : 0);
      }
      if (vector.multi) vector.offsets = {0, static_cast<uint32_t>(values.size())};
      if (vector.physical() == Physical::kText) {
        vector.start_texts();
        for (const std::string& text : texts) vector.bytes += text, vector.end_text();
        vector.finish_texts();
      }
    }
    Evaluator evaluator(program.slots, "", true);
    evaluator.set_inputs(&vectors, 1);
    const Vector& result = evaluator.evaluate(*program.value);
    if (!evaluator.error().empty()) return false;
    if (result.is_null(0)) *out = Json();
    else if (!result.multi) *out = value_at(result, 0);
    else {
      *out = Json::array();
      for (size_t at = result.offsets[0]; at < result.offsets[1]; ++at) out->push_back(value_at(result, at));
    }
    return true;
  }

  static Json value_at(const Vector& values, size_t i) {
    if (values.type == DataType::kBoolean) return values.integers[i] != 0;
    switch (values.physical()) {
      case Physical::kInteger: return values.integers[i];
      case Physical::kReal: return std::isfinite(values.reals[i]) ? Json(values.reals[i]) : Json(values.reals[i] > 0 ? "Infinity" : values.reals[i] < 0 ? "-Infinity" : "NaN");
      case Physical::kText: break;
    }
    if (values.type != DataType::kBytes) return std::string(values.texts[i]);
    return hex(values.texts[i]);
  }

  sql::ExpressionPtr expression_;
  std::vector<std::string> names_;
  std::vector<DataType> hints_;
  std::map<std::string, std::unique_ptr<Program>> programs_;
  std::string last_error_;
};

Result<sql::ExpressionPtr> parse_function(const std::string& what, const std::string& text) {
  std::string start = text.substr(0, 6);
  start = ascii_lower(start);
  if (start == "groovy") return Status::invalid(fmt::format("ingestionConfig: {}: Groovy is not supported; write it with functions", what));
  Result<sql::Query> parsed = sql::parse("SELECT " + text + " FROM t");
  if (!parsed.ok()) return Status::invalid(fmt::format("ingestionConfig: {}: not a function: '{}' ({})", what, text, parsed.status().message()));
  if (parsed->select.size() != 1) return Status::invalid(fmt::format("ingestionConfig: {}: one function is wanted, got: '{}'", what, text));
  return parsed->select[0].expression;
}

// ---- complex types

void flatten_into(const Json& value, const std::string& prefix, const std::string& delimiter, Json* out) {
  for (const auto& [key, member] : value.items()) {
    const std::string name = prefix.empty() ? key : prefix + delimiter + key;
    if (member.is_object()) flatten_into(member, name, delimiter, out);
    else (*out)[name] = member;
  }
}

bool primitive_array(const Json& array) {
  return std::none_of(array.begin(), array.end(), [](const Json& element) { return element.is_structured(); });
}

}  // namespace

struct RecordShaper::Impl {
  IngestionRules rules;
  std::vector<std::pair<std::string, FieldFunction>> transforms;
  std::unique_ptr<FieldFunction> filter;

  // Every row with one element of its array `field`; a row without elements stays.
  bool unnest(const std::string& field, std::vector<Json>* rows) const {
    std::vector<Json> out;
    for (Json& row : *rows) {
      auto found = row.find(field);
      if (found == row.end() || !found->is_array() || found->empty()) {
        out.push_back(std::move(row));
        continue;
      }
      const Json elements = std::move(*found);
      row.erase(field);
      for (const Json& element : elements) {
        Json one = row;
        if (element.is_object()) flatten_into(element, field, rules.delimiter, &one);
        else one[field] = element;
        out.push_back(std::move(one));
        if (out.size() > kUnnestedRowsMax) return false;
      }
    }
    *rows = std::move(out);
    return true;
  }

  void finish_complex(Json* row) const {
    Json out = Json::object();
    for (auto& [key, value] : row->items()) {
      std::string name = key;
      for (const auto& [from, to] : rules.prefixes_to_rename) {
        if (name.starts_with(from)) {
          name = to + name.substr(from.size());
          break;
        }
      }
      bool to_json = value.is_array() && rules.collections_to_json != "NONE" && (rules.collections_to_json == "ALL" || !primitive_array(value));
      out[name] = to_json ? Json(value.dump(-1, ' ', false, Json::error_handler_t::replace)) : std::move(value);
    }
    *row = std::move(out);
  }
};

RecordShaper::RecordShaper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordShaper::~RecordShaper() = default;

Result<std::unique_ptr<RecordShaper>> RecordShaper::create(const IngestionRules& rules, const TableSchema& schema) {
  auto impl = std::make_unique<Impl>();
  impl->rules = rules;
  std::sort(impl->rules.fields_to_unnest.begin(), impl->rules.fields_to_unnest.end());  // a parent before its children
  std::vector<std::string> problems;
  auto compile = [&](const std::string& what, const std::string& text) -> std::unique_ptr<FieldFunction> {
    Result<sql::ExpressionPtr> parsed = parse_function(what, text);
    if (!parsed.ok()) return problems.push_back(parsed.status().message()), nullptr;
    auto out = std::make_unique<FieldFunction>(*parsed, schema);
    if (Status status = out->check(); !status.ok()) problems.push_back(fmt::format("ingestionConfig: {}: '{}': {}", what, text, status.message()));
    return out;
  };
  for (const auto& [column, text] : rules.transforms) {
    if (schema.find(column) < 0) problems.push_back(fmt::format("The destination column '{}' of the transform function must be present in the schema", column));
    if (auto function = compile("transform of column " + column, text)) impl->transforms.emplace_back(column, std::move(*function));
  }
  if (!rules.filter.empty()) impl->filter = compile("filterFunction", rules.filter);
  if (!problems.empty()) return Status::invalid(fmt::format("{}", fmt::join(problems, "\n")));
  return std::unique_ptr<RecordShaper>(new RecordShaper(std::move(impl)));
}

RecordShaper::Outcome RecordShaper::shape(std::string_view record, std::vector<std::string>* rows, int64_t* failed) {
  rows->clear();
  Json parsed = Json::parse(record, nullptr, false);
  if (parsed.is_discarded()) return Outcome::kNotJson;
  if (!parsed.is_object()) return Outcome::kNotAnObject;
  std::vector<Json> shaped;
  if (impl_->rules.complex_types) {
    Json flat = Json::object();
    flatten_into(parsed, "", impl_->rules.delimiter, &flat);
    shaped.push_back(std::move(flat));
    for (const std::string& field : impl_->rules.fields_to_unnest) {
      if (!impl_->unnest(field, &shaped)) return Outcome::kTooManyRows;
    }
    for (Json& row : shaped) impl_->finish_complex(&row);
  } else {
    shaped.push_back(std::move(parsed));
  }
  for (Json& row : shaped) {
    for (auto& [column, function] : impl_->transforms) {
      if (auto given = row.find(column); given != row.end() && !given->is_null()) continue;  // the record has it already
      Json value;
      if (!function.compute(row, &value)) ++*failed;
      else if (!value.is_null()) row[column] = std::move(value);
    }
    Json leave_out;
    if (impl_->filter && impl_->filter->compute(row, &leave_out) && (leave_out == true || (leave_out.is_number() && leave_out != 0))) continue;
    rows->push_back(row.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return rows->empty() ? Outcome::kFiltered : Outcome::kRows;
}

}  // namespace bywash::analytics
