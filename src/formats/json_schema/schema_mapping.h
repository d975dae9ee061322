// JSON schemas as Connect schemas and back: Confluent's JsonSchemaData 7.7. Decode and encode steps. Level 4, once per schema.
#pragma once

#include <optional>
#include <string>

#include "columnar/connect_schema.h"
#include "formats/json_schema/json_schema.h"
#include "formats/json_schema/json_schema_options.h"

namespace bywash::formats::json_schema {

inline constexpr char kOneOfName[] = "io.confluent.connect.json.OneOf";
inline constexpr char kGeneralUnionParameter[] = "org.apache.kafka.connect.data.Union";

// A struct whose fields are alternatives.
bool is_alternatives(const columnar::ConnectSchema& schema);
// A map that is written as an object: string keys that are never null.
bool is_object_map(const columnar::ConnectSchema& schema);

// `version`: of the schema's subject, for a schema without connect.version. Errors are kData: a schema that contains itself, no `items`,
// a schema without type.
Result<columnar::SchemaPtr> to_connect_schema(const JsonSchema& schema, const JsonSchemaOptions& options, std::optional<int32_t> version);

// The JSON schema to register, in the order of keywords of the original.
Result<std::string> from_connect_schema(const columnar::ConnectSchema& schema, const JsonSchemaOptions& options);

}  // namespace bywash::formats::json_schema
