// Copies and removals of many objects of S3Store. Level 3, every thread.
#include <algorithm>

#include "storage/object_key.h"
#include "storage/s3_errors.h"
#include "storage/s3_store.h"

namespace bywash::storage {
namespace {

// The most that DeleteObjects takes (Amazon S3 API reference).
constexpr size_t kKeysPerRemoval = 1000;

}  // namespace

Status ObjectStore::remove_all(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) RETURN_IF_ERROR(remove(key));
  return {};
}

Status S3Store::remove_all(const std::vector<std::string>& keys) {
  for (size_t first = 0; first < keys.size(); first += kKeysPerRemoval) {
    std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
    for (size_t i = first; i < std::min(keys.size(), first + kKeysPerRemoval); ++i) body += "<Object><Key>" + xml_escape(keys[i]) + "</Key></Object>";
    body += "</Delete>";
    S3Call call{"POST", "", {{"delete", ""}}, {{"content-type", "application/xml"}, {"content-md5", content_md5(body)}}, body, what("delete", keys[first])};
    ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
    auto refused = xml_elements(answer.body, "Error");
    if (refused.empty()) continue;
    // Each error names its key; what helps is told by its code as if it were the request's.
    net::HttpResponse error;
    error.status = xml_text(refused.front(), "Code") == "AccessDenied" ? 403 : 500;
    error.body = std::string(refused.front());
    return status_of(error, what("delete", xml_text(refused.front(), "Key")));
  }
  return {};
}

Status S3Store::copy(const std::string& from, const std::string& to) {
  S3Call call{"PUT", to, {}, object_headers({}), {}, what("copy to", to)};
  // Content type and encoding are the source's.
  call.headers.erase("content-type");
  call.headers["x-amz-copy-source"] = "/" + percent_encode(requester_.options().bucket, false) + "/" + percent_encode(from, true);
  std::map<std::string, std::string> own;
  requester_.add_encryption(&own, true);
  for (const auto& [name, value] : own) call.headers["x-amz-copy-source-" + name.substr(std::string_view("x-amz-").size())] = value;
  ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
  // As with a multipart upload, an error can come after the status line has said 200.
  if (answer.body.find("<Error") == std::string::npos) return {};
  answer.status = 500;
  return status_of(answer, call.what);
}

}  // namespace bywash::storage
