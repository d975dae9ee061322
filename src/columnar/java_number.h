// Numbers as text the way Java 17 prints them (Double.toString, Float.toString): before Java 19 not always the shortest form
// ("1e23" is 9.999999999999999E22). Everything that turns a float into text as Connect does needs exactly this. Level 1.
#pragma once

#include <string>

namespace bywash::columnar {

// "1.0", "1.0E10", "-0.0", "NaN", "Infinity".
void append_java_double(double value, std::string* out);
void append_java_float(float value, std::string* out);
std::string java_double(double value);
std::string java_float(float value);

}  // namespace bywash::columnar
