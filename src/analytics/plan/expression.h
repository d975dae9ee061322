// A bound expression: names resolved against the schema, types known, functions chosen. Query line, bind stage; immutable, shared.
#pragma once

#include "analytics/plan/vector.h"
#include "analytics/segment/table_schema.h"

#include <memory>
#include <string>
#include <vector>

namespace bywash::analytics {

// kInput: a column of an intermediate result (a group key or an aggregation) instead of one of the table.
enum class BoundKind : uint8_t { kColumn, kLiteral, kCall, kInput, kVirtual };
enum class VirtualColumn : uint8_t { kDocId, kSegmentName, kHostName, kPartitionId };

struct Bound;
using BoundPtr = std::shared_ptr<const Bound>;

struct Bound {
  BoundKind kind = BoundKind::kLiteral;
  DataType type = DataType::kInt;
  bool multi = false;         // an array
  bool null = false;          // the literal NULL; `literal` holds its placeholder
  bool from_cast = false;     // of a post-aggregation CAST: Pinot labels its column OBJECT
  const FieldSpec* spec = nullptr;  // kColumn: as the schema has it, which outlives the query
  size_t field = 0;           // kColumn: of the schema; kInput: of the inputs; kVirtual: a VirtualColumn
  Scalar literal;
  std::vector<BoundPtr> args;
  Kernel kernel;
  bool strict = true;         // of a call: null when an argument is
  size_t slot = 0;            // where an evaluator keeps this node's values; equal expressions share one
  std::string text;           // canonical text
};

}  // namespace bywash::analytics
