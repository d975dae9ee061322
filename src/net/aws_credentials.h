// Credentials for S3: from keys of the configuration, the environment, a web identity, a profile file, the container, or the instance, in
// that order (as the default chain of Amazon's SDK for Java 2). Level 2, every thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/config_def.h"

namespace bywash::net {

struct AwsCredentials {
  std::string access_key_id;
  config::Secret secret_access_key;
  config::Secret session_token;  // empty: none
  int64_t expires_ms = 0;        // since the epoch; 0: never
};

// Where credentials may come from. `environment` reads a variable, empty when it is not set (a test gives its own).
struct CredentialSources {
  std::string access_key_id;          // aws.access.key.id
  config::Secret secret_access_key;   // aws.secret.access.key
  std::string (*environment)(const char* name) = nullptr;  // null: the process's
};

// The first source that has both parts. Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; then the profile
// AWS_PROFILE (default "default") of AWS_SHARED_CREDENTIALS_FILE (default ~/.aws/credentials); between and after them those of
// aws_remote_credentials.h. Errors: kUnauthorized naming every source that was tried; kRetriable, kTimedOut.
Result<AwsCredentials> find_aws_credentials(const CredentialSources& sources);

// One [profile] section's keys of an INI text, as ~/.aws/credentials has them.
std::map<std::string, std::string> read_profile(std::string_view text, std::string_view profile);

}  // namespace bywash::net
