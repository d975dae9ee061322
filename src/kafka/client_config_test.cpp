#include "kafka/client_config.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace bywash::kafka {
namespace {
TEST(TranslateJavaKeys, TakesTheJavaClientsDefaults) {
  auto t = translate_java_keys(ClientKind::kConsumer, {{"bootstrap.servers", "b:9092"}});
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->librdkafka["isolation.level"], "read_uncommitted");
  EXPECT_EQ(translate_java_keys(ClientKind::kProducer, {})->librdkafka["partitioner"], "murmur2_random");
}
TEST(TranslateJavaKeys, ReadsUserAndPasswordFromJaas) {
  auto t = translate_java_keys(ClientKind::kAdmin, {{"sasl.mechanism", "SCRAM-SHA-512"},
      {"sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"al\\\"ice\" password='p w';"}});
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->librdkafka["sasl.username"], "al\"ice");
  EXPECT_EQ(t->librdkafka["sasl.password"], "p w");
}
TEST(TranslateJavaKeys, RefusesWhatWouldLoseItsMeaning) {
  auto t = translate_java_keys(ClientKind::kConsumer, {{"ssl.truststore.location", "/x/trust.jks"}, {"interceptor.classes", "a.B"}});
  ASSERT_FALSE(t.ok());
  EXPECT_NE(t.status().message().find("'/x/trust.jks' cannot be read"), std::string::npos);
  EXPECT_NE(t.status().message().find("interceptor.classes"), std::string::npos);
}
TEST(TranslateJavaKeys, NamesABootstrapServerThatIsNoAddress) {
  auto said = [](const char* servers) { return translate_java_keys(ClientKind::kConsumer, {{"bootstrap.servers", servers}}).status().message(); };
  for (const char* good : {"b:9092", "a.example:1, [::1]:2,", "PLAINTEXT://b-1:9092", "10.0.0.1:9092"}) EXPECT_EQ(said(good), "") << good;
  for (const char* bad : {"b", "not a host", "b:", ":9092", "b:port", "a:1,b"}) EXPECT_NE(said(bad).find("host:port"), std::string::npos) << bad;
}
TEST(TranslateJavaKeys, EveryRuleGivesALibrdkafkaKeyThatExists) {
  auto t = translate_java_keys(ClientKind::kConsumer, {{"fetch.max.wait.ms", "100"}, {"max.partition.fetch.bytes", "2000000"}, {"request.timeout.ms", "30000"},
      {"receive.buffer.bytes", "65536"}, {"auto.offset.reset", "none"}, {"ssl.endpoint.identification.algorithm", ""}});
  ASSERT_TRUE(t.ok());
  auto conf = make_conf(t->librdkafka);
  ASSERT_TRUE(conf.ok()) << conf.status().message();
  rd_kafka_conf_destroy(*conf);
}
TEST(MakeConf, NeverShowsASecret) {
  auto conf = make_conf({{"ssl.key.password.typo", "hunter2"}, {"session.timeout.ms", "x"}});
  ASSERT_FALSE(conf.ok());
  EXPECT_EQ(conf.status().message().find("hunter2"), std::string::npos);
  EXPECT_NE(conf.status().message().find("session.timeout.ms"), std::string::npos);
}
}  // namespace
}  // namespace bywash::kafka
