// See pinot_segment.h.
#include "analytics/pinot_segment/pinot_segment.h"

#include "analytics/pinot_segment/column_copy.h"

namespace bywash::analytics {

Result<PinotSegment> PinotSegment::open(std::string_view tar_gz, const TarLimits& limits) {
  ASSIGN_OR_RETURN(std::unique_ptr<const TarArchive> archive, unpack_tar_gz(tar_gz, limits));
  ASSIGN_OR_RETURN(SegmentFiles files, SegmentFiles::read(archive->files));
  return PinotSegment(std::move(archive), std::move(files));
}

Status PinotSegment::append_to(MutableSegment& segment, const std::function<bool()>& stop) const {
  const std::vector<FieldSpec>& fields = segment.schema()->fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (stop && stop()) return Status::cancelled("The table is being closed");
    const FieldSpec& field = fields[i];
    if (!files_.has(field.name)) {
      for (int64_t row = 0; row < rows(); ++row) segment.append_null(i);
      continue;
    }
    ASSIGN_OR_RETURN(const PinotColumn column, files_.column(field.name));
    if (column.type != field.type || column.single_value != field.single_value) {
      auto kind = [](bool single) { return single ? "" : " of several values"; };
      return Status::invalid(fmt::format("column {} is {}{} in the segment and {}{} in the table's schema", field.name, to_string(column.type), kind(column.single_value),
                                         to_string(field.type), kind(field.single_value)));
    }
    RETURN_IF_ERROR(copy_column(column, rows(), i, segment));
  }
  segment.publish(0);
  return {};
}

}  // namespace bywash::analytics
