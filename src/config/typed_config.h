// TypedConfig<C>: a ConfigDef whose keys are bound to members of a struct, each key written once. Level 1.
//
//   TypedConfig<FileConfig> def;
//   def.key("file", &FileConfig::file).required().high().doc("Where to write.");
//   ASSIGN_OR_RETURN(FileConfig config, def.parse(properties));   // reports every problem at once
#pragma once

#include <cmath>
#include <memory>
#include <type_traits>

#include "config/config_def.h"

namespace bywash::config {

template <class T>
struct KeyTypeOf;
template <> struct KeyTypeOf<bool> { static constexpr KeyType kType = KeyType::kBoolean; };
template <> struct KeyTypeOf<int32_t> { static constexpr KeyType kType = KeyType::kInt; };
template <> struct KeyTypeOf<int64_t> { static constexpr KeyType kType = KeyType::kLong; };
template <> struct KeyTypeOf<double> { static constexpr KeyType kType = KeyType::kDouble; };
template <> struct KeyTypeOf<std::string> { static constexpr KeyType kType = KeyType::kString; };
template <> struct KeyTypeOf<List> { static constexpr KeyType kType = KeyType::kList; };
template <> struct KeyTypeOf<Secret> { static constexpr KeyType kType = KeyType::kPassword; };
// An optional member stays empty where the value is Java's null.
template <class T> struct KeyTypeOf<std::optional<T>> : KeyTypeOf<T> {};

template <class T>
void assign(T& member, const Parsed& value) {
  if constexpr (std::is_same_v<T, Secret>) {
    if (auto* s = std::get_if<std::string>(&value)) member = Secret(*s);
  } else if constexpr (std::is_same_v<T, int32_t>) {
    if (auto* n = std::get_if<int64_t>(&value)) member = static_cast<int32_t>(*n);
  } else if constexpr (requires { typename T::value_type; member.has_value(); }) {
    if (std::holds_alternative<std::monostate>(value)) member.reset();
    else assign(member.emplace(), value);
  } else {
    if (auto* v = std::get_if<T>(&value)) member = *v;
  }
}

// Fluent access to the key just declared.
class KeyBuilder {
 public:
  explicit KeyBuilder(ConfigDef& def, std::string_view name) : def_(def), name_(name) {}
  KeyBuilder& required() { spec().required = true; return *this; }
  KeyBuilder& by_default(std::string text) { spec().default_text = std::move(text); return *this; }
  KeyBuilder& high() { spec().importance = Importance::kHigh; return *this; }
  KeyBuilder& low() { spec().importance = Importance::kLow; return *this; }
  KeyBuilder& doc(std::string text) { spec().doc = std::move(text); return *this; }
  KeyBuilder& type(KeyType type) { spec().type = type; return *this; }
  KeyBuilder& display(std::string name) { spec().display_name = std::move(name); return *this; }
  KeyBuilder& width(Width width) { spec().width = width; return *this; }
  KeyBuilder& dependents(std::vector<std::string> keys) { spec().dependents = std::move(keys); return *this; }
  KeyBuilder& internal() { spec().internal = true; return *this; }
  KeyBuilder& group(std::string name, int order) { spec().group = std::move(name); spec().order_in_group = order; return *this; }
  KeyBuilder& recommend(std::function<std::vector<std::string>(const Properties&)> f) { spec().recommender = std::move(f); return *this; }
  KeyBuilder& check(Validator validator, std::string valid_values = "") {
    spec().validators.push_back(std::move(validator));
    if (!valid_values.empty()) spec().valid_values = std::move(valid_values);
    return *this;
  }
  KeyBuilder& at_least(int64_t low) { return check(config::at_least(low), "[" + std::to_string(low) + ",...]"); }
  KeyBuilder& one_of(std::vector<std::string> allowed, bool ignore_case = false) {
    std::string text;
    for (const auto& a : allowed) text += (text.empty() ? "[" : ", ") + a;
    return check(config::one_of(std::move(allowed), ignore_case), text + "]");
  }

 private:
  KeySpec& spec() { return const_cast<KeySpec&>(*def_.find(name_)); }
  ConfigDef& def_;
  std::string name_;
};

template <class C>
class TypedConfig {
 public:
  template <class T>
  KeyBuilder key(std::string name, T C::*member) {
    KeySpec spec;
    spec.name = name;
    spec.type = KeyTypeOf<T>::kType;
    def_.add(std::move(spec));
    binders_.push_back([member](const Parsed& value, C& out) { assign(out.*member, value); });
    return KeyBuilder(def_, name);
  }
  // A rule over the parsed struct; its message is reported on `key`. Runs only when every key parses.
  void check(std::string key, std::function<std::optional<std::string>(const C&)> rule) {
    // What binds, not the definition: a rule that held the rules before it would double the definition with each one.
    auto bindings = std::make_shared<const Bindings>(bindings_of());
    def_.add_rule([bindings, key, rule](const Properties& p, const auto& fail) {
      C parsed{};
      if (!bind(*bindings, p, &parsed).ok()) return;
      if (auto message = rule(parsed)) fail(key, *message);
    });
  }
  const ConfigDef& def() const { return def_; }
  ConfigDef& def() { return def_; }

  // The struct, or every problem in one status.
  Result<C> parse(const Properties& properties) const {
    RETURN_IF_ERROR(first_problems(def_.validate(properties)));
    C out{};
    RETURN_IF_ERROR(bind(bindings_of(), properties, &out));
    return out;
  }

 private:
  using Binder = std::function<void(const Parsed&, C&)>;
  using Bindings = std::vector<std::pair<KeySpec, Binder>>;

  Bindings bindings_of() const {
    Bindings out;
    for (size_t i = 0; i < binders_.size(); ++i) out.emplace_back(def_.keys()[i], binders_[i]);
    return out;
  }
  static Status bind(const Bindings& bindings, const Properties& properties, C* out) {
    for (const auto& [key, binder] : bindings) {
      ASSIGN_OR_RETURN(Parsed value, ConfigDef::value_of(key, properties));
      binder(value, *out);
    }
    return {};
  }
  ConfigDef def_;
  std::vector<Binder> binders_;
};

}  // namespace bywash::config
