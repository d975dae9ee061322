// Credential sources in their order.
#include "net/aws_credentials.h"

#include <gtest/gtest.h>

#include <fstream>

namespace bywash::net {
namespace {

std::string nothing(const char* name) { return std::string(name) == "AWS_EC2_METADATA_DISABLED" ? "true" : ""; }
std::string from_variables(const char* name) {
  std::string n = name;
  if (n == "AWS_ACCESS_KEY_ID") return "envid";
  if (n == "AWS_SECRET_ACCESS_KEY") return "envsecret";
  if (n == "AWS_SESSION_TOKEN") return "token";
  return "";
}

TEST(AwsCredentials, KeysOfTheConfigurationComeFirst) {
  auto found = find_aws_credentials({"id", config::Secret("secret"), from_variables});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->access_key_id, "id");
  EXPECT_EQ(found->secret_access_key.text(), "secret");
}

TEST(AwsCredentials, ThenTheEnvironmentWithItsSessionToken) {
  auto found = find_aws_credentials({"", {}, from_variables});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->access_key_id, "envid");
  EXPECT_EQ(found->session_token.text(), "token");
}

TEST(AwsCredentials, NoSourceNamesAllThatWereTried) {
  auto found = find_aws_credentials({"", {}, nothing});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kUnauthorized);
  EXPECT_NE(found.status().message().find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_NE(found.status().message().find("aws.access.key.id"), std::string::npos);
}

TEST(AwsCredentials, HalfAPairIsAnError) {
  auto found = find_aws_credentials({"id", {}, from_variables});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.status().message().find("belong together"), std::string::npos);
}

TEST(AwsCredentials, AProfileFileIsReadBySection) {
  auto keys = read_profile("# c\n[other]\naws_access_key_id=x\n[default]\naws_access_key_id = id1\r\naws_secret_access_key=s=1\n", "default");
  EXPECT_EQ(keys["aws_access_key_id"], "id1");
  EXPECT_EQ(keys["aws_secret_access_key"], "s=1");
}

}  // namespace
}  // namespace bywash::net
