// Credentials that AWS hands out for a while: to a Kubernetes service account (web identity, STS), a container (ECS, EKS Pod Identity), or an
// EC2 instance (its metadata service, version 2). Level 2, every thread; each call asks anew.
#pragma once

#include <optional>

#include "net/aws_credentials.h"

namespace bywash::net {

using EnvironmentReader = std::string (*)(const char* name);

// Nothing where the environment does not name such a source. Errors: kUnauthorized (refused), kRetriable, kTimedOut (no answer).
// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (AWS_ROLE_SESSION_NAME, AWS_REGION; AWS_ENDPOINT_URL_STS for another service).
Result<std::optional<AwsCredentials>> web_identity_credentials(EnvironmentReader env);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN or the file that ..._TOKEN_FILE names.
Result<std::optional<AwsCredentials>> container_credentials(EnvironmentReader env);
// Unless AWS_EC2_METADATA_DISABLED=true; AWS_EC2_METADATA_SERVICE_ENDPOINT for another address. Nothing too where nobody answers.
Result<std::optional<AwsCredentials>> instance_credentials(EnvironmentReader env);

}  // namespace bywash::net
