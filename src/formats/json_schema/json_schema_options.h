// What a JsonSchemaConverter's keys decide about schemas and values (Confluent's JsonSchemaDataConfig 7.7). Level 4, every thread.
#pragma once

namespace bywash::formats::json_schema {

struct JsonSchemaOptions {
  bool generalized_sum_types = false;
  bool ignore_default_for_nullables = false;
  bool additional_properties = true;       // object.additional.properties
  bool optional_for_nonrequired = false;   // use.optional.for.nonrequired
  bool flatten_singleton_unions = true;
  bool numeric_decimals = false;           // decimal.format=NUMERIC
};

}  // namespace bywash::formats::json_schema
