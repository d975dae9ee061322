// One column of a segment of Pinot's, decoded and appended to a consuming segment. Upload line; the request's thread.
// Source: ForwardIndexReaderFactory and the readers that it makes, BaseImmutableDictionary, NullValueVectorReaderImpl of Apache Pinot 1.5.1.
#pragma once

#include "analytics/pinot_segment/segment_files.h"
#include "analytics/segment/mutable_segment.h"

namespace bywash::analytics {

// Appends `rows` values of `column` as the field number `field` of `to`, whose type is the column's. kInvalid naming the column and what of it
// is damaged; some rows may have been appended then.
Status copy_column(const PinotColumn& column, int64_t rows, size_t field, MutableSegment& to);

}  // namespace bywash::analytics
