// Line ends. Level 6, the task's thread.
#include "connectors/file/line_splitter.h"

namespace bywash::connectors::file {

std::optional<LineSplitter::Line> LineSplitter::next() {
  size_t end = buffer_.find_first_of("\r\n", scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  scanned_ = end;
  size_t after = end + 1;
  if (buffer_[end] == '\r') {
    if (after == buffer_.size()) return std::nullopt;
    if (buffer_[after] == '\n') ++after;
  }
  Line line{buffer_.substr(start_, end - start_), after - start_};
  start_ = scanned_ = after;
  return line;
}

}  // namespace bywash::connectors::file
