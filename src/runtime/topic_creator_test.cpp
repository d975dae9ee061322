// Which topic is made with what, by a source connector's topic.creation.* keys.
#include "runtime/topic_creator.h"

#include <gtest/gtest.h>

namespace bywash::runtime {
namespace {

config::Properties grouped() {
  return {{"topic.creation.groups", "compacted, wide"},
          {"topic.creation.default.replication.factor", "1"},
          {"topic.creation.default.partitions", "3"},
          {"topic.creation.default.retention.ms", "1000"},
          {"topic.creation.compacted.include", "state-.*, keys"},
          {"topic.creation.compacted.exclude", "state-tmp.*"},
          {"topic.creation.compacted.cleanup.policy", "compact"},
          {"topic.creation.wide.include", ".*-wide"},
          {"topic.creation.wide.partitions", "12"},
          {"topic.creation.wide.replication.factor", "-1"}};
}

TEST(TopicCreator, TheFirstGroupThatIncludesATopicSaysHowItIsMade) {
  auto creator = TopicCreator::make(grouped(), {});
  ASSERT_TRUE(creator.ok()) << creator.status().message();
  kafka::NewTopic state = (*creator)->plan("state-wide");
  EXPECT_EQ(state.partitions, 3) << "from the default group";
  EXPECT_EQ(state.configs, (std::map<std::string, std::string>{{"cleanup.policy", "compact"}})) << "settings are not inherited";
  EXPECT_EQ((*creator)->plan("keys").configs.count("cleanup.policy"), 1u);
  kafka::NewTopic wide = (*creator)->plan("state-tmp-wide");
  EXPECT_EQ(wide.partitions, 12) << "excluded from the first group";
  EXPECT_EQ(wide.replication_factor, -1);
  kafka::NewTopic other = (*creator)->plan("orders");
  EXPECT_EQ(other.partitions, 3);
  EXPECT_EQ(other.configs, (std::map<std::string, std::string>{{"retention.ms", "1000"}}));
}

TEST(TopicCreator, IsOffWithoutTheDefaultGroup) {
  auto creator = TopicCreator::make({{"topic.creation.default.partitions", "3"}}, {});
  ASSERT_TRUE(creator.ok());
  EXPECT_EQ(*creator, nullptr);
}

TEST(TopicCreator, NamesTheKeyThatIsWrong) {
  auto wrong = [](const char* key, const char* value) {
    config::Properties properties = grouped();
    properties[key] = value;
    auto creator = TopicCreator::make(properties, {});
    return creator.ok() ? "" : creator.status().message();
  };
  EXPECT_NE(wrong("topic.creation.wide.partitions", "0").find("Invalid value 0 for configuration topic.creation.wide.partitions"), std::string::npos);
  EXPECT_NE(wrong("topic.creation.default.replication.factor", "x").find("Invalid value x for configuration topic.creation.default.replication.factor"), std::string::npos);
  EXPECT_NE(wrong("topic.creation.wide.include", "a(").find("Invalid value a( for configuration topic.creation.wide.include"), std::string::npos);
}

}  // namespace
}  // namespace bywash::runtime
