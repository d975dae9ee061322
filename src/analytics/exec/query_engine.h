// The embedded engine's entry: one SQL text, or one parsed query, against a consistent snapshot of a table. Query line: parse → bind →
// prune → scan → merge → render. The calling thread runs the query; nothing here blocks on I/O beyond page faults of mapped segments.
#pragma once

#include "analytics/exec/broker_response.h"
#include "analytics/exec/dimension_table.h"
#include "analytics/segment/segment.h"
#include "analytics/segment/valid_rows.h"
#include "analytics/sql/query.h"
#include "base/clock.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

// What a query sees of a table: its schema and an immutable list of segments. Sealed segments and consuming snapshots
// (MutableSegment::snapshot) taken together under the table's lock are one consistent state.
// Of a hybrid table: the OFFLINE segments answer for times up to the boundary, the REALTIME ones for those past it, so that what both have
// counts once.
struct TimeBoundary {
  size_t field = 0;             // the time column
  Scalar value;                 // in its own unit
  size_t offline_segments = 0;  // the first so many of the snapshot's
};

struct TableSnapshot {
  std::string name;  // without _REALTIME or _OFFLINE
  std::shared_ptr<const TableSchema> schema;
  std::vector<std::shared_ptr<const Segment>> segments;
  std::vector<std::shared_ptr<const ValidRows>> kept;  // per segment the rows that count, nullptr: all; empty: all of every segment
  bool realtime = true;
  std::optional<TimeBoundary> boundary;
  bool prune_by_partition = false;  // routing.segmentPrunerTypes: segments of other partitions are not asked at all
  int64_t min_consuming_freshness_ms = 0;  // wall clock of the last published batch; 0 for offline tables
  std::string host_name = "localhost";     // what $hostName answers
  std::vector<std::string> missing;        // segments that belong to it and cannot be read
  std::shared_ptr<DimensionRows> dimension;  // of a dimension table: its rows by primary key; nullptr: it is none
};

// Becomes true when a query is to end; nullptr: it never does.
using CancelFlag = const std::atomic<bool>*;

struct QueryRequest {
  sql::Query query;
  std::map<std::string, std::string> options;  // the request's queryOptions; SET and OPTION() in the query win over them
  int64_t default_timeout_ms = 10'000;         // Pinot's broker default; the option timeoutMs overrides it
  SteadyTime started = steady_now();
  CancelFlag cancelled = nullptr;                // checked every few blocks of rows
  int64_t max_group_bytes = 256 << 20;           // memory for groups; past it the query fails, it never drops groups
  LookupTables lookups;                          // for LOOKUP; empty: there are no dimension tables
  int64_t effort_max = INT64_MAX;                // rows that may be read; past it the query is given up: see answer_if_short()
};

// Never fails otherwise than in `exceptions` of the answer, with Pinot's codes.
QueryResponse execute(const QueryRequest& request, const TableSnapshot& table);

// Finds a table by its name as the query wrote it (any case, with or without _REALTIME/_OFFLINE); nullptr: there is none.
using TableResolver = std::function<std::shared_ptr<const TableSnapshot>(std::string_view name)>;

// The whole line for one request: parse, look the table up, execute.
QueryResponse answer(std::string_view sql, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled = nullptr);
QueryResponse answer(sql::Query query, const std::map<std::string, std::string>& options, const TableResolver& tables, CancelFlag cancelled = nullptr);
// The same answer when that takes some hundred microseconds at most: indexes, star-trees or smallest and largest values leave few rows to
// read. Nothing, with hardly any work done: it takes longer, or fails; answer() tells. Not for tables with keys.
std::optional<QueryResponse> answer_if_short(const sql::Query& query, const std::map<std::string, std::string>& options, const TableResolver& tables);

// Reads the request's queryOptions field: "k=v;k2=v2".
std::map<std::string, std::string> parse_query_options(std::string_view text);

// An option's value by its name in any case; empty: it is not set. A flag is set by "true".
std::string_view query_option(const std::map<std::string, std::string>& options, std::string_view name);
bool query_flag(const std::map<std::string, std::string>& options, std::string_view name);
// What the calling thread has used so far.
int64_t thread_cpu_ns();
int64_t query_timeout_ms(const std::map<std::string, std::string>& options, int64_t otherwise);

// Whether values of query options are well-formed; the message is what Pinot's broker answers with HTTP 500
// ("timeoutMs must be a number between 1 and 2^63-1, got: abc").
Status check_query_options(const std::map<std::string, std::string>& options);

}  // namespace bywash::analytics
