// The verbs of the command line, one file each. A verb declares its options and answers the exit code when it was asked for:
// 0 done, 1 failed, 2 wrong usage. Above all layers.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bywash::verbs {

// What to run after the command line is parsed; set by the verb that was asked for.
using Run = std::function<int()>;

void add_standalone(CLI::App& app, Run* run);
void add_connect(CLI::App& app, Run* run);
void add_distributed(CLI::App& app, Run* run);
void add_serve(CLI::App& app, Run* run);
void add_analytics(CLI::App& app, Run* run);
void add_analytics_import(CLI::App& analytics, Run* run);
void add_analytics_hand_over(CLI::App& analytics, Run* run);
void add_process(CLI::App& app, Run* run);
void add_try(CLI::App& app, Run* run);
void add_dlq(CLI::App& app, Run* run);
void add_compact(CLI::App& app, Run* run);
void add_docs(CLI::App& app, Run* run);
// Declare it last: it completes all verbs that `app` has when it runs.
void add_completion(CLI::App& app, Run* run);

// Blocks SIGINT, SIGTERM and SIGHUP in every thread made from now on; call before the first thread.
void block_stop_signals();
// Waits for one of them and answers its number.
int wait_for_stop_signal();

// Logging options that every long-running verb has: --log-format text|json, --log-level.
void add_log_options(CLI::App& verb);

// Prints "bywash: <message>" on standard error, answers the exit code.
int fail(const std::string& message, int exit_code = 1);

}  // namespace bywash::verbs
