// /admin/loggers (LoggingResource, Kafka 4.3): levels of this program's loggers, by their own names and by those of the Java classes
// whose work they do. Any other name can be given a level too, as in the original, and has no lines to filter.
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "rest/connect_json.h"
#include "rest/connect_service.h"

namespace bywash::rest {
namespace {

using Params = std::vector<std::string>;

struct JavaName {
  const char* java;
  const char* ours;
};
constexpr JavaName kJavaNames[] = {
    {"org.apache.kafka.clients.NetworkClient", "kafka"},
    {"org.apache.kafka.clients.consumer.internals.ConsumerCoordinator", "kafka"},
    {"org.apache.kafka.clients.producer.KafkaProducer", "kafka"},
    {"org.apache.kafka.connect.runtime.AbstractWorkerSourceTask", "runtime"},
    {"org.apache.kafka.connect.runtime.Worker", "runtime"},
    {"org.apache.kafka.connect.runtime.WorkerConnector", "runtime"},
    {"org.apache.kafka.connect.runtime.WorkerSinkTask", "runtime"},
    {"org.apache.kafka.connect.runtime.WorkerSourceTask", "runtime"},
    {"org.apache.kafka.connect.runtime.WorkerTask", "runtime"},
    {"org.apache.kafka.connect.runtime.distributed.DistributedHerder", "connect"},
    {"org.apache.kafka.connect.runtime.errors.LogReporter", "errors"},
    {"org.apache.kafka.connect.runtime.rest.RestServer", "rest"},
    {"org.apache.kafka.connect.runtime.standalone.StandaloneHerder", "connect"},
};

bool under(std::string_view name, std::string_view space) {
  return name == space || (name.size() > space.size() && name.starts_with(space) && name[space.size()] == '.');
}

// Every logger that can be named, with its level and the time of its last change.
class Loggers {
 public:
  Loggers() {
    for (const JavaName& name : kJavaNames) {
      entries_[name.java] = {};
      entries_[name.ours] = {};
    }
  }

  Json all() {
    std::lock_guard lock(mutex_);
    Json out = Json::object();
    for (const auto& [name, entry] : entries_) out[name] = shown(name, entry);
    out["root"] = shown("root", root_);
    return out;
  }

  std::optional<Json> one(const std::string& name) {
    std::lock_guard lock(mutex_);
    if (ascii_lower(name) == "root") return shown("root", root_);
    auto it = entries_.find(name);
    if (it == entries_.end()) return std::nullopt;
    return shown(name, it->second);
  }

  // Sets the level of a logger and of all below it, by its Java name; answers which of them changed.
  Json set(const std::string& name, const std::string& text) {
    log::Level level = log::Level::kInfo;
    if (!log::parse_level(text, &level)) return Json::array();
    std::lock_guard lock(mutex_);
    Json changed = Json::array();
    if (name != "root") entries_.try_emplace(name);
    std::vector<std::string> names;
    for (const auto& [each, entry] : entries_) {
      if ((name == "root" || under(each, name)) && level_of(each, entry) != text) names.push_back(each);
    }
    for (const std::string& each : names) {
      entries_[each] = {text, wall_clock_ms()};
      for (const JavaName& java : kJavaNames) {
        if (each == java.java || each == java.ours) log::set_logger_level(java.ours, level);
      }
      changed.push_back(each);
    }
    if (name == "root" && root_level() != text) {
      log::set_level(level);
      root_ = {text, wall_clock_ms()};
      changed.push_back("root");
    }
    return changed;
  }

 private:
  struct Entry {
    std::optional<std::string> own;  // "FATAL" and "ALL" are shown as they were set
    int64_t changed_ms = 0;
  };

  std::string root_level() const { return root_.own.value_or(std::string(log::to_string(log::root_level()))); }

  // Its own, or that of the nearest logger above it.
  std::string level_of(const std::string& name, const Entry& entry) const {
    if (entry.own) return *entry.own;
    std::string above = name;
    while (above.rfind('.') != above.npos) {
      above.resize(above.rfind('.'));
      if (auto it = entries_.find(above); it != entries_.end() && it->second.own) return *it->second.own;
    }
    return root_level();
  }

  Json shown(const std::string& name, const Entry& entry) const {
    Json out;
    out["level"] = name == "root" ? root_level() : level_of(name, entry);
    out["last_modified"] = entry.changed_ms ? Json(entry.changed_ms) : Json(nullptr);
    return out;
  }

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  Entry root_;
};

Loggers& loggers() {
  static Loggers all;
  return all;
}

HttpResponse set_level(const ConnectContext* context, const HttpRequest& request, const std::string& name) {
  auto body = parse_texts(request);
  if (!body.ok()) return error_response(body.status());
  if (body->is_null()) return error_response(no_body(request));
  auto fields = string_map(*body);
  if (!fields.ok()) return error_response(fields.status());
  auto it = fields->find("level");
  if (it == fields->end() || !it->second) return error_response(400, "Desired 'level' parameter was not specified in request.");
  if (it->second->empty()) return error_response(500, "Illegal null or empty Level name.");
  const std::string text = ascii_upper(config::trim(*it->second));
  log::Level level;
  if (!log::parse_level(text, &level)) return error_response(404, fmt::format("invalid log level '{}'.", *it->second));
  auto scope = request.query.find("scope");
  const std::string wanted = scope == request.query.end() ? "worker" : ascii_lower(scope->second);
  if (wanted == "cluster" && context->herder->distributed()) {
    Status told = context->herder->set_cluster_logger(name, text);
    return told.ok() ? no_content(204) : error_response(told);
  }
  Json changed = loggers().set(name, text);
  return wanted == "cluster" ? no_content(204) : json_response(200, changed);
}

}  // namespace

void add_logger_routes(HttpRouter* router, const ConnectContext* context) {
  context->herder->on_logger_level([](const std::string& name, const std::string& text) {
    loggers().set(name, text);
  });
  router->add("GET", "/admin/loggers", [](const HttpRequest&, const Params&) { return json_response(200, loggers().all()); });
  router->add("GET", "/admin/loggers/{}", [](const HttpRequest&, const Params& p) {
    auto found = loggers().one(p[0]);
    return found ? json_response(200, *found) : error_response(404, fmt::format("Logger {} not found.", p[0]));
  }, {.takes_json = true});
  router->add("PUT", "/admin/loggers/{}", [context](const HttpRequest& r, const Params& p) { return set_level(context, r, p[0]); }, {.takes_json = true, .reads_body = true});
}

}  // namespace bywash::rest
