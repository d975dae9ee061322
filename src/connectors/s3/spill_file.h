// SpillFile: bytes of an open file that wait on this machine's disk instead of in memory. Put step. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::connectors::s3 {

class SpillFile {
 public:
  // A file without a name in `folder` (empty: TMPDIR, else /tmp): it is gone with the process, however that ends.
  // Error: kRetriable when the disk is full, else kFatal; blames the host and names the folder.
  static Result<std::unique_ptr<SpillFile>> make(const std::string& folder);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  // On an error nothing has been added.
  Status append(std::string_view bytes);
  Result<std::string> read(int64_t offset, int64_t size) const;
  Status clear();
  int64_t size() const { return size_; }

 private:
  SpillFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}
  Status failure(const char* what, int error) const;
  int fd_;
  std::string folder_;
  int64_t size_ = 0;
};

}  // namespace bywash::connectors::s3
