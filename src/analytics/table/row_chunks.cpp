// See row_chunks.h.
#include "analytics/table/row_chunks.h"

#include "analytics/table/json_lines.h"

namespace bywash::analytics {
namespace {

constexpr size_t kWholeMax = size_t{1} << 30;
constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

RowChunks::RowChunks(std::string_view file, const FileOptions& options, std::function<void(const char*)> passed, size_t chunk_bytes)
    : file_(file), options_(options), passed_(std::move(passed)), chunk_bytes_(chunk_bytes) {}

bool RowChunks::is_whole() const {
  if (options_.format != FileFormat::kJson && options_.format != FileFormat::kCsv) return true;
  if (file_.starts_with("\x1f\x8b")) return true;  // gzip
  if (options_.format == FileFormat::kCsv) return options_.csv.delimiter.size() != 1;  // which is refused
  const size_t first = file_.find_first_not_of(kBlanks, file_.starts_with("\xef\xbb\xbf") ? 3 : 0);
  return first == std::string_view::npos || file_[first] == '[';
}

Result<std::string> RowChunks::next(FileOptions* options) {
  *options = options_;
  if (!begun_ && (file_.size() <= chunk_bytes_ || is_whole())) {
    if (file_.size() > kWholeMax) {
      return Status::invalid(fmt::format("A file of {} MiB is read in pieces as lines of JSON or CSV only, uncompressed; cut it into files of at most {} MiB", file_.size() >> 20, kWholeMax >> 20));
    }
    begun_ = true;
    at_ = file_.size();
    return std::string(file_);
  }
  const bool first = !begun_;
  begun_ = true;
  if (at_ >= file_.size() || (!first && file_.find_first_not_of(kBlanks, at_) == std::string_view::npos)) return std::string();
  const size_t from = at_;
  at_ = options_.format == FileFormat::kJson ? json_end() : csv_end();
  if (!first && options_.format == FileFormat::kCsv) options->csv.header = header_;
  std::string out(file_.substr(from, at_ - from));
  if (passed_) passed_(file_.data() + at_);
  return out;
}

// Behind the value that reaches the wanted size; the end of the file where one does not end: its reader says so.
size_t RowChunks::json_end() const {
  const size_t wanted = at_ + chunk_bytes_;
  size_t at = at_;
  while (at < wanted) {
    at = file_.find_first_not_of(kBlanks, at);
    if (at == std::string_view::npos) return file_.size();
    const size_t end = end_of_json_value(file_, at);
    if (end == std::string_view::npos || end == at) return file_.size();
    at = end;
  }
  return at;
}

// Behind the record that reaches the wanted size. A quote counts where a field begins, as when the record is read.
size_t RowChunks::csv_end() {
  const char delimiter = options_.csv.delimiter[0];
  const size_t wanted = at_ + chunk_bytes_;
  bool quoted = false, field_begins = true;
  for (size_t i = at_; i < file_.size(); ++i) {
    const char c = file_[i];
    if (quoted) {
      if (c != '"') continue;
      if (i + 1 < file_.size() && file_[i + 1] == '"') ++i;
      else quoted = false;
    } else if (c == '"' && field_begins) {
      quoted = true;
      field_begins = false;
    } else if (c == '\n') {
      const bool is_header = header_.empty() && options_.csv.header.empty();  // not a piece by itself
      if (header_.empty()) header_ = is_header ? std::string(file_.substr(0, i)) : options_.csv.header;
      if (i + 1 >= wanted && !is_header) return i + 1;
      field_begins = true;
    } else if (c != '\r') {
      field_begins = c == delimiter;
    }
  }
  return file_.size();
}

}  // namespace bywash::analytics
