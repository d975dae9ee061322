// Keys, signatures and claims of bearer tokens. Level 8, handler threads.
#include "rest/bearer_tokens.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/clock.h"
#include "base/log.h"
#include "config/properties.h"
#include "net/http_client.h"
#include "rest/base64_digits.h"

namespace bywash::rest {
namespace {

using config::get_or;
using TokenJson = nlohmann::json;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

constexpr Millis kAskAgain{10'000};       // for keys that a token names and nobody has told of
constexpr Millis kUrlKeepsFor{900'000};   // keys that were taken back are out by then
constexpr Millis kFileKeepsFor{1000};

struct WebKey {
  std::string id;
  bool rsa = false;
  KeyPtr key;
};
using WebKeys = std::vector<WebKey>;

// Base64 of RFC 4648, section 5, without padding; nullopt for any other byte, and for bits after the last one.
std::optional<std::string> decode_base64url(std::string_view text) {
  auto digits = read_base64_digits(text, "-_");
  return !digits || digits->count % 4 == 1 || digits->left_over != 0 ? std::nullopt : std::optional(std::move(digits->bytes));
}

std::string token_text(const TokenJson& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
}

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Null when the numbers are no key.
KeyPtr key_from(const char* type, OSSL_PARAM_BLD* builder) {
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) key = nullptr;
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  ERR_clear_error();
  return key ? KeyPtr(key, EVP_PKEY_free) : nullptr;
}

KeyPtr rsa_key(const std::string& modulus, const std::string& exponent) {
  BIGNUM* n = BN_bin2bn(as_bytes(modulus), static_cast<int>(modulus.size()), nullptr);
  BIGNUM* e = BN_bin2bn(as_bytes(exponent), static_cast<int>(exponent.size()), nullptr);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
  KeyPtr out = key_from("RSA", builder);
  OSSL_PARAM_BLD_free(builder);
  BN_free(n);
  BN_free(e);
  // RFC 7518, section 3.3.
  return out && EVP_PKEY_get_bits(out.get()) >= 2048 ? out : nullptr;
}

KeyPtr p256_key(const std::string& x, const std::string& y) {
  if (x.size() != 32 || y.size() != 32) return nullptr;
  const std::string point = "\x04" + x + y;
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  KeyPtr out = key_from("EC", builder);
  OSSL_PARAM_BLD_free(builder);
  return out;
}

// Keys of kinds that are not used here are left out, as RFC 7517 wants it.
Result<WebKeys> parse_web_keys(const std::string& text, const std::string& where) {
  TokenJson json = TokenJson::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) {
    return Status::invalid(fmt::format("{} is no JSON web key set. It has to be an object with a list 'keys'", where));
  }
  WebKeys out;
  for (const TokenJson& each : json["keys"]) {
    if (std::string use = token_text(each, "use"); !use.empty() && use != "sig") continue;
    const std::string type = token_text(each, "kty");
    auto part = [&](const char* name) { return decode_base64url(token_text(each, name)).value_or(""); };
    WebKey key{token_text(each, "kid"), type == "RSA", nullptr};
    if (type == "RSA") key.key = rsa_key(part("n"), part("e"));
    else if (type == "EC" && token_text(each, "crv") == "P-256") key.key = p256_key(part("x"), part("y"));
    if (key.key) out.push_back(std::move(key));
  }
  if (out.empty()) return Status::invalid(fmt::format("{} has no key that can be used: RSA of 2048 bits and more, or EC on P-256", where));
  return out;
}

// The signature of ES256 is two numbers of 32 bytes (RFC 7518, section 3.4); OpenSSL wants them in DER.
std::string der_signature(const std::string& raw) {
  if (raw.size() != 64) return "";
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(as_bytes(raw), 32, nullptr), BN_bin2bn(as_bytes(raw) + 32, 32, nullptr));
  unsigned char* der = nullptr;
  int size = i2d_ECDSA_SIG(signature, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return out;
}

bool signed_by(EVP_PKEY* key, std::string_view message, const std::string& signature) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool good = EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestVerify(context, as_bytes(signature), signature.size(), as_bytes(message), message.size()) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return good;
}

// A claim by its path: "realm_access.roles". Null when it is not there.
const TokenJson* claim_at(const TokenJson& claims, const std::string& path) {
  if (claims.contains(path)) return &claims[path];
  const TokenJson* at = &claims;
  std::stringstream parts(path);
  for (std::string part; std::getline(parts, part, '.');) {
    if (!at->is_object() || !at->contains(part)) return nullptr;
    at = &(*at)[part];
  }
  return at;
}

// A list of texts, or one text with blanks between ("scope").
std::vector<std::string> texts_of(const TokenJson* claim) {
  std::vector<std::string> out;
  if (claim && claim->is_string()) {
    std::stringstream words(claim->get<std::string>());
    for (std::string word; words >> word;) out.push_back(word);
  } else if (claim && claim->is_array()) {
    for (const TokenJson& each : *claim) {
      if (each.is_string()) out.push_back(each.get<std::string>());
    }
  }
  return out;
}

struct TokenRules {
  std::string file, url, ca_file;
  std::string issuer, audience, name_claim, roles_claim;
  double leeway_seconds = 60;
};

class CheckedTokens : public BearerTokens {
 public:
  explicit CheckedTokens(TokenRules rules) : rules_(std::move(rules)), client_(options(rules_)) {}

  // Reads the keys for the first time. A URL that does not answer yet is no error: it is asked again.
  Status prepare() {
    auto keys = fetch();
    next_fetch_ = steady_now() + (keys.ok() ? keeps_for() : kAskAgain);
    if (keys.ok()) keys_ = std::make_shared<const WebKeys>(*std::move(keys));
    else if (rules_.url.empty()) return keys.status();
    else log::warn("rest", "Tokens are refused until the keys of rest.auth.jwt.jwks.url can be read: {}", keys.status().message());
    return {};
  }

  std::optional<TokenOwner> check(const std::string& token) override {
    const size_t first = token.find('.'), second = first == token.npos ? first : token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
    auto head_text = decode_base64url(std::string_view(token).substr(0, first));
    auto claims_text = decode_base64url(std::string_view(token).substr(first + 1, second - first - 1));
    auto signature = decode_base64url(std::string_view(token).substr(second + 1));
    if (!head_text || !claims_text || !signature) return std::nullopt;
    const TokenJson head = TokenJson::parse(*head_text, nullptr, false), claims = TokenJson::parse(*claims_text, nullptr, false);
    if (!head.is_object() || !claims.is_object() || head.contains("crit")) return std::nullopt;
    const std::string algorithm = token_text(head, "alg"), id = token_text(head, "kid");
    // The algorithm is the key's, never one that the token chooses: "none" and HS256 are nobody's.
    if (algorithm != "RS256" && algorithm != "ES256") return std::nullopt;
    const bool rsa = algorithm == "RS256";
    const std::string der = rsa ? *signature : der_signature(*signature);
    const std::string_view message = std::string_view(token).substr(0, second);
    bool good = false;
    for (int attempt = 0; attempt < 2 && !good; ++attempt) {
      auto keys = keys_now(attempt > 0);
      bool known = false;
      for (const WebKey& each : *keys) {
        if (each.rsa != rsa || (!id.empty() && each.id != id)) continue;
        known = true;
        good = good || signed_by(each.key.get(), message, der);
      }
      if (known) break;
    }
    if (!good || !valid_now(claims)) return std::nullopt;
    TokenOwner out{"", texts_of(claim_at(claims, rules_.roles_claim))};
    if (const TokenJson* name = claim_at(claims, rules_.name_claim); name && name->is_string()) out.name = name->get<std::string>();
    return out.name.empty() ? std::nullopt : std::optional(std::move(out));
  }

 private:
  static net::HttpClientOptions options(const TokenRules& rules) {
    net::HttpClientOptions out;
    out.connect_timeout = Millis(3000);
    out.timeout = Millis(5000);
    out.ca_file = rules.ca_file;
    return out;
  }
  Millis keeps_for() const { return rules_.url.empty() ? kFileKeepsFor : kUrlKeepsFor; }

  bool valid_now(const TokenJson& claims) const {
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    auto number = [&](const char* name) { return claims.contains(name) && claims[name].is_number() ? std::optional(claims[name].get<double>()) : std::nullopt; };
    auto expires = number("exp"), begins = number("nbf");
    if (!expires || now > *expires + rules_.leeway_seconds) return false;
    if (claims.contains("nbf") && (!begins || now < *begins - rules_.leeway_seconds)) return false;
    if (token_text(claims, "iss") != rules_.issuer || !claims.contains("aud")) return false;
    if (claims["aud"].is_string()) return claims["aud"] == rules_.audience;
    const std::vector<std::string> all = texts_of(&claims["aud"]);
    return std::find(all.begin(), all.end(), rules_.audience) != all.end();
  }

  Result<WebKeys> fetch() {
    if (rules_.url.empty()) {
      std::ifstream in(rules_.file, std::ios::binary);
      std::stringstream text;
      text << in.rdbuf();
      if (!in) return Status::invalid(fmt::format("Cannot read '{}' (key 'rest.auth.jwt.jwks.file'). Check the path and its permissions", rules_.file));
      return parse_web_keys(text.str(), fmt::format("'{}' (key 'rest.auth.jwt.jwks.file')", rules_.file));
    }
    net::HttpRequest request;
    request.url = rules_.url;
    ASSIGN_OR_RETURN(auto answer, client_.send(request));
    if (answer.status != 200) return Status::retriable(fmt::format("The key server answers {} (key 'rest.auth.jwt.jwks.url')", answer.status));
    return parse_web_keys(answer.body, "The answer of rest.auth.jwt.jwks.url");
  }

  // Never null. One thread asks; meanwhile the others go on with the keys that there are.
  std::shared_ptr<const WebKeys> keys_now(bool missing) {
    {
      std::lock_guard lock(mutex_);
      const SteadyTime now = steady_now();
      if (now < next_fetch_ && !(missing && now >= next_ask_)) return keys_;
      next_ask_ = now + kAskAgain;
      next_fetch_ = now + std::min(keeps_for(), kAskAgain);
    }
    auto keys = fetch();
    std::lock_guard lock(mutex_);
    if (keys.ok()) {
      keys_ = std::make_shared<const WebKeys>(*std::move(keys));
      next_fetch_ = steady_now() + keeps_for();
    } else {
      log::warn("rest", "The keys of tokens cannot be read anew, those from before stay: {}", keys.status().message());
    }
    return keys_;
  }

  const TokenRules rules_;
  net::HttpClient client_;
  std::mutex mutex_;
  std::shared_ptr<const WebKeys> keys_ = std::make_shared<const WebKeys>();
  SteadyTime next_fetch_{}, next_ask_{};
};

}  // namespace

Result<std::shared_ptr<BearerTokens>> BearerTokens::make(const config::Properties& worker) {
  TokenRules rules;
  rules.file = get_or(worker, "rest.auth.jwt.jwks.file", "");
  rules.url = get_or(worker, "rest.auth.jwt.jwks.url", "");
  if (rules.file.empty() && rules.url.empty()) return std::shared_ptr<BearerTokens>();
  if (!rules.file.empty() && !rules.url.empty()) return Status::invalid("Only one of 'rest.auth.jwt.jwks.file' and 'rest.auth.jwt.jwks.url' can be set");
  rules.ca_file = get_or(worker, "rest.auth.jwt.jwks.ca.file", "");
  rules.issuer = get_or(worker, "rest.auth.jwt.issuer", "");
  rules.audience = get_or(worker, "rest.auth.jwt.audience", "");
  rules.name_claim = get_or(worker, "rest.auth.jwt.name.claim", "sub");
  rules.roles_claim = get_or(worker, "rest.auth.jwt.roles.claim", "roles");
  // Without them a token that the same provider made for any other program would open this one.
  for (const char* key : {"rest.auth.jwt.issuer", "rest.auth.jwt.audience"}) {
    if (get_or(worker, key, "").empty()) return Status::invalid(fmt::format("Missing required configuration \"{}\" which has no default value: tokens are taken only from their issuer and when they are meant for this worker", key));
  }
  auto leeway = config::parse_value(config::KeyType::kLong, get_or(worker, "rest.auth.jwt.leeway.ms", "60000"));
  if (!leeway.ok() || !std::holds_alternative<int64_t>(*leeway) || std::get<int64_t>(*leeway) < 0) {
    return Status::invalid(fmt::format("Invalid value {} for configuration rest.auth.jwt.leeway.ms: Value must be at least 0", get_or(worker, "rest.auth.jwt.leeway.ms", "")));
  }
  rules.leeway_seconds = static_cast<double>(std::get<int64_t>(*leeway)) / 1000;
  auto out = std::make_shared<CheckedTokens>(std::move(rules));
  RETURN_IF_ERROR(out->prepare());
  return std::shared_ptr<BearerTokens>(std::move(out));
}

}  // namespace bywash::rest
