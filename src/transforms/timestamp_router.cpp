// TimestampRouter: topics by the record's time (org.apache.kafka.connect.transforms.TimestampRouter, Kafka 4.3). Level 4, the task's thread.
#include "transforms/declaration.h"
#include "transforms/java_date_format.h"

namespace bywash::transforms {
namespace {

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
      if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        const auto at = static_cast<size_t>(row);
        const int64_t ms = batch.timestamps_ms[at];
        if (ms == -1) {
          fail_row(batch, row, data_error(kDataException, "Timestamp missing on record"));
          return;
        }
        if (!router_.format_.ok()) {
          fail_row(batch, row, router_.format_.status());
          return;
        }
        std::string topic = router_.config_.topic_format;
        replace_all(topic, "${topic}", batch.topics[at]);
        replace_all(topic, "${timestamp}", router_.format_->format(ms));
        batch.topics[at] = std::move(topic);
      });
      return {};
    }
    bool edits_selected_only() const override { return true; }

   private:
    const TimestampRouter& router_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  const RouterConfig config_;
  // A bad pattern fails the records, as in the original, which reads it with the first one.
  const Result<JavaDateFormat> format_;
};

}  // namespace

plugin::TransformPlugin timestamp_router() {
  using C = RouterConfig;
  config::TypedConfig<C> def;
  def.key("topic.format", &C::topic_format).by_default("${topic}-${timestamp}").high()
      .doc("Format string which can contain `${topic}` and `${timestamp}` as placeholders for the topic and timestamp, respectively.");
  def.key("timestamp.format", &C::timestamp_format).by_default("yyyyMMdd").high()
      .doc("Format string for the timestamp that is compatible with `java.text.SimpleDateFormat`.");
  return declare(transform_info("timestamp_router", "TimestampRouter", Sided::kNo, "Names topics after the record's time",
                                "The topic becomes `topic.format` with the old topic and the record's timestamp (in UTC) put in.",
                                {R"x({"topic.format": "${topic}-${timestamp}", "timestamp.format": "yyyy-MM"})x"}),
                 def, [](C c, Side) { return make_transform<TimestampRouter>(std::move(c)); });
}

}  // namespace bywash::transforms
