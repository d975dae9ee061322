// RegexRouter: gives records whose topic matches a regular expression another topic
// (org.apache.kafka.connect.transforms.RegexRouter, Kafka 4.3), and Confluent Cloud's TopicRegexRouter, which does the same. Once per distinct topic of a batch. Level 4, the task's thread.
#include <map>

#include "transforms/config_checks.h"
#include "transforms/declaration.h"
#include "transforms/java_regex.h"

namespace bywash::transforms {
namespace {

struct RegexRouterConfig {
  std::string regex, replacement;
};

// The whole topic has to match; the replacement then works on its first match, which may be a part of it.
class Router : public plugin::Transform {
 public:
  Router(std::shared_ptr<const JavaRegex> regex, std::string replacement) : regex_(std::move(regex)), replacement_(std::move(replacement)) {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(Router& router) : router_(router) {}
    Status apply(Batch& batch) override {
      if (batch.topics.empty()) {
        ASSIGN_OR_RETURN(batch.topic, router_.route(batch.topic));
        return {};
      }
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        std::string& topic = batch.topics[static_cast<size_t>(row)];
        auto routed = router_.route(topic);
        if (routed.ok()) topic = *std::move(routed);
        else fail_row(batch, row, routed.status());
      });
      return {};
    }

   private:
    Router& router_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override {
    return std::unique_ptr<plugin::BoundTransform>(std::make_unique<Bound>(*this));
  }

 private:
  Result<std::string> route(const std::string& topic) {
    if (auto it = known_.find(topic); it != known_.end()) return it->second;
    ASSIGN_OR_RETURN(bool matches, regex_->matches(topic));
    std::string routed = topic;
    if (matches) { ASSIGN_OR_RETURN(routed, regex_->replace_first(topic, replacement_)); }
    if (known_.size() >= kKnownMax) known_.clear();
    known_.emplace(topic, routed);
    return routed;
  }
  static constexpr size_t kKnownMax = 1000;
  const std::shared_ptr<const JavaRegex> regex_;
  const std::string replacement_;
  std::map<std::string, std::string> known_;
};

}  // namespace

namespace {

config::TypedConfig<RegexRouterConfig> router_keys() {
  config::TypedConfig<RegexRouterConfig> def;
  def.key("regex", &RegexRouterConfig::regex).required().high().doc("Regular expression to use for matching.").check(given_regex, "valid regex");
  def.key("replacement", &RegexRouterConfig::replacement).required().high().doc("Replacement string.");
  return def;
}

Result<std::unique_ptr<plugin::Transform>> make_router(RegexRouterConfig c) {
  ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(c.regex));
  return make_transform<Router>(std::make_shared<const JavaRegex>(std::move(regex)), std::move(c.replacement));
}

// RE2's spelling of named groups, (?P<name>...), in Java's.
std::string named_groups_as_java(std::string pattern) {
  for (size_t at = pattern.find("(?P<"); at != std::string::npos; at = pattern.find("(?P<", at)) pattern.erase(at + 2, 1);
  return pattern;
}

}  // namespace

plugin::TransformPlugin regex_router() {
  return declare(transform_info("regex_router", "RegexRouter", Sided::kNo, "Renames topics by a regular expression",
                                "Where the whole topic name matches `regex` (Java's syntax), the first match is replaced by `replacement`, which may "
                                "refer to groups as `$1` or `${name}`. Other topics stay as they are.",
                                {R"x({"regex": "([^.]+)\\.([^.]+)\\.([^.]+)", "replacement": "$3"})x"}),
                 router_keys(), [](RegexRouterConfig c, Side) { return make_router(std::move(c)); });
}

plugin::TransformPlugin topic_regex_router() {
  config::TypedConfig<RegexRouterConfig> def;
  def.key("regex", &RegexRouterConfig::regex).required().high().doc("Regular expression to use for matching; groups may be named as in RE2, `(?P<name>...)`.")
      .check([](const config::Parsed& value) -> std::optional<std::string> {
        auto* text = std::get_if<std::string>(&value);
        return valid_regex(text ? config::Parsed(named_groups_as_java(*text)) : value);
      }, "valid regex");
  def.key("replacement", &RegexRouterConfig::replacement).required().high().doc("Replacement string.");
  return declare(confluent_info("topic_regex_router", {"io.confluent.connect.cloud.transforms.TopicRegexRouter"}, "Renames topics by a regular expression",
                                "As RegexRouter: where the whole topic name matches `regex`, the first match is replaced by `replacement`.",
                                {R"x({"regex": "(.*)\\.(.*)\\.(.*)", "replacement": "$2_$3"})x"}),
                 def, [](RegexRouterConfig c, Side) {
                   c.regex = named_groups_as_java(std::move(c.regex));
                   return make_router(std::move(c));
                 });
}

}  // namespace bywash::transforms
