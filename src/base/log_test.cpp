#include "base/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/log_owner.h"

namespace bywash {
namespace {
TEST(Log, NamesConnectorAndTaskOnEveryLine) {
  log::configure(log::Format::kJson, log::Level::kInfo);
  testing::internal::CaptureStderr();
  {
    log::Scope scope("orders-sink", "0");
    log::warn("runtime", "Tab\there and \"quotes\"");
  }
  log::debug("runtime", "not shown");
  std::string line = testing::internal::GetCapturedStderr();
  log::configure(log::Format::kText, log::Level::kInfo);
  EXPECT_NE(line.find(R"("connector":"orders-sink","task":"0","message":"Tab\there and \"quotes\"")"), std::string::npos) << line;
  EXPECT_EQ(line.find("not shown"), std::string::npos);
}
TEST(Log, InnerScopesGiveTheNameBackAndOwnersCarryItToOtherThreads) {
  log::configure(log::Format::kText, log::Level::kInfo);
  testing::internal::CaptureStderr();
  {
    log::Scope outer("orders", "");
    { log::Scope inner("orders", "3"); }
    log::info("runtime", "one");
    log::Owner owner;
    {
      log::Scope inner("orders", "1");
      owner = log::current_owner();
    }
    std::thread([owner] {
      log::OwnerScope scope(owner);
      log::info("upload", "two");
    }).join();
  }
  log::OwnerScope nobody(log::current_owner());
  log::info("runtime", "three");
  std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_NE(lines.find("[orders] runtime: one"), std::string::npos) << lines;
  EXPECT_NE(lines.find("[orders|task-1] upload: two"), std::string::npos) << lines;
  EXPECT_NE(lines.find("INFO  runtime: three"), std::string::npos) << lines;
}
TEST(Log, ParsesLevelsInAnyCase) {
  log::Level level;
  EXPECT_TRUE(log::parse_level("warn", &level));
  EXPECT_EQ(level, log::Level::kWarn);
  EXPECT_FALSE(log::parse_level("loud", &level));
}
TEST(Log, OneLoggerCanHaveALevelOfItsOwn) {
  log::configure(log::Format::kText, log::Level::kInfo);
  log::set_logger_level("talkative", log::Level::kDebug);
  log::set_logger_level("silent", log::Level::kOff);
  testing::internal::CaptureStderr();
  log::debug("talkative", "one");
  log::debug("other", "two");
  log::error("silent", "three");
  log::info("other", "four");
  std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_NE(lines.find("one"), std::string::npos);
  EXPECT_EQ(lines.find("two"), std::string::npos);
  EXPECT_EQ(lines.find("three"), std::string::npos);
  EXPECT_NE(lines.find("four"), std::string::npos);
  EXPECT_EQ(log::root_level(), log::Level::kInfo);
}
}  // namespace
}  // namespace bywash
