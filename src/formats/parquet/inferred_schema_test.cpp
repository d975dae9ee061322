// The table of widenings, case by case.
#include "formats/parquet/inferred_schema.h"

#include <gtest/gtest.h>

#include "columnar/value.h"

namespace bywash::formats {
namespace {

using columnar::Column;
using columnar::Type;
using columnar::Value;

Value object(Value::Map entries) { return Value::map(std::move(entries)); }
std::pair<Value, Value> entry(const char* key, Value value) { return {Value::string(key), std::move(value)}; }
Value i(int64_t v) { return Value(v); }
Value d(double v) { return Value(v); }
Value s(const char* v) { return Value::string(v); }

// Infers over all rows and gives the column in the inferred schema.
Column inferred(const std::vector<Value>& rows) {
  auto column = columnar::infer_column(rows);
  EXPECT_TRUE(column.ok()) << column.status().message();
  SchemaInference inference;
  inference.add(*column);
  auto converted = convert_to_inferred(*column, inference.schema());
  EXPECT_TRUE(converted.ok()) << converted.status().message();
  return *converted;
}

Type type_of(const Column& c, const char* field) { return c.schema->fields()[static_cast<size_t>(c.schema->field_index(field))].schema->type(); }
Value at(const Column& c, const char* field, int64_t row) {
  return columnar::value_at(c.child(c.schema->field_index(field)), row);
}

TEST(InferredSchema, IntegersStayIntegersAndWidenToDoublesWithFractions) {
  Column c = inferred({object({entry("n", i(1)), entry("m", i(7))}), object({entry("n", d(2.5)), entry("m", i(8))})});
  EXPECT_EQ(type_of(c, "m"), Type::kInt64);
  EXPECT_EQ(type_of(c, "n"), Type::kFloat64);
  EXPECT_EQ(at(c, "n", 0), d(1));
  EXPECT_EQ(at(c, "n", 1), d(2.5));
}

TEST(InferredSchema, AbsentAndNullAreNullAndOnlyNullsAreAString) {
  Column c = inferred({object({entry("a", i(1)), entry("z", Value())}), object({entry("b", s("x"))})});
  EXPECT_TRUE(at(c, "a", 1).is_null());
  EXPECT_TRUE(at(c, "b", 0).is_null());
  EXPECT_EQ(type_of(c, "z"), Type::kString);
  for (const auto& f : c.schema->fields()) EXPECT_TRUE(f.schema->optional());
}

TEST(InferredSchema, WhatCannotBeOneTypeBecomesJsonText) {
  Column c = inferred({object({entry("v", i(1))}), object({entry("v", s("one"))}), object({entry("v", object({entry("k", Value(true))}))})});
  EXPECT_EQ(type_of(c, "v"), Type::kString);
  EXPECT_EQ(at(c, "v", 0), s("1"));
  EXPECT_EQ(at(c, "v", 1), s("one"));
  EXPECT_EQ(at(c, "v", 2), s("{\"k\":true}"));
}

TEST(InferredSchema, NestedObjectsAndListsKeepTheirForm) {
  Column c = inferred({object({entry("o", object({entry("x", i(1))})), entry("l", Value::list({i(1), d(2.5)}))}),
                       object({entry("o", object({entry("y", s("t"))})), entry("l", Value::list({}))})});
  EXPECT_EQ(type_of(c, "o"), Type::kStruct);
  EXPECT_EQ(type_of(c, "l"), Type::kArray);
  Value first = at(c, "o", 0);
  ASSERT_NE(first.as_struct(), nullptr);
  EXPECT_EQ(first.as_struct()->values[0], i(1));
  EXPECT_TRUE(first.as_struct()->values[1].is_null());
  EXPECT_EQ((*at(c, "l", 0).as_list())[0], d(1));
  EXPECT_TRUE(at(c, "l", 1).as_list()->empty());
}

TEST(InferredSchema, AnEmptyObjectIsJsonText) {
  Column c = inferred({object({entry("o", object({})), entry("k", i(1))})});
  EXPECT_EQ(at(c, "o", 0), s("{}"));
}

TEST(InferredSchema, SeesSeveralColumnsWithOtherKeysAndTypes) {
  auto first = columnar::infer_column({object({entry("a", i(1))})});
  auto second = columnar::infer_column({object({entry("b", Value(true)), entry("a", d(0.5))})});
  SchemaInference inference;
  inference.add(*first);
  inference.add(*second);
  auto schema = inference.schema();
  ASSERT_EQ(schema->fields().size(), 2u);
  EXPECT_EQ(schema->fields()[0].schema->type(), Type::kFloat64);
  auto converted = convert_to_inferred(*first, schema);
  ASSERT_TRUE(converted.ok());
  EXPECT_EQ(columnar::value_at(converted->child(0), 0), d(1));
  EXPECT_TRUE(columnar::value_at(converted->child(1), 0).is_null());
}

}  // namespace
}  // namespace bywash::formats
