// libFuzzer: any bytes are a segment of Pinot's whose rows can be read, or are refused with a reason. The first byte says what they are: an
// archive, or one column's metadata, dictionary, values and nulls.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "analytics/pinot_segment/column_copy.h"
#include "analytics/pinot_segment/pinot_segment.h"
#include "base/check.h"

namespace {

using namespace bywash;
using namespace bywash::analytics;

constexpr int64_t kRowsMax = 5000;  // what a few bytes say of their number costs memory

std::shared_ptr<MutableSegment> segment_of(DataType type, bool single) {
  auto schema = std::make_shared<TableSchema>();
  FieldSpec field;
  field.name = "x";
  field.type = type;
  field.single_value = single;
  field.default_null = default_null_of(FieldKind::kDimension, type);
  schema->fields = {field};
  MutableSegmentOptions options;
  options.name = "fuzz";
  options.max_rows = kRowsMax;
  return *MutableSegment::create(schema, options);
}

void read_archive(std::string_view bytes) {
  Result<PinotSegment> segment = PinotSegment::open(bytes, {.unpacked_bytes = 1 << 22, .files = 100});
  if (!segment.ok()) {
    CHECK(!segment.status().message().empty());
    return;
  }
  if (segment->rows() > kRowsMax) return;
  const Status copied = segment->append_to(*segment_of(DataType::kString, true));
  CHECK(copied.ok() || !copied.message().empty());
}

// Lengths of the four parts stand before them.
void read_column(std::string_view bytes) {
  auto part = [&bytes] {
    const size_t size = bytes.size() < 2 ? 0 : std::min<size_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]), bytes.size() - 2);
    const std::string_view out = bytes.substr(std::min<size_t>(bytes.size(), 2), size);
    bytes.remove_prefix(std::min(bytes.size(), size + 2));
    return out;
  };
  const std::string_view properties = part(), dictionary = part(), nulls = part(), values = bytes;
  Result<SegmentFiles> files = SegmentFiles::read({{"metadata.properties", properties}, {"x.dict", dictionary}, {"x.bitmap.nullvalue", nulls}, {"x.sv.raw.fwd", values}});
  if (!files.ok() || files->rows() > kRowsMax || !files->has("x")) return;
  Result<PinotColumn> column = files->column("x");
  if (!column.ok()) return;
  const Status copied = copy_column(*column, files->rows(), 0, *segment_of(column->type, column->single_value));
  CHECK(copied.ok() || !copied.message().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  bytes[0] == 'a' ? read_archive(rest) : read_column(rest);
  return 0;
}
