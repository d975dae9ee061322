// The list of dialects. Level 6.
#include "connectors/jdbc/dialect.h"

namespace bywash::jdbc {

const Dialect& dialect_of(Database database) {
  return database == Database::kPostgresql ? postgresql_dialect() : sqlite_dialect();
}

std::shared_ptr<const LocalTimes> local_times_of(const SinkConfig& config) {
  const std::string& dates = config.date_timezone;
  return std::make_shared<const LocalTimes>(config.db_timezone, dates == "UTC" || dates == "utc", config.date_calendar == "LEGACY");
}

Status no_column_type(const columnar::ConnectSchema& schema) {
  std::string type(to_string(schema.type()));
  for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return Status::data(fmt::format("{} ({}) type doesn't have a mapping to the SQL database column type", schema.name().value_or("null"), type))
      .with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

}  // namespace bywash::jdbc
