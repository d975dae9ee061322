// The chain of credential sources. Level 2, every thread.
#include "net/aws_credentials.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/properties.h"
#include "net/aws_remote_credentials.h"

namespace bywash::net {
namespace {

std::string process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::map<std::string, std::string> read_profile(std::string_view text, std::string_view profile) {
  std::map<std::string, std::string> out;
  bool inside = false;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = config::trim(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      inside = config::trim(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    size_t equals = line.find('=');
    if (inside && equals != line.npos) {
      out[std::string(config::trim(line.substr(0, equals)))] = std::string(config::trim(line.substr(equals + 1)));
    }
  }
  return out;
}

Result<AwsCredentials> find_aws_credentials(const CredentialSources& sources) {
  auto env = sources.environment ? sources.environment : process_environment;
  if (!sources.access_key_id.empty() && !sources.secret_access_key.empty()) {
    return AwsCredentials{sources.access_key_id, sources.secret_access_key, {}, 0};
  }
  if (sources.access_key_id.empty() != sources.secret_access_key.empty()) {
    return Status::unauthorized("aws.access.key.id and aws.secret.access.key belong together, but only one of them is set");
  }
  std::string id = env("AWS_ACCESS_KEY_ID"), secret = env("AWS_SECRET_ACCESS_KEY");
  if (!id.empty() && !secret.empty()) return AwsCredentials{id, config::Secret(secret), config::Secret(env("AWS_SESSION_TOKEN")), 0};
  ASSIGN_OR_RETURN(auto lent, web_identity_credentials(env));
  if (lent) return *std::move(lent);

  std::string path = env("AWS_SHARED_CREDENTIALS_FILE"), profile = env("AWS_PROFILE");
  if (path.empty()) path = env("HOME") + "/.aws/credentials";
  if (profile.empty()) profile = "default";
  std::ifstream file(path);
  if (file) {
    std::stringstream text;
    text << file.rdbuf();
    auto keys = read_profile(text.str(), profile);
    if (!keys["aws_access_key_id"].empty() && !keys["aws_secret_access_key"].empty()) {
      return AwsCredentials{keys["aws_access_key_id"], config::Secret(keys["aws_secret_access_key"]), config::Secret(keys["aws_session_token"]), 0};
    }
  }
  ASSIGN_OR_RETURN(lent, container_credentials(env));
  if (lent) return *std::move(lent);
  ASSIGN_OR_RETURN(lent, instance_credentials(env));
  if (lent) return *std::move(lent);
  return Status::unauthorized(fmt::format(
      "No credentials for the object store: set aws.access.key.id and aws.secret.access.key, or the environment variables AWS_ACCESS_KEY_ID "
      "and AWS_SECRET_ACCESS_KEY, or profile '{}' in '{}'; no web identity (AWS_WEB_IDENTITY_TOKEN_FILE), container or instance has any either", profile, path));
}

}  // namespace bywash::net
