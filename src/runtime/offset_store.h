// OffsetStore: the source offsets of a worker. Here those of a standalone one, in the file and format of Kafka Connect's
// FileOffsetBackingStore, so that either takes over from the other; a cluster's are in a topic (kafka_offset_store.h). Level 7, any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/java_hash_map.h"

namespace bywash::runtime {

class OffsetStore {
 public:
  virtual ~OffsetStore() = default;
  // Reads the file; a missing one is empty. An empty path keeps offsets in memory only.
  static Result<std::unique_ptr<OffsetStore>> open(const std::string& path);

  // What other workers have stored until now is in the answers from here on.
  virtual Status refresh() { return {}; }
  // The stored offset of a source partition; both are JSON objects.
  virtual std::optional<std::string> get(const std::string& connector, const std::string& partition) const;
  // Partition and offset of each stored entry of a connector.
  virtual std::vector<std::pair<std::string, std::string>> list(const std::string& connector) const;
  // Sets offsets (nullopt removes) durably. The file: temporary name, fsync, rename.
  virtual Status set(const std::string& connector, const std::vector<std::pair<std::string, std::optional<std::string>>>& offsets);
  virtual Status remove(const std::string& connector);

 protected:
  OffsetStore() = default;

 private:
  explicit OffsetStore(std::string path) : path_(std::move(path)) {}
  Status write() const;
  std::string path_;
  mutable std::mutex mutex_;
  ByteMap entries_;
};

}  // namespace bywash::runtime
