// Expected answers: Kafka Connect 4.3.1's GET /connector-plugins/{name}/config?version=, which has Maven's rules.
#include "plugin/version_range.h"

#include <gtest/gtest.h>

namespace bywash::plugin {
namespace {

bool met(const char* asked) {
  auto unmet = unmet_version(asked, "4.3.1");
  return unmet.ok() && !*unmet;
}

std::string range(const char* asked) { return unmet_version(asked, "4.3.1")->value_or("met"); }

std::string refusal(const char* asked) { return unmet_version(asked, "4.3.1").status().message(); }

TEST(VersionRange, TakesVersionsThatAreEqual) {
  for (const char* asked : {"4.3.1", "latest", " 4.3.1", "4.3.1 ", "4.3.1.0", "04.3.1", "[4.3.1]", "[4.3.1,4.3.1]"}) EXPECT_TRUE(met(asked)) << asked;
  for (const char* asked : {"4.3", "4", "9", "a", "LATEST", "4.3.1-SNAPSHOT", "undefined"}) EXPECT_EQ(range(asked), fmt::format("[{0},{0}]", asked));
  EXPECT_EQ(range(""), "[,]");
}

TEST(VersionRange, KnowsWhatLiesInARange) {
  for (const char* asked : {"[4,5)", "[,5]", "(,4.3.1]", "[4,]", "[1,2],[4,5]", "[4.3.1-alpha,4.3.1]"}) EXPECT_TRUE(met(asked)) << asked;
  for (const char* asked : {"(4.3.1,5)", "[4,4.3.1)", "(,4.3.1)", "[5,]", "[1,2],[5,6]"}) EXPECT_EQ(range(asked), asked);
}

TEST(VersionRange, RefusesWhatIsNoRange) {
  EXPECT_EQ(refusal("["), "Unbounded range: [");
  EXPECT_EQ(refusal("[4"), "Unbounded range: [4");
  EXPECT_EQ(refusal("(4.3.1)"), "Single version must be surrounded by []: (4.3.1)");
  EXPECT_EQ(refusal("[5,4]"), "Range defies version ordering: [5,4]");
  EXPECT_FALSE(unmet_version("4]", "4.3.1").ok());
}

}  // namespace
}  // namespace bywash::plugin
