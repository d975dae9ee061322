// What parameters of Vault providers come to, and what is refused.
#include "net/vault_settings.h"

#include <gtest/gtest.h>

namespace bywash::net {
namespace {

std::string refusal(const config::Properties& parameters) {
  auto settings = parse_vault_settings(parameters);
  return settings.ok() ? "" : settings.status().message();
}

TEST(VaultSettings, TakesTheNamesOfBothProviders) {
  auto one = parse_vault_settings({{"vault.address", "https://v:8200/"}, {"vault.login.by", "AppRole"}, {"vault.role.id", "r"}, {"vault.secret.id", "s"}, {"vault.prefix", "team/kv/"},
                                   {"vault.secret.minimum.ttl.ms", "5000"}});
  ASSERT_TRUE(one.ok()) << one.status().message();
  EXPECT_EQ(one->address, "https://v:8200");
  EXPECT_EQ(one->login_path, "approle/login");
  EXPECT_EQ(one->login_body.text(), R"({"role_id":"r","secret_id":"s"})");
  EXPECT_EQ(one->mount_segments, 2);
  EXPECT_EQ(one->look_again_ms, 5000);
  EXPECT_FALSE(one->engine);
  auto other = parse_vault_settings({{"vault.addr", "http://v"}, {"vault.auth.method", "approle"}, {"app.role.path", "team"}, {"app.role.id", "r"}, {"app.role.secret.id", "s"},
                                     {"vault.engine.version", "1"}, {"secret.default.ttl", "0"}});
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_EQ(other->login_path, "team/login");
  EXPECT_EQ(other->login_body.text(), one->login_body.text());
  EXPECT_EQ(other->engine, 1);
  EXPECT_EQ(other->look_again_ms, 0);
}

TEST(VaultSettings, LogsInByEachMethod) {
  const config::Properties at = {{"vault.addr", "http://v"}};
  auto path = [&](config::Properties more) {
    more.insert(at.begin(), at.end());
    auto settings = parse_vault_settings(more);
    return settings.ok() ? settings->login_path + " " + settings->login_body.text() : settings.status().message();
  };
  EXPECT_EQ(path({{"vault.token", "t"}}), " ");
  EXPECT_EQ(path({{"vault.auth.method", "userpass"}, {"username", "kim/o"}, {"password", "p"}}), R"(userpass/login/kim%2Fo {"password":"p"})");
  EXPECT_EQ(path({{"vault.auth.method", "ldap"}, {"ldap.username", "kim"}, {"ldap.password", "p"}, {"ldap.mount", "l"}}), R"(l/login/kim {"password":"p"})");
  EXPECT_EQ(path({{"vault.auth.method", "github"}, {"github.token", "g"}}), R"(github/login {"token":"g"})");
  EXPECT_EQ(path({{"vault.auth.method", "jwt"}, {"jwt", "j"}, {"jwt.role", "r"}, {"jwt.provider", "oidc"}}), R"(oidc/login {"jwt":"j","role":"r"})");
  EXPECT_EQ(path({{"vault.auth.method", "kubernetes"}, {"kubernetes.role", "r"}}), R"(kubernetes/login {"role":"r"})");
  EXPECT_EQ(path({{"vault.auth.method", "cert"}}), "cert/login {}");
}

TEST(VaultSettings, RefusesWithTheKeyAndNoSecret) {
  EXPECT_NE(refusal({{"vault.address", "v:8200"}, {"vault.token", "t0ken"}}).find("vault.address"), std::string::npos);
  EXPECT_NE(refusal({{"vault.address", "http://v"}, {"vault.login.by", "AppRole"}}).find("vault.role.id"), std::string::npos);
  EXPECT_NE(refusal({{"vault.address", "http://v"}, {"vault.login.by", "awsiam"}}).find("there are token, approle"), std::string::npos);
  EXPECT_NE(refusal({{"vault.address", "http://v"}, {"vault.token", "t"}, {"file.write", "true"}}).find("file.write"), std::string::npos);
  EXPECT_NE(refusal({{"vault.address", "http://v"}, {"vault.token", "t"}, {"vault.engine.version", "3"}}).find("vault.engine.version"), std::string::npos);
  EXPECT_EQ(refusal({{"vault.address", "v"}, {"vault.token", "t0ken"}}).find("t0ken"), std::string::npos);
}

}  // namespace
}  // namespace bywash::net
