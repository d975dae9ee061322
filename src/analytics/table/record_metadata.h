// What Kafka knows of a record beside its value, as members of the record: "__key" and "__metadata$recordSerializedValueSize", and with
// stream.kafka.metadata.populate "__header$NAME" (its bytes in hex) and "__metadata$offset", "__metadata$partition",
// "__metadata$recordTimestamp" (texts). Decode step of the table line, the partition's thread.
// Source: org.apache.pinot.spi.stream.StreamDataDecoderImpl, KafkaPartitionLevelConsumer 1.5.1.
#pragma once

#include "analytics/segment/table_schema.h"
#include "analytics/table/record_shaping.h"
#include "columnar/batch.h"

#include <string>
#include <string_view>

namespace bywash::analytics {

class RecordMetadata {
 public:
  RecordMetadata(const TableSchema& schema, const IngestionRules& rules, bool populate);

  // Whether a column, transform or filter of the table names one of them.
  bool wanted() const { return wanted_; }
  // `json`, the text of the batch's record number `index`, with the members behind its own; as it is where it is no object.
  std::string add_to(std::string_view json, const columnar::RawBatch& batch, size_t index) const;

 private:
  const bool populate_;
  bool wanted_ = false;
};

}  // namespace bywash::analytics
