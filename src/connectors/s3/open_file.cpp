// Parts and spilling of open files. Level 6, the task's thread.
#include "connectors/s3/open_file.h"

namespace bywash::connectors::s3 {
namespace {

// The store's smallest part (Amazon S3, "Multipart upload limits").
constexpr int64_t kSmallestPart = 5 << 20;

}  // namespace

Result<std::string> FileStream::take() {
  std::string bytes;
  if (spilled && spilled->size() > 0) {
    ASSIGN_OR_RETURN(bytes, spilled->read(0, spilled->size()));
    RETURN_IF_ERROR(spilled->clear());
  }
  if (bytes.empty()) return encoder->take_bytes();
  bytes += encoder->take_bytes();
  return bytes;
}

Status FileStream::send(Delivery& delivery, int64_t least) {
  if (bytes_ready() < least) return {};
  if (!upload) upload = delivery.make_upload(key);
  ASSIGN_OR_RETURN(std::string bytes, take());
  upload->add_part(std::move(bytes));
  return {};
}

Status FileStream::spill(Delivery& delivery, const std::string& folder) {
  RETURN_IF_ERROR(encoder->spill(folder));
  RETURN_IF_ERROR(send(delivery, kSmallestPart));
  if (encoder->bytes_ready() == 0) return {};
  if (!spilled) {
    ASSIGN_OR_RETURN(spilled, SpillFile::make(folder));
  }
  // A failed write keeps the bytes out of the file but not in the encoder: they are asked for only when there is room for them.
  std::string bytes = encoder->take_bytes();
  Status written = spilled->append(bytes);
  if (written.ok()) return {};
  return Status(Code::kFatal, written.blame(), written.message());
}

int64_t OpenFile::bytes_held() const {
  int64_t bytes = 0;
  for (const FileStream& s : streams) bytes += s.encoder->bytes_held();
  return bytes;
}

int64_t OpenFile::file_bytes() const {
  int64_t bytes = 0;
  for (const FileStream& s : streams) bytes += s.encoder->file_bytes();
  return bytes;
}

const columnar::ConnectSchema* OpenFile::stream_schema(View view) const {
  for (const FileStream& s : streams) {
    if (s.view == view) return s.schema.get();
  }
  return nullptr;
}

}  // namespace bywash::connectors::s3
