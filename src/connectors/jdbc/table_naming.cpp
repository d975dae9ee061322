// Placeholders of table.name.format. What a record puts in stays one part of a name: it cannot choose another schema. Level 6.
#include "connectors/jdbc/table_naming.h"

#include "columnar/java_text.h"

namespace bywash::jdbc {
namespace {

using columnar::Batch;
using columnar::Column;

Status naming_error(std::string message) {
  return Status::data(std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException");
}

std::optional<std::string> field_text(const Column& column, const std::string& name, int64_t row) {
  if (!column.schema->has_fields() || column.is_null(row)) return std::nullopt;
  int i = column.schema->field_index(name);
  if (i < 0 || !column.is_present(i, row)) return std::nullopt;
  Column field = column.child(i);
  if (field.is_null(row)) return std::nullopt;
  columnar::Value value = value_at(field, row);
  return value.is_null() ? std::nullopt : std::optional(columnar::java_text(value));
}

}  // namespace

Result<TableNaming> TableNaming::parse(const std::string& format) {
  TableNaming out;
  std::string text;
  auto end_text = [&] {
    if (!text.empty()) out.parts_.push_back({Kind::kText, std::exchange(text, {})});
  };
  for (size_t at = 0; at < format.size();) {
    std::string_view rest = std::string_view(format).substr(at);
    bool topic = rest.starts_with("${topic}"), field = rest.starts_with("${field:"), header = rest.starts_with("${header:");
    if (!topic && !field && !header) {
      text += format[at++];
      continue;
    }
    end_text();
    size_t close = rest.find('}'), name_at = topic ? 7 : field ? 8 : 9;
    if (close == rest.npos || (!topic && close == name_at)) {
      return Status::invalid(fmt::format("Invalid value {} for configuration table.name.format: a placeholder is not complete; it must be "
                                         "${{topic}}, ${{field:NAME}} or ${{header:NAME}}", format));
    }
    out.parts_.push_back({topic ? Kind::kTopic : field ? Kind::kField : Kind::kHeader, topic ? "" : std::string(rest.substr(name_at, close - name_at))});
    out.per_record_ = out.per_record_ || !topic;
    at += close + 1;
  }
  end_text();
  return out;
}

Result<std::string> TableNaming::name_for(const Batch& batch, int64_t row) const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.kind == Kind::kText) { out += part.text; continue; }
    if (part.kind == Kind::kTopic) { out += batch.topic_of(row); continue; }
    std::optional<std::string> text;
    if (part.kind == Kind::kField) {
      text = field_text(batch.value, part.text, row);
      if (!text) text = field_text(batch.key, part.text, row);
    } else if (!batch.headers.empty()) {
      for (const columnar::Header& header : batch.headers[static_cast<size_t>(row)]) {
        if (header.key == part.text && !header.value.is_null()) text = columnar::java_text(header.value);
      }
    }
    if (text && !text->empty() && text->find_first_of(".\"`[]") == text->npos) {
      out += *text;
      continue;
    }
    return naming_error(fmt::format("Record of topic '{}', partition {}, offset {}: {} '{}' of table.name.format {}", batch.topic_of(row),
                                    batch.kafka_partition, batch.offsets[static_cast<size_t>(row)], part.kind == Kind::kField ? "field" : "header",
                                    part.text, text ? "is empty or holds a dot or a quote, which a table's name cannot take from a record"
                                                    : "is missing or null"));
  }
  return out;
}

}  // namespace bywash::jdbc
