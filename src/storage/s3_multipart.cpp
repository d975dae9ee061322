// Multipart uploads of S3Store. Level 3, every thread.
#include "storage/s3_errors.h"
#include "storage/s3_store.h"

namespace bywash::storage {

Result<std::string> S3Store::create_upload(const std::string& key, const ObjectAttributes& attributes) {
  ASSIGN_OR_RETURN(net::HttpResponse answer,
                   requester_.send({"POST", key, {{"uploads", ""}}, object_headers(attributes), {}, what("start the upload of", key)}));
  std::string id = xml_text(answer.body, "UploadId");
  if (id.empty()) return Status::fatal(what("start the upload of", key) + ": the store's answer has no UploadId");
  return id;
}

Result<std::string> S3Store::upload_part(const std::string& key, const std::string& upload, int number, std::string_view bytes) {
  S3Call call{"PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", upload}}, {}, bytes, what("write a part of", key)};
  requester_.add_encryption(&call.headers, true);
  ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
  std::string tag = answer.headers["etag"];
  if (tag.empty()) return Status::fatal(what("write a part of", key) + ": the store's answer has no ETag");
  return tag;
}

Status S3Store::complete_upload(const std::string& key, const std::string& upload, const std::vector<std::string>& part_tags,
                                bool only_if_absent) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < part_tags.size(); ++i) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, xml_escape(part_tags[i]));
  }
  body += "</CompleteMultipartUpload>";
  std::string words = what("complete", key);
  S3Call call{"POST", key, {{"uploadId", upload}}, {{"content-type", "application/xml"}}, body, words};
  if (only_if_absent) call.headers["if-none-match"] = "*";
  auto answer = requester_.send(call);
  if (!answer.ok()) return answer.status();
  // An error can come after the status line has said 200 ("CompleteMultipartUpload", Amazon S3 API reference).
  if (answer->body.find("<Error") != std::string::npos) {
    net::HttpResponse failed = *answer;
    failed.status = 500;
    return status_of(failed, words);
  }
  return {};
}

Status S3Store::abort_upload(const std::string& key, const std::string& upload) {
  auto answer = requester_.send({"DELETE", key, {{"uploadId", upload}}, {}, {}, what("abort the upload of", key)});
  if (answer.status().code() == Code::kNotFound) return {};
  return answer.status();
}

Result<std::vector<PendingUpload>> S3Store::pending_uploads(const std::string& prefix) {
  std::vector<PendingUpload> out;
  std::string key_marker, upload_marker;
  while (true) {
    S3Call call{"GET", "", {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}}, {}, {}, what("list the uploads of", prefix)};
    if (!key_marker.empty()) call.query.emplace_back("key-marker", key_marker);
    if (!upload_marker.empty()) call.query.emplace_back("upload-id-marker", upload_marker);
    ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
    ListedKeys listed(answer.body);
    for (std::string_view item : xml_elements(answer.body, "Upload")) out.push_back({listed(xml_text(item, "Key")), xml_text(item, "UploadId")});
    if (xml_text(answer.body, "IsTruncated") != "true") return out;
    key_marker = listed(xml_text(answer.body, "NextKeyMarker"));
    upload_marker = xml_text(answer.body, "NextUploadIdMarker");
    if (key_marker.empty()) return out;
  }
}

}  // namespace bywash::storage
