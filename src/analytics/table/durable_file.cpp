// See durable_file.h.
#include "analytics/table/durable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bywash::analytics {
namespace {

// More than a page, so that a file system without room has none for it either.
constexpr size_t kProbeBytes = 64 << 10;

}  // namespace

Status host_error(std::string_view doing, const std::string& path, int error_number) {
  return Status::host(fmt::format("Cannot {} '{}': {}", doing, path, std::strerror(error_number)));
}

Status sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return host_error("open the folder", path, errno);
  const int failed = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  return failed ? host_error("sync the folder", path, failed) : Status();
}

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return host_error("create the folder", path, error.value());
  return {};
}

Status write_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return host_error("write", temporary, errno);
  int failed = 0;
  while (!content.empty() && failed == 0) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written >= 0) content.remove_prefix(static_cast<size_t>(written));
    else if (errno != EINTR) failed = errno;
  }
  if (failed == 0 && ::fsync(descriptor) != 0) failed = errno;
  ::close(descriptor);
  if (failed == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(temporary.c_str());
    return host_error("write", path, failed);
  }
  return sync_folder(std::filesystem::path(path).parent_path().string());
}

Result<std::string> read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return host_error("read", path, errno);
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got > 0) {
      content.append(buffer, static_cast<size_t>(got));
    } else if (got == 0) {
      ::close(descriptor);
      return content;
    } else if (errno != EINTR) {
      const int failed = errno;
      ::close(descriptor);
      return host_error("read", path, failed);
    }
  }
}

Status check_writable(const std::string& folder) {
  const std::string path = folder + "/.writable";
  RETURN_IF_ERROR(write_file(path, std::string(kProbeBytes, '\0')));
  return ::unlink(path.c_str()) == 0 ? Status() : host_error("delete", path, errno);
}

Result<std::unique_ptr<FolderLock>> FolderLock::take(const std::string& folder) {
  RETURN_IF_ERROR(make_folder(folder));
  const std::string path = folder + "/LOCK";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return host_error("write", path, errno);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int failed = errno;
    ::close(descriptor);
    if (failed == EWOULDBLOCK) {
      return Status::conflict(fmt::format("The data folder '{}' is in use by another process. Stop it, or name another folder with --data-dir", folder));
    }
    return host_error("lock", path, failed);
  }
  return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace bywash::analytics
