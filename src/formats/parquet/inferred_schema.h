// The schema of schemaless records, made at this edge only: one table of widenings.
//
//   seen in one position           becomes
//   integers of any width          int64
//   floats, or floats and integers float64
//   booleans | strings | bytes     the same
//   objects                        struct of all keys seen, in order of appearance; absent and null are both null
//   lists                          list of what its items become
//   only nulls, or empty lists     string (list of string)
//   objects without any key        string with JSON text
//   anything mixed otherwise       string with each value's JSON text (a string stays its own text)
//
// Every field is optional. Level 4, any thread.
#pragma once

#include <memory>
#include <vector>

#include "columnar/column.h"

namespace bywash::formats {

// Sees columns one after another and says what holds all of them.
class SchemaInference {
 public:
  SchemaInference();
  ~SchemaInference();
  SchemaInference(SchemaInference&&) noexcept;
  SchemaInference& operator=(SchemaInference&&) noexcept;
  void add(const columnar::Column& column);
  // The struct schema of all objects that were added (with no fields if none had any).
  columnar::SchemaPtr schema() const;

  struct Position;

 private:
  std::unique_ptr<Position> root_;
};

// Rows of `column` (schemaless) in the inferred `target` schema. Columns whose form fits are shared, not copied.
Result<columnar::Column> convert_to_inferred(const columnar::Column& column, const columnar::SchemaPtr& target);

}  // namespace bywash::formats
