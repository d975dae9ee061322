// Sources: the poll step of the source line (poll → transform → encode → produce → commit source offsets). Level 3.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "plugin/plugin.h"

namespace bywash::plugin {

// Records of one poll: a Batch (topic, key, value, headers, timestamps; `offsets` are a running number, kafka_partition -1 when the
// producer chooses) plus per row where it came from in the source, as JSON objects that the offset store keeps.
struct SourceBatch {
  columnar::Batch batch;
  std::string source_partition;             // JSON object; the same for all rows
  std::vector<std::string> source_offsets;  // JSON object per row, by raw_row(row)
  // Headers that every row has behind its own: told, and converted, once. Null: none.
  std::shared_ptr<const std::vector<columnar::Header>> shared_headers;
};

class SourceContext {
 public:
  virtual ~SourceContext() = default;
  virtual const std::string& connector_name() const = 0;
  virtual int task_id() const = 0;
  // The stored offset of a source partition (both JSON objects), if there is one.
  virtual std::optional<std::string> stored_offset(const std::string& source_partition) = 0;
  // On the task's thread. False once a stop, a pause or a commit is due, which a poll that waits for records would hold up.
  virtual bool may_wait() const { return true; }
};

class SourceTask {
 public:
  virtual ~SourceTask() = default;
  virtual Status start(SourceContext* context) = 0;
  // Waits for records, up to about a second, or longer as long as may_wait(). An empty vector: nothing now. kRetriable: ask again later.
  virtual Result<std::vector<SourceBatch>> poll() = 0;
  // Everything polled so far has been produced (or dropped) and its offsets are stored.
  virtual void committed() {}
  virtual void stop() = 0;
};

struct SourcePlugin {
  PluginInfo info;
  ConfigDef def;
  std::function<void(const Properties&, std::vector<config::ConfigValue>*)> validate;
  // Splits the connector's work: one configuration per task, at most max_tasks.
  std::function<Result<std::vector<Properties>>(const Properties&, int max_tasks)> task_configs;
  std::function<Result<std::unique_ptr<SourceTask>>(const Properties&)> make;
  // May a client set this offset for this source partition (both JSON objects; no offset: forget it)? In the original's words; absent: any.
  std::function<Status(const Properties&, const std::string& partition, const std::optional<std::string>& offset)> check_offset;
};

}  // namespace bywash::plugin
