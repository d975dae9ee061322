// The job's line: find files → query → render → produce. Level 6, the caller's thread.
#include "processing/process_job.h"

#include <arrow/record_batch.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "duckdb/duckdb.h"
#include "formats/json/json_writer.h"
#include "kafka/producer.h"
#include "processing/arrow_rows.h"
#include "processing/input_files.h"

namespace bywash::processing {
namespace {

namespace fs = std::filesystem;

// A folder that goes with its owner.
class SpoolFolder {
 public:
  static Result<SpoolFolder> make(const std::string& parent) {
    std::error_code error;
    fs::path base = parent.empty() ? fs::temp_directory_path(error) : fs::path(parent);
    std::string path = (base / "bywash-process-XXXXXX").string();
    fs::create_directories(base, error);
    if (!::mkdtemp(path.data())) return Status::host(fmt::format("Cannot make a spool folder under '{}'. --spool-dir names another", base.string()));
    return SpoolFolder(path);
  }
  SpoolFolder(SpoolFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  SpoolFolder& operator=(SpoolFolder&&) = delete;
  ~SpoolFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  explicit SpoolFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Rows to their destination: a topic, or standard output.
class RowWriter {
 public:
  static Result<std::unique_ptr<RowWriter>> open(const ProcessOptions& options) {
    std::unique_ptr<RowWriter> writer(new RowWriter(options.to_topic));
    if (options.to_topic.empty()) return writer;
    ASSIGN_OR_RETURN(writer->producer_, kafka::Producer::make(options.producer));
    return writer;
  }
  Status write(std::string_view json) {
    if (!producer_) {
      std::fwrite(json.data(), 1, json.size(), stdout);
      std::fputc('\n', stdout);
      ++written_;
      return {};
    }
    kafka::ProducerRecord record;
    record.topic = topic_;
    record.value = json;
    RETURN_IF_ERROR(failure());
    return producer_->produce(record, [this](const Status& status) {
      if (status.ok()) {
        ++written_;
        return;
      }
      std::lock_guard lock(mutex_);
      if (failure_.ok()) failure_ = status;
    });
  }
  Status finish() {
    if (producer_) RETURN_IF_ERROR(producer_->flush(120000));
    else std::fflush(stdout);
    return failure();
  }
  int64_t written() const { return written_; }

 private:
  explicit RowWriter(std::string topic) : topic_(std::move(topic)) {}
  Status failure() {
    std::lock_guard lock(mutex_);
    return failure_;
  }
  std::string topic_;
  std::atomic<int64_t> written_{0};
  std::mutex mutex_;
  Status failure_;
  std::unique_ptr<kafka::Producer> producer_;  // last: its callbacks use the members above
};

std::string view_sql(const InputFiles& input, bool partition_columns) {
  std::string list;
  for (const auto& path : input.paths) list += (list.empty() ? "" : ", ") + duckdb::sql_literal(path);
  const char* hive = partition_columns ? "true" : "false";
  std::string read;
  switch (input.format) {
    case InputFormat::kParquet: read = fmt::format("read_parquet([{}], hive_partitioning={}, union_by_name=true)", list, hive); break;
    case InputFormat::kJson: read = fmt::format("read_json([{}], hive_partitioning={}, union_by_name=true, format='newline_delimited')", list, hive); break;
    case InputFormat::kCsv: read = fmt::format("read_csv([{}], hive_partitioning={}, union_by_name=true)", list, hive); break;
  }
  std::string sql;
  for (const char* name : {"input", "df", "records"}) sql += fmt::format("CREATE VIEW {} AS SELECT * FROM {};", name, read);
  return sql;
}

}  // namespace

Result<ProcessResult> run_process(const ProcessOptions& options, const Progress& progress) {
  ASSIGN_OR_RETURN(InputUrl url, parse_input_url(options.from));
  ASSIGN_OR_RETURN(SpoolFolder spool, SpoolFolder::make(options.spool_dir));
  ASSIGN_OR_RETURN(InputFiles input, collect_input(url, spool.path() + "/objects", [&](size_t done, size_t total) {
    progress("Fetching", static_cast<int64_t>(done), static_cast<int64_t>(total));
  }));
  ASSIGN_OR_RETURN(auto database, duckdb::DuckDb::open(spool.path(), options.memory_limit_bytes));
  Status viewed = database->execute(view_sql(input, options.partition_columns));
  if (!viewed.ok()) return viewed.with_context("Cannot read the input");
  ASSIGN_OR_RETURN(auto writer, RowWriter::open(options));

  formats::JsonWriter json(formats::JsonWriteOptions::spark());
  std::string line;
  int64_t rows = 0;
  Status status = database->query(options.sql, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
    ASSIGN_OR_RETURN(columnar::Column column, to_column(*batch));
    for (int64_t row = 0; row < column.row_count(); ++row) {
      line.clear();
      RETURN_IF_ERROR(json.write(column, row, &line));
      RETURN_IF_ERROR(writer->write(line));
    }
    rows += column.row_count();
    progress("Writing", rows, 0);
    return {};
  });
  Status finished = writer->finish();
  if (status.ok()) status = finished;
  if (!status.ok()) return writer->written() > 0 ? status.with_context(fmt::format("Stopped after {} rows were written", writer->written())) : status;
  return ProcessResult{input.paths.size(), writer->written()};
}

}  // namespace bywash::processing
