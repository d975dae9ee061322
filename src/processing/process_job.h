// A processing job: SQL over delivered files, each row as JSON into a topic: find files → query → render → produce. What the
// document's two PySpark programs do, without Spark. Level 6.
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::processing {

struct ProcessOptions {
  std::string from;                 // s3://bucket/glob, file:///glob or a path
  std::string sql;                  // over the tables `input`, `df` and `records`, which are all the same
  std::string to_topic;             // empty: JSON lines to standard output
  config::Properties producer;      // Java producer keys; bootstrap.servers is one
  bool partition_columns = false;   // add year=..., month=... of the paths as columns
  std::string spool_dir;            // empty: a folder of its own under the system's temporary one
  int64_t memory_limit_bytes = int64_t{1} << 30;
};

struct ProcessResult {
  size_t files = 0;
  int64_t rows = 0;
};

// What a progress bar shows: a phase ("Fetching", "Writing") and how far it is; total 0: not known.
using Progress = std::function<void(const std::string& phase, int64_t done, int64_t total)>;

// Runs the job to its end: every row has the broker's ack, or an error says what happened and how many were written.
Result<ProcessResult> run_process(const ProcessOptions& options, const Progress& progress);

}  // namespace bywash::processing
