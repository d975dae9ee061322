// ExtractTopic: topics named by the key, the value, a field of them or a header (io.confluent.connect.transforms.ExtractTopic). Level 4,
// the task's thread.
#include <arrow/array.h>

#include "transforms/declaration.h"
#include "transforms/field_slots.h"
#include "transforms/json_path.h"

namespace bywash::transforms {
namespace {

enum class TopicSource : uint8_t { kKey, kValue, kHeader };

struct ExtractTopicConfig {
  std::string field, format;
  bool skip = false;
};

class ExtractTopic : public plugin::Transform {
 public:
  ExtractTopic(ExtractTopicConfig config, TopicSource source, std::optional<JsonPath> path)
      : config_(std::move(config)), source_(source), path_(std::move(path)) {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const ExtractTopic& extract) : extract_(extract) {}
    bool edits_selected_only() const override { return true; }
    Status apply(Batch& batch) override {
      if (batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
      const std::shared_ptr<arrow::StringArray> texts = extract_.texts_of(batch);
      const RecordColumn records(column_of(batch, extract_.source_ == TopicSource::kKey ? Side::kKey : Side::kValue));
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        if (texts && texts->IsValid(row) && texts->value_length(row) > 0) {
          batch.topics[static_cast<size_t>(row)] = texts->GetView(row);
          return;
        }
        auto topic = extract_.topic(batch, records, row);
        if (!topic.ok()) fail_row(batch, row, topic.status());
        else if (topic->has_value()) batch.topics[static_cast<size_t>(row)] = **std::move(topic);
      });
      return {};
    }

   private:
    const ExtractTopic& extract_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  // A top-level field of texts, or the texts that the records are; null where the topics stand elsewhere.
  std::shared_ptr<arrow::StringArray> texts_of(const Batch& batch) const {
    if (source_ == TopicSource::kHeader || path_) return nullptr;
    const Column& record = column_of(batch, source_ == TopicSource::kKey ? Side::kKey : Side::kValue);
    Column texts = record;
    if (!config_.field.empty()) {
      const int at = record.schema->has_fields() ? record.schema->field_index(config_.field) : -1;
      if (at < 0 || record.schema->fields()[static_cast<size_t>(at)].may_be_absent) return nullptr;
      texts = masked_by_parent(record.child(at), record);
    }
    return texts.schema->type() == columnar::Type::kString ? std::static_pointer_cast<arrow::StringArray>(texts.data) : nullptr;
  }
  // The new topic; nullopt: the record keeps its own.
  Result<std::optional<std::string>> topic(const Batch& batch, const RecordColumn& records, int64_t row) const {
    RecordNode found;
    if (source_ == TopicSource::kHeader) {
      if (!batch.headers.empty()) {
        // The last of several counts, as in Headers.lastWithName.
        for (const columnar::Header& header : batch.headers[static_cast<size_t>(row)]) {
          if (header.key == config_.field) found = RecordNode(&header.value);
        }
      }
    } else {
      ASSIGN_OR_RETURN(found, place({records, row}));
    }
    if (found.is_missing()) {
      if (config_.skip) return std::optional<std::string>();
      return data_error(kDataException, fmt::format("{} is missing or null, so the record gets no topic from it", name()));
    }
    Value value = found.value();
    auto* text = value.get_if<std::string>();
    if (!text) return data_error(kDataException, fmt::format("{} is no text but {}, so it cannot be a topic's name", name(), java_class_of(value)));
    if (text->empty()) {
      if (config_.skip) return std::optional<std::string>();
      return data_error(kDataException, fmt::format("{} is empty, so it cannot be a topic's name", name()));
    }
    return std::optional(std::move(*text));
  }
  Result<RecordNode> place(const RecordNode& record) const {
    if (config_.field.empty() || record.is_missing()) return record;
    if (!record.has_members()) return data_error(kDataException, fmt::format("Only a struct or map has fields, found {} where {} is asked for", java_class_of(record.value()), name()));
    if (!path_) return record.member(config_.field, true);
    auto found = path_->find(record);
    return found.empty() ? RecordNode() : found[0];
  }
  std::string name() const {
    if (source_ == TopicSource::kHeader) return fmt::format("The header '{}'", config_.field);
    const char* side = source_ == TopicSource::kKey ? "key" : "value";
    return config_.field.empty() ? fmt::format("The {}", side) : fmt::format("The {}'s field '{}'", side, config_.field);
  }

  const ExtractTopicConfig config_;
  const TopicSource source_;
  const std::optional<JsonPath> path_;
};

std::optional<std::string> path_problem(const ExtractTopicConfig& c) {
  if (c.format != "JSON_PATH") return std::nullopt;
  auto path = JsonPath::compile(c.field);
  if (!path.ok()) return path.status().message();
  return path->definite() ? std::nullopt : std::optional<std::string>("The path must lead to one field, without '*', '..' and conditions");
}

}  // namespace

plugin::TransformPlugin extract_topic() {
  using C = ExtractTopicConfig;
  config::TypedConfig<C> def;
  def.key("field", &C::field).by_default("")
      .doc("The field, or for `$Header` the header, with the topic's name. Empty: the whole key or value, which must be a text.");
  def.key("field.format", &C::format).by_default("PLAIN").one_of({"JSON_PATH", "PLAIN"})
      .doc("`PLAIN`: `field` is the name of a top-level field. `JSON_PATH`: it is a path as `$['a']['b']`.");
  def.key("skip.missing.or.null", &C::skip).by_default("false")
      .doc("Whether records in which the name is missing or null keep their topic. When false, they fail.");
  def.check("field", path_problem);
  plugin::TransformPlugin p;
  const std::string full = "io.confluent.connect.transforms.ExtractTopic";
  p.info = confluent_info("extract_topic", {full + "$Value", full + "$Key", full + "$Header"}, "Takes the topic's name from the record",
                          "The topic becomes the text in the key or value, in one of its fields, or in a header.",
                          {R"({"field": "table"})", R"({"field": "$['source']['table']", "field.format": "JSON_PATH", "skip.missing.or.null": "true"})"});
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties, const std::string& class_name) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(C c, def.parse(properties));
    const TopicSource source = class_name.ends_with("$Header") ? TopicSource::kHeader : class_name.ends_with("$Key") ? TopicSource::kKey : TopicSource::kValue;
    if (source == TopicSource::kHeader && c.field.empty()) return config_error("ExtractTopic$Header needs the name of a header in 'field'");
    if (source == TopicSource::kHeader && c.format == "JSON_PATH") return config_error("ExtractTopic$Header takes 'field.format' PLAIN only");
    std::optional<JsonPath> path;
    if (c.format == "JSON_PATH") { ASSIGN_OR_RETURN(path, JsonPath::compile(c.field)); }
    return make_transform<ExtractTopic>(std::move(c), source, std::move(path));
  };
  return p;
}

}  // namespace bywash::transforms
