// LocalStore: whole objects or none, keys below the folder, listing in pages.
#include "storage/local_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/object_key.h"

namespace bywash::storage {
namespace {

class LocalStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "bywash-local-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(LocalStoreTest, AnObjectIsReadBackAsWritten) {
  LocalStore store(folder_);
  ASSERT_TRUE(store.check().ok());
  ASSERT_TRUE(store.put("topics/a/partition=0/a+0+0.json", "one\n", {}).ok());
  EXPECT_EQ(store.get("topics/a/partition=0/a+0+0.json").value_or(""), "one\n");
  ASSERT_TRUE(store.put("topics/a/partition=0/a+0+0.json", "two\n", {}).ok());
  EXPECT_EQ(store.get("topics/a/partition=0/a+0+0.json").value_or(""), "two\n");
  EXPECT_EQ(store.get("absent").status().code(), Code::kNotFound);
}

TEST_F(LocalStoreTest, AnUploadIsInvisibleUntilItIsComplete) {
  LocalStore store(folder_);
  auto upload = store.create_upload("x/big", {});
  ASSERT_TRUE(upload.ok());
  std::vector<std::string> tags;
  for (int part = 1; part <= 3; ++part) {
    auto tag = store.upload_part("x/big", *upload, part, std::string(3, static_cast<char>('0' + part)));
    ASSERT_TRUE(tag.ok());
    tags.push_back(*tag);
    EXPECT_TRUE(store.list({})->objects.empty());
  }
  ASSERT_TRUE(store.complete_upload("x/big", *upload, tags).ok());
  EXPECT_EQ(store.get("x/big").value_or(""), "111222333");
}

TEST_F(LocalStoreTest, AnAbortedUploadLeavesNothing) {
  LocalStore store(folder_);
  auto upload = store.create_upload("x/big", {});
  ASSERT_TRUE(upload.ok());
  ASSERT_TRUE(store.abort_upload("x/big", *upload).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/x"));
}

TEST_F(LocalStoreTest, ListsInPagesAndFoldsByDelimiter) {
  LocalStore store(folder_);
  for (const char* key : {"a/1", "a/2", "a/b/3", "c"}) ASSERT_TRUE(store.put(key, "x", {}).ok());
  ListRequest request;
  request.prefix = "a/";
  request.page_size = 2;
  auto page = store.list(request);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[1].key, "a/2");
  request.continuation = page->next;
  page = store.list(request);
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "a/b/3");
  EXPECT_EQ(page->next, "");
  ListRequest folded;
  folded.delimiter = "/";
  page = store.list(folded);
  EXPECT_EQ(page->prefixes, std::vector<std::string>{"a/"});
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "c");
}

TEST_F(LocalStoreTest, AKeyCannotLeaveTheFolder) {
  LocalStore store(folder_);
  EXPECT_EQ(store.put("../x", "x", {}).code(), Code::kInvalid);
  EXPECT_EQ(store.put("a/../../x", "x", {}).code(), Code::kInvalid);
}

TEST_F(LocalStoreTest, AFileInPlaceOfTheFolderIsSaidPlainly) {
  std::ofstream(folder_) << "x";
  LocalStore store(folder_);
  Status status = store.check();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("is not a folder"), std::string::npos);
}

TEST(FileUrl, NamesAnAbsoluteFolder) {
  EXPECT_EQ(folder_of_file_url("file:///tmp/a%20b/").value_or(""), "/tmp/a b");
  EXPECT_EQ(folder_of_file_url("file:/tmp/x").value_or(""), "/tmp/x");
  EXPECT_FALSE(folder_of_file_url("file://host/x").ok());
  EXPECT_FALSE(folder_of_file_url("file:relative").ok());
  EXPECT_FALSE(folder_of_file_url("s3://x").ok());
}

}  // namespace
}  // namespace bywash::storage
