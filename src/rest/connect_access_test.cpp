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

TEST_F(AccessRulesTest, FindsTheUsersThroughAJaasFile) {
  std::filesystem::path jaas = file_.string() + ".jaas";
  std::ofstream(jaas) << "// KafkaConnect { no }\nOther { x.Login required a=\"b\"; };\nKafkaConnect {\n  org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required\n  file=\""
                      << file_.string() << "\";\n};\n";
  auto rules = AccessRules::make({{"rest.extension.classes", "x.BasicAuthSecurityRestExtension"}, {"java.security.auth.login.config", jaas.string()}});
  ASSERT_TRUE(rules.ok()) << rules.status().message();
  EXPECT_FALSE(rules->refuse(request_with("authorization", "Basic a2ltOnBhOnNz")));
  EXPECT_TRUE(rules->refuse(request_with("", "")));
  std::ofstream(jaas) << "Other { x.PropertyFileLoginModule required file=\"/x\"; };\n";
  auto other = AccessRules::make({{"rest.extension.classes", "x.BasicAuthSecurityRestExtension"}, {"java.security.auth.login.config", jaas.string()}});
  EXPECT_NE(other.status().message().find("no entry KafkaConnect"), std::string::npos) << other.status().message();
  std::filesystem::remove(jaas);
}

TEST_F(AccessRulesTest, RolesSayWhatAUserMayDo) {
  auto rules = AccessRules::make({{"rest.basic.auth.file", file_.string()}, {"rest.auth.roles.operate", "kim"}, {"rest.auth.roles.read", "lee"}});
  ASSERT_TRUE(rules.ok()) << rules.status().message();
  auto status = [&](const std::string& user, const std::string& method, const std::string& path) {
    HttpRequest request = request_with("authorization", "Basic " + user, method);
    request.path = path;
    auto refused = rules->refuse(request);
    return refused ? refused->status : 200;
  };
  const std::string kim = "a2ltOnBhOnNz", lee = "bGVlOng=";
  EXPECT_EQ(status(lee, "GET", "/connectors"), 200);
  EXPECT_EQ(status(lee, "PUT", "/connectors/a/pause"), 403);
  for (auto [method, path] : {std::pair("PUT", "/connectors/a/pause"), {"PUT", "/connectors/a/stop/"}, {"POST", "/connectors/a/restart"}, {"POST", "/connectors/a/tasks/0/restart"},
                              {"PATCH", "/connectors/a/offsets"}, {"DELETE", "/connectors/a/offsets"}, {"PUT", "/connectors/a/topics/reset"}, {"PUT", "/admin/loggers/root"}}) {
    EXPECT_EQ(status(kim, method, path), 200) << path;
  }
  for (auto [method, path] : {std::pair("POST", "/connectors"), {"PUT", "/connectors/a/config"}, {"PATCH", "/connectors/a/config"}, {"DELETE", "/connectors/a"}, {"DELETE", "/connectors/pause"},
                              {"PUT", "/connector-plugins/x/config/validate"}, {"PUT", "/connectors/pause"}, {"PUT", "/connectors/a/%00pause"}}) {
    EXPECT_EQ(status(kim, method, path), 403) << path;
  }
  // Between workers: signed, or refused for that by the resource itself.
  EXPECT_EQ(status("", "POST", "/connectors/a/tasks"), 200);
  EXPECT_FALSE(AccessRules::make({{"rest.auth.roles.read", "kim"}}).ok());
}

TEST(AccessRules, ACertificatesOwnerIsKnownByName) {
  auto rules = AccessRules::make({{"rest.auth.certificate", "true"}, {"rest.auth.roles.write", "kim"}});
  ASSERT_TRUE(rules.ok());
  HttpRequest request = request_with("", "", "DELETE");
  EXPECT_EQ(rules->refuse(request)->status, 401);
  request.client_name = "lee";
  EXPECT_EQ(rules->refuse(request)->status, 403);
  request.client_name = "kim";
  EXPECT_FALSE(rules->refuse(request));
  request.headers["authorization"] = "Basic a2ltOnBhOnNz";
  EXPECT_EQ(rules->refuse(request)->status, 401);
}

TEST(AccessRules, AddsConfiguredHeaders) {
  auto rules = AccessRules::make({{"response.http.headers.config", R"(set X-Frame-Options: DENY, "add Cache-Control: no-cache, no-store", setDate Expires: 0)"}});
  ASSERT_TRUE(rules.ok()) << rules.status().message();
  HttpResponse response;
  response.headers = {{"x-frame-options", "ALLOW"}};
  rules->mark(request_with("", ""), &response);
  ASSERT_EQ(response.headers.size(), 3u);
  EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
  EXPECT_EQ(header(response, "Cache-Control"), "no-cache, no-store");
  EXPECT_TRUE(header(response, "Expires").ends_with(" GMT"));
  for (const char* wrong : {"X-A: b", "put X-A: b", "set X-A", "set : b", "setDate X: soon"}) EXPECT_FALSE(AccessRules::make({{"response.http.headers.config", wrong}}).ok()) << wrong;
}

TEST(BearerTokens, AsksForWhatItNeeds) {
  const std::string file = (std::filesystem::path(::testing::TempDir()) / ("jwks-" + std::to_string(::getpid()))).string();
  std::ofstream(file) << R"({"keys":[{"kty":"oct","k":"AAAA"}]})";
  EXPECT_EQ(*BearerTokens::make({}), nullptr);
  EXPECT_NE(BearerTokens::make({{"rest.auth.jwt.jwks.file", file}}).status().message().find("rest.auth.jwt.issuer"), std::string::npos);
  const config::Properties rest = {{"rest.auth.jwt.issuer", "i"}, {"rest.auth.jwt.audience", "a"}};
  auto with = [&](const std::string& path) {
    config::Properties all = rest;
    all["rest.auth.jwt.jwks.file"] = path;
    return BearerTokens::make(all).status().message();
  };
  EXPECT_NE(with(file).find("no key that can be used"), std::string::npos);
  EXPECT_NE(with("/no/such").find("Cannot read"), std::string::npos);
  std::ofstream(file) << "[]";
  EXPECT_NE(with(file).find("no JSON web key set"), std::string::npos);
  std::filesystem::remove(file);
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
