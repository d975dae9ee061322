// The fields of a struct or schemaless map as loose slots: take them apart, add, drop, rename or replace columns, and put them
// together again, in O(fields) per batch. What most transforms are made of. Level 4, the transform step; the task's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/record_side.h"

namespace arrow {
class BooleanArray;
}

namespace bywash::transforms {

// Builds a struct schema as SchemaBuilder does, with its refusals: no empty name, no name twice.
class StructSchemaBuilder {
 public:
  StructSchemaBuilder();
  // A struct with the name, version, doc and parameters of `source` (SchemaUtil.copySchemaBasics): required, without default.
  static StructSchemaBuilder basics_of(const columnar::ConnectSchema& source);
  Status add(const std::string& name, SchemaPtr schema);
  void optional() { spec_.optional = true; }
  SchemaPtr build() { return columnar::ConnectSchema::make(spec_); }
  columnar::SchemaSpec& spec() { return spec_; }

 private:
  columnar::SchemaSpec spec_;
};

struct Slot {
  std::string name;
  Column column;
  std::shared_ptr<arrow::BooleanArray> present;  // schemaless only: rows that have the key; null when all have
};

// The fields of a column with has_fields().
std::vector<Slot> slots_of(const Column& record);
// Position of a name, or -1.
int find_slot(const std::vector<Slot>& slots, std::string_view name);
// java.util.Map.put: replaces the slot of that name or adds one.
void put_slot(std::vector<Slot>& slots, Slot slot);

// The struct column of `schema` (its fields are the slots, in order) with the nulls of `record`.
Column assemble_struct(const SchemaPtr& schema, std::vector<Slot> slots, const Column& record);

// Assembles schemaless maps. Batches of one shape get the same schema pointer, so that what follows in the chain stays bound.
class ObjectAssembler {
 public:
  Column operator()(std::vector<Slot> slots, const Column& record);

 private:
  SchemaPtr last_;
};

// Nulls replaced by the schema's default, where it has one (Struct.get); the column itself otherwise.
Result<Column> with_default(const Column& column);
// Where `parent` is null the result is null too.
Column masked_by_parent(const Column& child, const Column& parent);

// Null where the key is absent; `present` null: the child itself.
Column present_only(const Column& child, const std::shared_ptr<arrow::BooleanArray>& present);

// The same value in every row, made once for the largest batch so far and sliced for the others.
class ConstantColumn {
 public:
  Result<Column> of(const SchemaPtr& schema, const Value& value, int64_t row_count);

 private:
  SchemaPtr schema_;
  Value value_;
  Column column_;
};

// Runs `f` over the value of each selected row of a schemaless column and puts the results, with the shape they have, in its
// place. A row for which `f` fails is marked; nulls are left alone. The slow way, for kVariant columns.
Status map_schemaless_rows(Batch& batch, Side side, const std::function<Result<Value>(const Value&, int64_t row)>& f);

// Entry of a map by key, null when there is none.
const Value* map_get(const Value::Map& map, std::string_view key);
void map_put(Value::Map& map, std::string_view key, Value value);

}  // namespace bywash::transforms
