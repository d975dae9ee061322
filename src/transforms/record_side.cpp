// Sides, requirement messages and Java class names. Level 4, the task's thread.
#include "transforms/record_side.h"

#include <arrow/array.h>

namespace bywash::transforms {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::Type;

Side side_of(std::string_view class_name) { return class_name.ends_with("$Key") ? Side::kKey : Side::kValue; }

Status data_error(std::string_view java_class, std::string message) {
  return Status::data(std::move(message)).with_java_class(std::string(java_class));
}

Status config_error(std::string message) {
  return Status::invalid(std::move(message)).with_java_class(std::string(kConfigException));
}

std::string java_class_of(const Value& value) {
  static constexpr std::string_view kClasses[] = {
      "null",            "java.lang.Boolean", "java.lang.Byte",   "java.lang.Short",  "java.lang.Integer",
      "java.lang.Long",  "java.lang.Float",   "java.lang.Double", "java.lang.String", "[B",
      "java.math.BigDecimal", "java.util.Date", "java.util.ArrayList", "java.util.HashMap", "org.apache.kafka.connect.data.Struct"};
  return std::string(kClasses[value.storage().index()]);
}

std::string java_class_of(const ConnectSchema& schema) {
  switch (schema.logical()) {
    case Logical::kDecimal: return "java.math.BigDecimal";
    case Logical::kDate:
    case Logical::kTime:
    case Logical::kTimestamp: return "java.util.Date";
    case Logical::kNone: break;
  }
  switch (schema.type()) {
    case Type::kInt8: return "java.lang.Byte";
    case Type::kInt16: return "java.lang.Short";
    case Type::kInt32: return "java.lang.Integer";
    case Type::kInt64: return "java.lang.Long";
    case Type::kFloat32: return "java.lang.Float";
    case Type::kFloat64: return "java.lang.Double";
    case Type::kBoolean: return "java.lang.Boolean";
    case Type::kString: return "java.lang.String";
    case Type::kBytes: return "[B";
    case Type::kArray: return "java.util.ArrayList";
    case Type::kMap:
    case Type::kObject: return "java.util.HashMap";
    case Type::kStruct: return "org.apache.kafka.connect.data.Struct";
    case Type::kNull: return "null";
    case Type::kVariant: return "java.lang.Object";
  }
  return "java.lang.Object";
}

Status not_a_struct(std::string_view purpose, std::string_view found) {
  return data_error(kDataException, fmt::format("Only Struct objects supported for [{}], found: {}", purpose, found));
}

Status not_a_map(std::string_view purpose, std::string_view found) {
  return data_error(kDataException, fmt::format("Only Map objects supported in absence of schema for [{}], found: {}", purpose, found));
}

void fail_row(Batch& batch, int64_t row, Status status) {
  batch.fail(row, columnar::Stage::kTransformation, "", std::move(status));
}

void leave_out_nulls(const Column& column, columnar::RowMask* rows) {
  if (column.data->null_count() == 0) return;
  for (int64_t row = 0; row < column.row_count(); ++row) {
    if (column.data->IsNull(row)) rows->clear(row);
  }
}

bool schemaless_null(const ConnectSchema& schema) { return schema.type() == Type::kNull; }

}  // namespace bywash::transforms
