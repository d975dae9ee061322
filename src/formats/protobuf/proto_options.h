// What a ProtobufConverter's keys decide about schemas and values (Confluent's ProtobufDataConfig 7.7). Level 4, every thread.
#pragma once

#include <cstdint>

namespace bywash::formats::protobuf {

struct ProtoOptions {
  bool generalized_sum_types = false;        // generalized.sum.type.support: enums and unions as Avro and JSON Schema name them too
  bool ignore_default_for_nullables = false;  // a null is written as null even where its schema has a default
  bool enhanced_names = false;                // enhanced.protobuf.schema.support: schema names with their package
  bool scrub_invalid_names = false;
  bool int_for_enums = false;
  bool optional_for_nullables = false;
  bool optional_for_proto2 = true;
  bool wrapper_for_nullables = false;
  bool wrapper_for_raw_primitives = true;
  bool generate_struct_for_nulls = false;
  bool generate_index_for_unions = true;
  bool flatten_unions = false;
};

}  // namespace bywash::formats::protobuf
