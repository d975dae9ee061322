// JsonConverter's decoding, with schemas (EnvelopeDecoder) and without (ShapeDecoder): messages of one topic into columns. Both know
// what they saw before and go straight into builders while messages look alike. Decode step of the sink line, the task's thread.
// Level 4.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json/column_reader.h"
#include "formats/json/document.h"
#include "plugin/converter.h"

namespace bywash::formats::json {

using Payloads = std::span<const std::optional<std::string_view>>;

// Plain JSON. One group a call; the shape is the widest seen so far, so the schema pointer settles after the first batches.
class ShapeDecoder {
 public:
  ShapeDecoder();
  // Adds one group (none when every payload is bad) and the errors. `rows` are the payloads' indices for the caller; empty: 0, 1, 2 ...
  Status decode(Payloads payloads, const std::vector<uint32_t>& rows, plugin::Decoded* out);

 private:
  // One pass; false: a payload did not fit and `shape_` is wider now.
  bool pass(Payloads payloads, size_t misses_max);
  void miss(size_t row, std::string_view payload);

  columnar::SchemaPtr shape_;
  std::unique_ptr<ColumnBuilder> builder_;
  ColumnReader reader_;
  std::vector<uint32_t> good_;
  std::vector<plugin::ConvertError> bad_;
  std::vector<bool> known_bad_;
  bool widened_ = false;
  size_t misses_ = 0;
  std::string utf8_;
};

struct EnvelopeOptions {
  bool replace_null_with_default = true;
  size_t schemas_max = 1000;         // schemas.cache.size
  columnar::SchemaPtr fixed_schema;  // schema.content: messages are bare payloads
};

// {"schema": ..., "payload": ...}. The text around the payload of an envelope seen before costs a comparison.
class EnvelopeDecoder {
 public:
  explicit EnvelopeDecoder(EnvelopeOptions options);
  Result<plugin::Decoded> decode(Payloads payloads);

 private:
  struct Target {
    columnar::SchemaPtr schema;
    std::string text;  // the schema object as it was written, for the look-up
    std::unique_ptr<ColumnBuilder> builder;
    std::vector<uint32_t> rows;
  };
  struct Envelope {
    std::string prefix, suffix;
    Target* target = nullptr;  // null: "schema" is null, the payload is schemaless
  };

  bool read_known(uint32_t row, std::string_view message, size_t row_count);
  bool read_in(const Envelope& envelope, uint32_t row, std::string_view message, size_t row_count);
  Status read_carefully(uint32_t row, std::string_view message, size_t row_count);
  Status append(Target& target, const Node& payload, uint32_t row, size_t row_count);
  Result<Target*> target_of(const Node& schema);
  Target* intern(columnar::SchemaPtr schema, std::string text);
  void remember(std::string_view message, const Node& document, Target* target);
  static void start(Target& target, size_t row_count);

  EnvelopeOptions options_;
  ColumnReader reader_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<Envelope> known_;  // the one used last first
  ShapeDecoder schemaless_;
  std::vector<std::optional<std::string_view>> schemaless_payloads_;
  std::vector<uint32_t> schemaless_rows_;
  std::string utf8_;
};

}  // namespace bywash::formats::json
