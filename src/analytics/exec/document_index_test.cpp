// JSON and text indexes and partitions of sealed segments: the same answers as without them, on random documents, texts and filters.
#include "analytics/exec/answers_for_tests.h"
#include "analytics/exec/query_engine.h"
#include "analytics/plan/document_match.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace bywash::analytics {
namespace {

using Random = std::mt19937_64;

std::string random_word(Random& random) {
  static const char* const words[] = {"alpha", "Beta", "gamma", "the", "delta", "x-ray", "über", "and", "42", "e.g", "it's", "omega"};
  return words[random() % std::size(words)];
}

std::string random_value(Random& random, int depth) {
  switch (random() % (depth > 2 ? 5 : 7)) {
    case 0: return std::to_string(random() % 5);
    case 1: return "\"" + random_word(random) + "\"";
    case 2: return random() % 2 ? "true" : "1.5";
    case 3: return "null";
    case 4: return "\"a text of more than ten characters\"";
    case 5: {
      std::string out = "[";
      for (uint64_t i = 0, n = random() % 4; i < n; ++i) out += (i > 0 ? "," : "") + random_value(random, depth + 1);
      return out + "]";
    }
    default: {
      std::string out = "{";
      for (uint64_t i = 0, n = random() % 4; i < n; ++i) out += fmt::format("{}\"{}\":{}", i > 0 ? "," : "", static_cast<char>('a' + i), random_value(random, depth + 1));
      return out + "}";
    }
  }
}
std::string random_document(Random& random) { return random() % 50 == 0 ? "no JSON" : random_value(random, 0); }

std::string random_path(Random& random) {
  std::string out = "$";
  for (uint64_t i = 0, n = random() % 4; i < n; ++i) {
    const uint64_t kind = random() % 6;
    out += kind == 0 ? "[*]" : kind == 1 ? fmt::format("[{}]", random() % 3) : fmt::format(".{}", static_cast<char>('a' + random() % 4));
  }
  return out;
}
std::string random_condition(Random& random, int depth = 0) {
  if (depth < 2 && random() % 3 == 0) return "(" + random_condition(random, depth + 1) + (random() % 2 ? " AND " : " OR ") + random_condition(random, depth + 1) + ")";
  const std::string path = "\"" + random_path(random) + "\"", value = random() % 2 ? std::to_string(random() % 5) : "'" + random_word(random) + "'";
  switch (random() % 8) {
    case 0: return path + " = " + (value == "'it's'" ? "'x'" : value);
    case 1: return path + " <> 3";
    case 2: return path + " IN ('alpha', '42', 'true')";
    case 3: return path + " NOT IN ('gamma', '1')";
    case 4: return path + " IS NULL";
    case 5: return path + " IS NOT NULL";
    case 6: return path + " > 2";
    default: return "REGEXP_LIKE(" + path + ", '^[a-g].*')";
  }
}

std::string random_text(Random& random) {
  std::string out;
  for (uint64_t i = 0, n = random() % 8; i < n; ++i) out += (i > 0 ? " " : "") + random_word(random);
  return out;
}
std::string random_search(Random& random, int depth = 0) {
  if (depth < 2 && random() % 3 == 0) return "(" + random_search(random, depth + 1) + (random() % 2 ? " AND " : " OR ") + random_search(random, depth + 1) + ")";
  switch (random() % 6) {
    case 0: return "\"" + std::string("alpha gamma") + "\"";
    case 1: return "del*";
    case 2: return "alpha NOT gamma";
    case 3: return "/o.*a/";
    case 4: return "+beta -omega";
    default: return std::vector<std::string>{"alpha", "beta", "gamma", "42", "über"}[random() % 5];
  }
}

std::shared_ptr<const FieldIndexes> indexes_of(std::shared_ptr<const JsonIndexOptions> json, std::shared_ptr<const TextIndexOptions> text, std::shared_ptr<const PartitionFunction> partition = nullptr) {
  auto out = std::make_shared<FieldIndexes>();
  if (json) out->json_terms = json_terms(json), out->json_settings = json_settings(*json), out->json = json;
  if (text) out->text_terms = text_terms(text), out->text_settings = text_settings(*text), out->text = text;
  out->partition = std::move(partition);
  return out;
}

// The same rows with the indexes' options known: consuming, and sealed with the indexes.
struct Pair {
  std::shared_ptr<TableSnapshot> scanned = std::make_shared<TableSnapshot>(), indexed = std::make_shared<TableSnapshot>();
};

std::string run(const std::shared_ptr<TableSnapshot>& table, const std::string& sql) {
  return shown(answer(sql, {}, [&](std::string_view) { return std::shared_ptr<const TableSnapshot>(table); }));
}

struct Folder {
  Folder() {
    std::string pattern = "/tmp/bywash-documents-XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

Pair make_pair(const Folder& folder, const std::map<std::string, std::shared_ptr<const FieldIndexes>>& documents, uint64_t seed, int rows, bool sorted) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = "t";
  schema->fields = {test_field("id", DataType::kInt), test_field("doc", DataType::kJson), test_field("note", DataType::kString), test_field("key", DataType::kString)};
  for (FieldSpec& field : schema->fields) {
    if (auto found = documents.find(field.name); found != documents.end()) field.indexes = found->second;
  }
  Pair out;
  Random random(seed);
  MutableSegmentOptions options;
  options.name = "t_0";
  if (seed % 2) options.raw_columns = {"doc", "note", "id"};
  auto segment = *MutableSegment::create(schema, options);
  for (int i = 0; i < rows; ++i) {
    segment->append_int(0, static_cast<int32_t>(random() % 1000));
    segment->append_text(1, random_document(random));
    segment->append_text(2, random_text(random));
    segment->append_text(3, "k" + std::to_string(random() % 7));
  }
  segment->publish(rows);
  SealOptions seal;
  seal.documents = documents;
  seal.raw_columns = options.raw_columns;
  if (sorted) seal.sorted_column = "id";
  const std::string path = folder.path + "/" + std::to_string(seed);
  EXPECT_TRUE(seal_segment(*segment->snapshot(), seal, path).ok());
  out.scanned->schema = out.indexed->schema = schema;
  out.scanned->segments = {segment->snapshot()};
  out.indexed->segments = {*open_segment(path, schema)};
  EXPECT_TRUE(out.indexed->segments[0]->meta().damaged.empty());
  return out;
}

TEST(DocumentIndex, JsonMatchAnswersAsTheScan) {
  std::vector<std::shared_ptr<JsonIndexOptions>> options;
  for (int i = 0; i < 8; ++i) options.push_back(std::make_shared<JsonIndexOptions>());
  options[1]->max_levels = 2;
  options[2]->exclude_array = true;
  options[3]->include_paths = {"$.a", "$.b[*].c"};
  options[4]->exclude_paths = {"$.b", "$.a[*]"};
  options[5]->exclude_fields = {"c"}, options[5]->skip_invalid_json = true;
  options[6]->index_paths = {"a.**", "*.b"}, options[6]->disable_cross_array_unnest = true;
  options[7]->max_value_length = 10;
  Folder folder;
  Random random(5);
  size_t matched = 0;
  for (size_t i = 0; i < options.size(); ++i) {
    const Pair tables = make_pair(folder, {{"doc", indexes_of(options[i], nullptr)}}, 100 + i, 700, i % 3 == 0);
    for (int k = 0; k < 150; ++k) {
      std::string condition = random_condition(random), escaped;
      for (char c : condition) escaped += c == '\'' ? std::string("''") : std::string(1, c);
      const std::string sql = fmt::format("SELECT COUNT(*), SUM(id) FROM t WHERE {}JSON_MATCH(doc, '{}')", k % 5 == 0 ? "NOT " : "", escaped);
      const std::string wanted = run(tables.scanned, sql);
      EXPECT_EQ(run(tables.indexed, sql), wanted) << sql << " with the options number " << i;
      matched += !wanted.starts_with("0|") && !wanted.starts_with("700|") && !wanted.starts_with("error");
    }
  }
  EXPECT_GT(matched, 300u);  // neither all nor nothing
}

TEST(DocumentIndex, WhatTheOptionsLeaveOutIsNotFound) {
  auto found = [](void (*change)(JsonIndexOptions&), const std::string& filter) {
    auto options = std::make_shared<JsonIndexOptions>();
    change(*options);
    return json_match(filter, options)->test(R"({"a":{"b":{"c":1}},"list":[{"x":1,"y":"longer than ten"},{"x":2}],"other":[7,8]})");
  };
  EXPECT_TRUE(found([](JsonIndexOptions&) {}, "\"$.a.b.c\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.max_levels = 2; }, "\"$.a.b.c\" = 1"));
  EXPECT_TRUE(found([](JsonIndexOptions& o) { o.max_levels = 3; }, "\"$.a.b.c\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.exclude_array = true; }, "\"$.list[*].x\" = 1"));
  EXPECT_TRUE(found([](JsonIndexOptions& o) { o.include_paths = {"$.a.b"}; }, "\"$.a.b.c\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.include_paths = {"$.a.b"}; }, "\"$.list[*].x\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.exclude_paths = {"$.a.b"}; }, "\"$.a.b.c\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.exclude_fields = {"x"}; }, "\"$.list[*].x\" = 1"));
  EXPECT_TRUE(found([](JsonIndexOptions& o) { o.index_paths = {"list.*.*"}; }, "\"$.list[*].x\" = 1"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.index_paths = {"list.*.*"}; }, "\"$.a.b.c\" = 1"));
  EXPECT_TRUE(found([](JsonIndexOptions& o) { o.max_value_length = 10; }, "\"$.list[*].y\" = '$SKIPPED$'"));
  EXPECT_TRUE(found([](JsonIndexOptions&) {}, "\"$.list[1].x\" = 2 AND \"$.other[*]\" = 8"));
  EXPECT_FALSE(found([](JsonIndexOptions& o) { o.disable_cross_array_unnest = true; }, "\"$.list[1].x\" = 2 AND \"$.other[*]\" = 8"));
}

TEST(DocumentIndex, DeepDocumentsAreLookedAtToALimit) {
  const std::string deep(200'000, '['), nested = R"({"a":1,"b":)" + deep + "2" + std::string(200'000, ']') + "}";
  EXPECT_TRUE(json_match("\"$.a\" = 1", nullptr)->test(nested));
  std::vector<std::vector<std::string>> records;
  json_terms(nullptr)(nested, &records);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].size(), 2u);  // the path and the value of a
}

TEST(DocumentIndex, TextMatchAnswersAsTheScan) {
  Folder folder;
  Random random(6);
  size_t matched = 0;
  for (uint64_t i = 0; i < 4; ++i) {
    auto options = std::make_shared<TextIndexOptions>(TextIndexOptions{english_stop_words()});
    if (i > 1) options->stop_words = {"omega"};
    const Pair tables = make_pair(folder, {{"note", indexes_of(nullptr, options)}}, 200 + i, 700, i % 2 == 0);
    for (int k = 0; k < 80; ++k) {
      const std::string sql = fmt::format("SELECT COUNT(*), SUM(id) FROM t WHERE {}TEXT_MATCH(note, '{}')", k % 5 == 0 ? "NOT " : "", random_search(random));
      const std::string wanted = run(tables.scanned, sql);
      EXPECT_EQ(run(tables.indexed, sql), wanted) << sql;
      matched += !wanted.starts_with("0|") && !wanted.starts_with("700|") && !wanted.starts_with("error");
    }
  }
  EXPECT_GT(matched, 150u);
}

TEST(DocumentIndex, ThePlanNamesItAndADamagedOneIsLeftOut) {
  Folder folder;
  const auto both = std::map<std::string, std::shared_ptr<const FieldIndexes>>{{"doc", indexes_of(std::make_shared<JsonIndexOptions>(), nullptr)},
                                                                              {"note", indexes_of(nullptr, std::make_shared<TextIndexOptions>())}};
  const Pair tables = make_pair(folder, both, 300, 300, false);
  const std::string json = "SELECT COUNT(*) FROM t WHERE JSON_MATCH(doc, '\"$.a\" = 1')", text = "SELECT COUNT(*) FROM t WHERE TEXT_MATCH(note, 'alpha')";
  EXPECT_NE(run(tables.indexed, "EXPLAIN PLAN FOR " + json).find("FILTER_JSON_INDEX(indexLookUp:json_index,operator:JSON_MATCH"), std::string::npos);
  EXPECT_NE(run(tables.indexed, "EXPLAIN PLAN FOR " + text).find("FILTER_TEXT_INDEX(indexLookUp:text_index,operator:TEXT_MATCH"), std::string::npos);
  EXPECT_EQ(run(tables.scanned, "EXPLAIN PLAN FOR " + json).find("FILTER_JSON_INDEX"), std::string::npos);
  // One byte of the file after the other is turned round, until the index is what is hit.
  const std::string path = tables.indexed->segments[0]->meta().path, wanted = run(tables.scanned, text);
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const size_t at = bytes.find("stop=");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 6] ^= 1;
  std::ofstream(folder.path + "/damaged", std::ios::binary) << bytes;
  auto damaged = std::make_shared<TableSnapshot>(*tables.indexed);
  damaged->segments = {*open_segment(folder.path + "/damaged", tables.indexed->schema)};
  ASSERT_EQ(damaged->segments[0]->meta().damaged.size(), 1u);
  EXPECT_NE(damaged->segments[0]->meta().damaged[0].find("text index of column note: checksum mismatch"), std::string::npos);
  EXPECT_EQ(run(damaged, text), wanted);
}

TEST(Partitions, FunctionsAreTheOriginals) {
  auto id = [](const char* name, const char* value, std::map<std::string, std::string> settings = {}, int64_t count = 10) { return PartitionFunction::make(name, count, settings)->partition_of(value); };
  EXPECT_EQ(id("Modulo", "-13"), 7);
  EXPECT_EQ(id("modulo", "27"), 7);
  EXPECT_EQ(id("HashCode", "hello"), 99162322 % 10);
  EXPECT_EQ(id("ByteArray", "ab"), (31 * (31 + 'a') + 'b') % 10);
  EXPECT_EQ(id("Murmur", "hello"), id("Murmur2", "hello"));
  EXPECT_EQ(id("BoundedColumnValue", "maths", {{"columnValues", "Maths|english"}, {"columnValuesDelimiter", "|"}}, 3), 1);
  EXPECT_EQ(id("BoundedColumnValue", "none", {{"columnValues", "Maths|english"}, {"columnValuesDelimiter", "|"}}, 3), 0);
  EXPECT_EQ(id("FNV", "a", {}, 1000), static_cast<int32_t>((0xe40c292cu & INT32_MAX) % 1000));  // FNV-1a of "a" is e40c292c
  EXPECT_FALSE(PartitionFunction::make("Nope", 3, {}).ok());
  EXPECT_FALSE(PartitionFunction::make("Murmur", 0, {}).ok());
}

TEST(Partitions, SegmentsOfOtherPartitionsAreNotRead) {
  Folder folder;
  auto function = std::make_shared<const PartitionFunction>(*PartitionFunction::make("Modulo", 1000, {}));
  const std::map<std::string, std::shared_ptr<const FieldIndexes>> documents = {{"id", indexes_of(nullptr, nullptr, function)}};
  const Pair tables = make_pair(folder, documents, 401, 50, false);  // ids are raw: nothing else tells
  const ColumnView& column = tables.indexed->segments[0]->column(0);
  ASSERT_GT(column.partitions.size(), 20u);
  int32_t absent = 500;
  while (std::binary_search(column.partitions.begin(), column.partitions.end(), static_cast<uint32_t>(absent))) ++absent;
  auto ask = [&](const std::string& where) { return answer("SELECT COUNT(*) FROM t WHERE " + where, {}, [&](std::string_view) { return std::shared_ptr<const TableSnapshot>(tables.indexed); }); };
  for (const std::string& where : {fmt::format("id = {}", absent), fmt::format("id IN ({0}, {0})", absent), fmt::format("id = {} AND key = 'k1'", absent)}) {
    const QueryResponse server = ask(where);
    EXPECT_EQ(shown(server), "0");
    EXPECT_EQ(server.pruned_by_server, 1) << where;
    EXPECT_EQ(server.total_docs, 50);
    tables.indexed->prune_by_partition = true;
    const QueryResponse broker = ask(where);
    EXPECT_EQ(shown(broker), "0");
    EXPECT_EQ(broker.pruned_by_broker, 1);
    EXPECT_EQ(broker.segments_queried, 0);
    EXPECT_EQ(broker.total_docs, 0);
    EXPECT_NE(to_json(broker).find("\"numSegmentsPrunedByBroker\":1"), std::string::npos);
    tables.indexed->prune_by_partition = false;
  }
  tables.indexed->prune_by_partition = true;
  for (const std::string& where : {fmt::format("id <> {}", absent), fmt::format("id = {} OR key = 'k1'", absent), fmt::format("id = {}", column.partitions[0]), fmt::format("id > {}", absent)}) {
    const QueryResponse response = ask(where);
    EXPECT_EQ(response.pruned_by_broker, 0) << where;
    EXPECT_EQ(shown(response), run(tables.scanned, "SELECT COUNT(*) FROM t WHERE " + where));
  }
}

}  // namespace
}  // namespace bywash::analytics
