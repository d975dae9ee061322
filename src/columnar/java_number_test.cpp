// Numbers against the output of OpenJDK 17.0.15.
#include "columnar/java_number.h"

#include <gtest/gtest.h>

namespace bywash::columnar {
namespace {

TEST(JavaNumber, PrintsDoublesAsJava17) {
  EXPECT_EQ(java_double(0.0), "0.0");
  EXPECT_EQ(java_double(-0.0), "-0.0");
  EXPECT_EQ(java_double(123.45), "123.45");
  EXPECT_EQ(java_double(1e7), "1.0E7");
  EXPECT_EQ(java_double(9999999.0), "9999999.0");
  EXPECT_EQ(java_double(0.001), "0.001");
  EXPECT_EQ(java_double(0.0001), "1.0E-4");
  EXPECT_EQ(java_double(4.9e-324), "4.9E-324");
  EXPECT_EQ(java_double(1.7976931348623157e308), "1.7976931348623157E308");
}

TEST(JavaNumber, KeepsTheDigitsThatLaterVersionsShorten) {
  EXPECT_EQ(java_double(1e23), "9.999999999999999E22");
  EXPECT_EQ(java_double(0x1p-44), "5.6843418860808015E-14");
}

TEST(JavaNumber, WrapsWhereJavasLongsWrap) {
  EXPECT_EQ(java_double(3.5199999999999995e25), "3.5199999999999995E25");
  EXPECT_EQ(java_float(5.9002113e25f), "5.9002113E25");
  EXPECT_EQ(java_float(9.6117405e24f), "9.6117405E24");
}

TEST(JavaNumber, PrintsFloatsByTheirOwnPrecision) {
  EXPECT_EQ(java_float(0.1f), "0.1");
  EXPECT_EQ(java_float(3.4028235e38f), "3.4028235E38");
  EXPECT_EQ(java_float(1.23456792e8f), "1.23456792E8");
}

}  // namespace
}  // namespace bywash::columnar
