// Plans and their execution. Decode step of the sink line, the task's thread. Level 4.
#include "formats/avro/decoder.h"

#include <algorithm>

#include "base/check.h"
#include "formats/avro/binary_cursor.h"
#include "formats/avro/from_connect.h"
#include "formats/avro/to_connect.h"
#include "formats/string/charset.h"

namespace bywash::formats::avro {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using columnar::Value;
using json::ColumnBuilder;

namespace {

using ReadCode = DecodeStep::Code;
using Problem = Cursor::Problem;

// The fewest bytes that a value takes. Schemas here are not recursive.
int64_t bytes_min(const DecodeStep& step) {
  switch (step.code) {
    case ReadCode::kNull: return 0;
    case ReadCode::kFloat: return 4;
    case ReadCode::kDouble: return 8;
    case ReadCode::kFixed:
    case ReadCode::kFixedDecimal: return step.size;
    case ReadCode::kRecord: {
      int64_t sum = 0;
      for (const DecodeStep& child : step.children) sum = std::min<int64_t>(sum + bytes_min(child), INT32_MAX);
      return sum;
    }
    default: return 1;
  }
}

int32_t cells_of(const ColumnBuilder& to) {
  if (to.kind() != ColumnBuilder::Kind::kFields) return 1;
  int32_t sum = 1;
  for (const auto& child : const_cast<ColumnBuilder&>(to).children()) sum += cells_of(*child.builder);
  return sum;
}

class PlanMaker {
 public:
  static Result<DecodeStep> make(const AvroNode& avro, ColumnBuilder* to) {
    DecodeStep step;
    step.to = to;
    step.cells = avro.kind == AvroKind::kUnion ? cells_of(*to) : 1;
    if (avro.kind == AvroKind::kUnion) return union_step(avro, std::move(step));
    if (!fits(avro, *to)) return Status::data(fmt::format("The Avro type {} does not fit the column made for it", avro.full_name()));
    switch (avro.kind) {
      case AvroKind::kNull: step.code = ReadCode::kNull; break;
      case AvroKind::kBoolean: step.code = ReadCode::kBoolean; break;
      case AvroKind::kInt: step.code = int_code(*to); break;
      case AvroKind::kLong: step.code = ReadCode::kInt64; break;
      case AvroKind::kFloat: step.code = ReadCode::kFloat; break;
      case AvroKind::kDouble: step.code = ReadCode::kDouble; break;
      case AvroKind::kString: step.code = ReadCode::kString; break;
      case AvroKind::kEnum: step.code = ReadCode::kEnum; step.names = avro.symbols; break;
      case AvroKind::kBytes:
      case AvroKind::kFixed: {
        bool decimal = to->kind() == ColumnBuilder::Kind::kDecimal, fixed = avro.kind == AvroKind::kFixed;
        step.code = decimal ? (fixed ? ReadCode::kFixedDecimal : ReadCode::kDecimal) : (fixed ? ReadCode::kFixed : ReadCode::kBytes);
        step.size = avro.size;
        step.scale = to->scale();
        break;
      }
      case AvroKind::kArray:
      case AvroKind::kMap: return nested_step(avro, std::move(step));
      case AvroKind::kRecord:
        step.code = ReadCode::kRecord;
        for (size_t i = 0; i < avro.fields.size(); ++i) {
          ASSIGN_OR_RETURN(DecodeStep child, make(*avro.fields[i].type, to->children()[i].builder.get()));
          step.children.push_back(std::move(child));
          step.names.push_back(avro.fields[i].name);
        }
        break;
      case AvroKind::kUnion: break;
    }
    return step;
  }

 private:
  static bool fits(const AvroNode& avro, const ColumnBuilder& to) {
    using K = ColumnBuilder::Kind;
    K kind = to.kind();
    switch (avro.kind) {
      case AvroKind::kNull: return false;
      case AvroKind::kBoolean: return kind == K::kBoolean;
      case AvroKind::kInt: return kind == K::kInt8 || kind == K::kInt16 || kind == K::kInt32 || kind == K::kDate || kind == K::kTime;
      case AvroKind::kLong: return kind == K::kInt64 || kind == K::kTimestamp;
      case AvroKind::kFloat: return kind == K::kFloat32;
      case AvroKind::kDouble: return kind == K::kFloat64;
      case AvroKind::kString:
      case AvroKind::kEnum: return kind == K::kString;
      case AvroKind::kBytes:
      case AvroKind::kFixed: return kind == K::kBytes || kind == K::kDecimal;
      case AvroKind::kArray: return kind == K::kList || kind == K::kMap;
      case AvroKind::kMap: return kind == K::kMap;
      default: return kind == K::kFields;
    }
  }

  static ReadCode int_code(const ColumnBuilder& to) {
    if (to.kind() == ColumnBuilder::Kind::kInt8) return ReadCode::kInt8;
    return to.kind() == ColumnBuilder::Kind::kInt16 ? ReadCode::kInt16 : ReadCode::kInt32;
  }

  static Result<DecodeStep> nested_step(const AvroNode& avro, DecodeStep step) {
    auto& children = step.to->children();
    const AvroNode& items = *avro.branches[0];
    if (avro.kind == AvroKind::kArray && step.to->kind() == ColumnBuilder::Kind::kList) {
      step.code = ReadCode::kArray;
      ASSIGN_OR_RETURN(DecodeStep child, make(items, children[0].builder.get()));
      step.item_bytes_min = bytes_min(child);
      step.children.push_back(std::move(child));
      return step;
    }
    step.code = ReadCode::kMap;
    if (avro.kind == AvroKind::kMap) {
      DecodeStep key;
      key.code = ReadCode::kString;
      key.to = children[0].builder.get();
      step.children.push_back(std::move(key));
      ASSIGN_OR_RETURN(DecodeStep value, make(items, children[1].builder.get()));
      step.children.push_back(std::move(value));
      step.field_of = {0, 1};
    } else {
      // Entries as records: "key" and "value" in either order.
      for (const AvroField& field : items.fields) {
        int at = field.name == "key" ? 0 : 1;
        ASSIGN_OR_RETURN(DecodeStep child, make(*field.type, children[static_cast<size_t>(at)].builder.get()));
        step.children.push_back(std::move(child));
      }
    }
    step.item_bytes_min = bytes_min(step.children[0]) + bytes_min(step.children[1]);
    return step;
  }

  static Result<DecodeStep> union_step(const AvroNode& avro, DecodeStep step) {
    size_t nulls = static_cast<size_t>(std::count_if(avro.branches.begin(), avro.branches.end(), [](const AvroNode* b) { return b->kind == AvroKind::kNull; }));
    const ConnectSchema& schema = *step.to->schema();
    bool as_struct = step.to->kind() == ColumnBuilder::Kind::kFields && is_union_schema(schema);
    if (!as_struct && avro.branches.size() == 2 && nulls == 1) {
      step.code = ReadCode::kNullable;
      step.null_first = avro.branches[0]->kind == AvroKind::kNull;
      ASSIGN_OR_RETURN(DecodeStep child, make(*avro.branches[step.null_first ? 1 : 0], step.to));
      step.children.push_back(std::move(child));
      return step;
    }
    step.code = ReadCode::kUnion;
    // A flattened union of one type: an index, then the value itself.
    bool flattened = !as_struct && avro.branches.size() == 1;
    int field = 0;
    for (const AvroNode* branch : avro.branches) {
      DecodeStep child;
      bool null = branch->kind == AvroKind::kNull;
      if (!null) {
        if (!flattened && static_cast<size_t>(field) >= step.to->children().size()) return Status::data("A union has more members than the schema made for it");
        ColumnBuilder* to = flattened ? step.to : step.to->children()[static_cast<size_t>(field)].builder.get();
        ASSIGN_OR_RETURN(child, make(*branch, to));
      }
      step.field_of.push_back(null ? -1 : flattened ? -2 : field++);
      step.children.push_back(std::move(child));
    }
    return step;
  }
};

// Runs a plan over one message. Names of fields come into `path` as the calls return from a problem.
class Runner {
 public:
  Runner(Cursor* in, std::string* scratch) : in_(*in), scratch_(*scratch) {}
  const std::string& path() const { return path_; }

  bool run(const DecodeStep& step) {
    int64_t n = 0;
    std::string_view bytes;
    switch (step.code) {
      case ReadCode::kNull: step.to->append_null(); return true;
      case ReadCode::kBoolean: {
        uint8_t b = 0;
        if (!in_.fixed(&b)) return false;
        step.to->push_fixed(static_cast<uint8_t>(b == 1));
        return true;
      }
      case ReadCode::kInt32:
        if (!in_.varint<5>(&n)) return false;
        step.to->push_fixed(static_cast<int32_t>(n));
        return true;
      case ReadCode::kInt64:
        if (!in_.varint<10>(&n)) return false;
        step.to->push_fixed(n);
        return true;
      case ReadCode::kInt8:
        if (!in_.varint<5>(&n)) return false;
        step.to->push_fixed(static_cast<int8_t>(n));
        return true;
      case ReadCode::kInt16:
        if (!in_.varint<5>(&n)) return false;
        step.to->push_fixed(static_cast<int16_t>(n));
        return true;
      case ReadCode::kFloat: {
        float v = 0;
        if (!in_.fixed(&v)) return false;
        step.to->push_fixed(v);
        return true;
      }
      case ReadCode::kDouble: {
        double v = 0;
        if (!in_.fixed(&v)) return false;
        step.to->push_fixed(v);
        return true;
      }
      case ReadCode::kString:
        if (!in_.bytes(&bytes)) return false;
        step.to->push_bytes(repair_utf8(bytes, &scratch_));
        return true;
      case ReadCode::kBytes:
        if (!in_.bytes(&bytes)) return false;
        step.to->push_bytes(bytes);
        return true;
      case ReadCode::kFixed:
        if (!in_.take(step.size, &bytes)) return false;
        step.to->push_bytes(bytes);
        return true;
      case ReadCode::kDecimal:
        if (!in_.bytes(&bytes)) return false;
        push_decimal(step, bytes);
        return true;
      case ReadCode::kFixedDecimal:
        if (!in_.take(step.size, &bytes)) return false;
        push_decimal(step, bytes);
        return true;
      case ReadCode::kEnum:
        if (!in_.varint<5>(&n)) return false;
        if (n < 0 || n >= static_cast<int64_t>(step.names.size())) return in_.fail(Problem::kSymbol);
        step.to->push_bytes(step.names[static_cast<size_t>(n)]);
        return true;
      case ReadCode::kNullable:
        if (!in_.varint<5>(&n)) return false;
        if (n != 0 && n != 1) return in_.fail(Problem::kBranch);
        if ((n == 0) == step.null_first) return push_null(step);
        return run(step.children[0]);
      case ReadCode::kRecord: return run_record(step);
      case ReadCode::kArray: return run_array(step);
      case ReadCode::kMap: return run_map(step);
      case ReadCode::kUnion: return run_union(step);
    }
    return false;
  }

  // A Decimal of no bytes is a zero here; Java's BigInteger refuses it.
  void push_decimal(const DecodeStep& step, std::string_view unscaled) {
    scratch_.resize(4);
    std::memcpy(scratch_.data(), &step.scale, 4);
    // BigInteger keeps no more bytes than it needs; equal numbers must be equal bytes.
    while (unscaled.size() > 1 && ((unscaled[0] == 0 && !(unscaled[1] & 0x80)) || (unscaled[0] == '\xFF' && (unscaled[1] & 0x80)))) unscaled.remove_prefix(1);
    if (unscaled.empty()) scratch_ += '\0';
    else scratch_.append(unscaled);
    step.to->push_bytes(scratch_);
  }

 private:
  // A byte that says "null" fills all columns below it: a small message must not fill gigabytes.
  bool spend(int32_t cells) {
    cells_left_ -= cells;
    return cells_left_ >= 0 || in_.fail(Problem::kTooMany);
  }

  bool push_null(const DecodeStep& step) {
    if (!spend(step.cells)) return false;
    step.to->append_null();
    return true;
  }

  bool run_record(const DecodeStep& step) {
    for (const DecodeStep& child : step.children) {
      if (!run(child)) [[unlikely]] {
        add_name(step.names[static_cast<size_t>(&child - step.children.data())]);
        return false;
      }
    }
    step.to->end_fields();
    return true;
  }

  bool run_array(const DecodeStep& step) {
    int64_t done = 0;
    for (int64_t count = 0; in_.block(step.item_bytes_min, done, &count);) {
      if (count == 0) {
        step.to->end_list();
        return true;
      }
      done += count;
      for (; count > 0; --count) {
        if (!run(step.children[0])) {
          add_name("[]");
          return false;
        }
      }
    }
    return false;
  }

  bool run_map(const DecodeStep& step) {
    int64_t done = 0;
    for (int64_t count = 0; in_.block(step.item_bytes_min, done, &count);) {
      if (count == 0) {
        step.to->end_list();
        return true;
      }
      done += count;
      for (; count > 0; --count) {
        if (!run(step.children[0]) || !run(step.children[1])) {
          add_name("{}");
          return false;
        }
      }
    }
    return false;
  }

  bool run_union(const DecodeStep& step) {
    int64_t n = 0;
    if (!in_.varint<5>(&n)) return false;
    if (n < 0 || n >= static_cast<int64_t>(step.children.size())) return in_.fail(Problem::kBranch);
    int field = step.field_of[static_cast<size_t>(n)];
    const DecodeStep& chosen = step.children[static_cast<size_t>(n)];
    if (field == -1) return push_null(step);
    if (field == -2) return run(chosen);
    if (!spend(step.cells)) return false;
    auto& children = step.to->children();
    for (size_t i = 0; i < children.size(); ++i) {
      if (static_cast<int>(i) != field) {
        children[i].builder->append_null();
      } else if (!run(chosen)) {
        add_name(children[i].name);
        return false;
      }
    }
    step.to->end_fields();
    return true;
  }

  void add_name(std::string_view name) {
    if (path_.empty()) path_ = name;
    else path_ = std::string(name) + "." + path_;
  }

  Cursor& in_;
  std::string& scratch_;
  std::string path_;
  int64_t cells_left_ = 50'000'000;
};

Status problem_of(Problem problem, const std::string& path, size_t at) {
  std::string where = path.empty() ? "" : fmt::format(" in field '{}'", path);
  where += fmt::format(" at byte {}", at);
  switch (problem) {
    case Problem::kEnd: return Status::data("the data ends" + where).with_java_class("java.io.EOFException");
    case Problem::kNumber: return Status::data("Invalid int or long encoding" + where).with_java_class("java.io.IOException");
    case Problem::kLength: return Status::data("Malformed data. Length is negative" + where);
    case Problem::kBranch: return Status::data("no such member of the union" + where);
    case Problem::kSymbol: return Status::data("no such symbol of the enum" + where);
    case Problem::kTooMany: return Status::data("more items without content than a message may have" + where);
    case Problem::kDepth: return Status::data("nested too deeply" + where);
    case Problem::kNone: break;
  }
  return Status::data("the data does not fit the schema" + where);
}

// Schemaless data by hand: its schema contains itself.
class AnythingReader {
 public:
  explicit AnythingReader(Cursor* in) : in_(*in) {}

  bool read(Value* out, int depth) {
    if (depth > kDepthMax) return in_.fail(Problem::kDepth);
    int64_t n = 0;
    bool present = false;
    uint8_t b = 0;
    std::string_view bytes;
    double d = 0;
    float f = 0;
    Value found[9];
    if (!member(&present) || (present && !in_.fixed(&b))) return false;
    if (present) found[0] = Value(b == 1);
    if (!member(&present) || (present && !in_.bytes(&bytes))) return false;
    if (present) found[1] = Value(Value::Bytes{std::string(bytes)});
    if (!member(&present) || (present && !in_.fixed(&d))) return false;
    if (present) found[2] = Value(d);
    if (!member(&present) || (present && !in_.fixed(&f))) return false;
    if (present) found[3] = Value(f);
    if (!member(&present) || (present && !in_.varint<5>(&n))) return false;
    if (present) found[4] = Value(static_cast<int32_t>(n));
    if (!member(&present) || (present && !in_.varint<10>(&n))) return false;
    if (present) found[5] = Value(n);
    if (!member(&present) || (present && !in_.bytes(&bytes))) return false;
    if (present) found[6] = Value::string(repair_utf8(bytes, &scratch_));
    if (!member(&present) || (present && !list(&found[7], depth))) return false;
    if (!member(&present) || (present && !map(&found[8], depth))) return false;
    // The first that is set counts.
    for (Value& value : found) {
      if (value.is_null()) continue;
      *out = std::move(value);
      return true;
    }
    *out = Value();
    return true;
  }

 private:
  static constexpr int kDepthMax = 200;
  static constexpr int64_t kAnythingBytesMin = 9;

  bool member(bool* present) {
    int64_t n = 0;
    if (!in_.varint<5>(&n)) return false;
    if (n != 0 && n != 1) return in_.fail(Problem::kBranch);
    *present = n == 1;
    return true;
  }

  bool list(Value* out, int depth) {
    Value::List items;
    for (int64_t count = 0; in_.block(kAnythingBytesMin, 0, &count);) {
      if (count == 0) {
        *out = Value::list(std::move(items));
        return true;
      }
      for (; count > 0; --count) {
        Value item;
        if (!read(&item, depth + 1)) return false;
        items.push_back(std::move(item));
      }
    }
    return false;
  }

  bool map(Value* out, int depth) {
    Value::Map entries;
    for (int64_t count = 0; in_.block(2 * kAnythingBytesMin, 0, &count);) {
      if (count == 0) {
        *out = Value::map(std::move(entries));
        return true;
      }
      for (; count > 0; --count) {
        Value key, value;
        if (!read(&key, depth + 1) || !read(&value, depth + 1)) return false;
        entries.emplace_back(std::move(key), std::move(value));
      }
    }
    return false;
  }

  Cursor& in_;
  std::string scratch_;
};

}  // namespace

Result<std::unique_ptr<AvroDecoder>> AvroDecoder::make(std::shared_ptr<const AvroSchema> owner, const AvroNode& avro, const SchemaPtr& schema) {
  std::unique_ptr<AvroDecoder> out(new AvroDecoder(schema));
  out->owner_ = std::move(owner);
  ASSIGN_OR_RETURN(out->plan_, PlanMaker::make(avro, &out->builder_));
  return out;
}

Status AvroDecoder::read(std::string_view* bytes) {
  Cursor in(*bytes);
  Runner runner(&in, &scratch_);
  int64_t length = builder_.length();
  if (!runner.run(plan_)) {
    builder_.truncate(length);
    return problem_of(in.problem, runner.path(), bytes->size() - in.left());
  }
  bytes->remove_prefix(bytes->size() - in.left());
  return {};
}

Status AvroDecoder::read_bare_bytes(std::string_view bytes) {
  CHECK(plan_.code == ReadCode::kBytes || plan_.code == ReadCode::kDecimal);
  if (plan_.code == ReadCode::kBytes) {
    builder_.push_bytes(bytes);
    return {};
  }
  if (bytes.empty()) return Status::data("a decimal without bytes").with_java_class("java.lang.NumberFormatException");
  Cursor none("");
  Runner(&none, &scratch_).push_decimal(plan_, bytes);
  return {};
}

Result<columnar::Column> AvroDecoder::finish() {
  ASSIGN_OR_RETURN(auto data, builder_.finish());
  return columnar::Column{builder_.schema(), std::move(data)};
}

Result<Value> read_anything(std::string_view* bytes) {
  Cursor in(*bytes);
  Value out;
  if (!AnythingReader(&in).read(&out, 0)) return problem_of(in.problem, "", bytes->size() - in.left());
  bytes->remove_prefix(bytes->size() - in.left());
  return out;
}

}  // namespace bywash::formats::avro
