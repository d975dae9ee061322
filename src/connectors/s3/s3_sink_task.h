// One task of the S3 sink: configuration into store, format and partitioner, rows to the writer of their partition. Level 6, the
// task's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/s3/s3_config.h"
#include "plugin/sink.h"

namespace bywash::storage {
class ObjectStore;
}

namespace bywash::connectors::s3 {

// The wall clock names paths and schedules; the steady one, which never jumps, measures ages.
struct Now {
  int64_t wall_ms = 0;
  SteadyTime steady;
};

// `store` null: the configured one; `clock` empty: the machine's (a test gives its own).
std::unique_ptr<plugin::SinkTask> make_s3_sink_task(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store, std::function<Now()> clock = {});

}  // namespace bywash::connectors::s3
