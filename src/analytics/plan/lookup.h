// LOOKUP('table', 'column', 'key', value, ...): columns of a dimension table by its primary key. Query line, bind and scan stages.
// Semantics: LookupTransformFunction, DimensionTableDataManager of Apache Pinot 1.5.1.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analytics/plan/functions.h"

namespace bywash::analytics {

// A dimension table as one state of it, by primary key. Immutable; any thread.
class LookupTable {
 public:
  virtual ~LookupTable() = default;
  virtual const TableSchema& schema() const = 0;
  // The value of `field` for each of n keys, whose columns are of the types of the schema's key columns. A key that is not there: null, with the
  // field's default for its placeholder; an empty array where the field has several values.
  virtual void read(size_t field, const std::vector<const Vector*>& keys, size_t n, Vector& out) const = 0;
};

// kInvalid: there is no dimension table of that name, or what is wrong with its rows.
using LookupTables = std::function<Result<std::shared_ptr<const LookupTable>>(const std::string& name)>;

// kInvalid in Pinot's words: wrong arguments, unknown table or column, keys other than the table's primary keys in their order.
Result<BoundFunction> bind_lookup(const FunctionArgs& call, const LookupTables& tables);

}  // namespace bywash::analytics
