// Orders and words that answers of the original show.
#include "config/java_order.h"

#include <gtest/gtest.h>

#include "base/java_hash.h"
#include "config/java_validators.h"

namespace bywash::config {
namespace {

TEST(JavaOrder, HashesAsStringHashCode) {
  EXPECT_EQ(java_string_hash(""), 0);
  EXPECT_EQ(java_string_hash("name"), 3373707);
  EXPECT_EQ(java_string_hash("connector.class"), -862495593);
  EXPECT_EQ(java_string_hash("\u00fc"), 252);
  EXPECT_EQ(java_string_hash("\U0001f600"), 31 * 0xD83D + 0xDE00);
}

TEST(JavaOrder, GoesThroughKeysAsAHashMapDoes) {
  EXPECT_EQ(java_hash_order({"REQUESTED", "REQUIRED"}), (std::vector<std::string>{"REQUIRED", "REQUESTED"}));
  EXPECT_EQ(java_hash_order({"POLL", "INTERVAL", "CONNECTOR"}), (std::vector<std::string>{"INTERVAL", "POLL", "CONNECTOR"}));
  EXPECT_EQ(java_hash_order({"HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}), (std::vector<std::string>{"HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"}));
  EXPECT_EQ(java_hash_order({"a", "name"}, java_copy_capacity(2)), (std::vector<std::string>{"name", "a"}));
}

TEST(JavaValidators, WordListsAsKafkaDoes) {
  auto check = distinct_values("fields", false);
  EXPECT_EQ(check(Parsed()), "Configuration 'fields' values must not be null.");
  EXPECT_EQ(check(List{}), "Configuration 'fields' must not be empty. Valid values include: any non-empty value");
  EXPECT_EQ(check(List{"a", "a"}), "Configuration 'fields' values must not be duplicated.");
  EXPECT_EQ(check(List{"a", ""}), "Configuration 'fields' values must not be empty.");
  EXPECT_EQ(check(List{"a", "b"}), std::nullopt);
  EXPECT_EQ(distinct_values("topics", true)(List{}), std::nullopt);
}

}  // namespace
}  // namespace bywash::config
