// Reading of key and trust stores with OpenSSL, and their files' changes. Level 2, every thread.
#include "net/tls_stores.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "base/log.h"
#include "base/text.h"
#include "config/properties.h"
#include "net/java_key_store.h"

namespace bywash::net {
namespace {

using config::get_or;
using config::Properties;

struct TlsFree {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(PKCS12* p) const { PKCS12_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(STACK_OF(X509)* p) const { sk_X509_pop_free(p, X509_free); }
};
template <class T>
using TlsOwned = std::unique_ptr<T, TlsFree>;

struct StoreFile {
  std::string name;  // of its key, for messages
  std::string bytes;
  bool pem = false, jks = false;
};

Result<StoreFile> open_store_file(const std::string& path, const std::string& type, std::string name) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Status::invalid(fmt::format("Cannot read '{}' (key '{}'). Check the path and its permissions", path, name));
  StoreFile out{std::move(name), std::move(text).str(), false};
  out.jks = is_java_key_store(out.bytes);
  if (out.bytes.starts_with("\xCE\xCE\xCE\xCE")) {
    return Status::invalid(fmt::format("'{}' is a Java key store (JCEKS), which cannot be read here (key '{}'). Convert it: keytool -importkeystore -srckeystore {} "
                                       "-destkeystore store.p12 -deststoretype PKCS12", path, out.name, path));
  }
  out.pem = !out.jks && out.bytes.find("-----BEGIN") != std::string::npos;
  // Java's type JKS reads PKCS12 too; PEM has to be named there, and is found out here.
  if (!out.pem && ascii_upper(type) == "PEM") return Status::invalid(fmt::format("'{}' has no PEM text (key '{}'). Check the file, or the type of the store", path, out.name));
  return out;
}

// For a key that is not encrypted: without a callback OpenSSL would ask on the terminal.
int give_password(char* buffer, int size, int, void* password) {
  const std::string& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<size_t>(size)) return -1;
  text.copy(buffer, text.size());
  return static_cast<int>(text.size());
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string key_text(EVP_PKEY* key) {
  TlsOwned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

// Every certificate in a PEM text, in order; other parts are left out. Empty: there is none, or one is damaged.
std::string pem_certificates(const std::string& text) {
  TlsOwned<BIO> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))), out(BIO_new(BIO_s_mem()));
  while (TlsOwned<X509> each{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) PEM_write_bio_X509(out.get(), each.get());
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end ? text_of(out.get()) : std::string();
}

Result<config::Secret> pem_key(const std::string& text, const std::string& password, const std::string& name) {
  TlsOwned<BIO> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::string given = password;
  TlsOwned<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, &given));
  ERR_clear_error();
  if (!key) return Status::invalid(fmt::format("There is no private key that can be read in '{}'. It has to be PEM text; ssl.key.password is the password of an encrypted one", name));
  return config::Secret(key_text(key.get()));
}

// `keys` false: a store of trusted certificates only.
Result<TlsStores> read_pkcs12(const StoreFile& file, const std::string& password, bool keys) {
  TlsOwned<BIO> in(BIO_new_mem_buf(file.bytes.data(), static_cast<int>(file.bytes.size())));
  TlsOwned<PKCS12> store(d2i_PKCS12_bio(in.get(), nullptr));
  if (!store) {
    ERR_clear_error();
    return Status::invalid(fmt::format("The store of '{}' is neither PEM nor PKCS12. Check the file", file.name));
  }
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  const bool opened = PKCS12_parse(store.get(), password.c_str(), &key, &leaf, &others) == 1;
  const bool old = ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED;
  ERR_clear_error();
  TlsOwned<EVP_PKEY> own_key(key);
  TlsOwned<X509> own_leaf(leaf);
  TlsOwned<STACK_OF(X509)> own_others(others);
  if (!opened && old) {
    return Status::invalid(fmt::format("The PKCS12 store of '{}' is encrypted with an algorithm that OpenSSL 3 no longer opens. Write it anew with a current keytool or openssl", file.name));
  }
  if (!opened) return Status::invalid(fmt::format("The PKCS12 store of '{}' cannot be opened. Check its password", file.name));
  TlsOwned<BIO> pem(BIO_new(BIO_s_mem()));
  if (leaf) PEM_write_bio_X509(pem.get(), leaf);
  for (int i = 0; i < sk_X509_num(others); ++i) PEM_write_bio_X509(pem.get(), sk_X509_value(others, i));
  TlsStores out;
  std::string certificates = text_of(pem.get());
  if (!keys) {
    out.trusted = std::move(certificates);
    return out;
  }
  if (!key || !leaf) return Status::invalid(fmt::format("The PKCS12 store of '{}' has no private key with its certificate. Put both into it", file.name));
  out.certificates = std::move(certificates);
  out.key = config::Secret(key_text(key));
  return out;
}

Status read_own(const Properties& keys, const std::string& prefix, TlsStores* out) {
  const std::string chain = get_or(keys, "ssl.keystore.certificate.chain", ""), key = get_or(keys, "ssl.keystore.key", "");
  const std::string location = get_or(keys, "ssl.keystore.location", ""), key_password = get_or(keys, "ssl.key.password", "");
  if (!chain.empty() || !key.empty()) {
    out->certificates = pem_certificates(chain);
    if (out->certificates.empty()) return Status::invalid(fmt::format("There is no certificate that can be read in '{}ssl.keystore.certificate.chain'. It has to be PEM text", prefix));
    ASSIGN_OR_RETURN(out->key, pem_key(key, key_password, prefix + "ssl.keystore.key"));
    return {};
  }
  if (location.empty()) return {};
  ASSIGN_OR_RETURN(StoreFile file, open_store_file(location, get_or(keys, "ssl.keystore.type", ""), prefix + "ssl.keystore.location"));
  if (file.jks) {
    auto read = read_java_key_store(file.bytes, get_or(keys, "ssl.keystore.password", ""), key_password, true);
    if (!read.ok()) return read.status().with_context(fmt::format("{} ('{}')", file.name, location));
    if (read->chain.empty()) return Status::invalid(fmt::format("The Java key store of '{}' has no private key with its certificate. Put both into it", file.name));
    out->certificates = std::move(read->chain);
    out->key = std::move(read->key);
    return {};
  }
  if (!file.pem) {
    ASSIGN_OR_RETURN(TlsStores read, read_pkcs12(file, get_or(keys, "ssl.keystore.password", ""), true));
    out->certificates = std::move(read.certificates);
    out->key = std::move(read.key);
    return {};
  }
  out->certificates = pem_certificates(file.bytes);
  if (out->certificates.empty()) return Status::invalid(fmt::format("There is no certificate that can be read in '{}' (key '{}')", location, file.name));
  ASSIGN_OR_RETURN(out->key, pem_key(file.bytes, key_password, file.name));
  return {};
}

Status read_trusted(const Properties& keys, const std::string& prefix, TlsStores* out) {
  const std::string text = get_or(keys, "ssl.truststore.certificates", ""), location = get_or(keys, "ssl.truststore.location", "");
  if (!text.empty()) {
    out->trusted = pem_certificates(text);
    if (out->trusted.empty()) return Status::invalid(fmt::format("There is no certificate that can be read in '{}ssl.truststore.certificates'. It has to be PEM text", prefix));
    return {};
  }
  if (location.empty()) return {};
  ASSIGN_OR_RETURN(StoreFile file, open_store_file(location, get_or(keys, "ssl.truststore.type", ""), prefix + "ssl.truststore.location"));
  if (file.jks) {
    auto read = read_java_key_store(file.bytes, get_or(keys, "ssl.truststore.password", ""), "", false);
    if (!read.ok()) return read.status().with_context(fmt::format("{} ('{}')", file.name, location));
    out->trusted = std::move(read->trusted);
  } else if (file.pem) {
    out->trusted = pem_certificates(file.bytes);
  } else {
    ASSIGN_OR_RETURN(TlsStores read, read_pkcs12(file, get_or(keys, "ssl.truststore.password", ""), false));
    out->trusted = std::move(read.trusted);
  }
  if (out->trusted.empty()) return Status::invalid(fmt::format("There is no certificate that can be read in '{}' (key '{}')", location, file.name));
  return {};
}

}  // namespace

Result<TlsStores> read_tls_stores(const Properties& keys, const std::string& prefix) {
  TlsStores out;
  RETURN_IF_ERROR(read_own(keys, prefix, &out));
  RETURN_IF_ERROR(read_trusted(keys, prefix, &out));
  return out;
}

TlsStoreFiles::TlsStoreFiles(Properties keys, std::string prefix) : keys_(std::move(keys)), prefix_(std::move(prefix)) {}

std::vector<TlsStoreFiles::Stamp> TlsStoreFiles::stamps() const {
  std::vector<Stamp> out;
  for (const char* key : {"ssl.keystore.location", "ssl.truststore.location"}) {
    struct stat found {};
    const std::string path = get_or(keys_, key, "");
    if (path.empty() || ::stat(path.c_str(), &found) != 0) {
      out.emplace_back();
      continue;
    }
    out.push_back({static_cast<int64_t>(found.st_ino), int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec, int64_t{found.st_size}});
  }
  return out;
}

Result<std::shared_ptr<const TlsStores>> TlsStoreFiles::current() {
  std::lock_guard lock(mutex_);
  const SteadyTime now = steady_now();
  if (stores_ && now < next_look_) return stores_;
  next_look_ = now + Millis(1000);
  // Taken before the files are read: one that is replaced meanwhile is read once more.
  std::vector<Stamp> found = stamps();
  if (stores_ && found == read_at_) return stores_;
  auto read = read_tls_stores(keys_, prefix_);
  read_at_ = std::move(found);
  if (read.ok()) {
    if (stores_) log::info("net", "The certificates of '{}ssl.' have changed and are in use", prefix_);
    stores_ = std::make_shared<const TlsStores>(*std::move(read));
    return stores_;
  }
  if (!stores_) return read.status();
  log::warn("net", "Changed certificates are not used, those from before stay: {}", read.status().message());
  return stores_;
}

}  // namespace bywash::net
