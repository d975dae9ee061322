// JSON documents of configurations: parsed with a position in the error, comments tolerated (the examples in the wild carry
// "// Example schema" lines), and the keys that nobody knows reported as Pinot's unrecognizedProperties. Level 5, REST threads.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::analytics {

using Json = nlohmann::ordered_json;

// Parses one JSON document; // and /* */ comments are skipped. An error names line and column.
Result<Json> parse_json(std::string_view text);

// Which keys a document may have, written as: `name` (any value), `name{...}` (an object with these keys),
// `name[...]` (a list of such objects), `name<...>` (a map from any key to such objects), separated by spaces.
class KeyShape {
 public:
  explicit KeyShape(std::string_view grammar);
  ~KeyShape();
  KeyShape(const KeyShape&) = delete;
  KeyShape& operator=(const KeyShape&) = delete;

  // Removes the unknown keys from `document` and answers them flattened, {"/a/b": value}, as Pinot's
  // JsonUtils.stringToObjectAndUnrecognizedProperties (1.5.1) reports them.
  Json take_unrecognized(Json& document) const;

 private:
  struct Node;
  friend struct ShapeWalk;
  Node* root_;
};

// `value` as text the way Jackson coerces scalars into a Java String: numbers and booleans become their text.
std::string text_of(const Json& value);
// The member `key` of an object as text; `otherwise` when it is absent or null.
std::string text_at(const Json& object, std::string_view key, std::string otherwise = {});
// The member `key` as a boolean (also the strings "true"/"false"); `otherwise` when absent or null.
bool flag_at(const Json& object, std::string_view key, bool otherwise);

}  // namespace bywash::analytics
