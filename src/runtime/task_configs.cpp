// See task_configs.h.
#include "runtime/task_configs.h"

#include <algorithm>

#include "config/properties.h"
#include "config/variables.h"

namespace bywash::runtime {
namespace {

// More than a worker can have threads for; the original ends for want of memory.
constexpr int kTasksMax = 10'000;

}  // namespace

Result<std::vector<config::Properties>> make_task_configs(const plugin::Registry& registry, const config::Properties& worker, const ConnectorPlugin& plugin,
                                                          const config::Properties& written, const std::function<void(const char*)>& enter) {
  enter("configProviders");
  ASSIGN_OR_RETURN(config::Properties properties, config::resolve_variables(worker, written));
  auto parsed = config::parse_value(config::KeyType::kInt, config::get_or(properties, "tasks.max", "1"));
  int max = parsed.ok() ? static_cast<int>(std::get<int64_t>(*parsed)) : 1;
  if (plugin.kind == ConnectorKind::kSink) {
    if (max > kTasksMax) return Status::fatal(fmt::format("tasks.max={} is more than the {} tasks that a sink may have. More tasks than partitions have nothing to do", max, kTasksMax));
    const plugin::SinkPlugin* sink = registry.sink(plugin.class_name);
    enter("start");
    if (sink->check_start) RETURN_IF_ERROR(sink->check_start(properties));
    return std::vector<config::Properties>(static_cast<size_t>(max), written);
  }
  const plugin::SourcePlugin* source = registry.source(plugin.class_name);
  if (!source->task_configs) return std::vector<config::Properties>{written};
  enter("taskConfigs");
  ASSIGN_OR_RETURN(auto configs, source->task_configs(properties, std::min(max, kTasksMax)));
  bool enforce = config::get_or(properties, "tasks.max.enforce", "true") != "false";
  if (enforce && configs.size() > static_cast<size_t>(max)) {
    return Status::fatal(fmt::format("The connector {} has generated {} tasks, which is greater than {}, the maximum number of tasks it is configured to create. ",
                                     config::get_or(properties, "name", ""), configs.size(), max))
        .with_java_class("org.apache.kafka.connect.runtime.TooManyTasksException");
  }
  for (config::Properties& config : configs) config = config::restore_variables(written, properties, std::move(config));
  return configs;
}

}  // namespace bywash::runtime
