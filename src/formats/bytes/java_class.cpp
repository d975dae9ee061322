// A table by kind of value. Level 4, every thread.
#include "formats/bytes/java_class.h"

namespace bywash::formats {

std::string_view java_class_of(const columnar::Value& value) {
  static constexpr std::string_view kNames[] = {"",
                                                "java.lang.Boolean",
                                                "java.lang.Byte",
                                                "java.lang.Short",
                                                "java.lang.Integer",
                                                "java.lang.Long",
                                                "java.lang.Float",
                                                "java.lang.Double",
                                                "java.lang.String",
                                                "[B",
                                                "java.math.BigDecimal",
                                                "java.util.Date",
                                                "java.util.ArrayList",
                                                "java.util.HashMap",
                                                "org.apache.kafka.connect.data.Struct"};
  return kNames[value.storage().index()];
}

}  // namespace bywash::formats
