// Plugins for tests of the herder and the REST API: a source that stays idle, fails or asks for too much as its configuration says, and
// converters that are never called. Test code only.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "config/typed_config.h"
#include "plugin/registry.h"

namespace bywash::runtime::testing {

struct FakeConfig {
  std::string topic, mode;
  config::Secret password;
  int32_t batch_size = 0;
};

inline const config::TypedConfig<FakeConfig>& fake_def() {
  static const auto def = [] {
    config::TypedConfig<FakeConfig> d;
    d.key("topic", &FakeConfig::topic).required().high().doc("Topic to write to.");
    d.key("mode", &FakeConfig::mode).by_default("idle").doc("idle, no-start, third-start, no-tasks, slow-tasks, many-tasks or hang-<where>.");
    d.key("password", &FakeConfig::password).by_default("").doc("A secret.");
    d.key("batch.size", &FakeConfig::batch_size).by_default("2000").low().doc("Rows at once.");
    return d;
  }();
  return def;
}

// Calls that hang do so until it is true.
inline std::atomic<bool> hangs_end = false;
inline std::atomic<int> fake_starts = 0, task_config_calls = 0;
inline std::atomic<int> hangs_begun = 0;
inline void hang() {
  ++hangs_begun;
  while (!hangs_end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

class IdleSource : public plugin::SourceTask {
 public:
  explicit IdleSource(FakeConfig config) : config_(std::move(config)) {}
  Status start(plugin::SourceContext*) override {
    if (config_.mode == "no-start") return Status::fatal("The system is closed today").with_java_class("org.apache.kafka.connect.errors.ConnectException");
    ++fake_starts;
    if (config_.mode == "hang-start") hang();
    static std::atomic<int> starts = 0;
    if (config_.mode == "third-start" && ++starts % 3 != 0) return Status::retriable("The system is not up yet");
    return {};
  }
  Result<std::vector<plugin::SourceBatch>> poll() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (config_.mode == "hang-poll" || (config_.mode == "hang-first-poll" && fake_starts == 1)) hang();
    return std::vector<plugin::SourceBatch>();
  }
  void stop() override {
    if (config_.mode == "hang-stop") hang();
  }

 private:
  FakeConfig config_;
};

class UnusedConverter : public plugin::Converter {
 public:
  Result<plugin::Decoded> decode(const std::string&, std::span<const std::optional<std::string_view>>) override { return plugin::Decoded(); }
  Status encode(const std::string&, const columnar::Column&, std::vector<std::optional<std::string>>*, std::vector<plugin::ConvertError>*) override { return {}; }
};
class UnusedHeaderConverter : public plugin::HeaderConverter {
 public:
  Result<columnar::Header> decode(const std::string&, const std::string&, std::optional<std::string_view>) override { return columnar::Header(); }
  Result<std::optional<std::string>> encode(const std::string&, const columnar::Header&) override { return std::optional<std::string>(); }
};

// org.example.FakeSourceConnector, org.example.FakeSinkConnector, org.example.FakeConverter and org.example.FakeHeaderConverter, version 1.2.
inline void add_fake_plugins(plugin::Registry* registry, std::atomic<int>* validations = nullptr) {
  plugin::SourcePlugin source;
  source.info = {.name = "fake_source", .class_names = {"org.example.FakeSourceConnector"}, .version = "1.2", .summary = "", .description = "", .examples = {}};
  source.def = fake_def().def();
  source.validate = [validations](const plugin::Properties& p, std::vector<config::ConfigValue>*) {
    if (validations) ++*validations;
    if (auto mode = p.find("mode"); mode != p.end() && mode->second == "hang-validate") hang();
  };
  source.task_configs = [](const plugin::Properties& p, int max) -> Result<std::vector<plugin::Properties>> {
    ASSIGN_OR_RETURN(FakeConfig config, fake_def().parse(p));
    if (config.mode == "no-tasks") return Status::fatal("There is nothing to read");
    ++task_config_calls;
    if (config.mode == "hang-task-configs" || (config.mode == "hang-second-task-configs" && task_config_calls == 2)) hang();
    if (config.mode == "slow-tasks") std::this_thread::sleep_for(std::chrono::milliseconds(400));
    size_t count = static_cast<size_t>(config.mode == "many-tasks" ? max + 1 : max);
    std::vector<plugin::Properties> out(count, p);
    for (size_t i = 0; i < count; ++i) out[i]["slice"] = std::to_string(i);
    return out;
  };
  source.make = [](const plugin::Properties& p) -> Result<std::unique_ptr<plugin::SourceTask>> {
    ASSIGN_OR_RETURN(FakeConfig config, fake_def().parse(p));
    if (config.mode == "hang-initialize") hang();
    return std::unique_ptr<plugin::SourceTask>(std::make_unique<IdleSource>(std::move(config)));
  };
  registry->add(std::move(source));

  plugin::SinkPlugin sink;
  sink.info = {.name = "fake_sink", .class_names = {"org.example.FakeSinkConnector"}, .version = "1.2", .summary = "", .description = "", .examples = {}};
  sink.check_start = [](const plugin::Properties& p) -> Status {
    if (auto mode = p.find("mode"); mode != p.end() && mode->second == "hang-check-start") hang();
    return {};
  };
  sink.make = [](const plugin::Properties&) -> Result<std::unique_ptr<plugin::SinkTask>> { return Status::fatal("Not to be started in tests"); };
  registry->add(std::move(sink));

  plugin::ConverterPlugin converter;
  converter.info = {.name = "fake", .class_names = {"org.example.FakeConverter"}, .version = "1.2", .summary = "", .description = "", .examples = {}};
  converter.make = [](const plugin::Properties&, bool) -> Result<std::unique_ptr<plugin::Converter>> { return std::unique_ptr<plugin::Converter>(std::make_unique<UnusedConverter>()); };
  registry->add(std::move(converter));
  plugin::HeaderConverterPlugin header;
  header.info = {.name = "fake_header", .class_names = {"org.example.FakeHeaderConverter"}, .version = "1.2", .summary = "", .description = "", .examples = {}};
  header.make = [](const plugin::Properties&) -> Result<std::unique_ptr<plugin::HeaderConverter>> {
    return std::unique_ptr<plugin::HeaderConverter>(std::make_unique<UnusedHeaderConverter>());
  };
  registry->add(std::move(header));
}

}  // namespace bywash::runtime::testing
