// Values as PostgreSQL's *_send functions write them, against the texts of the same values.
#include "connectors/jdbc/source/postgresql_binary.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace bywash::jdbc {
namespace {

constexpr uint32_t kNumeric = 1700, kInt4 = 23, kInt8 = 20, kOid = 26, kTimestamp = 1114, kDate = 1082;

std::string shorts(std::initializer_list<int> numbers) {
  std::string out;
  for (int n : numbers) {
    out += static_cast<char>(n >> 8);
    out += static_cast<char>(n);
  }
  return out;
}

std::string text_of(uint32_t type, std::string_view bytes) {
  std::string out;
  return append_text_of_binary(type, bytes, &out) ? out : "refused";
}

TEST(PostgresqlBinary, WritesNumericsAsTheServerDoes) {
  EXPECT_EQ(text_of(kNumeric, shorts({0, 0, 0, 0})), "0");
  EXPECT_EQ(text_of(kNumeric, shorts({0, 0, 0, 2})), "0.00");
  EXPECT_EQ(text_of(kNumeric, shorts({2, 0, 0, 2, 12, 5000})), "12.50");
  EXPECT_EQ(text_of(kNumeric, shorts({3, 1, 0x4000, 3, 1, 2, 30})), "-10002.003");
  EXPECT_EQ(text_of(kNumeric, shorts({1, 2, 0, 0, 7})), "700000000");
  EXPECT_EQ(text_of(kNumeric, shorts({1, -2, 0, 8, 1})), "0.00000001");
  EXPECT_EQ(text_of(kNumeric, shorts({0, 0, 0xC000, 0})), "NaN");
  EXPECT_EQ(text_of(kNumeric, shorts({0, 0, 0xD000, 0})), "Infinity");
  EXPECT_EQ(text_of(kNumeric, shorts({0, 0, 0xF000, 0})), "-Infinity");
  EXPECT_EQ(text_of(kNumeric, shorts({1, 0, 0, 0})), "refused");
  EXPECT_EQ(text_of(kNumeric, shorts({1, 0, 0, 0, 10000})), "refused");
  EXPECT_EQ(text_of(kNumeric, "abc"), "refused");
}

TEST(PostgresqlBinary, FindsUnscaledValuesThatFit) {
  auto unscaled = [](std::initializer_list<int> numbers, int32_t scale) {
    int64_t out = -1;
    return unscaled_of_binary(shorts(numbers), scale, &out) ? out : INT64_MIN;
  };
  EXPECT_EQ(unscaled({2, 0, 0, 2, 12, 5000}, 2), 1250);
  EXPECT_EQ(unscaled({2, 0, 0x4000, 2, 12, 5000}, 4), -125000);
  EXPECT_EQ(unscaled({1, 1, 0, 0, 123}, -2), 12300);
  EXPECT_EQ(unscaled({0, 0, 0, 2}, 2), 0);
  EXPECT_EQ(unscaled({1, -2, 0, 8, 1}, 8), 1);
  EXPECT_EQ(unscaled({5, 4, 0, 0, 922, 3372, 368, 5477, 5807}, 0), 9223372036854775807);
  EXPECT_EQ(unscaled({5, 4, 0, 0, 922, 3372, 368, 5477, 5808}, 0), INT64_MIN) << "one too many";
  EXPECT_EQ(unscaled({2, 0, 0, 2, 12, 5100}, 1), INT64_MIN) << "a digit would be lost";
  EXPECT_EQ(unscaled({0, 0, 0xC000, 0}, 0), INT64_MIN) << "NaN";
}

TEST(PostgresqlBinary, ReadsWholeNumbersTimesAndOtherTexts) {
  EXPECT_EQ(whole_of_binary(kInt4, std::string_view("\xff\xff\xff\xfe", 4)), -2);
  EXPECT_EQ(whole_of_binary(kOid, std::string_view("\xff\xff\xff\xfe", 4)), 4294967294);
  EXPECT_EQ(whole_of_binary(kInt8, std::string_view("\0\0\0\1\0\0\0\0", 8)), 4294967296);
  EXPECT_EQ(whole_of_binary(kNumeric, shorts({2, 0, 0, 2, 12, 5000})), 12);
  EXPECT_EQ(whole_of_binary(kNumeric, shorts({5, 5, 0, 0, 922, 3372, 368, 5477, 5807})), std::nullopt);
  EXPECT_EQ(whole_of_binary(25, "12"), std::nullopt);
  EXPECT_EQ(micros_of_binary(kTimestamp, std::string_view("\0\0\0\0\0\0\0\1", 8)), 946'684'800'000'001);
  EXPECT_EQ(micros_of_binary(kTimestamp, std::string_view("\x7f\xff\xff\xff\xff\xff\xff\xff", 8)), std::nullopt);
  EXPECT_EQ(micros_of_binary(kDate, std::string_view("\xff\xff\xff\xff", 4)), 946'598'400'000'000);
  EXPECT_EQ(days_of_binary(std::string_view("\x80\0\0\0", 4)), std::nullopt);
  EXPECT_EQ(text_of(2950, std::string_view("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10", 16)), "01234567-89ab-cdef-fedc-ba9876543210");
  EXPECT_EQ(text_of(3802, "\1{\"a\": 1}"), "{\"a\": 1}");
  EXPECT_EQ(text_of(3802, "\2{}"), "refused") << "a later version of the form";
}

}  // namespace
}  // namespace bywash::jdbc
