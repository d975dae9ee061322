// Funnels, EXPRMIN and EXPRMAX, sets of ids, sums of arrays, raw sketches on a few rows. Expected values: worked out by hand from the
// aggregation functions of Apache Pinot 1.5.1 (funnel.window.*, ExprMinMaxObject, ParentAggregationResultRewriter, IdSets).
#include "analytics/exec/answers_for_tests.h"
#include "analytics/exec/query_engine.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"

#include <gtest/gtest.h>

namespace bywash::analytics {
namespace {

struct Visit {
  const char *user, *url;
  int64_t at;
  double price;
  std::vector<int64_t> parts;
};
const Visit kVisits[] = {{"a", "/home", 10, 1.5, {1, 2}}, {"a", "/cart", 12, 2.5, {3}},   {"a", "/buy", 15, 9, {4, 5, 6}}, {"b", "/home", 20, 1, {1}},
                         {"b", "/buy", 21, 9, {2}},       {"b", "/cart", 22, 3, {3, 4}},  {"c", "/cart", 5, 2, {7}},       {"c", "/home", 6, 1, {8}},
                         {"c", "/cart", 7, 0.5, {9}},     {"a", "/home", 100, 4, {1, 1}}, {"a", "/home", 104, 4, {2}},     {"a", "/cart", 105, 4.5, {5}}};

// Half of the visits in each of two segments.
class RowAggregations : public ::testing::Test {
 protected:
  void SetUp() override {
    auto schema = std::make_shared<TableSchema>();
    schema->name = "visits";
    schema->fields = {test_field("user", DataType::kString), test_field("url", DataType::kString), test_field("at", DataType::kLong, FieldKind::kDateTime),
                      test_field("price", DataType::kDouble, FieldKind::kMetric), test_field("parts", DataType::kInt, FieldKind::kDimension, false),
                      test_field("dear", DataType::kBoolean), test_field("number", DataType::kInt)};
    auto table = std::make_shared<TableSnapshot>();
    table->name = "visits";
    table->schema = schema;
    const size_t count = std::size(kVisits);
    for (size_t part = 0; part < 2; ++part) {
      auto segment = *MutableSegment::create(schema, {});
      for (size_t i = part * count / 2; i < (part + 1) * count / 2; ++i) {
        const Visit& visit = kVisits[i];
        segment->append_text(0, visit.user);
        segment->append_text(1, visit.url);
        segment->append_long(2, visit.at);
        segment->append_double(3, visit.price);
        segment->append_integers(4, visit.parts);
        segment->append_int(5, visit.price > 8);
        segment->append_int(6, static_cast<int32_t>(i) * 1000 - 3000);
      }
      segment->publish(segment->appended_rows());
      table->segments.push_back(segment->snapshot());
    }
    table_ = table;
  }
  QueryResponse run(const std::string& sql) {
    return answer(sql, {}, [&](std::string_view) { return table_; });
  }
  std::string rows(const std::string& sql) { return shown(run(sql)); }
  std::shared_ptr<const TableSnapshot> table_;
};

const std::string kSteps = "url = '/home', url = '/cart', url = '/buy'";

TEST_F(RowAggregations, FunnelCountCountsIdsThatTookAllStepsSoFar) {
  const std::string funnel = "FUNNEL_COUNT(STEPS(" + kSteps + "), CORRELATE_BY(user)";
  EXPECT_EQ(rows("SELECT " + funnel + ") FROM visits"), "[3,3,2]");
  EXPECT_EQ(rows("SELECT " + funnel + ", SETTINGS('theta_sketch', 'nominalEntries=4096')) FROM visits WHERE at < 20"), "[2,2,1]");
  EXPECT_EQ(rows("SELECT user, " + funnel + ") FROM visits GROUP BY user ORDER BY user"), "a|[1,1,1];b|[1,1,1];c|[1,1,0]");
  EXPECT_EQ(rows("SELECT " + funnel + ") FROM visits WHERE at > 1000"), "[]");
  EXPECT_EQ(run("SELECT " + funnel + ") FROM visits").table.column_types[0], "LONG_ARRAY");
  EXPECT_EQ(rows("SELECT FUNNEL_COUNT(STEPS(url = '/a')) FROM visits"), "error: FUNNELCOUNT requires correlateby");
  EXPECT_EQ(rows("SELECT " + funnel + ", SETTINGS('fast')) FROM visits"), "error: Invalid FUNNELCOUNT SETTINGS: fast");
}

TEST_F(RowAggregations, FunnelsGoThroughStepsInOrderWithinTheWindow) {
  auto funnel = [&](const std::string& name, const std::string& extra = "", int window = 10) {
    return rows(fmt::format("SELECT user, {}(at, '{}', 3, {}{}) FROM visits GROUP BY user ORDER BY user", name, window, kSteps, extra));
  };
  EXPECT_EQ(funnel("FUNNEL_MAX_STEP"), "a|3;b|2;c|2");
  EXPECT_EQ(funnel("FUNNEL_MAX_STEP", "", 5), "a|2;b|2;c|2");
  EXPECT_EQ(funnel("FUNNEL_MAX_STEP", ", 'STRICT_ORDER'"), "a|3;b|1;c|2");
  EXPECT_EQ(funnel("FUNNEL_MAX_STEP", ", 'mode=strict_order, strict_increase', 'maxStepDuration=2'"), "a|2;b|1;c|2");
  EXPECT_EQ(funnel("FUNNEL_MATCH_STEP"), "a|[1,1,1];b|[1,1,0];c|[1,1,0]");
  EXPECT_EQ(funnel("FUNNEL_COMPLETE_COUNT"), "a|1;b|0;c|0");
  EXPECT_EQ(rows("SELECT FUNNEL_COMPLETE_COUNT(at, 10, 2, url = '/home', url = '/cart') FROM visits"), "4");
  EXPECT_EQ(rows("SELECT user, FUNNEL_STEP_DURATION_STATS(at, 10, 3, " + kSteps + ", 'durationFunctions=AVG,MAX,COUNT') FROM visits GROUP BY user ORDER BY user"),
            "a|[2,2,1,3,3,1,0,0,1];b|[0,0,1,0,0,1,0,0,0];c|[0,0,1,0,0,1,0,0,0]");
  EXPECT_EQ(rows("SELECT FUNNEL_EVENTS_FUNCTION_EVAL(at, 10, 3, " + kSteps + ", 2, user, price) FROM visits WHERE user = 'a'"), "[1, 6,a,1.5,a,2.5,a,9.0]");
  EXPECT_EQ(run("SELECT FUNNEL_MAX_STEP(at, '10', 2, url = '/home', url = '/buy') FROM visits").table.column_names[0],
            "funnelmaxstep(10)  (at, equals(url,'/home'),equals(url,'/buy'))");
  EXPECT_EQ(rows("SELECT FUNNEL_MAX_STEP(at, 10, 2, url = '/home', url = '/buy', 'FAST') FROM visits"), "error: Unrecognized extra argument for funnel function: FAST");
}

TEST_F(RowAggregations, ExprMinAnswersTheValuesOfTheRowsWithTheSmallestMeasures) {
  EXPECT_EQ(rows("SELECT EXPR_MIN(url, at) FROM visits"), "/cart");
  EXPECT_EQ(rows("SELECT EXPR_MAX(user, price) FROM visits"), "a;b");                 // two rows hold the largest price
  EXPECT_EQ(rows("SELECT COUNT(*), EXPR_MAX(user, price), EXPR_MIN(url, at) FROM visits"), "12|a|/cart;12|b|null");
  EXPECT_EQ(rows("SELECT EXPR_MAX(user, price, at) FROM visits"), "b");
  EXPECT_EQ(rows("SELECT user, EXPR_MIN(parts, price), EXPR_MIN(dear, price) FROM visits GROUP BY user ORDER BY user"), "a|[1,2]|0;b|[1]|0;c|[9]|0");
  EXPECT_EQ(rows("SELECT EXPR_MIN(url, at) FILTER (WHERE user = 'b') FROM visits"), "/home");
  EXPECT_EQ(rows("SELECT EXPR_MIN(url, at), EXPR_MIN(url, at) FROM visits"), "/cart");  // the second of two is left out
  const QueryResponse some = run("SELECT EXPR_MIN(dear, at), EXPR_MIN(parts, at) FROM visits"), none = run("SELECT EXPR_MIN(at, at) FROM visits WHERE at < 0");
  EXPECT_EQ(some.table.column_names[0], "exprmin(dear,at)");
  EXPECT_EQ(some.table.column_types, (std::vector<std::string>{"INT", "INT_ARRAY"}));
  EXPECT_EQ(none.table.column_types[0], "STRING");
  EXPECT_EQ(none.table.rows, (std::vector<std::vector<Cell>>{{Cell{}}}));
  EXPECT_TRUE(rows("SELECT user FROM visits GROUP BY user ORDER BY EXPR_MIN(url, at)").starts_with("error: Aggregation functions EXPRMIN and EXPRMAX"));
  EXPECT_TRUE(rows("SELECT EXPR_MIN(url) FROM visits").starts_with("error: Invalid number of arguments for exprmin"));
  EXPECT_TRUE(rows("SELECT EXPR_MIN(url, parts) FROM visits").starts_with("error: ExprMinMax only supports single-valued"));
}

TEST_F(RowAggregations, ArraysAreAddedElementByElement) {
  EXPECT_EQ(rows("SELECT user, SUM_ARRAY_LONG(parts) FROM visits GROUP BY user ORDER BY user"), "a|[16,8,6];b|[6,4];c|[24]");
  EXPECT_EQ(rows("SELECT SUM_ARRAY_DOUBLE(parts) FROM visits"), "[46,12,6]");
}

TEST_F(RowAggregations, SetsOfIdsGoFromOneQueryIntoAnother) {
  // INT: a byte 1, then a Roaring bitmap of 5 in portable form: cookie 12346, one container, key 0, cardinality 1, at byte 16.
  EXPECT_EQ(rows("SELECT ID_SET(parts) FROM visits WHERE user = 'a' AND at = 105"), "ATowAAABAAAAAAAAABAAAAAFAA==");
  const QueryResponse all = run("SELECT ID_SET(number), ID_SET(at), ID_SET(user, 'expectedInsertions=100;fpp=0.01') FROM visits WHERE user = 'b'");
  ASSERT_TRUE(all.exceptions.empty()) << all.exceptions[0].message;
  const char* const columns[] = {"number", "at", "user"};
  for (size_t i = 0; i < 3; ++i) {
    const std::string set = std::get<std::string>(all.table.rows[0][i].value);
    EXPECT_EQ(rows(fmt::format("SELECT COUNT(*) FROM visits WHERE IN_ID_SET({}, '{}') = 1", columns[i], set)), "3") << columns[i];
    EXPECT_EQ(rows(fmt::format("SELECT COUNT(*) FROM visits WHERE IN_ID_SET({}, '{}') = 0", columns[i], set)), "9") << columns[i];
  }
  EXPECT_EQ(rows("SELECT ID_SET(at) FROM visits WHERE at < 0"), "AA==");
  EXPECT_TRUE(rows("SELECT COUNT(*) FROM visits WHERE IN_ID_SET(at, 'AQ==') = 1").starts_with("error: IN_ID_SET takes the text that ID_SET answers"));
}

TEST_F(RowAggregations, InSubqueryFiltersByWhatANestedQueryGives) {
  const std::string buyers = "IN_SUBQUERY(user, 'SELECT ID_SET(user) FROM visits WHERE url = ''/buy''')";
  EXPECT_EQ(rows("SELECT COUNT(*), DISTINCTCOUNT(user) FROM visits WHERE " + buyers + " = 1"), "9|2");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM visits WHERE " + buyers + " = 0"), "3");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM visits WHERE NOT " + buyers), "3");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM visits WHERE IN_SUBQUERY(at, 'SELECT ID_SET(at) FROM visits WHERE price > 100') = 1"), "0");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM visits WHERE url = '/home' AND IN_PARTITIONED_SUBQUERY(price, 'SELECT ID_SET(price) FROM visits WHERE price < 2') = 1"), "3");
  EXPECT_TRUE(rows("SELECT COUNT(*) FROM visits WHERE IN_SUBQUERY(at, 'SELECT at FROM visits') = 1").starts_with("error: QueryExecutionError: A subquery of IN_SUBQUERY has the form"));
  EXPECT_TRUE(rows("SELECT COUNT(*) FROM visits WHERE IN_SUBQUERY(at, 'SELECT') = 1").starts_with("error: QueryExecutionError: Failed to parse subquery: SELECT"));
}

TEST_F(RowAggregations, RawHyperLogLogIsWrittenAsTheOriginalWritesIt) {
  // log2m 4: 12 bytes of three words; an empty sketch is all zeros.
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTRAWHLL(user, 4) FROM visits WHERE at < 0"), "000000040000000c000000000000000000000000");
  const std::string text = rows("SELECT DISTINCTCOUNTRAWHLL(user) FROM visits");
  EXPECT_EQ(text.size(), 2 * (8 + 43 * 4));
  EXPECT_EQ(text.substr(0, 16), "00000008000000ac");
}

// Of 3 users and 12 times; each nested call reads what the aggregation wrote.
TEST_F(RowAggregations, RawSketchesHoldWhatWasCounted) {
  EXPECT_EQ(rows("SELECT GET_THETA_SKETCH_ESTIMATE(DISTINCTCOUNTRAWTHETASKETCH(user)), GET_CPC_SKETCH_ESTIMATE(DISTINCTCOUNTRAWCPCSKETCH(at)) FROM visits"), "3|12");
  EXPECT_EQ(rows("SELECT url, GET_THETA_SKETCH_ESTIMATE(DISTINCTCOUNTRAWTHETASKETCH(user, 'nominalEntries=64')) FROM visits GROUP BY url ORDER BY url"), "/buy|2;/cart|3;/home|3");
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTTHETASKETCH(TOTHETASKETCH(user)), DISTINCTCOUNTHLL(TOHLL(user)), DISTINCTCOUNTCPCSKETCH(TOCPCSKETCH(user)), DISTINCTCOUNTULL(TOULL(user)) FROM visits"), "3|3|3|3");
  // Twice each visit: a 6, b 3, c 3.
  const std::string visits = "TOINTEGERSUMTUPLESKETCH(user, 2)";
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTTUPLESKETCH(" + visits + "), SUMVALUESINTEGERSUMTUPLESKETCH(" + visits + "), AVGVALUEINTEGERSUMTUPLESKETCH(" + visits + ") FROM visits"), "3|24|8");
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTHLLPLUS(at), LENGTH(DISTINCTCOUNTRAWHLLPLUS(at, 4)) FROM visits"), "12|40");
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTRAWULL(user, 3) FROM visits WHERE at < 0"), "AAAAAAAAAAA=");
  // One value: the encoding, smallest, largest, compression, one centroid of weight 1 at 9.
  EXPECT_EQ(rows("SELECT PERCENTILERAWTDIGEST50(price) FROM visits WHERE user = 'b' AND url = '/buy'"), "00000001" "4022000000000000" "4022000000000000" "4059000000000000" "00000001" "3ff0000000000000" "4022000000000000");
  EXPECT_EQ(rows("SELECT PERCENTILERAWKLL(price, 50) FROM visits WHERE user = 'b' AND url = '/buy'"), "AgIPBMgACAAAAAAAAAAiQA==");
  EXPECT_TRUE(rows("SELECT DISTINCTCOUNTTUPLESKETCH(user) FROM visits").find("Cannot compute distinctcounttuplesketch for type: STRING") != std::string::npos);
  EXPECT_TRUE(rows("SELECT DISTINCTCOUNTTHETASKETCH(TOUTF8(user)) FROM visits").starts_with("error: QueryExecutionError: The bytes are no theta sketch"));
  EXPECT_TRUE(rows("SELECT DISTINCTCOUNTRAWTHETASKETCH(user, 'nominalEntries=3') FROM visits").find("16 to 67108864") != std::string::npos);
  EXPECT_TRUE(rows("SELECT FREQUENTSTRINGSSKETCH(at) FROM visits").starts_with("BAEKCAQA"));
  EXPECT_TRUE(rows("SELECT FREQUENTLONGSSKETCH(user) FROM visits").starts_with("error"));
}

TEST_F(RowAggregations, ThetaSketchesOfFiltersAreCombined) {
  auto count = [&](const std::string& sets) {
    return rows("SELECT DISTINCTCOUNTTHETASKETCH(user, 'nominalEntries=4096', 'url = ''/buy''', 'USER <> ''b'' AND price < 3', '" + sets + "') FROM visits");
  };
  EXPECT_EQ(count("$0"), "3");
  EXPECT_EQ(count("$1"), "2");  // a, b
  EXPECT_EQ(count("$2"), "2");  // a, c
  EXPECT_EQ(count("SET_UNION($1, $2)"), "3");
  EXPECT_EQ(count("SET_INTERSECT($1, $2)"), "1");
  EXPECT_EQ(count("SET_DIFF($0, SET_UNION($1, $2))"), "0");
  EXPECT_TRUE(count("$3").find("there are 2 filters") != std::string::npos);
  EXPECT_TRUE(count("SUM($1)").find("SET_UNION, SET_INTERSECT, SET_DIFF") != std::string::npos);
  EXPECT_EQ(run("SELECT DISTINCTCOUNTTHETASKETCH(user, '', 'at > 5', '$1') FROM visits").table.column_names[0], "distinctcountthetasketch(user)");
  EXPECT_EQ(run("SELECT DISTINCTCOUNTRAWULL(user) FROM visits").table.column_names[0], "distinctcountull(user)");
  EXPECT_EQ(run("SELECT MODE(price, 'MAX') FROM visits").table.column_names[0], "mode(price)");
}

}  // namespace
}  // namespace bywash::analytics
