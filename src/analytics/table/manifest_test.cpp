// The manifest: torn, damaged, compacted; the folder lock. Unit tests.
#include "analytics/table/manifest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "analytics/table/durable_file.h"
#include "analytics/table/test_folder.h"

namespace bywash::analytics {
namespace {

SegmentRecord segment(const std::string& name, int64_t sequence, int64_t first, int64_t end) {
  SegmentRecord out;
  out.name = name;
  out.group = 3;
  out.sequence = sequence;
  out.offsets = {first, end};
  out.rows = end - first;
  return out;
}

TEST(Manifest, AnswersAfterReopeningWhatWasCommitted) {
  TestFolder folder;
  const std::string path = folder.path() + "/manifest";
  {
    auto manifest = Manifest::open(path);
    ASSERT_TRUE(manifest.ok());
    ASSERT_TRUE((*manifest)->topic_seen(0, 4).ok());
    ASSERT_TRUE((*manifest)->begin_partition(3, 100).ok());
    ASSERT_TRUE((*manifest)->add_segment(segment("a", 0, 100, 200)).ok());
    ASSERT_TRUE((*manifest)->add_segment(segment("b", 1, 200, 250)).ok());
    ASSERT_TRUE((*manifest)->drop_segments({"a"}).ok());
    ASSERT_TRUE((*manifest)->set_paused(true).ok());
  }
  auto manifest = Manifest::open(path);
  ASSERT_TRUE(manifest.ok());
  const ManifestState state = (*manifest)->state();
  EXPECT_EQ(state.segments.size(), 1u);
  EXPECT_EQ(state.segments.at("b").rows, 50);
  EXPECT_EQ(state.positions.at(3).next_offset, 250);
  EXPECT_EQ(state.positions.at(3).next_sequence, 2);
  EXPECT_EQ(state.first_seen.at(0), 4);
  EXPECT_TRUE(state.paused);
}

TEST(Manifest, TornAtAnyByteItKeepsEveryWholeRecordAndGoesOn) {
  TestFolder folder;
  const std::string path = folder.path() + "/manifest";
  std::vector<int64_t> ends;  // the file's length after each record
  {
    auto manifest = Manifest::open(path);
    ASSERT_TRUE(manifest.ok());
    for (int64_t i = 0; i < 4; ++i) {
      ASSERT_TRUE((*manifest)->add_segment(segment("s" + std::to_string(i), i, i * 10, i * 10 + 10)).ok());
      ends.push_back(static_cast<int64_t>(std::filesystem::file_size(path)));
    }
  }
  const std::string whole = *read_file(path);
  for (int64_t cut = 0; cut <= ends.back(); ++cut) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, static_cast<size_t>(cut));
    const auto kept = static_cast<size_t>(std::count_if(ends.begin(), ends.end(), [&](int64_t end) { return end <= cut; }));
    {
      auto manifest = Manifest::open(path);
      ASSERT_TRUE(manifest.ok()) << "cut at " << cut << ": " << manifest.status().message();
      ASSERT_EQ((*manifest)->state().segments.size(), kept) << "cut at " << cut;
      ASSERT_TRUE((*manifest)->add_segment(segment("after", 9, 90, 95)).ok());
    }
    auto again = Manifest::open(path);
    ASSERT_TRUE(again.ok());
    ASSERT_EQ((*again)->state().segments.size(), kept + 1) << "cut at " << cut;
    ASSERT_EQ((*again)->state().positions.at(3).next_offset, 95);
  }
}

TEST(Manifest, DamageBeforeTheTailIsAnErrorThatNamesTheLine) {
  TestFolder folder;
  const std::string path = folder.path() + "/manifest";
  {
    auto manifest = Manifest::open(path);
    for (int64_t i = 0; i < 3; ++i) ASSERT_TRUE((*manifest)->add_segment(segment("s" + std::to_string(i), i, i, i + 1)).ok());
  }
  std::string content = *read_file(path);
  content[content.find('\n') + 20] ^= 1;
  content[content.find('\n') + 40] ^= 1;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  auto manifest = Manifest::open(path);
  ASSERT_FALSE(manifest.ok());
  EXPECT_NE(manifest.status().message().find("line 2"), std::string::npos) << manifest.status().message();
}

// Any bit of the file: what it says stays the same, or it says that it is damaged. Only a bit that makes a new line's end is of the latter kind.
TEST(Manifest, OneFlippedBitAnywhereIsPutRight) {
  TestFolder folder;
  const std::string path = folder.path() + "/manifest";
  {
    auto manifest = Manifest::open(path);
    ASSERT_TRUE((*manifest)->topic_seen(0, 4).ok());
    ASSERT_TRUE((*manifest)->begin_partition(3, 7).ok());
    for (int64_t i = 0; i < 3; ++i) ASSERT_TRUE((*manifest)->add_segment(segment("s" + std::to_string(i), i, i, i + 1)).ok());
    ASSERT_TRUE((*manifest)->add_gap(3, {{3, 9}, 1000}).ok());
    ASSERT_TRUE((*manifest)->set_paused(true).ok());
  }
  const std::string whole = *read_file(path);
  int64_t refused = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    auto manifest = Manifest::open(path);
    if (!manifest.ok()) {
      EXPECT_EQ(bad[bit / 8], '\n') << manifest.status().message();
      ++refused;
      continue;
    }
    const ManifestState state = (*manifest)->state();
    ASSERT_EQ(state.segments.size(), 3u) << bit;
    ASSERT_EQ(state.positions.at(3).next_offset, 3) << bit;
    ASSERT_EQ(state.first_seen.at(0), 4) << bit;
    ASSERT_EQ(state.gaps.at(3).at(0).offsets.end, 9) << bit;
    ASSERT_TRUE(state.paused) << bit;
  }
  EXPECT_LT(refused, 10);
}

TEST(Manifest, GapsThatOverlapAreOne) {
  TestFolder folder;
  auto manifest = Manifest::open(folder.path() + "/manifest");
  ASSERT_TRUE((*manifest)->add_gap(3, {{30, 40}, 7}).ok());
  ASSERT_TRUE((*manifest)->add_gap(3, {{5, 10}, 8}).ok());
  ASSERT_TRUE((*manifest)->add_gap(3, {{35, 50}, 9}).ok());
  ASSERT_TRUE((*manifest)->add_gap(3, {{31, 33}, 9}).ok());
  const auto gaps = read_manifest(folder.path() + "/manifest")->gaps.at(3);
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].offsets.first, 5);
  EXPECT_EQ(gaps[1].offsets.first, 30);
  EXPECT_EQ(gaps[1].offsets.end, 50);
  EXPECT_EQ(gaps[1].found_ms, 7);
}

TEST(Manifest, IsWrittenAnewWhenMostOfItWasDropped) {
  TestFolder folder;
  const std::string path = folder.path() + "/manifest";
  {
    auto manifest = Manifest::open(path);
    for (int64_t i = 0; i < 150; ++i) {
      const std::string name = "s" + std::to_string(i);
      ASSERT_TRUE((*manifest)->add_segment(segment(name, i, i, i + 1)).ok());
      if (i < 149) { ASSERT_TRUE((*manifest)->drop_segments({name}).ok()); }
    }
  }
  const auto before = std::filesystem::file_size(path);
  for (int round = 0; round < 2; ++round) {
    auto manifest = Manifest::open(path);
    ASSERT_TRUE(manifest.ok());
    EXPECT_EQ((*manifest)->state().segments.size(), 1u);
    EXPECT_EQ((*manifest)->state().positions.at(3).next_offset, 150);
    EXPECT_EQ((*manifest)->state().positions.at(3).next_sequence, 150);
  }
  EXPECT_LT(std::filesystem::file_size(path), before / 10);
}

TEST(FolderLock, KeepsASecondHolderOut) {
  TestFolder folder;
  auto first = FolderLock::take(folder.path());
  ASSERT_TRUE(first.ok());
  auto second = FolderLock::take(folder.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kConflict);
  (*first).reset();
  EXPECT_TRUE(FolderLock::take(folder.path()).ok());
}

}  // namespace
}  // namespace bywash::analytics
