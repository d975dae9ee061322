// bywash analytics hand-over: a table goes to a Pinot cluster: schema and configs to its controller, history as Parquet with the job that
// loads it, the tail from Kafka. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "analytics/table/hand_over.h"
#include "net/http_client.h"
#include "processing/input_files.h"
#include "storage/local_store.h"
#include "verbs/controller_words.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

struct HandOverArguments {
  std::string controller, data_dir, table, history;
  bool dry_run = false;
};

// The folder or bucket that the history goes to: a store, a prefix of keys in it, and its URI.
struct HistoryPlace {
  std::unique_ptr<storage::ObjectStore> store;
  std::string prefix, uri;
};

Result<HistoryPlace> open_place(const std::string& url) {
  ASSIGN_OR_RETURN(processing::InputUrl parsed, processing::parse_input_url(url));
  HistoryPlace out;
  std::string path = parsed.pattern;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (parsed.scheme == "s3") {
    out.prefix = path.empty() ? "" : path + "/";
    out.uri = fmt::format("s3://{}/{}", parsed.bucket, out.prefix);
    ASSIGN_OR_RETURN(out.store, processing::open_bucket(parsed.bucket));
  } else {
    out.uri = "file://" + path + "/";
    out.store = std::make_unique<storage::LocalStore>(path);
  }
  RETURN_IF_ERROR(out.store->check());
  return out;
}

// Writes every part that has rows, as <prefix>input/<segment>.parquet.
Status write_history(const analytics::HandOver& plan, HistoryPlace& place, size_t* files) {
  for (const analytics::HistoryPart& part : plan.history) {
    ASSIGN_OR_RETURN(const std::string bytes, analytics::history_file(plan, part));
    if (bytes.empty()) continue;
    RETURN_IF_ERROR(place.store->put(place.prefix + "input/" + part.name + ".parquet", bytes, {}));
    std::fprintf(stderr, "%s.parquet: %zu bytes\n", part.name.c_str(), bytes.size());
    ++*files;
  }
  return {};
}

class TargetController {
 public:
  explicit TargetController(const std::string& url) : url_(url) {}

  // A document to a resource of it; one that is there already is an error.
  Status post(const std::string& resource, const std::string& document, const std::string& what) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = url_ + resource;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = document;
    ASSIGN_OR_RETURN(net::HttpResponse answer, client_.send(request));
    if (answer.status / 100 == 2) {
      std::fprintf(stderr, "%s: %s\n", what.c_str(), controller_words(answer.status, answer.body).c_str());
      return {};
    }
    if (answer.status == 409) return Status::conflict(fmt::format("{} is at {} already: {}. Delete it there first, or hand over by hand", what, url_, controller_words(answer.status, answer.body)));
    return Status::invalid(fmt::format("{} refuses {}: {}", url_, what, controller_words(answer.status, answer.body)));
  }

 private:
  std::string url_;
  net::HttpClient client_;
};

Status hand_over(const HandOverArguments& arguments) {
  ASSIGN_OR_RETURN(const analytics::HandOver plan, analytics::plan_hand_over(arguments.data_dir, arguments.table));
  for (const std::string& note : plan.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  if (!plan.history.empty() && arguments.history.empty()) {
    return Status::invalid(fmt::format("Table '{}' has {} segments of history: --history names the folder or bucket for them", arguments.table, plan.history.size()));
  }
  if (arguments.dry_run) {
    std::printf("%s\n", plan.schema.c_str());
    for (const auto& document : {plan.offline, plan.realtime}) {
      if (document) std::printf("%s\n", document->c_str());
    }
    for (const analytics::HistoryPart& part : plan.history) std::printf("%s.parquet (at most %lld rows)\n", part.name.c_str(), static_cast<long long>(part.rows));
    return {};
  }
  size_t files = 0;
  HistoryPlace place;
  if (!plan.history.empty()) {
    ASSIGN_OR_RETURN(place, open_place(arguments.history));
    RETURN_IF_ERROR(write_history(plan, place, &files));
    const char* region = std::getenv("AWS_REGION");
    const std::string spec = analytics::batch_job_spec(plan, {arguments.controller, place.uri + "input/", place.uri + "segments/", region && *region ? region : "us-east-1"});
    RETURN_IF_ERROR(place.store->put(place.prefix + "job-spec.yaml", spec, {}));
  }
  TargetController controller(arguments.controller);
  RETURN_IF_ERROR(controller.post("/schemas", plan.schema, fmt::format("Schema {}", plan.table)));
  if (plan.offline) RETURN_IF_ERROR(controller.post("/tables", *plan.offline, fmt::format("Table {}_OFFLINE", plan.table)));
  if (plan.realtime) RETURN_IF_ERROR(controller.post("/tables", *plan.realtime, fmt::format("Table {}_REALTIME", plan.table)));
  if (files > 0) {
    std::printf("%zu files of history in %sinput/; load them by: pinot-admin.sh LaunchDataIngestionJob -jobSpecFile %sjob-spec.yaml\n", files, place.uri.c_str(), place.uri.c_str());
  }
  return {};
}

}  // namespace

void add_analytics_hand_over(CLI::App& analytics, Run* run) {
  auto arguments = std::make_shared<HandOverArguments>();
  CLI::App* verb = analytics.add_subcommand("hand-over", "A table to a Pinot cluster: schema, configs, history as Parquet, the tail from Kafka");
  verb->add_option("--controller", arguments->controller, "The cluster's controller: http://host:9000")->required();
  verb->add_option("--data-dir", arguments->data_dir, "The folder that has the table; it is only read and may be in use")->required();
  verb->add_option("--table", arguments->table, "The table, without type")->required();
  verb->add_option("--history", arguments->history, "Where the history goes: s3://bucket/prefix, file:///folder or a path");
  verb->add_flag("--dry-run", arguments->dry_run, "Shows the documents and files, writes and sends nothing");
  verb->callback([arguments, run] {
    while (arguments->controller.ends_with('/')) arguments->controller.pop_back();
    *run = [arguments] {
      Status status = hand_over(*arguments);
      return status.ok() ? 0 : fail(status.message());
    };
  });
}

}  // namespace bywash::verbs
