// JSON trees as Connect values: Confluent's JsonSchemaData.toConnectData 7.7 with all its coercions. The slow, exact way; plain schemas
// go through json/column_reader.h. Decode step of the sink line. Level 4.
#pragma once

#include "columnar/value.h"
#include "formats/json/document.h"

namespace bywash::formats::json_schema {

// `node` (null: the property is not there) as a value of `schema`. A property that is not there is null even where the schema is required.
Result<columnar::Value> to_connect_value(const columnar::SchemaPtr& schema, const json::Node* node);

}  // namespace bywash::formats::json_schema
