// TimestampRouter: topics by the record's time (org.apache.kafka.connect.transforms.TimestampRouter, Kafka 4.3). Level 4, the task's thread.
#include <algorithm>

#include "base/time_arithmetic.h"
#include "transforms/declaration.h"
#include "transforms/java_date_format.h"

namespace bywash::transforms {
namespace {

constexpr int64_t kNoTimestamp = -1;

struct RouterConfig {
  std::string topic_format, timestamp_format;
};

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
}

class TimestampRouter : public plugin::Transform {
 public:
  explicit TimestampRouter(RouterConfig config) : config_(std::move(config)), format_(JavaDateFormat::compile(config_.timestamp_format)) {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const TimestampRouter& router) : router_(router) {}
    Status apply(Batch& batch) override {
      // A bad pattern fails the records, as in the original, which reads it with the first one that has a time.
      const int64_t period = router_.format_.ok() ? router_.format_->period_ms() : 1;
      // Most often all records of a batch go to one topic, which then is the batch's.
      if (router_.format_.ok() && batch.topics.empty() && batch.selected.all() && one_period(batch.timestamps_ms, period)) {
        batch.topic = router_.routed(batch.topic, batch.timestamps_ms[0]);
        return {};
      }
      if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
      columnar::RowMask rows = batch.selected;
      std::string known_topic, known_routed;
      int64_t known_period = INT64_MIN;
      rows.for_each([&](int64_t row) {
        const auto at = static_cast<size_t>(row);
        const int64_t ms = batch.timestamps_ms[at];
        if (ms == kNoTimestamp) {
          fail_row(batch, row, data_error(kDataException, "Timestamp missing on record"));
          return;
        }
        if (!router_.format_.ok()) {
          fail_row(batch, row, router_.format_.status());
          return;
        }
        std::string& topic = batch.topics[at];
        if (floor_div(ms, period) != known_period || topic != known_topic) {
          known_period = floor_div(ms, period);
          known_topic = topic;
          known_routed = router_.routed(topic, ms);
        }
        topic = known_routed;
      });
      return {};
    }
    bool edits_selected_only() const override { return true; }

   private:
    static bool one_period(const std::vector<int64_t>& times, int64_t period) {
      if (times.empty() || times[0] == kNoTimestamp) return false;
      const int64_t from = floor_div(times[0], period) * period;
      return std::all_of(times.begin(), times.end(), [&](int64_t ms) { return ms != kNoTimestamp && ms >= from && ms - from < period; });
    }
    const TimestampRouter& router_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  std::string routed(const std::string& topic, int64_t ms) const {
    std::string out = config_.topic_format;
    replace_all(out, "${topic}", topic);
    replace_all(out, "${timestamp}", format_->format(ms));
    return out;
  }
  const RouterConfig config_;
  const Result<JavaDateFormat> format_;
};

}  // namespace

plugin::TransformPlugin timestamp_router() {
  using C = RouterConfig;
  config::TypedConfig<C> def;
  def.key("topic.format", &C::topic_format).by_default("${topic}-${timestamp}").high()
      .doc("Format string which can contain <code>${topic}</code> and <code>${timestamp}</code> as placeholders for the topic and timestamp, respectively.");
  def.key("timestamp.format", &C::timestamp_format).by_default("yyyyMMdd").high()
      .doc("Format string for the timestamp that is compatible with <code>java.text.SimpleDateFormat</code>.");
  return declare(transform_info("timestamp_router", "TimestampRouter", Sided::kNo, "Names topics after the record's time",
                                "The topic becomes `topic.format` with the old topic and the record's timestamp (in UTC) put in.",
                                {R"x({"topic.format": "${topic}-${timestamp}", "timestamp.format": "yyyy-MM"})x"}),
                 def, [](C c, Side) { return make_transform<TimestampRouter>(std::move(c)); });
}

}  // namespace bywash::transforms
