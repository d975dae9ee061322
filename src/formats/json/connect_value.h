// JSON trees to Connect schemas and values: org.apache.kafka.connect.json.JsonConverter 4.3.1 (asConnectSchema, convertToConnect)
// with all its coercions. The slow, exact way; column_reader.h is the fast one. Decode step of the sink line. Level 4.
#pragma once

#include "base/status.h"
#include "columnar/value.h"
#include "formats/json/document.h"

namespace bywash::formats::json {

// A kData status of class org.apache.kafka.connect.errors.DataException.
Status data_exception(std::string message);
// The same error, its message ended by " (field '<name>')"; where it ends so already, `name` is put before: " (field '<name>.<inner>')".
Status in_field(const Status& status, std::string_view name);

// "Converting byte[] to Kafka Connect data failed due to serialization error: " and the reason.
Status serialization_error(const Status& reason);

// The schema that JsonConverter's schema object describes; null for JSON null.
Result<columnar::SchemaPtr> schema_from_json(const Node& node, bool replace_null_with_default);

// `node` (null: the field is not there) as a value of `schema` (null: schemaless).
Result<columnar::Value> to_connect(const columnar::SchemaPtr& schema, const Node* node, bool replace_null_with_default);

// Base64 as Jackson's MIME_NO_LINEFEEDS variant reads it: white space skipped, padding required.
bool decode_base64(std::string_view text, std::string* out);

// The scale of a Decimal schema as Decimal.scale() has it: an int in the parameter "scale".
bool decimal_scale(const columnar::ConnectSchema& schema, int32_t* scale);

}  // namespace bywash::formats::json
