#include "connectors/postgres_cdc/pgoutput.h"

namespace bywash::postgres_cdc {
namespace {

// Between 1970-01-01 and PostgreSQL's 2000-01-01.
constexpr int64_t kEpochMicros = 946'684'800'000'000;

// Big-endian reading; once past the end everything is zero and ok() false.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  uint64_t number(size_t width) {
    if (rest_.size() < width) return fail();
    uint64_t out = 0;
    for (size_t i = 0; i < width; ++i) out = out << 8 | static_cast<uint8_t>(rest_[i]);
    rest_.remove_prefix(width);
    return out;
  }
  char letter() { return static_cast<char>(number(1)); }
  std::string_view bytes(size_t count) {
    if (rest_.size() < count) return fail(), std::string_view();
    std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::string_view text() {
    size_t end = rest_.find('\0');
    if (end == rest_.npos) return fail(), std::string_view();
    std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return out;
  }

 private:
  uint64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

bool read_tuple(MessageReader* in, Tuple* out) {
  size_t count = in->number(2);
  out->clear();
  for (size_t i = 0; i < count && in->ok(); ++i) {
    TupleValue& value = out->emplace_back();
    switch (in->letter()) {
      case 'n': value.kind = TupleValue::Kind::kNull; break;
      case 'u': value.kind = TupleValue::Kind::kUnchanged; break;
      case 't':
        value.kind = TupleValue::Kind::kText;
        value.text = in->bytes(in->number(4));
        break;
      default: return false;
    }
  }
  return in->ok();
}

bool read_relation(MessageReader* in, RelationMessage* out) {
  out->id = static_cast<uint32_t>(in->number(4));
  out->schema = in->text();
  // The server leaves the name of pg_catalog out.
  if (out->schema.empty()) out->schema = "pg_catalog";
  out->table = in->text();
  out->identity = in->letter();
  size_t count = in->number(2);
  out->columns.clear();
  for (size_t i = 0; i < count && in->ok(); ++i) {
    in->number(1);
    RelationColumn column;
    column.name = in->text();
    column.type = static_cast<uint32_t>(in->number(4));
    column.modifier = static_cast<int32_t>(in->number(4));
    out->columns.push_back(std::move(column));
  }
  return in->ok();
}

bool read_change(char kind, MessageReader* in, ChangeMessage* out) {
  out->relation = static_cast<uint32_t>(in->number(4));
  char part = in->letter();
  out->has_old = part == 'K' || part == 'O';
  out->old_is_whole = part == 'O';
  if (out->has_old) {
    if (kind == 'I' || !read_tuple(in, &out->old_row)) return false;
    if (kind == 'D') return true;
    part = in->letter();
  }
  return part == 'N' && kind != 'D' && read_tuple(in, &out->new_row);
}

bool read_message(char kind, MessageReader* in, ChangeMessage* out) {
  switch (kind) {
    case 'B':
      out->type = MessageType::kBegin;
      out->lsn = in->number(8);
      out->commit_micros = static_cast<int64_t>(in->number(8)) + kEpochMicros;
      out->xid = static_cast<uint32_t>(in->number(4));
      return in->ok();
    case 'C':
      out->type = MessageType::kCommit;
      in->number(1);
      out->lsn = in->number(8);
      out->end_lsn = in->number(8);
      out->commit_micros = static_cast<int64_t>(in->number(8)) + kEpochMicros;
      return in->ok();
    case 'O':
      out->type = MessageType::kOrigin;
      out->lsn = in->number(8);
      out->text = in->text();
      return in->ok();
    case 'R':
      out->type = MessageType::kRelation;
      return read_relation(in, &out->described);
    case 'Y': out->type = MessageType::kType; return true;
    case 'I': out->type = MessageType::kInsert; return read_change(kind, in, out);
    case 'U': out->type = MessageType::kUpdate; return read_change(kind, in, out);
    case 'D': out->type = MessageType::kDelete; return read_change(kind, in, out);
    case 'T': {
      out->type = MessageType::kTruncate;
      size_t count = in->number(4);
      in->number(1);
      out->relations.clear();
      for (size_t i = 0; i < count && in->ok(); ++i) out->relations.push_back(static_cast<uint32_t>(in->number(4)));
      return in->ok();
    }
    case 'M':
      out->type = MessageType::kMessage;
      out->transactional = in->number(1) & 1;
      out->lsn = in->number(8);
      out->text = in->text();
      out->content = in->bytes(in->number(4));
      return in->ok();
    default: out->type = MessageType::kOther; return true;
  }
}

}  // namespace

Status decode_message(std::string_view bytes, ChangeMessage* out) {
  if (bytes.empty()) return Status::fatal("An empty message of logical replication came");
  MessageReader in(bytes.substr(1));
  if (read_message(bytes[0], &in, out)) return {};
  int shown = static_cast<unsigned char>(bytes[0]);
  return Status::fatal(fmt::format("A message of logical replication (type 0x{:02x}, {} bytes) cannot be read as pgoutput's protocol version 1", shown, bytes.size()));
}

}  // namespace bywash::postgres_cdc
