// Rows of a database's values into columns of Connect's types: GenericDatabaseDialect.addFieldToSchema and its column converters
// (kafka-connect-jdbc 10.9). Level 6, one per statement.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "connectors/jdbc/source/source_database.h"
#include "connectors/jdbc/time_zone.h"

namespace bywash::jdbc {

class ValueBuilder;

class RowBuilder {
 public:
  // `name`: the struct schema's, empty for none. Columns without a Connect type are left out, with a warning once.
  static Result<std::unique_ptr<RowBuilder>> make(const SourceConfig& config, const std::string& name, const std::vector<SourceColumn>& columns);
  ~RowBuilder();

  // kData: a value that is not of its column's type; the message names the column, never the value.
  Status append(const SourceRow& row);
  int64_t row_count() const { return row_count_; }
  // The rows so far; begins anew.
  Result<columnar::Column> finish();
  const columnar::SchemaPtr& schema() const { return schema_; }

 private:
  RowBuilder();
  columnar::SchemaPtr schema_;
  std::vector<std::unique_ptr<ValueBuilder>> builders_;
  std::vector<size_t> sources_;  // per builder: index in the row
  int64_t row_count_ = 0;
};

// What a column becomes; null when there is no type for it.
columnar::SchemaPtr connect_schema_of(const SourceColumn& column, const SourceConfig& config);

// "2024-06-15 10:00:00.123456[+02]", or a number of milliseconds, or a date alone: microseconds. `instant` is set where the text had an offset.
std::optional<int64_t> timestamp_of_text(std::string_view text, bool* instant);
// What an incrementing column holds: a whole number (of a decimal the whole part), if it is one of 64 bits.
std::optional<int64_t> whole_number_of(const SourceColumn& column, std::string_view value);
// What a timestamp column holds, in microseconds; `instant`: in UTC whatever the column's type says.
std::optional<int64_t> timestamp_of(const SourceColumn& column, std::string_view value, bool* instant);
// Between the local clock of db.timezone and instants, as java.util.GregorianCalendar reads gaps and overlaps.
class SourceClock {
 public:
  SourceClock(const std::string& zone, bool legacy_calendar) : zone_(zone), legacy_(legacy_calendar) {}
  int64_t instant_of_local(int64_t local_micros) const;
  int64_t local_of_instant(int64_t instant_micros) const;
  int64_t days_of_date(int64_t days) const;  // a proleptic day count of the text's date as the calendar system has it

 private:
  TimeZone zone_;
  bool legacy_;
};

}  // namespace bywash::jdbc
