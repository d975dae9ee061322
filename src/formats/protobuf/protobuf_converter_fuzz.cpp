// Any bytes as a message of a type with every kind of field, and any bytes as a schema: no crash, every payload in exactly one group or
// among the errors, columns whole, and what was read can be written.
#include <arrow/array.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/protobuf/proto_schema.h"
#include "formats/protobuf/protobuf_converter.h"
#include "formats/schema_registry/mock_registry.h"

namespace {

using namespace bywash;

const char kSchema[] =
    "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; import \"google/type/date.proto\"; import \"google/type/timeofday.proto\"; "
    "import \"confluent/type/decimal.proto\"; import \"google/protobuf/wrappers.proto\"; "
    "message M { int32 a = 1; string b = 2; repeated sint64 c = 3; map<string, M2> d = 4; oneof o { string e = 5; M2 f = 6; fixed32 g = 7; } "
    "google.protobuf.Timestamp h = 8; google.type.Date i = 9; google.type.TimeOfDay j = 10; confluent.type.Decimal k = 11; "
    "google.protobuf.Int32Value l = 12; repeated M2 m = 13; E n = 14; optional double p = 15; repeated bytes q = 2000; map<int32, bool> r = 16; "
    "message M2 { repeated M3 x = 1; bool y = 2; message M3 { float z = 1; repeated E w = 2; } } enum E { A = 0; B = 1; } }";

std::unique_ptr<plugin::Converter> converter(const plugin::Properties& more) {
  formats::schema_registry::MockRegistry::named("fuzz")->put({"t-value", 1, 1, {formats::schema_registry::SchemaKind::kProtobuf, kSchema, {}}});
  plugin::Properties all = more;
  all["schema.registry.url"] = "mock://fuzz";
  return *formats::protobuf_converter().make(all, false);
}

void check(plugin::Converter& converter, std::string_view bytes) {
  std::string framed = std::string("\0\0\0\0\1\0", 6) + std::string(bytes);
  std::vector<std::optional<std::string_view>> payloads = {framed, std::string_view(framed).substr(0, 6), std::nullopt, framed, bytes};
  auto out = converter.decode("t", payloads);
  if (!out.ok()) std::abort();
  std::vector<int> seen(payloads.size());
  for (const auto& error : out->errors) ++seen.at(error.row);
  for (const auto& group : out->groups) {
    if (!group.column.data->ValidateFull().ok()) std::abort();
    for (int64_t i = 0; i < group.column.row_count(); ++i) ++seen.at(group.rows.empty() ? static_cast<size_t>(i) : group.rows.at(static_cast<size_t>(i)));
    std::vector<std::optional<std::string>> written;
    std::vector<plugin::ConvertError> errors;
    if (!group.column.schema->schemaless() && !converter.encode("out", group.column, &written, &errors).ok()) std::abort();
  }
  for (int n : seen) {
    if (n != 1) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto plain = converter({});
  static auto other = converter({{"generate.struct.for.nulls", "true"}, {"wrapper.for.nullables", "true"}, {"flatten.unions", "true"}, {"int.for.enums", "true"}});
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(*plain, bytes);
  check(*other, bytes);
  if (size < 2000) (void)formats::protobuf::ProtoSchema::parse(bytes, {}).ok();
  return 0;
}
