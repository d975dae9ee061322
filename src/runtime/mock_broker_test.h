// librdkafka's mock of a broker, for tests of tasks. Test code only.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>

namespace bywash::runtime::testing_support {

// One broker in this process, with a topic t and a record in it.
class MockBroker {
 public:
  MockBroker() : handle_(client()), cluster_(rd_kafka_mock_cluster_new(handle_, 1)), address_(rd_kafka_mock_cluster_bootstraps(cluster_)) {
    rd_kafka_mock_topic_create(cluster_, "t", 1, 1);
    rd_kafka_brokers_add(handle_, address_.c_str());
    rd_kafka_producev(handle_, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE(const_cast<char*>("x"), 1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    rd_kafka_flush(handle_, 10000);
  }
  ~MockBroker() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockBroker(const MockBroker&) = delete;
  MockBroker& operator=(const MockBroker&) = delete;
  const std::string& address() const { return address_; }

 private:
  static rd_kafka_t* client() {
    char reason[256];
    return rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
  }
  rd_kafka_t* handle_;
  rd_kafka_mock_cluster_t* cluster_;
  const std::string address_;
};

}  // namespace bywash::runtime::testing_support
