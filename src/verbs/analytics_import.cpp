// bywash analytics import: files of a folder or bucket into an OFFLINE table of a running instance. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "net/http_client.h"
#include "verbs/controller_words.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

struct ImportArguments {
  std::string controller = "http://127.0.0.1:9000";
  std::string table, from, format;
};

constexpr Millis kImportTimeout(24 * 3'600'000);

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') out += static_cast<char>(c);
    else out += fmt::format("%{:02X}", c);
  }
  return out;
}

int run_import(const ImportArguments& arguments) {
  const std::string table = arguments.table.ends_with("_OFFLINE") ? arguments.table : arguments.table + "_OFFLINE";
  // The instance reads the files: a relative path is this folder's.
  const bool is_url = arguments.from.find("://") != std::string::npos || arguments.from.starts_with("file:");
  const std::string from = is_url ? arguments.from : std::filesystem::absolute(arguments.from).string();
  const std::string config = arguments.format.empty() ? "{}" : nlohmann::json{{"inputFormat", arguments.format}}.dump();
  net::HttpClientOptions options;
  options.timeout = kImportTimeout;
  net::HttpClient client(std::move(options));
  net::HttpRequest request;
  request.method = "POST";
  request.url = fmt::format("{}/ingestFromURI?tableNameWithType={}&batchConfigMapStr={}&sourceURIStr={}&partitionColumns=true&onlyNew=true", arguments.controller,
                            percent_encoded(table), percent_encoded(config), percent_encoded(from));
  Result<net::HttpResponse> answer = client.send(request);
  if (!answer.ok()) return fail(answer.status().message());
  if (answer->status != 200) return fail(controller_words(answer->status, answer->body));
  std::printf("%s\n", controller_words(answer->status, answer->body).c_str());
  return 0;
}

}  // namespace

void add_analytics_import(CLI::App& analytics, Run* run) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* verb = analytics.add_subcommand("import", "Files of a folder or bucket into an OFFLINE table; those that it has are skipped");
  verb->add_option("--table", arguments->table, "The table, with or without _OFFLINE")->required();
  verb->add_option("--from", arguments->from, "Files: s3://bucket/glob, file:///glob or a path, as the instance sees them (Parquet, Avro, JSON, CSV)")->required();
  verb->add_option("--controller", arguments->controller, "The instance's controller (http://127.0.0.1:9000)");
  verb->add_option("--format", arguments->format, "json, csv, parquet or avro (by the files' names)");
  verb->callback([arguments, run] {
    while (arguments->controller.ends_with('/')) arguments->controller.pop_back();
    *run = [arguments] { return run_import(*arguments); };
  });
}

}  // namespace bywash::verbs
