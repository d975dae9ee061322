#include "analytics/table/record_metadata.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analytics/table/json_document.h"
#include "base/encoding.h"

namespace bywash::analytics {
namespace {

constexpr std::string_view kKey = "__key", kHeader = "__header$", kMetadata = "__metadata$", kSpaces = " \t\r\n";

}  // namespace

RecordMetadata::RecordMetadata(const TableSchema& schema, const IngestionRules& rules, bool populate) : populate_(populate) {
  auto look = [&](std::string_view text) {
    for (std::string_view name : {kKey, kHeader, kMetadata}) wanted_ = wanted_ || text.find(name) != std::string_view::npos;
  };
  for (const FieldSpec& field : schema.fields) look(field.name);
  for (const auto& [column, function] : rules.transforms) look(function);
  look(rules.filter);
}

std::string RecordMetadata::add_to(std::string_view json, const columnar::RawBatch& batch, size_t index) const {
  const size_t end = json.find_last_not_of(kSpaces);
  if (end == std::string_view::npos || end == 0 || json[end] != '}') return std::string(json);
  const columnar::RawRecord& record = batch.records()[index];
  Json members = Json::object();
  if (record.key) members[std::string(kKey)] = std::string(*record.key);
  members[fmt::format("{}recordSerializedValueSize", kMetadata)] = record.value ? record.value->size() : 0;
  if (populate_) {
    for (const auto& [name, value] : batch.headers(index)) {
      if (value) members[fmt::format("{}{}", kHeader, name)] = hex(*value);
    }
    members[fmt::format("{}offset", kMetadata)] = std::to_string(record.offset);
    members[fmt::format("{}partition", kMetadata)] = std::to_string(batch.origin().partition.value);
    members[fmt::format("{}recordTimestamp", kMetadata)] = std::to_string(record.timestamp_ms);
  }
  const bool has_members = json[json.find_last_not_of(kSpaces, end - 1)] != '{';
  std::string out(json.substr(0, end));
  if (has_members) out += ',';
  // Bytes of a key that are no UTF-8 become U+FFFD, as in a Java String.
  return out.append(members.dump(-1, ' ', false, Json::error_handler_t::replace), 1);
}

}  // namespace bywash::analytics
