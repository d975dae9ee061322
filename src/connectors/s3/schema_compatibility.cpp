// Compatibility checks and column-wise projection. Level 6, the task's thread.
#include "connectors/s3/schema_compatibility.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>

#include "columnar/value.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;

constexpr const char* kProjectorException = "org.apache.kafka.connect.errors.SchemaProjectorException";

// int8 < int16 < int32 < int64 < float32 < float64 may be widened.
bool promotable(Type from, Type to) { return from <= Type::kFloat64 && to <= Type::kFloat64 && from <= to; }

Status mismatch(const ConnectSchema& from, const ConnectSchema& to) {
  return Status::data(fmt::format("Schema type mismatch. source type: {} and target type: {}", columnar::to_string(from.type()),
                                  columnar::to_string(to.type()))).with_java_class(kProjectorException);
}

// Value by value, for what has no columnar way.
Result<Value> project_value(const Value& value, const ConnectSchema& from, const ConnectSchema& to) {
  if (value.is_null()) {
    if (to.optional() || !to.default_value()) return Value();
    return *to.default_value();
  }
  if (from.type() == Type::kStruct && to.type() == Type::kStruct) {
    std::vector<Value> out;
    for (const auto& f : to.fields()) {
      int at = from.field_index(f.name);
      if (at < 0) {
        out.push_back(f.schema->default_value() ? *f.schema->default_value() : Value());
        continue;
      }
      ASSIGN_OR_RETURN(Value v, project_value(value.as_struct()->values[static_cast<size_t>(at)], *from.fields()[static_cast<size_t>(at)].schema, *f.schema));
      out.push_back(std::move(v));
    }
    return Value::structure(ConnectSchema::make(to.spec()), std::move(out));
  }
  if (from.type() == Type::kArray && to.type() == Type::kArray) {
    Value::List out;
    for (const Value& item : *value.as_list()) {
      ASSIGN_OR_RETURN(Value v, project_value(item, *from.value_schema(), *to.value_schema()));
      out.push_back(std::move(v));
    }
    return Value::list(std::move(out));
  }
  if (from.type() == Type::kMap && to.type() == Type::kMap) {
    Value::Map out;
    for (const auto& [key, item] : *value.as_map()) {
      ASSIGN_OR_RETURN(Value k, project_value(key, *from.key_schema(), *to.key_schema()));
      ASSIGN_OR_RETURN(Value v, project_value(item, *from.value_schema(), *to.value_schema()));
      out.emplace_back(std::move(k), std::move(v));
    }
    return Value::map(std::move(out));
  }
  if (from.type() == to.type()) return value;
  // A number inside a list or map that has to be widened: by way of a column of one.
  columnar::ValueAppender one(ConnectSchema::make(from.spec()));
  RETURN_IF_ERROR(one.append(value));
  ASSIGN_OR_RETURN(Column column, one.finish());
  ASSIGN_OR_RETURN(column, project(column, ConnectSchema::make(to.spec())));
  return columnar::value_at(column, 0);
}

Result<Column> project_struct(const Column& column, const SchemaPtr& target) {
  std::vector<Column> children;
  for (const auto& f : target->fields()) {
    int at = column.schema->field_index(f.name);
    if (at >= 0) {
      ASSIGN_OR_RETURN(Column child, project(column.child(at), f.schema));
      children.push_back(std::move(child));
      continue;
    }
    if (!f.schema->optional() && !f.schema->default_value()) {
      return Status::data(fmt::format("Required field '{}' is missing from source schema", f.name)).with_java_class(kProjectorException);
    }
    Value value = f.schema->default_value() ? *f.schema->default_value() : Value();
    ASSIGN_OR_RETURN(Column filled, columnar::constant_column(f.schema, value, column.row_count()));
    children.push_back(std::move(filled));
  }
  return columnar::make_struct_column(target, std::move(children), {}, column.data.get(), column.row_count());
}

// Parameters that say nothing about the values, as io.confluent.connect.storage.schema.SchemaProjector leaves them out.
std::map<std::string, std::string> telling_parameters(const ConnectSchema& schema) {
  auto out = schema.parameters();
  for (const char* name : {"connect.record.doc", "connect.record.aliases", "connect.record.namespace"}) out.erase(name);
  std::erase_if(out, [](const auto& p) { return p.first.starts_with("io.confluent.connect.avro.field.doc."); });
  return out;
}

bool is_enumeration(const ConnectSchema& schema) {
  const auto& parameters = schema.parameters();
  return parameters.contains("org.apache.kafka.connect.data.Enum") || parameters.contains("io.confluent.connect.avro.Enum") ||
         parameters.contains("io.confluent.connect.protobuf.Enum");
}

// Values of `record` cannot be projected into `file`: then the file ends. At every depth, so that a record that the file cannot take starts
// a file of its own instead of failing (as StorageSchemaCompatibility does from storage-common 12.1 on).
bool is_unprojectable(const ConnectSchema& record, const ConnectSchema& file) {
  if (record.type() != file.type() && !promotable(record.type(), file.type())) return true;
  if (record.name() != file.name()) return true;
  const auto own = telling_parameters(record), theirs = telling_parameters(file);
  const bool fit = is_enumeration(record) && is_enumeration(file) ? std::includes(theirs.begin(), theirs.end(), own.begin(), own.end()) : own == theirs;
  if (!fit || (record.optional() && !file.optional() && !file.default_value())) return true;
  if (record.type() == Type::kArray) return is_unprojectable(*record.value_schema(), *file.value_schema());
  if (record.type() == Type::kMap) {
    return is_unprojectable(*record.key_schema(), *file.key_schema()) || is_unprojectable(*record.value_schema(), *file.value_schema());
  }
  if (record.type() != Type::kStruct) return false;
  for (const auto& f : file.fields()) {
    const int at = record.field_index(f.name);
    if (at < 0 ? !f.schema->optional() && !f.schema->default_value() : is_unprojectable(*record.fields()[static_cast<size_t>(at)].schema, *f.schema)) return true;
  }
  return false;
}

}  // namespace

Compatibility compatibility_of(const std::string& text) {
  if (text == "BACKWARD") return Compatibility::kBackward;
  if (text == "FORWARD") return Compatibility::kForward;
  if (text == "FULL") return Compatibility::kFull;
  return Compatibility::kNone;
}

Result<bool> ends_file(Compatibility compatibility, const ConnectSchema& record, const ConnectSchema& file) {
  if (&record == &file) return false;
  // Schemaless records are one kind, whatever their shape.
  if (record.schemaless() && file.schemaless()) return false;
  if (record.schemaless() != file.schemaless()) return true;
  if (compatibility == Compatibility::kNone) return !record.equals(file);
  if (!record.version() || !file.version()) {
    static constexpr std::string_view kNames[] = {"NONE", "BACKWARD", "FORWARD", "FULL"};
    return Status::data(fmt::format("Schema version required for {} compatibility", kNames[static_cast<int>(compatibility)]))
        .with_java_class(kProjectorException);
  }
  if (is_unprojectable(record, file)) return true;
  if (compatibility == Compatibility::kForward) return *record.version() < *file.version();
  return *record.version() > *file.version();
}

Result<Column> project(const Column& column, const SchemaPtr& target) {
  const ConnectSchema& from = *column.schema;
  if (column.schema == target || from.equals(*target)) return column;
  bool nulls = column.data->null_count() > 0;
  if (from.optional() && !target->optional() && !target->default_value()) {
    return Status::data("Writer schema is optional, however, target schema does not provide a default value.").with_java_class(kProjectorException);
  }
  if (from.type() == Type::kStruct && target->type() == Type::kStruct && (!nulls || column.data->offset() == 0)) return project_struct(column, target);
  if (from.logical() != target->logical()) return mismatch(from, *target);
  bool scalar = from.type() <= Type::kBytes;
  if (scalar && from.type() == target->type() && (!nulls || target->optional())) return Column{target, column.data};
  if (from.type() != target->type()) {
    if (!promotable(from.type(), target->type())) return mismatch(from, *target);
    if (!nulls || target->optional()) {
      auto cast = arrow::compute::Cast(*column.data, target->arrow_type(), arrow::compute::CastOptions::Unsafe());
      if (!cast.ok()) return Status::data(cast.status().message()).with_java_class(kProjectorException);
      return Column{target, *cast};
    }
  }
  columnar::ValueAppender out(target);
  for (int64_t i = 0; i < column.row_count(); ++i) {
    ASSIGN_OR_RETURN(Value value, project_value(columnar::value_at(column, i), from, *target));
    RETURN_IF_ERROR(out.append(value));
  }
  return out.finish();
}

}  // namespace bywash::connectors::s3
