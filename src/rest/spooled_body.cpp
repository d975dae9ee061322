// See spooled_body.h.
#include "rest/spooled_body.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unnamed_file.h"

namespace bywash::rest {
namespace {

constexpr size_t kPage = 64 << 10;  // a multiple of every page size

Status spool_error(std::string_view doing, int error_number) {
  return Status::host(fmt::format("Cannot {} the upload in a temporary file: {}. Check the data folder's free space and permissions", doing, std::strerror(error_number)));
}

}  // namespace

Result<std::shared_ptr<SpooledBody>> SpooledBody::open(const std::string& folder) {
  std::error_code ignored;  // the open says why
  std::filesystem::create_directories(folder, ignored);
  const int descriptor = open_unnamed_file(folder, "upload");
  if (descriptor < 0) return spool_error("keep", errno);
  return std::shared_ptr<SpooledBody>(new SpooledBody(descriptor));
}

SpooledBody::~SpooledBody() {
  if (mapped_) ::munmap(mapped_, static_cast<size_t>(size_));
  ::close(descriptor_);
}

Status SpooledBody::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return spool_error("keep", errno);
    size_ += written;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status SpooledBody::finish() {
  if (size_ == 0) return {};
  void* at = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_SHARED, descriptor_, 0);
  if (at == MAP_FAILED) return spool_error("read", errno);
  mapped_ = static_cast<char*>(at);
  return {};
}

void SpooledBody::release(const char* end) {
  const size_t whole = static_cast<size_t>(end - mapped_) / kPage * kPage;
  if (whole > 0) ::madvise(mapped_, whole, MADV_DONTNEED);
}

}  // namespace bywash::rest
