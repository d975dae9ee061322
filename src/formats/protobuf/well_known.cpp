// Files that every Protobuf schema may import without bringing them: those of libprotobuf, the common types of Google's APIs
// (google/type/*.proto, public definitions) and Confluent's meta and decimal. Decode and encode steps. Level 4.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/api.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/source_context.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/type.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/check.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

namespace pb = google::protobuf;

namespace {

struct WellKnownText {
  const char* name;
  const char* package;
  const char* imports;
  const char* body;
};

constexpr WellKnownText kWellKnown[] = {
    {"confluent/meta.proto", "confluent", "",
     "message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }"},
    {"confluent/type/decimal.proto", "confluent.type", "",
     "message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }"},
    {"google/type/calendar_period.proto", "google.type", "",
     "enum CalendarPeriod { CALENDAR_PERIOD_UNSPECIFIED = 0; DAY = 1; WEEK = 2; FORTNIGHT = 3; MONTH = 4; QUARTER = 5; HALF = 6; YEAR = 7; }"},
    {"google/type/color.proto", "google.type", "import \"google/protobuf/wrappers.proto\";",
     "message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }"},
    {"google/type/date.proto", "google.type", "", "message Date { int32 year = 1; int32 month = 2; int32 day = 3; }"},
    {"google/type/datetime.proto", "google.type", "import \"google/protobuf/duration.proto\";",
     "message DateTime { int32 year = 1; int32 month = 2; int32 day = 3; int32 hours = 4; int32 minutes = 5; int32 seconds = 6; "
     "int32 nanos = 7; oneof time_offset { google.protobuf.Duration utc_offset = 8; TimeZone time_zone = 9; } } "
     "message TimeZone { string id = 1; string version = 2; }"},
    {"google/type/dayofweek.proto", "google.type", "",
     "enum DayOfWeek { DAY_OF_WEEK_UNSPECIFIED = 0; MONDAY = 1; TUESDAY = 2; WEDNESDAY = 3; THURSDAY = 4; FRIDAY = 5; SATURDAY = 6; SUNDAY = 7; }"},
    {"google/type/decimal.proto", "google.type", "", "message Decimal { string value = 1; }"},
    {"google/type/expr.proto", "google.type", "",
     "message Expr { string expression = 1; string title = 2; string description = 3; string location = 4; }"},
    {"google/type/fraction.proto", "google.type", "", "message Fraction { int64 numerator = 1; int64 denominator = 2; }"},
    {"google/type/interval.proto", "google.type", "import \"google/protobuf/timestamp.proto\";",
     "message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }"},
    {"google/type/latlng.proto", "google.type", "", "message LatLng { double latitude = 1; double longitude = 2; }"},
    {"google/type/money.proto", "google.type", "", "message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }"},
    {"google/type/month.proto", "google.type", "",
     "enum Month { MONTH_UNSPECIFIED = 0; JANUARY = 1; FEBRUARY = 2; MARCH = 3; APRIL = 4; MAY = 5; JUNE = 6; JULY = 7; AUGUST = 8; "
     "SEPTEMBER = 9; OCTOBER = 10; NOVEMBER = 11; DECEMBER = 12; }"},
    {"google/type/phone_number.proto", "google.type", "",
     "message PhoneNumber { message ShortCode { string region_code = 1; string number = 2; } "
     "oneof kind { string e164_number = 1; ShortCode short_code = 2; } string extension = 3; }"},
    {"google/type/postal_address.proto", "google.type", "",
     "message PostalAddress { int32 revision = 1; string region_code = 2; string language_code = 3; string postal_code = 4; "
     "string sorting_code = 5; string administrative_area = 6; string locality = 7; string sublocality = 8; "
     "repeated string address_lines = 9; repeated string recipients = 10; string organization = 11; }"},
    {"google/type/quaternion.proto", "google.type", "", "message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }"},
    {"google/type/timeofday.proto", "google.type", "",
     "message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }"},
};

const pb::FileDescriptor* built_in_file(const std::string& name) {
  for (const pb::FileDescriptor* file :
       {pb::Any::descriptor()->file(), pb::Api::descriptor()->file(), pb::FileDescriptorProto::descriptor()->file(),
        pb::Duration::descriptor()->file(), pb::Empty::descriptor()->file(), pb::FieldMask::descriptor()->file(),
        pb::SourceContext::descriptor()->file(), pb::Struct::descriptor()->file(), pb::Timestamp::descriptor()->file(),
        pb::Type::descriptor()->file(), pb::StringValue::descriptor()->file()}) {
    if (file->name() == name) return file;
  }
  return nullptr;
}

}  // namespace

bool well_known_file(const std::string& name, pb::FileDescriptorProto* out) {
  if (const pb::FileDescriptor* file = built_in_file(name)) {
    file->CopyTo(out);
    return true;
  }
  for (const WellKnownText& known : kWellKnown) {
    if (name != known.name) continue;
    CHECK(parse_proto_text(fmt::format("syntax = \"proto3\"; package {}; {} {}", known.package, known.imports, known.body), out).ok());
    return true;
  }
  return false;
}

}  // namespace bywash::formats::protobuf
