// Functions over JSON texts. Semantics: JsonExtractScalarTransformFunction, JsonExtractKeyTransformFunction, JsonFunctions of Apache
// Pinot 1.5.1.
#include "analytics/plan/document_match.h"
#include "analytics/plan/json_path.h"
#include "analytics/plan/row_function.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace bywash::analytics {
namespace {

using JsonValue = nlohmann::ordered_json;

// A found value in a column's type; false: it cannot be.
bool read_value(const JsonValue& value, DataType type, Scalar* out) {
  if (physical_of(type) == Physical::kText) {
    out->text = type == DataType::kJson && value.is_string() ? value.dump() : json_text(value);
    return true;
  }
  if (value.is_boolean()) {
    out->integer = value.get<bool>();
    out->real = static_cast<double>(out->integer);
    return true;
  }
  if (value.is_number()) {
    out->real = value.get<double>();
    out->integer = value.is_number_float() ? to_long(out->real) : value.get<int64_t>();
    if (type == DataType::kInt) out->integer = value.is_number_float() ? std::clamp<int64_t>(out->integer, INT32_MIN, INT32_MAX) : static_cast<int32_t>(out->integer);
    if (type == DataType::kBoolean) out->integer = out->real != 0;
    return true;
  }
  if (!value.is_string()) return false;
  Result<Scalar> parsed = parse_scalar(type, value.get_ref<const std::string&>());
  if (!parsed.ok() && is_integer(type) && type != DataType::kTimestamp) {
    parsed = parse_scalar(DataType::kDouble, value.get_ref<const std::string&>());
    if (parsed.ok()) parsed->integer = to_long(parsed->real);
  }
  if (!parsed.ok()) return false;
  *out = *std::move(parsed);
  return true;
}

// Where the values go, one row after the other.
struct Sink {
  Vector& out;
  size_t n;
  void start() {
    if (out.physical() == Physical::kText) out.start_texts();
    out.integers.clear(), out.reals.clear();
    if (out.multi) out.offsets.assign(1, 0);
  }
  void put(const Scalar& value) {
    switch (out.physical()) {
      case Physical::kInteger: out.integers.push_back(value.integer); break;
      case Physical::kReal: out.reals.push_back(out.type == DataType::kFloat ? static_cast<float>(value.real) : value.real); break;
      case Physical::kText: out.bytes += value.text, out.end_text(); break;
    }
  }
  void end_row() {
    if (out.multi) out.offsets.push_back(static_cast<uint32_t>(out.physical() == Physical::kText ? out.ends.size() : out.value_count()));
  }
  void finish() {
    if (out.physical() == Physical::kText) out.finish_texts();
  }
};

// How a function of a path answers where nothing is found.
enum class Missing { kFail, kDefault, kNull };
struct Extraction {
  JsonPath path;
  DataType type = DataType::kString;
  bool array = false;
  Missing missing = Missing::kNull;
  Scalar otherwise;
};

void extract_row(const Extraction& e, std::string_view text, size_t i, Sink& sink) {
  JsonValue document = parse_document(text);
  std::vector<const JsonValue*> found;
  if (!document.is_discarded()) found = e.path.find(document);
  if (!e.path.definite() && !e.array && !found.empty() && physical_of(e.type) == Physical::kText) {  // several values as one JSON array
    JsonValue all = JsonValue::array();
    for (const JsonValue* one : found) all.push_back(*one);
    Scalar value;
    value.text = json_text(all);
    return sink.put(value);
  }
  if (e.array) {
    std::vector<const JsonValue*> elements;
    for (const JsonValue* one : found) {
      if (!one->is_array()) elements.push_back(one);
      else for (const JsonValue& element : *one) elements.push_back(&element);
    }
    for (const JsonValue* one : elements) {
      Scalar value;
      if (read_value(*one, e.type, &value)) sink.put(value);
    }
    return;
  }
  Scalar value;
  if (!found.empty() && !found[0]->is_null() && read_value(*found[0], e.type, &value)) return sink.put(value);
  if (e.missing == Missing::kFail) sink.out.fail("Cannot resolve JSON path on some records. Consider setting a default value.");
  if (e.missing == Missing::kNull) sink.out.set_null(i, sink.n);
  sink.put(e.otherwise);
}

BoundFunction extraction(Extraction e) {
  auto shared = std::make_shared<const Extraction>(std::move(e));
  return {shared->type, [shared](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.multi = shared->array;
            Sink sink{out, n};
            sink.start();
            for (size_t i = 0; i < n; ++i) {
              if (args[0]->is_null(i) && !shared->array) sink.put(shared->otherwise);
              else extract_row(*shared, args[0]->texts[i], i, sink);
              sink.end_row();
            }
            sink.finish();
          }, shared->array};
}

Status expect_json(const FunctionArgs& call) {
  if (physical_of(call.type(0)) == Physical::kText) return {};
  return Status::invalid(fmt::format("Function {} needs a JSON or STRING column as argument 1, got {}: {}", call.name, to_string(call.type(0)), call.args[0]->text));
}

// jsonExtractScalar(column, path, 'TYPE'[, default]).
Result<BoundFunction> json_extract_scalar(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 4));
  RETURN_IF_ERROR(expect_json(call));
  Extraction e;
  ASSIGN_OR_RETURN(std::string path, call.literal_text(1));
  ASSIGN_OR_RETURN(e.path, JsonPath::compile(path));
  ASSIGN_OR_RETURN(std::string type, call.literal_text(2));
  type = ascii_upper(type);
  e.array = type.ends_with("_ARRAY");
  if (e.array) type.resize(type.size() - 6);
  ASSIGN_OR_RETURN(e.type, data_type_from(type));
  e.missing = Missing::kFail;
  if (call.size() == 4 && !call.args[3]->null) {
    ASSIGN_OR_RETURN(std::string text, call.literal_text(3));
    ASSIGN_OR_RETURN(e.otherwise, parse_scalar(e.type, text));
    e.missing = Missing::kDefault;
  } else if (call.size() == 4) {
    e.missing = Missing::kNull;
  }
  return extraction(std::move(e));
}

// jsonPathString, jsonPathLong, jsonPathDouble (column, path[, default]), jsonPathArray.
template <DataType Type, bool Array>
Result<BoundFunction> json_path(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  RETURN_IF_ERROR(expect_json(call));
  Extraction e;
  ASSIGN_OR_RETURN(std::string path, call.literal_text(1));
  ASSIGN_OR_RETURN(e.path, JsonPath::compile(path));
  e.type = Type;
  e.array = Array;
  if (Type == DataType::kLong) e.otherwise.integer = INT64_MIN, e.missing = Missing::kDefault;
  if (Type == DataType::kDouble) e.otherwise.real = std::nan(""), e.missing = Missing::kDefault;
  if (Type == DataType::kString) e.otherwise.text = "null";
  if (call.size() == 3) {
    ASSIGN_OR_RETURN(std::string text, call.literal_text(2));
    ASSIGN_OR_RETURN(e.otherwise, parse_scalar(Type, text));
    e.missing = Missing::kDefault;
  }
  return extraction(std::move(e));
}

Result<BoundFunction> json_path_exists(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(std::string text, call.literal_text(1));
  ASSIGN_OR_RETURN(JsonPath path, JsonPath::compile(text));
  return row_function(call, "tt", DataType::kBoolean, [path](FunctionRow& row) {
    JsonValue document = parse_document(row.text(0));
    if (document.is_discarded()) return false;
    auto found = path.find(document);
    return !path.definite() || (!found.empty() && !found[0]->is_null());
  });
}

// jsonExtractKey(column, path): the paths of what matches, as $['a']['b'].
void list_keys(const JsonValue& value, const JsonPath& path, size_t step, const std::string& prefix, std::vector<std::string>* out) {
  if (step == path.steps().size()) {
    if (!prefix.empty()) out->push_back("$" + prefix);
    return;
  }
  const JsonPath::Step& wanted = path.steps()[step];
  bool all = wanted.kind == JsonPath::StepKind::kAll, deep = wanted.kind == JsonPath::StepKind::kDeep;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      std::string own = prefix + "['" + key + "']";
      if (all || (deep && (wanted.key.empty() || wanted.key == key)) || (wanted.kind == JsonPath::StepKind::kKey && wanted.key == key)) list_keys(member, path, step + 1, own, out);
      if (deep) list_keys(member, path, step, own, out);
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      std::string own = prefix + "[" + std::to_string(i) + "]";
      if (all || (deep && wanted.key.empty()) || (wanted.kind == JsonPath::StepKind::kIndex && wanted.index == static_cast<int64_t>(i))) list_keys(value[i], path, step + 1, own, out);
      if (deep) list_keys(value[i], path, step, own, out);
    }
  }
}
Result<BoundFunction> json_extract_key(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_json(call));
  ASSIGN_OR_RETURN(std::string text, call.literal_text(1));
  ASSIGN_OR_RETURN(JsonPath path, JsonPath::compile(text));
  return BoundFunction{DataType::kString, [path](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.start_texts();
                         out.offsets.assign(1, 0);
                         for (size_t i = 0; i < n; ++i) {
                           std::vector<std::string> keys;
                           JsonValue document = parse_document(args[0]->texts[i]);
                           if (!document.is_discarded()) list_keys(document, path, 0, "", &keys);
                           for (const std::string& key : keys) out.bytes += key, out.end_text();
                           out.offsets.push_back(static_cast<uint32_t>(out.ends.size()));
                         }
                         out.finish_texts();
                       }, true};
}

Result<BoundFunction> json_format(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    JsonValue document = parse_document(row.text(0));
    out += document.is_discarded() ? JsonValue(std::string(row.text(0))).dump() : document.is_string() ? document.dump() : json_text(document);
  });
}
// jsonStringToArray, jsonStringToMap, jsonStringToListOrMap, jsonExtractObject: the array or object that a text is; null: it is none.
Result<BoundFunction> json_container(const FunctionArgs& call) {
  const bool arrays = call.name != "jsonstringtomap", objects = call.name != "jsonstringtoarray";
  return row_function(call, "t", DataType::kString, [arrays, objects](FunctionRow& row, std::string& out) {
    const JsonValue document = parse_document(row.text(0));
    const bool taken = !document.is_discarded() && ((arrays && document.is_array()) || (objects && document.is_object()));
    if (!taken) return row.null();
    out += json_text(document);
  });
}

// jsonKeyValueArrayToMap('[{"key": "a", "value": 1}]'[, name of keys, name of values]).
Result<BoundFunction> json_pairs_to_map(const FunctionArgs& call) {
  if (call.size() != 1) RETURN_IF_ERROR(call.expect(3, 3));
  return row_function(call, "t|tt", DataType::kString, [](FunctionRow& row, std::string& out) {
    const JsonValue document = parse_document(row.text(0));
    const std::string key(row.size() == 3 ? row.text(1) : "key"), value(row.size() == 3 ? row.text(2) : "value");
    JsonValue map = JsonValue::object();
    for (const JsonValue& pair : document) {
      if (!pair.is_object() || !pair.contains(key) || !pair.contains(value)) return row.fail(fmt::format("Function jsonKeyValueArrayToMap needs an array of objects with '{}' and '{}'", key, value));
      map[json_text(pair[key])] = json_text(pair[value]);
    }
    out += json_text(map);
  });
}

Result<BoundFunction> is_json(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kBoolean, [](FunctionRow& row) { return !parse_document(row.text(0)).is_discarded(); });
}

// JSON_MATCH and TEXT_MATCH where they are no filter of their own.
template <bool Json>
Result<BoundFunction> match_document(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  ASSIGN_OR_RETURN(std::string query, call.literal_text(1));
  ASSIGN_OR_RETURN(DocumentQuery made, Json ? json_match(query, nullptr) : text_match(query, nullptr));
  TextTest test = std::move(made.test);
  return row_function(call, "tt|t", DataType::kBoolean, [test](FunctionRow& row) { return test(row.text(0)); });
}

}  // namespace

const std::vector<FunctionEntry>& json_functions() {
  static const std::vector<FunctionEntry> entries = {{"jsonextractscalar", json_extract_scalar},
                                                     {"jsonextractindex", json_extract_scalar},
                                                     {"jsonextractscalarfast", json_extract_scalar},
                                                     {"jsonextractkey", json_extract_key},
                                                     {"jsonpathstring", json_path<DataType::kString, false>},
                                                     {"jsonpathstringfast", json_path<DataType::kString, false>},
                                                     {"jsonpathstringfirstmatch", json_path<DataType::kString, false>},
                                                     {"jsonpathstringfory", json_path<DataType::kString, false>},
                                                     {"jsonpathlong", json_path<DataType::kLong, false>},
                                                     {"jsonpathlongfast", json_path<DataType::kLong, false>},
                                                     {"jsonpathlongfirstmatch", json_path<DataType::kLong, false>},
                                                     {"jsonpathlongfory", json_path<DataType::kLong, false>},
                                                     {"jsonpathdouble", json_path<DataType::kDouble, false>},
                                                     {"jsonpathdoublefast", json_path<DataType::kDouble, false>},
                                                     {"jsonpathdoublefirstmatch", json_path<DataType::kDouble, false>},
                                                     {"jsonpathdoublefory", json_path<DataType::kDouble, false>},
                                                     {"jsonpatharray", json_path<DataType::kString, true>},
                                                     {"jsonpatharraydefaultempty", json_path<DataType::kString, true>},
                                                     {"jsonpathexists", json_path_exists},
                                                     {"jsonpath", json_path<DataType::kString, false>},
                                                     {"jsonextractscalarfirstmatch", json_extract_scalar},
                                                     {"jsonextractscalarfory", json_extract_scalar},
                                                     {"jsonstringtoarray", json_container},
                                                     {"jsonstringtomap", json_container},
                                                     {"jsonstringtolistormap", json_container},
                                                     {"jsonextractobject", json_container},
                                                     {"jsonkeyvaluearraytomap", json_pairs_to_map},
                                                     {"tojsonmapstr", json_format},
                                                     {"jsonformat", json_format},
                                                     {"isjson", is_json},
                                                     {"jsonmatch", match_document<true>},
                                                     {"textmatch", match_document<false>}};
  return entries;
}

}  // namespace bywash::analytics
