// Java's name for the class of a value, for messages. Level 4, every thread.
#pragma once

#include <string_view>

#include "columnar/value.h"

namespace bywash::formats {

// "java.lang.Long", "[B", ...; empty for null.
std::string_view java_class_of(const columnar::Value& value);

}  // namespace bywash::formats
