// A table's manifest: the log of what is committed. One record a line, "<crc32c in hex> <JSON>\n", appended and fsynced; rows and the
// offset after them are one record, so they commit together. A torn tail is cut off on open. Table line, commit stage.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

namespace bywash::analytics {

// A file that rows were read from: what it is called, and what changes when its content does.
struct SourceFile {
  std::string uri, version;
};

// A committed segment. `group` is the partition's number in the table: index of the stream * 10000 + Kafka's partition; -1 offline.
struct SegmentRecord {
  std::string name;
  int32_t group = -1;
  int64_t sequence = 0;
  OffsetRange offsets;
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t start_ms = 0, end_ms = -1;  // of the time column, epoch milliseconds; end < start: unknown
  int64_t creation_ms = 0;
  std::vector<SourceFile> sources;  // of files: those that this segment and others committed with it hold whole
};

// Offsets of a partition that were gone from the topic before they were consumed.
struct OffsetGap {
  OffsetRange offsets;  // `end` is the first that was there
  int64_t found_ms = 0;
};

// Where a partition goes on after a start.
struct PartitionPosition {
  int64_t next_offset = 0;
  int64_t next_sequence = 0;
};

struct ManifestState {
  std::map<std::string, SegmentRecord> segments;
  std::map<int32_t, PartitionPosition> positions;
  std::map<int32_t, int32_t> first_seen;  // stream index → partitions it had when the table first saw the topic (0: none yet)
  std::map<int32_t, std::vector<OffsetGap>> gaps;  // by group, in order
  bool paused = false;
};

class Manifest {
 public:
  // Opens or creates the file. A record with one flipped bit is put right, with a warning; kFatal naming the line when one is damaged
  // otherwise. The start of a record that was never written whole is cut off.
  static Result<std::unique_ptr<Manifest>> open(const std::string& path);
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  // Each is durable when it answers ok, and has changed nothing when it doesn't. Any thread.
  Status add_segment(const SegmentRecord& segment);
  Status add_segments(const std::vector<SegmentRecord>& segments);  // all or none
  Status drop_segments(const std::vector<std::string>& names);
  // Other rows under the names that are there: positions stay. Names that are not there are passed over.
  Status replace_segments(const std::vector<SegmentRecord>& segments);
  // One that is known already changes nothing.
  Status add_gap(int32_t group, const OffsetGap& gap);
  Status begin_partition(int32_t group, int64_t offset);
  Status topic_seen(int32_t stream, int32_t partitions);
  Status set_paused(bool paused);

  ManifestState state() const;

 private:
  Manifest(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Status load();
  Status append(const std::string& record);
  Status compact();

  const std::string path_;
  mutable std::mutex mutex_;
  int descriptor_;
  int64_t length_ = 0;
  ManifestState state_;
};

// What the file says, without opening it for writing: for looking at a table that another process may serve. A torn tail is left out.
Result<ManifestState> read_manifest(const std::string& path);

// One line of the file for a record's JSON, and its reverse (false: damaged).
std::string manifest_line(std::string_view record);
bool read_manifest_line(std::string_view line, std::string_view* record);

}  // namespace bywash::analytics
