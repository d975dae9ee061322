// Node: a JSON value as a tree, for schemas and for every record that the straight path does not take. Jackson's JsonNode. Level 4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/json/number.h"

namespace bywash::formats::json {

struct Node {
  struct Member;
  enum class Kind : uint8_t { kMissing, kNull, kBoolean, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kMissing;
  bool boolean = false;
  Number number;  // points into the parsed text
  std::string text;
  std::vector<Node> items;
  std::vector<Member> members;  // a repeated key has its last value, at its first place
  // Where the value stands in the parsed text.
  const char* begin = nullptr;
  const char* end = nullptr;

  bool is(Kind k) const { return kind == k; }
  const Node* find(std::string_view name) const;
};

struct Node::Member {
  Member(std::string name, Node node) : first(std::move(name)), second(std::move(node)) {}
  std::string first;
  Node second;
};

// "OBJECT", "NUMBER", ...: com.fasterxml.jackson.databind.node.JsonNodeType.
std::string_view node_type(const Node& node);

// The first JSON value of `text`; what follows it is ignored, except directly behind a number. A byte order mark is skipped.
// Nothing but white space gives kMissing. Errors say what is wrong and at which byte, without quoting the text (kData).
Result<Node> parse_document(std::string_view text);

// `text` as UTF-8: UTF-16 and UTF-32 are told by their byte order mark or their zero bytes, as in Jackson's
// ByteSourceJsonBootstrapper. The result views `text` or `*scratch`.
std::string_view to_utf8(std::string_view text, std::string* scratch);

}  // namespace bywash::formats::json
