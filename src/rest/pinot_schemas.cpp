// Pinot's /schemas and /tableConfigs (PinotSchemaRestletResource, TableConfigsRestletResource 1.5.1). See pinot_api.h.
#include <nlohmann/json.hpp>

#include "analytics/table/json_document.h"
#include "rest/pinot_api.h"

namespace bywash::rest {

using analytics::ChangeAnswer;
using analytics::Json;

HttpResponse PinotApi::schemas(const HttpRequest& request, const Path& path) {
  if (path.size() == 1) {
    if (request.method == "GET") return pinot::json(Json(instance_.schema_names()).dump());
    if (request.method != "POST") return pinot::method_not_allowed();
    Result<ChangeAnswer> answer = instance_.put_schema(request.body);
    return answer ? pinot::changed(*answer) : pinot::error(answer.status());
  }
  if (path.size() != 2) return pinot::not_found();
  if (path[1] == "validate" && request.method == "POST") {
    Result<analytics::SchemaConfig> schema = analytics::parse_schema_config(request.body);
    if (!schema) return pinot::error(schema.status());
    Json body = Json::parse(schema->stored);
    body["unrecognizedProperties"] = Json::parse(schema->unrecognized);
    return pinot::json(body.dump());
  }
  if (path[1] == "fieldSpec" && request.method == "GET") return field_types();
  if (path[1] == "info" && request.method == "GET") return schemas_info();
  return schema(request, path[1]);
}

HttpResponse PinotApi::schemas_info() {
  Json list = Json::array();
  for (const std::string& name : instance_.schema_names()) {
    Result<analytics::SchemaConfig> schema = instance_.schema(name);
    if (!schema) continue;
    std::map<analytics::FieldKind, int> counts;
    for (const analytics::FieldSpec& field : schema->schema->fields) ++counts[field.kind];
    list.push_back({{"schemaName", name}, {"numDimensionFields", counts[analytics::FieldKind::kDimension]}, {"numDateTimeFields", counts[analytics::FieldKind::kDateTime]},
                    {"numMetricFields", counts[analytics::FieldKind::kMetric]}, {"numComplexFields", 0}});
  }
  return pinot::json(Json{{"schemasInfo", list}, {"uncachedSchemas", Json::array()}}.dump());
}

HttpResponse PinotApi::schema(const HttpRequest& request, const std::string& name) {
  if (request.method == "GET") {
    Result<analytics::SchemaConfig> schema = instance_.schema(name);
    return schema ? pinot::json(analytics::pretty_json(schema->stored)) : pinot::error(schema.status());
  }
  if (request.method == "PUT") {
    Result<ChangeAnswer> answer = instance_.put_schema(request.body, name);
    return answer ? pinot::changed(*answer) : pinot::error(answer.status());
  }
  if (request.method == "DELETE") {
    Status status = instance_.delete_schema(name);
    return status.ok() ? pinot::done(fmt::format("Schema {} deleted", name)) : pinot::error(status);
  }
  return pinot::method_not_allowed();
}

HttpResponse PinotApi::create_table_configs(const HttpRequest& request) {
  Result<Json> parsed = analytics::parse_json(request.body);
  if (!parsed) return pinot::error(400, "Invalid TableConfigs. " + parsed.status().message());
  const Json& document = *parsed;
  if (!document.is_object() || !document.contains("schema")) return pinot::error(400, "Invalid TableConfigs. 'schema' is missing");
  if (!document.contains("offline") && !document.contains("realtime")) {
    return pinot::error(400, "Invalid TableConfigs. 'offline' and 'realtime' are both missing");
  }
  const std::string name = analytics::text_at(document, "tableName");
  if (!instance_.tables(name).empty()) return pinot::error(409, fmt::format("TableConfigs for {} already exists", name));
  const bool fresh_schema = !instance_.schema(name);
  if (Result<ChangeAnswer> schema = instance_.put_schema(document["schema"].dump()); !schema) return pinot::error(schema.status());
  for (const char* type : {"offline", "realtime"}) {
    if (!document.contains(type) || document[type].is_null()) continue;
    if (Result<ChangeAnswer> table = instance_.add_table(document[type].dump()); !table) {
      // All or nothing, as Pinot does it.
      (void)instance_.delete_table(name, "").status();
      if (fresh_schema) (void)instance_.delete_schema(name).ok();
      return pinot::error(table.status());
    }
  }
  return pinot::changed({fmt::format("TableConfigs {} successfully added", name), "{}", {}});
}

HttpResponse PinotApi::table_configs(const HttpRequest& request, const Path& path) {
  if (path.size() == 1) {
    if (request.method == "GET") return pinot::json(Json(instance_.table_names()).dump());
    return request.method == "POST" ? create_table_configs(request) : pinot::method_not_allowed();
  }
  if (path.size() != 2) return pinot::not_found();
  const std::string& name = path[1];
  if (request.method == "GET") {
    const auto found = instance_.tables(name);
    Result<analytics::SchemaConfig> schema = instance_.schema(name);
    if (found.empty() || !schema) return pinot::error(404, fmt::format("TableConfigs does not exist for table: {}", name));
    Json body = {{"tableName", name}, {"schema", Json::parse(schema->stored)}};
    for (const auto& table : found) {
      body[table->config().type == analytics::TableType::kOffline ? "offline" : "realtime"] = Json::parse(table->config().stored);
    }
    return pinot::json(body.dump());
  }
  if (request.method != "DELETE") return pinot::method_not_allowed();
  auto deleted = instance_.delete_table(name, "");
  if (!deleted) return pinot::error(deleted.status());
  if (Status status = instance_.delete_schema(name); !status.ok() && status.code() != Code::kNotFound) return pinot::error(status);
  return pinot::done(fmt::format("Deleted TableConfigs: {}", name));
}

}  // namespace bywash::rest
