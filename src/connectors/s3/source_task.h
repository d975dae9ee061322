// One task of the S3 source: poll step of the source line. Level 6, the task's thread.
#pragma once

#include <memory>

#include "connectors/s3/source_config.h"
#include "plugin/source.h"

namespace bywash::storage {
class ObjectStore;
}

namespace bywash::connectors::s3 {

// `store` null: the configured one (a test gives its own).
std::unique_ptr<plugin::SourceTask> make_s3_source_task(S3SourceConfig config, std::shared_ptr<storage::ObjectStore> store);

}  // namespace bywash::connectors::s3
