// ConnectSchema -> Parquet schema. Level 4, every thread.
#include "formats/parquet/parquet_layout.h"

#include <arrow/type.h>
#include <parquet/exception.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <algorithm>

#include "formats/parquet/arrow_shape.h"
#include "formats/parquet/avro_schema_text.h"

namespace bywash::formats {
namespace {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::Type;
using parquet::LogicalType;
using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

// parquet-avro writes two-level lists ("array") unless items may be null somewhere in the file; then all lists have three levels
// (io.confluent.connect.s3.format.parquet.ParquetRecordWriterProvider 12.1.9, schemaHasArrayOfOptionalItems).
bool has_optional_items(const ConnectSchema& schema) {
  switch (schema.type()) {
    case Type::kArray: return schema.value_schema()->optional() || has_optional_items(*schema.value_schema());
    case Type::kMap: return has_optional_items(*schema.key_schema()) || has_optional_items(*schema.value_schema());
    case Type::kStruct:
      return std::any_of(schema.fields().begin(), schema.fields().end(), [](const auto& f) { return has_optional_items(*f.schema); });
    default: return false;
  }
}

class NodeBuilder {
 public:
  NodeBuilder(bool three_level_lists, bool optional_map_keys) : three_levels_(three_level_lists), optional_map_keys_(optional_map_keys) {}

  NodePtr node(const std::string& name, const ConnectSchema& schema) {
    return node(name, schema, schema.optional() ? Repetition::OPTIONAL : Repetition::REQUIRED);
  }

 private:
  static NodePtr primitive(const std::string& name, Repetition::type repetition, parquet::Type::type type,
                           std::shared_ptr<const LogicalType> logical = LogicalType::None()) {
    return PrimitiveNode::Make(name, repetition, std::move(logical), type);
  }

  NodePtr node(const std::string& name, const ConnectSchema& schema, Repetition::type repetition) {
    switch (schema.logical()) {
      case Logical::kDecimal:
        return primitive(name, repetition, parquet::Type::BYTE_ARRAY, LogicalType::Decimal(decimal_precision(schema), schema.decimal_scale()));
      case Logical::kDate: return primitive(name, repetition, parquet::Type::INT32, LogicalType::Date());
      case Logical::kTime: return primitive(name, repetition, parquet::Type::INT32, LogicalType::Time(true, LogicalType::TimeUnit::MILLIS));
      case Logical::kTimestamp:
        return primitive(name, repetition, parquet::Type::INT64, LogicalType::Timestamp(true, LogicalType::TimeUnit::MILLIS));
      case Logical::kNone: break;
    }
    switch (schema.type()) {
      case Type::kInt8:
      case Type::kInt16:
      case Type::kInt32: return primitive(name, repetition, parquet::Type::INT32);
      case Type::kInt64: return primitive(name, repetition, parquet::Type::INT64);
      case Type::kFloat32: return primitive(name, repetition, parquet::Type::FLOAT);
      case Type::kFloat64: return primitive(name, repetition, parquet::Type::DOUBLE);
      case Type::kBoolean: return primitive(name, repetition, parquet::Type::BOOLEAN);
      case Type::kString: return primitive(name, repetition, parquet::Type::BYTE_ARRAY, LogicalType::String());
      case Type::kArray: return list(name, *schema.value_schema(), repetition);
      case Type::kMap: return map(name, schema, repetition);
      case Type::kStruct: {
        parquet::schema::NodeVector fields;
        for (const auto& f : schema.fields()) fields.push_back(node(f.name, *f.schema));
        return GroupNode::Make(name, repetition, fields);
      }
      default: return primitive(name, repetition, parquet::Type::BYTE_ARRAY);
    }
  }

  NodePtr list(const std::string& name, const ConnectSchema& item, Repetition::type repetition) {
    NodePtr repeated = three_levels_ ? GroupNode::Make("list", Repetition::REPEATED, {node("element", item)})
                                     : node("array", item, Repetition::REPEATED);
    return GroupNode::Make(name, repetition, {repeated}, LogicalType::List());
  }

  NodePtr map(const std::string& name, const ConnectSchema& schema, Repetition::type repetition) {
    NodePtr value = node("value", *schema.value_schema());
    if (is_parquet_map(schema, optional_map_keys_)) {
      NodePtr entries = GroupNode::Make("key_value", Repetition::REPEATED, {node("key", *schema.key_schema(), Repetition::REQUIRED), value},
                                        parquet::ConvertedType::MAP_KEY_VALUE);
      return GroupNode::Make(name, repetition, {entries}, LogicalType::Map());
    }
    parquet::schema::NodeVector fields = {node("key", *schema.key_schema()), value};
    NodePtr repeated = three_levels_
                           ? GroupNode::Make("list", Repetition::REPEATED, {GroupNode::Make("element", Repetition::REQUIRED, fields)})
                           : GroupNode::Make("array", Repetition::REPEATED, fields);
    return GroupNode::Make(name, repetition, {repeated}, LogicalType::List());
  }

  bool three_levels_;
  bool optional_map_keys_;
};

// A struct without fields has no place in Parquet; nor has what only schemaless records have (an inferred schema has none of it).
Status check_fields(const ConnectSchema& schema, const std::string& path) {
  switch (schema.type()) {
    case Type::kStruct:
      if (schema.fields().empty()) {
        return Status::data(fmt::format("Parquet cannot hold a struct without fields ({})", path.empty() ? "the record" : "field '" + path + "'"));
      }
      for (const auto& f : schema.fields()) RETURN_IF_ERROR(check_fields(*f.schema, path.empty() ? f.name : path + "." + f.name));
      return {};
    case Type::kArray: return check_fields(*schema.value_schema(), path);
    case Type::kMap:
      RETURN_IF_ERROR(check_fields(*schema.key_schema(), path));
      return check_fields(*schema.value_schema(), path);
    case Type::kNull:
    case Type::kObject:
    case Type::kVariant: return Status::data(fmt::format("Field '{}' has no type that Parquet could hold", path));
    default: return {};
  }
}

}  // namespace

bool is_parquet_map(const ConnectSchema& schema, bool optional_keys) {
  const ConnectSchema& key = *schema.key_schema();
  return key.type() == Type::kString && key.logical() == Logical::kNone && (optional_keys || !key.optional());
}

int decimal_precision(const ConnectSchema& schema) {
  auto it = schema.parameters().find("connect.decimal.precision");
  int precision = it == schema.parameters().end() ? 64 : std::atoi(it->second.c_str());
  return precision >= std::max(1, schema.decimal_scale()) && precision <= 76 ? precision : 64;
}

std::string parquet_codec_extension(const std::string& codec) {
  // org.apache.parquet.hadoop.metadata.CompressionCodecName 1.13.1.
  if (codec == "snappy" || codec == "zstd") return "." + codec;
  if (codec == "gzip") return ".gz";
  if (codec == "lz4") return ".lz4hadoop";
  if (codec == "lz4_raw") return ".lz4raw";
  if (codec == "brotli") return ".br";
  return "";
}

Result<std::shared_ptr<const ParquetLayout>> ParquetLayout::make(SchemaPtr schema, const ParquetOptions& options) {
  if (schema->type() != Type::kStruct) {
    return Status::data(fmt::format("ParquetFormat needs records with fields, but this value's type is {}. Use a converter that gives structs "
                                    "or objects (JsonConverter), or another format.class", columnar::to_string(schema->type())))
        .with_java_class("org.apache.kafka.connect.errors.DataException");
  }
  RETURN_IF_ERROR(check_fields(*schema, ""));
  std::shared_ptr<ParquetLayout> layout(new ParquetLayout());
  layout->schema_ = schema;
  layout->options_ = options;
  AvroSchemaText avro = avro_schema_text(*schema, {options.connect_metadata, options.optional_map_keys});
  try {
    NodeBuilder builder(has_optional_items(*schema), options.optional_map_keys);
    parquet::schema::NodeVector nodes;
    arrow::FieldVector fields;
    for (const auto& f : schema->fields()) {
      nodes.push_back(builder.node(f.name, *f.schema));
      fields.push_back(arrow::field(f.name, parquet_arrow_type(*f.schema, options.optional_map_keys), f.schema->optional()));
    }
    layout->root_ = GroupNode::Make(avro.full_name, Repetition::REQUIRED, nodes);
    layout->arrow_schema_ = arrow::schema(std::move(fields));
  } catch (const parquet::ParquetException& e) {
    return Status::data(fmt::format("This schema does not fit into Parquet: {}", e.what()));
  }
  // A name that Avro forbids would make the stored schema unreadable for parquet-avro; the columns themselves can have it.
  if (avro.names_are_valid) {
    layout->metadata_ = {{"parquet.avro.schema", avro.text}, {"writer.model.name", "avro"}};
  }
  return std::shared_ptr<const ParquetLayout>(std::move(layout));
}

}  // namespace bywash::formats
