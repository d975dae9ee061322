// TLS contexts and SASL exchanges. Level 3.
#include "kafka/broker_security.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/encoding.h"
#include "config/properties.h"
#include "kafka/client_config.h"
#include "net/tls_stores.h"

namespace bywash::kafka {
namespace {

struct PemDeleter {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, PemDeleter>;

Owned<BIO> reading(const std::string& pem) { return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Status trust(SSL_CTX* tls, const std::string& pem) {
  if (pem.empty()) return SSL_CTX_set_default_verify_paths(tls) == 1 ? Status() : Status::invalid("The system's trusted certificates cannot be read");
  auto in = reading(pem);
  while (Owned<X509> each{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), each.get());
  ERR_clear_error();
  return {};
}

Status show_certificate(SSL_CTX* tls, const net::TlsStores& stores) {
  if (stores.certificates.empty()) return {};
  auto in = reading(stores.certificates);
  Owned<X509> leaf(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  auto key_in = reading(stores.key.text());
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  if (!leaf || !key || SSL_CTX_use_certificate(tls, leaf.get()) != 1 || SSL_CTX_use_PrivateKey(tls, key.get()) != 1) {
    return Status::invalid("Key 'ssl.keystore.location': the certificate and its key do not belong together");
  }
  while (X509* each = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) SSL_CTX_add_extra_chain_cert(tls, each);  // which owns it
  ERR_clear_error();
  return {};
}

Status open_tls(const config::Properties& java, BrokerSecurity* out) {
  ASSIGN_OR_RETURN(net::TlsStores stores, net::read_tls_stores(java, ""));
  out->tls.reset(SSL_CTX_new(TLS_client_method()));
  if (!out->tls) return Status::fatal("OpenSSL cannot make a TLS context");
  SSL_CTX_set_min_proto_version(out->tls.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(out->tls.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(out->tls.get(), SSL_VERIFY_PEER, nullptr);
  out->verify_host = !config::get_or(java, "ssl.endpoint.identification.algorithm", "https").empty();
  RETURN_IF_ERROR(trust(out->tls.get(), stores.trusted));
  return show_certificate(out->tls.get(), stores);
}

class PlainExchange final : public SaslExchange {
 public:
  explicit PlainExchange(const BrokerSecurity& security) : said_('\0' + security.user + '\0' + security.password.text()) {}
  Result<std::optional<std::string>> next(std::string_view) override {
    if (std::exchange(done_, true)) return std::optional<std::string>();
    return std::optional(std::move(said_));
  }

 private:
  std::string said_;
  bool done_ = false;
};

std::string hmac(const EVP_MD* hash, std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  HMAC(hash, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()), data.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string digest(const EVP_MD* hash, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), out.data(), &size, hash, nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const auto padding = static_cast<size_t>(std::count(text.begin(), text.end(), '='));
  out.resize(size < 0 ? 0 : static_cast<size_t>(size) - std::min(padding, static_cast<size_t>(size)));
  return out;
}

// The value of "name=" in a message whose parts stand between commas.
std::string_view part(std::string_view message, char name) {
  while (!message.empty()) {
    std::string_view one = message.substr(0, message.find(','));
    if (one.size() >= 2 && one[0] == name && one[1] == '=') return one.substr(2);
    message.remove_prefix(std::min(message.size(), one.size() + 1));
  }
  return {};
}

// A user's name inside a SCRAM message.
std::string escaped(std::string_view name) {
  std::string out;
  for (char c : name) out += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
  return out;
}

class ScramExchange final : public SaslExchange {
 public:
  ScramExchange(const BrokerSecurity& security, std::string nonce)
      : hash_(security.mechanism == "SCRAM-SHA-512" ? EVP_sha512() : EVP_sha256()), password_(security.password), nonce_(std::move(nonce)),
        first_(fmt::format("n={},r={}", escaped(security.user), nonce_)) {}

  Result<std::optional<std::string>> next(std::string_view challenge) override {
    switch (step_++) {
      case 0: return std::optional("n,," + first_);
      case 1: return answer(challenge);
      case 2:
        if (from_base64(part(challenge, 'v')) != server_signature_) return refused(challenge);
        return std::optional<std::string>();
      default: return refused({});
    }
  }

 private:
  Result<std::optional<std::string>> answer(std::string_view challenge) {
    const std::string_view nonce = part(challenge, 'r');
    const std::string salt = from_base64(part(challenge, 's'));
    const long rounds = std::strtol(std::string(part(challenge, 'i')).c_str(), nullptr, 10);
    // Fewer rounds than the RFC allows, or so many that they would be an attack.
    if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || salt.empty() || rounds < 4096 || rounds > 10'000'000) return refused(challenge);
    std::string salted(static_cast<size_t>(EVP_MD_get_size(hash_)), '\0');
    PKCS5_PBKDF2_HMAC(password_.text().data(), static_cast<int>(password_.text().size()), reinterpret_cast<const unsigned char*>(salt.data()),
                      static_cast<int>(salt.size()), static_cast<int>(rounds), hash_, static_cast<int>(salted.size()), reinterpret_cast<unsigned char*>(salted.data()));
    const std::string without_proof = fmt::format("c=biws,r={}", nonce);
    const std::string all = fmt::format("{},{},{}", first_, challenge, without_proof);
    const std::string client_key = hmac(hash_, salted, "Client Key");
    std::string proof = hmac(hash_, digest(hash_, client_key), all);
    for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    server_signature_ = hmac(hash_, hmac(hash_, salted, "Server Key"), all);
    return std::optional(fmt::format("{},p={}", without_proof, base64(proof)));
  }

  static Status refused(std::string_view challenge) {
    const std::string_view error = part(challenge, 'e');
    return Status::unauthorized(error.empty() ? "the broker's part of the SCRAM exchange is wrong" : fmt::format("the broker refuses the credentials: {}", error));
  }

  const EVP_MD* hash_;
  const config::Secret password_;
  const std::string nonce_;
  const std::string first_;
  std::string server_signature_;
  int step_ = 0;
};

}  // namespace

Result<std::optional<std::shared_ptr<const BrokerSecurity>>> broker_security(const config::Properties& java) {
  using None = std::optional<std::shared_ptr<const BrokerSecurity>>;
  const std::string protocol = config::get_or(java, "security.protocol", "PLAINTEXT");
  for (const auto& [key, value] : java) {
    if (key.starts_with("librdkafka.ssl") || key.starts_with("librdkafka.sasl") || key == "librdkafka.security.protocol") return None();
  }
  auto out = std::make_shared<BrokerSecurity>();
  if (protocol == "SSL" || protocol == "SASL_SSL") {
    if (!config::get_or(java, "ssl.cipher.suites", "").empty()) return None();
    RETURN_IF_ERROR(open_tls(java, out.get()));
  }
  if (protocol == "SASL_SSL" || protocol == "SASL_PLAINTEXT") {
    out->mechanism = config::get_or(java, "sasl.mechanism", "GSSAPI");
    if (out->mechanism != "PLAIN" && out->mechanism != "SCRAM-SHA-256" && out->mechanism != "SCRAM-SHA-512") return None();
    ASSIGN_OR_RETURN(Translated translated, translate_java_keys(ClientKind::kConsumer, java));
    out->user = translated.librdkafka["sasl.username"];
    out->password = config::Secret(translated.librdkafka["sasl.password"]);
  } else if (protocol != "SSL" && protocol != "PLAINTEXT") {
    return None();
  }
  return None(std::move(out));
}

std::unique_ptr<SaslExchange> make_sasl_exchange(const BrokerSecurity& security, std::string nonce) {
  if (security.mechanism == "PLAIN") return std::make_unique<PlainExchange>(security);
  return std::make_unique<ScramExchange>(security, std::move(nonce));
}

std::string sasl_nonce() {
  std::string bytes(18, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return base64(bytes);
}

}  // namespace bywash::kafka
