// MessageTimestampRouter: topics by a time in the record's value (io.confluent.connect.transforms.MessageTimestampRouter). Level 4, the
// task's thread.
#include "config/properties.h"
#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/java_date_format.h"
#include "transforms/java_numbers.h"
#include "transforms/record_node.h"
#include "transforms/zoned_time.h"

namespace bywash::transforms {
namespace {

struct MessageRouterConfig {
  std::string topic_format, topic_timestamp_format, message_format;
  config::List keys;
};

void put_in(std::string& text, std::string_view what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
}

class MessageTimestampRouter : public plugin::Transform {
 public:
  MessageTimestampRouter(MessageRouterConfig config, JavaDateFormat output, std::optional<JavaDateFormat> input)
      : config_(std::move(config)), output_(std::move(output)), input_(std::move(input)) {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const MessageTimestampRouter& router) : router_(router) {}
    bool edits_selected_only() const override { return true; }
    Status apply(Batch& batch) override {
      if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
      const RecordColumn records(batch.value);
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        auto ms = router_.time_of({records, row});
        if (!ms.ok()) {
          fail_row(batch, row, ms.status());
          return;
        }
        std::string& topic = batch.topics[static_cast<size_t>(row)];
        std::string routed = router_.config_.topic_format;
        put_in(routed, "${topic}", topic);
        put_in(routed, "${timestamp}", router_.output_.format(*ms));
        topic = std::move(routed);
      });
      return {};
    }

   private:
    const MessageTimestampRouter& router_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  // The first of the fields that is there, in milliseconds.
  Result<int64_t> time_of(const RecordNode& record) const {
    if (!record.has_members()) {
      return data_error(kDataException, record.is_missing() ? "The record has no value to take a timestamp from"
                                                            : fmt::format("The value is no struct or map but {}", java_class_of(record.value())));
    }
    for (const std::string& key : config_.keys) {
      const RecordNode field = record.member(key, true);
      if (!field.is_missing()) return millis(field.value(), key);
    }
    return data_error(kDataException, fmt::format("None of the fields {} is in the record", java_list(config_.keys)));
  }
  Result<int64_t> millis(const Value& value, const std::string& key) const {
    if (auto* date = value.get_if<Value::Millis>()) return date->ms;
    auto* text = value.get_if<std::string>();
    if (text && input_) {
      if (auto parsed = input_->parse(*text)) return *parsed;
      return data_error(kDataException, fmt::format("Could not parse timestamp: field '{}' does not match pattern ({})", key, config_.message_format));
    }
    if (text) {
      if (auto number = parse_java_integer(*text, INT64_MIN, INT64_MAX)) return *number;
      auto time = parse_offset_date_time(*text);
      if (time) return (time->local_second - time->offset_second) * 1000 + time->nano / 1'000'000;
      return data_error(kDataException, fmt::format("Field '{}' is neither a number of milliseconds nor an ISO 8601 time: set message.timestamp.format", key));
    }
    if (value.is<int64_t>() || value.is<int32_t>()) return *long_value(value);
    return data_error(kDataException, fmt::format("Field '{}' is {}, which is no timestamp", key, java_class_of(value)));
  }

  const MessageRouterConfig config_;
  const JavaDateFormat output_;
  const std::optional<JavaDateFormat> input_;
};

std::optional<std::string> pattern_problem(const config::Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  if (!text || text->empty()) return std::nullopt;
  auto format = JavaDateFormat::compile(*text);
  return format.ok() ? std::nullopt : std::optional(format.status().message());
}

}  // namespace

plugin::TransformPlugin message_timestamp_router() {
  using C = MessageRouterConfig;
  config::TypedConfig<C> def;
  def.key("topic.format", &C::topic_format).by_default("${topic}-${timestamp}").high()
      .doc("The new topic, with `${topic}` for the old one and `${timestamp}` for the time.");
  def.key("topic.timestamp.format", &C::topic_timestamp_format).by_default("yyyyMMdd").high().check(pattern_problem, "a java.text.SimpleDateFormat pattern")
      .doc("How the time is written into the topic, as a pattern of `java.text.SimpleDateFormat`; in UTC.");
  def.key("message.timestamp.keys", &C::keys).required().high().doc("Fields of the value with the time; the first that is there counts.");
  def.key("message.timestamp.format", &C::message_format).by_default("").high().check(pattern_problem, "a java.text.SimpleDateFormat pattern")
      .doc("How texts in those fields are read. Empty: texts are milliseconds or ISO 8601. Numbers are milliseconds, Timestamps and Dates what they are.");
  refuse_empty_list(def.def(), "message.timestamp.keys");
  return declare(confluent_info("message_timestamp_router", {"io.confluent.connect.transforms.MessageTimestampRouter"}, "Names topics after a time in the value",
                                "The topic becomes `topic.format` with the old topic and the time of a field of the value put in.",
                                {R"x({"message.timestamp.keys": "timestamp,time,ts", "message.timestamp.format": "yyyy-MM-dd", "topic.format": "foo-${topic}-${timestamp}", "topic.timestamp.format": "yyyy.MM.dd"})x"}),
                 def, [](C c, Side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(JavaDateFormat output, JavaDateFormat::compile(c.topic_timestamp_format));
                   std::optional<JavaDateFormat> input;
                   if (!c.message_format.empty()) { ASSIGN_OR_RETURN(input, JavaDateFormat::compile(c.message_format)); }
                   return make_transform<MessageTimestampRouter>(std::move(c), std::move(output), std::move(input));
                 });
}

}  // namespace bywash::transforms
