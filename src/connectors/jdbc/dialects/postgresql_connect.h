// Connections to PostgreSQL, for the sink and the source. Level 6, the task's thread.
#pragma once

#include <libpq-fe.h>

#include <optional>
#include <string>

#include "base/status.h"
#include "connectors/jdbc/connection_url.h"

namespace bywash::jdbc::postgresql {

// A connection in the time zone UTC and with currentSchema as search path. kRetriable: not reachable now; kUnauthorized: refused.
Result<PGconn*> connect(const ConnectionUrl& url, const std::optional<std::string>& user, const config::Secret& password);

}  // namespace bywash::jdbc::postgresql
