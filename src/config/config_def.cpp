// ConfigDef: parsing, validation and messages, after org.apache.kafka.common.config.ConfigDef (Kafka 4.3). Level 1.
#include "config/config_def.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/text.h"
#include "config/java_order.h"
#include "config/properties.h"

namespace bywash::config {
namespace {

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Result<Parsed> parse_integer(std::string_view text, std::string_view type, int64_t low, int64_t high) {
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  int64_t n = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc() || end != digits.data() + digits.size() || n < low || n > high) {
    return Status::invalid(fmt::format("Not a number of type {}", type));
  }
  return Parsed(n);
}

Result<Parsed> parse_double(std::string_view text) {
  std::string copy(text);
  char* end = nullptr;
  double d = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end) return Status::invalid("Not a number of type DOUBLE");
  return Parsed(d);
}

List split_list(std::string_view text) {
  List out;
  while (true) {
    size_t comma = text.find(',');
    out.emplace_back(trim(text.substr(0, comma)));
    if (comma == text.npos) return out;
    text.remove_prefix(comma + 1);
  }
}

// Levenshtein distance, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string invalid_text(const KeySpec& key, const std::optional<std::string>& raw, std::string_view why) {
  // Kafka's validators of lists word the whole message themselves.
  if (why.starts_with("Configuration '") || why.starts_with("Must specify ")) return std::string(why);
  std::string shown = key.secret() ? std::string(kHidden) : raw.value_or("null");
  return fmt::format("Invalid value {} for configuration {}: {}", shown, key.name, why);
}

// A value as Java prints it in a message: a list in brackets.
std::optional<std::string> in_message(const Parsed& value) {
  if (const auto* list = std::get_if<List>(&value)) return fmt::format("[{}]", fmt::join(*list, ", "));
  return render(value);
}

std::string missing_text(const KeySpec& key) {
  return fmt::format("Missing required configuration \"{}\" which has no default value.", key.name);
}

// The ready validators, by type: validate() asks them about null, which they pass over otherwise.
struct InRange {
  int64_t low = 0;
  std::optional<int64_t> high;
  std::optional<std::string> operator()(const Parsed& v) const {
    auto* n = std::get_if<int64_t>(&v);
    if (n && *n < low) return fmt::format("Value must be at least {}", low);
    if (n && high && *n > *high) return fmt::format("Value must be no more than {}", *high);
    return std::nullopt;
  }
};

struct OneOf {
  std::vector<std::string> allowed;
  bool ignore_case = false;
  std::string text() const {
    return fmt::format("String must be one of{}: {}", ignore_case ? " (case insensitive)" : "", fmt::join(allowed, ", "));
  }
  std::optional<std::string> operator()(const Parsed& v) const {
    auto* s = std::get_if<std::string>(&v);
    if (!s) return std::nullopt;
    for (const auto& a : allowed) {
      if (*s == a || (ignore_case && equals_ignore_case(*s, a))) return std::nullopt;
    }
    return text();
  }
};

// What a validator says of the null that stands for a value which is missing or does not parse (ConfigDef.parseForValidate).
std::optional<std::string> about_null(const Validator& validator) {
  if (validator.target<InRange>()) return "Value must be non-null";
  if (const auto* choice = validator.target<OneOf>()) return choice->text();
  return validator(Parsed());
}

bool missing_or_unparsable(const KeySpec& key, const Properties& properties) {
  auto it = properties.find(key.name);
  return it == properties.end() ? key.required : !parse_value(key.type, it->second).ok();
}

}  // namespace

std::string_view to_string(KeyType type) {
  static constexpr std::string_view kNames[] = {"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"};
  return kNames[static_cast<int>(type)];
}
std::string_view to_string(Importance importance) {
  static constexpr std::string_view kNames[] = {"HIGH", "MEDIUM", "LOW"};
  return kNames[static_cast<int>(importance)];
}
std::string_view to_string(Width width) {
  static constexpr std::string_view kNames[] = {"NONE", "SHORT", "MEDIUM", "LONG"};
  return kNames[static_cast<int>(width)];
}

Result<Parsed> parse_value(KeyType type, std::string_view text) {
  std::string_view trimmed = trim(text);
  switch (type) {
    case KeyType::kBoolean:
      if (equals_ignore_case(trimmed, "true")) return Parsed(true);
      if (equals_ignore_case(trimmed, "false")) return Parsed(false);
      return Status::invalid("Expected value to be either true or false");
    case KeyType::kPassword: return Parsed(std::string(trimmed));
    case KeyType::kString:
    case KeyType::kClass: return Parsed(std::string(trimmed));
    case KeyType::kInt: return parse_integer(trimmed, "INT", std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
    case KeyType::kShort: return parse_integer(trimmed, "SHORT", -32768, 32767);
    case KeyType::kLong: return parse_integer(trimmed, "LONG", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    case KeyType::kDouble: return parse_double(trimmed);
    case KeyType::kList: return trimmed.empty() ? Parsed(List{}) : Parsed(split_list(trimmed));
  }
  return Status::invalid("Unknown type");
}

std::optional<std::string> render(const Parsed& value) {
  if (auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (auto* n = std::get_if<int64_t>(&value)) return std::to_string(*n);
  if (auto* d = std::get_if<double>(&value)) {
    std::string text = fmt::format("{}", *d);
    return text.find_first_of(".en") == text.npos ? text + ".0" : text;
  }
  if (auto* s = std::get_if<std::string>(&value)) return *s;
  if (auto* l = std::get_if<List>(&value)) return fmt::format("{}", fmt::join(*l, ","));
  return std::nullopt;
}

KeySpec& ConfigDef::add(KeySpec spec) {
  keys_.push_back(std::move(spec));
  return keys_.back();
}

void ConfigDef::embed(std::string_view prefix, const ConfigDef& other) {
  std::string start(prefix);
  auto inner = [start](const Properties& all) { return with_prefix(all, start); };
  for (KeySpec key : other.keys_) {
    key.name = start + key.name;
    for (auto& dependent : key.dependents) dependent = start + dependent;
    if (key.recommender) key.recommender = [inner, f = key.recommender](const Properties& p) { return f(inner(p)); };
    if (key.visible) key.visible = [inner, f = key.visible](const Properties& p) { return f(inner(p)); };
    keys_.push_back(std::move(key));
  }
  for (const Rule& rule : other.rules_) {
    rules_.push_back([start, inner, rule](const Properties& p, const auto& fail) {
      rule(inner(p), [&](std::string_view key, std::string message) { fail(start + std::string(key), std::move(message)); });
    });
  }
}

const KeySpec* ConfigDef::find(std::string_view name) const {
  for (const KeySpec& key : keys_) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

Result<Parsed> ConfigDef::value_of(const KeySpec& key, const Properties& properties) {
  auto it = properties.find(key.name);
  if (it == properties.end() && key.required) return Status::invalid(missing_text(key));
  std::optional<std::string> raw = it != properties.end() ? std::optional(it->second) : key.default_text;
  Parsed value;
  if (raw) {
    auto parsed = parse_value(key.type, *raw);
    if (!parsed.ok()) return Status::invalid(invalid_text(key, raw, parsed.status().message()));
    value = *std::move(parsed);
  }
  for (const Validator& validator : key.validators) {
    if (auto why = validator(value)) return Status::invalid(invalid_text(key, raw ? in_message(value) : raw, *why));
  }
  return value;
}

std::vector<ConfigValue> ConfigDef::validate(const Properties& properties) const {
  std::vector<ConfigValue> out;
  std::map<std::string, size_t, std::less<>> index;
  for (const KeySpec& key : keys_) {
    ConfigValue value;
    value.name = key.name;
    auto parsed = value_of(key, properties);
    if (parsed.ok()) {
      value.value = render(*parsed);
    } else {
      value.errors.push_back(parsed.status().message());
      if (missing_or_unparsable(key, properties)) {
        for (const Validator& validator : key.validators) {
          if (auto why = about_null(validator)) value.errors.push_back(invalid_text(key, std::nullopt, *why));
        }
      }
      auto it = properties.find(key.name);
      // As in Kafka: a value that does not parse is shown as null, one that only fails its validator is shown.
      if (it != properties.end()) {
        if (auto good = parse_value(key.type, it->second); good.ok()) value.value = render(*good);
      }
    }
    if (key.secret() && value.value) value.value = std::string(kHidden);
    if (key.recommender) value.recommended_values = key.recommender(properties);
    if (key.visible) value.visible = key.visible(properties);
    index[key.name] = out.size();
    out.push_back(std::move(value));
  }
  for (const Rule& rule : rules_) {
    rule(properties, [&](std::string_view key, std::string message) {
      auto it = index.find(key);
      if (it == index.end()) {
        it = index.emplace(std::string(key), out.size()).first;
        ConfigValue extra;
        extra.name = std::string(key);
        if (auto given = properties.find(key); given != properties.end()) extra.value = given->second;
        out.push_back(std::move(extra));
      }
      out[it->second].errors.push_back(std::move(message));
    });
  }
  return out;
}

std::vector<std::string> ConfigDef::unknown_key_warnings(const Properties& properties, const std::vector<std::string>& known) const {
  std::vector<std::string> warnings;
  for (const auto& [name, value] : properties) {
    if (find(name) || std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string_view nearest;
    size_t best = std::max<size_t>(2, name.size() / 4) + 1;
    for (const KeySpec& key : keys_) {
      if (size_t d = distance(name, key.name); d < best) { best = d; nearest = key.name; }
    }
    warnings.push_back(nearest.empty() ? fmt::format("Unknown key '{}' has no effect", name)
                                       : fmt::format("Unknown key '{}' has no effect: did you mean '{}'?", name, nearest));
  }
  return warnings;
}

Status first_problems(const std::vector<ConfigValue>& values) {
  std::string all;
  for (const ConfigValue& value : values) {
    for (const std::string& error : value.errors) all += (all.empty() ? "" : "\n") + error;
  }
  return all.empty() ? Status() : Status::invalid(all).with_java_class("org.apache.kafka.common.config.ConfigException");
}

Validator at_least(int64_t low) { return InRange{low, std::nullopt}; }
Validator between(int64_t low, int64_t high) { return InRange{low, high}; }
Validator at_least_double(double low) {
  return [low](const Parsed& v) -> std::optional<std::string> {
    auto* n = std::get_if<double>(&v);
    if (n && *n < low) return fmt::format("Value must be at least {}", low);
    return std::nullopt;
  };
}
Validator one_of(std::vector<std::string> allowed, bool ignore_case) {
  const bool of_enum = ignore_case && std::all_of(allowed.begin(), allowed.end(), [](const std::string& each) { return each == ascii_upper(each); });
  // CaseInsensitiveValidString keeps an enum's names in a set, and shows them in its order.
  if (of_enum) allowed = java_hash_order(std::move(allowed));
  return OneOf{std::move(allowed), ignore_case};
}
Validator not_empty() {
  return [](const Parsed& v) -> std::optional<std::string> {
    auto* s = std::get_if<std::string>(&v);
    if (s && s->empty()) return "String must be non-empty";
    return std::nullopt;
  };
}

}  // namespace bywash::config
