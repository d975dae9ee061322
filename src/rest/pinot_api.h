// Apache Pinot's controller and broker endpoints over one analytics::Instance: the same paths, bodies, codes and words as Pinot 1.5.1.
// Level 8, every handler thread. One file per group of resources: pinot_schemas, pinot_tables, pinot_segments, pinot_views, pinot_ingest,
// pinot_upload, pinot_debug, pinot_query, pinot_running, pinot_cursors, pinot_cluster.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/table/instance.h"
#include "base/status.h"
#include "base/clock.h"
#include "rest/http_message.h"
#include "rest/response_store.h"

namespace bywash::rest {

class PinotApi {
 public:
  struct Options {
    std::string host = "localhost";  // what discovery endpoints name
    uint16_t controller_port = 9000;
    uint16_t broker_port = 8099;
  };
  // `instance` outlives the object.
  PinotApi(analytics::Instance& instance, Options options) : instance_(instance), options_(std::move(options)) {}

  HttpResponse controller(const HttpRequest& request);
  HttpResponse broker(const HttpRequest& request);
  // Answers that take some hundred microseconds at most: to short queries (Instance::query_if_short()), to requests that end queries or list
  // them; nothing: broker() or controller() gives it.
  std::optional<HttpResponse> quick_of_broker(const HttpRequest& request);
  std::optional<HttpResponse> quick_of_controller(const HttpRequest& request);

 private:
  using Path = std::vector<std::string>;  // decoded segments

  // Decoded segments, empty ones left out. False: a malformed escape.
  static bool segments_of(const HttpRequest& request, Path* out);

  HttpResponse schemas(const HttpRequest& request, const Path& path);
  HttpResponse schemas_info();
  HttpResponse schema(const HttpRequest& request, const std::string& name);
  HttpResponse tables(const HttpRequest& request, const Path& path);
  HttpResponse table(const HttpRequest& request, const std::string& name);
  HttpResponse table_part(const HttpRequest& request, const std::string& name, const std::string& part);
  HttpResponse table_configs(const HttpRequest& request, const Path& path);
  HttpResponse create_table_configs(const HttpRequest& request);
  HttpResponse segments(const HttpRequest& request, const Path& path);
  // `segment` empty: every one of the table.
  HttpResponse reload(const HttpRequest& request, const std::string& name, const std::string& segment);
  HttpResponse reload_status(const std::string& id);
  HttpResponse need_reload(const std::string& name);
  // What Pinot shows of a cluster's segments; nothing when the path asks for none of that.
  std::optional<HttpResponse> segment_view(const HttpRequest& request, const Path& path);
  std::optional<HttpResponse> table_view(const HttpRequest& request, const std::string& name, const std::string& part);
  HttpResponse field_types() const;
  HttpResponse table_stats(const HttpRequest& request, const std::string& name);
  std::optional<HttpResponse> segment_facts(const HttpRequest& request, const Path& path);
  HttpResponse debug(const HttpRequest& request, const Path& path);
  HttpResponse table_state(const HttpRequest& request, const std::string& name);
  HttpResponse size(const HttpRequest& request, const std::string& name);
  HttpResponse metadata(const HttpRequest& request, const std::string& name);
  HttpResponse consuming_info(const std::string& name);
  HttpResponse pause(const HttpRequest& request, const std::string& name, bool paused);
  HttpResponse pause_status(const std::string& name);
  HttpResponse force_commit(const std::string& name);
  HttpResponse force_commit_status(const std::string& id);
  HttpResponse indexes(const HttpRequest& request, const std::string& name);
  HttpResponse select_segments(const HttpRequest& request, const std::string& name);
  HttpResponse ingest_file(const HttpRequest& request);
  HttpResponse ingest_uri(const HttpRequest& request);
  HttpResponse upload_segment(const HttpRequest& request);
  HttpResponse query(const HttpRequest& request);
  std::optional<HttpResponse> short_query(const HttpRequest& request);
  // Nothing: the path is none of these.
  std::optional<HttpResponse> running_of_broker(const HttpRequest& request, const Path& path);
  std::optional<HttpResponse> running_of_controller(const HttpRequest& request, const Path& path);
  HttpResponse cancelled(const HttpRequest& request, std::string message) const;
  std::string broker_id() const;
  // The query's text and options; or why there are none.
  static std::optional<HttpResponse> read_query(const HttpRequest& request, std::string* sql, std::map<std::string, std::string>* options);
  static HttpResponse respond(const HttpRequest& request, const analytics::QueryResponse& answer);
  HttpResponse cluster(const HttpRequest& request, const Path& path);
  HttpResponse brokers(const Path& path, bool second);
  HttpResponse tenants(const Path& path, const std::string& server);
  std::optional<HttpResponse> age(const Path& path) const;
  std::optional<HttpResponse> broker_debug(const HttpRequest& request, const Path& path);
  std::string cursor_json(const StoredResponse& stored, int64_t offset, int64_t rows) const;
  HttpResponse first_page(const HttpRequest& request, analytics::QueryResponse answer);
  HttpResponse response_store(const HttpRequest& request, const Path& path);

  struct ReloadJob {
    std::string table;
    std::vector<std::string> segments;
    int64_t started_ms = 0;
  };

  analytics::Instance& instance_;
  const Options options_;
  std::mutex jobs_mutex_;
  std::map<std::string, ReloadJob> jobs_;  // by id; the newest
  std::map<std::string, ReloadJob> commits_;  // by id; the newest
  ResponseStore responses_;
  const int64_t started_ms_ = wall_clock_ms();
};

// What all of Pinot's resources share.
namespace pinot {
HttpResponse json(std::string body);
HttpResponse text(int status, std::string body);
// {"code":400,"error":"..."}
HttpResponse error(int status, std::string_view message);
// The HTTP code that a status stands for: 400, 404, 409, 500.
HttpResponse error(const Status& status);
HttpResponse not_found();
HttpResponse method_not_allowed();
// {"unrecognizedProperties":{},"status":"..."}, and "warnings" when there are some.
HttpResponse changed(const analytics::ChangeAnswer& answer);
// {"status":"..."}
HttpResponse done(std::string_view status);
std::string query_value(const HttpRequest& request, const std::string& name);
// The content of the first part of a multipart/form-data body; a body of another type is the file itself.
Result<std::string_view> file_of(const HttpRequest& request);
}  // namespace pinot

}  // namespace bywash::rest
