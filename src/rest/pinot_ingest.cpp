// Pinot's POST /ingestFromFile (PinotIngestionRestletResource, FileIngestionHelper 1.5.1): a file into one segment of an OFFLINE table.
// See pinot_api.h.
#include <nlohmann/json.hpp>

#include "analytics/table/csv_rows.h"
#include "analytics/table/json_document.h"
#include "rest/pinot_api.h"

namespace bywash::rest {
namespace {

using Json = analytics::Json;

// The content of the first part of a multipart/form-data body; a body of another type is the file itself.
Result<std::string_view> file_of(const HttpRequest& request) {
  auto type = request.headers.find("content-type");
  const std::string& value = type == request.headers.end() ? std::string() : type->second;
  if (value.rfind("multipart/", 0) != 0) return std::string_view(request.body);
  const size_t at = value.find("boundary=");
  if (at == std::string::npos) return Status::invalid("The multipart request names no boundary");
  std::string boundary = value.substr(at + 9, value.find(';', at) - (at + 9));
  if (boundary.size() >= 2 && boundary.front() == '"') boundary = boundary.substr(1, boundary.size() - 2);
  const std::string delimiter = "--" + boundary;
  const std::string_view body = request.body;
  const size_t first = body.find(delimiter);
  if (first == std::string_view::npos) return Status::invalid("The multipart request has no part");
  const size_t head_end = body.find("\r\n\r\n", first);
  if (head_end == std::string_view::npos) return Status::invalid("The multipart request has no part");
  const size_t end = body.find("\r\n" + delimiter, head_end + 2);
  if (end == std::string_view::npos) return Status::invalid("The multipart request does not end");
  return end < head_end + 4 ? std::string_view() : body.substr(head_end + 4, end - head_end - 4);
}

}  // namespace

HttpResponse PinotApi::ingest_file(const HttpRequest& request) {
  const std::string name = pinot::query_value(request, "tableNameWithType");
  if (name.empty()) return pinot::error(400, "tableNameWithType is missing");
  const auto found = instance_.tables(name);
  if (found.empty()) return pinot::error(404, fmt::format("Table {} does not exist", name));
  const auto& table = found[0];
  if (table->config().type != analytics::TableType::kOffline || name != table->config().name_with_type) {
    return pinot::error(400, fmt::format("Cannot ingest file into non-OFFLINE table: {}", name));
  }
  std::string settings = pinot::query_value(request, "batchConfigMapStr");
  Result<Json> config = analytics::parse_json(settings.empty() ? "{}" : settings);
  if (!config || !config->is_object()) return pinot::error(400, "batchConfigMapStr is not a JSON object");
  const std::string format = analytics::text_at(*config, "inputFormat", "json");
  Result<std::string_view> file = file_of(request);
  if (!file) return pinot::error(file.status());
  Result<std::string> segment = Status::invalid(fmt::format("inputFormat: '{}' is not supported yet; json and csv are", format));
  if (format == "json" || format == "JSON") {
    segment = table->ingest_json(*file);
  } else if (format == "csv" || format == "CSV") {
    analytics::CsvOptions csv;
    csv.delimiter = analytics::text_at(*config, "recordReader.prop.delimiter", ",");
    csv.header = analytics::text_at(*config, "recordReader.prop.header");
    csv.multi_value_delimiter = analytics::text_at(*config, "recordReader.prop.multiValueDelimiter", ";");
    Result<std::string> rows = analytics::csv_to_json_rows(*file, csv, *table->schema().schema);
    segment = rows ? table->ingest_json(*rows) : Result<std::string>(rows.status());
  }
  if (!segment) return pinot::error(segment.status());
  return pinot::done(fmt::format("Successfully ingested file into table: {} as segment: {}", name, *segment));
}

}  // namespace bywash::rest
