// Asks the engine the recorded queries on flight data and compares with what Apache Pinot 1.5.1 answered, by the rules that the
// recordings state: columns, types and row counts always; values where the answer is determined. The folder (schema.json, rows.jsonl.gz,
// answers.jsonl.gz) is named by BYWASH_PINOT_RECORDINGS; without it the test is skipped.
#include "analytics/exec/query_engine.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <regex>

namespace bywash::analytics {
namespace {

using Json = nlohmann::json;

std::vector<Json> read_lines(const std::string& path) {
  std::vector<Json> out;
  FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  if (!pipe) return out;
  std::string line;
  for (int c; (c = std::fgetc(pipe)) != EOF;) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    out.push_back(Json::parse(line));
    line.clear();
  }
  ::pclose(pipe);
  return out;
}

std::shared_ptr<const TableSchema> read_schema(const std::string& path) {
  Json json = Json::parse(std::ifstream(path));
  auto schema = std::make_shared<TableSchema>();
  schema->name = json["schemaName"];
  for (auto [key, kind] : {std::pair{"dimensionFieldSpecs", FieldKind::kDimension}, {"metricFieldSpecs", FieldKind::kMetric}, {"dateTimeFieldSpecs", FieldKind::kDateTime}}) {
    if (!json.contains(key)) continue;
    for (const Json& field : json[key]) {
      FieldSpec spec;
      spec.name = field["name"];
      spec.type = *data_type_from(field["dataType"].get<std::string>());
      spec.kind = kind;
      spec.single_value = field.value("singleValueField", true);
      spec.default_null = default_null_of(kind, spec.type);
      schema->fields.push_back(std::move(spec));
    }
  }
  if (json.contains("timeFieldSpec")) {  // the older form of a dateTime field
    FieldSpec spec;
    spec.name = json["timeFieldSpec"]["incomingGranularitySpec"]["name"];
    spec.type = *data_type_from(json["timeFieldSpec"]["incomingGranularitySpec"]["dataType"].get<std::string>());
    spec.kind = FieldKind::kDateTime;
    spec.default_null = default_null_of(spec.kind, spec.type);
    schema->fields.push_back(std::move(spec));
  }
  return schema;
}

void append(MutableSegment& segment, size_t i, const FieldSpec& field, const Json& value) {
  if (!field.single_value) {
    Json array = value.is_array() ? value : Json::array({value});
    if (is_integer(field.type)) return segment.append_integers(i, array.get<std::vector<int64_t>>());
    if (is_real(field.type)) return segment.append_reals(i, array.get<std::vector<double>>());
    auto texts = array.get<std::vector<std::string>>();
    return segment.append_texts(i, std::vector<std::string_view>(texts.begin(), texts.end()));
  }
  switch (stored_as(field.type)) {
    case Stored::kI32: return segment.append_int(i, value.get<int32_t>());
    case Stored::kI64: return segment.append_long(i, value.get<int64_t>());
    case Stored::kF32: return segment.append_float(i, value.get<float>());
    case Stored::kF64: return segment.append_double(i, value.get<double>());
    case Stored::kBytes: return segment.append_text(i, value.get<std::string>());
  }
}

bool same(const Json& a, const Json& b) {
  if (a.is_array() && b.is_array()) return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
  if (!a.is_number() || !b.is_number()) return a == b;
  double x = a, y = b;
  return x == y || std::abs(x - y) <= 1e-6 * std::max({std::abs(x), std::abs(y), 1e-9});
}

// A key by which rows sort alike although doubles differ in their last digits.
std::string rounded(const Json& value) {
  if (value.is_number()) return fmt::format("{:.6g}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string out = "[";
  for (const Json& item : value) out += rounded(item) + ",";
  return out + "]";
}
std::vector<std::string> as_set(const Json& rows) {
  std::vector<std::string> out;
  for (const Json& row : rows) out.push_back(rounded(row));
  std::sort(out.begin(), out.end());
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// Positions of the ORDER BY columns in the answer; false when one is not selected.
bool order_columns(const std::string& sql, const Json& names, std::vector<size_t>* out) {
  size_t at = upper(sql).find("ORDER BY");
  if (at == std::string::npos) return true;
  std::string clause = sql.substr(at + 8);
  for (std::string_view end : {"LIMIT", "OFFSET", "OPTION"}) clause = clause.substr(0, upper(clause).find(end));
  static const std::regex direction("\\s+(asc|desc)?\\s*$", std::regex::icase);
  std::string item;
  int depth = 0;
  for (char c : clause + ",") {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != ',' || depth > 0) {
      item += c;
      continue;
    }
    item = upper(std::regex_replace(item + " ", direction, ""));
    std::erase_if(item, [](char d) { return d == ' ' || d == '"'; });
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < names.size(); ++i) {
      std::string name = upper(names[i]);
      std::erase_if(name, [](char d) { return d == ' '; });
      if (name == item) found = i;
    }
    if (found == SIZE_MAX) return false;
    out->push_back(found);
    item.clear();
  }
  return true;
}

std::string disagreement(const Json& want, const Json& got) {
  if (want["exceptions"].empty() != got["exceptions"].empty()) return "exceptions: " + got["exceptions"].dump();
  if (!want["exceptions"].empty()) return "";
  const Json &w = want["resultTable"], &g = got["resultTable"];
  if (w["dataSchema"] != g["dataSchema"]) return "schema " + g["dataSchema"].dump() + ", expected " + w["dataSchema"].dump();
  const Json &wr = w["rows"], &gr = g["rows"];
  if (wr.size() != gr.size()) return fmt::format("{} rows, expected {}", gr.size(), wr.size());
  std::string sql = want["sql"];
  std::smatch limit;
  static const std::regex limit_pattern("\\bLIMIT\\s+(?:\\d+\\s*,\\s*)?(\\d+)", std::regex::icase);
  size_t rows_max = std::regex_search(sql, limit, limit_pattern) ? std::stoul(limit[1]) : 10;
  std::vector<size_t> order;
  bool ordered = order_columns(sql, w["dataSchema"]["columnNames"], &order);
  bool grouped = upper(sql).find("GROUP BY") != std::string::npos;
  if (wr.size() < rows_max || (!grouped && wr.size() == 1)) {
    bool aggregation = std::regex_search(sql, std::regex("\\b(count|sum|min|max|avg)\\s*\\(", std::regex::icase));
    if ((wr.size() < rows_max || aggregation) && as_set(wr) != as_set(gr)) return "rows differ: " + gr.dump().substr(0, 300) + ", expected " + wr.dump().substr(0, 300);
  }
  if (ordered) {
    for (size_t row = 0; row < wr.size(); ++row) {
      for (size_t column : order) {
        if (!same(wr[row][column], gr[row][column])) return "ORDER BY values differ: " + gr.dump().substr(0, 300) + ", expected " + wr.dump().substr(0, 300);
      }
    }
  }
  // Pinot ends a scan early where ours reads on, and never the other way round, unless no LIMIT cut in.
  if (wr.size() < rows_max && !grouped && order.empty() && want["numDocsScanned"] != got["numDocsScanned"]) {
    return fmt::format("numDocsScanned {}, expected {}", got["numDocsScanned"].dump(), want["numDocsScanned"].dump());
  }
  return "";
}

class PinotRecordings : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("BYWASH_PINOT_RECORDINGS");
    if (!folder || ::access((std::string(folder) + "/answers.jsonl.gz").c_str(), R_OK) != 0) {
      GTEST_SKIP() << "BYWASH_PINOT_RECORDINGS does not name a folder with recorded queries";
    }
    folder_ = folder;
    schema_ = read_schema(folder_ + "/schema.json");
    rows_ = read_lines(folder_ + "/rows.jsonl.gz");
    ASSERT_FALSE(rows_.empty());
  }

  // The rows in `parts` consuming segments.
  std::vector<std::shared_ptr<MutableSegment>> load(size_t parts) {
    std::vector<std::shared_ptr<MutableSegment>> out;
    for (size_t part = 0; part < parts; ++part) {
      MutableSegmentOptions options;
      options.name = fmt::format("mytable_{}", part);
      out.push_back(*MutableSegment::create(schema_, options));
      for (size_t row = rows_.size() * part / parts; row < rows_.size() * (part + 1) / parts; ++row) {
        for (size_t i = 0; i < schema_->fields.size(); ++i) {
          const FieldSpec& field = schema_->fields[i];
          auto value = rows_[row].find(field.name);
          if (value == rows_[row].end() || value->is_null()) out.back()->append_null(i);
          else append(*out.back(), i, field, *value);
        }
      }
      out.back()->publish(out.back()->appended_rows());
    }
    return out;
  }

  void compare(std::shared_ptr<const TableSnapshot> table) {
    size_t agreed = 0, shown = 0;
    std::vector<Json> wanted = read_lines(folder_ + "/answers.jsonl.gz");
    for (const Json& want : wanted) {
      if (!want.contains("sql")) continue;
      QueryResponse got = answer(want["sql"].get<std::string>(), {}, [&](std::string_view) { return table; });
      std::string why = disagreement(want, Json::parse(to_json(got)));
      agreed += why.empty();
      if (!why.empty() && ++shown <= 10) ADD_FAILURE() << want["sql"] << "\n  " << why;
    }
    std::printf("%zu of %zu recorded queries agree\n", agreed, wanted.size());
    EXPECT_EQ(agreed, wanted.size());
  }

  std::string folder_;
  std::shared_ptr<const TableSchema> schema_;
  std::vector<Json> rows_;
};

TEST_F(PinotRecordings, AgreeOverConsumingSegments) {
  auto table = std::make_shared<TableSnapshot>();
  table->name = "mytable";
  table->schema = schema_;
  for (const auto& segment : load(1)) table->segments.push_back(segment->snapshot());
  compare(table);
}

TEST_F(PinotRecordings, AgreeOverSealedSegments) {
  auto table = std::make_shared<TableSnapshot>();
  table->name = "mytable";
  table->schema = schema_;
  char folder[] = "/tmp/bywash-recordings-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  SealOptions options;
  options.inverted_columns = {"FlightNum", "Origin", "Quarter"};
  options.raw_columns = {"ActualElapsedTime", "ArrDelay", "DepDelay", "CRSDepTime"};
  for (const auto& segment : load(3)) {
    std::string path = std::string(folder) + "/" + segment->options().name;
    Status sealed = seal_segment(*segment->snapshot(), options, path);
    ASSERT_TRUE(sealed.ok()) << sealed.message();
    table->segments.push_back(*open_segment(path, schema_));
    ::unlink(path.c_str());
  }
  ::rmdir(folder);
  compare(table);
}

}  // namespace
}  // namespace bywash::analytics
