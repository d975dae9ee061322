// Bound transforms for schemas a transform cannot work on: every row that is not null fails, as each record does in Connect. Level 4.
#pragma once

#include <memory>
#include <string_view>

#include "transforms/record_side.h"

namespace bywash::transforms {

// Nulls pass; other rows fail with "Only Struct objects supported for [purpose], found: <class>".
std::unique_ptr<plugin::BoundTransform> reject_not_struct(Side side, std::string_view purpose, bool nulls_pass = true);
// The same, and nulls fail with `for_null` as DataException: the original looks at the schema's fields first.
std::unique_ptr<plugin::BoundTransform> reject_not_struct_nor_null(Side side, std::string_view purpose, std::string_view for_null);
// Nulls pass; other rows fail with "Only Map objects supported in absence of schema for [purpose], found: <class>".
std::unique_ptr<plugin::BoundTransform> reject_not_map(Side side, std::string_view purpose, bool nulls_pass = true);
// Nulls pass; other rows fail with `status`.
std::unique_ptr<plugin::BoundTransform> reject_with(Side side, Status status);
// Changes nothing.
std::unique_ptr<plugin::BoundTransform> pass_through();

}  // namespace bywash::transforms
