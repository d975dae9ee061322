#include "duckdb/duckdb.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include <vector>

#include "duckdb/library.h"

namespace bywash::duckdb {
namespace {

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
  ASSIGN_OR_RETURN(const Api* api, load_library());
  auto database = std::make_unique<DuckDbConnection>(*api);
  RETURN_IF_ERROR(database->open());
  RETURN_IF_ERROR(database->execute(fmt::format("SET memory_limit='{}MiB'; SET temp_directory={}; SET TimeZone='UTC'; SET autoinstall_known_extensions=false",
                                                memory_limit_bytes >> 20, sql_literal(spill_folder))));
  return std::unique_ptr<DuckDb>(std::move(database));
}

}  // namespace bywash::duckdb
