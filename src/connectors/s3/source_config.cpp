// Declaration of the S3 source's keys and their checks. Level 6.
#include "connectors/s3/source_config.h"

#include "storage/object_key.h"
#include "transforms/java_regex.h"

namespace bywash::connectors::s3 {
namespace {

using config::KeyType;
using config::Parsed;
using SourceDef = config::TypedConfig<S3SourceConfig>;
using Wrong = std::optional<std::string>;
using C = S3SourceConfig;

config::Validator known_format() {
  return [](const Parsed& value) -> Wrong {
    const auto* name = std::get_if<std::string>(&value);
    if (!name || format_of(*name)) return std::nullopt;
    return "Class " + *name + " could not be found. Use AvroFormat, ParquetFormat, JsonFormat or ByteArrayFormat";
  };
}

void add_source_store(SourceDef& def) {
  def.key("store.url", &C::store_url).high().doc("Endpoint of an S3-compatible store, or file:///folder for a folder of this machine.").check(
      [](const Parsed& value) -> Wrong {
        const auto* url = std::get_if<std::string>(&value);
        if (!url || !url->starts_with("file:")) return std::nullopt;
        Status status = storage::folder_of_file_url(*url).status();
        return status.ok() ? std::nullopt : Wrong(status.message());
      });
  def.key("s3.bucket.name", &C::bucket).high().doc("The bucket. Needed unless store.url is a folder.");
  def.key("s3.region", &C::region).by_default("us-west-2").doc("The bucket's region.");
  def.key("s3.credentials.provider.class", &C::credentials_provider_class).type(KeyType::kClass).low()
      .by_default("software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider").doc("Only the default chain: keys, environment, web identity, profile file, container, instance.")
      .check([](const Parsed& value) -> Wrong {
        const auto* name = std::get_if<std::string>(&value);
        if (!name || name->ends_with("DefaultCredentialsProvider") || name->ends_with("DefaultAWSCredentialsProviderChain")) return std::nullopt;
        return "Class " + *name + " could not be found. Credentials come from aws.access.key.id and aws.secret.access.key, the environment, a web identity, a profile file, the container or the instance";
      });
  def.key("aws.access.key.id", &C::access_key_id).by_default("").doc("Access key; empty: from the environment or a profile file.");
  def.key("aws.secret.access.key", &C::secret_access_key).by_default("").doc("Secret of the access key.");
  def.key("s3.wan.mode", &C::wan_mode).by_default("false").doc("Use Amazon's accelerated endpoint.");
  def.key("s3.path.style.access.enabled", &C::path_style_access).by_default("true").low().doc("Bucket in the path of the URL, not in its host.");
  def.key("s3.part.retries", &C::part_retries).by_default("3").at_least(0).doc("Retries of a request before the poll is tried again as a whole.");
  def.key("s3.retry.backoff.ms", &C::s3_retry_backoff_ms).by_default("200").at_least(0).low().doc("First wait between retries of a request; doubles, with jitter.");
  def.key("s3.http.send.expect.continue", &C::send_expect_continue).by_default("true").low().doc("As the sink has it; a source sends no large bodies.");
  def.key("s3.proxy.url", &C::proxy_url).by_default("").low().doc("HTTP proxy.");
  def.key("s3.proxy.user", &C::proxy_user).low().doc("User at the proxy.");
  def.key("s3.proxy.password", &C::proxy_password).by_default("").low().doc("Password at the proxy.");
  def.key("s3.sse.customer.key", &C::sse_customer_key).by_default("").low().doc("Customer's key that the objects are encrypted with (SSE-C), base64.");
}

void add_what_to_read(SourceDef& def) {
  def.key("mode", &C::mode).by_default("RESTORE_BACKUP").one_of({"RESTORE_BACKUP", "GENERIC"}).high().doc(
      "RESTORE_BACKUP: what the S3 sink wrote goes back into its topics and partitions, in its order. GENERIC: any objects under topics.dir, into topics by topic.regex.list.");
  def.key("format.class", &C::format_class).type(KeyType::kClass).required().high().check(known_format(), "[AvroFormat, ParquetFormat, JsonFormat, ByteArrayFormat]").doc(
      "How the objects were written: io.confluent.connect.s3.format.avro.AvroFormat, ...parquet.ParquetFormat, ...json.JsonFormat or ...bytearray.ByteArrayFormat.");
  def.key("topics.dir", &C::topics_dir).by_default("topics").high().doc("Folder under which objects are looked for; empty: the whole bucket.");
  def.key("topic.regex.list", &C::topic_regex_list).by_default("").high().doc(
      "GENERIC: pairs topic:regular expression, separated by commas. An object whose whole name matches goes into the topic of the first pair that does; others are left alone.");
  def.key("s3.poll.interval.ms", &C::poll_interval_ms).by_default("60000").at_least(1).doc("Time between two looks for new objects.");
  def.key("record.batch.max.size", &C::record_batch_max_size).by_default("200").at_least(1).doc("Records of one poll at most.");
  def.key("behavior.on.error", &C::behavior_on_error).by_default("fail").one_of({"fail", "ignore", "log"}, true).high().doc(
      "What an object that cannot be read does: fail ends the task; ignore and log pass over the rest of the object with a warning.");
  def.key("file.discovery.starting.timestamp", &C::discovery_starting_timestamp).by_default("0").at_least(0).low().doc(
      "Objects that were last modified before this time (milliseconds since the epoch) are passed over.");
  def.key("directory.delim", &C::directory_delim).by_default("/").doc("Between folders.");
  def.key("file.delim", &C::file_delim).by_default("+").doc("RESTORE_BACKUP: between the parts of an object's name.");
  def.key("filename.regex", &C::filename_regex).low().doc(
      "RESTORE_BACKUP: expression over an object's name behind its last folder; group 1 is the topic, group 2 the partition. Not set: names as the sink makes them.").check(transforms::valid_regex);
  def.key("partitioner.class", &C::partitioner_class).type(KeyType::kClass).by_default("io.confluent.connect.storage.partitioner.DefaultPartitioner").doc(
      "The sink's. Objects are found by their own names whatever their folders are, so every partitioner's layout is read.");
  def.key("format.bytearray.extension", &C::bytearray_extension).by_default(".bin").low().doc("File name extension of ByteArrayFormat.");
  def.key("format.bytearray.separator", &C::bytearray_separator).low().doc("Text after each record of ByteArrayFormat; not set: the line separator; empty: an object is one record.");
  def.key("store.kafka.keys", &C::store_kafka_keys).low().doc(
      "true: the sink stored keys, and an object waits for its keys. Not set: keys are restored where they lie beside the values. false: they are left alone.");
  def.key("store.kafka.headers", &C::store_kafka_headers).low().doc("The same for headers.");
  def.key("keys.format.class", &C::keys_format_class).type(KeyType::kClass).by_default("io.confluent.connect.s3.format.avro.AvroFormat").low().check(known_format()).doc("Format of the key files, as the sink had it.");
  def.key("headers.format.class", &C::headers_format_class).type(KeyType::kClass).by_default("io.confluent.connect.s3.format.avro.AvroFormat").low().check(known_format()).doc("Format of the header files, as the sink had it.");
  def.key("tombstone.encoded.partition", &C::tombstone_encoded_partition).by_default("tombstone").low().doc("The sink's folder of records without value: keys that lie there become tombstones.");
  def.key(kSourceTaskNumber, &C::task_number).by_default("0").internal();
  def.key(kSourceTaskCount, &C::task_count).by_default("1").internal();
}

void add_source_rules(SourceDef& def) {
  def.check("s3.bucket.name", [](const C& c) -> Wrong {
    if (c.is_local() || (c.bucket && !c.bucket->empty())) return std::nullopt;
    return "Missing required configuration \"s3.bucket.name\" which has no default value.";
  });
  def.check("topic.regex.list", [](const C& c) -> Wrong {
    if (!c.is_generic()) return std::nullopt;
    if (c.topic_regex_list.empty()) return "topic.regex.list cannot be empty when the connector runs in GENERIC mode.";
    for (const std::string& pair : c.topic_regex_list) {
      size_t colon = pair.find(':');
      if (colon == pair.npos || colon == 0 || colon + 1 == pair.size()) return "'" + pair + "' is not topic:regular expression.";
      if (auto wrong = transforms::valid_regex(Parsed(pair.substr(colon + 1)))) return wrong;
    }
    return std::nullopt;
  });
}

}  // namespace

const config::TypedConfig<S3SourceConfig>& s3_source_config() {
  static const SourceDef def = [] {
    SourceDef d;
    add_source_store(d);
    add_what_to_read(d);
    add_source_rules(d);
    return d;
  }();
  return def;
}

}  // namespace bywash::connectors::s3
