#include "connectors/postgres_cdc/event_mark.h"

#include <arrow/array.h>

#include <random>

#include "base/clock.h"
#include "base/time_arithmetic.h"
#include "connectors/postgres_cdc/position.h"
#include "connectors/postgres_cdc/selection.h"

namespace bywash::postgres_cdc {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;
using formats::json::ColumnBuilder;

namespace {

SchemaPtr text_schema(bool optional = false) { return ConnectSchema::of(Type::kString, optional); }
SchemaPtr long_schema(bool optional = false) { return ConnectSchema::of(Type::kInt64, optional); }

SchemaPtr snapshot_schema() {
  SchemaSpec spec;
  spec.type = Type::kString;
  spec.optional = true;
  spec.name = "io.debezium.data.Enum";
  spec.version = 1;
  spec.parameters["allowed"] = "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";
  spec.default_value = std::make_shared<const Value>(Value::string("false"));
  return ConnectSchema::make(std::move(spec));
}

void push_optional(int64_t value, bool given, ColumnBuilder* out) {
  if (given) out->push_fixed(value);
  else out->append_null();
}

// RFC 9562's version 7: milliseconds since 1970, then random bits.
std::string random_uuid() {
  std::random_device device;
  uint64_t random = uint64_t{device()} << 32 | device();
  uint64_t high = static_cast<uint64_t>(wall_clock_ms()) << 16 | 0x7000 | (random & 0xfff), low = (uint64_t{device()} << 32 | device()) >> 2 | uint64_t{1} << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffffffffffff);
}

columnar::Column null_column(int64_t rows) { return {ConnectSchema::schemaless(Type::kNull), std::make_shared<arrow::NullArray>(rows)}; }

}  // namespace

SchemaPtr source_schema(const ChangeConfig& config) {
  SchemaSpec spec;
  spec.name = adjusted_schema_name(config.schema_names, "io.debezium.connector.postgresql.Source");
  spec.version = 1;
  spec.fields = {{"version", text_schema()}, {"connector", text_schema()}, {"name", text_schema()}, {"ts_ms", long_schema()}, {"snapshot", snapshot_schema()},
                 {"db", text_schema()}, {"sequence", text_schema(true)}, {"ts_us", long_schema(true)}, {"ts_ns", long_schema(true)}, {"schema", text_schema()},
                 {"table", text_schema()}, {"txId", long_schema(true)}, {"lsn", long_schema(true)}, {"xmin", long_schema(true)}, {"origin", text_schema(true)},
                 {"origin_lsn", long_schema(true)}};
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr transaction_block_schema(const ChangeConfig& config) {
  SchemaSpec spec;
  spec.name = adjusted_schema_name(config.schema_names, "event.block");
  spec.version = 1;
  spec.optional = true;
  spec.fields = {{"id", text_schema()}, {"total_order", long_schema()}, {"data_collection_order", long_schema()}};
  return ConnectSchema::make(std::move(spec));
}

void append_source(const ChangeConfig& config, const EventMark& mark, std::string_view schema, std::string_view table, ColumnBuilder* out) {
  auto& c = out->children();
  c[0].builder->push_bytes(kEventVersion);
  c[1].builder->push_bytes("postgresql");
  c[2].builder->push_bytes(config.topic_prefix);
  c[3].builder->push_fixed(floor_div(mark.commit_micros, 1000));
  c[4].builder->push_bytes(mark.snapshot);
  c[5].builder->push_bytes(config.database);
  char sequence[64];
  auto end = mark.commit_lsn ? fmt::format_to(sequence, "[\"{}\",\"{}\"]", mark.commit_lsn, mark.lsn) : fmt::format_to(sequence, "[null,\"{}\"]", mark.lsn);
  c[6].builder->push_bytes({sequence, static_cast<size_t>(end - sequence)});
  c[7].builder->push_fixed(mark.commit_micros);
  c[8].builder->push_fixed(mark.commit_micros * 1000);
  c[9].builder->push_bytes(schema);
  c[10].builder->push_bytes(table);
  push_optional(mark.tx_id, mark.tx_id >= 0, c[11].builder.get());
  push_optional(static_cast<int64_t>(mark.lsn), true, c[12].builder.get());
  c[13].builder->append_null();
  if (mark.origin.empty()) c[14].builder->append_null();
  else c[14].builder->push_bytes(mark.origin);
  push_optional(static_cast<int64_t>(mark.origin_lsn), !mark.origin.empty(), c[15].builder.get());
  out->end_fields();
}

void append_transaction(const EventMark& mark, ColumnBuilder* out) {
  if (mark.transaction.empty()) {
    out->append_null();
    return;
  }
  auto& c = out->children();
  c[0].builder->push_bytes(mark.transaction);
  c[1].builder->push_fixed(mark.total_order);
  c[2].builder->push_fixed(mark.collection_order);
  out->end_fields();
}

std::shared_ptr<const std::vector<columnar::Header>> context_headers(const ChangeConfig& config, int task) {
  if (!config.extended_headers) return nullptr;
  auto header = [](std::string_view name, std::string value) {
    return columnar::Header{"__debezium.context." + std::string(name), text_schema(), Value(std::move(value))};
  };
  std::vector<columnar::Header> out;
  out.push_back(header("connectorLogicalName", config.topic_prefix));
  out.push_back(header("taskId", std::to_string(task)));
  out.push_back(header("connectorName", "postgresql"));
  out.push_back(header("runId", random_uuid()));
  return std::make_shared<const std::vector<columnar::Header>>(std::move(out));
}

plugin::SourceBatch make_batch(const ChangeConfig& config, BatchParts parts) {
  plugin::SourceBatch out;
  out.source_partition = partition_json(config.topic_prefix);
  out.source_offsets.resize(static_cast<size_t>(parts.rows));
  columnar::Batch& batch = out.batch;
  batch.topic = std::move(parts.topic);
  batch.from_source = true;
  batch.kafka_partition = -1;
  batch.key = parts.key ? *std::move(parts.key) : null_column(parts.rows);
  batch.value = parts.value ? *std::move(parts.value) : null_column(parts.rows);
  batch.headers = std::move(parts.headers);
  out.shared_headers = std::move(parts.shared_headers);
  batch.selected = columnar::RowMask(parts.rows);
  batch.timestamps_ms.assign(static_cast<size_t>(parts.rows), -1);
  for (int64_t row = 0; row < parts.rows; ++row) batch.offsets.push_back(row);
  return out;
}

Result<plugin::SourceBatch> make_record(const ChangeConfig& config, const std::string& topic, const Value& key, const Value& value) {
  BatchParts parts;
  parts.topic = topic;
  parts.rows = 1;
  ASSIGN_OR_RETURN(parts.key, columnar::constant_column(key.as_struct()->schema, key, 1));
  ASSIGN_OR_RETURN(parts.value, columnar::constant_column(value.as_struct()->schema, value, 1));
  return make_batch(config, std::move(parts));
}

}  // namespace bywash::postgres_cdc
