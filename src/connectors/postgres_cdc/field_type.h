// What a column becomes in an event: its Connect schema, and its values from the server's text into a column under construction
// (io.debezium.connector.postgresql.PostgresValueConverter 3.6). Level 6, one per column of a table, the task's thread.
#pragma once

#include <memory>
#include <string_view>

#include "columnar/connect_schema.h"
#include "columnar/value.h"
#include "connectors/postgres_cdc/catalog.h"
#include "connectors/postgres_cdc/change_config.h"
#include "formats/json/column_builder.h"

namespace bywash::postgres_cdc {

class FieldType {
 public:
  enum class Kind : uint8_t {
    kBoolean, kInt16, kInt32, kInt64, kFloat, kDouble, kText, kBytes, kOneBit, kBits, kDecimal, kVariableDecimal, kDecimalText, kDecimalDouble, kMoney,
    kDate, kTime, kTimestamp, kZonedTime, kZonedTimestamp, kInterval, kPoint, kGeometry, kHstore, kVector, kSparseVector, kArray, kMask
  };

  // Null: the type has no mapping, the column is left out of events.
  static Result<std::unique_ptr<FieldType>> make(const ChangeConfig& config, Catalog& catalog, const TableColumn& column);
  // Masks or cuts its texts (column.mask.with..., column.truncate.to...). Other types stay as they are.
  void apply(const ChangeConfig::ColumnRule& rule);

  const columnar::SchemaPtr& schema() const { return schema_; }
  // Lets labels pass that the enum did not have when this was made.
  void accept_any_label() { labels_.clear(); }
  // kData: not a text of the column's type; the message holds neither the name nor the value. kNotFound: a label that the enum did not
  // have when this was made.
  Status append(std::string_view text, formats::json::ColumnBuilder* out) const;
  // A null: of a required column its default value, or what is least of its type (a row that has only its key).
  Status append_null(formats::json::ColumnBuilder* out) const;
  // The placeholder for a value that an update did not change and the server did not send.
  Status append_unavailable(formats::json::ColumnBuilder* out) const;

 private:
  FieldType() = default;
  struct Root;
  static Result<std::unique_ptr<FieldType>> make_root(const ChangeConfig& config, Catalog& catalog, const Root& root);
  void plan_number(const ChangeConfig& config, const Root& root, columnar::SchemaSpec* spec);
  bool plan_time(const ChangeConfig& config, const Root& root, columnar::SchemaSpec* spec);
  bool plan_named(const ChangeConfig& config, const Root& root, columnar::SchemaSpec* spec);
  bool plan_plain(const ChangeConfig& config, const Root& root, columnar::SchemaSpec* spec);
  void set_default(const std::string& expression);

  Status append_time(std::string_view text, formats::json::ColumnBuilder* out) const;
  Status append_number(std::string_view text, formats::json::ColumnBuilder* out) const;
  Status append_bytes(std::string_view bytes, formats::json::ColumnBuilder* out) const;
  Status append_structured(std::string_view text, formats::json::ColumnBuilder* out) const;
  static Status append_geometry(std::string_view text, formats::json::ColumnBuilder* out);
  static Status append_sparse_vector(std::string_view text, formats::json::ColumnBuilder* out);

  Kind kind_ = Kind::kText;
  columnar::SchemaPtr schema_;
  bool needs_value_ = false;    // not optional
  int32_t scale_ = 0;           // of decimals; digits behind the point of zoned times (-1: as many as are there)
  int64_t unit_micros_ = 1;     // microseconds per unit of a time as a number; 0: nanoseconds
  bool iso_ = false, as_text_ = false;
  BinaryMode binaries_ = BinaryMode::kBytes;
  DecimalMode decimals_ = DecimalMode::kPrecise;
  char delimiter_ = ',';
  int64_t cut_ = -1;            // characters that are kept
  std::string mask_, unavailable_;
  std::vector<std::string> labels_;  // of an enum
  std::unique_ptr<FieldType> element_;
};

}  // namespace bywash::postgres_cdc
