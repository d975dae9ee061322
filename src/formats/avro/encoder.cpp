// Plans and their execution. Encode step of the source line, the task's thread. Level 4.
#include "formats/avro/encoder.h"

#include <arrow/array.h>

#include <algorithm>
#include <cstring>

#include "base/java_hash.h"
#include "formats/avro/encode_plan.h"
#include "formats/json/connect_value.h"

namespace bywash::formats::avro {

using columnar::Logical;
using columnar::Type;
using columnar::Value;
using json::data_exception;

namespace {

using WriteCode = EncodeStep::Code;

template <class A>
const A& as(const EncodeStep& step) { return static_cast<const A&>(*step.data); }

// The order in which a java.util.HashMap of these keys is written: bucket by bucket of a table that doubles at three quarters.
std::vector<int64_t> java_map_order(const arrow::StringArray& keys, int64_t begin, int64_t end) {
  std::vector<int64_t> order;
  for (int64_t i = begin; i < end; ++i) order.push_back(i);
  if (order.size() < 2) return order;
  const size_t capacity = java_map_capacity(order.size());
  auto bucket = [&](int64_t i) { return java_map_bucket(java_string_hash(keys.GetView(i)), capacity); };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return bucket(a) < bucket(b); });
  return order;
}

void append_raw(const void* bytes, size_t n, std::string* out) { out->append(static_cast<const char*>(bytes), n); }

void append_sized(std::string_view bytes, std::string* out) {
  append_varint(static_cast<int64_t>(bytes.size()), out);
  out->append(bytes);
}

int64_t integer_at(const EncodeStep& step, int64_t row) {
  switch (step.data->type_id()) {
    case arrow::Type::INT8: return as<arrow::Int8Array>(step).Value(row);
    case arrow::Type::INT16: return as<arrow::Int16Array>(step).Value(row);
    case arrow::Type::INT64: return as<arrow::Int64Array>(step).Value(row);
    case arrow::Type::TIMESTAMP: return as<arrow::TimestampArray>(step).Value(row);
    case arrow::Type::DATE32: return as<arrow::Date32Array>(step).Value(row);
    case arrow::Type::TIME32: return as<arrow::Time32Array>(step).Value(row);
    default: return as<arrow::Int32Array>(step).Value(row);
  }
}

double number_at(const EncodeStep& step, int64_t row) {
  if (step.data->type_id() == arrow::Type::DOUBLE) return as<arrow::DoubleArray>(step).Value(row);
  if (step.data->type_id() == arrow::Type::FLOAT) return static_cast<double>(as<arrow::FloatArray>(step).Value(row));
  return static_cast<double>(integer_at(step, row));
}

class RowWriter {
 public:
  explicit RowWriter(std::string* out) : out_(*out) {}

  bool write(const EncodeStep& step, int64_t row) {
    if (step.code == WriteCode::kDefault) {
      out_ += step.default_bytes;
      return true;
    }
    if (step.data->IsNull(row)) {
      if (step.has_default) out_ += step.default_bytes;
      else if (step.may_be_null) out_ += step.null_bytes;
      else return fail("Found null value for non-optional schema");
      return true;
    }
    out_ += step.value_head;
    return write_value(step, row);
  }

  // Not null, without what goes before it.
  bool write_value(const EncodeStep& step, int64_t row) {
    switch (step.code) {
      case WriteCode::kBoolean: out_ += static_cast<char>(as<arrow::BooleanArray>(step).Value(row) ? 1 : 0); return true;
      case WriteCode::kInt:
      case WriteCode::kLong: append_varint(integer_at(step, row), &out_); return true;
      case WriteCode::kFloat: {
        auto v = static_cast<float>(number_at(step, row));
        append_raw(&v, sizeof v, &out_);
        return true;
      }
      case WriteCode::kDouble: {
        double v = number_at(step, row);
        append_raw(&v, sizeof v, &out_);
        return true;
      }
      case WriteCode::kString:
      case WriteCode::kBytes: append_sized(as<arrow::BinaryArray>(step).GetView(row), &out_); return true;
      case WriteCode::kDecimal:
      case WriteCode::kFixed: return write_bytes(step, row);
      case WriteCode::kEnum: return write_enum(step, row);
      case WriteCode::kArray: return write_array(step, row);
      case WriteCode::kStringMap:
      case WriteCode::kEntries: return write_map(step, row);
      case WriteCode::kRecord: return write_fields(step, row);
      case WriteCode::kMembers: return write_member(step, row);
      case WriteCode::kDefault: return true;
    }
    return false;
  }

  // Unscaled bytes of a Decimal, or the bytes themselves.
  bool bytes_at(const EncodeStep& step, int64_t row, std::string_view* out) {
    *out = as<arrow::BinaryArray>(step).GetView(row);
    if (step.schema->logical() != Logical::kDecimal) return true;
    int32_t scale = 0;
    if (out->size() < 5) return fail("Invalid Decimal");
    std::memcpy(&scale, out->data(), 4);
    if (scale != step.schema->decimal_scale()) return fail("BigDecimal has mismatching scale value for given Decimal schema");
    out->remove_prefix(4);
    return true;
  }

  Status status() const {
    std::string where = path_.empty() ? "" : fmt::format(" (field '{}')", path_);
    return data_exception(problem_ + where);
  }

 private:
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool at(const EncodeStep& step, bool ok) {
    if (!ok) path_ = path_.empty() ? step.name : step.name + "." + path_;
    return ok;
  }

  bool write_bytes(const EncodeStep& step, int64_t row) {
    std::string_view bytes;
    if (!bytes_at(step, row, &bytes)) return false;
    if (step.code == WriteCode::kDecimal) {
      append_sized(bytes, &out_);
      return true;
    }
    auto size = static_cast<size_t>(step.size);
    if (step.schema->logical() == Logical::kDecimal && bytes.size() < size) {
      out_.append(size - bytes.size(), bytes[0] & 0x80 ? '\xFF' : '\0');
    } else if (bytes.size() != size) {
      return fail(fmt::format("A fixed of {} bytes cannot hold a value of {}", size, bytes.size()));
    }
    out_ += bytes;
    return true;
  }

  bool write_enum(const EncodeStep& step, int64_t row) {
    auto it = step.symbols->find(std::string(as<arrow::StringArray>(step).GetView(row)));
    if (it == step.symbols->end()) return fail("The value is no symbol of the enum");
    append_varint(it->second, &out_);
    return true;
  }

  bool write_array(const EncodeStep& step, int64_t row) {
    const auto& list = as<arrow::ListArray>(step);
    int64_t begin = list.value_offset(row), end = list.value_offset(row + 1);
    if (end > begin) append_varint(end - begin, &out_);
    for (int64_t i = begin; i < end; ++i) {
      if (!write(step.children[0], i)) return at(step.children[0], false);
    }
    out_ += '\0';
    return true;
  }

  bool write_map(const EncodeStep& step, int64_t row) {
    const auto& list = as<arrow::ListArray>(step);
    int64_t begin = list.value_offset(row), end = list.value_offset(row + 1);
    if (end > begin) append_varint(end - begin, &out_);
    if (step.code == WriteCode::kEntries) {
      for (int64_t i = begin; i < end; ++i) {
        if (!write(step.children[0], i)) return at(step.children[0], false);
        if (!write(step.children[1], i)) return at(step.children[1], false);
      }
    } else {
      const auto& keys = as<arrow::StringArray>(step.children[0]);
      for (int64_t i = begin; i < end; ++i) {
        if (keys.IsNull(i)) return fail("A map key is null");
      }
      for (int64_t i : java_map_order(keys, begin, end)) {
        append_sized(keys.GetView(i), &out_);
        if (!write(step.children[1], i)) return at(step.children[1], false);
      }
    }
    out_ += '\0';
    return true;
  }

  bool write_fields(const EncodeStep& step, int64_t row) {
    for (const EncodeStep& child : step.children) {
      if (!write(child, row)) return at(child, false);
    }
    return true;
  }

  // A union that Connect holds as a struct: the first member that is set.
  bool write_member(const EncodeStep& step, int64_t row) {
    for (const EncodeStep& child : step.children) {
      if (child.data->IsNull(row) && !child.has_default) continue;
      if (!write(child, row)) return at(child, false);
      return true;
    }
    if (!step.may_be_null) return fail("Found null value for non-optional schema");
    out_ += step.null_bytes;
    return true;
  }

  std::string& out_;
  std::string problem_;
  std::string path_;
};

void bind_step(EncodeStep* step, const arrow::Array* data) {
  step->data = data;
  switch (step->code) {
    case WriteCode::kArray: bind_step(&step->children[0], static_cast<const arrow::ListArray*>(data)->values().get()); break;
    case WriteCode::kStringMap:
    case WriteCode::kEntries: {
      const auto* entries = static_cast<const arrow::StructArray*>(static_cast<const arrow::ListArray*>(data)->values().get());
      for (EncodeStep& child : step->children) bind_step(&child, entries->field(child.name == "key" ? 0 : 1).get());
      break;
    }
    case WriteCode::kRecord:
    case WriteCode::kMembers:
      for (size_t i = 0; i < step->children.size(); ++i) {
        if (step->child_of[i] >= 0) bind_step(&step->children[i], static_cast<const arrow::StructArray*>(data)->field(step->child_of[i]).get());
      }
      break;
    default: break;
  }
}

}  // namespace

void append_varint(int64_t value, std::string* out) {
  auto n = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (n >= 0x80) {
    *out += static_cast<char>(n | 0x80);
    n >>= 7;
  }
  *out += static_cast<char>(n);
}

Result<std::string> encode_constant(const EncodeStep& step, const Value& value) {
  ASSIGN_OR_RETURN(columnar::Column column, columnar::constant_column(step.schema, value, 1));
  EncodeStep bound = step;
  bind_step(&bound, column.data.get());
  std::string out = step.value_head;
  RowWriter writer(&out);
  if (!writer.write_value(bound, 0)) return writer.status();
  return out;
}

Result<std::unique_ptr<AvroEncoder>> AvroEncoder::make(std::shared_ptr<const AvroSchema> owner, const columnar::SchemaPtr& schema, const AvroOptions& options) {
  auto out = std::make_unique<AvroEncoder>();
  out->owner_ = std::move(owner);
  ASSIGN_OR_RETURN(out->root_, make_encode_plan(schema, out->owner_->root(), options));
  return out;
}

void AvroEncoder::bind(const columnar::Column& column) { bind_step(&root_, column.data.get()); }

Status AvroEncoder::write(int64_t row, std::string* out) {
  size_t before = out->size();
  RowWriter writer(out);
  bool ok = false;
  if (bare_ && root_.value_head.empty() && (root_.code == WriteCode::kBytes || root_.code == WriteCode::kDecimal) && !root_.data->IsNull(row)) {
    std::string_view bytes;
    ok = writer.bytes_at(root_, row, &bytes);
    if (ok) *out += bytes;
  } else {
    ok = writer.write(root_, row);
  }
  if (ok) return {};
  out->resize(before);
  return writer.status();
}

Status write_anything(const Value& value, std::string* out) {
  // Which of the nine members is set; -1: none, a null.
  int member = -1;
  std::string content;
  if (const auto* v = value.get_if<bool>()) { member = 0; content = *v ? '\1' : '\0'; }
  else if (const auto* v8 = value.get_if<int8_t>()) { member = 4; append_varint(*v8, &content); }
  else if (const auto* v16 = value.get_if<int16_t>()) { member = 4; append_varint(*v16, &content); }
  else if (const auto* v32 = value.get_if<int32_t>()) { member = 4; append_varint(*v32, &content); }
  else if (const auto* v64 = value.get_if<int64_t>()) { member = 5; append_varint(*v64, &content); }
  else if (const auto* d = value.get_if<double>()) { member = 2; append_raw(d, sizeof *d, &content); }
  else if (const auto* f = value.get_if<float>()) { member = 3; append_raw(f, sizeof *f, &content); }
  else if (const auto* s = value.get_if<std::string>()) { member = 6; append_sized(*s, &content); }
  else if (const auto* items = value.as_list()) {
    member = 7;
    if (!items->empty()) append_varint(static_cast<int64_t>(items->size()), &content);
    for (const Value& item : *items) RETURN_IF_ERROR(write_anything(item, &content));
    content += '\0';
  } else if (const auto* entries = value.as_map()) {
    member = 8;
    if (!entries->empty()) append_varint(static_cast<int64_t>(entries->size()), &content);
    for (const auto& [key, item] : *entries) {
      RETURN_IF_ERROR(write_anything(key, &content));
      RETURN_IF_ERROR(write_anything(item, &content));
    }
    content += '\0';
  } else if (!value.is_null()) {
    std::string_view what = value.is<Value::Bytes>() ? "[B" : value.is<columnar::Decimal>() ? "java.math.BigDecimal"
                            : value.is<Value::Millis>() ? "java.util.Date" : "org.apache.kafka.connect.data.Struct";
    return data_exception(fmt::format("Unknown Java type for schemaless data: class {}", what));
  }
  for (int i = 0; i < 9; ++i) {
    *out += i == member ? '\2' : '\0';
    if (i == member) *out += content;
  }
  return {};
}

}  // namespace bywash::formats::avro
