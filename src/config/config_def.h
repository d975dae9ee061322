// ConfigDef: the declaration of a component's keys, from which parsing, validation, the REST answers and the documentation come.
// Parsing rules and messages are those of org.apache.kafka.common.config.ConfigDef (Kafka 4.3). Level 1, every thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace bywash::config {

// A configuration as given: key to text.
using Properties = std::map<std::string, std::string, std::less<>>;

// A password: prints as [hidden]; text() is for the one place that needs it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};
inline constexpr std::string_view kHidden = "[hidden]";

enum class KeyType { kBoolean, kString, kInt, kShort, kLong, kDouble, kList, kClass, kPassword };
enum class Importance { kHigh, kMedium, kLow };
enum class Width { kNone, kShort, kMedium, kLong };
std::string_view to_string(KeyType type);              // "BOOLEAN", ...
std::string_view to_string(Importance importance);     // "HIGH", ...
std::string_view to_string(Width width);               // "NONE", ...

using List = std::vector<std::string>;
// A parsed value; monostate is Java's null.
using Parsed = std::variant<std::monostate, bool, int64_t, double, std::string, List>;

// Null when the value is good, else what is wrong with it ("Value must be at least 1").
using Validator = std::function<std::optional<std::string>(const Parsed&)>;

struct KeySpec {
  std::string name;
  KeyType type = KeyType::kString;
  bool required = false;                    // no default at all
  std::optional<std::string> default_text;  // nullopt: the default is null
  Importance importance = Importance::kMedium;
  Width width = Width::kNone;
  std::string doc;
  std::string group;         // empty: none
  int order_in_group = -1;
  std::string display_name;  // empty: the key's name
  std::vector<std::string> dependents;
  std::string valid_values;  // for the documentation: "[1,...]", "[insert, upsert]"
  std::vector<Validator> validators;
  // Values to offer; given all properties.
  std::function<std::vector<std::string>(const Properties&)> recommender;
  // False hides the key from a user interface.
  std::function<bool(const Properties&)> visible;
  bool internal = false;  // not documented, not shown by REST
  bool secret() const { return type == KeyType::kPassword; }
};

// One key of a validated configuration, as PUT /connector-plugins/{x}/config/validate shows it.
struct ConfigValue {
  std::string name;
  std::optional<std::string> value;  // as text, defaults put in; secrets as [hidden]
  std::vector<std::string> recommended_values;
  std::vector<std::string> errors;
  bool visible = true;
};

// Parses text by type, with Kafka's trimming and messages; the error is only the reason ("Not a number of type INT").
Result<Parsed> parse_value(KeyType type, std::string_view text);
// The text REST shows for a parsed value (lists joined by commas).
std::optional<std::string> render(const Parsed& value);

class ConfigDef {
 public:
  // A rule over several keys; adds errors to the values it concerns through `fail(key, message)`.
  using Rule = std::function<void(const Properties&, const std::function<void(std::string_view, std::string)>& fail)>;

  KeySpec& add(KeySpec spec);
  void add_rule(Rule rule) { rules_.push_back(std::move(rule)); }
  // Every key and rule of `other` under a prefix ("transforms.mask."), e.g. for validation of everything spliced in.
  void embed(std::string_view prefix, const ConfigDef& other);
  const std::vector<KeySpec>& keys() const { return keys_; }
  const KeySpec* find(std::string_view name) const;

  // Every key with its value and every problem at once.
  std::vector<ConfigValue> validate(const Properties& properties) const;
  // Parsed value of one key of a configuration, defaults put in. Error: the first problem, in Kafka's words
  // ("Invalid value 0 for configuration flush.size: Value must be at least 1").
  static Result<Parsed> value_of(const KeySpec& key, const Properties& properties);
  // For each given key that is not declared: "Unknown key 'flush.sise': did you mean 'flush.size'?". `known` are more keys that are fine.
  std::vector<std::string> unknown_key_warnings(const Properties& properties, const std::vector<std::string>& known) const;

 private:
  std::vector<KeySpec> keys_;
  std::vector<Rule> rules_;
};

// All errors of a validated configuration as one status: ok when there are none.
Status first_problems(const std::vector<ConfigValue>& values);

// Ready validators.
Validator at_least(int64_t low);
Validator between(int64_t low, int64_t high);
Validator at_least_double(double low);
Validator one_of(std::vector<std::string> allowed, bool ignore_case = false);
Validator not_empty();

}  // namespace bywash::config
