// Requests to Vault: log in, renew, find the engine of a path, read. Level 2; one request at a time.
#include "net/vault_secrets.h"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/encoding.h"
#include "base/log.h"
#include "config/properties.h"
#include "net/http_client.h"
#include "net/vault_settings.h"

namespace bywash::net {
namespace {

using SecretJson = nlohmann::json;

constexpr Millis kSharedFor{60'000};
constexpr Millis kAskedAgainAfter{5000};  // when Vault has not answered: not every task waits for it anew
constexpr std::string_view kPathBytes = "-._~/";

struct VaultAnswer {
  int status = 0;
  SecretJson body;
};

// Where a path's engine ends, and what it is.
struct VaultMount {
  size_t length = 0;  // of its part of the path, with the slash
  int version = 1;    // 1: read as it is
};

struct ReadSecret {
  std::map<std::string, std::string> values;
  SteadyTime good_until;
  SteadyTime shared_until;
};

int64_t number_of(const SecretJson& json, const char* key) { return json.is_object() && json.contains(key) && json[key].is_number_integer() ? json[key].get<int64_t>() : 0; }
std::string text_of(const SecretJson& json, const char* key) { return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : ""; }
// An object's member; null where there is none.
const SecretJson& member_of(const SecretJson& json, const char* key) {
  static const SecretJson kNone;
  return json.is_object() && json.contains(key) ? json[key] : kNone;
}

bool try_again(int status) { return status >= 500 || status == 429 || status == 412 || status == 472 || status == 473; }

class VaultSecrets : public config::ConfigProvider {
 public:
  explicit VaultSecrets(VaultSettings settings) : settings_(std::move(settings)), http_(settings_.http) {}

  Result<config::ProvidedValues> get(const std::string& path, const std::set<std::string>& keys) override {
    std::lock_guard lock(mutex_);
    auto known = read_.find(path);
    if (known == read_.end() || steady_now() >= known->second.shared_until) {
      if (known != read_.end()) read_.erase(known);
      ASSIGN_OR_RETURN(ReadSecret secret, read(path));
      known = read_.insert_or_assign(path, std::move(secret)).first;
    }
    config::ProvidedValues out;
    for (const std::string& key : keys) {
      if (auto it = known->second.values.find(key); it != known->second.values.end()) out.values[key] = it->second;
    }
    if (known->second.good_until != SteadyTime::max()) {
      out.good_for = std::max(Millis(1), std::chrono::duration_cast<Millis>(known->second.good_until - steady_now()));
    }
    return out;
  }

  void tend() override {
    std::lock_guard lock(mutex_);
    if (!token_.empty() && steady_now() >= renew_at_) renew();
  }

 private:
  // One request, again where Vault is not ready. Any other status is an answer.
  Result<VaultAnswer> ask(const std::string& method, const std::string& path, std::string_view body) {
    if (!no_answer_.ok() && steady_now() < ask_again_) return no_answer_;
    Status last;
    for (int64_t attempt = 0; attempt <= settings_.retry_count; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(Millis(settings_.retry_interval_ms));
      HttpRequest request{method, fmt::format("{}/v1/{}", settings_.address, percent_encoded(path, kPathBytes)), {{"X-Vault-Request", "true"}}, body};
      if (!token_.empty()) request.headers.emplace_back("X-Vault-Token", token_.text());
      if (!settings_.namespace_name.empty()) request.headers.emplace_back("X-Vault-Namespace", settings_.namespace_name);
      if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
      auto answer = http_.send(request);
      if (!answer.ok() && !answer.status().retriable()) return answer.status();
      if (answer.ok() && !try_again(answer->status)) {
        no_answer_ = {};
        return VaultAnswer{answer->status, SecretJson::parse(answer->body, nullptr, false)};
      }
      last = answer.ok() ? Status::retriable(fmt::format("Vault at {} is not ready: HTTP {}", settings_.address, answer->status)) : answer.status();
    }
    no_answer_ = last;
    ask_again_ = steady_now() + kAskedAgainAfter;
    return last;
  }

  Status log_in() {
    if (settings_.login_path.empty()) {
      token_ = settings_.token;
      renew_at_ = steady_now() + Millis(settings_.token_renewal_ms);
      return {};
    }
    token_ = {};
    std::string body = settings_.login_body.text();
    if (!settings_.login_token_file.empty()) {
      std::ifstream in(settings_.login_token_file);
      std::stringstream text;
      text << in.rdbuf();
      if (!in) return Status::invalid(fmt::format("Cannot read '{}' (kubernetes.token.path). Check the path and its permissions", settings_.login_token_file));
      SecretJson json = SecretJson::parse(body);
      json["jwt"] = std::string(config::trim(text.str()));
      body = json.dump(-1, ' ', false, SecretJson::error_handler_t::replace);
    }
    ASSIGN_OR_RETURN(VaultAnswer answer, ask("POST", "auth/" + settings_.login_path, body));
    const SecretJson& auth = member_of(answer.body, "auth");
    token_ = config::Secret(text_of(auth, "client_token"));
    if (answer.status != 200 || token_.empty()) {
      token_ = {};
      return Status::invalid(fmt::format("Vault at {} refuses the login at auth/{}: HTTP {}. Check the role and its secret", settings_.address, settings_.login_path.substr(0, settings_.login_path.find("/login") + 6), answer.status));
    }
    set_renewal(number_of(auth, "lease_duration"));
    return {};
  }

  // A token that ends is renewed at two thirds of its time, or as often as token.renewal.ms says.
  void set_renewal(int64_t seconds) {
    Millis pause(settings_.token_renewal_ms);
    if (seconds > 0) pause = std::min(pause, Millis(seconds * 1000 * 2 / 3));
    renew_at_ = steady_now() + pause;
  }

  void renew() {
    auto answer = ask("POST", "auth/token/renew-self", "{}");
    if (answer.ok() && answer->status == 200) return set_renewal(number_of(member_of(answer->body, "auth"), "lease_duration"));
    renew_at_ = steady_now() + Millis(settings_.token_renewal_ms);
    // A root token, or one that is at its greatest age. Who logged in can do that again.
    if (!settings_.login_path.empty()) token_ = {};
    else if (answer.ok()) log::info("config", "The token for Vault at {} cannot be renewed: HTTP {}", settings_.address, answer->status);
  }

  Result<VaultMount> mount_of(const std::string& path) {
    if (auto known = mounts_.find(path); known != mounts_.end()) return known->second;
    VaultMount mount;
    size_t slash = std::string::npos, at = 0;
    for (int i = 0; i < std::max(1, settings_.mount_segments) && at != std::string::npos; ++i) {
      slash = path.find('/', at);
      at = slash == std::string::npos ? slash : slash + 1;
    }
    mount.length = slash == std::string::npos ? path.size() : slash + 1;
    mount.version = settings_.engine.value_or(2);
    if (!settings_.engine || settings_.mount_segments == 0) {
      // What Vault's own command line asks, too; a policy may forbid it.
      ASSIGN_OR_RETURN(VaultAnswer answer, ask("GET", "sys/internal/ui/mounts/" + path, ""));
      const SecretJson& found = member_of(answer.body, "data");
      const std::string root = text_of(found, "path");
      if (answer.status == 200 && !root.empty() && (path + "/").starts_with(root)) {
        if (settings_.mount_segments == 0) mount.length = std::min(root.size(), path.size());
        const bool second = text_of(found, "type") == "kv" && text_of(member_of(found, "options"), "version") == "2";
        if (!settings_.engine) mount.version = second ? 2 : 1;
      } else if (answer.status == 403) {
        return mount;  // perhaps for want of a token that counts: asked again at the next reading
      }
    }
    mounts_[path] = mount;
    return mount;
  }

  Result<ReadSecret> read(const std::string& path) {
    if (path.empty()) return Status::invalid("A variable for Vault needs a path: ${vault:secret/database:password}");
    const bool fresh = token_.empty();
    if (fresh) RETURN_IF_ERROR(log_in());
    else if (steady_now() >= renew_at_) renew();
    if (token_.empty()) RETURN_IF_ERROR(log_in());
    ASSIGN_OR_RETURN(VaultAnswer answer, read_once(path));
    if (answer.status == 403 && !fresh && !settings_.login_path.empty()) {
      RETURN_IF_ERROR(log_in());
      ASSIGN_OR_RETURN(answer, read_once(path));
    }
    if (answer.status == 403) return Status::invalid(fmt::format("Vault at {} does not allow to read the path '{}' (HTTP 403). Check the token and its policies", settings_.address, path));
    if (answer.status != 200) {
      mounts_.erase(path);
      return Status::invalid(fmt::format("Vault path '{}' was not found at {}: HTTP {}. Check the path and vault.engine.version", path, settings_.address, answer.status));
    }
    return secret_of(answer.body, mounts_.contains(path) ? mounts_[path].version : settings_.engine.value_or(2));
  }

  Result<VaultAnswer> read_once(const std::string& path) {
    ASSIGN_OR_RETURN(VaultMount mount, mount_of(path));
    std::string asked = path;
    if (mount.version == 2) asked = path.substr(0, mount.length) + (mount.length == path.size() ? "/data" : "data/") + path.substr(mount.length);
    return ask("GET", asked, "");
  }

  ReadSecret secret_of(const SecretJson& body, int version) const {
    ReadSecret out;
    const SecretJson& data = member_of(body, "data");
    const SecretJson& values = version == 2 ? member_of(data, "data") : data;
    if (values.is_object()) {
      for (const auto& [key, value] : values.items()) {
        if (!value.is_null()) out.values[key] = value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, SecretJson::error_handler_t::replace);
      }
    }
    const SteadyTime now = steady_now();
    const int64_t lease_ms = number_of(body, "lease_duration") * 1000;
    const bool ends = lease_ms > 0 && !text_of(body, "lease_id").empty();
    const int64_t good_ms = ends ? lease_ms * 9 / 10 : lease_ms > 0 ? lease_ms : settings_.look_again_ms;
    out.good_until = good_ms > 0 ? now + Millis(good_ms) : SteadyTime::max();
    out.shared_until = ends ? now + std::min(kSharedFor, Millis(good_ms / 2)) : now;
    return out;
  }

  const VaultSettings settings_;
  HttpClient http_;
  std::mutex mutex_;  // guards what follows
  config::Secret token_;
  SteadyTime renew_at_{};
  Status no_answer_;
  SteadyTime ask_again_{};
  std::map<std::string, VaultMount> mounts_;
  std::map<std::string, ReadSecret> read_;
};

}  // namespace

Result<std::shared_ptr<config::ConfigProvider>> make_vault_secrets(const config::Properties& parameters) {
  ASSIGN_OR_RETURN(VaultSettings settings, parse_vault_settings(parameters));
  return std::shared_ptr<config::ConfigProvider>(std::make_shared<VaultSecrets>(std::move(settings)));
}

}  // namespace bywash::net
