// Messages of PostgreSQL's logical replication, plugin pgoutput, protocol version 1 (PostgreSQL 15, chapter 55.9): bytes to structs.
// First step of the source line. Level 6, the task's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bywash::postgres_cdc {

// One value of a row as the server writes it: null, an unchanged value of the TOAST table that was not sent, or text.
struct TupleValue {
  enum class Kind : uint8_t { kNull, kUnchanged, kText } kind = Kind::kNull;
  std::string_view text;  // into the message
};
using Tuple = std::vector<TupleValue>;

struct RelationColumn {
  std::string name;
  uint32_t type = 0;      // pg_type.oid
  int32_t modifier = -1;  // pg_attribute.atttypmod
};

struct RelationMessage {
  uint32_t id = 0;
  std::string schema, table;
  char identity = 'd';  // pg_class.relreplident
  std::vector<RelationColumn> columns;
};

enum class MessageType : uint8_t { kBegin, kCommit, kOrigin, kRelation, kType, kInsert, kUpdate, kDelete, kTruncate, kMessage, kOther };

// One message; which members count depends on `type`. Views point into the bytes that were decoded.
struct ChangeMessage {
  MessageType type = MessageType::kOther;
  // kBegin: `lsn` is where its commit record begins. kCommit: `lsn` likewise, `end_lsn` where it ends. kOrigin, kMessage: `lsn`.
  uint64_t lsn = 0, end_lsn = 0;
  int64_t commit_micros = 0;  // microseconds since 1970
  uint32_t xid = 0;
  std::string_view text;  // kOrigin: the origin's name; kMessage: the prefix
  std::string_view content;
  bool transactional = false;
  uint32_t relation = 0;  // kInsert, kUpdate, kDelete
  std::vector<uint32_t> relations;  // kTruncate
  bool has_old = false;
  bool old_is_whole = false;  // the whole old row (REPLICA IDENTITY FULL), not the key alone
  Tuple old_row, new_row;
  RelationMessage described;  // kRelation
};

// Decodes into *out, whose memory is used again. kFatal: not a message of this protocol.
Status decode_message(std::string_view bytes, ChangeMessage* out);

}  // namespace bywash::postgres_cdc
