// The delivery log: one small object per cut beside the data, under a name that readers of tables pass over ("_bywash/..."). It says
// which objects the cut consists of and which uploads make them. Level 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "storage/object_store.h"

namespace bywash::connectors::s3 {

struct LoggedObject {
  std::string key, upload;
  int64_t size = 0;  // tells the cut's own object from another of the same name
  std::vector<std::string> part_tags;
  friend bool operator==(const LoggedObject&, const LoggedObject&) = default;
};

// Rows of [from, end); what lies between `from` and the first row was filtered or failed.
struct LoggedCut {
  int64_t from = 0, end = 0;
  std::vector<LoggedObject> objects;
  friend bool operator==(const LoggedCut&, const LoggedCut&) = default;
};

// "_bywash/delivery/<connector>/<topic>+<partition>+", percent-encoded.
std::string log_prefix(const std::string& connector, const TopicPartition& origin);
// Keys sort by `from`. The end is not in it: of two tasks that cut from the same offset on, one alone can write its entry.
std::string log_key(const std::string& prefix, int64_t from);
std::string print_cut(const LoggedCut& cut);
// kFatal naming what is wrong with it.
Result<LoggedCut> parse_cut(std::string_view text);

// An entry that is there.
struct KeptEntry {
  int64_t from = 0, end = 0;
};

// What an earlier task left.
struct Recovered {
  std::optional<int64_t> position;  // where consumption goes on; nothing: at the committed offset
  std::vector<KeptEntry> kept;      // in order; of use until their offsets are committed
};

// Writes down a cut. kConflict: another task has written one from this offset on, or a later one; nothing is left of this one. Else as put.
Status write_cut(storage::ObjectStore& store, const std::string& prefix, const LoggedCut& cut);

// Finishes or discards what an earlier task left, before the partition is consumed. Cuts that the log has and that reach beyond
// `committed` (nothing: no offset was ever committed) are made visible, and consumption goes on after them. Offsets that were set back
// before the first logged cut stay where they are.
// A cut whose upload is gone (its store aborted it) is discarded with those after it: their visible objects are removed, the records
// are read again.
Result<Recovered> recover(storage::ObjectStore& store, const std::string& prefix, std::optional<int64_t> committed);

}  // namespace bywash::connectors::s3
