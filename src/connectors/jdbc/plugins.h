// The JDBC plugins, for the one list in src/builtin_plugins.cpp. Level 6.
#pragma once

#include "plugin/sink.h"
#include "plugin/source.h"

namespace bywash::jdbc {

// io.confluent.connect.jdbc.JdbcSinkConnector: topics into tables of PostgreSQL, MySQL, MariaDB or SQLite.
plugin::SinkPlugin jdbc_sink();
// io.confluent.connect.jdbc.JdbcSourceConnector: tables of these into topics.
plugin::SourcePlugin jdbc_source();

}  // namespace bywash::jdbc
