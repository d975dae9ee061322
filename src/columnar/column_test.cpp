#include "columnar/column.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

namespace bywash::columnar {
namespace {
Value object(std::initializer_list<std::pair<const char*, Value>> entries) {
  Value::Map out;
  for (auto& [key, value] : entries) out.emplace_back(Value::string(key), value);
  return Value::map(std::move(out));
}

TEST(InferColumn, KeepsAbsentApartFromNull) {
  std::vector<Value> rows = {object({{"a", Value(int64_t{1})}, {"b", Value()}}), object({{"a", Value(int64_t{2})}})};
  auto column = infer_column(rows);
  ASSERT_TRUE(column.ok());
  EXPECT_FALSE(column->schema->fields()[0].may_be_absent);
  EXPECT_TRUE(column->is_present(1, 0));
  EXPECT_FALSE(column->is_present(1, 1));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(value_at(*column, i) == rows[static_cast<size_t>(i)]);
}
TEST(InferColumn, MixesTypesInAVariant) {
  std::vector<Value> rows = {Value(int64_t{1}), Value::string("x"), Value(), object({{"k", Value(true)}})};
  auto column = infer_column(rows);
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->schema->type(), Type::kVariant);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(value_at(*column, i) == rows[static_cast<size_t>(i)]) << i;
}
TEST(ValueAppender, RoundTripsEveryType) {
  SchemaSpec map;
  map.type = Type::kMap;
  map.key_schema = ConnectSchema::of(Type::kString);
  map.value_schema = ConnectSchema::of(Type::kInt32, true);
  SchemaSpec spec;
  spec.fields = {{"d", ConnectSchema::decimal(2)},
                 {"t", ConnectSchema::named(Type::kInt64, kTimestampName)},
                 {"day", ConnectSchema::named(Type::kInt32, kDateName)},
                 {"m", ConnectSchema::make(map)},
                 {"b", ConnectSchema::of(Type::kBytes, true)}};
  auto schema = ConnectSchema::make(spec);
  Value row = Value::structure(schema, {Value(*parse_decimal("1.25")), Value(Value::Millis{1700000000123}), Value(Value::Millis{-86'400'000}),
                                        Value::map({{Value::string("k"), Value(int32_t{7})}, {Value::string("n"), Value()}}), Value()});
  ValueAppender appender(schema);
  ASSERT_TRUE(appender.append(row).ok());
  ASSERT_TRUE(appender.append_null().ok());
  auto column = appender.finish();
  ASSERT_TRUE(column.ok());
  EXPECT_TRUE(value_at(*column, 0) == row);
  EXPECT_TRUE(value_at(*column, 1).is_null());
}
TEST(ValueAppender, RefusesAnotherType) {
  ValueAppender appender(ConnectSchema::of(Type::kInt32));
  EXPECT_EQ(appender.append(Value::string("x")).code(), Code::kData);
}
TEST(ConstantColumn, RepeatsOneValue) {
  auto column = constant_column(ConnectSchema::of(Type::kString), Value::string("x"), 3);
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->row_count(), 3);
  EXPECT_TRUE(value_at(*column, 2) == Value::string("x"));
}
}  // namespace
}  // namespace bywash::columnar
