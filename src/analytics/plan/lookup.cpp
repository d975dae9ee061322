// See lookup.h.
#include "analytics/plan/lookup.h"

#include <fmt/ranges.h>

namespace bywash::analytics {

Result<BoundFunction> bind_lookup(const FunctionArgs& call, const LookupTables& tables) {
  if (call.size() < 4) {
    return Status::invalid("At least 4 arguments are required for LOOKUP transform function: LOOKUP(TableName, ColumnName, JoinKey, JoinValue [, JoinKey2, JoinValue2 ...])");
  }
  if (call.size() % 2 != 0) return Status::invalid("Should have the same number of JoinKey and JoinValue arguments");
  ASSIGN_OR_RETURN(const std::string name, call.literal_text(0));
  ASSIGN_OR_RETURN(const std::string column, call.literal_text(1));
  if (!tables) return Status::invalid(fmt::format("LOOKUP is not for queries with joins or nested queries: join {} instead", name));
  ASSIGN_OR_RETURN(std::shared_ptr<const LookupTable> table, tables(name));
  const TableSchema& schema = table->schema();
  const int field = schema.find(column);
  if (field < 0) return Status::invalid(fmt::format("Column does not exist in dimension table: {}_OFFLINE:{}", name, column));
  std::vector<std::string> keys;
  std::vector<Kernel> casts;
  std::vector<DataType> types;
  for (size_t i = 2; i < call.size(); i += 2) {
    ASSIGN_OR_RETURN(keys.emplace_back(), call.literal_text(i));
    const int key = schema.find(keys.back());
    if (key < 0) return Status::invalid(fmt::format("Primary key column doesn't exist in dimension table: {}_OFFLINE:{}", name, keys.back()));
    if (call.args[i + 1]->multi) return Status::invalid("JoinValue argument must be a single value expression");
    types.push_back(schema.fields[static_cast<size_t>(key)].type);
    casts.push_back(call.type(i + 1) == types.back() ? Kernel() : cast_function(call.type(i + 1), types.back()).kernel);
  }
  if (keys != schema.primary_key_columns) {
    return Status::invalid(fmt::format("Provided join keys ([{}]) must be the same as table primary keys: [{}]", fmt::join(keys, ", "), fmt::join(schema.primary_key_columns, ", ")));
  }
  const FieldSpec& spec = schema.fields[static_cast<size_t>(field)];
  Kernel kernel = [table, casts, types, field](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    std::vector<Vector> converted(types.size());
    std::vector<const Vector*> values;
    for (size_t i = 0; i < types.size(); ++i) {
      const Vector* given = args[3 + 2 * i];
      if (casts[i]) {
        converted[i].type = types[i];
        casts[i]({given}, n, converted[i]);
        if (!converted[i].error.empty()) out.fail(converted[i].error);
        converted[i].nulls = given->nulls;
        given = &converted[i];
      }
      values.push_back(given);
    }
    table->read(static_cast<size_t>(field), values, n, out);
  };
  return BoundFunction{spec.type, std::move(kernel), !spec.single_value};
}

}  // namespace bywash::analytics
