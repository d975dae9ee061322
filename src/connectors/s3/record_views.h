// Keys and headers of records as columns, for files of their own beside the values (io.confluent.connect.s3.format.RecordViews and
// KeyValueHeaderRecordWriterProvider, kafka-connect-s3 12.1.9). Put step. Level 6, the task's thread.
#pragma once

#include <array>
#include <vector>

#include "columnar/batch.h"

namespace bywash::connectors::s3 {

// What one object holds of its records.
enum class View : uint8_t { kValues, kKeys, kHeaders };
inline constexpr std::array<View, 3> kViews = {View::kValues, View::kKeys, View::kHeaders};
// What stands between the offset and the format's extension in an object's name: "", ".keys", ".headers".
std::string_view view_extension(View view);

// The keys; `enveloped`: as the field "key" of a struct RecordKey. Rows whose key is null are null in it, or have a null field.
columnar::Column keys_of(const columnar::Batch& batch, bool enveloped);

// Per row the list of its headers as structs of the strings key and value, the value as org.apache.kafka.connect.data.Values prints it;
// `enveloped`: as the field "headers" of a struct RecordHeaders.
struct HeaderColumn {
  columnar::Column column;
  std::vector<bool> has_null;  // per row: a header's value is null, which the struct cannot hold; empty: none
};
Result<HeaderColumn> headers_of(const columnar::Batch& batch, bool enveloped);

}  // namespace bywash::connectors::s3
