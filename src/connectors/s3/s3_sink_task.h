// One task of the S3 sink: configuration into store, format and partitioner, rows to the writer of their partition. Level 6, the
// task's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/s3/s3_config.h"
#include "plugin/sink.h"

namespace bywash::storage {
class ObjectStore;
}

namespace bywash::connectors::s3 {

// `store` null: the configured one (a test gives its own).
std::unique_ptr<plugin::SinkTask> make_s3_sink_task(S3SinkConfig config, std::shared_ptr<storage::ObjectStore> store);

}  // namespace bywash::connectors::s3
