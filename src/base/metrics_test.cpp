#include "base/metrics.h"

#include <gtest/gtest.h>

namespace bywash {
namespace {
TEST(Metrics, RendersCountersWithLabelsAndForgetsRemovedOnes) {
  metrics::Registry registry;
  registry.counter("kafka_connect_sink_record_read_total", "Records read.", {{"connector", "a"}, {"task", "0"}})->add(3);
  auto* other = registry.gauge("kafka_connect_partition_count", "Partitions.", {{"connector", "b"}});
  other->set(2);
  std::string text = registry.render();
  EXPECT_NE(text.find("kafka_connect_sink_record_read_total{connector=\"a\",task=\"0\"} 3"), std::string::npos) << text;
  registry.remove({{"connector", "a"}});
  EXPECT_EQ(registry.render().find("connector=\"a\""), std::string::npos);
  EXPECT_EQ(other->value(), 2);
}
TEST(Metrics, AGaugeIsSetAndRemovedByItsLabels) {
  metrics::Registry registry;
  registry.set_gauge("status", "Status.", {{"connector", "a"}, {"status", "running"}}, 1);
  registry.set_gauge("status", "Status.", {{"connector", "a"}, {"status", "paused"}}, 1);
  registry.remove_gauge("status", {{"connector", "a"}});
  registry.remove_gauge("status", {{"connector", "a"}, {"status", "running"}});
  std::string text = registry.render();
  EXPECT_NE(text.find("status{connector=\"a\",status=\"paused\"} 1"), std::string::npos) << text;
  EXPECT_EQ(text.find("running"), std::string::npos) << text;
}
}  // namespace
}  // namespace bywash
