// ${provider:path:key}: what the three providers give, and what stays as it is.
#include "config/variables.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bywash::config {
namespace {

class Variables : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("variables-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "inner");
    std::ofstream(folder_ / "secrets.properties") << "password=s3cret\nuser = kim\n";
    std::ofstream(folder_ / "inner" / "token") << "t0ken\n";
    ::setenv("VARIABLES_TEST_KEY", "from-env", 1);
    for (const char* name : {"file", "directory", "env"}) worker_["config.providers"] += (worker_["config.providers"].empty() ? "" : ",") + std::string(name);
    worker_["config.providers.file.class"] = "org.apache.kafka.common.config.provider.FileConfigProvider";
    worker_["config.providers.directory.class"] = "org.apache.kafka.common.config.provider.DirectoryConfigProvider";
    worker_["config.providers.env.class"] = "org.apache.kafka.common.config.provider.EnvVarConfigProvider";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string resolved(const std::string& value) {
    auto out = resolve_variables(worker_, {{"k", value}});
    return out.ok() ? out->at("k") : "error: " + out.status().message();
  }
  std::string file() const { return (folder_ / "secrets.properties").string(); }

  std::filesystem::path folder_;
  Properties worker_;
};

TEST_F(Variables, ComeFromFilesFoldersAndTheEnvironment) {
  EXPECT_EQ(resolved("${file:" + file() + ":password}"), "s3cret");
  EXPECT_EQ(resolved("a ${file:" + file() + ":user} b ${file:" + file() + ":password}"), "a kim b s3cret");
  EXPECT_EQ(resolved("${directory:" + (folder_ / "inner").string() + ":token}"), "t0ken\n");
  EXPECT_EQ(resolved("${env:VARIABLES_TEST_KEY}"), "from-env");
  EXPECT_EQ(resolved("${env::VARIABLES_TEST_KEY}"), "from-env");
}

TEST_F(Variables, StayWhereNothingIsFound) {
  for (const std::string& text : std::vector<std::string>{"${nope:x:y}", "${file:" + file() + ":absent}", "${env:NO_SUCH_VARIABLE_HERE}", "${topic}", "$1 ${", "${directory:" + folder_.string() + ":../x}"}) {
    EXPECT_EQ(resolved(text), text);
  }
}

TEST_F(Variables, OutsideTheAllowedPathsIsAsGoodAsAbsent) {
  worker_["config.providers.file.param.allowed.paths"] = (folder_ / "inner").string();
  EXPECT_EQ(resolved("${file:" + file() + ":password}"), "${file:" + file() + ":password}");
  EXPECT_EQ(resolved("${file:" + (folder_ / "inner" / ".." / "secrets.properties").string() + ":password}").substr(0, 7), "${file:");
  worker_["config.providers.env.param.allowlist.pattern"] = "OTHER_.*";
  EXPECT_EQ(resolved("${env:VARIABLES_TEST_KEY}"), "${env:VARIABLES_TEST_KEY}");
}

TEST_F(Variables, ErrorsNameFileAndKeyAndNoValue) {
  EXPECT_EQ(resolved("${file:/no/such/file:x}"), "error: Key 'k' has a variable of config provider 'file': Could not read properties from file /no/such/file");
  worker_["config.providers"] = "vault";
  worker_["config.providers.vault.class"] = "org.example.Vault";
  EXPECT_NE(resolved("${vault:x:y}").find("Invalid value org.example.Vault for configuration config.providers.vault.class"), std::string::npos);
}

TEST_F(Variables, ArePutBackIntoWhatWasMadeFromThem) {
  Properties raw = {{"p", "${env:VARIABLES_TEST_KEY}"}, {"q", "plain"}};
  auto whole = resolve_variables(worker_, raw);
  ASSERT_TRUE(whole.ok());
  Properties task = *whole;
  task["tables"] = "a,b";
  Properties restored = restore_variables(raw, *whole, task);
  EXPECT_EQ(restored["p"], raw["p"]);
  EXPECT_EQ(restored["tables"], "a,b");
}

}  // namespace
}  // namespace bywash::config
