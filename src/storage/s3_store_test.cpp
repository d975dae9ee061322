// S3 answers: error codes, XML, backoff; a live server is tested in tests/integration.
#include "storage/s3_store.h"

#include <gtest/gtest.h>

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
  options.credentials = {"id", config::Secret("secret"), {}};
  S3Store store(options);
  Status status = store.check();
  EXPECT_TRUE(status.retriable()) << status.message();
  EXPECT_NE(status.message().find("s3://b"), std::string::npos);
  EXPECT_EQ(status.message().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace bywash::storage
