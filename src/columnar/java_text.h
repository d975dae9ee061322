// Values as Java prints them: Object.toString() of what Connect holds. For sinks that write text, StringConverter and
// Cast; numbers are java_number.h's. Level 1, every thread.
#pragma once

#include <string>

#include "columnar/value.h"

namespace bywash::columnar {

// String.valueOf(value): "null", "true", "5", "Struct{a=1,b=x}" (null fields left out), "[a, null]", "{b=1, a=x}" (in the order of a
// java.util.HashMap), "Tue Nov 14 22:13:20 UTC 2023" for dates. A byte[] has no useful text in Java ("[B@1b2c3d"): here the bytes
// themselves.
std::string java_text(const Value& value);

// Positions of these keys in the order in which a java.util.HashMap that holds them walks them: where an outcome depends on it.
std::vector<size_t> java_hash_order(const std::vector<Value>& keys);

}  // namespace bywash::columnar
