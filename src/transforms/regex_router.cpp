// RegexRouter: gives records whose topic matches a regular expression another topic
// (org.apache.kafka.connect.transforms.RegexRouter, Kafka 4.3). Once per distinct topic of a batch. Level 4, the task's thread.
#include <map>

#include "config/typed_config.h"
#include "transforms/java_regex.h"
#include "transforms/plugins.h"
#include "transforms/record_side.h"

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

plugin::TransformPlugin regex_router() {
  plugin::TransformPlugin p;
  p.info = {.name = "regex_router",
            .class_names = {"org.apache.kafka.connect.transforms.RegexRouter"},
            .version = std::string(kVersion),
            .summary = "Renames topics by a regular expression",
            .description = "Where the whole topic name matches `regex` (Java's syntax), the first match is replaced by `replacement`, which may "
                           "refer to groups as `$1` or `${name}`. Other topics stay as they are.",
            .examples = {R"x({"regex": "([^.]+)\\.([^.]+)\\.([^.]+)", "replacement": "$3"})x"}};
  config::TypedConfig<RegexRouterConfig> def;
  def.key("regex", &RegexRouterConfig::regex).required().high().doc("Regular expression to use for matching.").check(valid_regex, "valid regex");
  def.key("replacement", &RegexRouterConfig::replacement).required().high().doc("Replacement string.");
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties, const std::string&) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(RegexRouterConfig c, def.parse(properties));
    ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(c.regex));
    return std::unique_ptr<plugin::Transform>(
        std::make_unique<Router>(std::make_shared<const JavaRegex>(std::move(regex)), std::move(c.replacement)));
  };
  return p;
}

}  // namespace bywash::transforms
