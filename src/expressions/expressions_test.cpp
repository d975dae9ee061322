#include <gtest/gtest.h>

#include "expressions/evaluator.h"

namespace bywash::expressions {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;

SchemaPtr row_schema() {
  columnar::SchemaSpec city;
  city.optional = true;
  city.fields = {{"city", ConnectSchema::of(Type::kString)}};
  columnar::SchemaSpec spec;
  spec.fields = {{"id", ConnectSchema::of(Type::kInt32)},        {"name", ConnectSchema::of(Type::kString, true)},
                 {"price", ConnectSchema::of(Type::kFloat64)},   {"open", ConnectSchema::of(Type::kBoolean)},
                 {"at", ConnectSchema::named(Type::kInt64, columnar::kTimestampName)}, {"addr", ConnectSchema::make(city)}};
  return ConnectSchema::make(std::move(spec));
}

Batch two_rows() {
  const SchemaPtr schema = row_schema();
  const SchemaPtr& address = schema->fields()[5].schema;
  columnar::ValueAppender rows(schema);
  EXPECT_TRUE(rows.append(Value::structure(schema, {Value(int32_t{7}), Value::string("Änne x"), Value(1.5), Value(true), Value(Value::Millis{1'700'000'000'123}),
                                                    Value::structure(address, {Value::string("Oslo")})})).ok());
  EXPECT_TRUE(rows.append(Value::structure(schema, {Value(int32_t{0}), Value(), Value(-2.0), Value(false), Value(Value::Millis{0}), Value()})).ok());
  Batch batch;
  batch.topic = "orders";
  batch.value = *rows.finish();
  batch.key = *columnar::infer_column({Value::string("k1"), Value::string("k2")});
  batch.offsets = {10, 11};
  batch.timestamps_ms = {1000, -1};
  batch.headers = {{{"tenant", nullptr, Value::string("a")}}, {}};
  batch.selected = columnar::RowMask(2);
  return batch;
}

// The expression's two results as "x | y"; null, bad, or the error.
std::string run(const char* text) {
  auto parsed = parse_expression(text);
  if (!parsed.ok()) return parsed.status().message();
  const Batch batch = two_rows();
  auto values = evaluate(**parsed, batch);
  if (!values.ok()) return values.status().message();
  auto column = column_of(*values, false);
  if (!column.ok()) return column.status().message();
  EXPECT_EQ(column->row_count(), 2);
  std::string out;
  for (size_t i = 0; i < 2; ++i) {
    out += i ? " | " : "";
    const Value value = value_at(*column, static_cast<int64_t>(i));
    if (values->is_bad(i)) out += "bad";
    else if (value.is_null()) out += "null";
    else if (auto* b = value.get_if<bool>()) out += *b ? "true" : "false";
    else if (auto* n = value.get_if<int64_t>()) out += std::to_string(*n);
    else if (auto* n32 = value.get_if<int32_t>()) out += fmt::format("{}i", *n32);
    else if (auto* d = value.get_if<double>()) out += fmt::format("{}", *d);
    else if (auto* ms = value.get_if<Value::Millis>()) out += fmt::format("@{}", ms->ms);
    else if (auto* s = value.get_if<std::string>()) out += *s;
    else out += "?";
  }
  return out;
}

TEST(Expressions, WholeNumbersStayWholeButForDivision) {
  EXPECT_EQ(run("id + 1"), "8 | 1");
  EXPECT_EQ(run("id * 2 - 3 % 2"), "13 | -1");
  EXPECT_EQ(run("id / 2"), "3.5 | 0");
  EXPECT_EQ(run("div(id, 2)"), "3 | 0");
  EXPECT_EQ(run("price * id"), "10.5 | -0");
  EXPECT_EQ(run("-id"), "-7 | 0");
}

TEST(Expressions, RowsThatCannotBeComputedAreBadAlone) {
  EXPECT_EQ(run("10 / id"), fmt::format("{} | bad", 10.0 / 7));
  EXPECT_EQ(run("10 % id"), "3 | bad");
  EXPECT_EQ(run("id * 9223372036854775807"), "bad | 0");
  EXPECT_EQ(run("CAST(name AS BIGINT)"), "bad | null");
  EXPECT_EQ(run("TRY_CAST(name AS BIGINT)"), "null | null");
}

TEST(Expressions, ErrorsThatNobodyNeedsAreForgotten) {
  EXPECT_EQ(run("CASE WHEN id <> 0 THEN 10 % id ELSE -1 END"), "3 | -1");
  EXPECT_EQ(run("id <> 0 AND 10 % id = 3"), "true | false");
  EXPECT_EQ(run("id = 0 OR 10 % id = 3"), "true | true");
  EXPECT_EQ(run("coalesce(id, 10 % id)"), "7 | 0");
}

TEST(Expressions, NullsFollowSql) {
  EXPECT_EQ(run("name = 'x'"), "false | null");
  EXPECT_EQ(run("name IS NULL"), "false | true");
  EXPECT_EQ(run("name = 'x' OR id = 0"), "false | true");
  EXPECT_EQ(run("name = 'x' AND id = 0"), "false | null");
  EXPECT_EQ(run("NOT (name = 'x')"), "true | null");
  EXPECT_EQ(run("id IN (1, NULL)"), "null | null");
  EXPECT_EQ(run("id NOT IN (1, 7)"), "false | true");
  EXPECT_EQ(run("coalesce(name, 'none')"), "Änne x | none");
  EXPECT_EQ(run("nullif(id, 0)"), "7 | null");
  EXPECT_EQ(run("concat(name, '-', id)"), "Änne x-7 | -0");
  EXPECT_EQ(run("name || '!'"), "Änne x! | null");
  EXPECT_EQ(run("NULL + 1"), "null | null");
}

TEST(Expressions, TextsCountCharacters) {
  EXPECT_EQ(run("upper(name)"), "ÄNNE X | null");
  EXPECT_EQ(run("length(name)"), "6 | null");
  EXPECT_EQ(run("substr(name, 1, 3)"), "Änn | null");
  EXPECT_EQ(run("substr(name, -1)"), "x | null");
  EXPECT_EQ(run("strpos(name, 'x')"), "6 | null");
  EXPECT_EQ(run("name LIKE '_nne%'"), "true | null");
  EXPECT_EQ(run("'a_b' LIKE 'a\\_b'"), "true | true");
  EXPECT_EQ(run("split_part('a,b', ',', 2)"), "b | b");
  EXPECT_EQ(run("regexp_extract(name, '(n+)', 1)"), "nn | null");
  EXPECT_EQ(run("replace('aXbX', 'X', '-')"), "a-b- | a-b-");
}

TEST(Expressions, TimesAreInUtc) {
  EXPECT_EQ(run("year(at)"), "2023 | 1970");
  EXPECT_EQ(run("date_trunc('day', at)"), "@1699920000000 | @0");
  EXPECT_EQ(run("format_timestamp(at, 'yyyy/MM/dd HH')"), "2023/11/14 22 | 1970/01/01 00");
  EXPECT_EQ(run("to_timestamp('2024-02-29T12:00:00+01:00')"), "@1709204400000 | @1709204400000");
  EXPECT_EQ(run("at > '2000-01-01'"), "true | false");
  EXPECT_EQ(run("CAST(at AS STRING)"), "2023-11-14T22:13:20.123Z | 1970-01-01T00:00:00.000Z");
}

TEST(Expressions, SeeTheWholeRecord) {
  EXPECT_EQ(run("_topic || ':' || _offset"), "orders:10 | orders:11");
  EXPECT_EQ(run("_key"), "k1 | k2");
  EXPECT_EQ(run("_timestamp"), "@1000 | null");
  EXPECT_EQ(run("_partition"), "0i | 0i");
  EXPECT_EQ(run("header('tenant')"), "a | null");
  EXPECT_EQ(run("addr.city"), "Oslo | null");
  EXPECT_EQ(run("_value.id"), "7i | 0i");
  EXPECT_EQ(run("CAST(price AS INT)"), "1i | -2i");
}

TEST(Expressions, MistakesAreNamedWithTheirPlace) {
  EXPECT_EQ(run("id +"), "The text ends where an expression is expected at line 1, column 5");
  EXPECT_EQ(run("foo(id)"), "There is no function foo at line 1, column 1");
  EXPECT_EQ(run("sum(id)"), "sum needs several records: each record is looked at alone at line 1, column 1");
  EXPECT_EQ(run("upper(id, 1)"), "upper takes 1 argument, got 2 at line 1, column 1");
  EXPECT_EQ(run("CAST(id AS DECIMAL)").substr(0, 26), "There is no type DECIMAL: ");
  EXPECT_EQ(run("nope"), "There is no field 'nope' at line 1, column 1");
  EXPECT_EQ(run("name + 1"), "+ takes numbers, got STRING at line 1, column 6");
  EXPECT_EQ(run("addr.zip"), "There is no field 'addr.zip' at line 1, column 1");
  EXPECT_EQ(run("'open"), "The quote is not closed at line 1, column 1");
}

std::string select_problem(const char* text) {
  auto select = parse_select(text);
  return select.ok() ? "" : select.status().message();
}

TEST(Expressions, SelectsAreOverSingleRecords) {
  EXPECT_EQ(select_problem("SELECT *, upper(name) AS name FROM record WHERE id > 1"), "");
  EXPECT_EQ(select_problem("SELECT id + 1 FROM record"), "This expression needs a name: put AS and a name behind it at line 1, column 8");
  EXPECT_EQ(select_problem("SELECT id, name AS id FROM record"), "The name 'id' is given twice at line 1, column 20");
  EXPECT_EQ(select_problem("SELECT id FROM orders"), "records come from 'record' at line 1, column 16");
  EXPECT_EQ(select_problem("SELECT id FROM record\nGROUP BY id"), "GROUP needs several records: each record is looked at alone at line 2, column 1");
  std::string deep(1000, '(');
  EXPECT_EQ(select_problem(("SELECT " + deep).c_str()).substr(0, 33), "The expression is nested too deep");
}

}  // namespace
}  // namespace bywash::expressions
