// Pinot's POST /ingestFromFile and /ingestFromURI (PinotIngestionRestletResource, FileIngestionHelper 1.5.1): files into segments of an
// OFFLINE table. See pinot_api.h.
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analytics/table/json_document.h"
#include "analytics/table/row_chunks.h"
#include "processing/input_objects.h"
#include "rest/pinot_api.h"
#include "rest/spooled_body.h"

namespace bywash::rest {

namespace {

constexpr size_t kLookBytes = size_t{4} << 20;  // of a large body, at a time

// As body.find(wanted, from), letting go of what was looked at.
size_t find_in(const HttpRequest& request, std::string_view body, std::string_view wanted, size_t from) {
  for (size_t at = from; at < body.size(); at += kLookBytes) {
    const size_t found = body.substr(at, kLookBytes + wanted.size() - 1).find(wanted);
    if (found != std::string_view::npos) return at + found;
    if (request.spooled && at > 0) request.spooled->release(body.data() + at);
  }
  return std::string_view::npos;
}

}  // namespace

Result<std::string_view> pinot::file_of(const HttpRequest& request) {
  auto type = request.headers.find("content-type");
  const std::string& value = type == request.headers.end() ? std::string() : type->second;
  const std::string_view body = request.spooled ? request.spooled->view() : std::string_view(request.body);
  if (value.rfind("multipart/", 0) != 0) return body;
  const size_t at = value.find("boundary=");
  if (at == std::string::npos) return Status::invalid("The multipart request names no boundary");
  std::string boundary = value.substr(at + 9, value.find(';', at) - (at + 9));
  if (boundary.size() >= 2 && boundary.front() == '"') boundary = boundary.substr(1, boundary.size() - 2);
  const std::string delimiter = "--" + boundary;
  const size_t first = find_in(request, body, delimiter, 0);
  if (first == std::string_view::npos) return Status::invalid("The multipart request has no part");
  const size_t head_end = find_in(request, body, "\r\n\r\n", first);
  if (head_end == std::string_view::npos) return Status::invalid("The multipart request has no part");
  const size_t end = find_in(request, body, "\r\n" + delimiter, head_end + 2);
  if (end == std::string_view::npos) return Status::invalid("The multipart request does not end");
  return end < head_end + 4 ? std::string_view() : body.substr(head_end + 4, end - head_end - 4);
}

namespace {

using Json = analytics::Json;

// What batchConfigMapStr says of the files and of where they are.
struct BatchConfig {
  std::string format;  // inputFormat; empty: by the file's name
  analytics::CsvOptions csv;
  processing::BucketAccess access;
};

Result<BatchConfig> batch_config(const HttpRequest& request) {
  const std::string settings = pinot::query_value(request, "batchConfigMapStr");
  Result<Json> config = analytics::parse_json(settings.empty() ? "{}" : settings);
  if (!config || !config->is_object()) return Status::invalid("batchConfigMapStr is not a JSON object");
  auto text = [&](const char* key, const char* otherwise = "") { return analytics::text_at(*config, key, otherwise); };
  BatchConfig out;
  out.format = text("inputFormat");
  out.csv.delimiter = text("recordReader.prop.delimiter", ",");
  out.csv.header = text("recordReader.prop.header");
  out.csv.multi_value_delimiter = text("recordReader.prop.multiValueDelimiter", ";");
  out.access.region = text("input.fs.prop.region");
  out.access.endpoint = text("input.fs.prop.endpoint");
  out.access.access_key_id = text("input.fs.prop.accessKey");
  out.access.secret_access_key = config::Secret(text("input.fs.prop.secretKey"));
  if (const std::string fs = text("input.fs.className"); !fs.empty() && !fs.ends_with(".S3PinotFS") && !fs.ends_with(".LocalPinotFS")) {
    return Status::invalid(fmt::format("input.fs.className: '{}' is not supported; org.apache.pinot.plugin.filesystem.S3PinotFS and "
                                       "org.apache.pinot.spi.filesystem.LocalPinotFS are", fs));
  }
  return out;
}

Result<analytics::FileOptions> file_options(const BatchConfig& config, const std::string& path) {
  analytics::FileOptions out;
  out.csv = config.csv;
  std::optional<analytics::FileFormat> format = config.format.empty() ? analytics::file_format_of(path) : analytics::file_format_from(config.format);
  if (!format && config.format.empty()) return Status::invalid(fmt::format("'{}' does not tell its format: name it by inputFormat (json, csv, parquet, avro)", path));
  if (!format) return Status::invalid(fmt::format("inputFormat: '{}' is not supported; json, csv, parquet and avro are", config.format));
  if (config.format.empty() && (path.ends_with(".tsv") || path.ends_with(".tsv.gz"))) out.csv.delimiter = "\t";
  out.format = *format;
  return out;
}

// The OFFLINE table that the request names, or the answer that there is none.
Result<std::shared_ptr<analytics::Table>> offline_table(const analytics::Instance& instance, const HttpRequest& request) {
  const std::string name = pinot::query_value(request, "tableNameWithType");
  if (name.empty()) return Status::invalid("tableNameWithType is missing");
  const auto found = instance.tables(name);
  if (found.empty()) return Status::not_found(fmt::format("Table {} does not exist", name));
  if (found[0]->config().type != analytics::TableType::kOffline || name != found[0]->config().name_with_type) {
    return Status::invalid(fmt::format("Cannot ingest file into non-OFFLINE table: {}", name));
  }
  return found[0];
}

HttpResponse ingested(const analytics::Table& table, const analytics::IngestResult& result) {
  const std::string& name = table.config().name_with_type;
  if (result.files == 0) return pinot::done(fmt::format("Nothing to ingest: all {} files are in table {} already", result.skipped, name));
  if (result.files == 1 && result.skipped == 0 && result.segments.size() == 1) {
    return pinot::done(fmt::format("Successfully ingested file into table: {} as segment: {}", name, result.segments[0]));
  }
  std::string more = result.skipped > 0 ? fmt::format("; {} files were in it already", result.skipped) : "";
  return pinot::done(fmt::format("Successfully ingested {} files ({} rows) into table: {} as segments: {}{}", result.files, result.rows, name,
                                 fmt::join(result.segments, ", "), more));
}

// The answer to what failed, with what is in the table nevertheless.
HttpResponse not_ingested(const Status& status, const analytics::IngestResult& result) {
  if (result.files == 0) return pinot::error(status);
  return pinot::error(Status(status.code(), status.blame(), fmt::format("{} ({} files with {} rows before it are in the table)", status.message(), result.files, result.rows)));
}

}  // namespace

HttpResponse PinotApi::ingest_file(const HttpRequest& request) {
  Result<std::shared_ptr<analytics::Table>> table = offline_table(instance_, request);
  if (!table) return pinot::error(table.status());
  Result<BatchConfig> config = batch_config(request);
  if (!config) return pinot::error(config.status());
  if (config->format.empty()) config->format = "json";
  Result<std::string_view> bytes = pinot::file_of(request);
  if (!bytes) return pinot::error(bytes.status());
  analytics::IngestFile file;
  Result<analytics::FileOptions> options = file_options(*config, {});
  if (!options) return pinot::error(options.status());
  file.options = *std::move(options);
  analytics::RowChunks rows(*bytes, file.options, [&](const char* read) {
    if (request.spooled) request.spooled->release(read);
  });
  file.next = [&](analytics::FileOptions* options_of_piece) { return rows.next(options_of_piece); };
  analytics::IngestResult result;
  if (Status status = (*table)->ingest({file}, &result); !status.ok()) return pinot::error(status);
  return result.segments.empty() ? pinot::error(400, "The file has no rows that the table takes") : ingested(**table, result);
}

// `sourceURIStr` may have wildcards or name a folder. Ours: `partitionColumns=true` adds the columns that paths name, `onlyNew=true` skips
// files that an earlier such request ingested.
HttpResponse PinotApi::ingest_uri(const HttpRequest& request) {
  Result<std::shared_ptr<analytics::Table>> table = offline_table(instance_, request);
  if (!table) return pinot::error(table.status());
  Result<BatchConfig> config = batch_config(request);
  if (!config) return pinot::error(config.status());
  const std::string uri = pinot::query_value(request, "sourceURIStr");
  if (uri.empty()) return pinot::error(400, "sourceURIStr is missing");
  const bool paths = pinot::query_value(request, "partitionColumns") == "true", only_new = pinot::query_value(request, "onlyNew") == "true";
  Result<std::unique_ptr<processing::InputObjects>> objects = processing::InputObjects::open(uri, config->access);
  if (!objects) return pinot::error(objects.status());
  Result<std::vector<processing::InputObject>> listed = (*objects)->list();
  if (!listed) return pinot::error(listed.status());
  const std::map<std::string, analytics::SourceFile> known = only_new ? (*table)->segments().sources() : std::map<std::string, analytics::SourceFile>();
  std::vector<processing::InputObject> wanted;  // what will be read
  processing::ReadAhead reader(**objects, wanted);
  std::vector<analytics::IngestFile> files;
  for (const processing::InputObject& object : *listed) {
    Result<analytics::FileOptions> options = file_options(*config, object.key);
    if (!options) return pinot::error(options.status());
    analytics::IngestFile file;
    file.options = *std::move(options);
    if (paths) file.options.path_columns = processing::path_columns(object.key);
    if (only_new) file.source = {object.uri, object.version};
    if (known.count(object.uri)) {  // read only if its segments go meanwhile
      file.read = [&source = **objects, &object] { return source.read(object); };
    } else {
      file.read = [&reader, at = wanted.size()] { return reader.read(at); };
      wanted.push_back(object);
    }
    files.push_back(std::move(file));
  }
  analytics::IngestResult result;
  if (Status status = (*table)->ingest(files, &result); !status.ok()) return not_ingested(status, result);
  return ingested(**table, result);
}

}  // namespace bywash::rest
