// The offsets file. Keys are JSON ["connector",{partition}], values JSON {offset}, as Connect's OffsetStorageWriter writes them. Level 7.
#include "runtime/offset_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/log.h"

namespace bywash::runtime {
namespace {

using nlohmann::json;

// JSON text with sorted keys: two writings of the same partition are one key. Text that is no JSON stays itself.
std::string normal(const std::string& text) {
  json parsed = json::parse(text, nullptr, false);
  return parsed.is_discarded() ? text : parsed.dump();
}

std::string key_of(const std::string& connector, const std::string& partition) {
  return json::array({connector, json::parse(partition, nullptr, false)}).dump();
}

}  // namespace

Result<std::unique_ptr<OffsetStore>> OffsetStore::open(const std::string& path) {
  std::unique_ptr<OffsetStore> store(new OffsetStore(path));
  if (path.empty()) return store;
  std::ifstream in(path, std::ios::binary);
  if (!in) return store;
  std::stringstream text;
  text << in.rdbuf();
  if (text.str().empty()) return store;
  auto read = read_java_hash_map(text.str());
  if (!read.ok()) {
    return read.status().with_context(fmt::format("Cannot read the offsets file '{}' (offset.storage.file.filename); move it away to start without offsets", path));
  }
  for (auto& [key, value] : *read) store->entries_[normal(key)] = std::move(value);
  return store;
}

std::optional<std::string> OffsetStore::get(const std::string& connector, const std::string& partition) const {
  std::lock_guard lock(mutex_);
  auto it = entries_.find(key_of(connector, partition));
  return it == entries_.end() ? std::nullopt : it->second;
}

std::vector<std::pair<std::string, std::string>> OffsetStore::list(const std::string& connector) const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : entries_) {
    json parsed = json::parse(key, nullptr, false);
    if (parsed.is_array() && parsed.size() == 2 && parsed[0] == connector && value) out.emplace_back(parsed[1].dump(), *value);
  }
  return out;
}

Status OffsetStore::set(const std::string& connector, const std::vector<std::pair<std::string, std::optional<std::string>>>& offsets) {
  std::lock_guard lock(mutex_);
  auto before = entries_;
  for (const auto& [partition, offset] : offsets) {
    if (offset) entries_[key_of(connector, partition)] = *offset;
    else entries_.erase(key_of(connector, partition));
  }
  return write_or(std::move(before));
}

Status OffsetStore::remove(const std::string& connector) {
  std::lock_guard lock(mutex_);
  auto before = entries_;
  std::erase_if(entries_, [&](const auto& entry) {
    json parsed = json::parse(entry.first, nullptr, false);
    return parsed.is_array() && parsed.size() == 2 && parsed[0] == connector;
  });
  return write_or(std::move(before));
}

// What is not in the file is not true either.
Status OffsetStore::write_or(ByteMap before) {
  Status written = write();
  if (!written.ok()) entries_ = std::move(before);
  return written;
}

Status OffsetStore::write() const {
  if (path_.empty()) return {};
  std::string bytes = write_java_hash_map(entries_);
  std::string temporary = path_ + ".new";
  auto fail = [&](const char* what) {
    return Status::host(fmt::format("Cannot {} the offsets file '{}': {}", what, temporary, std::strerror(errno)));
  };
  int fd = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) return fail("create");
  errno = ENOSPC;  // the cause where only a part is written
  const bool written = ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  Status failed = written ? Status() : fail("write");
  ::close(fd);
  if (!written) ::unlink(temporary.c_str());
  RETURN_IF_ERROR(failed);
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) return fail("rename");
  return {};
}

Result<OffsetRecords> OffsetStore::records(const std::string&, const Offsets&) const {
  return Status::invalid("Offsets in a file cannot be part of a transaction: sources deliver exactly once on workers of a cluster only");
}

void OffsetStore::recorded(const std::string&, const Offsets&) {}

void OffsetStore::set_later(const std::string& connector, const Offsets& offsets) {
  if (Status stored = set(connector, offsets); !stored.ok()) log::warn("runtime", "Offsets of connector {} are not stored: {}", connector, stored.message());
}

}  // namespace bywash::runtime
