// Structured logs: text or one JSON object a line, with the connector and task of the calling thread on every line.
// Level = what the operator must do: ERROR act now, WARN something unexpected but nothing lost, INFO life cycle. Nothing per record.
// Level 0, every thread.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace bywash::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kOff };
enum class Format { kText, kJson };

// Sets format and lowest level for the process. Lines go to standard error.
void configure(Format format, Level level);
void set_level(Level level);
// The lowest level that any logger writes at: what is below need not be formatted.
Level level();
// The level of loggers without one of their own.
Level root_level();
// Gives one logger (the name that lines carry: "runtime") a level of its own.
void set_logger_level(const std::string& logger, Level level);
// What the logger writes at.
Level logger_level(std::string_view logger);
bool parse_level(std::string_view text, Level* out);
std::string_view to_string(Level level);  // "INFO"

// Names the connector and task that the calling thread works for, for as long as it lives.
class Scope {
 public:
  Scope(std::string connector, std::string task);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::string connector_;
  std::string task_;
};

void write(Level level, std::string_view logger, std::string_view message);

template <class... Args>
void info(std::string_view logger, fmt::format_string<Args...> f, Args&&... args) {
  if (level() <= Level::kInfo) write(Level::kInfo, logger, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view logger, fmt::format_string<Args...> f, Args&&... args) {
  if (level() <= Level::kWarn) write(Level::kWarn, logger, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view logger, fmt::format_string<Args...> f, Args&&... args) {
  if (level() <= Level::kError) write(Level::kError, logger, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void debug(std::string_view logger, fmt::format_string<Args...> f, Args&&... args) {
  if (level() <= Level::kDebug) write(Level::kDebug, logger, fmt::format(f, std::forward<Args>(args)...));
}

}  // namespace bywash::log
