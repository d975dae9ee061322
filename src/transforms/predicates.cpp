// The predicates of Kafka Connect 4.3 (org.apache.kafka.connect.transforms.predicates): TopicNameMatches, HasHeaderKey and
// RecordIsTombstone. Level 4, the task's thread.
#include <arrow/array.h>

#include <map>

#include "config/typed_config.h"
#include "transforms/config_checks.h"
#include "transforms/java_regex.h"
#include "transforms/plugins.h"
#include "transforms/record_side.h"

namespace bywash::transforms {
namespace {

class TopicNameMatches : public plugin::Predicate {
 public:
  explicit TopicNameMatches(JavaRegex regex) : regex_(std::move(regex)) {}
  Status test(const Batch& batch, columnar::RowMask* matches) override {
    if (batch.topics.empty()) {
      ASSIGN_OR_RETURN(bool all, known(batch.topic));
      if (!all) clear_all(matches);
      return {};
    }
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      ASSIGN_OR_RETURN(bool match, known(batch.topic_of(row)));
      if (!match) matches->clear(row);
    }
    return {};
  }
  static void clear_all(columnar::RowMask* rows) {
    for (int64_t row = 0; row < rows->row_count(); ++row) rows->clear(row);
  }

 private:
  Result<bool> known(const std::string& topic) {
    if (auto it = known_.find(topic); it != known_.end()) return it->second;
    ASSIGN_OR_RETURN(bool match, regex_.matches(topic));
    if (known_.size() >= 1000) known_.clear();
    return known_[topic] = match;
  }
  const JavaRegex regex_;
  std::map<std::string, bool> known_;
};

class HasHeaderKey : public plugin::Predicate {
 public:
  explicit HasHeaderKey(std::string name) : name_(std::move(name)) {}
  Status test(const Batch& batch, columnar::RowMask* matches) override {
    if (batch.headers.empty()) {
      TopicNameMatches::clear_all(matches);
      return {};
    }
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      bool found = false;
      for (const columnar::Header& header : batch.headers[static_cast<size_t>(row)]) found = found || header.key == name_;
      if (!found) matches->clear(row);
    }
    return {};
  }

 private:
  const std::string name_;
};

class RecordIsTombstone : public plugin::Predicate {
 public:
  Status test(const Batch& batch, columnar::RowMask* matches) override {
    if (batch.value.data->null_count() == batch.row_count()) return {};
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      if (!batch.value.is_null(row)) matches->clear(row);
    }
    return {};
  }
};

struct PatternConfig { std::string pattern; };
struct NameConfig { std::string name; };

plugin::PluginInfo info(const char* name, const char* simple_class, const char* summary, std::string description, const char* example) {
  return {.name = name,
          .class_names = {std::string("org.apache.kafka.connect.transforms.predicates.") + simple_class},
          .version = std::string(kVersion),
          .summary = summary,
          .description = std::move(description),
          .examples = {example}};
}

}  // namespace

plugin::PredicatePlugin topic_name_matches() {
  plugin::PredicatePlugin p;
  p.info = info("topic_name_matches", "TopicNameMatches", "True for records of topics that match a regular expression",
                "True when the whole topic name matches `pattern` (Java's syntax).", R"({"pattern": "orders-.*"})");
  config::TypedConfig<PatternConfig> def;
  def.key("pattern", &PatternConfig::pattern).required().doc("A Java regular expression for matching against the name of a record's topic.")
      .check(config::not_empty()).check(given_regex, "non-empty string, valid regex");
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::Predicate>> {
    ASSIGN_OR_RETURN(PatternConfig c, def.parse(properties));
    ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(c.pattern));
    return std::unique_ptr<plugin::Predicate>(std::make_unique<TopicNameMatches>(std::move(regex)));
  };
  return p;
}

plugin::PredicatePlugin has_header_key() {
  plugin::PredicatePlugin p;
  p.info = info("has_header_key", "HasHeaderKey", "True for records with a header of this name",
                "True when the record has at least one header called `name`; upper and lower case matter.", R"({"name": "trace-id"})");
  config::TypedConfig<NameConfig> def;
  def.key("name", &NameConfig::name).required().doc("The header name.").check(config::not_empty(), "non-empty string");
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::Predicate>> {
    ASSIGN_OR_RETURN(NameConfig c, def.parse(properties));
    return std::unique_ptr<plugin::Predicate>(std::make_unique<HasHeaderKey>(std::move(c.name)));
  };
  return p;
}

plugin::PredicatePlugin record_is_tombstone() {
  plugin::PredicatePlugin p;
  p.info = info("record_is_tombstone", "RecordIsTombstone", "True for records with a null value", "True when the record's value is null.", "{}");
  p.make = [](const plugin::Properties&) -> Result<std::unique_ptr<plugin::Predicate>> {
    return std::unique_ptr<plugin::Predicate>(std::make_unique<RecordIsTombstone>());
  };
  return p;
}

}  // namespace bywash::transforms
