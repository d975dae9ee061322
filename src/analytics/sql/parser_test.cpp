#include "analytics/sql/parser.h"

#include "analytics/sql/java_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bywash::analytics::sql {
namespace {

std::string expression(const std::string& text) {
  auto query = parse("SELECT " + text + " FROM t");
  if (!query.ok()) return query.status().message();
  return to_string(*query->select[0].expression);
}
std::string error(const std::string& text) {
  auto query = parse(text);
  return query.ok() ? "" : query.status().message();
}

TEST(Parser, ReadsTheWholeShapeOfAQuery) {
  auto query = parse(
      "SET timeoutMs = 5000; SELECT symbol AS s, SUM(shares) total FROM default.stock_transactions WHERE update_at >= 1680000000000 "
      "GROUP BY symbol HAVING COUNT(*) > 3 ORDER BY total DESC NULLS LAST, 1 LIMIT 5, 10 OPTION(a=b)");
  ASSERT_TRUE(query.ok()) << query.status().message();
  EXPECT_EQ(query->table, "stock_transactions");
  EXPECT_EQ(query->select[0].alias, "s");
  EXPECT_EQ(query->select[1].alias, "total");
  EXPECT_EQ(to_string(*query->where), "greaterthanorequal(update_at,'1680000000000')");
  EXPECT_EQ(to_string(*query->having), "greaterthan(count(*),'3')");
  ASSERT_EQ(query->order_by.size(), 2u);
  EXPECT_TRUE(query->order_by[0].descending);
  EXPECT_EQ(query->order_by[0].nulls, NullOrder::kLast);
  EXPECT_EQ(query->limit, 10);
  EXPECT_EQ(query->offset, 5);
  EXPECT_EQ(query->options.at("timeoutMs"), "5000");
  EXPECT_EQ(query->options.at("a"), "b");
}

TEST(Parser, DefaultsToTenRows) { EXPECT_EQ(parse("select a from t")->limit, 10); }

TEST(Parser, NamesResultColumnsAsPinotDoes) {
  EXPECT_EQ(expression("SUM(shares)*1.0"), "times(sum(shares),'1.0')");
  EXPECT_EQ(expression("COUNT(DISTINCT user_id)"), "distinctcount(user_id)");
  EXPECT_EQ(expression("id/0"), "divide(id,'0')");
  EXPECT_EQ(expression("shares % 2"), "mod(shares,'2')");
  EXPECT_EQ(expression("CAST(purchase AS INT)"), "cast(purchase,'INTEGER')");
  EXPECT_EQ(expression("TODATETIME(update_at,'yyyy-MM-dd')"), "todatetime(update_at,'yyyy-MM-dd')");
  EXPECT_EQ(expression("REGEXP_LIKE(a, '^x')"), "regexplike(a,'^x')");
}

TEST(Parser, BindsOperatorsByPrecedence) {
  EXPECT_EQ(expression("a + b * c - d"), "minus(plus(a,times(b,c)),d)");
  EXPECT_EQ(expression("a = 1 OR b = 2 AND NOT c = 3"), "or(equals(a,'1'),and(equals(b,'2'),not(equals(c,'3'))))");
  EXPECT_EQ(expression("-a * (b - -3)"), "times(minus('0',a),minus(b,'-3'))");
  EXPECT_EQ(expression("a NOT BETWEEN 1 AND 2 AND b"), "and(not(between(a,'1','2')),b)");
  EXPECT_EQ(expression("a NOT IN (1, 'x', -2.5)"), "notin(a,'1','x','-2.5')");
  EXPECT_EQ(expression("a NOT LIKE 'x%'"), "not(like(a,'x%'))");
  EXPECT_EQ(expression("a IS NOT NULL"), "isnotnull(a)");
  EXPECT_EQ(expression("CASE WHEN a > 1 THEN 'x' ELSE 'y' END"), "case(greaterthan(a,'1'),'x','y')");
  EXPECT_EQ(expression("CASE a WHEN 1 THEN 'x' END"), "case(equals(a,'1'),'x','null')");
  EXPECT_EQ(expression("COUNT(*) FILTER(WHERE a > 1)"), "filter(count(*),greaterthan(a,'1'))");
}

TEST(Parser, KeepsLiteralsExact) {
  EXPECT_EQ(parse("SELECT 9223372036854775807 FROM t")->select[0].expression->value.integer, INT64_MAX);
  EXPECT_EQ(parse("SELECT -9223372036854775808 FROM t")->select[0].expression->value.integer, INT64_MIN);
  EXPECT_EQ(parse("SELECT 2147483648 FROM t")->select[0].expression->literal, LiteralType::kLong);
  EXPECT_EQ(parse("SELECT 1e2 FROM t")->select[0].expression->literal, LiteralType::kDouble);
  EXPECT_EQ(parse("SELECT 'it''s' FROM t")->select[0].expression->value.text, "it's");
  EXPECT_EQ(parse("SELECT \"Month\" FROM t")->select[0].expression->name, "Month");
}

TEST(Parser, SkipsComments) { EXPECT_EQ(expression("-- c\n COUNT(*) /* x */"), "count(*)"); }

TEST(Parser, SaysWhereAndWhy) {
  EXPECT_EQ(error("SELECT FROM t"), "At line 1, column 8: expected an expression, found 'FROM' (a name that is a keyword needs double quotes)");
  EXPECT_EQ(error("SELECT a FROM t WHERE a >"), "At line 1, column 26: expected an expression, found the end of the query");
  EXPECT_EQ(error("SELECT a\nFROM t\nWHERE `a` = 1"), "At line 3, column 7: unexpected character '`'; quote names with \"");
  EXPECT_EQ(error("SELECT 'abc FROM t"), "At line 1, column 8: string is not closed; end it with '");
  EXPECT_EQ(error("SELECT a FROM t LIMIT -1"), "At line 1, column 23: LIMIT must be a whole number from 0 to 2147483647, found '-'");
  EXPECT_EQ(error("SELECT a FROM t x y"), "At line 1, column 19: expected the end of the query, found 'y'");
  EXPECT_EQ(error(""), "SqlNode with executable statement not found!");
  EXPECT_EQ(error("SHOW TABLES"), "From line 1, column 1 to line 1, column 4: Non-query expression encountered in illegal context");
}

TEST(Parser, KnowsWhatOnlyTheMultiStageEngineHas) {
  for (const char* text : {"SELECT a.x FROM t a JOIN t b ON a.id = b.id", "WITH a AS (SELECT 1) SELECT * FROM a", "SELECT x FROM (SELECT 1)",
                           "SELECT SUM(x) OVER (PARTITION BY y) FROM t", "SELECT x FROM t WHERE x IN (SELECT y FROM t)", "SELECT x FROM t, u",
                           "SELECT x FROM t UNION SELECT y FROM t", "SELECT DISTINCT x, COUNT(*) FROM t GROUP BY x"}) {
    EXPECT_EQ(error(text).substr(0, kMultiStageOnly.size()), kMultiStageOnly) << text;
  }
}

TEST(Parser, LimitsNesting) {
  std::string deep(5000, '('), chain = "a", nots;
  EXPECT_NE(error("SELECT " + deep + "1 FROM t").find("nested more than"), std::string::npos);
  for (int i = 0; i < 5000; ++i) chain += "+a", nots += "NOT ";
  EXPECT_NE(error("SELECT " + chain + " FROM t").find("nested more than"), std::string::npos);
  EXPECT_EQ(error("SELECT " + nots + "a FROM t"), "");
}

TEST(JavaText, WritesDoublesAsJavaDoes) {
  EXPECT_EQ(java_double(111866689.0), "1.11866689E8");
  EXPECT_EQ(java_double(30168540.0), "3.016854E7");
  EXPECT_EQ(java_double(500.37671322399996), "500.37671322399996");
  EXPECT_EQ(java_double(0.001), "0.001");
  EXPECT_EQ(java_double(0.00012), "1.2E-4");
  EXPECT_EQ(java_double(-9999.0), "-9999.0");
  EXPECT_EQ(java_double(1e7), "1.0E7");
  EXPECT_EQ(java_double(9999999.5), "9999999.5");
  EXPECT_EQ(java_double(INFINITY), "Infinity");
  EXPECT_EQ(java_double(-0.0), "-0.0");
  EXPECT_EQ(java_float(0.1f), "0.1");
  EXPECT_EQ(java_float(1.6777216e7f), "1.6777216E7");
}

}  // namespace
}  // namespace bywash::analytics::sql
