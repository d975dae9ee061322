// See segment_upload.h.
#include "analytics/table/segment_upload.h"

#include <algorithm>

#include "analytics/table/json_rows.h"

namespace bywash::analytics {
namespace {

constexpr size_t kNameMax = 200;  // it names a file

// Names that stay within the table's folder: letters, digits, and what Pinot's name generators put between them.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("_-.:%+=@~").find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<std::string> upload_segment(const UploadTarget& target, const PinotSegment& segment, const UploadRule& rule) {
  const std::string& table = target.config.name_with_type;
  const std::string& name = rule.name.empty() ? segment.name() : rule.name;
  if (target.config.type != TableType::kOffline) {
    return Status::invalid(fmt::format("Cannot upload segment {} to {}: segments are uploaded to OFFLINE tables; make one of the same name beside it, and both answer together", name, table));
  }
  if (!is_plain_name(name)) return Status::invalid(fmt::format("Segment name '{}' cannot be a file's: letters, digits and _-.:%+=@~ are taken, {} at most", name, kNameMax));
  const bool known = target.segments.has(name);
  if (known && !rule.may_replace) return Status::conflict(fmt::format("Segment: {} already exists in table: {}. Refresh not permitted.", name, table));
  if (!known && rule.must_replace) return Status::conflict(fmt::format("Cannot refresh non-existing segment: {} for table: {}", name, table));
  MutableSegmentOptions options;
  options.name = name;
  options.max_rows = std::max<int64_t>(segment.rows(), 1);
  options.creation_ms = segment.creation_ms() > 0 ? segment.creation_ms() : target.now_ms;
  options.time_column = target.config.time_column;
  options.raw_columns = target.config.indexes.raw_columns;
  ASSIGN_OR_RETURN(const std::shared_ptr<MutableSegment> rows, MutableSegment::create(segment_schema(target.schema, target.config, target.now_ms), std::move(options)));
  Status copied = segment.append_to(*rows, [&] { return target.stopping.load(); });
  if (copied.code() == Code::kCancelled) return Status::retriable("The table is being closed or changed; upload the segment again");
  if (!copied.ok()) return copied.with_context(fmt::format("Segment {} of table {}", name, table));
  RETURN_IF_ERROR(target.segments.put(*rows));
  return name;
}

}  // namespace bywash::analytics
