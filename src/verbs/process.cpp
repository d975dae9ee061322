// bywash process: SQL over delivered files, rows into a topic. Above all layers, the main thread.
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "processing/process_job.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

// A bar on a terminal, nothing elsewhere; drawn ten times a second at most.
class ProgressBar {
 public:
  ProgressBar() : on_terminal_(::isatty(STDERR_FILENO)) {}
  void show(const std::string& phase, int64_t done, int64_t total) {
    if (!on_terminal_) return;
    SteadyTime now = steady_now();
    if (now < next_ && done != total) return;
    next_ = now + Millis(100);
    if (total > 0) {
      constexpr int kWidth = 30;
      int filled = static_cast<int>(done * kWidth / total);
      std::string bar = std::string(static_cast<size_t>(filled), '#') + std::string(static_cast<size_t>(kWidth - filled), '.');
      std::fprintf(stderr, "\r%-9s [%s] %lld/%lld ", phase.c_str(), bar.c_str(), static_cast<long long>(done), static_cast<long long>(total));
    } else {
      std::fprintf(stderr, "\r%-9s %lld rows \033[K", phase.c_str(), static_cast<long long>(done));
    }
    shown_ = true;
  }
  void end() {
    if (shown_) std::fputc('\n', stderr);
  }

 private:
  bool on_terminal_;
  bool shown_ = false;
  SteadyTime next_{};
};

int run_job(const processing::ProcessOptions& options) {
  ProgressBar bar;
  auto result = processing::run_process(options, [&](const std::string& phase, int64_t done, int64_t total) { bar.show(phase, done, total); });
  bar.end();
  if (!result.ok()) return fail(result.status().message());
  std::fprintf(stderr, "%lld rows from %zu files written to %s\n", static_cast<long long>(result->rows), result->files,
               options.to_topic.empty() ? "standard output" : fmt::format("topic '{}'", options.to_topic).c_str());
  return 0;
}

}  // namespace

void add_process(CLI::App& app, Run* run) {
  auto options = std::make_shared<processing::ProcessOptions>();
  auto bootstrap = std::make_shared<std::string>("localhost:9092");
  auto producer = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = app.add_subcommand("process", "SQL over delivered files, each row as JSON into a topic");
  verb->add_option("--from", options->from, "Files to read: s3://bucket/glob, file:///glob or a path (Parquet, JSON lines, CSV)")->required();
  verb->add_option("--sql", options->sql, "Query over the table 'input' (also 'df', 'records')")->default_str("SELECT * FROM input");
  options->sql = "SELECT * FROM input";
  verb->add_option("--to-topic", options->to_topic, "Topic to write to; without it rows go to standard output");
  verb->add_option("--bootstrap-servers", *bootstrap, "Kafka brokers (localhost:9092)");
  verb->add_option("--producer", *producer, "More producer settings: key=value, as the Java producer spells them");
  verb->add_flag("--partition-columns", options->partition_columns, "Add the columns of paths like year=2026/month=11 (Spark adds them only with basePath)");
  verb->add_option("--spool-dir", options->spool_dir, "Folder for fetched objects and spilled results");
  verb->callback([=] {
    options->producer["bootstrap.servers"] = *bootstrap;
    for (const std::string& setting : *producer) {
      size_t equals = setting.find('=');
      if (equals == setting.npos) throw CLI::ValidationError("--producer", "expected key=value, got '" + setting + "'");
      options->producer[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    *run = [options] { return run_job(*options); };
  });
}

}  // namespace bywash::verbs
