// bywash compact: small objects of a bucket or folder into few large ones, by hand. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "connectors/s3/compaction.h"
#include "processing/input_files.h"
#include "storage/local_store.h"
#include "storage/object_key.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

struct CompactArguments {
  std::string url;
  int64_t min_age_ms = 3'600'000;
  connectors::s3::CompactionOptions options;
};

// The store of s3://bucket[/prefix] or file:///folder; the prefix goes into the options.
Result<std::unique_ptr<storage::ObjectStore>> store_of(CompactArguments* arguments) {
  std::string url = arguments->url;
  if (url.starts_with("file:")) {
    ASSIGN_OR_RETURN(std::string folder, storage::folder_of_file_url(url));
    return std::unique_ptr<storage::ObjectStore>(std::make_unique<storage::LocalStore>(std::move(folder)));
  }
  if (!url.starts_with("s3://") && !url.starts_with("s3a://")) return Status::invalid(fmt::format("'{}' is neither s3://bucket/prefix nor file:///folder", url));
  url = url.substr(url.find("://") + 3);
  size_t slash = std::min(url.find('/'), url.size());
  std::string bucket = url.substr(0, slash), prefix = slash < url.size() ? url.substr(slash + 1) : "";
  if (bucket.empty()) return Status::invalid(fmt::format("'{}' names no bucket", arguments->url));
  if (!prefix.empty() && !prefix.ends_with("/")) prefix += '/';
  arguments->options.prefix = prefix;
  return processing::open_bucket(bucket);
}

int run_compact(CompactArguments* arguments) {
  auto store = store_of(arguments);
  if (!store.ok()) return fail(store.status().message(), store.status().code() == Code::kInvalid ? 2 : 1);
  arguments->options.min_age = Millis(arguments->min_age_ms);
  arguments->options.progress = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  if (Status status = (*store)->check(); !status.ok()) return fail(status.message());
  auto counts = connectors::s3::compact(**store, arguments->options);
  if (!counts.ok()) return fail(counts.status().message() + ". What was begun is finished by the next run");
  std::fprintf(stderr, "%lld objects %s %lld (%lld bytes, %lld before)\n", static_cast<long long>(counts->originals),
               arguments->options.dry_run ? "would become" : "became", static_cast<long long>(counts->merged), static_cast<long long>(counts->bytes_after),
               static_cast<long long>(counts->bytes_before));
  return 0;
}

}  // namespace

void add_compact(CLI::App& app, Run* run) {
  auto arguments = std::make_shared<CompactArguments>();
  CLI::App* verb = app.add_subcommand("compact", "Small objects that the S3 sink has written become few large ones");
  verb->add_option("url", arguments->url, "s3://bucket/prefix (AWS_* variables as for the sink), or file:///folder, the folder of store.url")->required();
  verb->add_option("--target-bytes", arguments->options.target_bytes, "Size that merged objects have at most, about (134217728)")->check(CLI::PositiveNumber);
  verb->add_option("--min-age-ms", arguments->min_age_ms, "Paths whose last change is younger than this are left alone (3600000)")->check(CLI::NonNegativeNumber);
  verb->add_option("--directory-delim", arguments->options.directory_delim, "directory.delim of the sink (/)");
  verb->add_option("--file-delim", arguments->options.file_delim, "file.delim of the sink (+)");
  verb->add_flag("--dry-run", arguments->options.dry_run, "Shows what would be merged, changes nothing");
  verb->callback([arguments, run] { *run = [arguments] { return run_compact(arguments.get()); }; });
}

}  // namespace bywash::verbs
