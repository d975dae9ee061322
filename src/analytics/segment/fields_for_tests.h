// Columns of schemas that tests and benchmarks make.
#pragma once

#include <string>
#include <utility>

#include "analytics/segment/table_schema.h"

namespace bywash::analytics {

inline FieldSpec test_field(std::string name, DataType type, FieldKind kind = FieldKind::kDimension, bool single = true) {
  FieldSpec out;
  out.name = std::move(name);
  out.type = type;
  out.kind = kind;
  out.single_value = single;
  out.default_null = default_null_of(kind, type);
  return out;
}

}  // namespace bywash::analytics
