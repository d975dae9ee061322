// What the herders share: their requests, their words and small rules about configurations. Level 7, any thread.
#include "runtime/herder.h"

#include <pthread.h>

#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/threads.h"
#include "config/properties.h"
#include "runtime/herder_request.h"
#include "runtime/task_thread.h"

namespace bywash::runtime {

std::optional<Status> await(const std::weak_ptr<HerderRequest>& request, std::future<Status> answer, Millis timeout) {
  if (answer.wait_for(timeout) != std::future_status::ready) {
    if (auto waiting = request.lock()) waiting->give_up();
    return std::nullopt;
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return Status::cancelled("The worker is shutting down");
  }
}

Result<ConfigReport> validate_in_time(const config::Properties& properties, const WorkerConfig& worker, const plugin::Registry& registry, Millis timeout) {
  struct Work {
    std::promise<Result<ConfigReport>> answer;
    std::mutex mutex;
    bool ended = false, left_behind = false;
  };
  auto work = std::make_shared<Work>();
  auto answer = work->answer.get_future();
  ASSIGN_OR_RETURN(std::thread thread, start_thread("the validation of a connector", [work, properties, worker, &registry] {
    pthread_setname_np(pthread_self(), "validation");
    Result<ConfigReport> report = Status::fatal("");
    try {
      report = validate_connector(properties, worker, registry, Reach::kRemote);
    } catch (const std::exception& error) {
      report = Status(Code::kFatal, Blame::kUs, fmt::format("Failed inside the program, which is a bug in Bywash: {}", error.what()));
    }
    {
      std::lock_guard lock(work->mutex);
      work->ended = true;
      if (work->left_behind) TaskThread::count_hanging(-1);
    }
    work->answer.set_value(std::move(report));
  }));
  thread.detach();
  if (answer.wait_for(timeout) == std::future_status::ready) return answer.get();
  {
    std::lock_guard lock(work->mutex);
    work->left_behind = !work->ended;
    if (work->left_behind) TaskThread::count_hanging(1);
  }
  if (!work->left_behind) return answer.get();
  const std::string name = config::get_or(properties, "name", "");
  log::error("connect", "The validation of connector {} has not come back in {} ms; its thread is left behind", name, timeout.count());
  return Status::timed_out("Request timed out. The worker is currently performing multi-property validation for the connector.");
}

Status no_connector(const std::string& name) { return Status::not_found(fmt::format("Connector {} not found", name)); }

Status must_be_stopped(const std::string& name) {
  return Status::invalid(fmt::format("Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector "
                                     "by issuing a 'PUT' request to the '/connectors/{}/stop' endpoint", name));
}

Status check_topic_tracking(const WorkerConfig& worker) {
  return worker.topic_tracking_enable ? Status() : Status::unauthorized("Topic tracking is disabled.");
}

Status check_topic_reset(const WorkerConfig& worker) {
  RETURN_IF_ERROR(check_topic_tracking(worker));
  return worker.topic_tracking_allow_reset ? Status() : Status::unauthorized("Topic tracking reset is disabled.");
}

State state_of(TargetState target) {
  return target == TargetState::kStarted ? State::kRunning : target == TargetState::kPaused ? State::kPaused : State::kStopped;
}

std::optional<ConnectorPlugin> plugin_of(const plugin::Registry& registry, const ConnectorProperties& connector) {
  auto it = connector.find("connector.class");
  return find_connector(registry, it == connector.end() || !it->second ? std::string_view() : config::trim(*it->second));
}

ConnectorProperties patched(ConnectorProperties properties, const ConnectorProperties& patch) {
  for (const auto& [key, value] : patch) {
    if (value) properties[key] = value;
    else properties.erase(key);
  }
  return properties;
}

config::Properties masked_task(config::Properties task, const std::set<std::string>& secret_keys) {
  for (auto& [key, value] : task) {
    if (!value.empty() && secret_keys.contains(key)) value = config::kHidden;
  }
  return task;
}

}  // namespace bywash::runtime
