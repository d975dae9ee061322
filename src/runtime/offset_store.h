// OffsetStore: the source offsets of a worker. Here those of a standalone one, in the file and format of Kafka Connect's
// FileOffsetBackingStore, so that either takes over from the other; a cluster's are in a topic (kafka_offset_store.h). Level 7, any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "kafka/compacted_topic.h"
#include "runtime/java_hash_map.h"

namespace bywash::runtime {

// Offsets as records, for whoever writes them together with the records of the source, in one transaction.
struct OffsetRecords {
  std::string topic;
  std::vector<kafka::KeyValue> records;
};

class OffsetStore {
 public:
  // Partition and offset, both JSON objects; no offset: forgotten.
  using Offsets = std::vector<std::pair<std::string, std::optional<std::string>>>;
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

  // What set() would write. Error: this store keeps no records.
  virtual Result<OffsetRecords> records(const std::string& connector, const Offsets& offsets) const;
  // The records are committed: writes the offsets where else they are kept, without waiting for it.
  virtual void recorded(const std::string& connector, const Offsets& offsets);
  // set() without waiting; what cannot be stored is told in the log.
  virtual void set_later(const std::string& connector, const Offsets& offsets);

 protected:
  OffsetStore() = default;

 private:
  explicit OffsetStore(std::string path) : path_(std::move(path)) {}
  Status write() const;
  Status write_or(ByteMap before);
  std::string path_;
  mutable std::mutex mutex_;
  ByteMap entries_;
};

}  // namespace bywash::runtime
