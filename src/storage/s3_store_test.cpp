// S3 answers: error codes, XML, backoff; a live server is tested in tests/integration.
#include "storage/s3_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "storage/s3_errors.h"

namespace bywash::storage {
namespace {

net::HttpResponse answer(int status, const std::string& code) { return {status, {}, "<Error><Code>" + code + "</Code><Message>m</Message></Error>"}; }

TEST(S3Errors, TellsWhatMayPassFromWhatMayNot) {
  EXPECT_TRUE(status_of(answer(503, "SlowDown"), "w").retriable());
  EXPECT_TRUE(status_of(answer(500, "InternalError"), "w").retriable());
  EXPECT_TRUE(status_of(answer(400, "RequestTimeout"), "w").retriable());
  EXPECT_EQ(status_of(answer(403, "AccessDenied"), "w").code(), Code::kUnauthorized);
  EXPECT_EQ(status_of(answer(404, "NoSuchBucket"), "w").code(), Code::kNotFound);
  EXPECT_EQ(status_of(answer(412, "PreconditionFailed"), "w").code(), Code::kConflict);
  EXPECT_EQ(status_of(answer(301, "PermanentRedirect"), "w").code(), Code::kInvalid);
  EXPECT_EQ(status_of(answer(400, "InvalidRequest"), "w").code(), Code::kFatal);
}

TEST(S3Errors, ReadsXmlWithEntitiesAndNestedElements) {
  std::string xml = "<R><Contents><Key>a&amp;b&#x2F;c</Key></Contents><Contents><Key>d</Key></Contents><KeyCount>2</KeyCount></R>";
  auto items = xml_elements(xml, "Contents");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(xml_text(items[0], "Key"), "a&b/c");
  EXPECT_EQ(xml_text(xml, "KeyCount"), "2");
  EXPECT_EQ(xml_text(xml, "Absent"), "");
}

TEST(S3Backoff, DoublesWithJitterUpToItsLimit) {
  for (int attempt = 0; attempt < 30; ++attempt) {
    auto wait = backoff_with_jitter(Millis(200), Millis(60'000), attempt).count();
    int64_t full = std::min<int64_t>(int64_t{200} << std::min(attempt, 20), 60'000);
    EXPECT_GE(wait, full / 2);
    EXPECT_LE(wait, full);
  }
  EXPECT_EQ(backoff_with_jitter(Millis(0), Millis(60'000), 3).count(), 0);
}

TEST(S3Store, AStoreThatIsNotThereIsRetriableAndNamed) {
  S3Options options;
  options.endpoint = "http://127.0.0.1:1";
  options.bucket = "b";
  options.retries = 0;
  options.credentials = {"id", config::Secret("secret"), {}, 0};
  S3Store store(options);
  Status status = store.check();
  EXPECT_TRUE(status.retriable()) << status.message();
  EXPECT_NE(status.message().find("s3://b"), std::string::npos);
  EXPECT_EQ(status.message().find("secret"), std::string::npos);
}

// A server to try against, e.g. one that `./dev peers start` brings up: BYWASH_TEST_S3_ENDPOINT, with AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY.
class LiveS3Store : public testing::Test {
 protected:
  void SetUp() override {
    const char* endpoint = std::getenv("BYWASH_TEST_S3_ENDPOINT");
    if (!endpoint) GTEST_SKIP() << "BYWASH_TEST_S3_ENDPOINT is not set";
    auto credentials = net::find_aws_credentials({});
    ASSERT_TRUE(credentials.ok()) << credentials.status().message();
    options_.endpoint = endpoint;
    options_.bucket = fmt::format("bywash-{}-{}", ::getpid(), wall_clock_ms());
    options_.credentials = *credentials;
    options_.retries = 0;
    store_ = std::make_unique<S3Store>(options_);
    ASSERT_TRUE(store_->create_bucket().ok());
  }
  S3Options options_;
  std::unique_ptr<S3Store> store_;
};

TEST_F(LiveS3Store, ObjectsComeBackUnderKeysOfEveryKind) {
  ASSERT_TRUE(store_->check().ok()) << store_->check().message();
  for (const char* key : {"plain", "a/b=c/t+0+0000000001.json", "it's/'2024'/T10_00,00.00(UTC)", "blank and +05:30", "ünï/日本.parquet", "%41&?#=/x", "~tilde*"}) {
    Status written = store_->put(key, std::string("bytes of ") + key, {});
    ASSERT_TRUE(written.ok()) << key << ": " << written.message();
    auto read = store_->get(key);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(*read, std::string("bytes of ") + key);
    auto head = store_->head(key);
    ASSERT_TRUE(head.ok()) << head.status().message();
    EXPECT_EQ(head->size, static_cast<int64_t>(read->size()));
    ListRequest request;
    request.prefix = key;
    auto page = store_->list(request);
    ASSERT_TRUE(page.ok()) << page.status().message();
    ASSERT_EQ(page->objects.size(), 1u) << key;
    EXPECT_EQ(page->objects[0].key, key);
    EXPECT_GT(page->objects[0].last_modified_ms, 1'600'000'000'000);
    ASSERT_TRUE(store_->remove(key).ok());
    EXPECT_EQ(store_->head(key).status().code(), Code::kNotFound);
  }
}

TEST_F(LiveS3Store, PartsBecomeOneObjectAndAbortedOnesNone) {
  std::string first(5 << 20, 'a'), second(1000, 'b');
  auto upload = store_->create_upload("big", {});
  ASSERT_TRUE(upload.ok()) << upload.status().message();
  std::vector<std::string> tags;
  for (const std::string& part : {first, second}) {
    auto tag = store_->upload_part("big", *upload, static_cast<int>(tags.size()) + 1, part);
    ASSERT_TRUE(tag.ok()) << tag.status().message();
    tags.push_back(*tag);
  }
  EXPECT_EQ(store_->head("big").status().code(), Code::kNotFound);
  Status completed = store_->complete_upload("big", *upload, tags);
  ASSERT_TRUE(completed.ok()) << completed.message();
  EXPECT_EQ(store_->get("big").value_or(""), first + second);
  auto other = store_->create_upload("other", {});
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(store_->abort_upload("other", *other).ok());
}

TEST_F(LiveS3Store, ListsInPagesAndSetsTags) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store_->put("p/" + std::to_string(i), "x", {}).ok());
  ASSERT_TRUE(store_->put("p/deep/1", "x", {}).ok());
  ListRequest request;
  request.prefix = "p/";
  request.page_size = 2;
  request.delimiter = "/";
  std::vector<std::string> keys, prefixes;
  for (int pages = 0; pages < 10; ++pages) {
    auto page = store_->list(request);
    ASSERT_TRUE(page.ok()) << page.status().message();
    for (const auto& o : page->objects) keys.push_back(o.key);
    prefixes.insert(prefixes.end(), page->prefixes.begin(), page->prefixes.end());
    request.continuation = page->next;
    if (page->next.empty()) break;
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"p/0", "p/1", "p/2", "p/3", "p/4"}));
  EXPECT_EQ(prefixes, std::vector<std::string>{"p/deep/"});
  Status tagged = store_->set_tags("p/0", {{"team", "core"}, {"a b", "c=d"}});
  EXPECT_TRUE(tagged.ok()) << tagged.message();
}

TEST_F(LiveS3Store, AMissingBucketIsNamed) {
  S3Options options = options_;
  options.bucket = "no-such-bucket-here";
  Status status = S3Store(options).check();
  EXPECT_EQ(status.code(), Code::kNotFound) << status.message();
  EXPECT_NE(status.message().find("s3.bucket.name"), std::string::npos);
}

TEST_F(LiveS3Store, WrongCredentialsAreSaid) {
  S3Options options = options_;
  options.credentials.secret_access_key = config::Secret("wrong-secret-key");
  Status status = S3Store(options).check();
  if (status.ok()) GTEST_SKIP() << "this server checks no signatures";
  EXPECT_EQ(status.code(), Code::kUnauthorized) << status.message();
  EXPECT_EQ(status.message().find("wrong-secret-key"), std::string::npos);
}

}  // namespace
}  // namespace bywash::storage
