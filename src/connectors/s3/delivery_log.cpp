// Text form: a line of version, a line with the range, a line per object; fields are percent-encoded and separated by blanks. Level 6.
#include "connectors/s3/delivery_log.h"

#include <charconv>
#include <map>

#include "base/log.h"
#include "storage/object_key.h"

namespace bywash::connectors::s3 {
namespace {

constexpr std::string_view kLogVersion = "bywash-delivery 1";
constexpr std::string_view kRecoveryLogger = "s3.delivery";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == text.npos) return out;
    text.remove_prefix(at + 1);
  }
}

bool read_number(std::string_view text, int64_t* out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether the object is visible.
Result<bool> is_visible(storage::ObjectStore& store, const LoggedObject& object) {
  auto there = store.head(object.key);
  if (there.ok()) return there->size == object.size;
  if (there.status().code() == Code::kNotFound) return false;
  return there.status();
}

// True: the object is visible. False: it is not, and cannot be made so.
Result<bool> make_visible(storage::ObjectStore& store, const LoggedObject& object) {
  Status completed = store.complete_upload(object.key, object.upload, object.part_tags, false);
  if (completed.ok()) return true;
  if (completed.code() != Code::kNotFound) return completed;
  // Completed before, or aborted.
  return is_visible(store, object);
}

struct Entry {
  std::string key;
  LoggedCut cut;
};

Result<std::vector<Entry>> entries_under(storage::ObjectStore& store, const std::string& prefix) {
  std::vector<Entry> out;
  storage::ListRequest request;
  request.prefix = prefix;
  while (true) {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    for (const storage::ObjectEntry& object : page.objects) {
      auto text = store.get(object.key);
      if (text.status().code() == Code::kNotFound) continue;  // removed since it was listed
      if (!text.ok()) return text.status();
      auto cut = parse_cut(*text);
      if (!cut.ok()) return cut.status().with_context(fmt::format("Entry '{}/{}' of the delivery log", store.name(), object.key));
      out.push_back({object.key, *std::move(cut)});
    }
    if (page.next.empty()) return out;
    request.continuation = page.next;
  }
}

Status discard(storage::ObjectStore& store, const Entry& entry) {
  log::warn(kRecoveryLogger, "The uploads of offsets {} to {} are gone from '{}' (aborted there): their records are delivered again",
            entry.cut.from, entry.cut.end, store.name());
  for (const LoggedObject& object : entry.cut.objects) {
    RETURN_IF_ERROR(store.abort_upload(object.key, object.upload));
    ASSIGN_OR_RETURN(bool visible, is_visible(store, object));
    if (visible) RETURN_IF_ERROR(store.remove(object.key));
  }
  return store.remove(entry.key);
}

}  // namespace

std::string log_prefix(const std::string& connector, const TopicPartition& origin) {
  return fmt::format("_bywash/delivery/{}/{}+{}+", storage::percent_encode(connector, false), storage::percent_encode(origin.topic, false),
                     origin.partition.value);
}

std::string log_key(const std::string& prefix, int64_t from) { return fmt::format("{}{:020}.delivery", prefix, from); }

std::string print_cut(const LoggedCut& cut) {
  std::string out = fmt::format("{}\noffsets {} {}\n", kLogVersion, cut.from, cut.end);
  for (const LoggedObject& object : cut.objects) {
    out += fmt::format("object {} {} {}", storage::percent_encode(object.key, true), storage::percent_encode(object.upload, true), object.size);
    for (const std::string& tag : object.part_tags) out += " " + storage::percent_encode(tag, true);
    out += '\n';
  }
  return out + "end\n";
}

Result<LoggedCut> parse_cut(std::string_view text) {
  auto lines = split(text, '\n');
  if (lines.size() < 4 || lines[0] != kLogVersion) return Status::fatal(fmt::format("does not begin with '{}'", kLogVersion));
  if (lines.back() != "" || lines[lines.size() - 2] != "end") return Status::fatal("has no end");
  LoggedCut cut;
  auto range = split(lines[1], ' ');
  if (range.size() != 3 || range[0] != "offsets" || !read_number(range[1], &cut.from) || !read_number(range[2], &cut.end)) {
    return Status::fatal("has no range of offsets");
  }
  for (size_t i = 2; i + 2 < lines.size(); ++i) {
    auto fields = split(lines[i], ' ');
    LoggedObject object;
    if (fields.size() < 4 || fields[0] != "object" || !read_number(fields[3], &object.size)) {
      return Status::fatal(fmt::format("has an unknown line {}", i + 1));
    }
    ASSIGN_OR_RETURN(object.key, storage::percent_decode(fields[1]));
    ASSIGN_OR_RETURN(object.upload, storage::percent_decode(fields[2]));
    for (size_t f = 4; f < fields.size(); ++f) {
      ASSIGN_OR_RETURN(std::string field, storage::percent_decode(fields[f]));
      object.part_tags.push_back(std::move(field));
    }
    cut.objects.push_back(std::move(object));
  }
  return cut;
}

Status write_cut(storage::ObjectStore& store, const std::string& prefix, const LoggedCut& cut) {
  const std::string key = log_key(prefix, cut.from), text = print_cut(cut);
  storage::ObjectAttributes attributes;
  attributes.only_if_absent = true;
  Status written = store.put(key, text, attributes);
  if (written.code() == Code::kConflict) {
    // Perhaps our own: an answer that got lost makes the same request fail when it is repeated.
    auto there = store.get(key);
    if (!there.ok() && there.status().code() != Code::kNotFound) return there.status();
    if (!there.ok() || *there != text) return written;
    written = {};
  }
  RETURN_IF_ERROR(written);
  // One task's entries come in order: a later one is another task's, which did not know of this cut and reads its records again.
  storage::ListRequest request;
  request.prefix = prefix;
  std::string last;
  do {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    if (!page.objects.empty()) last = page.objects.back().key;
    request.continuation = page.next;
  } while (!request.continuation.empty());
  if (last <= key) return {};
  RETURN_IF_ERROR(store.remove(key));
  return Status::conflict(fmt::format("'{}/{}' is later than the cut from offset {} on", store.name(), last, cut.from));
}

Result<Recovered> recover(storage::ObjectStore& store, const std::string& prefix, std::optional<int64_t> committed) {
  ASSIGN_OR_RETURN(std::vector<Entry> entries, entries_under(store, prefix));
  Recovered out;
  bool set_back = committed && !entries.empty() && *committed < entries.front().cut.from;
  bool broken = false;
  for (const Entry& entry : entries) {
    bool delivered = true;
    if (committed && entry.cut.end <= *committed) {
      // Its offsets are committed, which happens after its objects are durable.
      RETURN_IF_ERROR(store.remove(entry.key));
      continue;
    }
    for (size_t i = 0; !broken && delivered && i < entry.cut.objects.size(); ++i) {
      ASSIGN_OR_RETURN(delivered, make_visible(store, entry.cut.objects[i]));
    }
    if (broken || !delivered) {
      broken = true;
      RETURN_IF_ERROR(discard(store, entry));
      continue;
    }
    if (set_back) {
      RETURN_IF_ERROR(store.remove(entry.key));
      continue;
    }
    out.position = entry.cut.end;
    out.kept.push_back({entry.cut.from, entry.cut.end});
  }
  return out;
}

}  // namespace bywash::connectors::s3
