// Checksums of documents, and the bit that they put right. Unit tests.
#include "analytics/table/checked_bytes.h"

#include <gtest/gtest.h>

#include <fstream>

#include "analytics/table/durable_file.h"
#include "analytics/table/test_folder.h"
#include "base/crc32c.h"

namespace bywash::analytics {
namespace {

TEST(CheckedBytes, AnyOneBitIsFoundAgain) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += static_cast<char>(i * 31 % 251);
  const uint32_t crc = crc32c(0, text.data(), text.size());
  std::string same = text;
  EXPECT_FALSE(mend_bit(&same, crc));
  for (size_t bit = 0; bit < text.size() * 8; bit += 13) {
    std::string bad = text;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_TRUE(mend_bit(&bad, crc)) << bit;
    ASSERT_EQ(bad, text) << bit;
  }
  std::string two = text;
  two[5] ^= 1, two[900] ^= 4;
  EXPECT_FALSE(mend_bit(&two, crc));
}

TEST(CheckedBytes, ADocumentIsWhatWasWrittenOrDamaged) {
  TestFolder folder;
  const std::string path = folder.path() + "/config.json", text = R"({"tableName":"trades","topic":"trades-topic"})";
  ASSERT_TRUE(write_document(path, text).ok());
  const std::string whole = *read_file(path);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    auto read = read_document(path);
    ASSERT_TRUE(read.ok()) << bit << ": " << read.status().message();
    ASSERT_EQ(*read, text) << bit;
    ASSERT_EQ(*read_file(path), whole) << bit;
  }
  std::string torn = whole;
  torn[3] ^= 1, torn[20] ^= 1;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << torn;
  auto read = read_document(path);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.status().message().find("damaged"), std::string::npos);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;  // of an earlier version
  EXPECT_EQ(*read_document(path), text);
}

}  // namespace
}  // namespace bywash::analytics
