// Compaction: small objects of a path that gets no more of them become few large ones. For readers that list the bucket the step from
// the old ones to the new one is two requests: the merged object, which lies ready and verified under a hidden name, appears by a copy
// at the store, then the old ones go together. Between the two a listing shows both; a listing never lacks a row. A crash in between is
// finished by the next run, from a record of what was to be done. Level 6, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

// Times that a merge has its bytes in memory: the originals, the merged object, what is read back of it, and decoded on both sides.
constexpr int64_t kMergeCopies = 6;

struct CompactionOptions {
  std::string prefix;                            // of the objects' keys
  std::string directory_delim = "/", file_delim = "+";
  int64_t target_bytes = int64_t{128} << 20;     // of one view of a merged object, about
  Millis min_age{3'600'000};                     // since the last change of any object of the path
  bool dry_run = false;
  bool yields = false;                           // a merge that the process's memory budget has no room for is left to a later run
  std::function<bool(const TopicPartition&)> wanted;           // empty: all
  std::function<bool()> stopped;                               // empty: never; looked at between merges
  std::function<void(const std::string&)> progress;            // one line for each merge; may be empty
};

struct CompactionCounts {
  int64_t merged = 0;     // objects that came
  int64_t originals = 0;  // objects that went
  int64_t bytes_before = 0, bytes_after = 0;
};

// First finishes what an earlier run left, then merges. Objects that cannot be read are left alone with a warning. Errors: those of the store.
Result<CompactionCounts> compact(storage::ObjectStore& store, const CompactionOptions& options);

}  // namespace bywash::connectors::s3
