#include "analytics/exec/query_engine.h"
#include "analytics/exec/pair_table.h"
#include "analytics/segment/fields_for_tests.h"

#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace bywash::analytics {
namespace {

struct Row {
  std::string symbol;
  bool symbol_null = false;
  int32_t user = 0, shares = 0;
  double price = 0;
  float rate = 0;
  int64_t at = 0;
  std::vector<int64_t> tags;
};

// A table in one consuming and two sealed segments, and the same rows as plain structs.
class QueryEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    auto schema = std::make_shared<TableSchema>();
    schema->name = "trades";
    schema->fields = {test_field("symbol", DataType::kString), test_field("user", DataType::kInt), test_field("shares", DataType::kInt, FieldKind::kMetric),
                      test_field("price", DataType::kDouble, FieldKind::kMetric), test_field("rate", DataType::kFloat, FieldKind::kMetric),
                      test_field("at", DataType::kLong, FieldKind::kDateTime), test_field("tags", DataType::kInt, FieldKind::kDimension, false),
                      test_field("note", DataType::kString), test_field("ok", DataType::kBoolean), test_field("made", DataType::kTimestamp, FieldKind::kDateTime)};
    auto table = std::make_shared<TableSnapshot>();
    table->name = "trades";
    table->schema = schema;
    char folder[] = "/tmp/bywash-engine-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    std::mt19937_64 random(11);
    for (int part = 0; part < 3; ++part) {
      MutableSegmentOptions options;
      options.name = "trades_" + std::to_string(part);
      options.raw_columns = {"note"};
      options.time_column = "at";
      auto segment = *MutableSegment::create(schema, options);
      for (int i = 0; i < 5000; ++i) append(*segment, random);
      segment->publish(5000);
      if (part == 0) {
        table->segments.push_back(segment->snapshot());
        continue;
      }
      SealOptions seal;
      seal.inverted_columns = {"user", "tags"};
      seal.raw_columns = {"note"};
      std::string path = std::string(folder) + "/" + options.name;
      ASSERT_TRUE(seal_segment(*segment->snapshot(), seal, path).ok());
      table->segments.push_back(*open_segment(path, schema));
      ::unlink(path.c_str());
    }
    ::rmdir(folder);
    table_ = table;
  }

  void append(MutableSegment& segment, std::mt19937_64& random) {
    Row row;
    row.symbol = std::string("S") + static_cast<char>('A' + random() % 26);
    row.symbol_null = random() % 20 == 0;
    if (row.symbol_null) row.symbol = "null";
    row.user = static_cast<int32_t>(random() % 3000) - 1000;
    row.shares = static_cast<int32_t>(random() % 1000);
    row.price = static_cast<double>(random() % 4000) / 8;
    row.rate = static_cast<float>(random() % 100) / 4;
    row.at = 1'700'000'000'000 + static_cast<int64_t>(rows_.size()) * 1000 + static_cast<int64_t>(random() % 500);
    for (uint64_t i = 0; i <= random() % 3; ++i) row.tags.push_back(static_cast<int64_t>(random() % 10));
    row.symbol_null ? segment.append_null(0) : segment.append_text(0, row.symbol);
    segment.append_int(1, row.user);
    segment.append_int(2, row.shares);
    segment.append_double(3, row.price);
    segment.append_float(4, row.rate);
    segment.append_long(5, row.at);
    segment.append_integers(6, row.tags);
    segment.append_text(7, "note " + std::to_string(row.user));
    segment.append_int(8, row.shares > 500);
    segment.append_long(9, row.at);
    rows_.push_back(std::move(row));
  }

  QueryResponse ask(const std::string& sql) const {
    return answer(sql, {}, [this](std::string_view name) { return name == "trades" ? table_ : nullptr; });
  }
  // The answer's rows as text, doubles to six digits.
  std::vector<std::string> rows_of(const std::string& sql) const {
    QueryResponse response = ask(sql);
    std::vector<std::string> out;
    if (!response.exceptions.empty()) return {"error: " + response.exceptions[0].message};
    for (const auto& row : response.table.rows) {
      std::string line;
      for (const Cell& cell : row) line += (line.empty() ? "" : "|") + show(cell);
      out.push_back(line);
    }
    return out;
  }
  std::vector<std::string> sorted_rows(const std::string& sql) const {
    auto out = rows_of(sql);
    std::sort(out.begin(), out.end());
    return out;
  }
  static std::string show(const Cell& cell) {
    if (auto* d = std::get_if<double>(&cell.value)) return fmt::format("{:.6g}", *d);
    if (auto* f = std::get_if<float>(&cell.value)) return fmt::format("{:.6g}", *f);
    if (auto* i = std::get_if<int64_t>(&cell.value)) return std::to_string(*i);
    if (auto* b = std::get_if<bool>(&cell.value)) return *b ? "true" : "false";
    if (auto* s = std::get_if<std::string>(&cell.value)) return *s;
    std::string out = "[";
    for (const Cell& item : std::get<CellArray>(cell.value)) out += show(item) + ",";
    return out + "]";
  }
  int code_of(const std::string& sql) const {
    QueryResponse response = ask(sql);
    return response.exceptions.empty() ? 0 : response.exceptions[0].code;
  }

  std::vector<Row> rows_;
  std::shared_ptr<const TableSnapshot> table_;
};

using Test = std::function<bool(const Row&)>;
struct Condition {
  std::string sql;
  Test test;
};

// A random filter, as SQL and as what it means.
Condition make_condition(std::mt19937_64& random, int depth) {
  auto number = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  if (depth > 0 && random() % 2 == 0) {
    Condition a = make_condition(random, depth - 1), b = make_condition(random, depth - 1);
    switch (random() % 3) {
      case 0: return {"(" + a.sql + " AND " + b.sql + ")", [=](const Row& r) { return a.test(r) && b.test(r); }};
      case 1: return {"(" + a.sql + " OR " + b.sql + ")", [=](const Row& r) { return a.test(r) || b.test(r); }};
      default: return {"NOT (" + a.sql + ")", [=](const Row& r) { return !a.test(r); }};
    }
  }
  std::string symbol = std::string("S") + static_cast<char>('A' + number(26));
  int64_t user = number(3000) - 1000, shares = number(1000), at = 1'700'000'000'000 + number(15'000'000), tag = number(10);
  double price = static_cast<double>(number(4000)) / 8;
  switch (random() % 16) {
    case 0: return {"symbol = '" + symbol + "'", [=](const Row& r) { return r.symbol == symbol; }};
    case 1: return {"symbol >= '" + symbol + "'", [=](const Row& r) { return r.symbol >= symbol; }};
    case 2: return {"symbol NOT IN ('" + symbol + "', 'SZ', 'nope')", [=](const Row& r) { return r.symbol != symbol && r.symbol != "SZ"; }};
    case 3: return {fmt::format("user = {}", user), [=](const Row& r) { return r.user == user; }};
    case 4: return {fmt::format("user BETWEEN {} AND {}", user, user + 50), [=](const Row& r) { return r.user >= user && r.user <= user + 50; }};
    case 5: return {fmt::format("shares > {}.5", shares), [=](const Row& r) { return r.shares > static_cast<double>(shares) + 0.5; }};
    case 6: return {fmt::format("{} <> shares", shares), [=](const Row& r) { return r.shares != shares; }};
    case 7: return {fmt::format("price < {}", price), [=](const Row& r) { return r.price < price; }};
    case 8: return {fmt::format("at >= {}", at), [=](const Row& r) { return r.at >= at; }};
    case 9: return {fmt::format("tags = {}", tag), [=](const Row& r) { return std::count(r.tags.begin(), r.tags.end(), tag) > 0; }};
    case 10: return {fmt::format("tags <> {}", tag), [=](const Row& r) { return std::count(r.tags.begin(), r.tags.end(), tag) == 0; }};
    case 11: return {"symbol IS NULL", [](const Row& r) { return r.symbol_null; }};
    case 12: return {fmt::format("shares + user > {}", shares), [=](const Row& r) { return r.shares + r.user > shares; }};
    case 13: return {fmt::format("note LIKE '%{}'", tag), [=](const Row& r) { return std::to_string(r.user).back() == '0' + tag; }};
    case 14: return {fmt::format("rate IN ({}, 3.25)", static_cast<double>(tag) / 4), [=](const Row& r) { return r.rate == static_cast<double>(tag) / 4 || r.rate == 3.25; }};
    default: return {"ok", [](const Row& r) { return r.shares > 500; }};
  }
}

// Keys that are computed once for each value of a column, over consuming and sealed segments, beside the same row by row.
TEST_F(QueryEngine, KeysThatAreExpressionsAreThoseOfEachRow) {
  struct Keys {
    std::string sql;
    std::function<std::string(const Row&)> of;
  };
  const std::vector<Keys> all{{"MOD(shares, 7)", [](const Row& r) { return fmt::format("{}", r.shares % 7); }},
                              {"MOD(user, 7)", [](const Row& r) { return fmt::format("{}", std::fmod(r.user, 7)); }},
                              {"LOWER(symbol)", [](const Row& r) {
                                 std::string out = r.symbol;
                                 for (char& c : out) c = static_cast<char>(std::tolower(c));
                                 return out;
                               }},
                              {"user", [](const Row& r) { return std::to_string(r.user); }},
                              {"symbol, MOD(shares, 10)", [](const Row& r) { return fmt::format("{}|{}", r.symbol, r.shares % 10); }},
                              {"shares, user + shares", [](const Row& r) { return fmt::format("{}|{}", r.shares, r.user + r.shares); }}};
  std::mt19937_64 random(6);
  for (int round = 0; round < 60; ++round) {
    const Keys& keys = all[static_cast<size_t>(round) % all.size()];
    const Condition condition = make_condition(random, 1);
    std::map<std::string, std::pair<int64_t, int64_t>> expected;
    for (const Row& row : rows_) {
      if (!condition.test(row)) continue;
      auto& [count, greatest] = expected[keys.of(row)];
      greatest = count++ == 0 ? row.shares : std::max<int64_t>(greatest, row.shares);
    }
    std::vector<std::string> lines;
    for (const auto& [key, values] : expected) lines.push_back(fmt::format("{}|{}|{:.6g}", key, values.first, static_cast<double>(values.second)));
    std::sort(lines.begin(), lines.end());
    ASSERT_EQ(sorted_rows(fmt::format("SELECT {}, COUNT(*), MAX(shares) FROM trades WHERE {} GROUP BY {} LIMIT 100000", keys.sql, condition.sql, keys.sql)), lines) << keys.sql << condition.sql;
  }
}

TEST_F(QueryEngine, DistinctValuesAndTheFirstByAnOrderAreThoseOfEachRow) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 40; ++round) {
    const Condition condition = make_condition(random, 1);
    std::set<int32_t> users;
    std::map<std::string, std::set<int32_t>> of_symbol;
    std::vector<const Row*> rows;
    for (const Row& row : rows_) {
      if (!condition.test(row)) continue;
      users.insert(row.user);
      of_symbol[row.symbol].insert(row.user);
      rows.push_back(&row);
    }
    EXPECT_EQ(rows_of("SELECT DISTINCTCOUNT(user) FROM trades WHERE " + condition.sql), std::vector<std::string>{std::to_string(users.size())}) << condition.sql;
    std::vector<std::string> lines;
    for (const auto& [symbol, some] : of_symbol) lines.push_back(fmt::format("{}|{}", symbol, some.size()));
    EXPECT_EQ(sorted_rows("SELECT symbol, DISTINCTCOUNT(user) FROM trades WHERE " + condition.sql + " GROUP BY symbol LIMIT 1000"), lines) << condition.sql;
    const bool descending = round % 2 == 0;
    std::sort(rows.begin(), rows.end(), [&](const Row* a, const Row* b) { return a->price != b->price ? (a->price > b->price) == descending : a->at < b->at; });
    lines.clear();
    for (size_t i = 0; i < std::min<size_t>(rows.size(), 7); ++i) lines.push_back(std::to_string(rows[i]->at));
    EXPECT_EQ(rows_of(fmt::format("SELECT at FROM trades WHERE {} ORDER BY price{}, at LIMIT 7", condition.sql, descending ? " DESC" : "")), lines) << condition.sql;
  }
}

TEST(PairTable, IndexesStayWhenPairsGrowOutOfTheirGrid) {
  PairTable table;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> known;
  std::mt19937_64 random(8);
  for (int i = 0; i < 200'000; ++i) {
    // Small ids first, then ever larger ones.
    const auto range = static_cast<uint32_t>(8 + i / 10);
    const std::pair<uint32_t, uint32_t> pair{static_cast<uint32_t>(random() % range), static_cast<uint32_t>(random() % 300)};
    bool added = false;
    const uint32_t index = table.index_of(pair.first, pair.second, &added);
    const auto [at, is_new] = known.emplace(pair, static_cast<uint32_t>(known.size()));
    ASSERT_EQ(added, is_new);
    ASSERT_EQ(index, at->second);
    ASSERT_EQ(table.first(index), pair.first);
    ASSERT_EQ(table.second(index), pair.second);
  }
  EXPECT_EQ(table.size(), known.size());
}

TEST_F(QueryEngine, FiltersAndAggregatesAsARowByRowReferenceDoes) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    Condition where = make_condition(random, 3), only = make_condition(random, 1);
    int64_t count = 0, some = 0, least = INT64_MAX;
    double sum = 0, price = 0;
    std::set<int32_t> users;
    for (const Row& row : rows_) {
      if (!where.test(row)) continue;
      ++count;
      some += only.test(row);
      sum += row.shares;
      price += row.price;
      least = std::min(least, row.at);
      users.insert(row.user);
    }
    double infinity = std::numeric_limits<double>::infinity();
    std::string expected = fmt::format("{}|{:.6g}|{:.6g}|{:.6g}|{}|{}", count, sum, count ? price / static_cast<double>(count) : -infinity,
                                       count ? static_cast<double>(least) : infinity, users.size(), some);
    std::string sql = "SELECT COUNT(*), SUM(shares), AVG(price), MIN(at), DISTINCTCOUNT(user), COUNT(*) FILTER(WHERE " + only.sql + ") FROM trades WHERE " + where.sql;
    ASSERT_EQ(rows_of(sql), std::vector<std::string>{expected}) << sql;
    ASSERT_EQ(ask(sql).docs_scanned, count) << sql;
  }
}

TEST_F(QueryEngine, GroupsAsARowByRowReferenceDoes) {
  std::mt19937_64 random(6);
  struct Keys {
    std::string sql;
    std::function<std::vector<std::string>(const Row&)> of;  // several for array keys
  };
  auto modulo = [](int64_t value) { return fmt::format("{:.6g}", std::fmod(static_cast<double>(value), 7)); };
  const std::vector<Keys> keys = {
      {"symbol", [](const Row& r) { return std::vector<std::string>{r.symbol}; }},
      {"user", [](const Row& r) { return std::vector<std::string>{std::to_string(r.user)}; }},
      {"symbol, shares", [](const Row& r) { return std::vector<std::string>{r.symbol + "|" + std::to_string(r.shares)}; }},
      {"mod(shares, 7)", [&](const Row& r) { return std::vector<std::string>{modulo(r.shares)}; }},
      {"upper(note)", [](const Row& r) { return std::vector<std::string>{"NOTE " + std::to_string(r.user)}; }},
      {"tags", [](const Row& r) {
         std::vector<std::string> out;
         for (int64_t tag : r.tags) out.push_back(std::to_string(tag));
         return out;
       }},
      {"symbol, tags, user", [](const Row& r) {
         std::vector<std::string> out;
         for (int64_t tag : r.tags) out.push_back(fmt::format("{}|{}|{}", r.symbol, tag, r.user));
         return out;
       }}};
  for (int round = 0; round < 70; ++round) {
    Condition where = make_condition(random, 2);
    if (round % 10 == 0) where = {"true", [](const Row&) { return true; }};
    const Keys& key = keys[static_cast<size_t>(round) % keys.size()];
    struct Totals {
      int64_t count = 0;
      double sum = 0, most = -std::numeric_limits<double>::infinity(), least = std::numeric_limits<double>::infinity();
    };
    std::map<std::string, Totals> groups;
    for (const Row& row : rows_) {
      if (!where.test(row)) continue;
      for (const std::string& group : key.of(row)) {
        Totals& totals = groups[group];
        ++totals.count;
        totals.sum += row.shares;
        totals.most = std::max(totals.most, row.price);
        totals.least = std::min(totals.least, static_cast<double>(row.shares));
      }
    }
    std::vector<std::string> expected;
    for (const auto& [group, totals] : groups) expected.push_back(fmt::format("{}|{}|{:.6g}|{:.6g}|{:.6g}|{:.6g}|{}", group, totals.count, totals.sum, totals.most, totals.sum / static_cast<double>(totals.count), totals.least, totals.count));
    std::sort(expected.begin(), expected.end());
    std::string sql = fmt::format("SELECT {0}, COUNT(*), SUM(shares), MAX(price), AVG(shares), MIN(shares), COUNT(*) FROM trades WHERE {1} GROUP BY {0} LIMIT 1000000", key.sql, where.sql);
    ASSERT_EQ(sorted_rows(sql), expected) << sql;
    std::string distinct = fmt::format("SELECT DISTINCT {} FROM trades WHERE {} LIMIT 1000000", key.sql, where.sql);
    ASSERT_EQ(rows_of(distinct).size(), groups.size()) << distinct;
  }
}

TEST_F(QueryEngine, OrdersSelectionsAsAStableSortDoes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 40; ++round) {
    Condition where = make_condition(random, 2);
    std::vector<const Row*> picked;
    for (const Row& row : rows_) {
      if (where.test(row)) picked.push_back(&row);
    }
    std::stable_sort(picked.begin(), picked.end(), [](const Row* a, const Row* b) { return a->symbol != b->symbol ? a->symbol > b->symbol : a->price < b->price; });
    std::vector<std::string> expected;
    for (size_t i = 3; i < picked.size() && i < 28; ++i) expected.push_back(fmt::format("{}|{:.6g}|{}", picked[i]->symbol, picked[i]->price, picked[i]->at));
    std::string sql = "SELECT symbol, price, at FROM trades WHERE " + where.sql + " ORDER BY symbol DESC, price LIMIT 3, 25";
    ASSERT_EQ(rows_of(sql), expected) << sql;
  }
}

TEST_F(QueryEngine, KeepsEveryGroupHoweverManyThereAre) {
  EXPECT_EQ(rows_of("SELECT at, COUNT(*) FROM trades GROUP BY at LIMIT 20000").size(), rows_.size());
  EXPECT_EQ(rows_of("SELECT symbol, COUNT(*) FROM trades GROUP BY symbol").size(), 10u);  // Pinot's default LIMIT
}

TEST_F(QueryEngine, FailsRatherThanDropGroupsWhenMemoryIsShort) {
  QueryRequest request;
  request.query.table = "trades";
  request.query.select = {{sql::make_identifier("at"), ""}};
  request.query.distinct = true;
  request.query.limit = 100000;
  request.query.order_by = {{sql::make_identifier("at"), false, sql::NullOrder::kDefault}};
  request.max_group_bytes = 10'000;
  QueryResponse response = execute(request, *table_);
  ASSERT_FALSE(response.exceptions.empty());
  EXPECT_EQ(response.exceptions[0].code, error_code::kQueryExecution);
  EXPECT_TRUE(response.partial_result);
}

TEST_F(QueryEngine, StopsWhenCancelledOrLate) {
  QueryRequest request;
  request.query.table = "trades";
  request.query.select = {{sql::make_identifier("at"), ""}};
  std::atomic<bool> cancelled{true};
  request.cancelled = &cancelled;
  EXPECT_EQ(execute(request, *table_).error_code(), error_code::kQueryCancellation);
  request.cancelled = nullptr;
  request.started = steady_now() - std::chrono::seconds(11);
  EXPECT_EQ(execute(request, *table_).error_code(), error_code::kExecutionTimeout);
}

TEST_F(QueryEngine, FailsWithPinotsCodes) {
  EXPECT_EQ(code_of("SELEC symbol FROM trades"), 150);
  EXPECT_EQ(code_of("SELECT * FROM nope"), 190);
  EXPECT_EQ(code_of("SELECT nope FROM trades"), 710);
  EXPECT_EQ(code_of("SELECT frobnicate(symbol) FROM trades"), 700);
  EXPECT_EQ(code_of("SELECT SUM(symbol) FROM trades"), 700);
  EXPECT_EQ(code_of("SELECT symbol, shares FROM trades GROUP BY symbol"), 150);
  EXPECT_EQ(code_of("SELECT symbol FROM trades WHERE shares = 'abc'"), 700);
  EXPECT_EQ(ask("SELECT nope FROM trades").exceptions[0].message, "UnknownColumnError: Unknown columnName 'nope' found in the query");
  EXPECT_EQ(ask("SELECT frobnicate(symbol) FROM trades").exceptions[0].message, "Unsupported function: frobnicate");
  EXPECT_EQ(ask("SELECT symbol, shares FROM trades GROUP BY symbol").exceptions[0].message,
            "SQLParsingError: 'shares' should be functionally dependent on the columns used in GROUP BY clause.");
  EXPECT_EQ(check_query_options({{"timeoutMs", "abc"}}).message(), "timeoutMs must be a number between 1 and 2^63-1, got: abc");
}

TEST_F(QueryEngine, NamesAndTypesColumnsAsPinotDoes) {
  QueryResponse response = ask("SELECT Symbol, SUM(SHARES)*1.0, COUNT(DISTINCT user), COUNT(user), CAST(SUM(shares) AS LONG), MAX(at) AS m FROM trades GROUP BY symbol");
  EXPECT_EQ(response.table.column_names, (std::vector<std::string>{"symbol", "times(sum(shares),'1.0')", "distinctcount(user)", "count(*)", "cast(sum(shares),'LONG')", "m"}));
  EXPECT_EQ(response.table.column_types, (std::vector<std::string>{"STRING", "DOUBLE", "INT", "LONG", "OBJECT", "DOUBLE"}));
  response = ask("SELECT * FROM trades LIMIT 1");
  EXPECT_EQ(response.table.column_names, (std::vector<std::string>{"at", "made", "note", "ok", "price", "rate", "shares", "symbol", "tags", "user"}));
  EXPECT_EQ(response.table.column_types, (std::vector<std::string>{"LONG", "TIMESTAMP", "STRING", "BOOLEAN", "DOUBLE", "FLOAT", "INT", "STRING", "INT_ARRAY", "INT"}));
  response = ask("SELECT 1+1, 'x', now() > 0");
  EXPECT_EQ(response.table.column_names, (std::vector<std::string>{"2", "'x'", "true"}));
  EXPECT_EQ(response.table.column_types, (std::vector<std::string>{"LONG", "STRING", "BOOLEAN"}));
}

TEST_F(QueryEngine, ComputesScalarFunctions) {
  auto one = [&](const std::string& expression) { return rows_of("SELECT " + expression + " FROM trades LIMIT 1")[0]; };
  EXPECT_EQ(one("datetrunc('DAY', 1792784156654)"), "1792713600000");
  EXPECT_EQ(one("datetrunc('WEEK', 1792784156654)"), "1792368000000");
  EXPECT_EQ(one("datetrunc('MONTH', 1792784156654)"), "1790812800000");
  EXPECT_EQ(one("todatetime(1792784156654, 'yyyy-MM-dd HH:mm:ss.SSS')"), "2026-10-23 19:35:56.654");
  EXPECT_EQ(one("fromdatetime('2026-10-23 19:35:56.654', 'yyyy-MM-dd HH:mm:ss.SSS')"), "1792784156654");
  EXPECT_EQ(one("datetimeconvert(1792784156654, '1:MILLISECONDS:EPOCH', '1:DAYS:SIMPLE_DATE_FORMAT:yyyyMMdd', '1:DAYS')"), "20261023");
  EXPECT_EQ(one("year(1792784156654)"), "2026");
  EXPECT_EQ(one("weekofyear(1792784156654)"), "43");
  EXPECT_EQ(one("toepochhours(7200001)"), "2");
  EXPECT_EQ(one("upper(concat('a', 'b', '-'))"), "A-B");
  EXPECT_EQ(one("substr('hello', 1, 3)"), "el");
  EXPECT_EQ(one("length('häßlich')"), "7");
  EXPECT_EQ(one("CASE WHEN 1 > 2 THEN 'x' ELSE 'y' END"), "y");
  EXPECT_EQ(one("CAST(403.38 AS INT)"), "403");
  EXPECT_EQ(one("10 / 4"), "2.5");
  EXPECT_EQ(one("now() - ago('PT1H')"), "3600000");
  EXPECT_EQ(one("$segmentName"), "trades_0");
}

// What Apache Pinot 1.5.1 (pinot-core) answers to the same.
TEST_F(QueryEngine, NamesConditionsAndTypesWholeNumbersAsPinotDoes) {
  auto columns = [&](const std::string& sql) {
    const QueryResponse response = answer(sql, {}, [this](std::string_view) { return table_; });
    std::string out = response.exceptions.empty() ? "" : response.exceptions[0].message;
    for (size_t i = 0; i < response.table.column_names.size(); ++i) out += (i > 0 ? " | " : "") + response.table.column_names[i] + " " + response.table.column_types[i];
    return out;
  };
  EXPECT_EQ(columns("SELECT CASE WHEN user <> 5 THEN 1 ELSE 2 END, user NOT IN (5, 6), user >= 5 AND user < 9, symbol IS NOT NULL FROM trades LIMIT 1"),
            "case(not_equals(user,'5'),'1','2') INT | not_in(user,'5','6') BOOLEAN | and(greater_than_or_equal(user,'5'),less_than(user,'9')) BOOLEAN | is_not_null(symbol) BOOLEAN");
  EXPECT_EQ(columns("SELECT COUNT(*) FILTER (WHERE user > 5 OR symbol = 'AA' AND shares IN (1, 2)), SUM(shares) FILTER (WHERE NOT (user BETWEEN 1 AND 3)), COUNT(*) FILTER (WHERE STARTSWITH(symbol, 'A')) FROM trades"),
            "count(*) FILTER(WHERE (user > '5' OR (symbol = 'AA' AND shares IN ('1','2')))) LONG | sum(shares) FILTER(WHERE (NOT user BETWEEN '1' AND '3')) DOUBLE | "
            "count(*) FILTER(WHERE startswith(symbol,'A') = 'true') LONG");
  EXPECT_EQ(columns("SELECT HISTOGRAM(shares, 0, 10, 2), ARRAYAGG(user, 'INT', true), LISTAGG(symbol, ',') FROM trades WHERE shares < 0"),
            "histogram(shares) DOUBLE_ARRAY | arrayagg(user) INT_ARRAY | listagg(symbol) STRING");
  EXPECT_EQ(columns("SELECT LEAST(user, 10), GREATEST(at, user), LEAST(user, price), GREATEST(symbol, 'B') FROM trades LIMIT 1"),
            "least(user,'10') INT | greatest(at,user) LONG | least(user,price) DOUBLE | greatest(symbol,'B') STRING");
  EXPECT_EQ(columns("SELECT COUNT(*) * 2, COUNT(*) - 1, COUNT(*) / 2, SUM(shares) + 1, CASE WHEN COUNT(*) > 5 THEN 'a' ELSE 'b' END FROM trades"),
            "times(count(*),'2') LONG | minus(count(*),'1') LONG | divide(count(*),'2') DOUBLE | plus(sum(shares),'1') DOUBLE | case(greater_than(count(*),'5'),'a','b') OBJECT");
}

TEST_F(QueryEngine, PrunesSegmentsByTime) {
  QueryResponse response = ask("SELECT COUNT(*) FROM trades WHERE at < 1700000000000");
  EXPECT_EQ(response.segments_processed, 0);
  EXPECT_EQ(response.pruned_by_server, 3);
  EXPECT_EQ(response.total_docs, 15000);
  response = ask("SELECT COUNT(*) FROM trades WHERE at >= 1700000012000000");
  EXPECT_EQ(response.segments_processed, 0);
}

TEST(BrokerResponse, RendersFieldsInPinotsOrder) {
  QueryResponse response;
  response.has_table = true;
  response.table = {{"symbol", "total"}, {"STRING", "DOUBLE"}, {{{std::string("A\"A")}, {111866689.0}}, {{std::string("B")}, {INFINITY}}}};
  response.time_used_ms = 32;
  response.request_id = "7";
  response.broker_id = "Broker_localhost_8099";
  response.docs_scanned = response.total_docs = 5000000;
  response.servers_queried = response.servers_responded = 1;
  response.tables_queried = {"stock_transactions"};
  EXPECT_EQ(to_json(response),
            R"({"resultTable":{"dataSchema":{"columnNames":["symbol","total"],"columnDataTypes":["STRING","DOUBLE"]},"rows":[["A\"A",1.11866689E8],)"
            R"(["B","Infinity"]]},"numRowsResultSet":2,"partialResult":false,"exceptions":[],"numGroupsLimitReached":false,)"
            R"("numGroupsWarningLimitReached":false,"timeUsedMs":32,"requestId":"7","clientRequestId":null,"brokerId":"Broker_localhost_8099",)"
            R"("numDocsScanned":5000000,"totalDocs":5000000,"numEntriesScannedInFilter":0,"numEntriesScannedPostFilter":0,"numServersQueried":1,)"
            R"("numServersResponded":1,"numSegmentsQueried":0,"numSegmentsProcessed":0,"numSegmentsMatched":0,"numConsumingSegmentsQueried":0,)"
            R"("numConsumingSegmentsProcessed":0,"numConsumingSegmentsMatched":0,"minConsumingFreshnessTimeMs":0,"numSegmentsPrunedByBroker":0,)"
            R"("numSegmentsPrunedByServer":0,"numSegmentsPrunedInvalid":0,"numSegmentsPrunedByLimit":0,"numSegmentsPrunedByValue":0,"brokerReduceTimeMs":0,)"
            R"("offlineThreadCpuTimeNs":0,"realtimeThreadCpuTimeNs":0,"offlineSystemActivitiesCpuTimeNs":0,"realtimeSystemActivitiesCpuTimeNs":0,)"
            R"("offlineResponseSerializationCpuTimeNs":0,"realtimeResponseSerializationCpuTimeNs":0,"offlineTotalCpuTimeNs":0,"realtimeTotalCpuTimeNs":0,)"
            R"("explainPlanNumEmptyFilterSegments":0,"explainPlanNumMatchAllFilterSegments":0,"traceInfo":{},"tablesQueried":["stock_transactions"],)"
            R"("offlineThreadMemAllocatedBytes":0,"realtimeThreadMemAllocatedBytes":0,"offlineResponseSerMemAllocatedBytes":0,)"
            R"("realtimeResponseSerMemAllocatedBytes":0,"offlineTotalMemAllocatedBytes":0,"realtimeTotalMemAllocatedBytes":0,"pools":[-1],)"
            R"("rlsFiltersApplied":false,"groupsTrimmed":false})");
}

}  // namespace
}  // namespace bywash::analytics
