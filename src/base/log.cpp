// The log writer: one line at a time to standard error, written whole. Level 0, every thread.
#include "base/log.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <vector>

#include "base/log_owner.h"

namespace bywash::log {
namespace {

std::atomic<Level> g_root{Level::kInfo};
std::atomic<Level> g_lowest{Level::kInfo};  // of root and all single loggers
std::atomic<bool> g_has_own{false};
std::mutex g_level_mutex;
std::map<std::string, Level, std::less<>> g_own;  // under g_level_mutex
std::atomic<Format> g_format{Format::kText};
std::mutex g_write_mutex;

// Of the thread's Scopes, the innermost last.
struct Naming {
  const std::string* connector;
  const std::string* task;
};
thread_local std::vector<Naming> t_scopes;

const char* name_of(Level level) {
  static constexpr const char* kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF"};
  return kNames[static_cast<int>(level)];
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<int>(c));
        else out += c;
    }
  }
  out += '"';
}

std::string timestamp() {
  auto now = std::chrono::system_clock::now();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

// Under g_level_mutex.
void update_lowest() {
  Level lowest = g_root;
  for (const auto& [name, level] : g_own) lowest = std::min(lowest, level);
  g_lowest = lowest;
}

std::string json_line(Level level, std::string_view logger, std::string_view message) {
  std::string out = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"logger\":", timestamp(), name_of(level));
  append_json_string(out, logger);
  if (!t_scopes.empty()) {
    out += ",\"connector\":";
    append_json_string(out, *t_scopes.back().connector);
    if (!t_scopes.back().task->empty()) {
      out += ",\"task\":";
      append_json_string(out, *t_scopes.back().task);
    }
  }
  out += ",\"message\":";
  append_json_string(out, message);
  return out + "}\n";
}

std::string text_line(Level level, std::string_view logger, std::string_view message) {
  std::string where;
  if (!t_scopes.empty()) {
    const Naming& naming = t_scopes.back();
    where = naming.task->empty() ? fmt::format("[{}] ", *naming.connector) : fmt::format("[{}|task-{}] ", *naming.connector, *naming.task);
  }
  std::string out = fmt::format("{} {:<5} {}{}: ", timestamp(), name_of(level), where, logger);
  for (char c : message) out += c == '\n' ? ' ' : c;
  return out + "\n";
}

}  // namespace

void configure(Format format, Level level) {
  g_format = format;
  set_level(level);
}
void set_level(Level level) {
  std::lock_guard lock(g_level_mutex);
  g_root = level;
  update_lowest();
}
Level level() { return g_lowest.load(std::memory_order_relaxed); }
Level root_level() { return g_root.load(std::memory_order_relaxed); }

void set_logger_level(const std::string& logger, Level level) {
  std::lock_guard lock(g_level_mutex);
  g_own[logger] = level;
  g_has_own = true;
  update_lowest();
}

Level logger_level(std::string_view logger) {
  if (!g_has_own.load(std::memory_order_relaxed)) return root_level();
  std::lock_guard lock(g_level_mutex);
  auto it = g_own.find(logger);
  return it == g_own.end() ? g_root.load() : it->second;
}

std::string_view to_string(Level level) { return name_of(level); }

bool parse_level(std::string_view text, Level* out) {
  std::string upper;
  for (char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "FATAL") upper = "ERROR";
  if (upper == "ALL") upper = "TRACE";
  for (Level l : {Level::kTrace, Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kOff}) {
    if (upper == name_of(l)) { *out = l; return true; }
  }
  return false;
}

Scope::Scope(std::string connector, std::string task) : connector_(std::move(connector)), task_(std::move(task)) {
  t_scopes.push_back({&connector_, &task_});
}
Scope::~Scope() { t_scopes.pop_back(); }

Owner current_owner() { return t_scopes.empty() ? Owner() : Owner{*t_scopes.back().connector, *t_scopes.back().task}; }

void write(Level level, std::string_view logger, std::string_view message) {
  if (level < logger_level(logger)) return;
  std::string line = g_format == Format::kJson ? json_line(level, logger, message) : text_line(level, logger, message);
  std::lock_guard lock(g_write_mutex);
  size_t done = 0;
  while (done < line.size()) {
    ssize_t n = ::write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (n <= 0) return;
    done += static_cast<size_t>(n);
  }
}

}  // namespace bywash::log
