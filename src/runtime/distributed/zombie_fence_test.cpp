// Rounds of fencing: which tasks, in which order, and what a failure does.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "runtime/distributed/zombie_fence.h"

namespace bywash::runtime {
namespace {

std::optional<Status> ended(ZombieFence* fence, const std::string& connector, int64_t epoch, const std::vector<TaskId>& ids) {
  for (int i = 0; i < 2000; ++i) {
    if (auto outcome = fence->round(connector, epoch, ids)) return outcome;
    std::this_thread::sleep_for(Millis(1));
  }
  return std::nullopt;
}

TEST(TasksToFence, AreAllOfTheLastRoundButOneThatOneFollows) {
  EXPECT_TRUE(tasks_to_fence("c", std::nullopt, 3).empty()) << "nothing has run exactly once before";
  EXPECT_TRUE(tasks_to_fence("c", 1, 1).empty()) << "the next task fences the last one itself";
  EXPECT_TRUE(tasks_to_fence("c", 0, 2).empty());
  EXPECT_EQ(tasks_to_fence("c", 1, 2), (std::vector<TaskId>{{"c", 0}}));
  EXPECT_EQ(tasks_to_fence("c", 3, 1), (std::vector<TaskId>{{"c", 0}, {"c", 1}, {"c", 2}}));
  EXPECT_EQ(tasks_to_fence("c", 2, 2).size(), 2u) << "tasks of a new configuration may read each other's records";
}

TEST(ZombieFence, ARoundFencesEachTaskOnce) {
  std::vector<TaskId> fenced;
  std::atomic<int> told = 0;
  ZombieFence fence([&](const TaskId& id) { fenced.push_back(id); return Status(); }, [&] { ++told; });
  const std::vector<TaskId> ids = {{"c", 0}, {"c", 1}};
  auto outcome = ended(&fence, "c", 7, ids);
  ASSERT_TRUE(outcome && outcome->ok());
  fence.stop();
  EXPECT_EQ(fenced, ids);
  EXPECT_EQ(told, 1);
}

TEST(ZombieFence, NothingToFenceIsDoneAtOnce) {
  ZombieFence fence([](const TaskId&) { return Status::fatal("not to be called"); }, [] {});
  auto outcome = fence.round("c", 1, {});
  EXPECT_TRUE(outcome && outcome->ok());
}

TEST(ZombieFence, AFailureIsToldOnceAndANewConfigurationBeginsAnew) {
  std::atomic<bool> works = false;
  ZombieFence fence([&](const TaskId&) { return works ? Status() : Status::unauthorized("no right to the transactional id"); }, [] {});
  auto failed = ended(&fence, "c", 1, {{"c", 0}});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code(), Code::kUnauthorized);
  EXPECT_NE(failed->message().find("Earlier tasks of connector c cannot be fenced"), std::string::npos);
  EXPECT_FALSE(fence.round("c", 1, {{"c", 0}}).has_value()) << "told already";
  works = true;
  auto next = ended(&fence, "c", 2, {{"c", 0}});
  EXPECT_TRUE(next && next->ok());
}

}  // namespace
}  // namespace bywash::runtime
