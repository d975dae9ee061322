// Basic authentication by a file of users, cross-origin headers, and forwarding between workers where no worker has to answer.
#include "rest/connect_access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rest/connect_forward.h"

namespace bywash::rest {
namespace {

HttpRequest request_with(const std::string& name, const std::string& value, const std::string& method = "GET") {
  HttpRequest out;
  out.method = method;
  out.target = out.path = "/connectors";
  if (!name.empty()) out.headers[name] = value;
  return out;
}

std::string header(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

class AccessRulesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = std::filesystem::path(::testing::TempDir()) / ("users-" + std::to_string(::getpid()));
    std::ofstream(file_) << "kim=pa:ss\nlee=x\n";
  }
  void TearDown() override { std::filesystem::remove(file_); }
  std::filesystem::path file_;
};

TEST_F(AccessRulesTest, LetsInWhoIsInTheFile) {
  auto rules = AccessRules::make({{"rest.extension.classes", "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"}, {"rest.basic.auth.file", file_.string()}});
  ASSERT_TRUE(rules.ok()) << rules.status().message();
  EXPECT_FALSE(rules->refuse(request_with("authorization", "Basic a2ltOnBhOnNz")));  // kim:pa:ss
  EXPECT_FALSE(rules->refuse(request_with("authorization", "basic bGVlOng=")));      // lee:x
  for (const char* wrong : {"Basic a2ltOnBhOnM=", "Basic bGVlOg==", "Basic bGVl", "Basic ***", "Bearer a2ltOnBhOnNz", ""}) {
    auto refused = rules->refuse(request_with("authorization", wrong));
    ASSERT_TRUE(refused) << wrong;
    EXPECT_EQ(refused->status, 401);
    EXPECT_EQ(header(*refused, "WWW-Authenticate"), "Basic realm=\"connect\"");
  }
  EXPECT_TRUE(rules->refuse(request_with("", "")));
}

TEST_F(AccessRulesTest, AsksForTheFileAndRefusesOtherExtensions) {
  EXPECT_FALSE(AccessRules::make({{"rest.extension.classes", "org.x.BasicAuthSecurityRestExtension"}}).ok());
  EXPECT_FALSE(AccessRules::make({{"rest.extension.classes", "org.example.Other"}}).ok());
  EXPECT_FALSE(AccessRules::make({{"rest.basic.auth.file", "/no/such/file"}}).ok());
  auto open = AccessRules::make({});
  ASSERT_TRUE(open.ok());
  EXPECT_FALSE(open->refuse(request_with("", "")));
}

TEST_F(AccessRulesTest, MarksAnswersForPagesOfAllowedOrigins) {
  auto rules = AccessRules::make({{"access.control.allow.origin", "https://a.example,https://b.example"}, {"access.control.allow.methods", "GET,PUT"}});
  ASSERT_TRUE(rules.ok());
  HttpResponse allowed, other, none, preflight;
  rules->mark(request_with("origin", "https://b.example"), &allowed);
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://b.example");
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Methods"), "");
  rules->mark(request_with("origin", "https://evil.example"), &other);
  EXPECT_EQ(header(other, "Access-Control-Allow-Origin"), "");
  rules->mark(request_with("", ""), &none);
  EXPECT_TRUE(none.headers.empty());
  HttpRequest ask = request_with("origin", "https://a.example", "OPTIONS");
  ask.headers["access-control-request-method"] = "PUT";
  rules->mark(ask, &preflight);
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Methods"), "GET,PUT");
}

HttpResponse elsewhere(const std::string& url) {
  HttpResponse out;
  out.status = 0;
  out.body = url;
  return out;
}

TEST(RequestForwarder, SaysWhyARequestGoesNoFurther) {
  RequestForwarder forwarder;
  HttpRequest request = request_with("", "");
  HttpResponse own;
  own.status = 204;
  EXPECT_EQ(forwarder.resolve(request, own).status, 204);
  HttpResponse unknown = forwarder.resolve(request, elsewhere(""));
  EXPECT_EQ(unknown.status, 409);
  EXPECT_NE(unknown.body.find("no known leader URL"), std::string::npos);
  request.query.emplace("forward", "false");
  HttpResponse round = forwarder.resolve(request, elsewhere("http://127.0.0.1:1"));
  EXPECT_EQ(round.status, 409);
  EXPECT_NE(round.body.find("conflicting operation"), std::string::npos);
}

TEST(RequestForwarder, AWorkerThatDoesNotAnswerIsAnError) {
  RequestForwarder forwarder;
  HttpResponse got = forwarder.resolve(request_with("", ""), elsewhere("http://127.0.0.1:1"));
  EXPECT_EQ(got.status, 500);
  EXPECT_NE(got.body.find("IO Error trying to forward REST request"), std::string::npos);
}

}  // namespace
}  // namespace bywash::rest
