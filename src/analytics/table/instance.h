// The analytics engine as a whole: a data folder with schemas and tables, and the queries over them. Pinot's REST stands on it.
// Any thread; changes are made one after the other.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/exec/query_engine.h"
#include "analytics/table/durable_file.h"
#include "analytics/table/running_queries.h"
#include "analytics/table/table.h"

namespace bywash::analytics {

struct InstanceOptions {
  std::string data_dir;
  std::string broker_id = "Broker_localhost_8099";
  ConsumerFactory consumers;                // empty: real Kafka
  std::function<int64_t()> now_ms;          // empty: the wall clock
};

// What a change answers: Pinot's "status" text and what the document had that nobody knows.
struct ChangeAnswer {
  std::string status;
  std::string unrecognized = "{}";
  std::vector<std::string> warnings;
};

class Instance {
 public:
  // Locks the folder, opens every table in it and starts them. A table that cannot be opened is an ERROR in the log; the others run.
  // kConflict: another process has the folder.
  static Result<std::unique_ptr<Instance>> start(InstanceOptions options);
  ~Instance();
  // Ingestions of files that run end soon: before the server waits for its handlers, and stop().
  void interrupt();
  // Stops consuming; what is not committed is consumed again at the next start. Idempotent.
  void stop();

  // Schemas. Documents are Pinot's JSON; errors in Pinot's words: kInvalid (400), kNotFound (404), kConflict (409).
  Result<ChangeAnswer> put_schema(std::string_view document, const std::string& expected_name = {});
  Status delete_schema(const std::string& name);
  Result<SchemaConfig> schema(const std::string& name) const;
  std::vector<std::string> schema_names() const;

  // Tables. Names with or without _REALTIME/_OFFLINE.
  Result<ChangeAnswer> add_table(std::string_view document);
  Result<ChangeAnswer> update_table(const std::string& name, std::string_view document);
  // Parses and checks the document against its schema, changes nothing.
  Result<TableConfig> check_table(std::string_view document) const;
  // Answers the names with type that were deleted; `type` empty: both.
  Result<std::vector<std::string>> delete_table(const std::string& name, const std::string& type);
  // A disabled table consumes nothing and answers no query (191 of Pinot's codes); it stays so over a restart. kNotFound: there is no such table.
  Status enable_table(const std::string& name_with_type, bool enabled);
  bool is_enabled(const std::string& name_with_type) const;
  std::vector<std::string> table_names() const;  // without type, sorted
  // The tables of that name (one or both types), OFFLINE first.
  std::vector<std::shared_ptr<Table>> tables(const std::string& name, const std::string& type = {}) const;

  // The time column and the value at which the halves of a hybrid table meet; nothing: it is none, or has no such value.
  std::optional<std::pair<std::string, std::string>> time_boundary(const std::string& name) const;

  // Answers a query; counted and timed per table, and ended where running_queries() is told so. `parsed`: what sql::parse() made of its text.
  QueryResponse query(std::string_view sql, Result<sql::Query> parsed, const std::map<std::string, std::string>& options);
  QueryResponse query(std::string_view sql, const std::map<std::string, std::string>& options);
  // The same where that takes some hundred microseconds at most and waits for nothing; nothing: query() has to tell.
  std::optional<QueryResponse> query_if_short(std::string_view sql, const sql::Query& parsed, const std::map<std::string, std::string>& options);
  RunningQueries& running_queries() { return running_; }

 private:
  explicit Instance(InstanceOptions options) : options_(std::move(options)) {}
  Status load();
  Status load_table(const std::string& folder);
  Status open_table(TableConfig config, SchemaConfig schema);
  // `*table` becomes its name for metrics; `*disabled` true where there is such a table that answers nothing. Without `with_keys` there are no tables with upsert or dedup: their snapshots may have to wait.
  std::shared_ptr<const TableSnapshot> resolve(std::string_view name, bool with_keys, std::string* table, bool* disabled = nullptr) const;
  // `id`: the query's number.
  void count(const std::string& table, SteadyTime started, int64_t id, QueryResponse* response);

  struct Counters {
    metrics::Counter* queries = nullptr;
    metrics::Counter* millis = nullptr;
  };
  std::string schema_path(const std::string& name) const { return options_.data_dir + "/schemas/" + name + ".json"; }
  std::string disabled_path(const std::string& name) const { return table_folder(name) + "/disabled"; }
  std::string table_folder(const std::string& name) const { return options_.data_dir + "/tables/" + name; }

  InstanceOptions options_;
  std::unique_ptr<FolderLock> lock_;
  std::mutex change_mutex_;                 // held over a whole change
  mutable std::shared_mutex mutex_;         // of the two maps
  std::map<std::string, SchemaConfig> schemas_;
  std::map<std::string, std::shared_ptr<Table>> tables_;  // by name with type
  std::set<std::string> disabled_;          // by name with type; under mutex_
  std::map<std::string, std::string> broken_schemas_;     // by name: why they cannot be read; set at start
  std::map<std::string, std::string> broken_;             // tables that could not be opened, and why; under change_mutex_
  RunningQueries running_;
  std::mutex counters_mutex_;
  std::map<std::string, Counters> counters_;              // by table
};

}  // namespace bywash::analytics
