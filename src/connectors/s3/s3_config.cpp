// Declaration of the S3 sink's keys, their checks one by one and together. Level 6.
#include "connectors/s3/s3_config.h"

#include <algorithm>
#include <array>

#include "config/properties.h"
#include "connectors/s3/zone.h"
#include "storage/object_key.h"

namespace bywash::connectors::s3 {
namespace {

using config::KeyType;
using config::Parsed;
using config::TypedConfig;
using Maybe = std::optional<std::string>;

constexpr std::string_view kFormats = "io.confluent.connect.s3.format.";
constexpr std::string_view kPartitioners = "io.confluent.connect.storage.partitioner.";

std::string lower(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

// Last part of a Java class name.
std::string_view simple_name(std::string_view name) {
  size_t dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

config::Validator on_text(std::function<Maybe(const std::string&)> check) {
  return [check = std::move(check)](const Parsed& value) -> Maybe {
    const auto* text = std::get_if<std::string>(&value);
    return text ? check(*text) : std::nullopt;
  };
}

config::Validator any_of(std::vector<std::string> allowed) {
  return on_text([allowed = std::move(allowed)](const std::string& text) -> Maybe {
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return std::nullopt;
    std::string list;
    for (const auto& a : allowed) list += (list.empty() ? "" : ", ") + a;
    return "Value must be one of: [" + list + "]";
  });
}

// The original's EnumValidator: any case counts, and the message shows the words as they are.
config::Validator word_of(std::vector<std::string> allowed) {
  return on_text([strict = config::one_of(std::move(allowed), false)](const std::string& text) { return strict(Parsed(lower(text))); });
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

Maybe check_zone(const std::string& id) {
  if (id.empty()) return std::nullopt;
  Status known = Zone::of(id).status();
  return known.ok() ? std::nullopt : Maybe(known.message());
}

// Every field and every step of a path has a name.
Maybe check_field_names(const Parsed& value) {
  const auto* names = std::get_if<config::List>(&value);
  for (size_t i = 0; names && i < names->size(); ++i) {
    if (is_blank((*names)[i])) return "Field name cannot be null or empty";
    std::string path = (*names)[i];
    // As Java splits: empty steps at the end are none.
    while (!path.empty() && path.back() == '.') path.pop_back();
    for (size_t from = 0; from <= path.size();) {
      size_t dot = std::min(path.find('.', from), path.size());
      if (is_blank(std::string_view(path).substr(from, dot - from))) return "Field name cannot contain an empty or whitespace-only path segment";
      from = dot + 1;
    }
  }
  return std::nullopt;
}

Maybe check_format(const std::string& name) {
  if (format_of(name)) return std::nullopt;
  return "Class " + name + " could not be found.";
}

void add_formats(TypedConfig<S3SinkConfig>& def) {
  using C = S3SinkConfig;
  def.key("format.class", &C::format_class).type(KeyType::kClass).required().high().check(on_text(check_format),
      "[AvroFormat, ParquetFormat, JsonFormat, ByteArrayFormat]").doc("The file format: io.confluent.connect.s3.format.avro.AvroFormat, "
      "...parquet.ParquetFormat, ...json.JsonFormat or ...bytearray.ByteArrayFormat.");
  def.key("flush.size", &C::flush_size).required().high().doc("Records of one topic partition in one set of files.");
  def.key("rotate.interval.ms", &C::rotate_interval_ms).by_default("-1").high().doc(
      "With a time-based partitioner: files end when the time of a record, by the timestamp extractor, is this much after the first one's.");
  def.key("rotate.schedule.interval.ms", &C::rotate_schedule_interval_ms).by_default("-1").doc(
      "Files end by the wall clock, at multiples of this counted from midnight in the time zone.");
  def.key("schemas.cache.config", &C::schemas_cache_config).by_default("1000").low().doc("Has no effect: schemas are shared, not cached by count.");
  def.key("enhanced.avro.schema.support", &C::enhanced_avro_schema_support).by_default("true").low().doc("Enumerations and package names as Avro has them, in Avro files.");
  def.key("connect.meta.data", &C::connect_meta_data).by_default("true").low().doc("Store Connect's properties in the Avro schema of Avro and Parquet files.");
  def.key("retry.backoff.ms", &C::retry_backoff_ms).by_default("5000").low().doc("Wait before a failed object is tried again, after its own retries.");
  def.key("filename.offset.zero.pad.width", &C::filename_offset_zero_pad_width).by_default("10").at_least(0).low().doc("Digits of the offset in a file name.");
  def.key("avro.codec", &C::avro_codec).by_default("null").one_of({"null", "deflate", "snappy", "bzip2", "zstandard"}).low().doc(
      "Codec of Avro files; zstandard is ours.");
  def.key("allow.optional.map.keys", &C::allow_optional_map_keys).by_default("false").low().doc("Maps with optional string keys are written as maps.");
  def.key("schema.compatibility", &C::schema_compatibility).by_default("NONE").high().doc("NONE, BACKWARD, FORWARD or FULL: when a new schema ends a file.");
  def.key("parquet.row.group.bytes", &C::parquet_row_group_bytes).by_default("33554432").at_least(65536).low().doc(
      "Columns in memory at which a row group of a Parquet file ends: large for readers, small for many open files.");
  def.key("parquet.page.bytes", &C::parquet_page_bytes).by_default("1048576").at_least(1024).low().doc("Size of a page of a Parquet file before compression, about.");
  def.key("parquet.codec", &C::parquet_codec).by_default("snappy").low().doc("Compression of Parquet files.").check(
      any_of({"none", "gzip", "snappy", "lz4", "brotli", "lz4_raw", "zstd", "lzo"}), "[none, gzip, snappy, lz4, brotli, lz4_raw, zstd, lzo]");
}

void add_store(TypedConfig<S3SinkConfig>& def) {
  using C = S3SinkConfig;
  def.key("s3.bucket.name", &C::bucket).high().doc("The bucket. Needed unless store.url is a folder.");
  def.key("s3.object.tagging", &C::object_tagging).by_default("false").low().doc("Tag objects with startOffset, endOffset and recordCount.");
  def.key("s3.object.tagging.key.value.pairs", &C::object_tagging_pairs).by_default("").low().doc("More tags, as key:value.");
  def.key("s3.object.behavior.on.tagging.error", &C::behavior_on_tagging_error).by_default("ignore").low().doc("What a refused tag does.").check(
      word_of({"ignore", "fail"}), "[ignore, fail]");
  def.key("s3.region", &C::region).by_default("us-west-2").doc("The bucket's region.");
  def.key("s3.part.size", &C::part_size).by_default("26214400").high().doc("Bytes of one part of a multipart upload; a smaller file is one request.").check(
      [](const Parsed& v) -> Maybe {
        const auto* n = std::get_if<int64_t>(&v);
        if (n && *n < 5'242'880) return "Part size must be at least: 5242880 bytes (5MB)";
        return std::nullopt;
      }, "[5242880,...,2147483647]");
  def.key("s3.credentials.provider.class", &C::credentials_provider_class).type(KeyType::kClass).low()
      .by_default("software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider").doc("Only the default chain: keys, environment, web identity, profile file, container, instance.")
      .check(on_text([](const std::string& name) -> Maybe {
        std::string_view simple = simple_name(name);
        if (simple == "DefaultCredentialsProvider" || simple == "DefaultAWSCredentialsProviderChain") return std::nullopt;
        return "Class " + name + " could not be found. Credentials come from aws.access.key.id and aws.secret.access.key, the environment, a web identity, a profile file, the container or the instance";
      }));
  def.key("aws.access.key.id", &C::access_key_id).by_default("").high().doc("Access key; empty: from the environment or a profile file.");
  def.key("aws.secret.access.key", &C::secret_access_key).by_default("").high().doc("Secret of the access key.");
  def.key("s3.ssea.name", &C::ssea_name).by_default("").one_of({"", "AES256", "aws:kms", "aws:kms:dsse"}).low().doc("Server-side encryption.");
  def.key("s3.sse.customer.key", &C::sse_customer_key).by_default("").low().doc("Customer's encryption key, base64.");
  def.key("s3.sse.kms.key.id", &C::sse_kms_key_id).by_default("").low().doc("KMS key of aws:kms.");
  def.key("s3.acl.canned", &C::acl_canned).low().doc("Canned ACL of every object.").one_of({"private", "public-read", "public-read-write",
      "authenticated-read", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"});
  def.key("s3.wan.mode", &C::wan_mode).by_default("false").doc("Use Amazon's accelerated endpoint.");
  def.key("s3.part.retries", &C::part_retries).by_default("3").at_least(0).doc("Retries of a request before the object waits retry.backoff.ms.");
  def.key("s3.retry.backoff.ms", &C::s3_retry_backoff_ms).by_default("200").at_least(0).low().doc("First wait between retries of a request; doubles, with jitter.");
  def.key("s3.proxy.url", &C::proxy_url).by_default("").low().doc("HTTP proxy.");
  def.key("s3.proxy.user", &C::proxy_user).low().doc("User at the proxy.");
  def.key("s3.proxy.password", &C::proxy_password).by_default("").low().doc("Password at the proxy.");
  def.key("s3.http.send.expect.continue", &C::send_expect_continue).by_default("true").low().doc("Ask before sending large bodies (Expect: 100-continue).");
  def.key("s3.send.digest", &C::send_digest).by_default("false").low().doc("Send Content-MD5 with every body.");
  def.key("enable.conditional.writes", &C::enable_conditional_writes).by_default("true").low().doc("Kept for configurations that set it; objects are replaced by name.");
  def.key("max.files.scan.limit", &C::max_files_scan_limit).by_default("100").low().doc("Kept for configurations that set it.");
  def.key("s3.path.style.access.enabled", &C::path_style_access).by_default("true").low().doc("Bucket in the path of the URL, not in its host.");
  def.key("s3.elastic.buffer.enable", &C::elastic_buffer_enable).by_default("false").low().doc("Has no effect: no buffer is allocated ahead.");
  def.key("s3.elastic.buffer.init.capacity", &C::elastic_buffer_init_capacity).by_default("131072").at_least(4096).low().doc("Has no effect: no buffer is allocated ahead.");
  def.key("storage.class", &C::storage_class).type(KeyType::kClass).high().doc("io.confluent.connect.s3.storage.S3Storage; may be left out.").check(
      on_text([](const std::string& name) -> Maybe {
        if (simple_name(name) == "S3Storage") return std::nullopt;
        return "Class " + name + " could not be found.";
      }));
  def.key("store.url", &C::store_url).high().doc("Endpoint of an S3-compatible store, or file:///folder for a folder of this machine.").check(
      on_text([](const std::string& url) -> Maybe {
        if (!url.starts_with("file:")) return std::nullopt;
        Status status = storage::folder_of_file_url(url).status();
        return status.ok() ? std::nullopt : Maybe(status.message());
      }));
}

void add_content(TypedConfig<S3SinkConfig>& def) {
  using C = S3SinkConfig;
  def.key("s3.compression.type", &C::compression_type).by_default("none").one_of({"none", "gzip", "zstd"}).low().doc("Compression of JSON and byte files: none, gzip, or (ours) zstd.");
  def.key("s3.compression.level", &C::compression_level).by_default("-1").check(config::between(-1, 9), "[-1,...,9]").low().doc("Level of gzip or zstd; -1: its default.");
  def.key("json.decimal.format", &C::json_decimal_format).by_default("BASE64").one_of({"NUMERIC", "BASE64"}, true).doc("Decimals in JSON.");
  def.key("format.bytearray.extension", &C::bytearray_extension).by_default(".bin").low().doc("File name extension of ByteArrayFormat.");
  def.key("format.bytearray.separator", &C::bytearray_separator).low().doc("Text after each record of ByteArrayFormat; not set: the line separator.");
  def.key("behavior.on.null.values", &C::behavior_on_null_values).by_default("fail").low().doc("What a record without value does.").check(
      word_of({"ignore", "fail", "write"}), "[ignore, fail, write]");
  def.key("report.null.values.to.dlq", &C::report_null_values_to_dlq).by_default("true").low().doc("Ignored records without value go to the dead letter queue.");
  def.key("max.write.duration.ms", &C::max_write_duration_ms).by_default("9223372036854775807").low().doc("Has no effect: writing never holds up the poll loop.");
  def.key("rotate.file.on.partition.change", &C::rotate_file_on_partition_change).by_default("true").low().doc(
      "With rotate.interval.ms: a record of another path ends the open files.");
  def.key("tombstone.encoded.partition", &C::tombstone_encoded_partition).by_default("tombstone").low().doc("Folder of records without value.");
  def.key("s3.schema.partition.affix.type", &C::schema_partition_affix_type).by_default("NONE").one_of({"SUFFIX", "PREFIX", "NONE"}).low().doc(
      "Adds schema_name=<name> before or behind the path.");
  def.key("store.kafka.keys", &C::store_kafka_keys).by_default("false").low().doc("Store record keys in files of their own.");
  def.key("store.kafka.headers", &C::store_kafka_headers).by_default("false").low().doc("Store record headers in files of their own.");
  def.key("keys.format.class", &C::keys_format_class).type(KeyType::kClass).by_default("io.confluent.connect.s3.format.avro.AvroFormat").low().doc("Format of the key files.");
  def.key("headers.format.class", &C::headers_format_class).type(KeyType::kClass).by_default("io.confluent.connect.s3.format.avro.AvroFormat").low().doc("Format of the header files.");
}

void add_paths(TypedConfig<S3SinkConfig>& def) {
  using C = S3SinkConfig;
  def.key("partitioner.max.open.files", &C::max_open_files).by_default("-1").low().doc("Open paths of a topic partition at which all of them end; -1: no limit.");
  def.key("topics.dir", &C::topics_dir).by_default("topics").high().doc("First folder of every object; may be empty.");
  def.key("directory.delim", &C::directory_delim).by_default("/").doc("Between folders.");
  def.key("file.delim", &C::file_delim).by_default("+").doc("Between the parts of a file name.");
  def.key("partitioner.class", &C::partitioner_class).type(KeyType::kClass).by_default("io.confluent.connect.storage.partitioner.DefaultPartitioner").high()
      .doc("DefaultPartitioner, FieldPartitioner, TimeBasedPartitioner, DailyPartitioner or HourlyPartitioner of io.confluent.connect.storage.partitioner; "
           "or FieldAndTimeBasedPartitioner: the folders of partition.field.name, then those of path.format.")
      .check(on_text([](const std::string& name) -> Maybe {
        if (partitioner_of(name)) return std::nullopt;
        return "Class " + name + " could not be found.";
      }));
  def.key("partition.field.name", &C::partition_field_name).by_default("").doc("Fields of the FieldPartitioner and the FieldAndTimeBasedPartitioner; a.b reaches into structs.").check(
      check_field_names, "Validate partition field names is not null or empty");
  def.key("partition.duration.ms", &C::partition_duration_ms).by_default("-1").doc("Time that one path of the TimeBasedPartitioner covers; not set: the finest unit of path.format.");
  def.key("path.format", &C::path_format).by_default("").doc("Folders of the TimeBasedPartitioner, in Joda-Time's pattern letters.");
  def.key("locale", &C::locale).by_default("").doc("Language of names in paths.");
  def.key("timezone", &C::timezone).by_default("").doc("Time zone of paths and of rotate.schedule.interval.ms.").check(
      on_text(check_zone), "Any timezone accepted by: class org.joda.time.DateTimeZone");
  def.key("timestamp.extractor", &C::timestamp_extractor).by_default("Wallclock").doc("Wallclock, Record or RecordField.");
  def.key("timestamp.field", &C::timestamp_field).by_default("timestamp").doc("Field of the RecordField extractor; a.b reaches into structs.");
  def.key("rotate.file.on.schema.change", &C::rotate_file_on_schema_change).by_default("true").doc(
      "false: a record whose schema does not fit into an open file opens one for its schema beside it, instead of ending all open files, so that schemas "
      "that take turns do not make a file per record.");
  def.key("rotate.size.bytes", &C::rotate_size_bytes).by_default("-1").doc("Open files end when one of them has about this size; -1: whatever their size.");
  def.key("rotate.age.ms", &C::rotate_age_ms).by_default("-1").doc(
      "Open files end this long after their first record came in, by a clock that never jumps, so that the tail of a quiet topic is delivered; -1: never.");
  def.key("rotate.idle.ms", &C::rotate_idle_ms).by_default("-1").doc("Open files end when no record has come for this long; -1: never.");
  def.key("spill.folder", &C::spill_folder).by_default("").low().doc(
      "Folder of temporary files for open files that memory has no room for; empty: the system's (TMPDIR, else /tmp).");
  def.key("compact.interval.ms", &C::compact_interval_ms).by_default("-1").doc(
      "The task merges small objects of its partitions this often, of paths that get no more of them; -1: never. `bywash compact` does it by hand.");
  def.key("compact.target.bytes", &C::compact_target_bytes).by_default("134217728").at_least(1).low().doc("Size that merged objects have at most, about.");
  def.key("compact.min.age.ms", &C::compact_min_age_ms).by_default("3600000").at_least(0).low().doc("Paths whose last change is younger than this are not merged.");
  def.key("path.include.topic", &C::path_include_topic).by_default("true").doc(
      "false leaves <topics.dir>/<topic>/ out of object names: objects lie directly under the partitioner's path.");
}

void add_rules(TypedConfig<S3SinkConfig>& def) {
  using C = S3SinkConfig;
  // The original checks keys against each other only where its configuration could be made.
  auto together = [&def](const char* key, std::function<Maybe(const C&)> rule) {
    def.check(key, [rule = std::move(rule)](const C& c) -> Maybe { return check_schedule(c).ok() ? rule(c) : std::nullopt; });
  };
  auto compression = [&together](const char* what, std::initializer_list<const char*> keys, bool C::*stored, std::string C::*class_name) {
    for (const char* key : keys) {
      together(key, [what, stored, class_name](const C& c) -> Maybe {
        auto format = format_of(c.*class_name);
        if (c.compression_type == "none" || (stored && !(c.*stored)) || (format != Format::kParquet && format != Format::kAvro)) return std::nullopt;
        return fmt::format("Compression Type {} not valid for {} format class: ( {} ).", c.compression_type, what, c.*class_name);
      });
    }
  };
  compression("data", {"format.class", "s3.compression.type"}, nullptr, &C::format_class);
  compression("keys", {"store.kafka.keys", "keys.format.class", "s3.compression.type"}, &C::store_kafka_keys, &C::keys_format_class);
  compression("headers", {"store.kafka.headers", "headers.format.class", "s3.compression.type"}, &C::store_kafka_headers, &C::headers_format_class);
  for (const char* key : {"behavior.on.null.values", "store.kafka.keys"}) {
    together(key, [](const C& c) -> Maybe {
      if (lower(c.behavior_on_null_values) != "write" || c.store_kafka_keys) return std::nullopt;
      return "Writing Kafka record keys to storage is mandatory when tombstone writing is enabled.";
    });
  }
  for (const char* key : {"s3.wan.mode", "s3.path.style.access.enabled"}) {
    together(key, [](const C& c) -> Maybe {
      if (!c.wan_mode || !c.path_style_access) return std::nullopt;
      return "Both accelerate mode and path style access are being enabled. These options are mutually exclusive and cannot be enabled together. Please "
             "disable one of them";
    });
  }
  // These two are found whatever else is wrong.
  def.def().add_rule([](const config::Properties& p, const auto& fail) {
    auto kind = partitioner_of(config::get_or(p, "partitioner.class", ""));
    if (kind != PartitionerKind::kField && kind != PartitionerKind::kFieldAndTime) return;
    if (is_blank(config::get_or(p, "partition.field.name", ""))) {
      fail("partition.field.name", "Partition field name cannot be null or empty when using FieldPartitioner.");
    }
  });
  def.def().add_rule([](const config::Properties& p, const auto& fail) {
    if (config::get_or(p, "store.url", "").starts_with("file:") || !config::get_or(p, "s3.bucket.name", "").empty()) return;
    fail("s3.bucket.name", "Missing required configuration \"s3.bucket.name\" which has no default value.");
  });
  def.check("s3.object.tagging", [](const C& c) -> Maybe {
    if (c.object_tagging && c.is_local()) return "A local folder has no object tags. Remove s3.object.tagging or use an S3 store";
    return std::nullopt;
  });
}

}  // namespace

std::optional<Format> format_of(std::string_view class_name) {
  std::string_view simple = simple_name(class_name);
  if (class_name != simple && !class_name.starts_with(kFormats)) return std::nullopt;
  if (simple == "AvroFormat") return Format::kAvro;
  if (simple == "ParquetFormat") return Format::kParquet;
  if (simple == "JsonFormat") return Format::kJson;
  if (simple == "ByteArrayFormat") return Format::kByteArray;
  return std::nullopt;
}

std::optional<PartitionerKind> partitioner_of(std::string_view class_name) {
  std::string_view simple = simple_name(class_name);
  // Not one of Confluent's: the class that the community has for this goes by several packages.
  if (simple == "FieldAndTimeBasedPartitioner") return PartitionerKind::kFieldAndTime;
  if (class_name != simple && !class_name.starts_with(kPartitioners)) return std::nullopt;
  if (simple == "DefaultPartitioner") return PartitionerKind::kDefault;
  if (simple == "FieldPartitioner") return PartitionerKind::kField;
  if (simple == "TimeBasedPartitioner") return PartitionerKind::kTimeBased;
  if (simple == "DailyPartitioner") return PartitionerKind::kDaily;
  if (simple == "HourlyPartitioner") return PartitionerKind::kHourly;
  return std::nullopt;
}

std::optional<ExtractorKind> extractor_of(std::string_view name) {
  // Short names in any case, or the nested classes of TimeBasedPartitioner.
  std::string_view simple = simple_name(name);
  size_t nested = simple.rfind('$');
  if (nested != simple.npos) simple = simple.substr(nested + 1);
  if (simple.ends_with("TimestampExtractor")) simple.remove_suffix(18);
  const std::string word = lower(simple);
  if (word == "wallclock") return ExtractorKind::kWallclock;
  if (word == "record") return ExtractorKind::kRecord;
  if (word == "recordfield") return ExtractorKind::kRecordField;
  return std::nullopt;
}

Result<S3SinkConfig> read_s3_sink(const config::Properties& properties) {
  ASSIGN_OR_RETURN(S3SinkConfig config, s3_sink_config().parse(properties));
  auto separator = properties.find("format.bytearray.separator");
  if (separator != properties.end()) config.bytearray_separator = separator->second;
  config.behavior_on_null_values = lower(config.behavior_on_null_values);
  config.behavior_on_tagging_error = lower(config.behavior_on_tagging_error);
  config.json_decimal_format = lower(config.json_decimal_format);
  return config;
}

Status check_schedule(const S3SinkConfig& config) {
  if (config.rotate_schedule_interval_ms <= 0 || !config.timezone.empty()) return {};
  return Status::invalid("timezone configuration must be set when using rotate.schedule.interval.ms")
      .with_java_class("org.apache.kafka.common.config.ConfigException");
}

const TypedConfig<S3SinkConfig>& s3_sink_config() {
  static const TypedConfig<S3SinkConfig> def = [] {
    TypedConfig<S3SinkConfig> d;
    add_formats(d);
    add_store(d);
    add_content(d);
    add_paths(d);
    add_rules(d);
    return d;
  }();
  return def;
}

}  // namespace bywash::connectors::s3
