// PartitionWriter: the open files of one topic partition and the rules that end them, as
// io.confluent.connect.s3.TopicPartitionWriter (kafka-connect-s3 12.1.9) has them: whatever ends one file ends all of the partition's
// files, and the offset after the last row is committed when all of them are durable. The rules that rows meet are in
// partition_writer.cpp, files and their ends in partition_files.cpp. Level 6, the task's thread.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/s3/open_file.h"
#include "connectors/s3/partitioner.h"
#include "connectors/s3/s3_sink_task.h"
#include "connectors/s3/schema_compatibility.h"
#include "plugin/sink.h"

namespace bywash::connectors::s3 {

// What the writers of one task share; outlives them.
struct WriterParts {
  const S3SinkConfig* config = nullptr;
  std::array<FileFormat*, 3> formats{};  // by View; null: not stored
  Partitioner* partitioner = nullptr;
  PathTable* paths = nullptr;
  int tombstone_path = -1;               // of records without value; -1: they are not written
  const Zone* schedule_zone = nullptr;   // with rotate.schedule.interval.ms
  std::shared_ptr<UploadGroup> uploads;
  plugin::SinkContext* context = nullptr;

  FileFormat* format(View view) const { return formats[static_cast<size_t>(view)]; }
};

// Batches of one partition out of a put.
using OwnBatches = std::span<const columnar::Batch* const>;

class PartitionWriter {
 public:
  PartitionWriter(const WriterParts& parts, std::shared_ptr<Delivery> delivery, TopicPartition origin, Generation generation, Now now);
  ~PartitionWriter();  // discards what is open

  // Ok, or the error of the first null value among them where such a value fails the task: asked of all partitions of a poll before
  // any row of it is written, as in the original's put.
  Status refuse_nulls(OwnBatches batches);
  // Rows of one poll, merged by offset. Every error is final: rows before it are taken, so the runtime must not put them again.
  Status write(OwnBatches batches, Now now);
  // Ends files whose time has come by the clock, and hands over what is waiting for room.
  Status tick(Now now);
  // Memory is short: what is large enough goes out, the rest to disk.
  Status spill();
  int64_t bytes_held() const;
  Delivery& delivery() { return *delivery_; }

 private:
  struct BoundBatch;

  Status write_rows(OwnBatches batches, Now now);
  Status bind(const columnar::Batch& batch, Now now, BoundBatch* bound);
  Status write_row(BoundBatch& batch, int64_t row, Now now);
  std::optional<int64_t> time_of(const BoundBatch& batch, int64_t row, bool tombstone, Status* error) const;
  int64_t run_length(BoundBatch& batch, int64_t row, Now now) const;
  int64_t write_run(BoundBatch& batch, int64_t row, Now now);
  Result<OpenFile*> file_for(BoundBatch& batch, int64_t row, FileId id);
  Result<bool> fits(BoundBatch& batch, const OpenFile& file);
  Status place(BoundBatch& batch, int64_t row, FileId id, std::optional<int64_t> timestamp);
  Status append(BoundBatch& batch, int64_t row, OpenFile& file);
  Result<const columnar::Column*> fitting_column(BoundBatch& batch, const OpenFile& file);
  Status check_key_and_headers(const BoundBatch& batch, int64_t row) const;
  Status null_value(const columnar::Batch& batch, int64_t row);
  Status refuse(const BoundBatch& batch, int64_t row, const Status& error);
  bool time_is_up(FileId id, std::optional<int64_t> timestamp, int64_t wall_ms) const;
  int topic_number(const std::string& topic);

  Result<OpenFile*> open_file(BoundBatch& batch, int64_t row, FileId id);
  void close_file(FileId id);
  Status end_put();
  bool is_large_enough() const;
  Status cut();
  Status hand_over();
  std::string object_key(const OpenFile& file, View view) const;
  std::map<std::string, std::string> tags_of(const OpenFile& file) const;
  void schedule_next(int64_t wall_ms);

  // A file of a cut whose bytes have not all been handed over.
  struct Leaving {
    std::shared_ptr<Cut> cut;
    std::unique_ptr<OpenFile> file;
    size_t next = 0;  // stream
  };

  WriterParts parts_;
  std::shared_ptr<Delivery> delivery_;
  TopicPartition origin_;
  Generation generation_;
  Compatibility compatibility_;
  std::map<FileId, std::unique_ptr<OpenFile>> files_;
  OpenFile* last_file_ = nullptr;    // that the row before went into
  std::deque<Leaving> leaving_;
  std::vector<std::string> topics_;  // FileId::topic
  FileId last_id_{-1, -1, 0};        // of the row before
  int64_t record_count_ = 0;         // in all open files
  int64_t first_offset_ = 0, last_offset_ = 0;
  std::optional<int64_t> base_timestamp_;
  int64_t next_scheduled_ms_ = 0;
  SteadyTime oldest_, newest_;       // when the first of the open rows came, and the last put
};

}  // namespace bywash::connectors::s3
