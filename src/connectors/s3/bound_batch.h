// A batch with what the rows of one put need of it. Level 6, the task's thread.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "connectors/s3/partition_writer.h"

namespace bywash::connectors::s3 {

struct PartitionWriter::BoundBatch {
  const columnar::Batch* batch = nullptr;
  std::array<columnar::Column, 3> views;  // by View; without schema: not stored
  BatchTimestamps timestamps;
  std::unique_ptr<BatchPaths> paths;
  Status refused;  // not ok: no value of this schema can be written
  Status refused_key, refused_headers;
  std::vector<bool> null_headers;
  bool has_nulls = false;
  int topic = 0;  // while constant
  int64_t next = 0;
  // The value column in other schemas, by file schema.
  std::deque<std::pair<const columnar::ConnectSchema*, columnar::Column>> projected;
  struct Fit {
    const columnar::ConnectSchema* value;
    const columnar::ConnectSchema* key;
    bool answer;
  };
  std::vector<Fit> fits;  // whether rows go into files of these schemas

  columnar::Column& view(View v) { return views[static_cast<size_t>(v)]; }
  // Keys or headers are stored.
  bool needs_checks() const { return views[1].schema || views[2].schema; }
};

}  // namespace bywash::connectors::s3
