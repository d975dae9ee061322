// Level 4, every thread.
#include "formats/avro/avro_file_parts.h"

#include "formats/avro/binary_cursor.h"

namespace bywash::formats::avro {

Result<AvroFileParts> avro_file_parts(std::string_view file) {
  Status bad = Status::data("The file is not an Avro object container file, or its header is damaged");
  if (!file.starts_with(std::string_view("Obj\1", 4))) return bad;
  AvroFileParts out;
  out.codec = "null";
  Cursor in(file.substr(4));
  for (int64_t count = 0; in.block(2, 0, &count);) {
    if (count == 0) break;
    for (; count > 0; --count) {
      std::string_view key, value;
      if (!in.bytes(&key) || !in.bytes(&value)) return bad;
      if (key == "avro.schema") out.schema = value;
      if (key == "avro.codec") out.codec = value;
    }
  }
  if (in.problem != Cursor::Problem::kNone || !in.take(16, &out.sync)) return bad;
  out.blocks = {in.p, in.left()};
  out.header = file.substr(0, file.size() - out.blocks.size());
  return out;
}

Status append_avro_blocks(const AvroFileParts& file, std::string_view sync, std::string* out) {
  for (std::string_view rest = file.blocks; !rest.empty();) {
    Cursor in(rest);
    int64_t rows = 0;
    std::string_view bytes, marker;
    if (!in.varint<10>(&rows) || !in.bytes(&bytes)) return Status::data("A block of the Avro file is cut off or damaged");
    std::string_view block = rest.substr(0, rest.size() - in.left());
    if (!in.take(16, &marker) || marker != file.sync) return Status::data("A block of the Avro file is cut off or damaged");
    out->append(block).append(sync);
    rest = {in.p, in.left()};
  }
  return {};
}

}  // namespace bywash::formats::avro
