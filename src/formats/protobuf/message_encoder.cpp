// Rows of Arrow arrays onto the wire by an EncodePlan. Encode step, the task's thread. Level 4.
#include "formats/protobuf/message_encoder.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>
#include <google/protobuf/descriptor.h>

#include <bit>

#include "columnar/decimal.h"
#include "formats/json/connect_value.h"
#include "formats/protobuf/encode_plan.h"
#include "formats/protobuf/known_values.h"
#include "formats/protobuf/wire.h"

namespace bywash::formats::protobuf {

using columnar::ConnectSchema;
using columnar::Type;

namespace {

constexpr char kIllegalArgument[] = "java.lang.IllegalArgumentException";

bool null_cell(const arrow::ArrayData& data, int64_t row) {
  return data.buffers[0] && !arrow::bit_util::GetBit(data.buffers[0]->data(), row + data.offset);
}

template <class T>
T fixed_cell(const arrow::ArrayData& data, int64_t row) {
  return data.GetValues<T>(1)[row];
}

std::string_view bytes_cell(const arrow::ArrayData& data, int64_t row) {
  const auto* offsets = data.GetValues<int32_t>(1);
  if (offsets[row] == offsets[row + 1]) return {};
  return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])};
}

int64_t integer_cell(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row) {
  switch (schema.type()) {
    case Type::kInt8: return fixed_cell<int8_t>(data, row);
    case Type::kInt16: return fixed_cell<int16_t>(data, row);
    case Type::kInt32: return fixed_cell<int32_t>(data, row);
    default: return fixed_cell<int64_t>(data, row);
  }
}

uint32_t wire_type_of(WriteForm form) {
  switch (form) {
    case WriteForm::kFixed32:
    case WriteForm::kFloat: return kWireFixed32;
    case WriteForm::kFixed64:
    case WriteForm::kDouble: return kWireFixed64;
    default: return form >= WriteForm::kString ? kWireLength : kWireVarint;
  }
}

// Puts the length of what was appended since `mark` before it; a byte for it is there.
void close_length(size_t mark, std::string* out) {
  size_t n = out->size() - mark - 1;
  if (n < 0x80) {
    (*out)[mark] = static_cast<char>(n);
    return;
  }
  std::string length;
  put_varint(n, &length);
  (*out)[mark] = length[0];
  out->insert(mark + 1, length, 1);
}

class RowWriter {
 public:
  explicit RowWriter(std::string* out) : out_(*out) {}

  bool fields(const EncodePlan& plan, const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row) {
    int64_t child_row = row + data.offset;
    for (const EncodeField& field : plan.fields) {
      const arrow::ArrayData* cells = data.child_data[static_cast<size_t>(field.child)].get();
      int64_t at = child_row;
      if (field.union_member >= 0) {
        if (null_cell(*cells, at)) continue;
        const ConnectSchema& of_union = *schema.fields()[static_cast<size_t>(field.child)].schema;
        int chosen = chosen_member(of_union, *cells, at);
        if (chosen < 0) return fail("Cannot find non-null field: a union has no value", field);
        if (chosen != field.union_member) continue;
        at += cells->offset;
        cells = cells->child_data[static_cast<size_t>(chosen)].get();
      }
      if (null_cell(*cells, at)) {
        if (!field.default_value) continue;
        cells = field.default_value->data->data().get();
        at = 0;
      }
      if (!this->field(field, *cells, at)) return in(field);
    }
    return true;
  }

  // A value that is not null, with its tag.
  bool field(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    if (field.repeated) return list(field, data, row);
    if (field.form == WriteForm::kMap) return map(field, data, row);
    return value(field, data, row, field.has_presence);
  }

  const char* problem() const { return problem_; }
  const char* java_class() const { return java_class_; }
  const std::string& path() const { return path_; }

 private:
  bool fail(const char* problem, const EncodeField& field) {
    fail(problem);
    return in(field);
  }
  bool fail(const char* problem, const char* java_class = "org.apache.kafka.connect.errors.DataException") {
    problem_ = problem;
    java_class_ = java_class;
    return false;
  }
  bool in(const EncodeField& field) {
    path_ = path_.empty() ? field.name : field.name + "." + path_;
    return false;
  }

  // The first member that has a value or a default, as Struct.get gives it.
  static int chosen_member(const ConnectSchema& schema, const arrow::ArrayData& data, int64_t row) {
    for (size_t i = 0; i < data.child_data.size(); ++i) {
      if (!null_cell(*data.child_data[i], row + data.offset) || schema.fields()[i].schema->default_value()) return static_cast<int>(i);
    }
    return -1;
  }

  void tag(const EncodeField& field, uint32_t type) { put_varint(field.number << 3 | type, &out_); }

  bool list(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    const auto* offsets = data.GetValues<int32_t>(1);
    if (offsets[row] == offsets[row + 1]) return true;
    const arrow::ArrayData& items = *data.child_data[0];
    size_t mark = 0;
    if (field.packed) {
      tag(field, kWireLength);
      mark = out_.size();
      out_.push_back(0);
    }
    for (int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (null_cell(items, i)) return fail("an array has a null element: Protobuf cannot hold it", "java.lang.NullPointerException");
      if (!(field.packed ? bare(field, items, i) : value(field, items, i, true))) return false;
    }
    if (field.packed) close_length(mark, &out_);
    return true;
  }

  bool map(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    const auto* offsets = data.GetValues<int32_t>(1);
    const arrow::ArrayData& entries = *data.child_data[0];
    for (int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      tag(field, kWireLength);
      size_t mark = out_.size();
      out_.push_back(0);
      for (size_t part = 0; part < 2; ++part) {
        const EncodeField& half = field.message->fields[part];
        int64_t at = i + entries.offset;
        if (null_cell(*entries.child_data[part], at)) continue;
        if (!this->field(half, *entries.child_data[part], at)) return in(half);
      }
      close_length(mark, &out_);
    }
    return true;
  }

  bool value(const EncodeField& field, const arrow::ArrayData& data, int64_t row, bool always) {
    size_t before = out_.size();
    tag(field, wire_type_of(field.form));
    size_t mark = out_.size();
    bool embedded = field.form >= WriteForm::kMessage;
    if (embedded) out_.push_back(0);
    if (!bare(field, data, row)) return false;
    if (embedded) close_length(mark, &out_);
    else if (!always && is_default(mark)) out_.resize(before);
    return true;
  }

  // Zero, an empty text, false: all their bytes are zero, and -0.0 is not.
  bool is_default(size_t mark) const {
    for (size_t i = mark; i < out_.size(); ++i) {
      if (out_[i] != 0) return false;
    }
    return true;
  }

  void wrapped(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    size_t before = out_.size();
    put_varint(1 << 3 | wire_type_of(field.wrapped), &out_);
    size_t mark = out_.size();
    scalar(field, field.wrapped, data, row);
    if (is_default(mark)) out_.resize(before);
  }

  bool bare(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    switch (field.form) {
      case WriteForm::kMessage: return fields(*field.message, *field.schema, data, row);
      case WriteForm::kWrapper: wrapped(field, data, row); return true;
      case WriteForm::kDecimal: append_decimal(columnar::decode_decimal(bytes_cell(data, row)), &out_); return true;
      case WriteForm::kDate: append_date(fixed_cell<int32_t>(data, row), &out_); return true;
      case WriteForm::kTime:
        return append_time_of_day(fixed_cell<int32_t>(data, row), &out_) || fail("Time values must lie between 0 and 86,400,000 milliseconds");
      case WriteForm::kTimestamp:
        return append_timestamp(fixed_cell<int64_t>(data, row), &out_) || fail("a Timestamp must lie in the years 1 to 9999", kIllegalArgument);
      case WriteForm::kEnum: return enum_number(field, data, row);
      default: scalar(field, field.form, data, row); return true;
    }
  }

  bool enum_number(const EncodeField& field, const arrow::ArrayData& data, int64_t row) {
    int64_t number = 0;
    if (field.schema->type() == Type::kInt32) {
      number = fixed_cell<int32_t>(data, row);
    } else {
      symbol_.assign(bytes_cell(data, row));
      auto found = field.symbols.find(symbol_);
      if (found == field.symbols.end()) return fail("a value is none of the enum's symbols", kIllegalArgument);
      number = found->second;
    }
    put_varint(static_cast<uint64_t>(number), &out_);
    return true;
  }

  void scalar(const EncodeField& field, WriteForm form, const arrow::ArrayData& data, int64_t row) {
    switch (form) {
      case WriteForm::kBool: out_.push_back(arrow::bit_util::GetBit(data.buffers[1]->data(), row + data.offset) ? 1 : 0); return;
      case WriteForm::kFloat: put_fixed(fixed_cell<float>(data, row), &out_); return;
      case WriteForm::kDouble: put_fixed(fixed_cell<double>(data, row), &out_); return;
      case WriteForm::kString:
      case WriteForm::kBytes: {
        std::string_view bytes = bytes_cell(data, row);
        put_varint(bytes.size(), &out_);
        out_.append(bytes);
        return;
      }
      default: break;
    }
    int64_t v = integer_cell(*field.schema, data, row);
    switch (form) {
      case WriteForm::kUnsigned32: put_varint(static_cast<uint32_t>(v), &out_); return;
      case WriteForm::kZigzag32: {
        auto n = static_cast<int32_t>(v);
        put_varint(static_cast<uint32_t>(n) << 1 ^ static_cast<uint32_t>(n >> 31), &out_);
        return;
      }
      case WriteForm::kZigzag64: put_varint(static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63), &out_); return;
      case WriteForm::kFixed32: put_fixed(static_cast<uint32_t>(v), &out_); return;
      case WriteForm::kFixed64: put_fixed(static_cast<uint64_t>(v), &out_); return;
      default: put_varint(static_cast<uint64_t>(v), &out_); return;
    }
  }

  std::string& out_;
  const char* problem_ = "";
  const char* java_class_ = "";
  std::string path_;
  std::string symbol_;
};

}  // namespace

MessageEncoder::MessageEncoder() = default;
MessageEncoder::~MessageEncoder() = default;

Result<std::unique_ptr<MessageEncoder>> MessageEncoder::make(const columnar::SchemaPtr& schema, const ProtoOptions& options) {
  std::unique_ptr<MessageEncoder> out(new MessageEncoder());
  out->schema_ = schema;
  ASSIGN_OR_RETURN(out->definition_, from_connect_schema(*schema, options));
  out->text_ = proto_text(*out->definition_.file);
  ASSIGN_OR_RETURN(out->proto_, ProtoSchema::build(*out->definition_.file, {}));
  const auto* message = out->proto_->find(out->definition_.message);
  if (!message) return json::data_exception(fmt::format("Protobuf message '{}' cannot be made", out->definition_.message));
  out->indexes_ = ProtoSchema::indexes_of(*message);
  if (schema->type() == Type::kStruct) {
    ASSIGN_OR_RETURN(out->plan_, make_encode_plan(*schema, *message, options));
  } else {
    out->plan_ = std::make_unique<EncodePlan>();
    out->plan_->fields.push_back(make_root_value(schema));
  }
  return out;
}

Status MessageEncoder::encode(const columnar::Column& column, int64_t row, std::string* out) {
  size_t before = out->size();
  RowWriter writer(out);
  const arrow::ArrayData& data = *column.data->data();
  bool bare = schema_->type() != Type::kStruct;
  if (bare ? writer.field(plan_->fields[0], data, row) : writer.fields(*plan_, *schema_, data, row)) return {};
  out->resize(before);
  return Status::data(fmt::format("{} (field '{}')", writer.problem(), writer.path())).with_java_class(writer.java_class());
}

}  // namespace bywash::formats::protobuf
