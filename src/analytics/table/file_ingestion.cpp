// See file_ingestion.h.
#include "analytics/table/file_ingestion.h"

#include "analytics/table/json_rows.h"
#include "base/log.h"
#include "base/metrics.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kFilesLogger = "analytics.table";
constexpr int64_t kRowsPerLook = 4096;  // at memory and at whether to stop

Status with_file(const Status& status, const SourceFile& source) {
  return source.uri.empty() ? status : status.with_context(fmt::format("File '{}'", source.uri));
}

Status closing() { return Status::retriable("The table is being closed or changed; ingest the files again"); }

}  // namespace

FileIngestion::FileIngestion(IngestTarget target, IngestLimits limits)
    : target_(std::move(target)), limits_(limits), reader_(std::make_unique<JsonRows>(target_.schema, target_.config)) {}

FileIngestion::~FileIngestion() { drop_pending(); }

Status FileIngestion::run(const std::vector<IngestFile>& files, IngestResult* result) {
  std::map<std::string, SourceFile> known = target_.segments.sources();
  for (const IngestFile& file : files) {
    if (auto found = known.find(file.source.uri); !file.source.uri.empty() && found != known.end()) {
      if (found->second.version != file.source.version) {
        return Status::conflict(fmt::format("File '{}' has changed since it was ingested. Delete the segments that it went into, then ingest it again", file.source.uri));
      }
      ++result->skipped;
      continue;
    }
    if (segment_ && (segment_->memory_bytes() >= limits_.bytes || segment_->appended_rows() >= limits_.rows)) RETURN_IF_ERROR(commit(result));
    if (target_.stopping) return closing();
    const int64_t rows_before = rows_, in_segment = segment_ ? segment_->published_rows() : 0;
    const size_t staged_before = staged_.size();
    if (Status status = take(file); !status.ok()) {
      // Those before it are kept where its own rows can be told from theirs.
      if (segment_ && staged_.size() == staged_before && segment_->published_rows() == in_segment) {
        segment_->rollback(in_segment);
        rows_ = rows_before;
        RETURN_IF_ERROR(commit(result));
      }
      return with_file(status, file.source);
    }
    ++files_;
    if (!file.source.uri.empty()) sources_.push_back(file.source), known[file.source.uri] = file.source;
  }
  RETURN_IF_ERROR(commit(result));
  report();
  return {};
}

Status FileIngestion::take(const IngestFile& file) {
  row_of_file_ = 0;
  const auto take_bytes = [this](std::string bytes, const FileOptions& options) {
    return each_row(std::move(bytes), options, *target_.schema.schema, [this](std::string_view json) { return append(json); });
  };
  FileOptions options = file.options;
  if (file.next) {
    ASSIGN_OR_RETURN(std::string bytes, file.next(&options));
    do {
      RETURN_IF_ERROR(take_bytes(std::move(bytes), options));
      ASSIGN_OR_RETURN(bytes, file.next(&options));
    } while (!bytes.empty());
  } else {
    ASSIGN_OR_RETURN(std::string bytes, file.read());
    RETURN_IF_ERROR(take_bytes(std::move(bytes), options));
  }
  if (segment_) segment_->publish(0);
  return {};
}

Status FileIngestion::append(std::string_view json) {
  ++row_of_file_;
  if (row_of_file_ % kRowsPerLook == 0) {
    if (target_.stopping) return closing();
    if (segment_) segment_->publish(0);
  }
  // One record may become many rows, which must have room.
  if (segment_ && (segment_->appended_rows() >= limits_.rows || segment_->memory_bytes() >= limits_.bytes + limits_.bytes / 4)) RETURN_IF_ERROR(end_segment());
  if (!segment_) RETURN_IF_ERROR(begin_segment());
  const int64_t filtered = reader_->filtered(), before = segment_->appended_rows();
  if (!reader_->append(json, *segment_) && reader_->filtered() == filtered) {
    return Status::invalid(fmt::format("Row {} of the file is no JSON object, or unnests into too many rows; nothing of the file was ingested", row_of_file_));
  }
  rows_ += segment_->appended_rows() - before;
  return {};
}

Status FileIngestion::begin_segment() {
  MutableSegmentOptions options;
  options.name = "ingest";
  options.creation_ms = target_.now_ms();
  options.time_column = target_.config.time_column;
  options.raw_columns = target_.config.indexes.raw_columns;
  options.max_rows = limits_.rows + reader_->rows_per_record();
  ASSIGN_OR_RETURN(segment_, MutableSegment::create(segment_schema(target_.schema, target_.config, options.creation_ms), std::move(options)));
  return {};
}

Status FileIngestion::end_segment() {
  segment_->publish(0);
  if (segment_->published_rows() > 0) {
    ASSIGN_OR_RETURN(CommittedSegment staged, target_.segments.stage(*segment_));
    staged_.push_back(std::move(staged));
  }
  segment_.reset();
  return {};
}

Status FileIngestion::commit(IngestResult* result) {
  if (segment_) RETURN_IF_ERROR(end_segment());
  if (target_.stopping) return closing();
  for (CommittedSegment& staged : staged_) staged.record.sources = sources_;
  RETURN_IF_ERROR(target_.segments.commit_staged(staged_));
  for (const CommittedSegment& staged : staged_) result->segments.push_back(staged.record.name);
  staged_.clear();
  sources_.clear();
  result->files += std::exchange(files_, 0);
  result->rows += std::exchange(rows_, 0);
  return {};
}

void FileIngestion::drop_pending() {
  target_.segments.discard_staged(staged_);
  staged_.clear();
  segment_.reset();
}

void FileIngestion::report() const {
  const IngestCounts counts = reader_->take_counts();
  for (size_t i = 0; i < counts.replaced.size(); ++i) {
    if (counts.replaced[i] == 0) continue;
    const std::string reason(to_string(static_cast<ReplaceReason>(i)));
    metrics::Registry::process().counter("bywash_table_values_replaced_total", "Values that did not fit their column",
                                         {{"table", target_.config.name_with_type}, {"reason", reason}})->add(static_cast<double>(counts.replaced[i]));
    log::warn(kFilesLogger, "Table {}: {} values of the ingested files did not fit their columns ({})", target_.config.name_with_type, counts.replaced[i], reason);
  }
}

}  // namespace bywash::analytics
