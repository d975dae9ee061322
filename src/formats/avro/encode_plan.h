// The making of an encoder's plan. Encode step, the task's thread. Level 4.
#pragma once

#include "formats/avro/encoder.h"

namespace bywash::formats::avro {

// How values of `schema` are written as `avro`. Error: kData naming the field that does not fit.
Result<EncodeStep> make_encode_plan(const columnar::SchemaPtr& schema, const AvroNode& avro, const AvroOptions& options);

// The bytes of one value, that is not null, with the step's head.
Result<std::string> encode_constant(const EncodeStep& step, const columnar::Value& value);

}  // namespace bywash::formats::avro
