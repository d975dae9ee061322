// Connect schema and Avro schema, matched position by position. Encode step, the task's thread. Level 4.
#include "formats/avro/encode_plan.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "formats/avro/from_connect.h"
#include "formats/avro/to_connect.h"
#include "formats/json/connect_value.h"

namespace bywash::formats::avro {

using columnar::ConnectSchema;
using columnar::Logical;
using columnar::SchemaPtr;
using columnar::Type;
using json::data_exception;

namespace {

using WriteCode = EncodeStep::Code;

std::string index_bytes(size_t index) {
  std::string out;
  append_varint(static_cast<int64_t>(index), &out);
  return out;
}

class PlanWriter {
 public:
  explicit PlanWriter(const AvroOptions& options) : options_(options) {}

  // `is_field`: a null stands for the schema's default, as in Struct.get.
  Result<EncodeStep> plan(const SchemaPtr& schema, const AvroNode& avro, bool is_field) {
    EncodeStep step;
    step.schema = schema;
    step.may_be_null = schema->optional();
    const AvroNode* target = &avro;
    if (avro.kind == AvroKind::kUnion) {
      RETURN_IF_ERROR(enter_union(*schema, avro, &step, &target));
    } else {
      step.may_be_null = false;
    }
    if (is_union_schema(*schema) && schema->type() == Type::kStruct) {
      RETURN_IF_ERROR(members(avro, &step));
    } else {
      RETURN_IF_ERROR(value(*target, &step));
    }
    // ignore.default.for.nullables: a null that may be one stays one.
    bool keeps_null = options_.ignore_null_defaults;
    if (is_field && schema->default_value() && !keeps_null) {
      ASSIGN_OR_RETURN(step.default_bytes, encode_constant(step, *schema->default_value()));
      step.has_default = true;
    }
    return step;
  }

 private:
  Status enter_union(const ConnectSchema& schema, const AvroNode& avro, EncodeStep* step, const AvroNode** target) {
    bool has_null = false;
    int best = -1;
    for (size_t i = 0; i < avro.branches.size(); ++i) {
      const AvroNode& branch = *avro.branches[i];
      if (branch.kind == AvroKind::kNull) {
        has_null = true;
        step->null_bytes = index_bytes(i);
      } else if (fit(schema, branch) > (best < 0 ? 0 : fit(schema, *avro.branches[static_cast<size_t>(best)]))) {
        best = static_cast<int>(i);
      }
    }
    step->may_be_null = step->may_be_null && has_null;
    if (is_union_schema(schema)) return {};
    if (best < 0) return data_exception(fmt::format("No member of the Avro union takes a {}", to_string(schema.type())));
    step->value_head = index_bytes(static_cast<size_t>(best));
    *target = avro.branches[static_cast<size_t>(best)];
    return {};
  }

  // 0: does not fit; more is better.
  int fit(const ConnectSchema& schema, const AvroNode& avro) const {
    using K = AvroKind;
    switch (schema.type()) {
      case Type::kBoolean: return avro.kind == K::kBoolean ? 3 : 0;
      case Type::kInt8:
      case Type::kInt16:
      case Type::kInt32: return avro.kind == K::kInt ? 3 : avro.kind == K::kLong ? 2 : avro.kind == K::kFloat || avro.kind == K::kDouble ? 1 : 0;
      case Type::kInt64: return avro.kind == K::kLong ? 3 : avro.kind == K::kFloat || avro.kind == K::kDouble ? 1 : 0;
      case Type::kFloat32: return avro.kind == K::kFloat ? 3 : avro.kind == K::kDouble ? 2 : 0;
      case Type::kFloat64: return avro.kind == K::kDouble ? 3 : 0;
      case Type::kString:
        if (avro.kind == K::kEnum) return is_enum_schema(schema) ? (named_alike(schema, avro) ? 5 : 4) : 1;
        return avro.kind == K::kString ? 3 : 0;
      case Type::kBytes:
        if (avro.kind == K::kFixed) return is_fixed_schema(schema) ? (named_alike(schema, avro) ? 5 : 4) : 1;
        return avro.kind == K::kBytes ? 3 : 0;
      case Type::kArray: return avro.kind == K::kArray ? 3 : 0;
      case Type::kMap: return avro.kind == (is_string_map(schema, options_) ? K::kMap : K::kArray) ? 3 : avro.kind == K::kMap ? 1 : 0;
      case Type::kStruct:
        if (avro.kind != K::kRecord) return 0;
        return named_alike(schema, avro) ? 3 : 1;
      default: return 0;
    }
  }

  bool named_alike(const ConnectSchema& schema, const AvroNode& avro) const {
    if (is_enum_schema(schema)) {
      auto it = schema.parameters().find(std::string(options_.generalized_sum_types ? kGeneralizedEnum : kEnumParameter));
      return it != schema.parameters().end() && it->second == avro.full_name();
    }
    if (!schema.name()) return avro.full_name().starts_with(kDefaultName);
    auto [name_space, name] = split_name(*schema.name(), options_);
    return avro.name == name && avro.name_space == name_space;
  }

  Status value(const AvroNode& avro, EncodeStep* step) {
    const ConnectSchema& schema = *step->schema;
    if (fit(schema, avro) == 0) return data_exception(fmt::format("A {} cannot be written as the Avro type {}", to_string(schema.type()), avro.full_name()));
    switch (avro.kind) {
      case AvroKind::kBoolean: step->code = WriteCode::kBoolean; return {};
      case AvroKind::kInt: step->code = WriteCode::kInt; return {};
      case AvroKind::kLong: step->code = WriteCode::kLong; return {};
      case AvroKind::kFloat: step->code = WriteCode::kFloat; return {};
      case AvroKind::kDouble: step->code = WriteCode::kDouble; return {};
      case AvroKind::kString: step->code = WriteCode::kString; return {};
      case AvroKind::kBytes: step->code = schema.logical() == Logical::kDecimal ? WriteCode::kDecimal : WriteCode::kBytes; return {};
      case AvroKind::kFixed:
        step->code = WriteCode::kFixed;
        step->size = avro.size;
        return {};
      case AvroKind::kEnum: {
        step->code = WriteCode::kEnum;
        auto symbols = std::make_shared<std::unordered_map<std::string, int32_t>>();
        for (size_t i = 0; i < avro.symbols.size(); ++i) symbols->emplace(avro.symbols[i], static_cast<int32_t>(i));
        step->symbols = std::move(symbols);
        return {};
      }
      case AvroKind::kArray:
        if (schema.type() == Type::kMap) return entries(*avro.branches[0], step);
        step->code = WriteCode::kArray;
        return child(schema.value_schema(), *avro.branches[0], "[]", step);
      case AvroKind::kMap:
        step->code = WriteCode::kStringMap;
        step->children.emplace_back();
        step->children[0].name = "key";
        step->children[0].code = WriteCode::kString;
        step->children[0].schema = schema.key_schema();
        return child(schema.value_schema(), *avro.branches[0], "{}", step);
      case AvroKind::kRecord: return record(avro, step);
      default: return data_exception("A value cannot be written as the Avro type " + avro.full_name());
    }
  }

  Status child(const SchemaPtr& schema, const AvroNode& avro, const std::string& name, EncodeStep* step) {
    auto made = plan(schema, avro, false);
    if (!made.ok()) return made.status().with_context(name);
    made->name = name;
    step->children.push_back(*std::move(made));
    return {};
  }

  Status entries(const AvroNode& entry, EncodeStep* step) {
    step->code = WriteCode::kEntries;
    if (entry.kind != AvroKind::kRecord || entry.fields.size() != 2) return data_exception("A map with keys that are not strings needs an array of entries");
    for (const AvroField& field : entry.fields) {
      bool key = field.name == "key";
      RETURN_IF_ERROR(child(key ? step->schema->key_schema() : step->schema->value_schema(), *field.type, key ? "key" : "value", step));
    }
    return {};
  }

  Status record(const AvroNode& avro, EncodeStep* step) {
    step->code = WriteCode::kRecord;
    const auto& fields = step->schema->fields();
    for (const AvroField& field : avro.fields) {
      auto it = std::find_if(fields.begin(), fields.end(), [&](const columnar::Field& f) { return scrubbed(f.name, options_) == field.name; });
      if (it == fields.end()) {
        RETURN_IF_ERROR(missing(field, step));
        continue;
      }
      auto made = plan(it->schema, *field.type, true);
      if (!made.ok()) return made.status().with_context(it->name);
      made->name = it->name;
      step->child_of.push_back(static_cast<int>(it - fields.begin()));
      step->children.push_back(*std::move(made));
    }
    return {};
  }

  // A field that only the Avro schema has: its default in every record.
  Status missing(const AvroField& field, EncodeStep* step) {
    if (!field.default_json) return data_exception(fmt::format("The record has no field '{}', which the Avro schema needs: it has no default", field.name));
    EncodeStep made;
    made.code = WriteCode::kDefault;
    made.name = field.name;
    RETURN_IF_ERROR(default_bytes(*field.type, *field.default_json, &made.default_bytes));
    step->child_of.push_back(-1);
    step->children.push_back(std::move(made));
    return {};
  }

  Status default_bytes(const AvroNode& avro, const std::string& json_text, std::string* out) {
    if (avro.kind == AvroKind::kUnion) {
      if (avro.branches.empty()) return data_exception("A union without members has no default");
      *out += index_bytes(0);
      return default_bytes(*avro.branches[0], json_text, out);
    }
    if (avro.kind == AvroKind::kNull) return {};
    // By way of the Connect schema of the type, which knows how to read such a default.
    AvroSchema holder;
    AvroNode* wrapper = holder.add(AvroKind::kRecord);
    wrapper->name = "Default";
    wrapper->fields.push_back({"value", &avro, std::nullopt, json_text, {}});
    int unions = 0;
    ASSIGN_OR_RETURN(SchemaPtr schema, to_connect_schema(*wrapper, std::nullopt, options_, &unions));
    const SchemaPtr& inner = schema->fields()[0].schema;
    if (!inner->default_value()) return data_exception("The default of an Avro field does not fit its type");
    ASSIGN_OR_RETURN(EncodeStep step, plan(inner, avro, false));
    ASSIGN_OR_RETURN(std::string bytes, encode_constant(step, *inner->default_value()));
    *out += bytes;
    return {};
  }

  Status members(const AvroNode& avro, EncodeStep* step) {
    step->code = WriteCode::kMembers;
    if (avro.kind != AvroKind::kUnion) return data_exception(fmt::format("A union cannot be written as the Avro type {}", avro.full_name()));
    const auto& fields = step->schema->fields();
    // The schema's own union has its members in the fields' order.
    size_t nulls = static_cast<size_t>(std::count_if(avro.branches.begin(), avro.branches.end(), [](const AvroNode* b) { return b->kind == AvroKind::kNull; }));
    bool in_order = avro.branches.size() - nulls == fields.size();
    size_t branch = 0;
    for (size_t i = 0; i < fields.size(); ++i, ++branch) {
      while (branch < avro.branches.size() && avro.branches[branch]->kind == AvroKind::kNull) ++branch;
      size_t at = branch;
      if (!in_order || at >= avro.branches.size() || fit(*fields[i].schema, *avro.branches[at]) == 0) {
        at = 0;
        for (size_t k = 1; k < avro.branches.size(); ++k) {
          if (fit(*fields[i].schema, *avro.branches[k]) > fit(*fields[i].schema, *avro.branches[at])) at = k;
        }
        if (fit(*fields[i].schema, *avro.branches[at]) == 0) return data_exception(fmt::format("No member of the Avro union takes field '{}'", fields[i].name));
      }
      auto made = plan(fields[i].schema, *avro.branches[at], true);
      if (!made.ok()) return made.status().with_context(fields[i].name);
      made->name = fields[i].name;
      made->value_head = index_bytes(at) + made->value_head;
      if (made->has_default) made->default_bytes = index_bytes(at) + made->default_bytes;
      step->child_of.push_back(static_cast<int>(i));
      step->children.push_back(*std::move(made));
    }
    return {};
  }

  const AvroOptions& options_;
};

}  // namespace

Result<EncodeStep> make_encode_plan(const SchemaPtr& schema, const AvroNode& avro, const AvroOptions& options) {
  return PlanWriter(options).plan(schema, avro, false);
}

}  // namespace bywash::formats::avro
