// The record of a merge that is ready to be shown: which hidden object becomes visible under which name, and what goes for it. It is the
// path's lock, too: one merge at a time. Compaction. Level 6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

inline constexpr std::string_view kCompactionFolder = "_bywash/compaction/";

struct MergedObject {
  std::string staged;  // verified, under a name that readers pass over
  std::string key;     // what it becomes
  int64_t size = 0;
  std::vector<std::string> originals;
  friend bool operator==(const MergedObject&, const MergedObject&) = default;
};

struct CompactionRecord {
  std::string id;  // of path and topic partition
  std::vector<MergedObject> objects;
};

std::string print_record(const CompactionRecord& record);
// kFatal naming what is wrong with it.
Result<CompactionRecord> parse_record(const std::string& id, std::string_view text);

// kConflict: there is one of this id already.
Status write_record(storage::ObjectStore& store, const CompactionRecord& record);
// Shows the merged objects, removes the originals, then what was staged and the record. May be done again after a crash at any point,
// and by two at a time.
Status finish_record(storage::ObjectStore& store, const CompactionRecord& record);
// All records that are there, and staged objects without one that are older than `age`.
Status finish_recorded(storage::ObjectStore& store, Millis age);

}  // namespace bywash::connectors::s3
