// Columns of keys and headers. Level 6, the task's thread.
#include "connectors/s3/record_views.h"

#include <arrow/array.h>

#include "formats/string/values_text.h"

namespace bywash::connectors::s3 {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

// A struct with one field; without schema where the field has none.
Column enveloped_as(std::string struct_name, std::string field_name, Column field) {
  SchemaSpec spec;
  spec.schemaless = field.schema->schemaless();
  spec.type = spec.schemaless ? Type::kObject : Type::kStruct;
  if (!spec.schemaless) spec.name = std::move(struct_name);
  spec.fields = {{std::move(field_name), field.schema, false}};
  int64_t rows = field.row_count();
  return columnar::make_struct_column(ConnectSchema::make(std::move(spec)), {std::move(field)}, {}, nullptr, rows);
}

const SchemaPtr& single_header() {
  static const SchemaPtr schema = [] {
    SchemaSpec spec;
    spec.fields = {{"key", ConnectSchema::of(Type::kString), false}, {"value", ConnectSchema::of(Type::kString), false}};
    return ConnectSchema::make(std::move(spec));
  }();
  return schema;
}

const SchemaPtr& header_list() {
  static const SchemaPtr schema = [] {
    SchemaSpec spec;
    spec.type = Type::kArray;
    spec.value_schema = single_header();
    return ConnectSchema::make(std::move(spec));
  }();
  return schema;
}

}  // namespace

std::string_view view_extension(View view) {
  switch (view) {
    case View::kKeys: return ".keys";
    case View::kHeaders: return ".headers";
    case View::kValues: break;
  }
  return "";
}

Column keys_of(const columnar::Batch& batch, bool enveloped) {
  return enveloped ? enveloped_as("RecordKey", "key", batch.key) : batch.key;
}

Result<HeaderColumn> headers_of(const columnar::Batch& batch, bool enveloped) {
  HeaderColumn out;
  columnar::ValueAppender lists(header_list());
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    Value::List items;
    if (!batch.headers.empty()) {
      for (const columnar::Header& header : batch.headers[static_cast<size_t>(row)]) {
        if (header.value.is_null()) {
          out.has_null.resize(static_cast<size_t>(batch.row_count()));
          out.has_null[static_cast<size_t>(row)] = true;
          continue;
        }
        items.push_back(Value::structure(single_header(), {Value::string(header.key), Value::string(formats::value_text(header.value))}));
      }
    }
    RETURN_IF_ERROR(lists.append(Value::list(std::move(items))));
  }
  ASSIGN_OR_RETURN(out.column, lists.finish());
  if (enveloped) out.column = enveloped_as("RecordHeaders", "headers", std::move(out.column));
  return out;
}

}  // namespace bywash::connectors::s3
