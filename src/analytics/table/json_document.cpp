// See json_document.h.
#include "analytics/table/json_document.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/check.h"

namespace bywash::analytics {

struct KeyShape::Node {
  enum class Kind { kAny, kObject, kList, kMap };
  Kind kind = Kind::kAny;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> keys;
};

namespace {

std::string place_of(std::string_view text, size_t byte) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return fmt::format("line: {}, column: {}", line, column);
}

std::string escaped(std::string token) {
  std::string out;
  for (char c : token) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

void flatten(const Json& value, const std::string& path, Json& out) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) flatten(member, path + "/" + escaped(key), out);
  } else if (value.is_array() && !value.empty()) {
    for (size_t i = 0; i < value.size(); ++i) flatten(value[i], path + "/" + std::to_string(i), out);
  } else {
    out[path] = value;
  }
}

}  // namespace

// Reads the grammar into nodes and walks documents along them.
struct ShapeWalk {
  using Node = KeyShape::Node;
  using Kind = Node::Kind;

  static void read_keys(std::string_view& rest, Node& node) {
    for (;;) {
      while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n')) rest.remove_prefix(1);
      if (rest.empty() || rest.front() == '}' || rest.front() == ']' || rest.front() == '>') return;
      size_t end = rest.find_first_of(" \n{[<}]>");
      if (end == std::string_view::npos) end = rest.size();
      auto child = std::make_unique<Node>();
      std::string name(rest.substr(0, end));
      rest.remove_prefix(end);
      if (!rest.empty() && (rest.front() == '{' || rest.front() == '[' || rest.front() == '<')) {
        child->kind = rest.front() == '{' ? Kind::kObject : rest.front() == '[' ? Kind::kList : Kind::kMap;
        rest.remove_prefix(1);
        read_keys(rest, *child);
        CHECK(!rest.empty());
        rest.remove_prefix(1);
      }
      node.keys.emplace(std::move(name), std::move(child));
    }
  }

  static void take(const Node& node, Json& value, const std::string& path, Json& unknown) {
    if (node.kind == Kind::kList && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) take_object(node, value[i], path + "/" + std::to_string(i), unknown);
    } else if (node.kind == Kind::kMap && value.is_object()) {
      for (auto& [key, member] : value.items()) take_object(node, member, path + "/" + escaped(key), unknown);
    } else if (node.kind == Kind::kObject) {
      take_object(node, value, path, unknown);
    }
  }

  static void take_object(const Node& node, Json& value, const std::string& path, Json& unknown) {
    if (!value.is_object()) return;
    Json known = Json::object();
    for (auto& [key, member] : value.items()) {
      auto found = node.keys.find(key);
      if (found == node.keys.end()) {
        flatten(member, path + "/" + escaped(key), unknown);
      } else {
        take(*found->second, member, path + "/" + escaped(key), unknown);
        known[key] = std::move(member);
      }
    }
    value = std::move(known);
  }
};

KeyShape::KeyShape(std::string_view grammar) : root_(new Node) {
  root_->kind = Node::Kind::kObject;
  ShapeWalk::read_keys(grammar, *root_);
  CHECK(grammar.empty());
}

KeyShape::~KeyShape() { delete root_; }

Json KeyShape::take_unrecognized(Json& document) const {
  Json unknown = Json::object();
  ShapeWalk::take_object(*root_, document, "", unknown);
  return unknown;
}

Result<Json> parse_json(std::string_view text) {
  try {
    return Json::parse(text, nullptr, true, true);
  } catch (const nlohmann::json::parse_error& error) {
    size_t at = error.byte;
    std::string what = at == 0 || at > text.size() ? std::string("Unexpected end-of-input")
                                                   : fmt::format("Unexpected character ('{}' (code {}))", text[at - 1],
                                                                 static_cast<int>(static_cast<unsigned char>(text[at - 1])));
    return Status::invalid(fmt::format("{}: the text is not valid JSON\n at [{}]", what, place_of(text, at)));
  } catch (const nlohmann::json::exception& error) {
    return Status::invalid(fmt::format("The text is not valid JSON: {}", error.what()));
  }
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_at(const Json& object, std::string_view key, std::string otherwise) {
  if (!object.is_object()) return otherwise;
  auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? otherwise : text_of(*found);
}

bool flag_at(const Json& object, std::string_view key, bool otherwise) {
  std::string text = text_at(object, key);
  if (text == "true" || text == "TRUE" || text == "True") return true;
  if (text == "false" || text == "FALSE" || text == "False") return false;
  return otherwise;
}

}  // namespace bywash::analytics
