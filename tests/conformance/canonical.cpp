// Loading cases, comparing.
#include "canonical.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/check.h"

namespace bywash::conformance {

using columnar::SchemaPtr;
using nlohmann::json;

namespace {

std::string read_gzip(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  CHECK(file.ok());
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
  CHECK(codec.ok());
  auto stream = arrow::io::CompressedInputStream::Make(codec->get(), *file);
  CHECK(stream.ok());
  std::string out;
  char buffer[1 << 16];
  while (true) {
    auto n = (*stream)->Read(sizeof buffer, buffer);
    CHECK(n.ok());
    if (*n == 0) return out;
    out.append(buffer, static_cast<size_t>(*n));
  }
}

}  // namespace

std::vector<Case> load_cases(const std::string& folder, const std::string& group) {
  std::istringstream cases(read_gzip(folder + "/cases.jsonl.gz")), answers(read_gzip(folder + "/answers.jsonl.gz"));
  std::vector<Case> out;
  // Most lines are another group's: parsing them all, for each group, takes minutes under a sanitizer.
  const std::string mark = group.empty() ? "" : fmt::format("\"{}\"", group);
  for (std::string text, answer; std::getline(cases, text) && std::getline(answers, answer);) {
    if (text.find(mark) == std::string::npos) continue;
    json c = json::parse(text);
    if (!group.empty() && c["group"] != group) continue;
    CHECK(answer.find(fmt::format("\"{}\"", c["id"].get<std::string>())) != std::string::npos);
    out.push_back({c["id"], c["group"], c.value("note", ""), text, answer});
  }
  CHECK(!out.empty());
  return out;
}

std::optional<std::string> bytes_of(const nlohmann::ordered_json& j) {
  auto bytes = canonical::bytes_of(j);
  CHECK(bytes.ok());
  return *bytes;
}

bool same_schema(const SchemaPtr& a, const SchemaPtr& b) { return to_json(a) == to_json(b); }

std::string difference(const Record& expected, const Record& actual) {
  std::string out;
  auto compare = [&](const std::string& what, bool same) {
    if (!same) out += (out.empty() ? "" : ", ") + what;
  };
  compare("topic", expected.topic == actual.topic);
  compare("partition", expected.partition == actual.partition);
  compare("timestamp", expected.timestamp == actual.timestamp);
  compare("key schema", same_schema(expected.key_schema, actual.key_schema));
  compare("key", expected.key == actual.key);
  compare("value schema", same_schema(expected.value_schema, actual.value_schema));
  compare("value", expected.value == actual.value);
  compare("number of headers", expected.headers.size() == actual.headers.size());
  for (size_t i = 0; i < std::min(expected.headers.size(), actual.headers.size()); ++i) {
    const auto &e = expected.headers[i], &a = actual.headers[i];
    compare("header " + std::to_string(i), e.key == a.key && same_schema(e.schema, a.schema) && e.value == a.value);
  }
  return out.empty() ? out : "differ in " + out + ":\nexpected " + to_json(expected).dump() + "\nactual   " + to_json(actual).dump();
}

}  // namespace bywash::conformance
