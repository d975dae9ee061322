// Files of the data folder that must survive a crash: written whole or not at all, and the lock that keeps a second process out.
// Table line, commit stage. Level 5, any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

// kFatal with Blame::kHost: "Cannot write 'x': No space left on device".
Status host_error(std::string_view doing, const std::string& path, int error_number);

// Writes `path` through a temporary name: fsync, rename, fsync of the folder.
Status write_file(const std::string& path, std::string_view content);
Result<std::string> read_file(const std::string& path);
Status sync_folder(const std::string& path);
// Creates the folder and its parents.
Status make_folder(const std::string& path);
// Whether a small file can be written there: a folder that is full or read-only is told at start, not at the first seal.
Status check_writable(const std::string& folder);

// Holds `<folder>/LOCK` for as long as it lives. kConflict when another process has it.
class FolderLock {
 public:
  static Result<std::unique_ptr<FolderLock>> take(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace bywash::analytics
