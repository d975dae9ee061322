#include "columnar/java_text.h"

#include <gtest/gtest.h>

namespace bywash::columnar {
namespace {

TEST(JavaText, PrintsContainersAsJava) {
  SchemaSpec spec;
  spec.fields = {{"a", ConnectSchema::of(Type::kInt32)}, {"n", ConnectSchema::of(Type::kInt32, true)}, {"b", ConnectSchema::of(Type::kString)}};
  EXPECT_EQ(java_text(Value::structure(ConnectSchema::make(spec), {Value(int32_t{1}), Value(), Value::string("x")})), "Struct{a=1,b=x}");
  EXPECT_EQ(java_text(Value::list({Value::string("a"), Value(), Value(int64_t{3})})), "[a, null, 3]");
  EXPECT_EQ(java_text(Value::map({{Value::string("b"), Value(true)}, {Value::string("a"), Value()}})), "{a=null, b=true}");
  EXPECT_EQ(java_text(Value(Value::Millis{1700000000123})), "Tue Nov 14 22:13:20 UTC 2023");
  EXPECT_EQ(java_text(Value(Value::Millis{-62135596800000})), "Mon Jan 03 00:00:00 UTC 1") << "the Julian calendar before 15 October 1582";
  EXPECT_EQ(java_text(Value(Value::Millis{-12219379200000})), "Thu Oct 04 00:00:00 UTC 1582");
  EXPECT_EQ(java_text(Value(Value::Millis{-12219292800000})), "Fri Oct 15 00:00:00 UTC 1582");
  EXPECT_EQ(java_text(Value(*parse_decimal("12.50"))), "12.50");
}

}  // namespace
}  // namespace bywash::columnar
