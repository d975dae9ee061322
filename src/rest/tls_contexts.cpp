// OpenSSL contexts for https listeners. Level 8, every thread.
#include "rest/tls_contexts.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "base/log.h"
#include "config/properties.h"

namespace bywash::rest {
namespace {

using config::get_or;
using config::Properties;
using ContextPtr = std::shared_ptr<ssl_ctx_st>;

constexpr const char* kListenersPrefix = "listeners.https.";

config::List tls_list(const Properties& keys, const char* name, const char* fallback) {
  auto parsed = config::parse_value(config::KeyType::kList, get_or(keys, name, fallback));
  return parsed.ok() && std::holds_alternative<config::List>(*parsed) ? std::get<config::List>(*parsed) : config::List();
}

Status bad_tls(const std::string& prefix, const char* key, const std::string& value, std::string_view why) {
  return Status::invalid(fmt::format("Invalid value {} for configuration {}{}: {}", value, prefix, key, why));
}

// TLS 1.2 and 1.3 only: Java's runtime, too, leaves older ones out whatever the key says.
Status set_protocols(SSL_CTX* context, const Properties& keys, const std::string& prefix) {
  const std::string protocol = get_or(keys, "ssl.protocol", "TLSv1.3");
  if (protocol != "TLSv1.3" && protocol != "TLSv1.2" && protocol != "TLS") return bad_tls(prefix, "ssl.protocol", protocol, "there are TLS, TLSv1.2 and TLSv1.3");
  const config::List enabled = tls_list(keys, "ssl.enabled.protocols", "TLSv1.2,TLSv1.3");
  bool two = false, three = false;
  for (const std::string& each : enabled) {
    if (each == "TLSv1.2") two = true;
    else if (each == "TLSv1.3") three = true;
    else if (each == "TLSv1" || each == "TLSv1.1" || each == "SSLv3") log::warn("rest", "Key '{}ssl.enabled.protocols': {} is not safe and stays off", prefix, each);
    else return bad_tls(prefix, "ssl.enabled.protocols", each, "there are TLSv1.2 and TLSv1.3");
  }
  if (!two && !three) return bad_tls(prefix, "ssl.enabled.protocols", get_or(keys, "ssl.enabled.protocols", ""), "one of TLSv1.2 and TLSv1.3 has to be on");
  SSL_CTX_set_min_proto_version(context, two ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, three ? TLS1_3_VERSION : TLS1_2_VERSION);
  return {};
}

// Java's names ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") are the standard's; OpenSSL's own are taken too.
Status set_ciphers(SSL_CTX* context, const Properties& keys, const std::string& prefix) {
  const config::List wanted = tls_list(keys, "ssl.cipher.suites", "");
  if (wanted.empty()) return {};
  std::shared_ptr<SSL_CTX> all(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_cipher_list(all.get(), "ALL");
  std::string older, newer;
  STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(all.get());
  for (const std::string& name : wanted) {
    bool found = false;
    for (int i = 0; i < sk_SSL_CIPHER_num(known) && !found; ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      found = name == SSL_CIPHER_get_name(cipher) || (standard && name == standard);
      if (!found) continue;
      std::string& list = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3" ? newer : older;
      list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(cipher));
    }
    if (!found) return bad_tls(prefix, "ssl.cipher.suites", name, "no such cipher suite. Names are like TLS_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  }
  // What is not named is off: those of the other version too.
  SSL_CTX_set_ciphersuites(context, newer.c_str());
  if (older.empty()) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  else SSL_CTX_set_cipher_list(context, older.c_str());
  if (newer.empty()) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (SSL_CTX_get_min_proto_version(context) > SSL_CTX_get_max_proto_version(context)) {
    return bad_tls(prefix, "ssl.cipher.suites", get_or(keys, "ssl.cipher.suites", ""), "none is of a version that ssl.enabled.protocols allows");
  }
  ERR_clear_error();
  return {};
}

Status set_client_auth(SSL_CTX* context, const Properties& keys, const std::string& prefix) {
  const std::string wish = get_or(keys, "ssl.client.auth", "none");
  int mode = SSL_VERIFY_NONE;
  if (wish == "required") mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  else if (wish == "requested") mode = SSL_VERIFY_PEER;
  else if (wish != "none") return bad_tls(prefix, "ssl.client.auth", wish, "String must be one of: required, requested, none");
  SSL_CTX_set_verify(context, mode, nullptr);
  return {};
}

// Calls `take` with each certificate of a PEM text; what it is given is its own.
template <class Take>
void each_certificate(const std::string& pem, Take take) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr)) take(certificate);
  BIO_free(in);
  ERR_clear_error();
}

Status set_stores(SSL_CTX* context, const net::TlsStores& stores, const std::string& prefix) {
  bool good = true, first = true;
  each_certificate(stores.certificates, [&](X509* certificate) {
    good = good && (first ? SSL_CTX_use_certificate(context, certificate) : SSL_CTX_add1_chain_cert(context, certificate)) == 1;
    first = false;
    X509_free(certificate);
  });
  BIO* in = BIO_new_mem_buf(stores.key.text().data(), static_cast<int>(stores.key.text().size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  good = good && key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(key);
  ERR_clear_error();
  if (!good) {
    return Status::invalid(fmt::format("The certificate and the private key of '{}ssl.keystore' cannot be used: they do not belong together, the first certificate is not the "
                                       "server's own, or its key is too weak. Check the key store", prefix));
  }
  // As Jetty: without a trust store the key store says who is trusted. Java takes any certificate in it as an anchor.
  X509_STORE* trusted = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
  each_certificate(stores.trusted.empty() ? stores.certificates : stores.trusted, [&](X509* certificate) {
    X509_STORE_add_cert(trusted, certificate);
    SSL_CTX_add_client_CA(context, certificate);
    X509_free(certificate);
  });
  ERR_clear_error();
  return {};
}

Result<ContextPtr> make_context(const Properties& keys, const std::string& prefix, const net::TlsStores& stores) {
  if (stores.certificates.empty()) {
    return Status::invalid(fmt::format("An https:// listener needs a certificate and its key. Set '{}ssl.keystore.location' to a PEM file or a PKCS12 store, or "
                                       "'{}ssl.keystore.certificate.chain' and '{}ssl.keystore.key'", prefix, prefix, prefix));
  }
  ContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Status::host("Cannot start TLS: OpenSSL has no memory");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Answers are written from buffers that may have moved between two attempts.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  static constexpr unsigned char kSessions[] = "bywash-rest";
  SSL_CTX_set_session_id_context(context.get(), kSessions, sizeof kSessions - 1);
  RETURN_IF_ERROR(set_protocols(context.get(), keys, prefix));
  RETURN_IF_ERROR(set_ciphers(context.get(), keys, prefix));
  RETURN_IF_ERROR(set_client_auth(context.get(), keys, prefix));
  RETURN_IF_ERROR(set_stores(context.get(), stores, prefix));
  return context;
}

}  // namespace

std::string listener_tls_prefix(const Properties& worker) {
  auto first = worker.lower_bound(kListenersPrefix);
  return first != worker.end() && std::string_view(first->first).starts_with(kListenersPrefix) ? kListenersPrefix : "";
}

TlsContexts::TlsContexts(Properties keys, std::string prefix) : prefix_(prefix), files_(std::move(keys), std::move(prefix)) {}

Result<std::shared_ptr<TlsContexts>> TlsContexts::make(const Properties& worker) {
  const std::string prefix = listener_tls_prefix(worker);
  std::shared_ptr<TlsContexts> out(new TlsContexts(prefix.empty() ? worker : config::with_prefix(worker, prefix), prefix));
  ASSIGN_OR_RETURN(out->stores_, out->files_.current());
  ASSIGN_OR_RETURN(out->context_, make_context(out->files_.keys(), prefix, *out->stores_));
  return out;
}

std::shared_ptr<ssl_ctx_st> TlsContexts::current() {
  auto stores = files_.current();
  std::lock_guard lock(mutex_);
  if (!stores.ok() || *stores == stores_) return context_;
  stores_ = *stores;
  auto renewed = make_context(files_.keys(), prefix_, *stores_);
  if (renewed.ok()) context_ = *std::move(renewed);
  else log::warn("rest", "Changed certificates are not used, those from before stay: {}", renewed.status().message());
  return context_;
}

}  // namespace bywash::rest
