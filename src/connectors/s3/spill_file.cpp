// An unnamed temporary file. Level 6, the task's thread.
#include "connectors/s3/spill_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/unnamed_file.h"

namespace bywash::connectors::s3 {

Result<std::unique_ptr<SpillFile>> SpillFile::make(const std::string& folder) {
  std::string where = folder;
  if (where.empty()) {
    const char* temporary = std::getenv("TMPDIR");
    where = temporary && *temporary ? temporary : "/tmp";
  }
  const int fd = open_unnamed_file(where, "bywash-spill");
  const int error = errno;
  std::unique_ptr<SpillFile> file(new SpillFile(fd, std::move(where)));
  if (fd < 0) return file->failure("make", error);
  return file;
}

SpillFile::~SpillFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status SpillFile::failure(const char* what, int error) const {
  std::string message = fmt::format("Cannot {} a temporary file in '{}': {}. Open files are written there when memory is short: make room, or "
                                    "set spill.folder to another folder", what, folder_, std::strerror(error));
  bool full = error == ENOSPC || error == EDQUOT;
  return Status(full ? Code::kRetriable : Code::kFatal, Blame::kHost, std::move(message));
}

Status SpillFile::append(std::string_view bytes) {
  int64_t at = size_;
  while (!bytes.empty()) {
    ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("write", errno);
    bytes.remove_prefix(static_cast<size_t>(n));
    at += n;
  }
  size_ = at;
  return {};
}

Result<std::string> SpillFile::read(int64_t offset, int64_t size) const {
  std::string out(static_cast<size_t>(size), '\0');
  int64_t have = 0;
  while (have < size) {
    ssize_t n = ::pread(fd_, out.data() + have, static_cast<size_t>(size - have), offset + have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failure("read", n < 0 ? errno : EIO);
    have += n;
  }
  return out;
}

Status SpillFile::clear() {
  if (::ftruncate(fd_, 0) != 0) return failure("empty", errno);
  size_ = 0;
  return {};
}

}  // namespace bywash::connectors::s3
