// RESTORE_BACKUP and GENERIC. Level 6, the task's thread.
#include "connectors/s3/source_objects.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "transforms/java_regex.h"

namespace bywash::connectors::s3 {
namespace {

using storage::ObjectEntry;
using transforms::JavaRegex;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view behind_last(std::string_view key, const std::string& delim) {
  size_t at = delim.empty() ? key.npos : key.rfind(delim);
  return at == key.npos ? key : key.substr(at + delim.size());
}

Result<std::vector<ObjectEntry>> list_all(storage::ObjectStore& store, const S3SourceConfig& config) {
  std::vector<ObjectEntry> out;
  storage::ListRequest request;
  request.prefix = config.topics_dir.empty() ? "" : config.topics_dir + config.directory_delim;
  while (true) {
    ASSIGN_OR_RETURN(storage::ListPage page, store.list(request));
    for (ObjectEntry& object : page.objects) {
      // Ours, beside the records: the delivery log and what compaction stages.
      if (object.key.starts_with("_bywash/") || object.key.find("/_bywash/") != object.key.npos || object.key.ends_with("/")) continue;
      if (object.last_modified_ms < config.discovery_starting_timestamp) continue;
      out.push_back(std::move(object));
    }
    if (page.next.empty()) return out;
    request.continuation = page.next;
  }
}

class RestoreFinder : public ObjectFinder {
 public:
  explicit RestoreFinder(const S3SourceConfig& config) : config_(config), extension_(extension_of(*format_of(config.format_class))) {}
  Status compile() {
    if (!config_.filename_regex) return {};
    ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(*config_.filename_regex));
    regex_ = std::make_unique<JavaRegex>(std::move(regex));
    return {};
  }

  Result<std::vector<SourceObject>> find(storage::ObjectStore& store) override {
    ASSIGN_OR_RETURN(std::vector<ObjectEntry> listed, list_all(store, config_));
    std::map<std::string, SourceObject> by_stem;
    for (const ObjectEntry& entry : listed) {
      ASSIGN_OR_RETURN(std::optional<ObjectName> name, name_of(entry.key));
      if (!name || name_hash(name->topic + config_.file_delim + std::to_string(name->partition)) % static_cast<uint64_t>(config_.task_count) != static_cast<uint64_t>(config_.task_number)) continue;
      SourceObject& object = by_stem[entry.key.substr(0, entry.key.size() - name->view.size() - name->extension.size())];
      object.topic = name->topic;
      object.partition = name->partition;
      object.start_offset = name->start_offset;
      object.last_modified_ms = std::max(object.last_modified_ms, entry.last_modified_ms);
      if (name->view == ".keys") {
        if (is_of_format(name->extension, config_.keys_format_class)) object.keys = entry.key;
      } else if (name->view == ".headers") {
        if (is_of_format(name->extension, config_.headers_format_class)) object.headers = entry.key;
      } else if (name->extension.find(extension_) != std::string::npos) {
        object.values = entry.key;
      }
    }
    std::vector<SourceObject> out;
    for (auto& [stem, object] : by_stem) {
      if (settle(&object)) out.push_back(std::move(object));
    }
    std::sort(out.begin(), out.end(), [](const SourceObject& a, const SourceObject& b) {
      return std::tie(a.topic, a.partition, a.start_offset, a.key) < std::tie(b.topic, b.partition, b.start_offset, b.key);
    });
    return out;
  }

 private:
  std::string extension_of(Format format) const {
    switch (format) {
      case Format::kAvro: return ".avro";
      case Format::kParquet: return ".parquet";
      case Format::kJson: return ".json";
      case Format::kByteArray: return config_.bytearray_extension;
    }
    return "";
  }
  bool is_of_format(const std::string& extension, const std::string& format_class) const {
    return extension.find(extension_of(*format_of(format_class))) != std::string::npos;
  }

  Result<std::optional<ObjectName>> name_of(const std::string& key) const {
    std::string_view own = behind_last(key, config_.directory_delim);
    auto name = parse_object_name(own, config_.file_delim);
    if (!regex_) return name;
    ASSIGN_OR_RETURN(bool matches, regex_->matches(own));
    if (!matches) return std::optional<ObjectName>();
    if (!name) {
      name.emplace();
      size_t dot = own.find('.');
      name->extension = dot == own.npos ? "" : own.substr(dot);
    }
    ASSIGN_OR_RETURN(name->topic, regex_->replace_first(own, "$1"));
    ASSIGN_OR_RETURN(std::string partition, regex_->replace_first(own, "$2"));
    if (!is_digits(partition)) return Status::invalid(fmt::format("filename.regex gives '{}' as the partition of '{}': group 2 must be its number", partition, key));
    name->partition = std::atoi(partition.c_str());
    return name;
  }

  // False: there is nothing to read, or not all of it is there yet.
  bool settle(SourceObject* object) const {
    bool tombstones = object->values.empty() && !object->keys.empty() &&
                      object->keys.find(config_.directory_delim + config_.tombstone_encoded_partition + config_.directory_delim) != std::string::npos;
    if (object->values.empty() && !tombstones) return false;
    if (config_.store_kafka_keys == true && object->keys.empty()) return false;
    if (config_.store_kafka_headers == true && object->headers.empty()) return false;
    if (config_.store_kafka_keys == false && !tombstones) object->keys.clear();
    if (config_.store_kafka_headers == false) object->headers.clear();
    object->key = tombstones ? object->keys : object->values;
    return true;
  }

  S3SourceConfig config_;
  std::string extension_;
  std::unique_ptr<JavaRegex> regex_;
};

class GenericFinder : public ObjectFinder {
 public:
  explicit GenericFinder(const S3SourceConfig& config) : config_(config) {}
  Status compile() {
    for (const std::string& pair : config_.topic_regex_list) {
      size_t colon = pair.find(':');
      ASSIGN_OR_RETURN(JavaRegex regex, JavaRegex::compile(pair.substr(colon + 1)));
      topics_.emplace_back(pair.substr(0, colon), std::move(regex));
    }
    return {};
  }

  Result<std::vector<SourceObject>> find(storage::ObjectStore& store) override {
    ASSIGN_OR_RETURN(std::vector<ObjectEntry> listed, list_all(store, config_));
    std::vector<SourceObject> out;
    for (const ObjectEntry& entry : listed) {
      if (name_hash(entry.key) % static_cast<uint64_t>(config_.task_count) != static_cast<uint64_t>(config_.task_number)) continue;
      for (const auto& [topic, regex] : topics_) {
        ASSIGN_OR_RETURN(bool matches, regex.matches(entry.key));
        if (!matches) continue;
        SourceObject object;
        object.key = object.values = entry.key;
        object.topic = topic;
        object.last_modified_ms = entry.last_modified_ms;
        out.push_back(std::move(object));
        break;
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const SourceObject& a, const SourceObject& b) { return a.last_modified_ms < b.last_modified_ms; });
    return out;
  }

 private:
  S3SourceConfig config_;
  std::vector<std::pair<std::string, JavaRegex>> topics_;
};

}  // namespace

uint64_t name_hash(std::string_view text) {
  uint64_t hash = 1469598103934665603ull;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

std::optional<ObjectName> parse_object_name(std::string_view name, std::string_view file_delim) {
  if (file_delim.empty()) return std::nullopt;
  size_t last = name.rfind(file_delim);
  if (last == name.npos || last == 0) return std::nullopt;
  size_t before = name.rfind(file_delim, last - 1);
  if (before == name.npos || before == 0) return std::nullopt;
  std::string_view partition = name.substr(before + file_delim.size(), last - before - file_delim.size()), rest = name.substr(last + file_delim.size());
  auto digits_at = [&](size_t at) { return std::min(rest.find_first_not_of("0123456789", at), rest.size()) - at; };
  std::string_view start = rest.substr(0, digits_at(0)), offsets = start;
  // A compacted object's name has the first offset of the last object that went into it, too.
  if (start.size() + 1 < rest.size() && rest[start.size()] == '-') {
    if (size_t more = digits_at(start.size() + 1); more > 0) offsets = rest.substr(0, start.size() + 1 + more);
  }
  ObjectName out;
  if (!is_digits(partition) || !is_digits(start)) return std::nullopt;
  auto number = [](std::string_view digits, auto* value) { return std::from_chars(digits.data(), digits.data() + digits.size(), *value).ec == std::errc(); };
  if (!number(partition, &out.partition) || !number(start, &out.start_offset)) return std::nullopt;
  out.topic = name.substr(0, before);
  out.offsets = offsets;
  out.extension = rest.substr(offsets.size());
  for (std::string_view view : {".keys", ".headers"}) {
    if (!out.extension.starts_with(view)) continue;
    out.view = view;
    out.extension.erase(0, view.size());
  }
  return out;
}

Result<std::unique_ptr<ObjectFinder>> ObjectFinder::make(const S3SourceConfig& config) {
  if (config.is_generic()) {
    auto finder = std::make_unique<GenericFinder>(config);
    RETURN_IF_ERROR(finder->compile());
    return std::unique_ptr<ObjectFinder>(std::move(finder));
  }
  auto finder = std::make_unique<RestoreFinder>(config);
  RETURN_IF_ERROR(finder->compile());
  return std::unique_ptr<ObjectFinder>(std::move(finder));
}

}  // namespace bywash::connectors::s3
