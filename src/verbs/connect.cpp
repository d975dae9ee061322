// bywash connect: the command line of any Kafka Connect REST API, ours or the original's. Above all layers, the main thread.
// Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no worker answers, 4 (status) something is FAILED.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/encoding.h"
#include "net/http_client.h"
#include "runtime/connector_config.h"
#include "verbs/verbs.h"
#include "verbs/wait_note.h"

namespace bywash::verbs {
namespace {

using CliJson = nlohmann::ordered_json;

constexpr int kRefused = 1, kUnreachable = 3, kSomethingFailed = 4;

struct ConnectOptions {
  std::string url = "http://localhost:8083";
  std::string user;  // name:password
  std::string token;  // for bearer authentication
  std::string ca_file, certificate_file, key_file;
  std::string output = "table";
  std::vector<std::string> names;
  std::vector<std::string> files;
  std::string file;
  std::string scope, level;
  bool include_tasks = false, only_failed = false, all = false, yes = false;
};

struct Reply {
  int status = 0;
  CliJson json;
  std::string text;
  bool ok() const { return status >= 200 && status < 300; }
};

std::string path_segment(std::string_view text) { return percent_encoded(text, kUnreserved); }

Result<std::string> pem_file(const std::string& path, const char* option) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().find("-----BEGIN") == std::string::npos) return Status::invalid(fmt::format("{} {}: there is no such file with PEM text", option, path));
  return text.str();
}

// The files are read before anything is sent: a wrong path is the user's mistake, not the worker's silence.
Result<net::HttpClientOptions> client_options(const ConnectOptions& options) {
  net::HttpClientOptions out;
  ASSIGN_OR_RETURN(out.ca_pem, pem_file(options.ca_file, "--cacert"));
  ASSIGN_OR_RETURN(out.client_certificate, pem_file(options.certificate_file, "--cert"));
  ASSIGN_OR_RETURN(std::string key, pem_file(options.key_file, "--key"));
  out.client_key = config::Secret(std::move(key));
  return out;
}

// One run of a subcommand against one worker.
class ConnectSession {
 public:
  ConnectSession(const ConnectOptions& options, net::HttpClientOptions client) : options_(options), client_(std::move(client)) {
    while (options_.url.ends_with('/')) options_.url.pop_back();
    if (options_.url.find("://") == std::string::npos) options_.url = "http://" + options_.url;
  }

  // nullopt: nobody answers; said already.
  std::optional<Reply> send(const std::string& method, const std::string& path, const CliJson* body = nullptr) {
    net::HttpRequest request;
    request.method = method;
    request.url = options_.url + path;
    std::string text = body ? body->dump(-1, ' ', false, CliJson::error_handler_t::replace) : "";
    request.body = text;
    request.headers = {{"Accept", "application/json"}};
    if (body) request.headers.emplace_back("Content-Type", "application/json");
    if (!options_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.token);
    else if (!options_.user.empty()) request.headers.emplace_back("Authorization", "Basic " + base64(options_.user));
    auto got = [&] {
      const WaitNote note(waits_for_.empty() ? options_.url : fmt::format("{} at {}", waits_for_, options_.url));
      return client_.send(request);
    }();
    if (!got.ok()) {
      fail(fmt::format("No worker answers at {}: {}. Name one with --url or BYWASH_CONNECT_URL", options_.url, got.status().message()));
      return std::nullopt;
    }
    Reply out;
    out.status = got->status;
    out.text = std::move(got->body);
    out.json = CliJson::parse(out.text, nullptr, false);
    return out;
  }

  // Says why a request was refused; the exit code.
  int refused(const Reply& reply, const std::string& what) const {
    std::string why = reply.json.is_object() && reply.json.contains("message") && reply.json["message"].is_string() ? reply.json["message"].get<std::string>() : reply.text;
    return fail(fmt::format("{}: {} (HTTP {})", what, why.empty() ? "no reason given" : why, reply.status), kRefused);
  }

  // A request that answers nothing worth showing.
  int change(const std::string& method, const std::string& path, const std::string& what, const CliJson* body = nullptr) {
    auto reply = send(method, path, body);
    if (!reply) return kUnreachable;
    if (!reply->ok()) return refused(*reply, "Cannot " + what);
    if (as_json()) print(reply->json.is_discarded() ? CliJson::object() : reply->json);
    return 0;
  }

  // What the next requests are for, as a terminal is told while they take long: "connector c, 2 of 5".
  void work_on(const std::string& name, size_t index, size_t count) {
    waits_for_ = count > 1 ? fmt::format("connector {}, {} of {}", name, index + 1, count) : "connector " + name;
  }

  bool as_json() const { return options_.output == "json"; }
  static void print(const CliJson& json) { std::cout << json.dump(2, ' ', false, CliJson::error_handler_t::replace) << "\n"; }

 private:
  ConnectOptions options_;
  net::HttpClient client_;
  std::string waits_for_;
};

// Columns as wide as their widest cell.
void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    while (line.ends_with(' ')) line.pop_back();
    std::cout << line << "\n";
  }
}

std::string field_text(const CliJson& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || json[key].is_null()) return "";
  return json[key].is_string() ? json[key].get<std::string>() : json[key].dump();
}

// "RUNNING 3, FAILED 1"
std::string task_states(const CliJson& tasks) {
  std::map<std::string, int> counts;
  for (const CliJson& task : tasks) ++counts[field_text(task, "state")];
  std::string out;
  for (const auto& [state, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", state, count);
  return out.empty() ? "none" : out;
}

std::string first_trace_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string connector_path(const std::string& name, const std::string& more = "") { return "/connectors/" + path_segment(name) + more; }

int list_connectors(ConnectSession& session) {
  auto reply = session.send("GET", "/connectors?expand=status&expand=info");
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot list connectors");
  if (session.as_json()) {
    CliJson names = CliJson::array();
    for (const auto& [name, item] : reply->json.items()) names.push_back(name);
    session.print(names);
    return 0;
  }
  std::map<std::string, CliJson> sorted;
  for (const auto& [name, item] : reply->json.items()) sorted[name] = item;
  std::vector<std::vector<std::string>> rows = {{"NAME", "TYPE", "STATE", "TASKS", "WORKER", "CLASS"}};
  for (const auto& [name, item] : sorted) {
    CliJson status = item.value("status", CliJson::object()), info = item.value("info", CliJson::object());
    CliJson connector = status.value("connector", CliJson::object());
    rows.push_back({name, field_text(info, "type"), field_text(connector, "state"), task_states(status.value("tasks", CliJson::array())), field_text(connector, "worker_id"),
                    field_text(info.value("config", CliJson::object()), "connector.class")});
  }
  print_table(rows);
  return 0;
}

int show_connector(ConnectSession& session, const std::string& name) {
  auto reply = session.send("GET", connector_path(name));
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot get connector " + name);
  if (session.as_json()) {
    session.print(reply->json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  const CliJson config = reply->json.value("config", CliJson::object());
  for (const auto& [key, value] : config.items()) rows.push_back({key, value.is_string() ? value.get<std::string>() : value.dump()});
  std::sort(rows.begin(), rows.end());
  print_table(rows);
  return 0;
}

int show_status(ConnectSession& session, const std::vector<std::string>& names) {
  CliJson all = CliJson::object();
  bool failed = false;
  std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "WORKER", "CAUSE"}};
  auto reply = session.send("GET", "/connectors?expand=status");
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot read the status");
  for (const auto& [name, item] : reply->json.items()) {
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) all[name] = item.value("status", CliJson::object());
  }
  for (const std::string& name : names) {
    if (!all.contains(name)) return fail(fmt::format("Connector {} not found", name), kRefused);
  }
  for (const auto& [name, item] : all.items()) {
    auto add = [&](const std::string& what, const CliJson& part) {
      failed |= field_text(part, "state") == "FAILED";
      rows.push_back({what, field_text(part, "state"), field_text(part, "worker_id"), first_trace_line(field_text(part, "trace"))});
    };
    add(name, item.value("connector", CliJson::object()));
    for (const CliJson& task : item.value("tasks", CliJson::array())) add(fmt::format("  {}-{}", name, field_text(task, "id")), task);
  }
  if (session.as_json()) session.print(all);
  else print_table(rows);
  return failed ? kSomethingFailed : 0;
}

// Connector files, folders of them, or "-" for standard input.
Result<std::vector<runtime::ConnectorRequest>> read_connector_files(const std::vector<std::string>& files) {
  std::vector<runtime::ConnectorRequest> out;
  std::vector<std::string> all;
  for (const std::string& file : files) {
    std::error_code error;
    if (!std::filesystem::is_directory(file, error)) {
      all.push_back(file == "-" ? "/dev/stdin" : file);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(file, error)) {
      std::string extension = entry.path().extension().string();
      if (extension == ".json" || extension == ".properties") inside.push_back(entry.path().string());
    }
    std::sort(inside.begin(), inside.end());
    all.insert(all.end(), inside.begin(), inside.end());
  }
  for (const std::string& file : all) {
    ASSIGN_OR_RETURN(runtime::ConnectorRequest request, runtime::read_connector_file(file));
    if (request.name.empty()) return Status::invalid(fmt::format("Connector file '{}' has no name. Add the key 'name'", file));
    out.push_back(std::move(request));
  }
  return out;
}

CliJson config_json(const runtime::ConnectorRequest& request) {
  CliJson out = CliJson::object();
  for (const auto& [key, value] : request.properties) out[key] = value ? CliJson(*value) : CliJson();
  return out;
}

// Creates what is not there, changes what is.
int apply_files(ConnectSession& session, const std::vector<std::string>& files) {
  auto requests = read_connector_files(files);
  if (!requests.ok()) return fail(requests.status().message(), kRefused);
  int worst = 0;
  CliJson done = CliJson::array();
  for (size_t i = 0; i < requests->size(); ++i) {
    const runtime::ConnectorRequest& request = (*requests)[i];
    session.work_on(request.name, i, requests->size());
    CliJson body = config_json(request);
    std::optional<Reply> reply;
    if (request.initial_state) {
      auto there = session.send("GET", connector_path(request.name));
      if (!there) return kUnreachable;
      if (there->status == 404) {
        CliJson create = {{"name", request.name}, {"config", body}, {"initial_state", runtime::to_string(*request.initial_state)}};
        reply = session.send("POST", "/connectors", &create);
      }
    }
    if (!reply) reply = session.send("PUT", connector_path(request.name, "/config"), &body);
    if (!reply) return kUnreachable;
    if (!reply->ok()) {
      worst = session.refused(*reply, "Cannot apply connector " + request.name);
      continue;
    }
    const char* what = reply->status == 201 ? "created" : "configured";
    done.push_back({{"name", request.name}, {"result", what}});
    if (!session.as_json()) std::cout << request.name << " " << what << "\n";
  }
  if (session.as_json()) session.print(done);
  return worst;
}

int validate_files(ConnectSession& session, const std::vector<std::string>& files) {
  auto requests = read_connector_files(files);
  if (!requests.ok()) return fail(requests.status().message(), kRefused);
  int worst = 0;
  for (size_t i = 0; i < requests->size(); ++i) {
    const runtime::ConnectorRequest& request = (*requests)[i];
    session.work_on(request.name, i, requests->size());
    CliJson body = config_json(request);
    // The path's name is the end of the class's simple name.
    std::string type = field_text(body, "connector.class");
    type = type.substr(type.rfind('.') == type.npos ? 0 : type.rfind('.') + 1);
    auto reply = session.send("PUT", "/connector-plugins/" + path_segment(type.empty() ? "unknown" : type) + "/config/validate", &body);
    if (!reply) return kUnreachable;
    if (!reply->ok()) {
      worst = session.refused(*reply, "Cannot validate connector " + request.name);
      continue;
    }
    std::vector<std::vector<std::string>> rows;
    for (const CliJson& config : reply->json.value("configs", CliJson::array())) {
      CliJson value = config.value("value", CliJson::object());
      for (const CliJson& error : value.value("errors", CliJson::array())) rows.push_back({"  " + field_text(value, "name"), error.is_string() ? error.get<std::string>() : error.dump()});
    }
    if (!rows.empty()) worst = kRefused;
    if (session.as_json()) {
      session.print(reply->json);
    } else {
      std::cout << request.name << (rows.empty() ? " is valid" : fmt::format(" has {} error(s)", rows.size())) << "\n";
      print_table(rows);
    }
  }
  return worst;
}

int show_offsets(ConnectSession& session, const std::string& name) {
  auto reply = session.send("GET", connector_path(name, "/offsets"));
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot read the offsets of " + name);
  if (session.as_json()) {
    session.print(reply->json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"PARTITION", "OFFSET"}};
  for (const CliJson& entry : reply->json.value("offsets", CliJson::array())) rows.push_back({field_text(entry, "partition"), field_text(entry, "offset")});
  print_table(rows);
  return 0;
}

int alter_offsets(ConnectSession& session, const std::string& name, const std::string& file) {
  std::ifstream in(file == "-" ? "/dev/stdin" : file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  CliJson body = CliJson::parse(text.str(), nullptr, false);
  if (!in || body.is_discarded()) return fail(fmt::format("'{}' is no file with JSON {{\"offsets\": [...]}}", file), kRefused);
  return session.change("PATCH", connector_path(name, "/offsets"), "alter the offsets of " + name, &body);
}

int list_plugins(ConnectSession& session, bool all) {
  auto reply = session.send("GET", all ? "/connector-plugins?connectorsOnly=false" : "/connector-plugins");
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot list plugins");
  if (session.as_json()) {
    session.print(reply->json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"CLASS", "TYPE", "VERSION"}};
  for (const CliJson& plugin : reply->json) rows.push_back({field_text(plugin, "class"), field_text(plugin, "type"), field_text(plugin, "version")});
  print_table(rows);
  return 0;
}

// Levels of the worker's loggers; sets one where a level is given.
int show_loggers(ConnectSession& session, const ConnectOptions& options) {
  if (!options.level.empty()) {
    if (options.names.empty()) return fail("Name the logger whose level is to be set", 2);
    CliJson body = {{"level", options.level}};
    return session.change("PUT", "/admin/loggers/" + path_segment(options.names[0]) + "?scope=" + path_segment(options.scope), "set the level of " + options.names[0], &body);
  }
  auto reply = session.send("GET", options.names.empty() ? "/admin/loggers" : "/admin/loggers/" + path_segment(options.names[0]));
  if (!reply) return kUnreachable;
  if (!reply->ok()) return session.refused(*reply, "Cannot read the loggers");
  if (session.as_json()) {
    session.print(reply->json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"LOGGER", "LEVEL"}};
  if (!options.names.empty()) rows.push_back({options.names[0], field_text(reply->json, "level")});
  else for (const auto& [name, item] : reply->json.items()) rows.push_back({name, field_text(item, "level")});
  print_table(rows);
  return 0;
}

// The same change for every connector that was named.
int change_each(ConnectSession& session, const ConnectOptions& options, const std::string& method, const std::string& suffix, const std::string& verb, const std::string& done) {
  int worst = 0;
  for (size_t i = 0; i < options.names.size(); ++i) {
    const std::string& name = options.names[i];
    session.work_on(name, i, options.names.size());
    int code = session.change(method, connector_path(name, suffix), verb + " connector " + name);
    if (code == kUnreachable) return code;
    worst = std::max(worst, code);
    if (code == 0 && !session.as_json()) std::cout << name << " " << done << "\n";
  }
  return worst;
}

std::string restart_suffix(const ConnectOptions& options) {
  return fmt::format("/restart?includeTasks={}&onlyFailed={}", options.include_tasks, options.only_failed);
}

using Work = std::function<int(ConnectSession&)>;

int run_session(const ConnectOptions& options, const Work& work) {
  auto client = client_options(options);
  if (!client.ok()) return fail(client.status().message(), 2);
  ConnectSession session(options, *std::move(client));
  return work(session);
}

}  // namespace

void add_connect(CLI::App& app, Run* run) {
  auto options = std::make_shared<ConnectOptions>();
  CLI::App* verb = app.add_subcommand("connect", "Connectors of any Kafka Connect REST API, from the command line");
  verb->require_subcommand(1);
  verb->fallthrough();
  verb->add_option("--url", options->url, "A worker's REST API (http://localhost:8083)")->envname("BYWASH_CONNECT_URL");
  verb->add_option("--user", options->user, "name:password for basic authentication")->envname("BYWASH_CONNECT_USER");
  verb->add_option("--token", options->token, "Token for bearer authentication; better given by the variable")->envname("BYWASH_CONNECT_TOKEN");
  verb->add_option("--cacert", options->ca_file, "PEM file of the certificates that https workers are trusted by (the system's)")->envname("BYWASH_CONNECT_CACERT");
  verb->add_option("--cert", options->certificate_file, "PEM file of the certificate to show, with its key unless --key has it")->envname("BYWASH_CONNECT_CERT");
  verb->add_option("--key", options->key_file, "PEM file of the key of --cert")->envname("BYWASH_CONNECT_KEY")->needs("--cert");
  verb->add_option("-o,--output", options->output, "table or json (table)")->check(CLI::IsMember({"table", "json"}));
  auto add = [verb, run, options](const char* name, const char* text, Work work) {
    CLI::App* sub = verb->add_subcommand(name, text);
    sub->callback([run, options, work] {
      *run = [options, work] { return run_session(*options, work); };
    });
    return sub;
  };
  auto one = [options](CLI::App* sub) { sub->add_option("connector", options->names, "Name of the connector")->required()->expected(1); };
  auto many = [options](CLI::App* sub) { sub->add_option("connectors", options->names, "Names of connectors")->required(); };
  auto files = [options](CLI::App* sub) { sub->add_option("-f,--file", options->files, "Connector files (.json, .properties), folders, or - for standard input")->required(); };

  add("list", "All connectors with their states", list_connectors);
  one(add("get", "A connector's configuration", [options](ConnectSession& s) { return show_connector(s, options->names[0]); }));
  files(add("apply", "Creates or changes connectors from files", [options](ConnectSession& s) { return apply_files(s, options->files); }));
  files(add("validate", "Checks connector files without creating anything", [options](ConnectSession& s) { return validate_files(s, options->files); }));
  add("status", "States and causes; exit code 4 when something is FAILED", [options](ConnectSession& s) { return show_status(s, options->names); })
      ->add_option("connectors", options->names, "Names of connectors (all)");
  many(add("pause", "Pauses connectors", [options](ConnectSession& s) { return change_each(s, *options, "PUT", "/pause", "pause", "pauses"); }));
  many(add("resume", "Resumes connectors", [options](ConnectSession& s) { return change_each(s, *options, "PUT", "/resume", "resume", "resumes"); }));
  many(add("stop", "Stops connectors; their offsets can be changed then", [options](ConnectSession& s) { return change_each(s, *options, "PUT", "/stop", "stop", "stops"); }));
  many(add("delete", "Deletes connectors", [options](ConnectSession& s) { return change_each(s, *options, "DELETE", "", "delete", "is deleted"); }));
  CLI::App* restart = add("restart", "Restarts connectors", [options](ConnectSession& s) { return change_each(s, *options, "POST", restart_suffix(*options), "restart", "restarts"); });
  many(restart);
  restart->add_flag("--tasks", options->include_tasks, "Their tasks too");
  restart->add_flag("--failed", options->only_failed, "Only what is FAILED");
  add("plugins", "Connector plugins", [options](ConnectSession& s) { return list_plugins(s, options->all); })->add_flag("--all", options->all, "Transforms, predicates and converters too");
  CLI::App* levels = add("logs", "Levels of a worker's loggers", [options](ConnectSession& s) { return show_loggers(s, *options); });
  levels->add_option("logger", options->names, "Name of a logger")->expected(0, 1);
  levels->add_option("--level", options->level, "Level to set: TRACE, DEBUG, INFO, WARN, ERROR, OFF");
  levels->add_option("--scope", options->scope, "worker or cluster (worker)")->default_val("worker")->check(CLI::IsMember({"worker", "cluster"}));

  CLI::App* offsets = verb->add_subcommand("offsets", "A connector's offsets");
  offsets->require_subcommand(1);
  offsets->fallthrough();
  auto add_offsets = [offsets, run, options, one](const char* name, const char* text, Work work) {
    CLI::App* sub = offsets->add_subcommand(name, text);
    one(sub);
    sub->callback([run, options, work] {
      *run = [options, work] { return run_session(*options, work); };
    });
    return sub;
  };
  add_offsets("get", "Shows them", [options](ConnectSession& s) { return show_offsets(s, options->names[0]); });
  add_offsets("set", "Alters those in a file {\"offsets\": [...]}; the connector has to be stopped", [options](ConnectSession& s) { return alter_offsets(s, options->names[0], options->file); })
      ->add_option("-f,--file", options->file, "The file, or - for standard input")->required();
  add_offsets("reset", "Forgets all of them; the connector has to be stopped", [options](ConnectSession& s) { return s.change("DELETE", connector_path(options->names[0], "/offsets"), "reset the offsets of " + options->names[0]); });
}

}  // namespace bywash::verbs
