// Segments that Apache Pinot wrote into an OFFLINE table: read → append → seal → commit, under their own names. Offline line; the thread that asks.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "analytics/pinot_segment/pinot_segment.h"
#include "analytics/table/segment_set.h"

namespace bywash::analytics {

struct UploadRule {
  std::string name;           // instead of the segment's own; empty: its own
  bool may_replace = true;    // one of the same name that is there
  bool must_replace = false;  // there has to be one
};

struct UploadTarget {
  const SchemaConfig& schema;
  const TableConfig& config;
  SegmentSet& segments;
  const std::atomic<bool>& stopping;
  int64_t now_ms = 0;
};

// See Table::upload.
Result<std::string> upload_segment(const UploadTarget& target, const PinotSegment& segment, const UploadRule& rule);

}  // namespace bywash::analytics
