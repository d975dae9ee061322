#include "connectors/postgres_cdc/position.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace bywash::postgres_cdc {
namespace {

using PositionJson = nlohmann::json;

// As Operation of Debezium spells them; a Position keeps one of these.
constexpr std::string_view kMessageTypes[] = {"INSERT", "UPDATE", "DELETE", "TRUNCATE", "MESSAGE", "BEGIN", "COMMIT"};

}  // namespace

std::string partition_json(const std::string& topic_prefix) { return PositionJson{{"server", topic_prefix}}.dump(); }

std::string offset_json(const Position& p) {
  PositionJson out = {{"ts_usec", p.commit_micros}, {"lsn", static_cast<int64_t>(p.lsn)}};
  if (p.tx_id >= 0) out["txId"] = p.tx_id;
  if (p.snapshot != SnapshotState::kNone) {
    bool last = p.snapshot == SnapshotState::kLastRecord;
    out["snapshot"] = "INITIAL";
    out["last_snapshot_record"] = last;
    out["snapshot_completed"] = last;
    return out.dump();
  }
  out["lsn_proc"] = static_cast<int64_t>(p.lsn);
  if (p.commit_lsn) out["lsn_commit"] = static_cast<int64_t>(p.commit_lsn);
  if (!p.message_type.empty()) out["messageType"] = p.message_type;
  if (p.changes_at_lsn > 0) out["lsn_events_processed"] = p.changes_at_lsn;
  return out.dump();
}

Result<Position> position_of_json(const std::string& text) {
  PositionJson offset = PositionJson::parse(text, nullptr, false);
  auto number = [&](const char* key, int64_t otherwise) {
    auto it = offset.find(key);
    return it != offset.end() && it->is_number_integer() ? it->get<int64_t>() : otherwise;
  };
  if (!offset.is_object() || number("lsn", -1) < 0) {
    return Status::invalid("The stored offset is none of this connector (an object with a number 'lsn'): reset the connector's offsets to start over");
  }
  Position p;
  p.lsn = static_cast<uint64_t>(number("lsn", 0));
  p.tx_id = number("txId", -1);
  p.commit_micros = number("ts_usec", 0);
  for (std::string_view name : kMessageTypes) {
    if (offset.value("messageType", PositionJson()) == PositionJson(std::string(name))) p.message_type = name;
  }
  bool of_change = !p.message_type.empty() && p.message_type != "COMMIT" && p.message_type != "BEGIN";
  // Before the first commit there is no lsn_commit: the transaction begins anew, and what was given out of it is skipped.
  p.commit_lsn = static_cast<uint64_t>(number("lsn_commit", of_change ? 0 : number("lsn_proc", 0)));
  // Whoever does not count has given out the change itself.
  p.changes_at_lsn = number("lsn_events_processed", of_change ? 1 : 0);
  // Older versions wrote "snapshot": true.
  auto snapshot = offset.find("snapshot");
  bool in_snapshot = snapshot != offset.end() && *snapshot != PositionJson(false) && !snapshot->is_null();
  if (in_snapshot) {
    auto flag = [&](const char* key) { return offset.value(key, PositionJson()) == PositionJson(true); };
    p.snapshot = flag("last_snapshot_record") || flag("snapshot_completed") ? SnapshotState::kLastRecord : SnapshotState::kRunning;
  }
  return p;
}

std::string lsn_text(uint64_t lsn) { return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffffffff); }

Result<uint64_t> parse_lsn(std::string_view text) {
  size_t slash = text.find('/');
  uint64_t high = 0, low = 0;
  auto part = [](std::string_view digits, uint64_t* out) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *out, 16);
    return error == std::errc() && end == digits.data() + digits.size() && !digits.empty() && *out <= 0xffffffff;
  };
  if (slash == text.npos || !part(text.substr(0, slash), &high) || !part(text.substr(slash + 1), &low)) {
    return Status::invalid(fmt::format("Not a position of the write-ahead log: '{}'", text));
  }
  return high << 32 | low;
}

}  // namespace bywash::postgres_cdc
