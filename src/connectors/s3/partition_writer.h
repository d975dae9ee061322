// PartitionWriter: the open files of one topic partition and the rules that end them, as
// io.confluent.connect.s3.TopicPartitionWriter (kafka-connect-s3 12.1.9) has them: whatever ends one file ends all of the partition's
// files, and the offset after the last row is committed when all of them are durable. Cuts depend on the records alone (but with
// Wallclock and rotate.schedule.interval.ms), so that a restart makes the same objects again. Level 6, the task's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "connectors/s3/file_encoder.h"
#include "connectors/s3/partitioner.h"
#include "connectors/s3/schema_compatibility.h"
#include "connectors/s3/upload.h"
#include "plugin/sink.h"

namespace bywash::connectors::s3 {

// What the writers of one task share; outlives them.
struct WriterParts {
  const S3SinkConfig* config = nullptr;
  FileFormat* format = nullptr;
  Partitioner* partitioner = nullptr;
  PathTable* paths = nullptr;
  const Zone* schedule_zone = nullptr;  // with rotate.schedule.interval.ms
  std::shared_ptr<UploadGroup> uploads;
  plugin::SinkContext* context = nullptr;
};

class PartitionWriter {
 public:
  PartitionWriter(const WriterParts& parts, TopicPartition origin, Generation generation, int64_t now_ms);
  ~PartitionWriter();  // discards what is open

  // Rows of one poll, merged by offset. Every error is final: rows before it are taken, so the runtime must not put them again.
  Status write(const std::vector<columnar::Batch>& batches, int64_t now_ms);
  // Ends files whose time has come by the wall clock.
  Status tick(int64_t now_ms);
  // Encodes and sends early what large files hold, when memory is short.
  Status shed();
  int64_t bytes_held() const;

 private:
  struct OpenFile;
  struct BoundBatch;
  struct FileId {
    int topic = 0, path = 0;
    friend auto operator<=>(const FileId&, const FileId&) = default;
  };

  Status write_rows(const std::vector<columnar::Batch>& batches, int64_t now_ms);
  Status write_row(BoundBatch& batch, int64_t row, int64_t now_ms);
  Status place(BoundBatch& batch, int64_t row, FileId id, int64_t timestamp);
  Status null_value(const BoundBatch& batch, int64_t row);
  Status refuse_nulls(const std::vector<BoundBatch>& bound);
  Status refuse(const BoundBatch& batch, int64_t row, const Status& error);
  bool time_is_up(FileId id, int64_t timestamp, int64_t now_ms) const;
  Result<OpenFile*> open_file(BoundBatch& batch, int64_t row, FileId id);
  Result<const columnar::Column*> fitting_column(BoundBatch& batch, const OpenFile& file);
  Status send_ready_parts(OpenFile& file);
  Status cut();
  std::string object_key(const OpenFile& file) const;
  void schedule_next(int64_t now_ms);

  WriterParts parts_;
  TopicPartition origin_;
  Generation generation_;
  Compatibility compatibility_;
  std::map<FileId, std::unique_ptr<OpenFile>> files_;
  std::vector<std::string> topics_;  // FileId::topic
  FileId last_id_{-1, -1};           // of the row before
  int64_t record_count_ = 0;         // in all open files
  int64_t first_offset_ = 0, last_offset_ = 0;
  std::optional<int64_t> base_timestamp_;
  int64_t next_scheduled_ms_ = 0;
};

}  // namespace bywash::connectors::s3
