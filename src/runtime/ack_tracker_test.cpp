#include "runtime/ack_tracker.h"

#include <gtest/gtest.h>

#include <random>

namespace bywash::runtime {
namespace {

class Records final : public columnar::RawBatch {
 public:
  Records(TopicPartition tp, std::vector<int64_t> offsets) {
    origin_ = std::move(tp);
    for (int64_t o : offsets) { columnar::RawRecord r; r.offset = o; records_.push_back(r); }
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return {}; }
  bool has_headers(size_t) const override { return false; }
};
const TopicPartition kTp{"t", Partition(0)};

TEST(AckTracker, CommitsOnlyTheContiguousPrefix) {
  AckTracker tracker;
  Generation g = tracker.assign({kTp});
  tracker.received(Records(kTp, {10, 11, 12, 13}));
  EXPECT_TRUE(tracker.take_committable().empty());
  tracker.ack(kTp, g, {12, 14});
  EXPECT_TRUE(tracker.take_committable().empty());
  EXPECT_EQ(tracker.outstanding(), 2);
  tracker.ack(kTp, g, {10, 12});
  auto c = tracker.take_committable();
  ASSERT_EQ(c.size(), 1u);
  EXPECT_EQ(c[0].second.value, 14);
  EXPECT_TRUE(tracker.take_committable().empty());
  tracker.give_back(c);
  EXPECT_EQ(tracker.take_committable().size(), 1u);
}
TEST(AckTracker, CountsOffsetsThatDoNotExistAsSettled) {
  AckTracker tracker;
  Generation g = tracker.assign({kTp});
  tracker.received(Records(kTp, {0, 3, 4}));
  tracker.received(Records(kTp, {9}));
  tracker.ack(kTp, g, {0, 1});
  tracker.ack(kTp, g, {3, 5});
  EXPECT_EQ(tracker.take_committable()[0].second.value, 9);
  EXPECT_EQ(tracker.outstanding(), 1);
}
TEST(AckTracker, IgnoresAcksOfAnOlderGeneration) {
  AckTracker tracker;
  Generation old = tracker.assign({kTp});
  tracker.received(Records(kTp, {0, 1}));
  tracker.revoke({kTp});
  tracker.ack(kTp, old, {0, 2});
  tracker.assign({kTp});
  tracker.received(Records(kTp, {0, 1}));
  tracker.ack(kTp, old, {0, 2});
  EXPECT_TRUE(tracker.take_committable().empty());
}
TEST(AckTracker, CommitsWhatWasDeliveredBeforeTheFirstRead) {
  AckTracker tracker;
  Generation g = tracker.assign({kTp});
  tracker.delivered_before(kTp, Offset(7));
  auto c = tracker.take_committable();
  ASSERT_EQ(c.size(), 1u);
  EXPECT_EQ(c[0].second.value, 7);
  EXPECT_TRUE(tracker.take_committable().empty());
  tracker.received(Records(kTp, {7, 8}));
  tracker.ack(kTp, g, {7, 8});
  EXPECT_EQ(tracker.take_committable()[0].second.value, 8);
}
TEST(AckTracker, BeginsAgainWhereOffsetsGoBack) {
  AckTracker tracker;
  Generation g = tracker.assign({kTp});
  tracker.delivered_before(kTp, Offset(1000));
  tracker.received(Records(kTp, {0, 1, 2}));
  EXPECT_EQ(tracker.outstanding(), 3);
  tracker.ack(kTp, g, {990, 1000});  // of the topic that was
  tracker.ack(kTp, g, {0, 2});
  EXPECT_EQ(tracker.take_committable()[0].second.value, 2);
}
TEST(AckTracker, AgreesWithASetOfOffsetsInAnyOrder) {
  std::mt19937 random(7);
  for (int run = 0; run < 50; ++run) {
    AckTracker tracker;
    Generation g = tracker.assign({kTp});
    std::vector<int64_t> offsets;
    for (int64_t o = 0; o < 200; ++o) {
      if (o == 0 || random() % 4) offsets.push_back(o);
    }
    tracker.received(Records(kTp, offsets));
    std::vector<int64_t> order = offsets;
    std::shuffle(order.begin(), order.end(), random);
    std::vector<bool> settled(201, true);
    for (int64_t o : offsets) settled[static_cast<size_t>(o)] = false;
    int64_t expected_last = 0;
    for (int64_t o : order) {
      tracker.ack(kTp, g, {o, o + 1});
      settled[static_cast<size_t>(o)] = true;
      int64_t prefix = 0;
      while (prefix <= offsets.back() && settled[static_cast<size_t>(prefix)]) ++prefix;
      for (auto& [tp, at] : tracker.take_committable()) expected_last = at.value;
      EXPECT_EQ(expected_last, prefix);
    }
    EXPECT_EQ(tracker.outstanding(), 0);
  }
}
}  // namespace
}  // namespace bywash::runtime
