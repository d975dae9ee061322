// Avro schemas (specification 1.11) as trees: parsing of schema text, and text in the order of properties that Avro for Java writes.
// Immutable once made. Level 4, every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace bywash::formats::avro {

enum class AvroKind : uint8_t { kNull, kBoolean, kInt, kLong, kFloat, kDouble, kBytes, kString, kRecord, kEnum, kArray, kMap, kUnion, kFixed };
std::string_view to_string(AvroKind kind);  // "int", "record", ...

struct AvroNode;

struct AvroField {
  std::string name;
  const AvroNode* type = nullptr;
  std::optional<std::string> doc;
  std::optional<std::string> default_json;  // JSON text
  std::vector<std::string> aliases;
};

// One schema. Named ones (record, enum, fixed) may be pointed at from several places, records from inside themselves.
struct AvroNode {
  AvroKind kind = AvroKind::kNull;
  std::string name;        // simple name of a named type
  std::string name_space;  // empty: none
  std::optional<std::string> doc;
  std::vector<std::string> aliases;  // full names
  std::vector<AvroField> fields;
  std::vector<std::string> symbols;
  std::optional<std::string> enum_default;
  std::vector<const AvroNode*> branches;  // kUnion; kArray and kMap: [0] is the items' or values' schema
  int64_t size = 0;                       // kFixed
  std::vector<std::pair<std::string, std::string>> props;  // other attributes in order, values as JSON text

  bool named() const { return kind == AvroKind::kRecord || kind == AvroKind::kEnum || kind == AvroKind::kFixed; }
  // Full name of a named type, else the kind's.
  std::string full_name() const;
  // JSON text of a property; null when there is none.
  const std::string* prop(std::string_view key) const;
  // The property where it is a JSON string.
  std::optional<std::string> string_prop(std::string_view key) const;
  // The property where it is a JSON integer.
  std::optional<int64_t> integer_prop(std::string_view key) const;
};

// Owns the nodes of one schema.
class AvroSchema {
 public:
  AvroNode* add(AvroKind kind);
  const AvroNode& root() const { return *root_; }
  void set_root(const AvroNode* root) { root_ = root; }

  // `references` are the texts of schemas whose named types the text may use, those referred to first.
  // Error: kData, saying what is wrong at which place ("field 'a' of record 'com.acme.R' has no type").
  static Result<std::shared_ptr<const AvroSchema>> parse(std::string_view text, const std::vector<std::string_view>& references = {});

 private:
  std::deque<AvroNode> nodes_;
  const AvroNode* root_ = nullptr;
};

// Text as org.apache.avro.Schema.toString() 1.11. Error: kData of class org.apache.avro.SchemaParseException when one name has two
// definitions ("Can't redefine: com.acme.A").
Result<std::string> schema_text(const AvroNode& schema);

// Ok when Avro for Java accepts the name (org.apache.avro.Schema.validateName); else SchemaParseException.
Status check_name(std::string_view name);

// Deep equality, names and properties included; recursive schemas too.
bool same_schema(const AvroNode& a, const AvroNode& b);

// Ok when data written with `writer` can be read with `reader` (org.apache.avro.SchemaCompatibility); else what does not fit, and where.
Status can_read(const AvroNode& reader, const AvroNode& writer);

// True when the JSON text is a default for the schema (org.apache.avro.Schema.isValidDefault).
bool is_valid_default(const AvroNode& schema, std::string_view json_text);

}  // namespace bywash::formats::avro
