#include "processing/input_files.h"

#include <gtest/gtest.h>

namespace bywash::processing {
namespace {
TEST(InputUrl, TakesS3AndFilesAndRefusesOthers) {
  auto s3 = parse_input_url("s3a://my-bucket/year=*/month=*");
  ASSERT_TRUE(s3.ok());
  EXPECT_EQ(s3->bucket, "my-bucket");
  EXPECT_EQ(s3->pattern, "year=*/month=*");
  EXPECT_EQ(parse_input_url("file:///d/x=*")->pattern, "/d/x=*");
  EXPECT_EQ(parse_input_url("gs://b/x").status().code(), Code::kInvalid);
  EXPECT_EQ(parse_input_url("s3://").status().code(), Code::kInvalid);
}
TEST(MatchesInput, TakesFilesBelowAMatchingFolderAndHidesDotFiles) {
  const std::string glob = "year=*/month=*/day=*/hour=*";
  EXPECT_TRUE(matches_input(glob, "year=2026/month=11/day=01/hour=00/t+0+0000000000.snappy.parquet"));
  EXPECT_FALSE(matches_input(glob, "topics/t/year=2026/month=11/day=01/hour=00/x.parquet"));
  EXPECT_FALSE(matches_input(glob, "year=2026/month=11/day=01/hour=00/.x.parquet.tmp"));
  EXPECT_FALSE(matches_input(glob, "year=2026/month=11/day=01/hour=00/_SUCCESS"));
  EXPECT_TRUE(matches_input("a/{b,c}?/[x-z]*.json", "a/c1/y.json"));
  EXPECT_FALSE(matches_input("a/*.json", "a/b/c.json"));
  EXPECT_TRUE(matches_input("a/**/*.json", "a/b/c/d.json"));
  EXPECT_TRUE(matches_input("folder/", "folder/x.parquet"));
}
}  // namespace
}  // namespace bywash::processing
