// Converters: message bytes ↔ columns. The decode step of the sink line and the encode step of the source line. Level 3.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "plugin/plugin.h"

namespace bywash::plugin {

// Records of one schema, out of one decode call.
struct DecodedGroup {
  columnar::Column column;
  std::vector<uint32_t> rows;  // ascending indices into the payloads; empty means: all of them, in order
};

// A payload that could not be converted.
struct ConvertError {
  uint32_t row = 0;
  Status status;
};

struct Decoded {
  // Every payload is in exactly one group or in errors. A null payload has (usually) the group of schemaless kNull.
  std::vector<DecodedGroup> groups;
  std::vector<ConvertError> errors;
};

// Thread: one instance per task and use (key or value); calls come from the task's thread only.
class Converter {
 public:
  virtual ~Converter() = default;
  // Converts payloads of one topic (nullopt: a null). The result's columns own their memory. A status that is not ok concerns
  // all of them (a registry that is down: kRetriable); bad payloads go into Decoded::errors as kData with field path, never content.
  virtual Result<Decoded> decode(const std::string& topic, std::span<const std::optional<std::string_view>> payloads) = 0;
  // Converts every row; out[i] is row i's bytes or nullopt for a null. Rows in `errors` have nullopt.
  virtual Status encode(const std::string& topic, const columnar::Column& column, std::vector<std::optional<std::string>>* out,
                        std::vector<ConvertError>* errors) = 0;
};

struct ConverterPlugin {
  PluginInfo info;
  ConfigDef def;
  // `is_key`: it serves as key converter.
  std::function<Result<std::unique_ptr<Converter>>(const Properties&, bool is_key)> make;
};

// Header converters work per header: headers are few and small.
class HeaderConverter {
 public:
  virtual ~HeaderConverter() = default;
  virtual Result<columnar::Header> decode(const std::string& topic, const std::string& key, std::optional<std::string_view> bytes) = 0;
  virtual Result<std::optional<std::string>> encode(const std::string& topic, const columnar::Header& header) = 0;
};

struct HeaderConverterPlugin {
  PluginInfo info;
  ConfigDef def;
  std::function<Result<std::unique_ptr<HeaderConverter>>(const Properties&)> make;
};

}  // namespace bywash::plugin
