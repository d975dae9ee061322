// The part of DuckDB's stable C API that is called, bound by name at run time (DuckDB 1.4 and later). Level 6.
#include "processing/duckdb.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace bywash::processing {
namespace {

using Handle = void*;

// duckdb_result: only its address and `internal` matter here.
struct DuckResult {
  uint64_t columns, rows, changed;
  void* column_array;
  char* error;
  void* internal;
};

struct Api {
  int (*open)(const char*, Handle*);
  void (*close)(Handle*);
  int (*connect)(Handle, Handle*);
  void (*disconnect)(Handle*);
  int (*prepare)(Handle, const char*, Handle*);
  const char* (*prepare_error)(Handle);
  void (*destroy_prepare)(Handle*);
  int (*query)(Handle, const char*, DuckResult*);
  int (*execute_prepared_streaming)(Handle, DuckResult*);
  const char* (*result_error)(DuckResult*);
  void (*destroy_result)(DuckResult*);
  uint64_t (*column_count)(DuckResult*);
  const char* (*column_name)(DuckResult*, uint64_t);
  Handle (*column_logical_type)(DuckResult*, uint64_t);
  void (*destroy_logical_type)(Handle*);
  Handle (*fetch_chunk)(DuckResult);
  void (*destroy_data_chunk)(Handle*);
  Handle (*result_get_arrow_options)(DuckResult*);
  void (*destroy_arrow_options)(Handle*);
  Handle (*to_arrow_schema)(Handle, Handle*, const char**, uint64_t, ArrowSchema*);
  Handle (*data_chunk_to_arrow)(Handle, Handle, ArrowArray*);
  bool (*error_data_has_error)(Handle);
  const char* (*error_data_message)(Handle);
  void (*destroy_error_data)(Handle*);
};

Result<const Api*> load() {
  static Api api;
  static Status loaded = [] {
    std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::string tried;
    void* library = nullptr;
    std::vector<std::string> places = {(here / "libduckdb.so").string(), (here / "../lib/libduckdb.so").string()};
    if (const char* own = std::getenv("BYWASH_DUCKDB_LIBRARY")) places.insert(places.begin(), own);
    for (const std::string& place : places) {
      library = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (library) break;
      tried += fmt::format("{}'{}'", tried.empty() ? "" : ", ", place);
    }
    if (!library) return Status::host(fmt::format("Cannot load DuckDB: tried {}. Put libduckdb.so beside the program, or name it in BYWASH_DUCKDB_LIBRARY", tried));
    std::string missing;
    auto bind = [&](auto& function, const char* name) {
      void* symbol = ::dlsym(library, name);
      if (!symbol) missing = name;
      function = reinterpret_cast<std::decay_t<decltype(function)>>(symbol);
    };
    bind(api.open, "duckdb_open");
    bind(api.close, "duckdb_close");
    bind(api.connect, "duckdb_connect");
    bind(api.disconnect, "duckdb_disconnect");
    bind(api.prepare, "duckdb_prepare");
    bind(api.prepare_error, "duckdb_prepare_error");
    bind(api.destroy_prepare, "duckdb_destroy_prepare");
    bind(api.query, "duckdb_query");
    bind(api.execute_prepared_streaming, "duckdb_execute_prepared_streaming");
    bind(api.result_error, "duckdb_result_error");
    bind(api.destroy_result, "duckdb_destroy_result");
    bind(api.column_count, "duckdb_column_count");
    bind(api.column_name, "duckdb_column_name");
    bind(api.column_logical_type, "duckdb_column_logical_type");
    bind(api.destroy_logical_type, "duckdb_destroy_logical_type");
    bind(api.fetch_chunk, "duckdb_fetch_chunk");
    bind(api.destroy_data_chunk, "duckdb_destroy_data_chunk");
    bind(api.result_get_arrow_options, "duckdb_result_get_arrow_options");
    bind(api.destroy_arrow_options, "duckdb_destroy_arrow_options");
    bind(api.to_arrow_schema, "duckdb_to_arrow_schema");
    bind(api.data_chunk_to_arrow, "duckdb_data_chunk_to_arrow");
    bind(api.error_data_has_error, "duckdb_error_data_has_error");
    bind(api.error_data_message, "duckdb_error_data_message");
    bind(api.destroy_error_data, "duckdb_destroy_error_data");
    return missing.empty() ? Status() : Status::host(fmt::format("This libduckdb.so is too old: it has no '{}'. Version 1.4 or later is needed", missing));
  }();
  if (!loaded.ok()) return loaded;
  return &api;
}

Status take_error(const Api& api, Handle error, std::string_view what) {
  if (!error) return {};
  Status status = api.error_data_has_error(error) ? Status::fatal(fmt::format("{}: {}", what, api.error_data_message(error))) : Status();
  api.destroy_error_data(&error);
  return status;
}

class DuckDbConnection final : public DuckDb {
 public:
  explicit DuckDbConnection(const Api& api) : api_(api) {}
  ~DuckDbConnection() override {
    if (connection_) api_.disconnect(&connection_);
    if (database_) api_.close(&database_);
  }
  Status open() {
    if (api_.open(nullptr, &database_) != 0 || api_.connect(database_, &connection_) != 0) return Status::fatal("Cannot start DuckDB");
    return {};
  }

  Status execute(const std::string& sql) override {
    DuckResult result{};
    Status status;
    if (api_.query(connection_, sql.c_str(), &result) != 0) status = Status::invalid(text(api_.result_error(&result)));
    api_.destroy_result(&result);
    return status;
  }

  Status query(const std::string& sql, const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& on_batch) override {
    Handle statement = nullptr;
    if (api_.prepare(connection_, sql.c_str(), &statement) != 0) {
      Status status = Status::invalid(text(api_.prepare_error(statement)));
      api_.destroy_prepare(&statement);
      return status;
    }
    DuckResult result{};
    Status status;
    if (api_.execute_prepared_streaming(statement, &result) != 0) status = Status::invalid(text(api_.result_error(&result)));
    else status = stream(&result, on_batch);
    api_.destroy_result(&result);
    api_.destroy_prepare(&statement);
    return status;
  }

 private:
  static std::string text(const char* message) { return message ? message : "unknown error"; }

  Status stream(DuckResult* result, const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& on_batch) {
    Handle options = api_.result_get_arrow_options(result);
    const uint64_t count = api_.column_count(result);
    std::vector<Handle> types;
    std::vector<const char*> names;
    for (uint64_t i = 0; i < count; ++i) {
      types.push_back(api_.column_logical_type(result, i));
      names.push_back(api_.column_name(result, i));
    }
    Status status;
    while (status.ok()) {
      Handle chunk = api_.fetch_chunk(*result);
      if (!chunk) {
        if (const char* error = api_.result_error(result); error && *error) status = Status::fatal(error);
        break;
      }
      status = convert(options, types, names, chunk, on_batch);
      api_.destroy_data_chunk(&chunk);
    }
    for (Handle& type : types) api_.destroy_logical_type(&type);
    api_.destroy_arrow_options(&options);
    return status;
  }

  Status convert(Handle options, std::vector<Handle>& types, std::vector<const char*>& names, Handle chunk,
                 const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& on_batch) {
    ArrowSchema schema{};
    ArrowArray array{};
    RETURN_IF_ERROR(take_error(api_, api_.to_arrow_schema(options, types.data(), names.data(), types.size(), &schema), "Cannot convert the result's schema"));
    Status status = take_error(api_, api_.data_chunk_to_arrow(options, chunk, &array), "Cannot convert the result");
    if (!status.ok()) {
      if (schema.release) schema.release(&schema);
      return status;
    }
    auto batch = arrow::ImportRecordBatch(&array, &schema);
    if (!batch.ok()) return Status::fatal(batch.status().message());
    return on_batch(*batch);
  }

  const Api& api_;
  Handle database_ = nullptr;
  Handle connection_ = nullptr;
};

}  // namespace

std::string sql_literal(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

Result<std::unique_ptr<DuckDb>> DuckDb::open(const std::string& spill_folder, int64_t memory_limit_bytes) {
  ASSIGN_OR_RETURN(const Api* api, load());
  auto database = std::make_unique<DuckDbConnection>(*api);
  RETURN_IF_ERROR(database->open());
  RETURN_IF_ERROR(database->execute(fmt::format("SET memory_limit='{}MiB'; SET temp_directory={}; SET TimeZone='UTC'; SET autoinstall_known_extensions=false",
                                                memory_limit_bytes >> 20, sql_literal(spill_folder))));
  return std::unique_ptr<DuckDb>(std::move(database));
}

}  // namespace bywash::processing
