// Whether a Protobuf schema can read what another one writes: the rules of Confluent's SchemaDiff 7.7 for *.compatibility.strict. Encode
// step. Level 4.
#pragma once

#include "base/status.h"
#include "formats/protobuf/proto_schema.h"

namespace bywash::formats::protobuf {

// Ok when `reader` reads what `writer` writes; else kData with the first difference by its name.
Status check_readable(const ProtoSchema& reader, const ProtoSchema& writer);

}  // namespace bywash::formats::protobuf
