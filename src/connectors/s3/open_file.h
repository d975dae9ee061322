// An open file of a topic partition: up to three objects of the same rows, with values, keys and headers, each an encoder and an upload.
// Put step. Level 6, the task's thread.
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <vector>

#include "connectors/s3/delivery.h"
#include "connectors/s3/file_encoder.h"
#include "connectors/s3/spill_file.h"

namespace bywash::connectors::s3 {

// One object of an open file.
struct FileStream {
  View view = View::kValues;
  columnar::SchemaPtr schema;
  std::string key;
  std::unique_ptr<FileEncoder> encoder;
  std::shared_ptr<FileUpload> upload;  // once a part has gone out
  std::unique_ptr<SpillFile> spilled;  // encoded bytes before those of the encoder

  int64_t bytes_ready() const { return encoder->bytes_ready() + (spilled ? spilled->size() : 0); }
  int64_t bytes_on_disk() const { return spilled ? spilled->size() : 0; }
  // Everything that is ready, in order.
  Result<std::string> take();
  // Sends what is ready as a part when it has `least` bytes.
  Status send(Delivery& delivery, int64_t least);
  // Memory is short: what is large enough goes out, the rest to disk.
  Status spill(Delivery& delivery, const std::string& folder);
};

// Which file a row goes into: by destination topic, path, and a number per schema where schemas have files of their own.
struct FileId {
  int topic = 0, path = 0, schema = 0;
  friend auto operator<=>(const FileId&, const FileId&) = default;
  bool same_place(const FileId& other) const { return topic == other.topic && path == other.path; }
};

struct OpenFile {
  FileId id;
  columnar::SchemaPtr schema;  // of the values, also where none are written (tombstones)
  int64_t start_offset = 0, end_offset = 0, row_count = 0;
  std::vector<FileStream> streams;

  int64_t bytes_held() const;
  int64_t file_bytes() const;
  // Of the object with that view; null when there is none.
  const columnar::ConnectSchema* stream_schema(View view) const;
};

}  // namespace bywash::connectors::s3
