// S3Store: bucket and single-object requests (multipart: s3_multipart.cpp, list: s3_list.cpp). Level 3, every thread.
#include "storage/s3_store.h"

#include <cstdlib>

#include "storage/s3_errors.h"

namespace bywash::storage {

S3Store::S3Store(S3Options options) : requester_(std::move(options)), name_("s3://" + requester_.options().bucket) {}

std::string endpoint_from_environment() {
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    const char* value = std::getenv(name);
    if (value && *value) return value;
  }
  return {};
}

std::string S3Store::what(std::string_view verb, const std::string& key) const { return fmt::format("Cannot {} '{}/{}'", verb, name_, key); }

std::map<std::string, std::string> S3Store::object_headers(const ObjectAttributes& attributes) const {
  std::map<std::string, std::string> headers;
  headers["content-type"] = attributes.content_type;
  if (!attributes.content_encoding.empty()) headers["content-encoding"] = attributes.content_encoding;
  if (!requester_.options().canned_acl.empty()) headers["x-amz-acl"] = requester_.options().canned_acl;
  requester_.add_encryption(&headers, false);
  return headers;
}

Status S3Store::check() {
  // A listing of one key, not a HEAD of the bucket: its answer has a body that says what is wrong.
  auto answer = requester_.send({"GET", "", {{"list-type", "2"}, {"max-keys", "1"}}, {}, {}, fmt::format("Bucket is not reachable: '{}'", name_)});
  return answer.status();
}

Status S3Store::create_bucket() {
  auto answer = requester_.send({"PUT", "", {}, {}, {}, fmt::format("Cannot create bucket '{}'", name_)});
  if (answer.status().code() == Code::kConflict) return {};
  return answer.status();
}

Status S3Store::put(const std::string& key, std::string_view bytes, const ObjectAttributes& attributes) {
  S3Call call{"PUT", key, {}, object_headers(attributes), bytes, what("write", key)};
  if (attributes.only_if_absent) call.headers["if-none-match"] = "*";
  return requester_.send(call).status();
}

Status S3Store::set_tags(const std::string& key, const std::map<std::string, std::string>& tags) {
  std::string body = "<Tagging><TagSet>";
  for (const auto& [name, value] : tags) body += fmt::format("<Tag><Key>{}</Key><Value>{}</Value></Tag>", xml_escape(name), xml_escape(value));
  body += "</TagSet></Tagging>";
  return requester_.send({"PUT", key, {{"tagging", ""}}, {{"content-type", "application/xml"}}, body, what("tag", key)}).status();
}

Result<std::string> S3Store::get(const std::string& key) {
  S3Call call{"GET", key, {}, {}, {}, what("read", key)};
  requester_.add_encryption(&call.headers, true);
  ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
  return std::move(answer.body);
}

Result<ObjectEntry> S3Store::head(const std::string& key) {
  S3Call call{"HEAD", key, {}, {}, {}, what("look at", key)};
  requester_.add_encryption(&call.headers, true);
  ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
  ObjectEntry entry;
  entry.key = key;
  entry.size = std::strtoll(answer.headers["content-length"].c_str(), nullptr, 10);
  for (char c : answer.headers["etag"]) {
    if (c != '"') entry.etag += c;
  }
  return entry;
}

Status S3Store::remove(const std::string& key) {
  auto answer = requester_.send({"DELETE", key, {}, {}, {}, what("delete", key)});
  if (answer.status().code() == Code::kNotFound) return {};
  return answer.status();
}

}  // namespace bywash::storage
