// Any bytes as a message of a type with every kind of field, and as a schema.
#include <cstdint>

#include "formats/converter_fuzz.h"
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
  const std::string framed = std::string("\0\0\0\0\1\0", 6) + std::string(bytes);
  formats::check_any_messages(converter, {framed, std::string_view(framed).substr(0, 6), std::nullopt, framed, bytes}, false);
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
