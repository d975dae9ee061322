#include "base/encoding.h"

#include <gtest/gtest.h>

namespace bywash {
namespace {

TEST(Encoding, Base64HasTheVectorsOfItsRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string_view("\xff\xfe\0", 3)), "//4A");
  std::string out = "x";
  append_base64("fooba", &out);
  EXPECT_EQ(out, "xZm9vYmE=");
}

TEST(Encoding, HexHasTwoLowerCaseDigitsAByte) {
  EXPECT_EQ(hex(""), "");
  EXPECT_EQ(hex(std::string_view("\0\x9f\xff", 3)), "009fff");
}

TEST(Encoding, PercentEncodingKeepsWhatItIsToldTo) {
  EXPECT_EQ(percent_encoded("aZ09-._~/ \xc3\xa9", kUnreserved), "aZ09-._~%2F%20%C3%A9");
  EXPECT_EQ(percent_encoded("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(percent_encoded(std::string_view("\0%", 2), ""), "%00%25");
}

TEST(Encoding, AFormHasPlusForASpace) { EXPECT_EQ(form_encoded("a b+c&d", "-_."), "a+b%2Bc%26d"); }

}  // namespace
}  // namespace bywash
