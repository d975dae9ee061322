#include "analytics/table/column_text.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include "base/encoding.h"
#include "formats/json/json_writer.h"

namespace bywash::analytics {
namespace {

using columnar::Column;
using columnar::ConnectSchema;

Result<Column> as_hex(const Column& bytes) {
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < bytes.row_count(); ++row) {
    const columnar::Value value = columnar::value_at(bytes, row);
    const auto* text = bytes.is_null(row) ? nullptr : value.get_if<columnar::Value::Bytes>();
    const arrow::Status appended = text ? builder.Append(hex(text->data)) : builder.AppendNull();
    if (!appended.ok()) return Status::fatal(appended.message());
  }
  auto out = builder.Finish();
  if (!out.ok()) return Status::fatal(out.status().message());
  return Column{ConnectSchema::of(columnar::Type::kString, true), *out};
}

formats::JsonWriteOptions options() {
  formats::JsonWriteOptions out;
  out.decimals = formats::JsonWriteOptions::Decimals::kNumeric;
  out.replace_null_with_default = out.strict = out.escape_supplementary = false;
  out.schemaless_logicals = true;
  return out;
}

}  // namespace

Result<ColumnText> ColumnText::make(const Column& column) {
  if (!column.schema || column.schema->type() != columnar::Type::kStruct) return ColumnText(column);
  std::vector<Column> children;
  columnar::SchemaSpec spec;
  spec.optional = true;
  bool changed = false;
  const auto& fields = column.schema->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    Column child = column.child(static_cast<int>(i));
    if (fields[i].schema->type() == columnar::Type::kBytes && !fields[i].schema->name()) {
      ASSIGN_OR_RETURN(child, as_hex(child));
      changed = true;
    }
    spec.fields.push_back({fields[i].name, child.schema});
    children.push_back(std::move(child));
  }
  if (!changed) return ColumnText(column);
  return ColumnText(columnar::make_struct_column(ConnectSchema::make(std::move(spec)), std::move(children), {}, column.data.get(), column.row_count()));
}

Status ColumnText::append(int64_t row, std::string* out) const {
  thread_local formats::JsonWriter writer(options());
  return writer.write(column_, row, out);
}

}  // namespace bywash::analytics
