// Connectors on disk: write to a temporary name, fsync, rename, fsync the folder. Level 7.
#include "runtime/connector_store.h"

#include "base/encoding.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace bywash::runtime {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Status io_error(std::string_view what, const std::string& path) {
  return Status::host(fmt::format("Cannot {} '{}': {}. Check the folder's owner, mode and free space", what, path, std::strerror(errno)));
}

Status write_durably(const std::string& path, const std::string& text) {
  std::string temporary = path + ".tmp";
  int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return io_error("create", temporary);
  std::string_view left = text;
  while (!left.empty()) {
    ssize_t n = ::write(fd, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Status status = io_error("write", temporary);
      ::close(fd);
      ::unlink(temporary.c_str());
      return status;
    }
    left.remove_prefix(static_cast<size_t>(n));
  }
  bool synced = ::fsync(fd) == 0;
  if (::close(fd) != 0 || !synced) return io_error("write", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error("rename to", path);
  return {};
}

Status sync_folder(const std::string& folder) {
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error("open", folder);
  bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced ? Status() : io_error("sync", folder);
}

}  // namespace

Result<ConnectorStore> ConnectorStore::open(std::string folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Status::host(fmt::format("Cannot create folder '{}' for connectors: {}. Set data.dir to a folder that can be written", folder, error.message()));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return io_error("write to", folder);
  return ConnectorStore(std::move(folder));
}

// Bytes that are safe in a file name stay; others are %XX. Very long names are cut and told apart by a hash.
std::string ConnectorStore::path_of(const std::string& name) const {
  std::string file = percent_encoded(name, "-_");
  uint64_t hash = 1469598103934665603ULL;
  for (unsigned char c : name) hash = (hash ^ c) * 1099511628211ULL;
  if (file.size() > 150) file = fmt::format("{}~{:016x}", file.substr(0, 150), hash);
  return folder_ + "/" + file + ".json";
}

Result<std::vector<StoredConnector>> ConnectorStore::load() const {
  std::vector<StoredConnector> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    Json json = Json::parse(text.str(), nullptr, false);
    StoredConnector connector;
    bool good = json.is_object() && json.contains("name") && json["name"].is_string() && json.contains("config") && json["config"].is_object() &&
                json.contains("target_state") && json["target_state"].is_string() && parse_target_state(json["target_state"].get<std::string>(), &connector.target);
    if (!good) return Status::host(fmt::format("Stored connector '{}' cannot be understood. Repair the file or move it away", entry.path().string()));
    connector.name = json["name"].get<std::string>();
    for (const auto& [key, value] : json["config"].items()) {
      connector.config[key] = value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
    }
    out.push_back(std::move(connector));
  }
  if (error) return Status::host(fmt::format("Cannot read folder '{}': {}", folder_, error.message()));
  return out;
}

Status ConnectorStore::save(const StoredConnector& connector) const {
  Json json;
  json["name"] = connector.name;
  json["target_state"] = std::string(to_string(connector.target));
  json["config"] = Json::object();
  for (const auto& [key, value] : connector.config) json["config"][key] = value ? Json(*value) : Json(nullptr);
  RETURN_IF_ERROR(write_durably(path_of(connector.name), json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  return sync_folder(folder_);
}

Status ConnectorStore::remove(const std::string& name) const {
  std::string path = path_of(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("remove", path);
  return sync_folder(folder_);
}

}  // namespace bywash::runtime
