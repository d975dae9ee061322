// JsonSchema: a JSON Schema document as the tree that everit-org's json-schema 1.14 makes of it, which is what Confluent's converter
// sees: keywords beside `type` become parts of an allOf, `type` lists an anyOf, $ref a node that points elsewhere. Immutable. Level 4.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/json/document.h"

namespace bywash::formats::json_schema {

struct SchemaNode {
  enum class Kind : uint8_t { kEmpty, kBoolean, kNumber, kString, kConst, kEnum, kCombined, kArray, kObject, kReference, kNull, kOther };
  enum class Criterion : uint8_t { kOneOf, kAnyOf, kAllOf };
  Kind kind = Kind::kEmpty;
  const json::Node* source = nullptr;  // the object with title, description, default and connect.*; null: none of them belong to this node
  bool requires_integer = false;
  bool has_format = false;
  Criterion criterion = Criterion::kAllOf;
  std::vector<const SchemaNode*> subschemas;                             // kCombined
  std::vector<const json::Node*> values;                                 // kEnum, kConst
  const SchemaNode* items = nullptr;                                     // kArray: one schema for all items, or null
  std::vector<std::pair<std::string, const SchemaNode*>> properties;     // kObject, in the order of a java.util.HashMap
  std::vector<std::string> required;                                     // kObject
  const SchemaNode* additional = nullptr;                                // kObject: schema of additional properties
  bool permits_additional = true;
  const SchemaNode* referred = nullptr;                                  // kReference

  // The member of `source`, or null.
  const json::Node* keyword(std::string_view name) const { return source ? source->find(name) : nullptr; }
  bool requires_property(const std::string& name) const;
};

// A document by the name that others refer to it by.
struct NamedDocument {
  std::string name;
  std::string text;
};

class JsonSchema {
 public:
  // Errors are kData: no JSON, a reference that leads nowhere, more than 20,000 schemas.
  static Result<std::shared_ptr<const JsonSchema>> parse(const std::string& text, const std::vector<NamedDocument>& references);
  const SchemaNode& root() const { return *root_; }
  const json::Node& document() const { return documents_[0].root; }

 private:
  class Loader;
  struct Document {
    std::string name, text;
    json::Node root;
  };
  std::deque<Document> documents_;
  std::deque<SchemaNode> nodes_;
  const SchemaNode* root_ = nullptr;
};

// Ok when data of `writer` can be read with `reader`, by the main rules of Confluent's SchemaDiff 7.7: types, required properties, closed
// objects, enums. Else kData with the path of the first difference.
Status check_readable(const SchemaNode& reader, const SchemaNode& writer);

}  // namespace bywash::formats::json_schema
