// Text form: a line of version, lines "merged <staged> <key> <size>" each followed by its "original <key>" lines, "end". Level 6.
#include "connectors/s3/compaction_record.h"

#include <charconv>
#include <set>

#include "base/log.h"
#include "storage/object_key.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kRecordVersion = "bywash-compaction 1";
constexpr std::string_view kRecordExtension = ".merge", kStagedExtension = ".staged";
constexpr std::string_view kRecordLogger = "s3.compact";

std::string record_key(const std::string& id) { return fmt::format("{}{}{}", kCompactionFolder, id, kRecordExtension); }

// Front piece of `text` up to the separator, which goes too.
std::string_view cut_off(std::string_view* text, char separator) {
  size_t at = std::min(text->find(separator), text->size());
  std::string_view piece = text->substr(0, at);
  text->remove_prefix(std::min(at + 1, text->size()));
  return piece;
}

}  // namespace

std::string print_record(const CompactionRecord& record) {
  std::string out(kRecordVersion);
  for (const MergedObject& object : record.objects) {
    out += fmt::format("\nmerged {} {} {}", storage::percent_encode(object.staged, true), storage::percent_encode(object.key, true), object.size);
    for (const std::string& key : object.originals) out += "\noriginal " + storage::percent_encode(key, true);
  }
  return out + "\nend\n";
}

Result<CompactionRecord> parse_record(const std::string& id, std::string_view text) {
  Status bad = Status::fatal(fmt::format("Record '{}' of a compaction is damaged. Look whether its merged objects are there, then delete it", record_key(id)));
  if (!text.ends_with("\nend\n") || cut_off(&text, '\n') != kRecordVersion) return bad;
  CompactionRecord out;
  out.id = id;
  for (std::string_view line = cut_off(&text, '\n'); line != "end"; line = cut_off(&text, '\n')) {
    std::string_view kind = cut_off(&line, ' ');
    if (kind == "merged") {
      MergedObject object;
      ASSIGN_OR_RETURN(object.staged, storage::percent_decode(cut_off(&line, ' ')));
      ASSIGN_OR_RETURN(object.key, storage::percent_decode(cut_off(&line, ' ')));
      if (std::from_chars(line.data(), line.data() + line.size(), object.size).ec != std::errc()) return bad;
      out.objects.push_back(std::move(object));
    } else if (kind == "original" && !out.objects.empty()) {
      ASSIGN_OR_RETURN(std::string key, storage::percent_decode(line));
      out.objects.back().originals.push_back(std::move(key));
    } else {
      return bad;
    }
  }
  return out;
}

Status write_record(storage::ObjectStore& store, const CompactionRecord& record) {
  const std::string key = record_key(record.id), text = print_record(record);
  storage::ObjectAttributes attributes;
  attributes.only_if_absent = true;
  Status written = store.put(key, text, attributes);
  if (written.code() != Code::kConflict) return written;
  // Perhaps our own, whose answer got lost.
  auto there = store.get(key);
  return there.ok() && *there == text ? Status() : written;
}

Status finish_record(storage::ObjectStore& store, const CompactionRecord& record) {
  for (const MergedObject& object : record.objects) {
    Status shown = store.copy(object.staged, object.key);
    // Shown before, by a run that did not get to the end, or by another at the same time.
    if (!shown.ok() && shown.code() != Code::kNotFound) return shown;
    auto there = store.head(object.key);
    if (!there.ok()) return there.status();
    if (there->size != object.size) {
      return Status::fatal(fmt::format("'{}/{}' has {} bytes, not {}: the objects that went into it stay. Delete it and '{}'", store.name(), object.key, there->size,
                                       object.size, record_key(record.id)));
    }
  }
  for (const MergedObject& object : record.objects) RETURN_IF_ERROR(store.remove_all(object.originals));
  for (const MergedObject& object : record.objects) RETURN_IF_ERROR(store.remove(object.staged));
  return store.remove(record_key(record.id));
}

Status finish_recorded(storage::ObjectStore& store, Millis age) {
  std::set<std::string> wanted;
  std::vector<storage::ObjectEntry> staged;
  storage::ListRequest request;
  request.prefix = kCompactionFolder;
  do {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    for (const storage::ObjectEntry& entry : page.objects) {
      if (entry.key.ends_with(kStagedExtension)) staged.push_back(entry);
      if (!entry.key.ends_with(kRecordExtension)) continue;
      auto text = store.get(entry.key);
      if (text.status().code() == Code::kNotFound) continue;
      if (!text.ok()) return text.status();
      std::string id = entry.key.substr(kCompactionFolder.size(), entry.key.size() - kCompactionFolder.size() - kRecordExtension.size());
      ASSIGN_OR_RETURN(CompactionRecord record, parse_record(id, *text));
      log::info(kRecordLogger, "Finishing a merge in '{}' that was interrupted", store.name());
      for (const MergedObject& object : record.objects) wanted.insert(object.staged);
      RETURN_IF_ERROR(finish_record(store, record));
    }
    request.continuation = page.next;
  } while (!request.continuation.empty());
  for (const storage::ObjectEntry& entry : staged) {
    if (!wanted.contains(entry.key) && wall_clock_ms() - entry.last_modified_ms > age.count()) RETURN_IF_ERROR(store.remove(entry.key));
  }
  return {};
}

}  // namespace bywash::connectors::s3
