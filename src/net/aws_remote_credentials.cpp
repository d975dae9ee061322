// Requests to STS and the metadata services. Level 2, every thread.
#include "net/aws_remote_credentials.h"

#include <cctype>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/encoding.h"
#include "config/properties.h"
#include "net/http_client.h"

namespace bywash::net {
namespace {

// "2026-01-31T10:00:00Z" -> milliseconds since the epoch; 0 for what is none.
int64_t expiry_of(const std::string& iso) {
  std::tm utc{};
  if (std::sscanf(iso.c_str(), "%d-%d-%dT%d:%d:%d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6) return 0;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return int64_t{timegm(&utc)} * 1000;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return std::string(config::trim(text.str()));
}

HttpClientOptions quick() {
  HttpClientOptions options;
  options.connect_timeout = Millis(1000);
  options.timeout = Millis(5000);
  return options;
}

// The answer's body. `what` names the source in errors; bodies, which may hold secrets, are never in them.
Result<std::string> ask(HttpClient& http, const HttpRequest& request, const std::string& what) {
  auto answer = http.send(request);
  if (!answer.ok()) return answer.status().with_context(what);
  if (answer->status >= 200 && answer->status <= 299) return std::move(answer->body);
  std::string message = fmt::format("{}: HTTP {}", what, answer->status);
  if (answer->status >= 500 || answer->status == 429) return Status::retriable(message);
  return Status::unauthorized(message + ". Check the role and its trust policy");
}

// {"AccessKeyId":..., "SecretAccessKey":..., "Token":..., "Expiration":...}
Result<AwsCredentials> from_json(const std::string& text, const std::string& what) {
  auto parsed = nlohmann::json::parse(text, nullptr, false);
  auto field = [&](const char* name) {
    return parsed.is_object() && parsed.contains(name) && parsed[name].is_string() ? parsed[name].get<std::string>() : std::string();
  };
  AwsCredentials out;
  out.access_key_id = field("AccessKeyId");
  out.secret_access_key = config::Secret(field("SecretAccessKey"));
  out.session_token = config::Secret(field("Token"));
  out.expires_ms = expiry_of(field("Expiration"));
  if (out.access_key_id.empty() || out.secret_access_key.empty()) return Status::unauthorized(what + ": the answer holds no credentials");
  return out;
}

std::string between(const std::string& text, const std::string& tag) {
  size_t open = text.find("<" + tag + ">"), end = text.find("</" + tag + ">");
  if (open == text.npos || end == text.npos) return {};
  open += tag.size() + 2;
  return text.substr(open, end - open);
}

}  // namespace

Result<std::optional<AwsCredentials>> web_identity_credentials(EnvironmentReader env) {
  std::string path = env("AWS_WEB_IDENTITY_TOKEN_FILE"), role = env("AWS_ROLE_ARN");
  if (path.empty() || role.empty()) return std::optional<AwsCredentials>();
  const std::string what = fmt::format("Credentials of role '{}' by the token in '{}'", role, path);
  std::string token = file_text(path);
  if (token.empty()) return Status::unauthorized(what + ": the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read or is empty");
  std::string session = env("AWS_ROLE_SESSION_NAME"), region = env("AWS_REGION"), endpoint = env("AWS_ENDPOINT_URL_STS");
  if (region.empty()) region = env("AWS_DEFAULT_REGION");
  if (endpoint.empty()) endpoint = region.empty() ? "https://sts.amazonaws.com" : fmt::format("https://sts.{}.amazonaws.com", region);
  std::string body = fmt::format("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}", percent_encoded(role, kUnreserved),
                                 percent_encoded(session.empty() ? "bywash" : session, kUnreserved), percent_encoded(token, kUnreserved));
  HttpClient http;
  HttpRequest request{"POST", endpoint + "/", {{"content-type", "application/x-www-form-urlencoded"}}, body};
  ASSIGN_OR_RETURN(std::string answer, ask(http, request, what));
  AwsCredentials out;
  out.access_key_id = between(answer, "AccessKeyId");
  out.secret_access_key = config::Secret(between(answer, "SecretAccessKey"));
  out.session_token = config::Secret(between(answer, "SessionToken"));
  out.expires_ms = expiry_of(between(answer, "Expiration"));
  if (out.access_key_id.empty() || out.secret_access_key.empty()) return Status::unauthorized(what + ": the answer holds no credentials");
  return std::optional<AwsCredentials>(std::move(out));
}

Result<std::optional<AwsCredentials>> container_credentials(EnvironmentReader env) {
  std::string relative = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), url = env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) url = "http://169.254.170.2" + relative;
  if (url.empty()) return std::optional<AwsCredentials>();
  const std::string what = "Credentials of the container (AWS_CONTAINER_CREDENTIALS_...)";
  std::string token_file = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  std::string token = token_file.empty() ? env("AWS_CONTAINER_AUTHORIZATION_TOKEN") : file_text(token_file);
  HttpClient http(quick());
  HttpRequest request{"GET", url, {}, {}};
  if (!token.empty()) request.headers.emplace_back("authorization", token);
  ASSIGN_OR_RETURN(std::string answer, ask(http, request, what));
  ASSIGN_OR_RETURN(AwsCredentials out, from_json(answer, what));
  return std::optional<AwsCredentials>(std::move(out));
}

Result<std::optional<AwsCredentials>> instance_credentials(EnvironmentReader env) {
  if (env("AWS_EC2_METADATA_DISABLED") == "true") return std::optional<AwsCredentials>();
  std::string endpoint = env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) endpoint = "http://169.254.169.254";
  while (endpoint.ends_with("/")) endpoint.pop_back();
  HttpClient http(quick());
  HttpRequest token_request{"PUT", endpoint + "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}}, {}};
  auto token = http.send(token_request);
  // Not on an instance, or its metadata service is closed to us.
  if (!token.ok() || token->status != 200) return std::optional<AwsCredentials>();
  const std::string what = "Credentials of the instance's role", path = endpoint + "/latest/meta-data/iam/security-credentials/";
  HttpRequest role_request{"GET", path, {{"x-aws-ec2-metadata-token", token->body}}, {}};
  auto role = http.send(role_request);
  if (!role.ok()) return role.status().with_context(what);
  if (role->status == 404) return std::optional<AwsCredentials>();
  std::string name(config::trim(role->body.substr(0, role->body.find('\n'))));
  HttpRequest request{"GET", path + name, {{"x-aws-ec2-metadata-token", token->body}}, {}};
  ASSIGN_OR_RETURN(std::string answer, ask(http, request, what));
  ASSIGN_OR_RETURN(AwsCredentials out, from_json(answer, what));
  return std::optional<AwsCredentials>(std::move(out));
}

}  // namespace bywash::net
