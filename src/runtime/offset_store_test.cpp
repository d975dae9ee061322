#include "runtime/offset_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace bywash::runtime {
namespace {

// offset.storage.file.filename as Kafka Connect 4.3.1 left it after a FileStreamSource had read eight bytes (recorded, hex).
const char* const kRecorded =
    "aced0005737200116a6176612e7574696c2e486173684d61700507dac1c31660d103000246000a6c6f6164466163746f724900097468726573686f6c6478"
    "703f4000000000000c770800000010000000027572""00025b42acf317f8060854e0020000""7870""0000001d"
    "5b22733122""2c7b2266696c656e616d65223a2273696e2e747874227d5d"
    "7571007e00020000000e7b22706f736974696f6e223a387d"
    "7571007e000200000021"
    "5b2273612d737263222c7b2266696c656e616d65223a2273696e2e747874227d5d"
    "7571007e00020000000e7b22706f736974696f6e223a387d78";

std::string unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

TEST(JavaHashMap, ReadsAndWritesAKafkaConnectOffsetsFileByteForByte) {
  std::string recorded = unhex(kRecorded);
  auto map = read_java_hash_map(recorded);
  ASSERT_TRUE(map.ok()) << map.status().message();
  EXPECT_EQ((*map)[R"(["s1",{"filename":"sin.txt"}])"], R"({"position":8})");
  EXPECT_EQ(map->size(), 2u);
  EXPECT_EQ(write_java_hash_map(*map), recorded);
}
TEST(JavaHashMap, RefusesEveryTruncation) {
  std::string recorded = unhex(kRecorded);
  for (size_t n = 0; n < recorded.size(); ++n) EXPECT_FALSE(read_java_hash_map(std::string_view(recorded).substr(0, n)).ok()) << n;
}
TEST(OffsetStore, KeepsOffsetsOverRestartsWhateverTheOrderOfKeys) {
  std::string path = testing::TempDir() + "/offsets-" + std::to_string(getpid());
  {
    auto store = OffsetStore::open(path);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->set("c", {{R"({"b":1,"a":2})", R"({"position":5})"}}).ok());
  }
  auto again = OffsetStore::open(path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->get("c", R"({"a":2,"b":1})"), R"({"position":5})");
  EXPECT_EQ((*again)->list("c").size(), 1u);
  ASSERT_TRUE((*again)->remove("c").ok());
  EXPECT_TRUE((*again)->list("c").empty());
  std::remove(path.c_str());
}
TEST(OffsetStore, HoldsNothingThatItCouldNotWrite) {
  const std::string folder = testing::TempDir() + "/offsets-folder-" + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
  auto store = OffsetStore::open(folder + "/offsets");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->set("c", {{R"({"a":1})", R"({"position":5})"}}).ok());
  ASSERT_EQ(std::remove((folder + "/offsets").c_str()), 0);
  ASSERT_EQ(rmdir(folder.c_str()), 0);
  EXPECT_FALSE((*store)->set("c", {{R"({"a":1})", R"({"position":9})"}, {R"({"a":2})", R"({"position":9})"}}).ok());
  EXPECT_FALSE((*store)->remove("c").ok());
  EXPECT_EQ((*store)->get("c", R"({"a":1})"), R"({"position":5})");
  EXPECT_EQ((*store)->list("c").size(), 1u);
}
TEST(OffsetStore, SaysWhichFileItCannotRead) {
  std::string path = testing::TempDir() + "/garbage-" + std::to_string(getpid());
  std::ofstream(path) << "garbage";
  auto store = OffsetStore::open(path);
  ASSERT_FALSE(store.ok());
  EXPECT_NE(store.status().message().find(path), std::string::npos);
  std::remove(path.c_str());
}
}  // namespace
}  // namespace bywash::runtime
