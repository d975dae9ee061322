#include "analytics/multistage/duck_query.h"

#include "analytics/exec/cells.h"

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace bywash::analytics::multistage {
namespace {

using duckdb::Api;
using duckdb::Handle;

constexpr int64_t kMemoryLimitBytes = 256LL << 20;
constexpr Millis kLook(50);  // between two looks at the flag of cancellation

void add(const ScanCounts& from, ScanCounts* to) {
  to->docs += from.docs, to->in_filter += from.in_filter;
  to->processed += from.processed, to->matched += from.matched, to->pruned += from.pruned, to->pruned_by_value += from.pruned_by_value;
  to->consuming_processed += from.consuming_processed, to->consuming_matched += from.consuming_matched;
  to->segments = from.segments, to->consuming = from.consuming, to->total_docs = from.total_docs;
}

}  // namespace

Result<std::unique_ptr<DuckQuery>> DuckQuery::open(const Translation& translation, const DuckQueryOptions& options) {
  ASSIGN_OR_RETURN(const Api* api, duckdb::load_library());
  std::unique_ptr<DuckQuery> out(new DuckQuery(*api, translation, options));
  RETURN_IF_ERROR(out->start());
  return out;
}

// Interrupts a connection at its deadline, or when the query is cancelled: one step of DuckDB's can be longer than any.
class Watchdog {
 public:
  Watchdog(const Api& api, Handle connection, const DuckQueryOptions& options) : thread_([this, &api, connection, &options] {
    std::unique_lock lock(mutex_);
    while (steady_now() < options.deadline && !options.is_cancelled()) {
      const SteadyTime look = options.cancelled ? std::min(options.deadline, steady_now() + kLook) : options.deadline;
      if (ended_.wait_until(lock, look, [this] { return over_; })) return;
    }
    api.interrupt(connection);
  }) {}
  ~Watchdog() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;  // last: it uses the members above
};

// Databases that wait for their next query: opening one costs 14 ms of CPU, a small query 2. What a query registers stays in the catalog
// under a name that no later one uses; after kUsesMax queries the database is closed.
class IdleDatabases {
 public:
  static IdleDatabases& process() {
    static auto* out = new IdleDatabases();  // never destroyed: a query may end after main()
    return *out;
  }
  DuckQuery::Database take() {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    DuckQuery::Database out = idle_.back();
    idle_.pop_back();
    return out;
  }
  // False: there are enough, or it is worn.
  bool give_back(DuckQuery::Database database) {
    std::lock_guard lock(mutex_);
    if (idle_.size() >= kIdleMax || ++database.uses >= kUsesMax) return false;
    idle_.push_back(database);
    return true;
  }

 private:
  static constexpr size_t kIdleMax = 2;
  static constexpr int kUsesMax = 100;
  std::mutex mutex_;
  std::vector<DuckQuery::Database> idle_;
};

DuckQuery::~DuckQuery() {
  if (connection_) api_.disconnect(&connection_);
  if (database_.handle && (failed_ || !IdleDatabases::process().give_back(database_))) api_.close(&database_.handle);
}

Status DuckQuery::open_database() {
  database_ = IdleDatabases::process().take();
  if (database_.handle) return {};
  const std::string memory = fmt::format("{}MiB", kMemoryLimitBytes >> 20);
  const std::pair<const char*, const char*> settings[] = {{"threads", "1"}, {"memory_limit", memory.c_str()}, {"temp_directory", ""}, {"enable_external_access", "false"},
                                                          {"autoload_known_extensions", "false"}, {"autoinstall_known_extensions", "false"},
                                                          {"allow_unsigned_extensions", "false"}, {"lock_configuration", "true"}};
  Handle config = nullptr;
  api_.create_config(&config);
  std::string refused;
  for (const auto& [name, value] : settings) {
    if (api_.set_config(config, name, value) != 0) refused = name;
  }
  char* error = nullptr;
  const bool opened = refused.empty() && api_.open_ext(nullptr, &database_.handle, config, &error) == 0;
  api_.destroy_config(&config);
  const std::string reason = error ? error : refused;
  if (error) api_.free(error);
  return opened ? Status() : Status::host(fmt::format("Cannot start DuckDB: {}", reason));
}

Status DuckQuery::start() {
  RETURN_IF_ERROR(open_database());
  if (api_.connect(database_.handle, &connection_) != 0) return Status::host("Cannot connect to DuckDB");
  counts_.resize(translation_.scans.size());
  for (size_t i = 0; i < translation_.scans.size(); ++i) {
    scans_.push_back(std::make_unique<Scan>(Scan{this, &translation_.scans[i], i}));
    RETURN_IF_ERROR(register_scan(scans_.back().get()));
  }
  for (const CallPlan& plan : translation_.calls) {
    calls_.push_back(std::make_unique<Call>(Call{this, &plan, std::make_unique<Evaluator>(plan.program.slots, "", true), {}}));
    RETURN_IF_ERROR(register_call(calls_.back().get()));
  }
  return {};
}

Status DuckQuery::register_scan(Scan* scan) {
  Handle function = api_.create_table_function();
  api_.table_function_set_name(function, scan->plan->name.c_str());
  api_.table_function_set_extra_info(function, scan, nullptr);
  api_.table_function_set_bind(function, &DuckQuery::bind_scan);
  api_.table_function_set_init(function, &DuckQuery::init_scan);
  api_.table_function_set_function(function, &DuckQuery::run_scan);
  const int state = api_.register_table_function(connection_, function);
  api_.destroy_table_function(&function);
  return state == 0 ? Status() : Status::fatal("Cannot register a scan with DuckDB");
}

Status DuckQuery::register_call(Call* call) {
  Handle function = api_.create_scalar_function();
  api_.scalar_function_set_name(function, call->plan->name.c_str());
  for (const ValueType& argument : call->plan->arguments) {
    Handle type = logical_type(api_, argument);
    api_.scalar_function_add_parameter(function, type);
    api_.destroy_logical_type(&type);
  }
  const Bound& value = *call->plan->program.value;
  Handle type = logical_type(api_, {value.type, value.multi});
  api_.scalar_function_set_return_type(function, type);
  api_.destroy_logical_type(&type);
  api_.scalar_function_set_special_handling(function);
  api_.scalar_function_set_extra_info(function, call, nullptr);
  api_.scalar_function_set_function(function, &DuckQuery::run_call);
  const int state = api_.register_scalar_function(connection_, function);
  api_.destroy_scalar_function(&function);
  return state == 0 ? Status() : Status::fatal("Cannot register a function with DuckDB");
}

void DuckQuery::bind_scan(Handle bind) {
  const auto* scan = static_cast<const Scan*>(duckdb::load_library().value_or(nullptr)->bind_get_extra_info(bind));
  const Api& api = scan->query->api_;
  const TableSnapshot& table = *scan->plan->table;
  const std::vector<FieldSpec>& fields = table.schema->fields;
  auto add_column = [&](const std::string& name, ValueType value) {
    Handle type = logical_type(api, value);
    api.bind_add_result_column(bind, name.c_str(), type);
    api.destroy_logical_type(&type);
  };
  for (size_t field : scan->plan->columns) {
    if (field < fields.size()) {
      add_column(fmt::format("c{}", field), {fields[field].type, !fields[field].single_value});
    } else {
      const auto which = static_cast<VirtualColumn>(field - fields.size());
      add_column(fmt::format("c{}", field), {which == VirtualColumn::kDocId || which == VirtualColumn::kPartitionId ? DataType::kInt : DataType::kString, false});
    }
  }
  if (scan->plan->columns.empty()) add_column("none", {DataType::kBoolean, false});  // COUNT(*) reads no column
  uint64_t rows = 0;
  for (const auto& segment : table.segments) rows += static_cast<uint64_t>(segment->rows());
  api.bind_set_cardinality(bind, scan->plan->conjuncts.empty() ? rows : rows / 5 + 1, false);
}

void DuckQuery::init_scan(Handle init) {
  const Api& api = *duckdb::load_library().value_or(nullptr);
  auto* scan = static_cast<Scan*>(api.init_get_extra_info(init));
  auto running = std::make_unique<RunningScan>();
  running->scan = scan;
  Result<std::unique_ptr<TableCursor>> cursor = TableCursor::make(*scan->plan, scan->query->options_.translate, scan->query->options_.every_row);
  if (cursor.ok()) running->cursor = *std::move(cursor);
  else running->failure = cursor.status();
  api.init_set_max_threads(init, 1);
  api.init_set_init_data(init, running.release(), &DuckQuery::end_scan);
}

void DuckQuery::end_scan(void* running) {
  std::unique_ptr<RunningScan> scan(static_cast<RunningScan*>(running));
  if (scan->cursor) add(scan->cursor->counts(), &scan->scan->query->counts_[scan->scan->number]);
}

void DuckQuery::run_scan(Handle call, Handle chunk) {
  const Api& api = *duckdb::load_library().value_or(nullptr);
  auto* running = static_cast<RunningScan*>(api.function_get_init_data(call));
  DuckQuery* query = running->scan->query;
  auto fail = [&](const std::string& reason) {
    if (query->own_error_.empty()) query->own_error_ = reason;
    api.function_set_error(call, reason.c_str());
  };
  if (!running->cursor) return fail(running->failure.message());
  if (query->late()) return fail("deadline");
  TableCursor& cursor = *running->cursor;
  const size_t n = cursor.next(api.vector_size());
  for (size_t i = 0; i < cursor.column_count() && n > 0; ++i) write_vector(api, api.data_chunk_get_vector(chunk, i), n, cursor.column(i));
  if (cursor.column_count() == 0) std::memset(api.vector_get_data(api.data_chunk_get_vector(chunk, 0)), 0, n);
  if (!cursor.error().empty()) return fail(cursor.error());
  api.data_chunk_set_size(chunk, n);
}

void DuckQuery::run_call(Handle info, Handle chunk, Handle output) {
  const Api& api = *duckdb::load_library().value_or(nullptr);
  auto* call = static_cast<Call*>(api.scalar_function_get_extra_info(info));
  const size_t n = api.data_chunk_get_size(chunk);
  call->inputs.resize(call->plan->arguments.size());
  for (size_t i = 0; i < call->inputs.size(); ++i) read_vector(api, api.data_chunk_get_vector(chunk, i), n, call->plan->arguments[i], &call->inputs[i]);
  call->evaluator->set_inputs(&call->inputs, n);
  const Vector& values = call->evaluator->evaluate(*call->plan->program.value);
  if (const std::string& error = call->evaluator->error(); !error.empty()) {
    if (call->query->own_error_.empty()) call->query->own_error_ = error;
    return api.scalar_function_set_error(info, error.c_str());
  }
  write_vector(api, output, n, values);
}

// Our words for what DuckDB says: its own may hold values of records.
QueryException DuckQuery::failure(const char* message) const {
  const std::string_view text = message ? message : "";
  auto says = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  auto execution = [](std::string reason) { return QueryException{error_code::kQueryExecution, "QueryExecutionError: " + std::move(reason)}; };
  if (options_.is_cancelled()) return {error_code::kQueryCancellation, std::string(kCancelledMessage)};
  if (late() || own_error_ == "deadline") {
    return {error_code::kExecutionTimeout, fmt::format("ExecutionTimeoutError: the query ran longer than timeoutMs={}", options_.timeout_ms)};
  }
  if (!own_error_.empty()) return execution(own_error_);
  if (says("Out of Memory")) {
    return execution(fmt::format("the query needs more than {} MiB of memory for its joins, groups or sorts; filter more or select less. No row is ever dropped in silence",
                                 kMemoryLimitBytes >> 20));
  }
  if (says("More than one row returned")) return execution("a nested query that stands for one value gave more than one row");
  if (says("Overflow") || says("out of range") || says("Out of Range")) return execution("a number does not fit the type of its expression; CAST its parts to LONG or DOUBLE");
  const size_t end = text.find(':');
  return execution(fmt::format("DuckDB: {}", text.substr(0, end == std::string_view::npos ? text.size() : end)));
}

bool DuckQuery::run(const std::string& sql, const std::vector<OutputSpec>& output, std::vector<std::vector<Cell>>* rows, QueryException* error) {
  Handle statement = nullptr;
  if (api_.prepare(connection_, sql.c_str(), &statement) != 0) {
    // Nothing has run: the text speaks of the query only.
    const char* reason = api_.prepare_error(statement);
    std::string text = reason ? reason : "";
    text = text.substr(0, text.find('\n'));
    *error = own_error_.empty() && !late() ? QueryException{error_code::kQueryValidation, "QueryValidationError: " + text} : failure(reason);
    api_.destroy_prepare(&statement);
    return false;
  }
  duckdb::DuckResult result{};
  Watchdog watchdog(api_, connection_, options_);
  const bool done = execute(statement, &result, error) && fetch(&result, output, rows, error);
  failed_ = !done;
  api_.destroy_result(&result);
  api_.destroy_prepare(&statement);
  return done;
}

bool DuckQuery::execute(Handle statement, duckdb::DuckResult* result, QueryException* error) {
  Handle pending = nullptr;
  // Rows come as they are fetched: a whole result would be held beside the memory limit.
  bool done = api_.pending_prepared_streaming(statement, &pending) == 0;
  while (done) {
    const int state = api_.pending_execute_task(pending);
    if (state == duckdb::kResultReady) break;
    if (state == duckdb::kNoTasksAvailable) std::this_thread::yield();
    done = state != duckdb::kPendingError && !late();
  }
  if (!done) {
    *error = failure(pending ? api_.pending_error(pending) : nullptr);
  } else if (api_.execute_pending(pending, result) != 0) {
    *error = failure(api_.result_error(result));
    done = false;
  }
  api_.destroy_pending(&pending);
  return done;
}

bool DuckQuery::fetch(duckdb::DuckResult* result, const std::vector<OutputSpec>& output, std::vector<std::vector<Cell>>* rows, QueryException* error) {
  int64_t bytes = 0;
  std::vector<Vector> values(output.size());
  while (Handle chunk = api_.fetch_chunk(*result)) {
    const size_t n = api_.data_chunk_get_size(chunk), begin = rows->size();
    rows->resize(begin + n);
    for (size_t c = 0; c < output.size() && n > 0; ++c) {
      read_vector(api_, api_.data_chunk_get_vector(chunk, c), n, output[c].type, &values[c]);
      for (size_t i = 0; i < n; ++i) {
        (*rows)[begin + i].push_back(cell_of(values[c], i));
        bytes += bytes_of((*rows)[begin + i].back());
      }
    }
    api_.destroy_data_chunk(&chunk);
    if (late()) {
      *error = failure(nullptr);
      return false;
    }
    if (bytes > kResultBytesMax) {
      *error = {error_code::kQueryExecution, too_large_result()};
      return false;
    }
  }
  if (const char* reason = api_.result_error(result); reason && *reason) {
    *error = failure(reason);
    return false;
  }
  return true;
}

}  // namespace bywash::analytics::multistage
