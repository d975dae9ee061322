// AWS Signature Version 4 for S3 (docs.aws.amazon.com, "Authenticating Requests (AWS Signature Version 4)"). Level 3, every thread.
// Signed here rather than by libcurl: Debian 12's 7.88 has canonicalisation bugs with encoded paths and queries.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/aws_credentials.h"

namespace bywash::storage {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct SignedRequest {
  std::string method;
  std::string path;                                          // percent-encoded once, with its leading "/"
  std::vector<std::pair<std::string, std::string>> query;    // names and values not encoded
  std::map<std::string, std::string> headers;                // lower-case names; "host" included; all are signed
  std::string payload_hash;                                  // hex SHA-256 of the body, or kUnsignedPayload
};

// The query as it goes into the URL: encoded and sorted.
std::string canonical_query(const std::vector<std::pair<std::string, std::string>>& query);
std::string sha256_hex(std::string_view bytes);
// "20130524T000000Z" of milliseconds since the epoch.
std::string amz_date(int64_t now_ms);

// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token (with a session token) and authorization to the headers.
void sign(SignedRequest& request, const net::AwsCredentials& credentials, std::string_view region, int64_t now_ms);

}  // namespace bywash::storage
