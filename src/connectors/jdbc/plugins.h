// The JDBC plugins, for the one list in src/builtin_plugins.cpp. Level 6.
#pragma once

#include "plugin/sink.h"

namespace bywash::jdbc {

// io.confluent.connect.jdbc.JdbcSinkConnector: topics into tables of PostgreSQL or SQLite.
plugin::SinkPlugin jdbc_sink();

}  // namespace bywash::jdbc
