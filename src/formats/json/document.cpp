// The careful parser. Decode step of the sink line, the task's thread. Level 4.
#include "formats/json/document.h"

#include <unordered_map>

namespace bywash::formats::json {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : start_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

  Result<Node> parse() {
    if (end_ - p_ >= 3 && std::memcmp(p_, "\xEF\xBB\xBF", 3) == 0) p_ += 3;
    skip_space(p_, end_);
    if (p_ == end_) return Node();
    Node out;
    if (!value(&out, 0)) return Status::data(fmt::format("{} (at byte {})", problem_, p_ - start_));
    if (out.is(Node::Kind::kNumber) && p_ < end_ && !(*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) {
      return Status::data(fmt::format("expected space separating root-level values (at byte {})", p_ - start_));
    }
    return out;
  }

 private:
  bool bad(const char* problem) {
    problem_ = p_ >= end_ ? "unexpected end of input" : problem;
    return false;
  }

  bool value(Node* out, int depth) {
    skip_space(p_, end_);
    if (p_ == end_) return bad("unexpected end of input");
    out->begin = p_;
    bool ok = value_at(out, depth);
    out->end = p_;
    return ok;
  }

  bool value_at(Node* out, int depth) {
    switch (*p_) {
      case '{':
      case '[':
        if (depth >= kMaxDepth) return bad("nesting depth exceeds the maximum allowed (1000)");
        return *p_++ == '{' ? object(out, depth + 1) : array(out, depth + 1);
      case '"':
        out->kind = Node::Kind::kString;
        return string(&out->text);
      case 't':
      case 'f':
        out->kind = Node::Kind::kBoolean;
        out->boolean = *p_ == 't';
        return scan_word(p_, end_, out->boolean ? "true" : "false") || bad("unrecognized token, expected a JSON value");
      case 'n':
        out->kind = Node::Kind::kNull;
        return scan_word(p_, end_, "null") || bad("unrecognized token, expected a JSON value");
      default:
        out->kind = Node::Kind::kNumber;
        if (*p_ != '-' && !is_digit(*p_)) return bad("unexpected character, expected a JSON value");
        return scan_number(p_, end_, &out->number) || bad("malformed number, or one of more than 1000 digits");
    }
  }

  bool string(std::string* out) {
    ++p_;
    std::string_view plain;
    if (scan_plain_string(p_, end_, &plain)) {
      out->assign(plain);
      return true;
    }
    return scan_string(p_, end_, out) || bad("malformed string: a bad escape, a control character or bytes that are not UTF-8");
  }

  bool array(Node* out, int depth) {
    out->kind = Node::Kind::kArray;
    skip_space(p_, end_);
    if (p_ < end_ && *p_ == ']') return ++p_, true;
    while (true) {
      if (!value(&out->items.emplace_back(), depth)) return false;
      skip_space(p_, end_);
      if (p_ == end_ || (*p_ != ',' && *p_ != ']')) return bad("expected ',' or ']'");
      if (*p_++ == ']') return true;
    }
  }

  bool object(Node* out, int depth) {
    out->kind = Node::Kind::kObject;
    std::unordered_map<std::string, size_t> index;
    skip_space(p_, end_);
    if (p_ < end_ && *p_ == '}') return ++p_, true;
    while (true) {
      skip_space(p_, end_);
      if (p_ == end_ || *p_ != '"') return bad("expected a field name in double quotes");
      std::string name;
      if (!string(&name)) return false;
      skip_space(p_, end_);
      if (p_ == end_ || *p_ != ':') return bad("expected ':' after a field name");
      ++p_;
      if (!value(slot(out, std::move(name), &index), depth)) return false;
      skip_space(p_, end_);
      if (p_ == end_ || (*p_ != ',' && *p_ != '}')) return bad("expected ',' or '}'");
      if (*p_++ == '}') return true;
    }
  }

  // Where the value of `name` goes; an index helps once there are many.
  static Node* slot(Node* out, std::string name, std::unordered_map<std::string, size_t>* index) {
    constexpr size_t kFew = 16;
    auto& members = out->members;
    if (members.size() < kFew) {
      for (auto& [key, node] : members) {
        if (key == name) return &(node = Node());
      }
    } else {
      if (index->empty()) {
        for (size_t i = 0; i < members.size(); ++i) index->emplace(members[i].first, i);
      }
      auto [it, fresh] = index->emplace(name, members.size());
      if (!fresh) return &(members[it->second].second = Node());
    }
    members.emplace_back(std::move(name), Node());
    return &members.back().second;
  }

  const char* start_;
  const char* p_;
  const char* end_;
  const char* problem_ = "malformed";
};

uint32_t unit_at(std::string_view text, size_t i, int width, bool big) {
  uint32_t v = 0;
  for (int k = 0; k < width; ++k) {
    auto b = static_cast<unsigned char>(text[i + static_cast<size_t>(big ? k : width - 1 - k)]);
    v = v << 8 | b;
  }
  return v;
}

void transcode(std::string_view text, int width, bool big, std::string* out) {
  auto step = static_cast<size_t>(width);
  for (size_t i = 0; i + step <= text.size(); i += step) {
    uint32_t c = unit_at(text, i, width, big);
    if (width == 2 && c >= 0xD800 && c < 0xDC00 && i + 4 <= text.size()) {
      uint32_t low = unit_at(text, i + 2, width, big);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    append_code_point(c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? '?' : c, out);
  }
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const auto& [key, node] : members) {
    if (key == name) return &node;
  }
  return nullptr;
}

std::string_view node_type(const Node& node) {
  static constexpr std::string_view kNames[] = {"MISSING", "NULL", "BOOLEAN", "NUMBER", "STRING", "ARRAY", "OBJECT"};
  return kNames[static_cast<size_t>(node.kind)];
}

Result<Node> parse_document(std::string_view text) { return Parser(text).parse(); }

std::string_view to_utf8(std::string_view text, std::string* scratch) {
  if (text.size() < 2) return text;
  auto b = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0xAAu; };
  // JSON text starts with an ASCII character, so zeros among the first bytes give the width away; so does a byte order mark.
  int width = 0;
  bool big = false;
  size_t mark = 0;
  if (b(0) == 0 && b(1) == 0 && b(2) == 0xFE && b(3) == 0xFF) width = 4, big = true, mark = 4;
  else if (b(0) == 0xFF && b(1) == 0xFE && b(2) == 0 && b(3) == 0) width = 4, mark = 4;
  else if (b(0) == 0xFE && b(1) == 0xFF) width = 2, big = true, mark = 2;
  else if (b(0) == 0xFF && b(1) == 0xFE) width = 2, mark = 2;
  else if (b(0) == 0 && b(1) == 0 && b(2) == 0) width = 4, big = true;
  else if (b(1) == 0 && b(2) == 0 && b(3) == 0) width = 4;
  else if (b(0) == 0 && b(1) != 0) width = 2, big = true;
  else if (b(0) != 0 && b(1) == 0) width = 2;
  if (width == 0) return text;
  scratch->clear();
  transcode(text.substr(mark), width, big, scratch);
  return *scratch;
}

}  // namespace bywash::formats::json
