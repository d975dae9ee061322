// Pinot's POST /segments and /v2/segments (PinotSegmentUploadDownloadRestletResource, ZKOperator 1.5.1): segments of Pinot's own format become
// segments of an OFFLINE table. See pinot_api.h.
#include "base/text.h"
#include "processing/input_objects.h"
#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

std::string header_of(const HttpRequest& request, const std::string& name) {
  auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

// The file behind DOWNLOAD_URI.
Result<std::string> fetched(const std::string& uri) {
  if (uri.empty()) return Status::invalid("Failed to get downloadURI, needed for URI upload: name it in the header DOWNLOAD_URI");
  if (!uri.starts_with("s3://") && !uri.starts_with("file:")) return Status::invalid(fmt::format("Unsupported URI: {}: s3:// and file:// are read; upload the file itself", uri));
  ASSIGN_OR_RETURN(std::unique_ptr<processing::InputObjects> objects, processing::InputObjects::open(uri, {}));
  ASSIGN_OR_RETURN(const std::vector<processing::InputObject> listed, objects->list());
  if (listed.size() != 1) return Status::invalid(fmt::format("DOWNLOAD_URI names {} files, it has to name one: {}", listed.size(), uri));
  return objects->read(listed[0]);
}

// Segments as they are, by what UPLOAD_TYPE says: in the body, or at DOWNLOAD_URI. METADATA sends the metadata alone, and the segment's place.
Result<std::string> segment_bytes(const HttpRequest& request, std::string_view* bytes) {
  const std::string type = ascii_upper(header_of(request, "upload_type"));
  if (const std::string crypter = header_of(request, "crypter"); !crypter.empty() && !crypter.starts_with("NoOp")) {
    return Status::invalid(fmt::format("CRYPTER: '{}' is not supported; upload the segment without encryption", crypter));
  }
  if (type == "URI" || type == "METADATA") return fetched(header_of(request, "download_uri"));
  if (!type.empty() && type != "SEGMENT") return Status::invalid(fmt::format("Unsupported upload type: {}", type));
  ASSIGN_OR_RETURN(*bytes, pinot::file_of(request));
  return std::string();
}

}  // namespace

HttpResponse PinotApi::upload_segment(const HttpRequest& request) {
  std::string_view bytes;
  Result<std::string> fetched_bytes = segment_bytes(request, &bytes);
  if (!fetched_bytes) return pinot::error(fetched_bytes.status());
  if (!fetched_bytes->empty()) bytes = *fetched_bytes;
  Result<analytics::PinotSegment> segment = analytics::PinotSegment::open(bytes);
  if (!segment) return pinot::error(segment.status());
  std::string name = pinot::query_value(request, "tableName");
  if (name.empty()) name = segment->table();
  if (name.empty()) return pinot::error(400, "tableName is missing, in the request and in the segment's metadata");
  const std::string type = ascii_upper(pinot::query_value(request, "tableType"));
  if (name.ends_with("_REALTIME") || name.ends_with("_OFFLINE")) {
    if (!type.empty() && !name.ends_with("_" + type)) return pinot::error(400, fmt::format("Table name: {} does not match table type: {}", name, type));
  } else {
    name += "_" + (type.empty() ? std::string("OFFLINE") : type);
  }
  const auto found = instance_.tables(name);
  if (found.empty()) return pinot::error(404, fmt::format("Failed to find table: {}", name));
  analytics::UploadRule rule;
  rule.may_replace = pinot::query_value(request, "allowRefresh") != "false";
  rule.must_replace = header_of(request, "refresh_only") == "true";
  Result<std::string> uploaded = found[0]->upload(*segment, rule);
  if (!uploaded) return pinot::error(uploaded.status());
  return pinot::done(fmt::format("Successfully uploaded segment: {} of table: {}", *uploaded, name));
}

}  // namespace bywash::rest
