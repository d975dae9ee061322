// LocalStore: temporary name, fsync, rename, fsync of the folder. Level 3, every thread.
#include "storage/local_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bywash::storage {
namespace {

namespace fs = std::filesystem;

// A full disk may be emptied, a read-only one may not: the first is worth trying again.
Status host_error(const char* what, const std::string& path, int error) {
  std::string message = fmt::format("Cannot {} '{}': {}", what, path, std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return Status(Code::kRetriable, Blame::kHost, message + ". Make room on the disk");
  if (error == ENOENT) return Status::not_found(message);
  if (error == EACCES || error == EROFS || error == EPERM) return Status(Code::kUnauthorized, Blame::kHost, message + ". Check the folder's permissions");
  return Status::host(message);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return host_error("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status sync_folder(const std::string& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return host_error("open the folder", folder, errno);
  if (::fsync(fd.get()) != 0) return host_error("flush the folder", folder, errno);
  return {};
}

// Creates the folders of `path` one by one and flushes each parent, so that a new folder survives a crash as its files do.
Status make_folders(const std::string& folder) {
  struct stat st;
  if (::stat(folder.c_str(), &st) == 0) {
    return S_ISDIR(st.st_mode) ? Status() : Status::host(fmt::format("'{}' is not a folder", folder));
  }
  std::string parent = fs::path(folder).parent_path();
  if (!parent.empty() && parent != folder) RETURN_IF_ERROR(make_folders(parent));
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return host_error("create the folder", folder, errno);
  return sync_folder(parent.empty() ? "." : parent);
}

ObjectEntry entry_of(const std::string& key, const struct stat& st) {
  return {key, static_cast<int64_t>(st.st_size), "", int64_t{st.st_mtim.tv_sec} * 1000 + st.st_mtim.tv_nsec / 1'000'000};
}

// Keys below `folder` (with "/" as separator) that start with `prefix`; temporary files are passed over.
void collect(const fs::path& root, const std::string& prefix, std::vector<std::string>* keys) {
  size_t slash = prefix.rfind('/');
  fs::path start = slash == prefix.npos ? root : root / prefix.substr(0, slash);
  std::error_code error;
  for (fs::recursive_directory_iterator it(start, error), end; !error && it != end; it.increment(error)) {
    std::string file = it->path().filename();
    if (file.starts_with(".")) {
      if (it->is_directory(error)) it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file(error)) continue;
    std::string key = it->path().lexically_relative(root);
    if (key.starts_with(prefix)) keys->push_back(std::move(key));
  }
  std::sort(keys->begin(), keys->end());
}

}  // namespace

LocalStore::LocalStore(std::string folder) : folder_(std::move(folder)), name_("file://" + folder_) {}

Status LocalStore::check() {
  RETURN_IF_ERROR(make_folders(folder_).with_context(fmt::format("Folder of store.url is not usable: '{}'", name_)));
  if (::access(folder_.c_str(), W_OK) != 0) {
    return host_error("write to the folder of store.url", folder_, errno);
  }
  return {};
}

Result<std::string> LocalStore::path_of(const std::string& key) const {
  // A key must stay below the folder.
  for (size_t at = 0; at <= key.size();) {
    size_t end = std::min(key.find('/', at), key.size());
    std::string_view part(key.data() + at, end - at);
    if (part == ".." || part == ".") return Status::invalid(fmt::format("Object key '{}' must not contain '{}' as a folder", key, part));
    at = end + 1;
  }
  if (key.empty() || key.find('\0') != key.npos) return Status::invalid("An object key must not be empty or contain a zero byte");
  return folder_ + "/" + key;
}

Result<std::string> LocalStore::temporary_beside(const std::string& path) {
  std::string folder = fs::path(path).parent_path();
  RETURN_IF_ERROR(make_folders(folder));
  return fmt::format("{}/.tmp-{}-{}", folder, ::getpid(), next_temporary_.fetch_add(1));
}

Status LocalStore::finish(const std::string& temporary, const std::string& path, bool only_if_absent) {
  // link() fails where the name exists, rename() would replace it.
  bool linked = only_if_absent && ::link(temporary.c_str(), path.c_str()) == 0;
  if (only_if_absent && !linked && (errno == EEXIST || ::access(path.c_str(), F_OK) == 0)) {
    return Status::conflict(fmt::format("'{}' exists already", path));
  }
  if (linked) {
    ::unlink(temporary.c_str());
  } else if (::rename(temporary.c_str(), path.c_str()) != 0) {
    // Also for file systems without links.
    return host_error("rename to", path, errno);
  }
  return sync_folder(fs::path(path).parent_path());
}

Status LocalStore::put(const std::string& key, std::string_view bytes, const ObjectAttributes& attributes) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  ASSIGN_OR_RETURN(std::string temporary, temporary_beside(path));
  Status written;
  {
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (fd.get() < 0) return host_error("create", temporary, errno);
    written = write_all(fd.get(), bytes, path);
    if (written.ok() && ::fsync(fd.get()) != 0) written = host_error("flush", path, errno);
  }
  if (written.ok()) written = finish(temporary, path, attributes.only_if_absent);
  if (!written.ok()) ::unlink(temporary.c_str());
  return written;
}

Result<std::string> LocalStore::create_upload(const std::string& key, const ObjectAttributes&) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  ASSIGN_OR_RETURN(std::string temporary, temporary_beside(path));
  Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (fd.get() < 0) return host_error("create", temporary, errno);
  return temporary;
}

Result<std::string> LocalStore::upload_part(const std::string&, const std::string& upload, int number, std::string_view bytes) {
  Descriptor fd(::open(upload.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) return host_error("open", upload, errno);
  off_t before = ::lseek(fd.get(), 0, SEEK_END);
  if (before < 0) return host_error("write", upload, errno);
  Status written = write_all(fd.get(), bytes, upload);
  if (!written.ok()) {
    // So that the part can be tried again.
    if (::ftruncate(fd.get(), before) != 0) return host_error("cut back", upload, errno);
    return written;
  }
  return std::to_string(number);
}

Status LocalStore::complete_upload(const std::string& key, const std::string& upload, const std::vector<std::string>&, bool only_if_absent) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  {
    Descriptor fd(::open(upload.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0) return host_error("open", upload, errno);
    if (::fsync(fd.get()) != 0) return host_error("flush", upload, errno);
  }
  return finish(upload, path, only_if_absent);
}

Status LocalStore::abort_upload(const std::string&, const std::string& upload) {
  if (::unlink(upload.c_str()) != 0 && errno != ENOENT) return host_error("remove", upload, errno);
  return {};
}

// Temporary files say which process made them, not for which key: the key is the folder's.
Result<std::vector<PendingUpload>> LocalStore::pending_uploads(const std::string& prefix) {
  std::vector<PendingUpload> out;
  size_t slash = prefix.rfind('/');
  fs::path start = slash == prefix.npos ? fs::path(folder_) : fs::path(folder_) / prefix.substr(0, slash);
  std::error_code error;
  for (fs::recursive_directory_iterator it(start, error), end; !error && it != end; it.increment(error)) {
    std::string file = it->path().filename();
    int owner = 0;
    unsigned long long number = 0;
    if (std::sscanf(file.c_str(), ".tmp-%d-%llu", &owner, &number) != 2 || owner <= 0) continue;
    if (owner == ::getpid() || ::kill(owner, 0) == 0 || errno != ESRCH) continue;
    out.push_back({it->path().parent_path().lexically_relative(folder_).string() + "/", it->path().string()});
  }
  return out;
}

Status LocalStore::set_tags(const std::string& key, const std::map<std::string, std::string>&) {
  return Status::invalid(fmt::format("Cannot tag '{}/{}': a local folder has no object tags", name_, key));
}

Result<std::string> LocalStore::get(const std::string& key) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  std::ifstream file(path, std::ios::binary);
  if (!file) return host_error("read", path, errno);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

Result<ObjectEntry> LocalStore::head(const std::string& key) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return host_error("find", path, errno);
  return entry_of(key, st);
}

Result<ListPage> LocalStore::list(const ListRequest& request) {
  std::vector<std::string> keys;
  collect(folder_, request.prefix, &keys);
  ListPage page;
  std::string last;
  for (const std::string& key : keys) {
    if (!request.continuation.empty() && key <= request.continuation) continue;
    size_t cut = request.delimiter.empty() ? key.npos : key.find(request.delimiter, request.prefix.size());
    if (cut != key.npos) {
      std::string folded = key.substr(0, cut + request.delimiter.size());
      if (page.prefixes.empty() || page.prefixes.back() != folded) page.prefixes.push_back(std::move(folded));
      last = key;
      continue;
    }
    if (page.objects.size() >= static_cast<size_t>(request.page_size)) {
      page.next = last;
      break;
    }
    struct stat st;
    if (::stat((folder_ + "/" + key).c_str(), &st) == 0) page.objects.push_back(entry_of(key, st));
    last = key;
  }
  return page;
}

Status LocalStore::remove(const std::string& key) {
  ASSIGN_OR_RETURN(std::string path, path_of(key));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return host_error("remove", path, errno);
  return {};
}

Status LocalStore::copy(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(std::string source, path_of(from));
  ASSIGN_OR_RETURN(std::string target, path_of(to));
  ASSIGN_OR_RETURN(std::string temporary, temporary_beside(target));
  if (::link(source.c_str(), temporary.c_str()) == 0) return finish(temporary, target, false);
  if (errno == ENOENT) return host_error("find", source, errno);
  // A file system without links.
  ASSIGN_OR_RETURN(std::string bytes, get(from));
  return put(to, bytes, {});
}

}  // namespace bywash::storage
