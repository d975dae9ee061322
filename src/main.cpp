// The program: reads flags, picks a verb, runs it. The verbs are in verbs/, the plugins in builtin_plugins.cpp.
#include <CLI/CLI.hpp>
#include <arrow/compute/initialize.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "builtin_plugins.h"
#include "runtime/task_thread.h"
#include "verbs/verbs.h"
#include "version.h"

// As the JVM does: sockets and files of many tasks are more than the usual soft limit allows.
static void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char** argv) {
  raise_file_limit();
  CLI::App app("Bywash: Kafka topics to databases, object storage and live SQL, with Kafka Connect's and Apache Pinot's own configurations");
  app.set_version_flag("--version", std::string("bywash ") + bywash::kVersion);
  app.require_subcommand(1);
  bywash::verbs::Run run;
  bywash::verbs::add_standalone(app, &run);
  bywash::verbs::add_distributed(app, &run);
  bywash::verbs::add_connect(app, &run);
  bywash::verbs::add_serve(app, &run);
  bywash::verbs::add_analytics(app, &run);
  bywash::verbs::add_process(app, &run);
  bywash::verbs::add_try(app, &run);
  bywash::verbs::add_dlq(app, &run);
  bywash::verbs::add_compact(app, &run);
  bywash::verbs::add_docs(app, &run);
  bywash::verbs::add_completion(app, &run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error);
    // connect-standalone and connect-distributed end with 1 after their usage.
    const bool usage = dynamic_cast<const CLI::CallForHelp*>(&error) && (app.got_subcommand("standalone") || app.got_subcommand("distributed"));
    return usage ? 1 : code == 0 ? 0 : 2;
  }
  if (auto status = arrow::compute::Initialize(); !status.ok()) return bywash::verbs::fail(status.message());
  bywash::register_builtin_plugins(bywash::plugin::Registry::process());
  const int code = run();
  if (bywash::runtime::TaskThread::hanging_threads() == 0) return code;
  // Threads that hang in a connector may wake up while the process takes itself apart.
  std::fflush(nullptr);
  std::_Exit(code);
}
