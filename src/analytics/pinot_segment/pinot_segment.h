// A segment that Apache Pinot wrote, as it is uploaded: a .tar.gz of its folder. Upload line: unpack → read → append; the request's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "analytics/pinot_segment/segment_files.h"
#include "analytics/pinot_segment/tar_archive.h"
#include "analytics/segment/mutable_segment.h"
#include "base/status.h"

namespace bywash::analytics {

class PinotSegment {
 public:
  // Of versions 1 and 3, with what Pinot 0.3 to 1.5 writes. kInvalid: it is no such archive, or damaged; the message says where.
  static Result<PinotSegment> open(std::string_view tar_gz, const TarLimits& limits = {});

  const std::string& name() const { return files_.name(); }
  // As its metadata names it, with or without type.
  const std::string& table() const { return files_.table(); }
  int64_t rows() const { return files_.rows(); }
  int64_t creation_ms() const { return files_.creation_ms(); }

  // Appends all rows to an empty segment with room for them, and publishes them. Columns that the schema has and this segment does not are
  // null; others are left out. kInvalid: a column is damaged, or of another type than the schema's; `stop` answers true: kCancelled.
  Status append_to(MutableSegment& segment, const std::function<bool()>& stop = {}) const;

 private:
  PinotSegment(std::unique_ptr<const TarArchive> archive, SegmentFiles files) : archive_(std::move(archive)), files_(std::move(files)) {}

  std::unique_ptr<const TarArchive> archive_;
  SegmentFiles files_;  // views into it
};

}  // namespace bywash::analytics
