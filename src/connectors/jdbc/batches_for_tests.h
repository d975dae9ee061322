// Batches out of JSON texts through the real converter, and a task with its context, for the sink's tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/jdbc/sink_context_for_tests.h"

namespace bywash::jdbc {

using Texts = std::vector<std::optional<std::string>>;

// Records of one partition as the runtime gives them: one batch per pair of schemas. With `schemas`, texts are envelopes with schema.
std::vector<columnar::Batch> batches_of_json(const std::string& topic, int64_t first_offset, const Texts& values, const Texts& keys = {},
                                             bool schemas = false);
// {"schema":{"type":"struct","fields":[fields]},"payload":payload}
std::string envelope(const std::string& fields, const std::string& payload);

// A started task. A configuration that is refused fails the test.
struct TaskForTests {
  explicit TaskForTests(plugin::Properties properties);
  ~TaskForTests();
  Status put(const std::vector<columnar::Batch>& batches) { return task->put(batches); }
  SinkContextForTests context;
  std::unique_ptr<plugin::SinkTask> task;
};

}  // namespace bywash::jdbc
