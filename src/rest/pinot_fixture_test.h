// Pinot's endpoints over an instance in a folder of its own, without a broker. Test code only.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "rest/pinot_api.h"

namespace bywash::rest::testing {

struct PinotFixture {
  PinotFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bywash-test-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    restart();
  }
  // The instance anew over the same folder.
  void restart() {
    api.reset();
    instance.reset();
    analytics::InstanceOptions options;
    options.data_dir = folder + "/data";
    options.consumers = [](kafka::ConsumerOptions) -> Result<std::unique_ptr<kafka::Consumer>> { return Status::retriable("no broker in this test"); };
    instance = *analytics::Instance::start(std::move(options));
    api = std::make_unique<PinotApi>(*instance, PinotApi::Options{"localhost", 9100, 8099});
  }
  ~PinotFixture() {
    api.reset();
    instance.reset();
    std::filesystem::remove_all(folder);
  }
  static HttpRequest request(const std::string& method, const std::string& target, std::string body = {}) {
    HttpRequest out;
    out.method = method;
    out.target = target;
    const size_t question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string::npos) out.query = parse_query(target.substr(question + 1));
    out.body = std::move(body);
    return out;
  }
  HttpResponse ask(const std::string& method, const std::string& target, std::string body = {}) {
    return api->controller(request(method, target, std::move(body)));
  }
  HttpResponse sql(const std::string& text) { return api->broker(request("POST", "/query/sql", nlohmann::json{{"sql", text}}.dump())); }

  std::string folder;
  std::unique_ptr<analytics::Instance> instance;
  std::unique_ptr<PinotApi> api;
};

}  // namespace bywash::rest::testing
