#include "analytics/multistage/engine.h"
#include "analytics/segment/fields_for_tests.h"

#include "analytics/segment/mutable_segment.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bywash::analytics {
namespace {

std::string text_of(const Cell& cell) {
  std::string out;
  if (std::holds_alternative<std::monostate>(cell.value)) return "null";
  if (const auto* flag = std::get_if<bool>(&cell.value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<int64_t>(&cell.value)) return std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&cell.value)) return append_java_double(*real, out), out;
  if (const auto* real = std::get_if<float>(&cell.value)) return append_java_float(*real, out), out;
  if (const auto* text = std::get_if<std::string>(&cell.value)) return *text;
  for (const Cell& element : std::get<CellArray>(cell.value)) out += (out.empty() ? "" : "+") + text_of(element);
  return "[" + out + "]";
}

// Two small tables: orders (8 rows in two segments) and customers (4 rows; the fourth has no order, and order 8 no customer).
class MultiStage : public ::testing::Test {
 protected:
  void SetUp() override {
    auto orders = std::make_shared<TableSchema>();
    orders->name = "orders";
    orders->fields = {test_field("id", DataType::kInt), test_field("customer", DataType::kInt), test_field("amount", DataType::kDouble, FieldKind::kMetric),
                      test_field("shares", DataType::kInt, FieldKind::kMetric), test_field("state", DataType::kString), test_field("at", DataType::kLong, FieldKind::kDateTime),
                      test_field("tags", DataType::kInt, FieldKind::kDimension, false), test_field("made", DataType::kTimestamp, FieldKind::kDateTime),
                      test_field("paid", DataType::kBoolean), test_field("code", DataType::kBytes), test_field("rate", DataType::kFloat, FieldKind::kMetric)};
    orders_ = std::make_shared<TableSnapshot>();
    orders_->name = "orders";
    orders_->schema = orders;
    const char* states[] = {"new", "sent", "sent", "done", "done", "done", "new", "lost"};
    for (int part = 0; part < 2; ++part) {
      auto segment = *MutableSegment::create(orders, {.name = "orders_" + std::to_string(part), .time_column = "at"});
      for (int i = part * 4; i < part * 4 + 4; ++i) {
        segment->append_int(0, i + 1);
        segment->append_int(1, i == 7 ? 9 : i % 3 + 1);
        segment->append_double(2, 10.5 * (i + 1));
        segment->append_int(3, 100 * (i + 1));
        i == 7 ? segment->append_null(4) : segment->append_text(4, states[i]);
        segment->append_long(5, 1'700'000'000'000 + i * 3'600'000LL);
        segment->append_integers(6, std::vector<int64_t>{i, i + 1});
        segment->append_long(7, 1'700'000'000'000 + i * 3'600'000LL);
        segment->append_int(8, i % 2);
        segment->append_text(9, std::string("\x01", 1) + static_cast<char>(i));
        segment->append_float(10, 0.25f * static_cast<float>(i));
      }
      segment->publish(4);
      orders_->segments.push_back(segment->snapshot());
    }
    auto customers = std::make_shared<TableSchema>();
    customers->name = "customers";
    customers->fields = {test_field("id", DataType::kInt), test_field("name", DataType::kString), test_field("City", DataType::kString)};
    customers_ = std::make_shared<TableSnapshot>();
    customers_->name = "customers";
    customers_->schema = customers;
    auto segment = *MutableSegment::create(customers, {.name = "customers_0"});
    const char* names[] = {"Ann", "Bob", "Cid", "Dan"};
    for (int i = 0; i < 4; ++i) {
      segment->append_int(0, i + 1);
      segment->append_text(1, names[i]);
      segment->append_text(2, i % 2 ? "Oslo" : "Rome");
    }
    segment->publish(4);
    customers_->segments.push_back(segment->snapshot());
  }

  QueryResponse ask(const std::string& sql, const std::map<std::string, std::string>& options = {}) const {
    return answer_any(sql, options, [this](std::string_view name) -> std::shared_ptr<const TableSnapshot> {
      return name == "orders" ? orders_ : name == "customers" ? customers_ : nullptr;
    });
  }
  // "1,Ann | 2,Bob": rows; or the error.
  std::string rows(const std::string& sql, const std::map<std::string, std::string>& options = {}) const {
    const QueryResponse response = ask(sql, options);
    if (!response.exceptions.empty()) return std::to_string(response.exceptions[0].code) + " " + response.exceptions[0].message;
    std::string out;
    for (const auto& row : response.table.rows) {
      out += out.empty() ? "" : " | ";
      for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + text_of(row[i]);
    }
    return out;
  }
  // "symbol:STRING, s:LONG"
  std::string columns(const std::string& sql) const {
    const QueryResponse response = ask(sql);
    if (!response.exceptions.empty()) return response.exceptions[0].message;
    std::string out;
    for (size_t i = 0; i < response.table.column_names.size(); ++i) out += (i > 0 ? ", " : "") + response.table.column_names[i] + ":" + response.table.column_types[i];
    return out;
  }

  std::shared_ptr<TableSnapshot> orders_, customers_;
};

TEST_F(MultiStage, JoinsOfAllKinds) {
  EXPECT_EQ(rows("SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id WHERE o.shares > 400 ORDER BY o.id"), "5,Bob | 6,Cid | 7,Ann");
  EXPECT_EQ(rows("SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE o.id >= 7 ORDER BY 1"), "7,Ann | 8,null");
  EXPECT_EQ(rows("SELECT c.name, o.id FROM orders o RIGHT JOIN customers c ON o.customer = c.id AND o.id < 3 ORDER BY c.name"), "Ann,1 | Bob,2 | Cid,null | Dan,null");
  EXPECT_EQ(rows("SELECT COUNT(*), COUNT(o.id), COUNT(c.id) FROM orders o FULL OUTER JOIN customers c ON o.customer = c.id"), "9,8,8");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM orders CROSS JOIN customers"), "32");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM orders o, customers c WHERE o.customer = c.id AND c.city = 'Rome'"), "5");
  EXPECT_EQ(rows("SELECT a.id, b.id FROM customers a JOIN customers b ON a.id < b.id AND a.city = b.city ORDER BY 1"), "1,3 | 2,4");
  EXPECT_EQ(rows("SELECT id, name FROM (SELECT customer AS id, SUM(shares) AS s FROM orders GROUP BY customer) t JOIN customers USING (id) ORDER BY s DESC LIMIT 2"),
            "1,Ann | 3,Cid");
  // A condition of WHERE on the padded side stays above the join.
  EXPECT_EQ(rows("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.name IS NULL"), "8");
  EXPECT_EQ(rows("SELECT o.id FROM orders o ASOF JOIN customers c MATCH_CONDITION(o.id >= c.id) ON o.customer = c.id ORDER BY 1"), "1 | 2 | 3 | 4 | 5 | 6 | 7");
}

// What counted the sketches' bytes, or left filters out, is refused.
TEST_F(MultiStage, SketchesAreForQueriesOverOneTable) {
  for (const char* call : {"DISTINCTCOUNTTHETASKETCH(TOTHETASKETCH(o.id))", "DISTINCTCOUNTHLL(TOHLL(o.id))", "DISTINCTCOUNTTHETASKETCH(o.id, '', 'id = 1', '$1')", "DISTINCTCOUNTRAWTHETASKETCH(o.id)"}) {
    EXPECT_NE(rows(std::string("SELECT ") + call + " FROM orders o JOIN customers c ON o.customer = c.id").find("queries over one table know sketches"), std::string::npos) << call;
  }
  EXPECT_EQ(rows("SELECT DISTINCTCOUNTTHETASKETCH(o.customer) FROM orders o JOIN customers c ON o.customer = c.id"), "3");
}

TEST_F(MultiStage, NestedQueries) {
  EXPECT_EQ(rows("SELECT name FROM customers WHERE id IN (SELECT customer FROM orders WHERE state = 'done') ORDER BY name"), "Ann | Bob | Cid");
  EXPECT_EQ(rows("SELECT name FROM customers WHERE id NOT IN (SELECT customer FROM orders) ORDER BY name"), "Dan");
  EXPECT_EQ(rows("SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id AND o.amount > 60) ORDER BY 1"), "Ann | Cid");
  EXPECT_EQ(rows("SELECT name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id)"), "Dan");
  EXPECT_EQ(rows("SELECT id FROM orders WHERE amount = (SELECT MAX(amount) FROM orders)"), "8");
  EXPECT_EQ(rows("SELECT name, (SELECT COUNT(*) FROM orders o WHERE o.customer = c.id) AS n FROM customers c ORDER BY n DESC, name"), "Ann,3 | Bob,2 | Cid,2 | Dan,0");
  EXPECT_EQ(rows("WITH big AS (SELECT * FROM orders WHERE shares >= 600), n(total) AS (SELECT COUNT(*) FROM big) SELECT b.id, n.total FROM big b CROSS JOIN n ORDER BY 1"),
            "6,3 | 7,3 | 8,3");
  EXPECT_EQ(rows("SELECT MAX(s) FROM (SELECT state, SUM(shares) AS s FROM orders GROUP BY state)"), "1500");
}

TEST_F(MultiStage, Windows) {
  EXPECT_EQ(rows("SELECT id, SUM(shares) OVER (PARTITION BY customer ORDER BY id) FROM orders WHERE customer = 1 ORDER BY id"), "1,100 | 4,500 | 7,1200");
  EXPECT_EQ(rows("SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY amount DESC) AS r FROM orders QUALIFY r = 1 ORDER BY id"), "5,1 | 6,1 | 7,1 | 8,1");
  EXPECT_EQ(rows("SELECT id, LAG(id, 1, 0) OVER (ORDER BY id), LEAD(id) OVER w, FIRST_VALUE(id) OVER w FROM orders WINDOW w AS (ORDER BY id) ORDER BY id LIMIT 2"),
            "1,0,2,1 | 2,1,3,1");
  EXPECT_EQ(rows("SELECT id, AVG(amount) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders ORDER BY id LIMIT 2"), "1,10.5 | 2,15.75");
  EXPECT_EQ(rows("SELECT customer, SUM(SUM(shares)) OVER () FROM orders GROUP BY customer ORDER BY 1 LIMIT 1"), "1,3600");
  EXPECT_EQ(rows("SELECT DENSE_RANK() OVER (ORDER BY state), state FROM orders WHERE id IN (1, 2, 3) ORDER BY 1, 2"), "1,new | 2,sent | 2,sent");
}

TEST_F(MultiStage, SetOperations) {
  EXPECT_EQ(rows("SELECT id FROM customers UNION SELECT customer FROM orders ORDER BY 1"), "1 | 2 | 3 | 4 | 9");
  EXPECT_EQ(rows("SELECT id FROM customers UNION ALL SELECT customer FROM orders WHERE id = 1 ORDER BY id LIMIT 2"), "1 | 1");
  EXPECT_EQ(rows("SELECT id FROM customers INTERSECT SELECT customer FROM orders ORDER BY id"), "1 | 2 | 3");
  EXPECT_EQ(rows("SELECT id FROM customers EXCEPT SELECT customer FROM orders"), "4");
  EXPECT_EQ(rows("(SELECT id FROM customers ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY id DESC LIMIT 1) ORDER BY 1"), "1 | 8");
  EXPECT_EQ(columns("SELECT id FROM orders UNION ALL SELECT amount FROM orders"), "id:DOUBLE");
  EXPECT_EQ(rows("SELECT id FROM orders UNION SELECT name FROM customers"), "700 QueryValidationError: Type mismatch in column 1 of UNION: INT and STRING");
}

TEST_F(MultiStage, NamesAndTypesAsPinotsMultiStageEngine) {
  const std::string multi = "SET useMultistageEngine=true; ";
  EXPECT_EQ(columns(multi + "SELECT state, SUM(shares), COUNT(*), AVG(shares), SUM(amount), MIN(id), MAX(amount) AS m FROM orders GROUP BY state"),
            "state:STRING, EXPR$1:LONG, EXPR$2:LONG, EXPR$3:DOUBLE, EXPR$4:DOUBLE, EXPR$5:INT, m:DOUBLE");
  EXPECT_EQ(columns(multi + "SELECT id + 1, id / 2, id * 1.5, id + at, rate + id, id > 3, made, code, tags FROM orders"),
            "EXPR$0:INT, EXPR$1:INT, EXPR$2:DOUBLE, EXPR$3:LONG, EXPR$4:FLOAT, EXPR$5:BOOLEAN, made:TIMESTAMP, code:BYTES, tags:INT_ARRAY");
  EXPECT_EQ(columns("SELECT a.*, b.id FROM customers a JOIN customers b ON a.id = b.id"), "City:STRING, id:INT, name:STRING, id0:INT");
  EXPECT_EQ(rows(multi + "SELECT ID, CITY FROM Customers WHERE iD = 1"), "190 TableDoesNotExistError: From line 1, column 52 to line 1, column 60: Object 'Customers' not found. "
            "From line 1, column 52 to line 1, column 60: Object 'Customers' not found. Object 'Customers' not found");
  EXPECT_EQ(columns(multi + "SELECT ID, CITY FROM customers WHERE iD = 1"), "id:INT, City:STRING");
  EXPECT_EQ(rows(multi + "SELECT id FROM orders"), "1 | 2 | 3 | 4 | 5 | 6 | 7 | 8");  // no LIMIT of 10 here
  EXPECT_EQ(columns("SELECT a.symbol, a.s, RANK() OVER (ORDER BY a.s DESC) AS r FROM (SELECT state AS symbol, SUM(shares) AS s FROM orders GROUP BY state) a JOIN "
                    "(SELECT DISTINCT state FROM orders WHERE id = 1) b ON a.symbol = b.state ORDER BY r LIMIT 5"), "symbol:STRING, s:LONG, r:LONG");
}

TEST_F(MultiStage, ScalarFunctionsAreThoseOfTheSingleStageEngine) {
  const std::string multi = "SET useMultistageEngine=true; ";
  EXPECT_EQ(rows(multi + "SELECT DATETRUNC('DAY', at), TODATETIME(at, 'yyyy-MM-dd HH'), UPPER(state), CONCAT(state, id, '-'), STRPOS(state, 'e') FROM orders WHERE id = 2"),
            "1699920000000,2023-11-14 23,SENT,sent-2,1");
  EXPECT_EQ(rows(multi + "SELECT ARRAYLENGTH(tags), ARRAYSUMINT(tags), tags FROM orders WHERE id = 3"), "2,5,[2+3]");
  EXPECT_EQ(rows(multi + "SELECT DATETIMECONVERT(at, '1:MILLISECONDS:EPOCH', '1:DAYS:EPOCH', '1:DAYS'), made, paid, code, rate FROM orders WHERE id = 2"),
            "19675,2023-11-14 23:13:20.0,true,0101,0.25");
  EXPECT_EQ(rows(multi + "SELECT CAST(amount AS INT), CAST(id AS VARCHAR), CAST('7' AS LONG) + id, CASE WHEN id > 1 THEN 'b' ELSE 'a' END FROM orders WHERE id = 1"),
            "10,1,8,a");
  EXPECT_EQ(rows(multi + "SELECT COUNT(*) FROM orders WHERE made >= '2023-11-15 00:00:00' AND REGEXP_LIKE(state, '^d') AND state LIKE '%ne'"), "3");
  EXPECT_EQ(rows(multi + "SELECT COUNT(*) FROM (SELECT state AS s FROM orders WHERE made >= '2023-11-15 00:00:00') t WHERE s LIKE 'D%Ne'"), "3");
  EXPECT_EQ(rows(multi + "SELECT 7 / 2, 7 % 4, -7 / 2, 7 / 2.0, ABS(-3), FLOOR(2.5), COALESCE(NULL, 4), NULLIF(1, 1)"), "3,3,-3,3.5,3,2.0,4,null");
  EXPECT_EQ(rows(multi + "SELECT c.name FROM customers c JOIN orders o ON UPPER(c.name) = CONCAT('AN', 'N', '') AND o.id = c.id"), "Ann");
  EXPECT_EQ(rows(multi + "SELECT NOSUCH(id) FROM orders"), "700 QueryValidationError: At line 1, column 38: No match found for function signature nosuch");
  EXPECT_EQ(rows(multi + "SELECT CAST(o.state AS INT) FROM orders o JOIN customers c ON o.id = c.id").substr(0, 25), "200 QueryExecutionError: ");
}

TEST_F(MultiStage, Aggregations) {
  const std::string multi = "SET useMultistageEngine=true; ";
  EXPECT_EQ(rows(multi + "SELECT DISTINCTCOUNT(customer), COUNT(DISTINCT state), PERCENTILE(amount, 50), PERCENTILE95(shares), MINMAXRANGE(shares), MODE(customer) FROM orders"),
            "4,4,52.5,800.0,700.0,1");
  EXPECT_EQ(rows(multi + "SELECT SUM(shares) FILTER (WHERE paid), COUNT(*) FILTER (WHERE NOT paid), BOOL_AND(paid), BOOL_OR(paid) FROM orders"), "2000,4,false,true");
  EXPECT_EQ(rows(multi + "SELECT LISTAGG(name, '+') WITHIN GROUP (ORDER BY name DESC), ARRAY_AGG(id, 'INT') FROM customers"), "Dan+Cid+Bob+Ann,[1+2+3+4]");
  EXPECT_EQ(rows(multi + "SELECT FIRSTWITHTIME(state, at, 'STRING'), LASTWITHTIME(shares, at, 'INT') FROM orders"), "new,800");
  EXPECT_EQ(rows(multi + "SELECT SUMMV(tags), COUNTMV(tags), MAXMV(tags), DISTINCTCOUNTMV(tags) FROM orders"), "64,16,8,9");
  EXPECT_EQ(rows(multi + "SELECT state, COUNT(*) FROM orders GROUP BY 1 HAVING COUNT(*) > 1 ORDER BY 2 DESC, 1"), "done,3 | new,2 | sent,2");
  EXPECT_EQ(rows(multi + "SELECT UPPER(state) AS s, COUNT(*) AS n FROM orders GROUP BY s HAVING n > 2"), "DONE,3");
  EXPECT_EQ(rows(multi + "SELECT id, COUNT(*) FROM orders"), "700 QueryValidationError: At line 1, column 38: Expression 'id' is not being grouped");
  EXPECT_EQ(rows(multi + "SELECT SUM(SUM(id)) FROM orders"), "700 QueryValidationError: At line 1, column 38: Aggregate expressions cannot be nested");
  EXPECT_EQ(rows(multi + "SELECT COUNT(*) FROM orders WHERE 1 = 2"), "0");
}

TEST_F(MultiStage, NullsAreDefaultsUnlessTheyAreAskedFor) {
  const std::string sql = "SELECT COUNT(o.state), MAX(o.state) FROM orders o JOIN orders p ON o.id = p.id WHERE o.id = 8";
  EXPECT_EQ(rows(sql), "1,null");  // the text 'null', Pinot's default of dimensions
  EXPECT_EQ(rows(sql, {{"enableNullHandling", "true"}}), "0,null");
  EXPECT_EQ(rows("SET enableNullHandling=true; SELECT o.id FROM orders o JOIN orders p ON o.id = p.id WHERE o.state IS NULL"), "8");
  EXPECT_EQ(rows("SET enableNullHandling=true; SELECT UPPER(o.state) FROM orders o JOIN orders p ON o.id = p.id WHERE o.id >= 7 ORDER BY 1"), "NEW | null");
}

TEST_F(MultiStage, UnnestAndValues) {
  EXPECT_EQ(rows("SELECT id, tag FROM orders CROSS JOIN UNNEST(tags) AS t(tag) WHERE id <= 2 ORDER BY id, tag"), "1,0 | 1,1 | 2,1 | 2,2");
  EXPECT_EQ(rows("SELECT name, v.f FROM customers JOIN (VALUES (1, 0.5), (2, 2)) AS v(id, f) ON customers.id = v.id ORDER BY 1"), "Ann,0.5 | Bob,2.0");
}

TEST_F(MultiStage, CountsWhatItRead) {
  const QueryResponse response = ask("SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id WHERE o.id = 1");
  EXPECT_EQ(response.docs_scanned, 5);  // the condition on orders went into its scan
  EXPECT_EQ(response.total_docs, 12);
  EXPECT_EQ(response.segments_queried, 3);
  EXPECT_EQ(response.tables_queried, (std::vector<std::string>{"orders", "customers"}));
  EXPECT_NE(to_json(response).find("\"stageStats\":{\"type\":\"MAILBOX_RECEIVE\",\"emittedRows\":1,\"children\":[{\"type\":\"LEAF\",\"table\":\"orders\""), std::string::npos);
}

TEST_F(MultiStage, HostileTextsReachNothingButTheTables) {
  for (const char* sql : {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "WITH a AS (SELECT 1) SELECT * FROM duckdb_settings()",
                          "SELECT x FROM (SELECT getenv('HOME') AS x) t", "SELECT current_setting('memory_limit') FROM orders o JOIN customers c ON o.id = c.id",
                          "SELECT * FROM information_schema.tables t JOIN orders o ON o.id = 1", "WITH a AS (DELETE FROM orders) SELECT * FROM a",
                          "SELECT * FROM scan0() a JOIN orders o ON a.id = o.id", "SELECT * FROM w0 JOIN orders o ON TRUE", "SELECT call0(id) FROM orders UNION SELECT 1",
                          "SELECT 1 UNION SELECT read_text('/etc/passwd')", "COPY orders TO '/tmp/x'", "WITH a AS (SELECT 1) ATTACH 'x'"}) {
    const std::string answer = rows(sql);
    EXPECT_TRUE(answer.starts_with("150 ") || answer.starts_with("700 ") || answer.starts_with("190 ")) << sql << ": " << answer;
  }
  EXPECT_EQ(rows("SELECT name FROM customers WHERE name IN ('x''); DROP TABLE customers; --', 'Ann') UNION SELECT 'q''\\' ORDER BY 1"), "Ann | q'\\");
  std::string deep = "1";
  for (int i = 0; i < 150; ++i) deep = "(" + deep + " + id)";
  EXPECT_EQ(rows("SELECT " + deep + " FROM orders WHERE id = 1 UNION SELECT 5 ORDER BY 1"), "5 | 151");
  std::string nested = "SELECT 1 AS x";
  for (int i = 0; i < 60; ++i) nested = "SELECT x FROM (" + nested + ") t";
  EXPECT_NE(rows(nested).find("nested more than"), std::string::npos);
  std::string unions = "SELECT 1";
  for (int i = 0; i < 500; ++i) unions += " UNION ALL SELECT 1";
  EXPECT_NE(rows(unions).find("more than 200 queries"), std::string::npos);
}

TEST_F(MultiStage, LimitsOfTimeAndNumbers) {
  const std::string huge = "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h, orders i, orders j, orders k WHERE a.id + b.id + c.id + "
                           "d.id + e.id + f.id + g.id + h.id + i.id + j.id + k.id = 0";
  EXPECT_EQ(rows(huge, {{"timeoutMs", "100"}}), "250 ExecutionTimeoutError: the query ran longer than timeoutMs=100");
  EXPECT_EQ(rows("SELECT 2147483647 + a.id FROM orders a JOIN orders b ON a.id = b.id").substr(0, 55), "200 QueryExecutionError: a number does not fit the type");
  EXPECT_EQ(rows("SELECT (SELECT id FROM orders) FROM customers"), "200 QueryExecutionError: a nested query that stands for one value gave more than one row");
}

TEST_F(MultiStage, DecimalsCompareSortAndAddUpByValue) {
  const std::string d = "CAST(o.amount AS BIG_DECIMAL)", joined = " FROM orders o JOIN customers c ON o.customer = c.id ";
  EXPECT_EQ(rows("SELECT o.id" + joined + "WHERE " + d + " > 21 AND " + d + " <= '42.00' ORDER BY " + d + " DESC"), "4 | 3");
  EXPECT_EQ(rows("SELECT o.id" + joined + "WHERE " + d + " IN (21, 10.50) AND " + d + " BETWEEN -5 AND 100 ORDER BY o.id"), "1 | 2");
  EXPECT_EQ(rows("SELECT o.id, " + d + " AS v" + joined + "ORDER BY v LIMIT 8"), "1,10.5 | 2,21.0 | 3,31.5 | 4,42.0 | 5,52.5 | 6,63.0 | 7,73.5");
  EXPECT_EQ(rows("SELECT " + d + " * 2 - 0.5, " + d + " / 4, ABS(-" + d + ")" + joined + "WHERE o.id = 1"), "20.5,2.6,10.5");
  EXPECT_EQ(rows("SELECT c.name, SUM(" + d + "), MIN(" + d + "), MAX(" + d + "), AVG(" + d + ")" + joined + "GROUP BY c.name ORDER BY c.name"),
            "Ann,126.0,10.5,73.5,42.0 | Bob,73.5,21.0,52.5,36.75 | Cid,94.5,31.5,63.0,47.25");
  EXPECT_EQ(columns("SELECT SUM(" + d + "), MAX(" + d + "), AVG(" + d + ") AS a" + joined), "EXPR$0:BIG_DECIMAL, EXPR$1:BIG_DECIMAL, a:DOUBLE");
  EXPECT_EQ(rows("SELECT o.id, SUM(" + d + ") OVER (ORDER BY " + d + ")" + joined + "ORDER BY o.id LIMIT 3"), "1,10.5 | 2,31.5 | 3,63.0");
  EXPECT_EQ(rows("SELECT COUNT(*) FROM orders o JOIN orders p ON " + d + " = CAST(p.shares AS BIG_DECIMAL) * 0.1050"), "8");
  EXPECT_EQ(rows("SELECT CASE WHEN o.id = 1 THEN " + d + " ELSE 7 END" + joined + "WHERE o.id < 3 ORDER BY o.id"), "10.5 | 7");
  EXPECT_EQ(rows("SELECT SUM(" + d + ")" + joined + "WHERE o.id < 0"), "null");
}

TEST_F(MultiStage, ExplainsItself) {
  EXPECT_EQ(columns("EXPLAIN PLAN FOR SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id"), "SQL:STRING, PLAN:STRING");
}

}  // namespace
}  // namespace bywash::analytics
