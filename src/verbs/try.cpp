// bywash try: sample records through a connector's converters, predicates and transforms, without broker or destination. Above all
// layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/properties.h"
#include "plugin/registry.h"
#include "runtime/connector_config.h"
#include "runtime/dry_run/outcome_text.h"
#include "runtime/dry_run/sample_json.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

struct TryOptions {
  std::string connector_file, records_file, worker_file, cases_file;
  bool json = false;
};

// "-" is standard input.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : path_(path) {
    if (path != "-") file_.open(path, std::ios::binary);
  }
  bool is_open() const { return path_ == "-" || file_.is_open(); }
  // The next line that is not blank; its number from 1.
  bool next(std::string* line, int64_t* number) {
    std::istream& in = path_ == "-" ? std::cin : file_;
    while (std::getline(in, *line)) {
      ++count_;
      if (!line->empty() && line->back() == '\r') line->pop_back();
      if (line->find_first_not_of(" \t") == line->npos) continue;
      *number = count_;
      return true;
    }
    return false;
  }

 private:
  std::string path_;
  std::ifstream file_;
  int64_t count_ = 0;
};

struct TryCounts {
  int64_t delivered = 0, dropped = 0, failed = 0;
  void add(const runtime::DryRunOutcome& outcome) {
    ++(outcome.error ? failed : outcome.record || outcome.produced ? delivered : dropped);
  }
};

void print(const TryOptions& options, const std::string& id, const runtime::DryRunOutcome& outcome) {
  std::string text = options.json ? canonical::to_text(runtime::to_json(id, outcome)) + "\n" : runtime::to_text(id, outcome);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int finish(const TryOptions& options, const TryCounts& counts) {
  if (std::fflush(stdout) != 0) return fail("Standard output cannot be written");
  if (!options.json) {
    std::fprintf(stderr, "%lld records: %lld delivered, %lld dropped, %lld failed\n", static_cast<long long>(counts.delivered + counts.dropped + counts.failed),
                 static_cast<long long>(counts.delivered), static_cast<long long>(counts.dropped), static_cast<long long>(counts.failed));
  }
  return 0;
}

int run_cases(const TryOptions& options) {
  LineReader lines(options.cases_file);
  if (!lines.is_open()) return fail(fmt::format("File '{}' cannot be opened. Check the path", options.cases_file), 2);
  TryCounts counts;
  int unreadable = 0;
  std::string line;
  for (int64_t number = 0; lines.next(&line, &number);) {
    auto json = canonical::parse_text(line);
    auto c = json.ok() ? runtime::case_of(*json) : json.status();
    if (!c.ok()) {
      std::fprintf(stderr, "bywash: %s, line %lld: %s\n", options.cases_file.c_str(), static_cast<long long>(number), c.status().message().c_str());
      ++unreadable;
      continue;
    }
    runtime::DryRun run = runtime::DryRun::make(std::move(c->spec), plugin::Registry::process());
    runtime::DryRunOutcome outcome = run.run(c->sample);
    counts.add(outcome);
    print(options, c->id, outcome);
  }
  int code = finish(options, counts);
  return unreadable > 0 ? fail(fmt::format("{} cases could not be read", unreadable)) : code;
}

// The worker's keys that matter here: its converters. Without a file those of Kafka's own example, config/connect-standalone.properties.
Result<config::Properties> worker_properties(const TryOptions& options) {
  if (!options.worker_file.empty()) return config::read_properties_file(options.worker_file);
  return config::Properties{{"key.converter", "org.apache.kafka.connect.json.JsonConverter"},
                            {"value.converter", "org.apache.kafka.connect.json.JsonConverter"}};
}

void note_problems(const config::Properties& connector, const config::Properties& worker) {
  runtime::WorkerConfig config;
  config.all = worker;
  config.key_converter = config::get_or(worker, "key.converter", "");
  config.value_converter = config::get_or(worker, "value.converter", "");
  config.header_converter = config::get_or(worker, "header.converter", "org.apache.kafka.connect.storage.SimpleHeaderConverter");
  auto report = runtime::validate_connector(connector, config, plugin::Registry::process(), runtime::Reach::kLocal);
  if (!report.ok()) return;
  for (const auto& key : report->keys) {
    for (const std::string& error : key.value.errors) std::fprintf(stderr, "note: a worker would refuse this connector: %s\n", error.c_str());
  }
  for (const std::string& warning : report->unknown_key_warnings(connector)) std::fprintf(stderr, "note: %s\n", warning.c_str());
}

int run_connector(const TryOptions& options) {
  auto request = runtime::read_connector_file(options.connector_file);
  if (!request.ok()) return fail(request.status().message(), 2);
  const config::Properties connector = runtime::without_nulls(request->properties);
  auto worker = worker_properties(options);
  if (!worker.ok()) return fail(worker.status().message(), 2);
  for (const char* key : {"key.converter", "value.converter"}) {
    if (!connector.contains(key) && !worker->contains(key)) return fail(fmt::format("Missing required configuration \"{}\" in '{}'", key, options.worker_file), 2);
    if (!connector.contains(key) && options.worker_file.empty()) {
      std::fprintf(stderr, "note: %s is not set; JsonConverter is taken. Name the worker's file with --worker\n", key);
    }
  }
  auto spec = runtime::dry_run_of(connector, *worker, plugin::Registry::process());
  if (!spec.ok()) return fail(fmt::format("{}: {}", options.connector_file, spec.status().message()));
  runtime::SampleDefaults defaults{runtime::sample_topic(connector), spec->is_source, 0};
  runtime::DryRun run = runtime::DryRun::make(*std::move(spec), plugin::Registry::process());
  if (run.refused()) return fail(fmt::format("{}: {}: {}", options.connector_file, run.refused()->component, run.refused()->status.message()));
  note_problems(connector, *worker);

  LineReader lines(options.records_file);
  if (!lines.is_open()) return fail(fmt::format("File '{}' cannot be opened. Check the path", options.records_file), 2);
  TryCounts counts;
  std::string line;
  for (int64_t number = 0; lines.next(&line, &number); ++defaults.offset) {
    auto sample = runtime::sample_of(line, defaults);
    if (!sample.ok()) return fail(fmt::format("{}, line {}: {}", options.records_file, number, sample.status().message()), 2);
    runtime::DryRunOutcome outcome = run.run(sample->record);
    counts.add(outcome);
    print(options, sample->id.empty() ? std::to_string(number) : sample->id, outcome);
  }
  int code = finish(options, counts);
  return counts.failed > 0 ? 1 : code;
}

}  // namespace

void add_try(CLI::App& app, Run* run) {
  auto options = std::make_shared<TryOptions>();
  CLI::App* verb = app.add_subcommand("try", "Sample records through a connector's converters, predicates and transforms, without broker or destination");
  auto* connector = verb->add_option("connector", options->connector_file, "The connector: .json or .properties");
  auto* records = verb->add_option("--records", options->records_file, "Sample records, one JSON a line ('-': standard input)");
  verb->add_option("--worker", options->worker_file, "The worker's properties: converters of a connector that names none");
  auto* cases = verb->add_option("--cases", options->cases_file, "Whole cases instead, one JSON a line: plugins and a record each ('-': standard input)");
  verb->add_flag("--json", options->json, "One answer a line in canonical JSON (docs/try.md)");
  connector->needs(records);
  records->needs(connector);
  cases->excludes(connector);
  verb->callback([=] {
    if (options->connector_file.empty() && options->cases_file.empty()) throw CLI::RequiredError("connector and --records, or --cases");
    *run = [options] { return options->cases_file.empty() ? run_connector(*options) : run_cases(*options); };
  });
}

}  // namespace bywash::verbs
