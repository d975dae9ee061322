// The JDBC source's task on SQLite: how long it waits, and for what.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "connectors/jdbc/plugins.h"

namespace bywash::jdbc {
namespace {

class JdbcSource : public testing::Test, public plugin::SourceContext {
 protected:
  JdbcSource() : file_(testing::TempDir() + "jdbc_source_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".db") {
    std::filesystem::remove(file_);
    EXPECT_EQ(sqlite3_open(file_.c_str(), &database_), SQLITE_OK);
    run("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY)");
    run("CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY)");
  }
  ~JdbcSource() override {
    sqlite3_close(database_);
    std::filesystem::remove(file_);
  }
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  std::optional<std::string> stored_offset(const std::string&) override { return std::nullopt; }
  bool may_wait() const override { return may_wait_; }

  void run(const std::string& sql) { ASSERT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database_); }
  plugin::Properties settings(plugin::Properties more) const {
    more["connection.url"] = "jdbc:sqlite:" + file_ + "?busy_timeout=20000";
    more["mode"] = "incrementing";
    more["incrementing.column.name"] = "id";
    more["validate.non.null"] = "false";
    more["poll.interval.ms"] = "10";
    more["topic.prefix"] = "t-";
    return more;
  }
  std::unique_ptr<plugin::SourceTask> task(const plugin::Properties& properties) {
    auto made = jdbc_source().make(properties);
    EXPECT_TRUE(made.ok()) << made.status().message();
    EXPECT_TRUE((*made)->start(this).ok());
    return *std::move(made);
  }
  static size_t rows_of(const Result<std::vector<plugin::SourceBatch>>& polled) {
    EXPECT_TRUE(polled.ok()) << polled.status().message();
    size_t rows = 0;
    for (const auto& batch : *polled) rows += static_cast<size_t>(batch.batch.row_count());
    return rows;
  }

  std::string name_ = "source", file_;
  sqlite3* database_ = nullptr;
  std::atomic<bool> may_wait_ = true;
};

TEST_F(JdbcSource, APollLingersForARow) {
  auto source = task(settings({{"tables", "`a`"}, {"poll.linger.ms", "9000"}}));
  std::thread late([&] {
    std::this_thread::sleep_for(Millis(1500));
    run("INSERT INTO a VALUES (1)");
  });
  EXPECT_EQ(rows_of(source->poll()), 1u);
  late.join();
  source->stop();
}

TEST_F(JdbcSource, WithoutLingerAPollThatFindsNothingEnds) {
  auto source = task(settings({{"tables", "`a`"}, {"poll.linger.ms", "0"}}));
  EXPECT_EQ(rows_of(source->poll()), 0u);
  run("INSERT INTO a VALUES (1)");
  size_t rows = 0;
  for (int i = 0; i < 1000 && rows == 0; ++i) rows = rows_of(source->poll());
  EXPECT_EQ(rows, 1u);
  source->stop();
}

TEST_F(JdbcSource, AWaitingPollEndsWhenTheRuntimeHasSomethingToDo) {
  auto source = task(settings({{"tables", "`a`"}, {"poll.linger.ms", "9000"}}));
  std::atomic<bool> back = false;
  std::thread runtime([&] {
    std::this_thread::sleep_for(Millis(300));
    may_wait_ = false;
    std::this_thread::sleep_for(Millis(3000));
    EXPECT_TRUE(back);
  });
  EXPECT_EQ(rows_of(source->poll()), 0u);
  back = true;
  runtime.join();
  source->stop();
}

TEST_F(JdbcSource, TablesThatAreNotListedInTimeAreTakenUpByTheTask) {
  auto properties = settings({{"table.monitoring.startup.polling.limit.ms", "10000"}});
  auto in_time = jdbc_source().task_configs(properties, 2);
  ASSERT_TRUE(in_time.ok()) << in_time.status().message();
  ASSERT_EQ(in_time->size(), 2u);
  EXPECT_EQ((*in_time)[0].at("tables"), "`a`");
  properties["table.monitoring.startup.polling.limit.ms"] = "200";
  run("BEGIN EXCLUSIVE");
  auto late = jdbc_source().task_configs(properties, 2);
  run("ROLLBACK");
  ASSERT_TRUE(late.ok()) << late.status().message();
  ASSERT_EQ(late->size(), 1u);
  EXPECT_EQ((*late)[0].at("tables"), "");
  run("INSERT INTO a VALUES (1)");
  run("INSERT INTO b VALUES (1)");
  auto source = task((*late)[0]);
  EXPECT_EQ(rows_of(source->poll()) + rows_of(source->poll()), 2u);
  source->stop();
}

}  // namespace
}  // namespace bywash::jdbc
