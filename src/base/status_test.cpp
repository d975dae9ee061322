#include "base/status.h"

#include <gtest/gtest.h>

namespace bywash {
namespace {

Result<int> half(int n) {
  if (n % 2) return Status::invalid(fmt::format("Not even: '{}'", n));
  return n / 2;
}
Status quarter(int n, int* out) {
  ASSIGN_OR_RETURN(int h, half(n));
  ASSIGN_OR_RETURN(*out, half(h));
  return {};
}

TEST(Status, CarriesCodeBlameAndMessage) {
  Status s = Status::retriable("Connection lost");
  EXPECT_FALSE(s.ok());
  EXPECT_TRUE(s.retriable());
  EXPECT_EQ(s.blame(), Blame::kRemote);
  EXPECT_EQ(s.with_context("Cannot write").message(), "Cannot write: Connection lost");
}
TEST(Status, KeepsTheJavaClassThroughContext) {
  Status s = Status::data("bad").with_java_class("org.example.X");
  EXPECT_EQ(s.with_context("a").java_class(), "org.example.X");
}
TEST(Result, ReturnsTheFirstErrorOnTheWay) {
  int out = 0;
  EXPECT_TRUE(quarter(8, &out).ok());
  EXPECT_EQ(out, 2);
  EXPECT_EQ(quarter(6, &out).message(), "Not even: '3'");
}
}  // namespace
}  // namespace bywash
