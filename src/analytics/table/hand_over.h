// A table of a data folder made ready for a Pinot cluster: the documents that its controller takes, the history as Parquet files, and the
// job that loads them. The folder is only read, and may be in use. Level 5, the caller's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/table/schema_config.h"
#include "analytics/table/segment_export.h"

namespace bywash::analytics {

// One file of history to be.
struct HistoryPart {
  std::string name;   // the segment's, and the file's without ".parquet"
  std::string path;   // of the segment's file
  TimeRange range;    // which of its rows
  int64_t rows = 0;   // of the segment
};

struct HandOver {
  std::string table;                       // without type
  std::string schema;                      // JSON, as POST /schemas takes it
  std::optional<std::string> offline;      // table configs, as POST /tables takes them
  std::optional<std::string> realtime;
  std::vector<HistoryPart> history;        // loaded into the OFFLINE half
  std::vector<std::string> notes;          // what whoever hands over should know

  std::shared_ptr<const TableSchema> columns;
  int time_field = -1;
  std::optional<TimeFormat> time_format;
};

// Reads `table` (without type) from the data folder. A REALTIME table with a time column becomes a hybrid one: what is committed is history,
// consumption begins before the time boundary that Pinot will find. A table that knows keys, or whose times are of no use, begins at the
// start of its topic, without history; notes say so. kNotFound: there is no such table.
Result<HandOver> plan_hand_over(const std::string& data_dir, const std::string& table);

// The bytes of one file; empty when none of its rows are to be handed over.
Result<std::string> history_file(const HandOver& plan, const HistoryPart& part);

// Where the history lies and goes.
struct JobPlaces {
  std::string controller;  // http://host:9000
  std::string input;       // URI of the folder with the files
  std::string output;      // URI of a folder for segments
  std::string region;      // of S3 URIs
};
// A SegmentGenerationJobSpec for pinot-admin's LaunchDataIngestionJob.
std::string batch_job_spec(const HandOver& plan, const JobPlaces& places);

}  // namespace bywash::analytics
