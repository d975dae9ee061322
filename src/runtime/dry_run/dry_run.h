// DryRun: a connector's converters, predicates and transforms over sample records, without a broker, without the connector itself. The
// parts are those of a task: RecordDecoder, TransformChain, RecordEncoder; the first failure ends a record, as with
// errors.tolerance=none. For `bywash try` and POST /try. Level 7, one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "columnar/canonical/canonical_json.h"
#include "plugin/registry.h"
#include "plugin/schema_catalog.h"
#include "runtime/converter_choice.h"
#include "runtime/record_decoder.h"
#include "runtime/record_encoder.h"
#include "transforms/transform_chain.h"

namespace bywash::runtime {

// A failure as Kafka Connect would name it.
struct DryRunError {
  std::string stage;      // CONFIGURE, KEY_CONVERTER, VALUE_CONVERTER, HEADER_CONVERTER, TRANSFORMATION, TIMESTAMP, RECORD
  std::string component;  // "transforms[1]", "predicates[0]", "value.converter", "record"
  Status status;
};

// What a source record becomes in Kafka.
struct ProducedRecord {
  std::string topic;
  std::optional<int32_t> partition;
  std::optional<int64_t> timestamp;
  EncodedRecord bytes;
  bool unordered = false;                           // a map with several entries was written: their order means nothing
  std::optional<std::string> key_text, value_text;  // of the schemas that were registered, where converters register them
};

// What became of a record. Neither record nor produced nor error: dropped by a transform.
struct DryRunOutcome {
  std::optional<canonical::Record> record;  // after the transforms
  std::optional<ProducedRecord> produced;   // source only
  std::optional<DryRunError> error;
};

// What goes in: a message as the broker has it (sink), or a record in canonical form.
struct SampleMessage {
  std::string topic;
  int32_t partition = 0;
  std::optional<std::string> key, value;
  int64_t timestamp_ms = -1;
  std::vector<columnar::RawHeader> headers;
};
struct SampleRecord {
  std::variant<SampleMessage, canonical::Record> input;
  int64_t offset = 0;
  columnar::RawRecord::TimestampType timestamp_type = columnar::RawRecord::TimestampType::kCreate;
};

// A plugin by class name with its own, bare keys.
struct DryRunPlugin {
  std::string class_name;
  config::Properties keys;
};
struct DryRunStep {
  DryRunPlugin transform;
  std::optional<DryRunPlugin> predicate;
  bool negate = false;
};
struct DryRunSpec {
  bool is_source = false;
  std::vector<DryRunStep> chain;
  // Absent: no messages are decoded (records come in canonical form) and none are written.
  std::optional<DryRunPlugin> key, value, header;
  // The registry that converters with a schema.registry.url use instead of the configured one ("mock://<name>"); empty: the configured.
  std::string catalog;
  std::vector<plugin::CatalogSchema> schemas;  // what it holds
};

class DryRun {
 public:
  // Makes every part. A configuration that is refused is not an error here but the outcome of every record (stage CONFIGURE).
  static DryRun make(DryRunSpec spec, const plugin::Registry& registry);
  ~DryRun();
  DryRun(DryRun&& other) noexcept;
  DryRun& operator=(DryRun&&) = delete;

  // Why the configuration was refused, if it was.
  const std::optional<DryRunError>& refused() const { return refused_; }
  DryRunOutcome run(const SampleRecord& sample);

 private:
  DryRun(DryRunSpec spec, const plugin::Registry& registry) : spec_(std::move(spec)), registry_(&registry) {}
  std::optional<DryRunError> configure();
  std::optional<DryRunError> configure_converters();
  std::optional<DryRunError> configure_chain();
  config::Properties converter_keys(const plugin::ConfigDef& def, const config::Properties& given) const;
  std::variant<columnar::Batch, DryRunError> batch_of(const SampleRecord& sample);
  std::variant<columnar::Batch, DryRunError> decode(const SampleMessage& message, const SampleRecord& sample);
  void encode(columnar::Batch batch, DryRunOutcome* outcome);
  std::optional<std::string> registered_text(const std::optional<std::string>& bytes, const DryRunPlugin& converter) const;

  DryRunSpec spec_;
  const plugin::Registry* registry_;
  std::optional<DryRunError> refused_;
  std::unique_ptr<RecordDecoder> decoder_;
  std::unique_ptr<RecordEncoder> encoder_;
  transforms::TransformChain chain_;
};

// A name that no other catalog of this process has.
std::string next_catalog();

// The spec of a connector's configuration over a worker's. Errors (kInvalid): what is wrong with connector.class, transforms,
// predicates and converters, every problem with its full key. A source's converters get a registry of this process, so that a dry
// run registers nothing.
Result<DryRunSpec> dry_run_of(const config::Properties& connector, const config::Properties& worker, const plugin::Registry& registry);

// The topic of samples that name none: the connector's first, else "records".
std::string sample_topic(const config::Properties& connector);

}  // namespace bywash::runtime
