#include "connectors/postgres_cdc/signal_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace bywash::postgres_cdc {
namespace {

constexpr std::string_view kSignalLogger = "postgres_cdc";

// A list of one expression may hold commas.
std::string one_expression(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' && (i == 0 || text[i - 1] != '\\')) out += '\\';
    out += text[i];
  }
  return out;
}

// The list of tables' expressions in data-collections; empty where there is none.
std::string listed_tables(const nlohmann::json& data) {
  auto collections = data.find("data-collections");
  std::string list;
  if (collections == data.end() || !collections->is_array()) return list;
  for (const auto& one : *collections) {
    if (one.is_string()) list += (list.empty() ? "" : ",") + one_expression(one.get<std::string>());
  }
  return list;
}

Result<SnapshotRequest> snapshot_request(const std::string& id, const nlohmann::json& data) {
  auto text = [](const nlohmann::json& object, const char* key) {
    auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  SnapshotRequest out;
  out.id = id;
  std::string type = text(data, "type");
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!type.empty() && type != "incremental" && type != "blocking") return Status::invalid("type must be incremental or blocking");
  out.incremental = type != "blocking";
  std::string list = listed_tables(data);
  if (list.empty()) return Status::invalid("data-collections must be a list of tables (schema.table)");
  ASSIGN_OR_RETURN(out.tables, NamePatterns::make(list));
  auto conditions = data.find("additional-conditions");
  if (conditions == data.end()) return out;
  if (!conditions->is_array()) return Status::invalid("additional-conditions must be a list of data-collection and filter");
  for (const auto& condition : *conditions) {
    std::string table = condition.is_object() ? text(condition, "data-collection") : "", filter = condition.is_object() ? text(condition, "filter") : "";
    if (table.empty() || filter.empty()) return Status::invalid("additional-conditions must be a list of data-collection and filter");
    ASSIGN_OR_RETURN(NamePatterns pattern, NamePatterns::make(one_expression(table)));
    out.filters.emplace_back(std::move(pattern), std::move(filter));
  }
  return out;
}

}  // namespace

bool SnapshotRequest::wants(const std::string& table) const {
  return tables.match(table) && std::none_of(stops.begin(), stops.end(), [&](const auto& stop) { return stop->all || stop->tables.match(table); });
}

bool SnapshotRequest::is_stopped() const {
  return std::any_of(stops.begin(), stops.end(), [](const auto& stop) { return stop->all; });
}

Result<std::shared_ptr<const SnapshotStop>> stop_of_signal(const std::string& id, std::string_view data) {
  auto bad = [&](std::string_view why) { return Status::invalid(fmt::format("Signal '{}' of type stop-snapshot is passed over: {}", id, why)); };
  auto out = std::make_shared<SnapshotStop>();
  out->id = id;
  nlohmann::json parsed = nlohmann::json::parse(data.empty() ? "{}" : data, nullptr, false);
  if (!parsed.is_object()) return bad("its data is no JSON object");
  auto type = parsed.find("type");
  bool known = type == parsed.end() || (type->is_string() && (type->get<std::string>() == "incremental" || type->get<std::string>() == "INCREMENTAL"));
  if (!known) return bad("type must be incremental");
  std::string list = listed_tables(parsed);
  out->all = list.empty();
  auto patterns = NamePatterns::make(list);
  if (!patterns.ok()) return bad(patterns.status().message());
  out->tables = *std::move(patterns);
  return std::shared_ptr<const SnapshotStop>(std::move(out));
}

const std::string* SnapshotRequest::filter_of(const std::string& table) const {
  for (const auto& [pattern, filter] : filters) {
    if (pattern.match(table)) return &filter;
  }
  return nullptr;
}

Result<std::optional<SnapshotRequest>> request_of_signal(const std::string& id, std::string_view type, std::string_view data) {
  auto bad = [&](std::string_view why) { return Status::invalid(fmt::format("Signal '{}' of type {} is passed over: {}", id, type, why)); };
  if (type == "pause-snapshot" || type == "resume-snapshot") return bad("a snapshot that was asked for is read in one piece");
  if (type != "execute-snapshot" && type != "log") return bad("known are execute-snapshot, stop-snapshot and log");
  nlohmann::json parsed = nlohmann::json::parse(data, nullptr, false);
  if (!parsed.is_object()) return bad("its data is no JSON object");
  if (type == "log") {
    auto message = parsed.find("message");
    if (message == parsed.end() || !message->is_string()) return bad("its data has no message");
    log::info(kSignalLogger, "Signal '{}': {}", id, message->get<std::string>());
    return std::optional<SnapshotRequest>();
  }
  auto request = snapshot_request(id, parsed);
  if (!request.ok()) return bad(request.status().message());
  return std::optional<SnapshotRequest>(*std::move(request));
}

}  // namespace bywash::postgres_cdc
