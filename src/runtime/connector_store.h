// ConnectorStore: a worker's connectors on disk (`bywash serve`), one file each, written so that a crash leaves the old or the new
// one whole. The files hold secrets and are readable by their owner only. Level 7, the herder's thread.
#pragma once

#include <string>
#include <vector>

#include "runtime/connector_config.h"

namespace bywash::runtime {

struct StoredConnector {
  std::string name;
  ConnectorProperties config;
  TargetState target = TargetState::kStarted;
};

class ConnectorStore {
 public:
  // Makes the folder if it is missing. Error: why it cannot be used.
  static Result<ConnectorStore> open(std::string folder);
  // Every stored connector. Error names a file that cannot be understood; nothing is skipped silently.
  Result<std::vector<StoredConnector>> load() const;
  Status save(const StoredConnector& connector) const;
  Status remove(const std::string& name) const;

 private:
  explicit ConnectorStore(std::string folder) : folder_(std::move(folder)) {}
  std::string path_of(const std::string& name) const;
  std::string folder_;
};

}  // namespace bywash::runtime
