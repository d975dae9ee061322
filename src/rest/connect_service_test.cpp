// The Connect REST API over a herder with fake plugins: what the router refuses and what the resources answer. The answers of the
// original are held against a real worker in tests/conformance.
#include "rest/connect_service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/fake_plugins_test.h"
#include "runtime/standalone_herder.h"

namespace bywash::rest {
namespace {

using Json = nlohmann::ordered_json;

class ConnectServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    runtime::testing::add_fake_plugins(&registry_);
    auto config = runtime::parse_worker_config({{"bootstrap.servers", "127.0.0.1:1"},
                                                {"key.converter", "org.example.FakeConverter"},
                                                {"value.converter", "org.example.FakeConverter"},
                                                {"header.converter", "org.example.FakeHeaderConverter"}});
    ASSERT_TRUE(config.ok());
    herder_ = std::make_unique<runtime::StandaloneHerder>(*config, registry_, runtime::HerderOptions{});
    ASSERT_TRUE(herder_->start().ok());
    context_ = {herder_.get(), &registry_, "http://h:1"};
    add_root_routes(&router_, &context_);
    add_connector_routes(&router_, &context_);
    add_task_routes(&router_, &context_);
    add_offset_routes(&router_, &context_);
    add_plugin_routes(&router_, &context_);
    add_logger_routes(&router_, &context_);
    add_metrics_route(&router_);
  }
  HttpResponse ask(const std::string& method, const std::string& target, const std::string& body = "", const std::string& type = "application/json") {
    HttpRequest request;
    request.method = method;
    request.target = target;
    size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = parse_query(target.substr(question + 1));
    request.body = body;
    request.headers["host"] = "h";
    if (!body.empty() && !type.empty()) request.headers["content-type"] = type;
    return router_.handle(request);
  }
  Json create(const std::string& name, Json more = Json::object()) {
    Json config = {{"connector.class", "FakeSource"}, {"topic", "t"}};
    for (const auto& [key, value] : more.items()) config[key] = value;
    return Json::parse(ask("POST", "/connectors", Json{{"name", name}, {"config", config}}.dump()).body);
  }

  plugin::Registry registry_;
  std::unique_ptr<runtime::StandaloneHerder> herder_;
  ConnectContext context_;
  HttpRouter router_;
};

TEST_F(ConnectServiceTest, CreatesAConnectorWithItsLocation) {
  auto made = ask("POST", "/connectors", R"({"name": " a;b/ü ", "config": {"connector.class": "FakeSource", "topic": "t", "tasks.max": 2}})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers[0].second, "http://h:1/connectors/a;b/%C3%BC");
  Json body = Json::parse(made.body);
  EXPECT_EQ(body["name"], "a;b/ü");
  EXPECT_EQ(body["config"]["tasks.max"], "2");
  EXPECT_EQ(body["tasks"].size(), 2u);
  EXPECT_EQ(ask("POST", "/connectors", R"({"name": "a;b/ü", "config": {"connector.class": "FakeSource", "topic": "t"}})").status, 409);
}

TEST_F(ConnectServiceTest, RefusesBodiesThatAreNotWhatIsWanted) {
  for (std::string body : {"", "[]", "{}", "{\"name\": ", "\"x\"", "null", "{\"name\":\"x\",\"config\":{}} y", "{\"name\":\"x\",\"config\":{\"a\":{}}}",
                           "{\"name\":\"x\",\"config\":{},\"initial_state\":\"FAILED\"}", "{\"nom\":1}", "{\"name\":\"\xff\",\"config\":{}}"}) {
    auto got = ask("POST", "/connectors", body);
    EXPECT_EQ(got.status, 500) << body << got.body;
    EXPECT_EQ(Json::parse(got.body)["error_code"], 500) << body;
  }
  EXPECT_EQ(ask("POST", "/connectors", R"({"name":"x","config":{}})").status, 400);
  EXPECT_EQ(ask("POST", "/connectors", R"({"name":"x","config":{"name":"y","connector.class":"FakeSource"}})").status, 400);
  EXPECT_EQ(ask("POST", "/connectors", "{}", "text/plain").status, 415);
  EXPECT_EQ(ask("POST", "/connectors", "{}", "").status, 415);
  EXPECT_EQ(ask("POST", "/connectors", "{\"name\":\"x\",\n\"config\":!}").body.find("line 2, column 10") != std::string::npos, true);
}

TEST_F(ConnectServiceTest, RefusesWhatIsNestedTooDeepBeforeAnythingGoesDownIt) {
  create("a");
  auto nested = [](int depth) {
    std::string inner = "1";
    for (int i = 0; i < depth; ++i) inner = "{\"[\":" + inner + "}";
    return "{\"offsets\":[{\"partition\":" + inner + ",\"offset\":null}]}";
  };
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", nested(997)).status, 400) << "it is not stopped";
  std::string deep(200'000, '[');
  for (const std::string& body : {nested(998), "{\"offsets\":[{\"partition\":{\"a\":" + deep + "1" + std::string(deep.size(), ']') + "},\"offset\":null}]}", deep}) {
    auto refused = ask("PATCH", "/connectors/a/offsets", body);
    EXPECT_EQ(refused.status, 500);
    EXPECT_NE(refused.body.find("Document nesting depth (1001) exceeds the maximum allowed (1000"), std::string::npos) << refused.body;
  }
}

TEST_F(ConnectServiceTest, RefusesPathsAsJettyAndJerseyDo) {
  create("a");
  for (std::string path : {"/connectors/a%2Fb", "/connectors//status", "/connectors/%", "/connectors/%c3%28", "/connectors/a%0Ab", "/connectors/50%25", "/connectors/a%5Cb", "//connectors", "/connectors/é", "/connectors/a|b"}) {
    EXPECT_EQ(ask("GET", path).status, 400) << path;
    EXPECT_TRUE(ask("GET", path).content_type.starts_with("text/html")) << path;
    EXPECT_TRUE(ask("PUT", path).body.empty()) << path;
  }
  for (std::string path : {"/nope", "/connectors/a/nope", "/./connectors", "/connectors/a/tasks/0", "/connectors/a/b", "/%63onnectors"}) {
    auto got = ask("GET", path);
    EXPECT_EQ(got.status, 404) << path;
    EXPECT_EQ(got.body, R"({"error_code":404,"message":"HTTP 404 Not Found"})");
    EXPECT_TRUE(got.content_type.empty());
  }
  EXPECT_EQ(ask("GET", "/connectors/a/tasks/x/status").body, R"({"error_code":404,"message":"HTTP 404 Not Found"})");
  for (std::string path : {"/connectors/", "/connectors;x=y", "/connectors/a;x=y/status", "/connectors/a/tasks/00/status", "/connectors/a/config/"}) EXPECT_EQ(ask("GET", path).status, 200) << path;
  EXPECT_EQ(ask("PATCH", "/connectors/a", "{}").status, 405);
  EXPECT_EQ(ask("get", "/connectors").status, 405);
  EXPECT_EQ(ask("OPTIONS", "/connectors/a").body, "HEAD, DELETE, GET, OPTIONS");
  EXPECT_EQ(ask("HEAD", "/connectors/a/status").status, 200);
}

TEST_F(ConnectServiceTest, NegotiatesJsonOnly) {
  HttpRequest request;
  request.method = "GET";
  request.path = "/connectors";
  request.headers["accept"] = "text/html;q=0.9, application/xml";
  EXPECT_EQ(router_.handle(request).status, 406);
  request.headers["accept"] = "text/html, */*;q=0.1";
  EXPECT_EQ(router_.handle(request).status, 200);
  request.headers["accept"] = "application/json;charset=utf-8;q=0.5";
  EXPECT_EQ(router_.handle(request).content_type, "application/json;charset=utf-8");
  request.path = "/metrics";
  request.headers["accept"] = "text/plain";
  EXPECT_EQ(router_.handle(request).status, 200);
}

TEST_F(ConnectServiceTest, LooksAtTheTypeOfABodyThatItReads) {
  HttpRequest request;
  request.method = "PUT";
  request.path = "/connectors/x/topics/reset";
  request.body = "{}";
  EXPECT_EQ(router_.handle(request).status, 202);
  request.path = "/connectors/x/config";
  EXPECT_EQ(router_.handle(request).status, 415);
  request.headers["content-type"] = "json";
  EXPECT_EQ(router_.handle(request).status, 400);
  request.headers["content-type"] = "application/*";
  EXPECT_EQ(router_.handle(request).status, 415);
}

TEST_F(ConnectServiceTest, KeepsNumbersAsTheyWereWritten) {
  EXPECT_EQ(ask("PUT", "/connectors/a/config", R"({"connector.class":null,"b":1.50,"c":-0,"d":1E5,"e":[1]})").status, 500);
  EXPECT_EQ(ask("PUT", "/connectors/a/config", R"({"b":1.50,"d":1E5,"e":"\"2"})").body,
            R"({"error_code":400,"message":"Connector config {name=a, b=1.50, d=1E5, e=\"2} contains no connector type"})");
  EXPECT_EQ(ask("PUT", "/connectors/a/config", R"({"b":01})").status, 500);
  EXPECT_EQ(ask("PUT", "/connectors/a/config", R"({"connector.class":null})").body, R"({"error_code":400,"message":"Connector config {connector.class=null, name=a} contains no connector type"})");
}

TEST_F(ConnectServiceTest, NeverShowsASecret) {
  create("a", {{"password", "geheim"}, {"consumer.override.ssl.key.password", "geheim"}});
  for (std::string path : {"/connectors/a", "/connectors/a/config", "/connectors/a/tasks", "/connectors?expand=info&expand=status"}) {
    EXPECT_EQ(ask("GET", path).body.find("geheim"), std::string::npos) << path;
  }
  auto report = ask("PUT", "/connector-plugins/FakeSource/config/validate", R"({"connector.class":"FakeSource","name":"a","topic":"t","password":"geheim"})");
  EXPECT_EQ(report.body.find("geheim"), std::string::npos);
  EXPECT_EQ(ask("PUT", "/connectors/a/config", R"({"password":"geheim"})").body.find("geheim"), std::string::npos);
}

TEST_F(ConnectServiceTest, ValidatesWithEveryKeyInOrder) {
  auto got = ask("PUT", "/connector-plugins/FakeSourceConnector/config/validate", R"({"connector.class":"FakeSource","value.converter":"Nope","batch.size":"x"})");
  ASSERT_EQ(got.status, 200) << got.body;
  Json report = Json::parse(got.body);
  EXPECT_EQ(report["name"], "FakeSource");
  EXPECT_EQ(report["error_count"], 4);
  EXPECT_EQ(report["groups"], (Json{"Common", "Transforms", "Predicates", "Error Handling", "Topic Creation", "Exactly Once Support", "offsets.topic"}));
  EXPECT_EQ(report["configs"][0]["definition"]["display_name"], "Connector name");
  EXPECT_EQ(report["configs"].size(), 28u);
  EXPECT_EQ(ask("PUT", "/connector-plugins/FakeSink/config/validate", R"({"connector.class":"FakeSource"})").status, 400);
  auto unknown = ask("PUT", "/connector-plugins/Nope/config/validate", R"({"connector.class":"Nope"})");
  EXPECT_EQ(unknown.status, 500);
  EXPECT_NE(unknown.body.find("Failed to find any class that implements Connector and which name matches Nope"), std::string::npos);
}

TEST_F(ConnectServiceTest, ListsPluginsAndTheirKeys) {
  EXPECT_EQ(Json::parse(ask("GET", "/connector-plugins").body).size(), 2u);
  EXPECT_EQ(Json::parse(ask("GET", "/connector-plugins?connectorsOnly=false").body).size(), 4u);
  Json keys = Json::parse(ask("GET", "/connector-plugins/FakeSource/config").body);
  EXPECT_EQ(keys[0]["name"], "topic");
  EXPECT_EQ(keys[4]["name"], "name");
  EXPECT_EQ(ask("GET", "/connector-plugins/FakeSource/config?version=9").status, 400);
  EXPECT_EQ(ask("GET", "/connector-plugins/FakeSource/config?version=[1,2)").status, 200);
  EXPECT_EQ(ask("GET", "/connector-plugins/nope/config").body, R"({"error_code":404,"message":"Unknown plugin nope."})");
}

TEST_F(ConnectServiceTest, ChecksOffsetsBeforeItChangesThem) {
  create("a");
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", "{}").status, 400);
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", R"({"offsets":[{"partition":{"f":1},"offset":{"p":1}}]})").status, 400) << "it runs";
  EXPECT_EQ(ask("PUT", "/connectors/a/stop").status, 204);
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", R"({"offsets":[null]})").status, 500);
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", R"({"offsets":[{"partition":"x"}]})").status, 500);
  EXPECT_EQ(ask("PATCH", "/connectors/a/offsets", R"({"offsets":[{"partition":{"f":1},"offset":{"p":1}}]})").status, 200);
  EXPECT_EQ(ask("GET", "/connectors/a/offsets").body, R"({"offsets":[{"partition":{"f":1},"offset":{"p":1}}]})");
  EXPECT_EQ(ask("DELETE", "/connectors/a/offsets").status, 200);
  EXPECT_EQ(ask("GET", "/connectors/a/offsets").body, R"({"offsets":[]})");
  EXPECT_EQ(ask("GET", "/connectors/b/offsets").status, 404);
}

TEST_F(ConnectServiceTest, ChangesLogLevels) {
  EXPECT_EQ(ask("PUT", "/admin/loggers/some.logger", R"({"level":"debug"})").body, R"(["some.logger"])");
  EXPECT_EQ(Json::parse(ask("GET", "/admin/loggers/some.logger").body)["level"], "DEBUG");
  EXPECT_EQ(ask("PUT", "/admin/loggers/some.logger", R"({"level":"DEBUG"})").body, "[]");
  EXPECT_EQ(ask("GET", "/admin/loggers/other").status, 404);
  EXPECT_EQ(ask("PUT", "/admin/loggers/other", R"({"level":"loud"})").body, R"({"error_code":404,"message":"invalid log level 'loud'."})");
  EXPECT_EQ(ask("PUT", "/admin/loggers/other?scope=cluster", R"({"level":"WARN"})").status, 204);
}

TEST_F(ConnectServiceTest, SaysThatItIsStartingUntilItIsReady) {
  EXPECT_EQ(ask("GET", "/health").status, 503);
  herder_->set_ready();
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

}  // namespace
}  // namespace bywash::rest
