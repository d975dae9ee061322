// S3 error codes ("Error Responses", Amazon S3 API reference) sorted by what helps. Level 3, every thread.
#include "storage/s3_errors.h"

#include <algorithm>
#include <array>

#include "storage/object_key.h"

namespace bywash::storage {
namespace {

std::string unescape(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      bool found = false;
      for (const auto& [entity, c] : kEntities) {
        if (text.substr(i).starts_with(entity)) {
          out += c;
          i += entity.size();
          found = true;
          break;
        }
      }
      if (found) continue;
      size_t end = text.find(';', i);
      if (text.substr(i).starts_with("&#") && end != text.npos && end - i < 8) {
        bool hexadecimal = text[i + 2] == 'x';
        long code = std::strtol(std::string(text.substr(i + (hexadecimal ? 3 : 2), end - i)).c_str(), nullptr, hexadecimal ? 16 : 10);
        if (code > 0 && code < 128) out += static_cast<char>(code);
        i = end + 1;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view tag) {
  std::vector<std::string_view> out;
  std::string close = "</" + std::string(tag) + ">";
  for (size_t at = 0; at < xml.size();) {
    size_t open = xml.find("<" + std::string(tag), at);
    if (open == xml.npos) break;
    size_t body = open + 1 + tag.size();
    if (body >= xml.size() || (xml[body] != '>' && xml[body] != ' ')) {
      at = body;
      continue;
    }
    body = xml.find('>', body) + 1;
    size_t end = xml.find(close, body);
    if (body == 0 || end == xml.npos) break;
    out.push_back(xml.substr(body, end - body));
    at = end + close.size();
  }
  return out;
}

std::string xml_text(std::string_view xml, std::string_view tag) {
  auto found = xml_elements(xml, tag);
  return found.empty() ? std::string() : unescape(found.front());
}

ListedKeys::ListedKeys(std::string_view answer) : encoded_(xml_text(answer, "EncodingType") == "url") {}

std::string ListedKeys::operator()(std::string text) const {
  if (!encoded_) return text;
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  auto plain = percent_decode(text);
  return plain.ok() ? *plain : text;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

Status status_of(const net::HttpResponse& response, std::string_view what) {
  std::string code = xml_text(response.body, "Code"), detail = xml_text(response.body, "Message");
  std::string message = fmt::format("{}: HTTP {}{}{}", what, response.status, code.empty() ? "" : " " + code, detail.empty() ? "" : " (" + detail + ")");
  if (is_one_of(code, {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "RequestTimeTooSkewed", "OperationAborted",
                       "ExpiredToken"}) ||
      response.status >= 500 || response.status == 429 || response.status == 408) {
    return Status::retriable(message);
  }
  if (response.status == 401 || response.status == 403) {
    return Status::unauthorized(message + ". Check the credentials (aws.access.key.id, aws.secret.access.key or the environment) and the bucket policy");
  }
  if (code == "NoSuchBucket") return Status::not_found(message + ". Check s3.bucket.name and store.url");
  if (response.status == 404) return Status::not_found(message);
  if (response.status == 301 || response.status == 307 || code == "AuthorizationHeaderMalformed") {
    return Status::invalid(message + ". Check s3.region: the bucket is in another one");
  }
  if (response.status == 409 || response.status == 412) return Status::conflict(message);
  return Status::fatal(message);
}

}  // namespace bywash::storage
