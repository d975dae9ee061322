// Cuts a growing stream of bytes into lines, as FileStreamSourceTask.extractLine does: \n, \r\n and \r end a line; a \r that is the
// last byte so far may still get its \n. Level 6, the task's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bywash::connectors::file {

class LineSplitter {
 public:
  void add(std::string_view bytes) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    buffer_ += bytes;
  }
  struct Line {
    std::string text;
    size_t byte_count = 0;  // with its end
  };
  // The next complete line; nullopt when more bytes are needed.
  std::optional<Line> next();

 private:
  std::string buffer_;
  size_t start_ = 0;    // of what is not given out
  size_t scanned_ = 0;  // no line end before it
};

}  // namespace bywash::connectors::file
