// Signals, log options and the way a verb fails. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_stop_signals() {
  sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file over its limit is an error of that write
}

int wait_for_stop_signal() {
  sigset_t set = stop_signals();
  int signal = 0;
  sigwait(&set, &signal);
  return signal;
}

void add_log_options(CLI::App& verb) {
  verb.add_option_function<std::string>("--log-format", [](const std::string& v) {
        log::configure(v == "json" ? log::Format::kJson : log::Format::kText, log::level());
      }, "Log lines as text or JSON (text)")
      ->check(CLI::IsMember({"text", "json"}));
  verb.add_option_function<std::string>("--log-level", [](const std::string& v) {
        log::Level parsed = log::Level::kInfo;
        if (log::parse_level(v, &parsed)) log::set_level(parsed);
      }, "Lowest level that is logged: debug, info, warn, error (info)")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
}

int fail(const std::string& message, int exit_code) {
  std::fprintf(stderr, "bywash: %s\n", message.c_str());
  return exit_code;
}

}  // namespace bywash::verbs
