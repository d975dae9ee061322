// Plan, merge, stage, verify, record, show, remove. Level 6, one thread.
#include "connectors/s3/compaction.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/log.h"
#include "base/memory_budget.h"
#include "connectors/s3/compaction_merge.h"
#include "connectors/s3/compaction_record.h"
#include "connectors/s3/source_objects.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kCompactLogger = "s3.compact";

// The objects of the same rows, by view.
struct RowSet {
  ObjectName name;
  std::map<std::string, std::pair<storage::ObjectEntry, std::string>> views;  // view → object, extension
  int64_t bytes() const {
    int64_t most = 0;
    for (const auto& [view, object] : views) most = std::max(most, object.first.size);
    return most;
  }
  bool is_like(const RowSet& other) const {
    return std::equal(views.begin(), views.end(), other.views.begin(), other.views.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first && a.second.second == b.second.second; });
  }
};

// Row sets of one path and topic partition, by their first offsets.
struct Series {
  std::string folder;  // with its last delimiter
  TopicPartition origin;
  std::map<int64_t, RowSet> sets;
  int64_t last_modified_ms = 0;
};

using Run = std::vector<const RowSet*>;

Result<std::map<std::string, Series>> list_series(storage::ObjectStore& store, const CompactionOptions& options) {
  std::map<std::string, Series> out;
  storage::ListRequest request;
  request.prefix = options.prefix;
  while (true) {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    for (const storage::ObjectEntry& object : page.objects) {
      if (object.key.starts_with("_bywash/")) continue;
      size_t slash = object.key.rfind(options.directory_delim);
      std::string folder = slash == std::string::npos ? "" : object.key.substr(0, slash + options.directory_delim.size());
      auto name = parse_object_name(std::string_view(object.key).substr(folder.size()), options.file_delim);
      if (!name || !format_by_extension(name->extension)) continue;
      Series& series = out[fmt::format("{}{}{}{}", folder, name->topic, options.file_delim, name->partition)];
      series.folder = folder;
      series.origin = {name->topic, Partition(name->partition)};
      series.last_modified_ms = std::max(series.last_modified_ms, object.last_modified_ms);
      RowSet& set = series.sets[name->start_offset];
      set.name = *name;
      set.views[name->view] = {object, name->extension};
    }
    if (page.next.empty()) return out;
    request.continuation = page.next;
  }
}

// Neighbours that are small and alike, up to the target size. A large or another one ends a run, so that no row set that stays lies
// between those that go.
std::vector<Run> plan(const Series& series, int64_t target_bytes) {
  std::vector<Run> out;
  Run run;
  int64_t bytes = 0;
  auto end_run = [&] {
    if (run.size() > 1) out.push_back(run);
    run.clear();
    bytes = 0;
  };
  for (const auto& [offset, set] : series.sets) {
    bool is_small = set.bytes() < target_bytes / 2;
    if (!is_small || (!run.empty() && (!set.is_like(*run.front()) || bytes + set.bytes() > target_bytes))) end_run();
    if (!is_small) continue;
    run.push_back(&set);
    bytes += set.bytes();
  }
  end_run();
  return out;
}

class Compaction {
 public:
  Compaction(storage::ObjectStore& store, const CompactionOptions& options) : store_(store), options_(options) {}

  Result<CompactionCounts> run() {
    if (!options_.dry_run) RETURN_IF_ERROR(finish_recorded(store_, options_.min_age));
    ASSIGN_OR_RETURN(auto all, list_series(store_, options_));
    for (const auto& [name, series] : all) {
      if (options_.wanted && !options_.wanted(series.origin)) continue;
      if (wall_clock_ms() - series.last_modified_ms < options_.min_age.count()) continue;
      for (const Run& planned : plan(series, options_.target_bytes)) {
        if (options_.stopped && options_.stopped()) return counts_;
        RETURN_IF_ERROR(merge(series, planned));
      }
    }
    return counts_;
  }

 private:
  // What one view of a run has become.
  struct View {
    std::vector<std::string> bytes, layouts;
  };

  Status merge(const Series& series, const Run& planned) {
    if (options_.dry_run) {
      count(series, planned, {});
      return {};
    }
    int64_t wanted = 0;
    for (const RowSet* set : planned) wanted += kMergeCopies * set->bytes();
    MemoryBudget& budget = MemoryBudget::process();
    if (options_.yields && budget.used() + wanted > budget.limit()) return {};
    const Reservation held(budget, wanted);
    std::map<std::string, View> views;
    for (const RowSet* set : planned) {
      for (const auto& [view, object] : set->views) {
        auto bytes = store_.get(object.first.key);
        if (bytes.status().code() == Code::kNotFound) return {};  // another run was faster
        if (!bytes.ok()) return bytes.status();
        auto layout = layout_of(*format_by_extension(object.second), *bytes);
        if (!layout.ok()) return pass_over(object.first.key, layout.status());
        views[view].layouts.push_back(*std::move(layout));
        views[view].bytes.push_back(*std::move(bytes));
      }
    }
    // A schema that changes ends a merged object, in all views.
    for (size_t first = 0; first < planned.size();) {
      size_t end = first + 1;
      auto alike = [&](size_t i) {
        return std::all_of(views.begin(), views.end(), [&](const auto& v) { return v.second.layouts[i] == v.second.layouts[first]; });
      };
      while (end < planned.size() && alike(end)) ++end;
      if (end - first > 1) RETURN_IF_ERROR(merge_alike(series, {planned.begin() + static_cast<long>(first), planned.begin() + static_cast<long>(end)}, &views, first));
      first = end;
    }
    return {};
  }

  Status merge_alike(const Series& series, const Run& run, std::map<std::string, View>* views, size_t first) {
    CompactionRecord record;
    record.id = fmt::format("{:016x}", name_hash(fmt::format("{}{}-{}", series.folder, series.origin.topic, series.origin.partition.value)));
    const std::string own = fmt::format("{}-{}", ::getpid(), wall_clock_ms());
    std::vector<int64_t> sizes;
    for (const auto& [view, object] : run.front()->views) {
      std::vector<std::string> bytes;
      for (size_t i = 0; i < run.size(); ++i) bytes.push_back(std::move((*views)[view].bytes[first + i]));
      auto whole = merged(*format_by_extension(object.second), object.second, bytes);
      if (whole.status().code() == Code::kData) return pass_over(object.first.key, whole.status());
      if (!whole.ok()) return whole.status();
      MergedObject made;
      made.staged = fmt::format("{}{}-{}{}.staged", kCompactionFolder, record.id, own, view);
      made.key = series.folder + merged_name(run, series.origin, view) + object.second;
      made.size = static_cast<int64_t>(whole->size());
      storage::ObjectAttributes attributes;
      attributes.content_type = "binary/octet-stream";
      RETURN_IF_ERROR(store_.put(made.staged, *whole, attributes));
      ASSIGN_OR_RETURN(std::string read_back, store_.get(made.staged));
      if (read_back != *whole) return Status::fatal(fmt::format("'{}/{}' is not what was written there; nothing was changed", store_.name(), made.staged));
      for (const RowSet* set : run) made.originals.push_back(set->views.at(view).first.key);
      sizes.push_back(made.size);
      record.objects.push_back(std::move(made));
    }
    Status recorded = write_record(store_, record);
    if (recorded.code() == Code::kConflict) {
      // Another run is at this path.
      for (const MergedObject& made : record.objects) RETURN_IF_ERROR(store_.remove(made.staged));
      return {};
    }
    RETURN_IF_ERROR(recorded);
    RETURN_IF_ERROR(finish_record(store_, record));
    count(series, run, sizes);
    return {};
  }

  // The first offset of the first and of the last that went into it.
  std::string merged_name(const Run& run, const TopicPartition& origin, std::string_view view) const {
    std::string_view last = run.back()->name.offsets, first = run.front()->name.offsets;
    first = first.substr(0, first.find('-'));
    if (size_t dash = last.find('-'); dash != last.npos) last.remove_prefix(dash + 1);
    return fmt::format("{}{}{}{}{}-{}{}", origin.topic, options_.file_delim, origin.partition.value, options_.file_delim, first, last, view);
  }

  void count(const Series& series, const Run& run, const std::vector<int64_t>& sizes) {
    int64_t before = 0, after = 0;
    for (const RowSet* set : run) {
      for (const auto& [view, object] : set->views) before += object.first.size;
    }
    for (int64_t size : sizes) after += size;
    counts_.merged += static_cast<int64_t>(run.front()->views.size());
    counts_.originals += static_cast<int64_t>(run.size() * run.front()->views.size());
    counts_.bytes_before += before;
    counts_.bytes_after += options_.dry_run ? before : after;
    if (options_.progress) {
      options_.progress(fmt::format("{}{}{}", series.folder, merged_name(run, series.origin, ""), fmt::format(": {} objects, {} bytes", run.size(), before)));
    }
  }

  Status pass_over(const std::string& key, const Status& why) {
    log::warn(kCompactLogger, "'{}/{}' and its neighbours are left as they are: {}", store_.name(), key, why.message());
    return {};
  }

  storage::ObjectStore& store_;
  const CompactionOptions& options_;
  CompactionCounts counts_;
};

}  // namespace

Result<CompactionCounts> compact(storage::ObjectStore& store, const CompactionOptions& options) { return Compaction(store, options).run(); }

}  // namespace bywash::connectors::s3
