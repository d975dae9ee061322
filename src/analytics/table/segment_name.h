// Names of segments, as Pinot makes them. Level 5, any thread.
#pragma once

#include <cstdint>
#include <string>

namespace bywash::analytics {

// "stock_transactions__0__1__20261122T2029Z": table, partition group, sequence, creation to the minute (LLCSegmentName 1.5.1).
std::string consuming_segment_name(const std::string& table, int32_t group, int64_t sequence, int64_t creation_ms);
// "mytable_16071_16101_1795380636705": table, time range in the column's own unit (nothing when start > end), creation. What /ingestFromFile
// makes (FileIngestionHelper and SimpleSegmentNameGenerator 1.5.1).
std::string ingested_segment_name(const std::string& table, int64_t start_time, int64_t end_time, int64_t creation_ms);

}  // namespace bywash::analytics
