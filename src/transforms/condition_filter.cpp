// Filter and ContentBasedRouter: records are kept by a condition, or routed by an expression, in Groovy (io.debezium.transforms.Filter,
// io.debezium.transforms.ContentBasedRouter, Debezium 3.4), as far as condition.h understands it. Level 4, the task's thread.
#include "base/text.h"
#include "config/properties.h"
#include "transforms/change_event.h"
#include "transforms/condition.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

struct ConditionFilterConfig {
  std::string condition, language, null_handling;
  std::optional<std::string> topic_regex;
};

enum class ConditionUse : uint8_t { kFilter, kRoute };

class ConditionFilter : public plugin::Transform {
 public:
  ConditionFilter(Condition condition, const ConditionFilterConfig& config, std::optional<JavaRegex> topics, ConditionUse use)
      : condition_(std::move(condition)), text_(config.condition), topics_(std::move(topics)), use_(use) {
    const std::string mode = ascii_lower(config::trim(config.null_handling));
    keeps_nulls_ = mode == "keep";
    drops_nulls_ = mode == "drop";
  }

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const ConditionFilter& filter) : filter_(filter) {}
    bool edits_selected_only() const override { return true; }
    Status apply(Batch& batch) override {
      const ConditionRecords records(batch);
      columnar::RowMask rows = batch.selected;
      if (filter_.use_ == ConditionUse::kRoute && batch.topics.empty()) batch.topics.assign(batch.offsets.size(), batch.topic);
      const auto verdicts = filter_.use_ == ConditionUse::kFilter ? filter_.condition_.holds(records) : std::nullopt;
      std::string known_topic;
      bool known = false, ours = true;
      rows.for_each([&](int64_t row) {
        const std::string& topic = batch.topic_of(row);
        if (filter_.topics_ && (!known || topic != known_topic)) {
          ours = filter_.topics_->matches(topic).value_or(false);
          known_topic = topic;
          known = true;
        }
        if (!ours) return;
        const Verdict verdict = verdicts ? (*verdicts)[row] : Verdict::kAsk;
        if (verdict == Verdict::kAsk) filter_.settle(batch, records, row);
        else if (verdict == Verdict::kNo) batch.drop(row);
      });
      return {};
    }

   private:
    const ConditionFilter& filter_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  void settle(Batch& batch, const ConditionRecords& records, int64_t row) const {
    if (records.value.is_null(row) && (keeps_nulls_ || drops_nulls_)) {
      if (drops_nulls_) batch.drop(row);
      return;
    }
    if (use_ == ConditionUse::kRoute) {
      auto topic = condition_.text(records, row);
      if (!topic.ok()) fail(batch, row, topic.status());
      else if (topic->has_value()) batch.topics[static_cast<size_t>(row)] = **std::move(topic);
      return;
    }
    auto holds = condition_.holds(records, row);
    if (!holds.ok()) fail(batch, row, holds.status());
    else if (!*holds) batch.drop(row);
  }
  void fail(Batch& batch, int64_t row, const Status& status) const {
    const bool plain = !status.java_class().empty();
    fail_row(batch, row, data_error(plain ? status.java_class() : kDebeziumException, fmt::format("Error while evaluating expression '{}': {}", text_, status.message())));
  }

  const Condition condition_;
  const std::string text_;
  const std::optional<JavaRegex> topics_;
  const ConditionUse use_;
  bool keeps_nulls_ = true, drops_nulls_ = false;
};

std::optional<ConditionLanguage> language_named(std::string_view text) {
  if (text == "jsr223.groovy") return ConditionLanguage::kGroovy;
  if (text == "jsr223.graal.js") return ConditionLanguage::kJavaScript;
  return std::nullopt;
}

std::optional<std::string> language_problem(const config::Parsed& value) {
  auto* text = std::get_if<std::string>(&value);
  if (!text || language_named(*text)) return std::nullopt;
  if (!text->starts_with("jsr223.") && !text->starts_with("wasm.")) return "Value for option 'language' must begin with 'jsr223.' or 'wasm', e.g. 'jsr223.groovy'";
  return "Only jsr223.groovy and jsr223.graal.js are supported";
}

const char* expression_key(ConditionUse use) { return use == ConditionUse::kFilter ? "condition" : "topic.expression"; }

config::TypedConfig<ConditionFilterConfig> condition_keys(ConditionUse use) {
  using C = ConditionFilterConfig;
  config::TypedConfig<C> def;
  def.key("topic.regex", &C::topic_regex).low()
      .check([](const config::Parsed& value) -> std::optional<std::string> {
        auto* text = std::get_if<std::string>(&value);
        return text && !text->empty() ? valid_regex(value) : std::nullopt;
      }, "valid regex")
      .doc("Only records of topics that match it as a whole are looked at; the others pass.");
  def.key("language", &C::language).required().high().check(language_problem, "jsr223.groovy, jsr223.graal.js").doc("The language of the condition.");
  def.key(expression_key(use), &C::condition).required().high()
      .doc(use == ConditionUse::kFilter ? "Records for which it is true are kept, the others dropped. It sees `value`, `key`, `topic`, `header`, `valueSchema` and `keySchema`."
                                        : "The record's new topic, a text; where it is null the record keeps its own. It sees `value`, `key`, `topic`, `header`, `valueSchema` and `keySchema`.");
  def.key("null.handling.mode", &C::null_handling).by_default("keep").low().one_of({"drop", "keep", "evaluate"}, true)
      .doc("What becomes of records with a null value: `keep` or `drop` them, or `evaluate` the condition.");
  return def;
}

constexpr const char* kExpressions =
    "fields (`value.after.id`, `value?.before`, `value.get('op')`, `value['op']`), headers (`header.tenant.value`), literals, `== != < <= > >= in !in =~ ==~ && || ! ?: ? :`, "
    "`+` beside a quoted text, and the methods `get` and its typed kin, `startsWith`, `endsWith`, `contains`, "
    "`containsKey`, `equals`, `equalsIgnoreCase`, `matches`, `toLowerCase`, `toUpperCase`, `trim`, `isEmpty`, `size`, `length`, `name`, `toString`. "
    "All else (arithmetic, closures, variables) is refused at validation, with its position.";

plugin::TransformPlugin condition_plugin(plugin::PluginInfo info, ConditionUse use) {
  const auto keys = condition_keys(use);
  auto def = keys;
  def.check(expression_key(use), [use](const ConditionFilterConfig& c) -> std::optional<std::string> {
    auto condition = Condition::compile(c.condition, language_named(c.language).value_or(ConditionLanguage::kGroovy));
    if (condition.ok()) return std::nullopt;
    return fmt::format("The {} is not supported. {}", use == ConditionUse::kFilter ? "condition" : "expression", condition.status().message());
  });
  return declare_debezium(std::move(info), def, keys, [use](ConditionFilterConfig c) -> Result<std::unique_ptr<plugin::Transform>> {
    auto condition = Condition::compile(c.condition, *language_named(c.language));
    if (!condition.ok()) {
      return Status::invalid(fmt::format("Failed to parse expression '{}'. {}", c.condition, condition.status().message()))
          .with_java_class(std::string(kDebeziumException));
    }
    std::optional<JavaRegex> topics;
    if (c.topic_regex && !c.topic_regex->empty()) { ASSIGN_OR_RETURN(topics, JavaRegex::compile(*c.topic_regex)); }
    return make_transform<ConditionFilter>(*std::move(condition), c, std::move(topics), use);
  });
}

}  // namespace

plugin::TransformPlugin condition_filter() {
  plugin::PluginInfo info;
  info.name = "condition_filter";
  info.class_names = {"io.debezium.transforms.Filter"};
  info.summary = "Keeps records for which a condition is true";
  info.description = std::string("Conditions in Groovy or JavaScript, as far as they are expressions of: ") + kExpressions;
  info.examples = {R"({"language": "jsr223.groovy", "condition": "value.op == 'u' && value.after.quantity > 10"})"};
  return condition_plugin(std::move(info), ConditionUse::kFilter);
}

plugin::TransformPlugin content_based_router() {
  plugin::PluginInfo info;
  info.name = "content_based_router";
  info.class_names = {"io.debezium.transforms.ContentBasedRouter"};
  info.summary = "Names topics by an expression over the record";
  info.description = std::string("The topic becomes the text that an expression in Groovy or JavaScript gives, as far as it is made of: ") + kExpressions;
  info.examples = {R"({"language": "jsr223.groovy", "topic.expression": "value.op == 'u' ? 'updates' : null"})"};
  return condition_plugin(std::move(info), ConditionUse::kRoute);
}

}  // namespace bywash::transforms
