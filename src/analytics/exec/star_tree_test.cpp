// Star-trees, bloom filters and range indexes change what is read, never what is answered.
#include "analytics/exec/query_engine.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"
#include "analytics/sql/parser.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace bywash::analytics {
namespace {

// Four sealed segments with differing trees, and a consuming one.
class StarTrees : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/bywash-star-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    auto schema = std::make_shared<TableSchema>();
    schema->name = "trades";
    schema->fields = {test_field("symbol", DataType::kString), test_field("side", DataType::kString), test_field("day", DataType::kInt),
                      test_field("at", DataType::kLong, FieldKind::kDateTime), test_field("shares", DataType::kInt, FieldKind::kMetric),
                      test_field("price", DataType::kDouble, FieldKind::kMetric), test_field("volume", DataType::kLong, FieldKind::kMetric),
                      test_field("note", DataType::kString)};
    schema_ = schema;
    table_ = std::make_shared<TableSnapshot>();
    table_->name = "trades";
    table_->schema = schema;
    std::mt19937_64 random(5);
    for (int part = 0; part < 5; ++part) {
      auto segment = fill(part, 4000, random);
      if (part == 4) table_->segments.push_back(segment->snapshot());
      else seal(*segment->snapshot(), options_of(part));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::vector<StarPair> every_pair() {
    std::vector<StarPair> out{{StarFunction::kCount, "*"}};
    for (const char* column : {"shares", "price", "volume"}) {
      for (StarFunction function : {StarFunction::kSum, StarFunction::kMin, StarFunction::kMax, StarFunction::kAvg, StarFunction::kMinMaxRange}) out.push_back({function, column});
    }
    return out;
  }
  static SealOptions options_of(int part) {
    SealOptions out;
    out.raw_columns = {"note"};
    out.range_columns = {"at", "price"};
    out.bloom_columns["note"] = {};
    if (part == 0) out.star_trees = {{{"symbol", "side", "day"}, {}, every_pair(), 10}};
    if (part == 1) out.star_trees = {{{"side"}, {}, every_pair(), 10'000}, {{"day", "symbol", "side"}, {"day", "symbol"}, every_pair(), 1}};
    if (part == 2) out.star_trees = {{{"symbol", "day", "side", "at"}, {}, every_pair(), 50}};
    if (part == 3) out.default_star_tree = true;
    return out;
  }
  std::shared_ptr<MutableSegment> fill(int part, int rows, std::mt19937_64& random) {
    MutableSegmentOptions options;
    options.name = "trades_" + std::to_string(part);
    options.raw_columns = {"note"};
    options.time_column = "at";
    auto segment = *MutableSegment::create(schema_, options);
    for (int i = 0; i < rows; ++i) {
      const uint64_t symbol = random() % 20;
      if (symbol == 0 && part == 1) segment->append_null(0);
      else segment->append_text(0, "S" + std::to_string(symbol));
      segment->append_text(1, random() % 3 == 0 ? "BUY" : "SELL");
      segment->append_int(2, static_cast<int32_t>(random() % 7 + static_cast<uint64_t>(part)));
      segment->append_long(3, 1'700'000'000'000 + part * 100'000 + static_cast<int64_t>(random() % 1000) * 200);
      segment->append_int(4, static_cast<int32_t>(random() % 1000) - 300);
      segment->append_double(5, static_cast<double>(random() % 4000) / 8 - 20);
      segment->append_long(6, static_cast<int64_t>(random() % 1'000'000) << 20);
      segment->append_text(7, "note " + std::to_string(random() % 3000));
    }
    segment->publish(rows);
    return segment;
  }
  void seal(const Segment& segment, const SealOptions& options) {
    const std::string path = folder_ + "/" + segment.name();
    ASSERT_TRUE(seal_segment(segment, options, path).ok());
    auto opened = open_segment(path, schema_);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    table_->segments.push_back(*opened);
  }
  QueryResponse ask(const std::string& sql, bool trees = true) const {
    return answer(sql, {{"useStarTree", trees ? "true" : "FALSE"}}, [this](std::string_view) { return table_; });
  }
  // The figures of a response that are numbers of Pinot.
  static std::string body_without_figures(const QueryResponse& response) {
    QueryResponse out;
    out.has_table = response.has_table;
    out.table = response.table;
    out.exceptions = response.exceptions;
    return to_json(out);
  }
  int64_t equal_docs(const std::string& sql) const {
    QueryResponse with = ask(sql), without = ask(sql, false);
    EXPECT_TRUE(with.exceptions.empty()) << sql << ": " << with.exceptions[0].message;
    EXPECT_EQ(body_without_figures(with), body_without_figures(without)) << sql;
    EXPECT_EQ(with.total_docs, without.total_docs);
    EXPECT_LE(with.docs_scanned, without.docs_scanned) << sql;
    return without.docs_scanned - with.docs_scanned;
  }

  // 1 when fewer than half as many rows and records were read for the same answer.
  int equal_figures(const std::string& sql) const {
    QueryResponse with = ask(sql), without = ask(sql, false);
    EXPECT_EQ(body_without_figures(with), body_without_figures(without)) << sql;
    return with.docs_scanned * 2 < without.docs_scanned ? 1 : 0;
  }

  std::string folder_;
  std::shared_ptr<const TableSchema> schema_;
  std::shared_ptr<TableSnapshot> table_;
};

TEST_F(StarTrees, AnswerAsAScanDoesOnRandomQueries) {
  std::mt19937_64 random(77);
  auto pick = [&](std::vector<std::string> from) { return from[random() % from.size()]; };
  int saved = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> keys, conditions, values;
    for (const char* key : {"symbol", "side", "day"}) {
      if (random() % 3 == 0) keys.push_back(key);
    }
    if (random() % 8 == 0) keys.push_back("day * 2 + 1");
    for (uint64_t n = random() % 4; n > 0; --n) {
      conditions.push_back(pick({fmt::format("symbol = 'S{}'", random() % 22), fmt::format("symbol IN ('S1', 'S{}', 'S7')", random() % 20), "symbol <> 'S3'",
                                 "symbol NOT IN ('S3', 'S4')", fmt::format("symbol > 'S{}'", random() % 20), "side = 'BUY'", "NOT side = 'BUY'",
                                 fmt::format("day >= {}", random() % 10), fmt::format("day BETWEEN {} AND 8", random() % 8), "(day = 2 OR day = 4 OR day > 7)",
                                 fmt::format("at >= {}", 1'700'000'000'000 + static_cast<int64_t>(random() % 7) * 100'000), "at > 0",
                                 "(side = 'SELL' OR symbol = 'S5')", "symbol LIKE 'S1%'"}));
    }
    for (uint64_t n = random() % 3 + 1; n > 0; --n) {
      values.push_back(pick({"COUNT(*)", "SUM(shares)", "MIN(price)", "MAX(shares)", "AVG(price)", "AVG(shares)", "MINMAXRANGE(shares)", "SUM(volume)", "SUM(price)", "MAX(volume)"}));
    }
    std::string list, by;
    for (const std::string& key : keys) list += key + ", ", by += (by.empty() ? " GROUP BY " : ", ") + key;
    for (size_t v = 0; v < values.size(); ++v) list += (v ? ", " : "") + values[v];
    std::string sql = (random() % 4 == 0 ? "SET enableNullHandling = true; " : "") + ("SELECT " + list + " FROM trades");
    for (size_t c = 0; c < conditions.size(); ++c) sql += (c ? " AND " : " WHERE ") + conditions[c];
    sql += by;
    for (size_t k = 0; k < keys.size(); ++k) sql += (k ? ", " : " ORDER BY ") + keys[k];
    saved += equal_docs(sql + " LIMIT 1000") > 0;
  }
  EXPECT_GT(saved, 150);
}

TEST_F(StarTrees, AndIndexesAnswerAtOnceOnlyWhatIsShort) {
  auto at_once = [&](const std::string& sql) {
    const auto query = sql::parse(sql);
    EXPECT_TRUE(query.ok()) << sql;
    const std::optional<QueryResponse> quick = answer_if_short(*query, {}, [this](std::string_view) { return table_; });
    if (!quick) return false;
    QueryResponse plain = ask(sql);
    EXPECT_EQ(body_without_figures(*quick), body_without_figures(plain)) << sql;
    EXPECT_EQ(quick->docs_scanned, plain.docs_scanned) << sql;
    EXPECT_EQ(quick->pruned_by_server, plain.pruned_by_server) << sql;
    return true;
  };
  for (const char* sql : {"SELECT symbol, SUM(shares), COUNT(*) FROM trades GROUP BY symbol ORDER BY SUM(shares) DESC LIMIT 5", "SELECT SUM(shares) FROM trades WHERE at >= 1700000200000",
                          "SELECT day, MAX(price) FROM trades WHERE symbol = 'S3' GROUP BY day ORDER BY day", "SELECT COUNT(*) FROM trades WHERE note = 'note 17'",
                          "SELECT symbol, at FROM trades WHERE at BETWEEN 1700000000000 AND 1700000001000 LIMIT 3", "SELECT COUNT(*) FROM trades WHERE at < 5"}) {
    EXPECT_TRUE(at_once(sql)) << sql;
  }
  // Rows by the million, functions of many rows, regular expressions over many values, what fails, and what is not of one table.
  for (int i = 0; i < 40; ++i) table_->segments.push_back(table_->segments[4]);
  for (const char* sql : {"SELECT SUM(shares) FROM trades WHERE price > 3", "SELECT symbol, SUM(shares) FROM trades GROUP BY symbol", "SELECT SUM(shares * 2) FROM trades", "SELECT DISTINCTCOUNT(note) FROM trades",
                          "SELECT note FROM trades ORDER BY note LIMIT 1", "SELECT COUNT(*) FROM trades WHERE note LIKE '%7'", "SELECT nothing FROM trades", "SELECT 1", "EXPLAIN PLAN FOR SELECT COUNT(*) FROM trades"}) {
    EXPECT_FALSE(at_once(sql)) << sql;
  }
  EXPECT_TRUE(at_once("SELECT COUNT(*) FROM trades WHERE at < 5"));
  table_->kept.resize(table_->segments.size());
  EXPECT_FALSE(at_once("SELECT COUNT(*) FROM trades WHERE at < 5"));
}

TEST_F(StarTrees, ScanTheRecordsThatPinotScans) {
  table_->segments = {table_->segments[0]};  // symbol, side, day; at most 10 records a leaf
  QueryResponse all = ask("SELECT COUNT(*), SUM(shares) FROM trades");
  EXPECT_EQ(all.docs_scanned, 1);  // the root's record
  EXPECT_EQ(all.entries_scanned_post_filter, 2);
  QueryResponse one = ask("SELECT SUM(shares) FROM trades WHERE symbol = 'S4'");
  EXPECT_EQ(one.docs_scanned, 1);
  EXPECT_EQ(one.entries_scanned_in_filter, 0);
  QueryResponse groups = ask("SELECT symbol, SUM(shares) FROM trades GROUP BY symbol LIMIT 100");
  EXPECT_EQ(groups.docs_scanned, 20);
  EXPECT_EQ(groups.entries_scanned_post_filter, 40);
  // Without a predicate on symbol its star node stands for it: 2 sides × 7 days are 14 records, so the star node is split by side, and
  // side = 'BUY' is a leaf with the 7 days as records, of which one passes.
  QueryResponse below = ask("SELECT SUM(shares) FROM trades WHERE side = 'BUY' AND day = 3");
  EXPECT_EQ(below.docs_scanned, 1);
  EXPECT_EQ(below.entries_scanned_in_filter, 7);
  QueryResponse scan = ask("SELECT SUM(shares) FROM trades WHERE symbol = 'S4'", false);
  EXPECT_GT(scan.docs_scanned, 100);
}

TEST_F(StarTrees, AreLeftAloneWhereTheyDoNotAnswer) {
  table_->segments = {table_->segments[0]};
  for (const char* sql : {"SELECT SUM(shares) FROM trades WHERE price > 3", "SELECT SUM(ABS(shares)) FROM trades", "SELECT DISTINCTCOUNT(side) FROM trades",
                          "SELECT SUM(shares) FILTER (WHERE side = 'BUY') FROM trades", "SELECT price, COUNT(*) FROM trades GROUP BY price ORDER BY price LIMIT 5",
                          "SELECT SUM(shares) FROM trades WHERE symbol = 'S4' OR side = 'BUY'", "SELECT DISTINCT symbol FROM trades ORDER BY symbol"}) {
    EXPECT_EQ(equal_docs(sql), 0) << sql;
  }
}

TEST_F(StarTrees, ShowInExplain) {
  table_->segments = {table_->segments[0], table_->segments[4]};
  auto plan = [&](bool trees) { return to_json(ask("EXPLAIN PLAN FOR SELECT symbol, SUM(shares) FROM trades WHERE day = 4 GROUP BY symbol", trees)); };
  EXPECT_NE(plan(true).find("FILTER_STARTREE_INDEX"), std::string::npos) << plan(true);
  EXPECT_NE(plan(true).find("PROJECT(symbol, sum__shares)"), std::string::npos) << plan(true);
  EXPECT_NE(plan(true).find("FILTER_FULL_SCAN"), std::string::npos) << plan(true);
  EXPECT_EQ(plan(false).find("STARTREE"), std::string::npos);
}

TEST_F(StarTrees, AreMissedWhenDamagedAndTheSegmentIsServed) {
  const std::string path = table_->segments[0]->meta().path;
  std::ifstream in(path, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const int64_t count = table_->segments[0]->rows();
  int damaged = 0;
  for (size_t at = good.size() / 40; at < good.size(); at += good.size() / 40) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    std::ofstream(path + ".bad", std::ios::binary) << bad;
    auto opened = open_segment(path + ".bad", schema_);
    if (!opened.ok()) continue;  // of what cannot be made again
    damaged += !(*opened)->meta().damaged.empty();
    table_->segments = {*opened};
    QueryResponse response = ask("SELECT COUNT(*), SUM(shares) FROM trades WHERE day > 1");
    EXPECT_EQ(body_without_figures(response), body_without_figures(ask("SELECT COUNT(*), SUM(shares) FROM trades WHERE day > 1", false)));
    EXPECT_EQ((*opened)->rows(), count);
  }
  EXPECT_GT(damaged, 3);
}

// A range of a column that the tree does not hold: whole runs of rows from running sums, the rest row by row.
TEST_F(StarTrees, AddUpRunsOfRowsWhereARangeCutsTheSegment) {
  table_->segments.clear();
  std::mt19937_64 random(9);
  MutableSegmentOptions options;
  options.name = "ordered";
  auto segment = *MutableSegment::create(schema_, options);
  const int64_t rows = 150'000;
  for (int64_t i = 0; i < rows; ++i) {
    segment->append_text(0, "S" + std::to_string(random() % 20 + static_cast<uint64_t>(i / 30'000)));
    segment->append_text(1, random() % 3 == 0 ? "BUY" : "SELL");
    segment->append_int(2, 1);
    segment->append_long(3, 1000 * i);
    segment->append_int(4, static_cast<int32_t>(random() % 1000) - 300);
    segment->append_double(5, 0.5);
    segment->append_long(6, static_cast<int64_t>(random() % 1'000'000));
    segment->append_text(7, "n");
  }
  segment->publish(rows);
  SealOptions seal_options;
  seal_options.star_trees = {{{"symbol", "side"}, {}, every_pair(), 10'000}};
  seal(*segment->snapshot(), seal_options);
  EXPECT_GT(table_->segments[0]->star_trees()[0]->running_rows, 0u);
  int saved = 0;
  for (int i = 0; i < 20; ++i) {
    const int64_t from = static_cast<int64_t>(random() % 160'000) * 1000, to = from + static_cast<int64_t>(random() % 60'000) * 1000;
    for (const std::string& cut : {fmt::format("at >= {}", from), fmt::format("at < {}", from), fmt::format("at BETWEEN {} AND {}", from, to), fmt::format("at NOT BETWEEN {} AND {}", from, to)}) {
      for (const char* more : {"", " AND side = 'BUY'", " AND symbol IN ('S3', 'S21')"}) {
        const std::string where = " FROM trades WHERE " + cut + more;
        saved += equal_figures("SELECT symbol, SUM(shares), COUNT(*), AVG(volume)" + where + " GROUP BY symbol ORDER BY symbol LIMIT 100");
        saved += equal_figures("SELECT COUNT(*), SUM(volume)" + where);
      }
    }
  }
  EXPECT_GT(saved, 230);
  EXPECT_EQ(equal_figures("SELECT MAX(shares) FROM trades WHERE at > 5000000"), 0);        // no sum
  EXPECT_EQ(equal_figures("SELECT SUM(price) FROM trades WHERE at > 5000000"), 0);         // no whole number
  EXPECT_EQ(equal_figures("SELECT SUM(shares) FROM trades WHERE volume > 500000"), 0);     // cuts every block
}

TEST_F(StarTrees, ThatWouldBeTooLargeAreRefusedWithAReason) {
  StarTreeInput input;
  input.rows = 1000;
  for (int d = 0; d < 6; ++d) {
    input.dimensions.emplace_back();
    for (uint32_t i = 0; i < 1000; ++i) input.dimensions.back().push_back((i * 7919 + static_cast<uint32_t>(d) * i * i) % 1000);
    input.without_star.push_back(false);
  }
  input.values.push_back({StarValue::kCount, {}, {}});
  input.max_leaf_records = 1;
  input.max_bytes = 64 << 10;
  Result<BuiltStarTree> built = build_star_tree(input);
  ASSERT_FALSE(built.ok());
  EXPECT_NE(built.status().message().find("skipStarNodeCreationForDimensions"), std::string::npos);
}

TEST_F(StarTrees, BesideBloomFiltersAndRangeIndexesAnswerAlike) {
  std::mt19937_64 random(3);
  int by_index = 0, pruned = 0;
  for (int i = 0; i < 60; ++i) {
    const int64_t from = 1'700'000'000'000 + static_cast<int64_t>(random() % 3000) * 200;
    const double price = static_cast<double>(random() % 4000) / 8 - 20;
    for (const std::string& condition : {fmt::format("at BETWEEN {} AND {}", from, from + 2000), fmt::format("price > {} AND price <= {}", price, price + 3),
                                         fmt::format("note = 'note {}'", random() % 6000), fmt::format("NOT note IN ('note {}', 'x')", random() % 6000)}) {
      QueryResponse response = ask("SELECT COUNT(*), SUM(shares) FROM trades WHERE " + condition);
      // The same rows by an expression, which no index answers.
      std::string scanned = condition;
      for (const auto& [name, slow] : std::map<std::string, std::string>{{"at ", "at + 0 "}, {"price ", "price + 0 "}, {"note ", "concat(note, '') "}}) {
        for (size_t at = scanned.find(name); at != std::string::npos; at = scanned.find(name, at + slow.size())) {
          const bool inside_text = at > 0 && scanned[at - 1] == '\'';
          if (!inside_text) scanned.replace(at, name.size(), slow);
          else at += name.size();
        }
      }
      QueryResponse reference = ask("SELECT COUNT(*), SUM(shares) FROM trades WHERE " + scanned);
      ASSERT_EQ(body_without_figures(response), body_without_figures(reference)) << condition << " / " << scanned;
      by_index += response.entries_scanned_in_filter < reference.entries_scanned_in_filter;
      pruned += response.pruned_by_server > reference.pruned_by_server;
    }
  }
  EXPECT_GT(by_index, 60);
  EXPECT_GT(pruned, 15);
}

}  // namespace
}  // namespace bywash::analytics
