// Reading of JKS: a header, entries, and a digest over all with the password. Level 2, every thread.
#include "net/java_key_store.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <optional>

namespace bywash::net {
namespace {

constexpr std::string_view kJksMagic = "\xFE\xED\xFE\xED";
constexpr std::string_view kIntegrityWord = "Mighty Aphrodite";
constexpr uint32_t kKeyEntry = 1, kCertificateEntry = 2;
using Sha1 = std::array<unsigned char, SHA_DIGEST_LENGTH>;

struct JksFree {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_SIG* p) const { X509_SIG_free(p); }
  void operator()(PKCS8_PRIV_KEY_INFO* p) const { PKCS8_PRIV_KEY_INFO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using JksOwned = std::unique_ptr<T, JksFree>;

Status damaged() { return Status::invalid("The Java key store is damaged"); }

// Big-endian numbers and counted bytes; `good` turns false at the end of the text and stays so.
struct JksReader {
  std::string_view rest;
  bool good = true;

  std::string_view bytes(size_t count) {
    if (count > rest.size()) {
      good = false;
      rest = {};
      return {};
    }
    std::string_view out = rest.substr(0, count);
    rest.remove_prefix(count);
    return out;
  }
  uint64_t number(size_t size) {
    uint64_t out = 0;
    for (char c : bytes(size)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
};

// A password as Java hashes it: UTF-16, the higher byte first. Passwords are ASCII text in practice; others are taken byte by byte.
std::string password_bytes(const std::string& password) {
  std::string out;
  for (char c : password) {
    out += '\0';
    out += c;
  }
  return out;
}

Sha1 sha1(std::string_view first, std::string_view second, std::string_view third = {}) {
  Sha1 out{};
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha1(), nullptr);
  for (std::string_view part : {first, second, third}) EVP_DigestUpdate(context, part.data(), part.size());
  EVP_DigestFinal_ex(context, out.data(), nullptr);
  EVP_MD_CTX_free(context);
  return out;
}

std::string_view text_of(const Sha1& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::string pem_text(BIO* bio) {
  char* text = nullptr;
  long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<size_t>(size));
}

// Empty: no certificate.
std::string certificate_pem(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  JksOwned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!certificate) return {};
  JksOwned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate.get());
  return pem_text(out.get());
}

// KeyProtector.recover: a salt, the key under a stream of chained digests, a digest of password and key.
Result<config::Secret> recover_key(std::string_view encrypted_info, const std::string& password) {
  const auto* at = reinterpret_cast<const unsigned char*>(encrypted_info.data());
  JksOwned<X509_SIG> info(d2i_X509_SIG(nullptr, &at, static_cast<long>(encrypted_info.size())));
  ERR_clear_error();
  if (!info) return damaged();
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(info.get(), &algorithm, &octets);
  std::string_view data(reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)), static_cast<size_t>(ASN1_STRING_length(octets)));
  if (data.size() <= 2 * SHA_DIGEST_LENGTH) return damaged();
  const std::string secret = password_bytes(password);
  std::string plain(data.substr(SHA_DIGEST_LENGTH, data.size() - 2 * SHA_DIGEST_LENGTH));
  Sha1 stream = sha1(secret, data.substr(0, SHA_DIGEST_LENGTH));
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i > 0 && i % SHA_DIGEST_LENGTH == 0) stream = sha1(secret, text_of(stream));
    plain[i] = static_cast<char>(static_cast<unsigned char>(plain[i]) ^ stream[i % SHA_DIGEST_LENGTH]);
  }
  if (text_of(sha1(secret, plain)) != data.substr(data.size() - SHA_DIGEST_LENGTH)) {
    return Status::invalid("The private key in the Java key store cannot be read. Check ssl.key.password, or the store's password where keys have the same");
  }
  at = reinterpret_cast<const unsigned char*>(plain.data());
  JksOwned<PKCS8_PRIV_KEY_INFO> pkcs8(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(plain.size())));
  JksOwned<EVP_PKEY> key(pkcs8 ? EVP_PKCS82PKEY(pkcs8.get()) : nullptr);
  ERR_clear_error();
  if (!key) return Status::invalid("The private key in the Java key store is of a kind that OpenSSL does not know");
  JksOwned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return config::Secret(pem_text(out.get()));
}

}  // namespace

bool is_java_key_store(std::string_view bytes) { return bytes.starts_with(kJksMagic); }

Result<JavaKeyStore> read_java_key_store(std::string_view bytes, const std::string& password, const std::string& key_password, bool keys) {
  if (!is_java_key_store(bytes) || bytes.size() < kJksMagic.size() + SHA_DIGEST_LENGTH) return damaged();
  const std::string_view body = bytes.substr(0, bytes.size() - SHA_DIGEST_LENGTH);
  if (!password.empty() && text_of(sha1(password_bytes(password), kIntegrityWord, body)) != bytes.substr(body.size())) {
    return Status::invalid("The Java key store cannot be opened: its password is wrong, or it is damaged");
  }
  JksReader in{body.substr(kJksMagic.size())};
  const uint64_t version = in.number(4);
  const uint64_t count = in.number(4);
  if (version != 1 && version != 2) return damaged();
  auto certificate = [&] {
    if (version == 2) in.bytes(in.number(2));  // "X.509"
    return certificate_pem(in.bytes(in.number(4)));
  };
  JavaKeyStore out;
  for (uint64_t i = 0; i < count && in.good; ++i) {
    const uint64_t kind = in.number(4);
    in.bytes(in.number(2));  // alias
    in.number(8);            // when it was made
    if (kind == kCertificateEntry) {
      out.trusted += certificate();
      continue;
    }
    if (kind != kKeyEntry) return damaged();
    const std::string_view encrypted = in.bytes(in.number(4));
    const uint64_t length = in.number(4);
    std::string chain;
    for (uint64_t k = 0; k < length && in.good; ++k) chain += certificate();
    if (!keys || !in.good || !out.chain.empty() || chain.empty()) continue;
    ASSIGN_OR_RETURN(out.key, recover_key(encrypted, key_password.empty() ? password : key_password));
    out.chain = std::move(chain);
  }
  if (!in.good) return damaged();
  return out;
}

}  // namespace bywash::net
