// Columns under construction out of a database's values: what RowBuilder is made of. Level 6, the task's thread.
#pragma once

#include <memory>
#include <string_view>

#include "columnar/column.h"
#include "connectors/jdbc/source/source_database.h"

namespace bywash::jdbc {

// Appends the values of one column, in the form in which the database gives them.
class ValueBuilder {
 public:
  virtual ~ValueBuilder() = default;
  virtual bool append(std::string_view value) = 0;  // false: not of this type
  virtual void append_null() = 0;
  virtual Result<columnar::Column> finish(const columnar::SchemaPtr& schema) = 0;
};

// What an Arrow builder holds, as a column.
template <class ArrowBuilder>
Result<columnar::Column> finished(ArrowBuilder* builder, const columnar::SchemaPtr& schema) {
  auto done = builder->Finish();
  if (!done.ok()) return Status::host(done.status().message());
  return columnar::Column{schema, done.MoveValueUnsafe()};
}

// For a column in PostgreSQL's binary form that is no date or time; `of_text` takes the same column's texts.
std::unique_ptr<ValueBuilder> binary_value_builder(const SourceColumn& column, const columnar::SchemaPtr& schema, std::unique_ptr<ValueBuilder> of_text);

}  // namespace bywash::jdbc
