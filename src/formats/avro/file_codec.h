// Block compression of Avro object container files. Level 4, one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "formats/avro/avro_file_writer.h"

namespace bywash::formats::avro {

std::string_view codec_name(AvroCodec codec);  // as the file's header has it

class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  virtual Result<std::string> compress(std::string_view block) = 0;
  // Error: kData for bytes that are not such a block, or that grow beyond 1 GiB.
  virtual Result<std::string> decompress(std::string_view bytes) = 0;
};
Result<std::unique_ptr<BlockCodec>> make_block_codec(AvroCodec codec);

}  // namespace bywash::formats::avro
