// Signature Version 4 against the worked examples of Amazon's documentation ("Examples: Signature Calculations in AWS Signature
// Version 4", Amazon S3 API reference).
#include "storage/s3_signer.h"

#include <gtest/gtest.h>

namespace bywash::storage {
namespace {

constexpr int64_t kExampleTime = 1369353600000;  // 2013-05-24T00:00:00Z
const net::AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", config::Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), {}};

std::string signature_of(const SignedRequest& request) {
  const std::string& text = request.headers.at("authorization");
  return text.substr(text.find("Signature=") + 10);
}

TEST(S3Signer, SignsTheDocumentedGetOfARange) {
  SignedRequest r{"GET", "/test.txt", {}, {{"host", "examplebucket.s3.amazonaws.com"}, {"range", "bytes=0-9"}}, sha256_hex("")};
  sign(r, kExample, "us-east-1", kExampleTime);
  EXPECT_EQ(r.headers["x-amz-date"], "20130524T000000Z");
  EXPECT_EQ(signature_of(r), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signer, SignsTheDocumentedPutWithADollarInItsKey) {
  SignedRequest r{"PUT", "/test%24file.text", {},
                  {{"host", "examplebucket.s3.amazonaws.com"}, {"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                  sha256_hex("Welcome to Amazon S3.")};
  sign(r, kExample, "us-east-1", kExampleTime);
  EXPECT_EQ(signature_of(r), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Signer, SignsAQueryWithoutAValue) {
  SignedRequest r{"GET", "/", {{"lifecycle", ""}}, {{"host", "examplebucket.s3.amazonaws.com"}}, sha256_hex("")};
  sign(r, kExample, "us-east-1", kExampleTime);
  EXPECT_EQ(signature_of(r), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3Signer, SignsAListingWithParameters) {
  SignedRequest r{"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {{"host", "examplebucket.s3.amazonaws.com"}}, sha256_hex("")};
  sign(r, kExample, "us-east-1", kExampleTime);
  EXPECT_EQ(signature_of(r), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signer, ASessionTokenIsSignedToo) {
  net::AwsCredentials temporary = kExample;
  temporary.session_token = config::Secret("token");
  SignedRequest r{"GET", "/", {}, {{"host", "h"}}, sha256_hex("")};
  sign(r, temporary, "us-east-1", kExampleTime);
  EXPECT_EQ(r.headers["x-amz-security-token"], "token");
  EXPECT_NE(r.headers["authorization"].find("x-amz-security-token"), std::string::npos);
}

}  // namespace
}  // namespace bywash::storage
