// Workers of a cluster while their group changes: without a leader, what only a leader may do waits for one, or is refused at once where that
// is asked for; one that was the leader leaves the next one alone; what was lost on its way is said again.
#include <gtest/gtest.h>

#include <future>

#include "runtime/distributed/distributed_herder.h"
#include "runtime/distributed/simulated_cluster_test.h"
#include "runtime/fake_plugins_test.h"

namespace bywash::runtime {
namespace {

class ChangingGroup : public ::testing::Test {
 protected:
  std::unique_ptr<DistributedHerder> worker(int node, bool strict = false) {
    auto worker = parse_worker_config({{"bootstrap.servers", "127.0.0.1:1"}, {"key.converter", "org.example.FakeConverter"}, {"value.converter", "org.example.FakeConverter"},
                                       {"header.converter", "org.example.FakeHeaderConverter"}});
    auto cluster = parse_cluster_config({{"group.id", "g"}, {"config.storage.topic", "configs"}, {"offset.storage.topic", "offsets"}, {"status.storage.topic", "statuses"},
                                         {"compatibility.strict.rebalance", strict ? "true" : "false"}});
    EXPECT_TRUE(cluster.ok()) << cluster.status().message();
    auto out = std::make_unique<DistributedHerder>(*std::move(worker), *cluster, registry_, kafka_.links(node));
    const std::string id = fmt::format("w{}:1", node);
    EXPECT_TRUE(out->start({id, "http://" + id}).ok());
    return out;
  }
  void start(bool strict) {
    herder_ = worker(1, strict);
    ASSERT_TRUE(put("before").ok());
    kafka_.unsettle();
  }
  void SetUp() override { testing::add_fake_plugins(&registry_); }
  void TearDown() override {
    if (herder_) herder_->stop();
  }
  Status put(const std::string& name) { return put(*herder_, name); }
  static Status put(DistributedHerder& herder, const std::string& name) {
    ConnectorRequest asked;
    asked.name = name;
    asked.properties = {{"name", name}, {"connector.class", "FakeSource"}, {"topic", "t"}, {"tasks.max", "2"}};
    return herder.put(asked, false).status();
  }
  // States of connector and tasks, and on how many workers those are, once they are as wanted or after ten seconds.
  std::string states_soon(const std::string& wanted) {
    std::string out;
    for (int i = 0; i < 2000 && out != wanted; ++i) {
      std::this_thread::sleep_for(Millis(5));
      auto status = herder_->status("a");
      if (!status.ok()) continue;
      std::set<std::string> homes;
      out = to_string(status->state);
      for (const TaskStatus& task : status->tasks) {
        out += " " + std::string(to_string(task.state));
        homes.insert(task.worker_id);
      }
      out += fmt::format(" on {}", homes.size());
    }
    return out;
  }
  simulation::Kafka kafka_{1, 0};
  plugin::Registry registry_;
  std::unique_ptr<DistributedHerder> herder_;
};

TEST_F(ChangingGroup, WritesWaitForOneAndAreDoneInOrder) {
  start(false);
  auto made = std::async(std::launch::async, [&] { return put("a"); });
  EXPECT_EQ(made.wait_for(Millis(300)), std::future_status::timeout) << "it waits";
  auto removed = std::async(std::launch::async, [&] { return herder_->remove("before"); });
  EXPECT_EQ(removed.wait_for(Millis(100)), std::future_status::timeout) << "it waits";
  EXPECT_EQ(herder_->connectors(), std::vector<std::string>{"before"}) << "reads are answered";
  EXPECT_TRUE(herder_->set_target("before", TargetState::kPaused).ok()) << "and what any worker may write";
  kafka_.settle();
  EXPECT_TRUE(made.get().ok());
  EXPECT_TRUE(removed.get().ok());
  EXPECT_EQ(herder_->connectors(), std::vector<std::string>{"a"});
}

TEST_F(ChangingGroup, StrictWritesAreRefusedAtOnceInTheOriginalsWords) {
  start(true);
  Status made = put("a");
  EXPECT_EQ(made.code(), Code::kConflict);
  EXPECT_EQ(made.message(), "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.");
  EXPECT_TRUE(herder_->set_target("before", TargetState::kPaused).ok()) << "what any worker may write is written";
  kafka_.settle();
  EXPECT_TRUE(put("a").ok());
}

TEST_F(ChangingGroup, ALeaderThatWasCountedAsGoneIsFencedAndFencesNobody) {
  herder_ = worker(1);
  auto next = worker(2);
  ASSERT_TRUE(put("a").ok());
  kafka_.drop(1);  // it has not heard of that
  ASSERT_TRUE(put(*next, "b").ok());
  const int64_t fences = kafka_.fences();
  EXPECT_FALSE(put("zombie").ok());
  std::this_thread::sleep_for(Millis(500));  // some turns of its herder
  EXPECT_EQ(kafka_.fences(), fences);
  EXPECT_TRUE(put(*next, "c").ok());
  kafka_.rejoin(1);
  EXPECT_EQ(put("d").java_class(), kElsewhere);
  EXPECT_EQ(next->connectors(), (std::vector<std::string>{"a", "b", "c"}));
  next->stop();
}

TEST_F(ChangingGroup, StatesThatWereLostAreSaidAgain) {
  herder_ = worker(1);
  kafka_.lose(1);  // all of them
  ASSERT_TRUE(put("a").ok());
  std::this_thread::sleep_for(Millis(300));
  EXPECT_FALSE(herder_->status("a").ok());
  kafka_.lose(0);
  EXPECT_EQ(states_soon("RUNNING RUNNING RUNNING on 1"), "RUNNING RUNNING RUNNING on 1");
}

TEST_F(ChangingGroup, AcknowledgementsThatWereLostAreSaidAgain) {
  herder_ = worker(1);
  ASSERT_TRUE(put("a").ok());
  EXPECT_EQ(states_soon("RUNNING RUNNING RUNNING on 1"), "RUNNING RUNNING RUNNING on 1");
  kafka_.lose(1);  // all of them
  auto next = worker(2);
  std::this_thread::sleep_for(Millis(300));
  kafka_.lose(0);
  EXPECT_EQ(states_soon("RUNNING RUNNING RUNNING on 2"), "RUNNING RUNNING RUNNING on 2") << "a task moves once its worker has said that it has given it up";
  next->stop();
}

}  // namespace
}  // namespace bywash::runtime
