// Any bytes as a schema with data behind it, and as data of a schema that has every type: no crash, and what was decoded is a valid
// column that can be written again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <arrow/array.h>

#include "formats/avro/avro_file_reader.h"
#include "formats/avro/decoder.h"
#include "formats/avro/encoder.h"
#include "formats/avro/to_connect.h"

namespace {

using namespace bywash::formats::avro;

void check(const std::shared_ptr<const AvroSchema>& avro, std::string_view data) {
  int unions = 0;
  auto schema = to_connect_schema(avro->root(), std::nullopt, {}, &unions);
  if (!schema.ok()) return;
  auto decoder = AvroDecoder::make(avro, avro->root(), *schema);
  if (!decoder.ok()) return;
  int64_t rows = 0;
  for (int i = 0; i < 16 && !data.empty(); ++i) {
    if (!(*decoder)->read(&data).ok()) break;
    ++rows;
  }
  auto column = (*decoder)->finish();
  if (!column.ok()) return;
  if (column->row_count() != rows || !column->data->ValidateFull().ok()) std::abort();
  auto encoder = AvroEncoder::make(avro, *schema, {});
  if (!encoder.ok()) return;
  (*encoder)->bind(*column);
  std::string out;
  for (int64_t row = 0; row < rows; ++row) (void)(*encoder)->write(row, &out).ok();
}

const char* kEveryType = R"({"type":"record","name":"R","fields":[{"name":"b","type":"boolean"},{"name":"i","type":["null","int"]},
  {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string"},
  {"name":"x","type":{"type":"fixed","name":"X","size":3}},{"name":"e","type":{"type":"enum","name":"E","symbols":["P","Q"]}},
  {"name":"t","type":{"type":"array","items":["null","string"]}},{"name":"m","type":{"type":"map","values":"long"}},
  {"name":"u","type":["null","string",{"type":"record","name":"V","fields":[{"name":"w","type":"long"}]}]},
  {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto known = *AvroSchema::parse(kEveryType);
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(known, bytes);
  std::string_view anything = bytes;
  (void)read_anything(&anything).ok();
  size_t newline = bytes.find('\n');
  if (newline != bytes.npos) {
    auto schema = AvroSchema::parse(bytes.substr(0, newline));
    if (schema.ok()) check(*schema, bytes.substr(newline + 1));
  }
  auto file = AvroFileReader::open(bytes, {});
  while (file.ok()) {
    auto block = (*file)->next();
    if (!block.ok() || !*block) break;
  }
  return 0;
}
