#include "columnar/decimal.h"

#include <gtest/gtest.h>

namespace bywash::columnar {
namespace {
std::string round_trip(const char* text) { return to_java_string(*parse_decimal(text)); }

TEST(Decimal, PrintsAsBigDecimalToString) {
  EXPECT_EQ(round_trip("12.50"), "12.50");
  EXPECT_EQ(round_trip("-0.001"), "-0.001");
  EXPECT_EQ(round_trip("0.0000001"), "1E-7");
  EXPECT_EQ(round_trip("12E+5"), "1.2E+6");
  EXPECT_EQ(round_trip("123456789012345678901234567890.5"), "123456789012345678901234567890.5");
  EXPECT_EQ(to_plain_string(*parse_decimal("12E5")), "1200000");
}
TEST(Decimal, KeepsTwosComplementBytesOfBigInteger) {
  EXPECT_EQ(*integer_bytes("128"), std::string("\x00\x80", 2));
  EXPECT_EQ(*integer_bytes("-128"), "\x80");
  EXPECT_EQ(*integer_bytes("0"), std::string(1, '\0'));
  EXPECT_EQ(integer_digits("\xff\x7f"), "-129");
}
TEST(Decimal, RefusesWhatBigDecimalRefuses) {
  for (const char* bad : {"", ".", "1e", "abc", "1.2.3", "--1", "1e99999999999"}) EXPECT_FALSE(parse_decimal(bad).ok()) << bad;
}
}  // namespace
}  // namespace bywash::columnar
