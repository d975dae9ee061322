// Making the parts, and a record's way through them. Level 7, one thread.
#include "runtime/dry_run/dry_run.h"

#include <algorithm>
#include <atomic>

#include "config/properties.h"

namespace bywash::runtime {
namespace {

using columnar::Batch;
using columnar::Stage;
using columnar::Value;

constexpr const char* kRegistryUrl = "schema.registry.url";

// One message in memory.
class SampleBatch final : public columnar::RawBatch {
 public:
  SampleBatch(const SampleMessage& message, const SampleRecord& sample) : message_(message) {
    origin_ = {message_.topic, Partition(message_.partition)};
    columnar::RawRecord record;
    record.offset = sample.offset;
    record.timestamp_ms = message_.timestamp_ms;
    record.timestamp_type = sample.timestamp_type;
    if (message_.key) record.key = *message_.key;
    if (message_.value) record.value = *message_.value;
    records_.push_back(record);
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return message_.headers; }
  bool has_headers(size_t) const override { return !message_.headers.empty(); }

 private:
  SampleMessage message_;
};

std::string component_of(Stage stage) {
  return stage == Stage::kKeyConverter ? "key.converter" : stage == Stage::kValueConverter ? "value.converter" : "header.converter";
}

Status class_not_found(const std::string& name) {
  return Status::invalid(fmt::format("Class {} could not be found. See `bywash docs` or GET /connector-plugins for what there is", name))
      .with_java_class("java.lang.ClassNotFoundException");
}

// Does it hold a map whose entries could come in another order?
bool has_map(const Value& value) {
  if (const auto* map = value.as_map()) {
    return map->size() > 1 || std::any_of(map->begin(), map->end(), [](const auto& entry) { return has_map(entry.second); });
  }
  if (const auto* list = value.as_list()) return std::any_of(list->begin(), list->end(), has_map);
  if (const auto* s = value.as_struct()) return std::any_of(s->values.begin(), s->values.end(), has_map);
  return false;
}

}  // namespace

std::string next_catalog() {
  static std::atomic<int64_t> count{0};
  return fmt::format("try-{}", ++count);
}

DryRun DryRun::make(DryRunSpec spec, const plugin::Registry& registry) {
  DryRun out(std::move(spec), registry);
  out.refused_ = out.configure();
  return out;
}

DryRun::DryRun(DryRun&& other) noexcept
    : spec_(std::move(other.spec_)),
      registry_(other.registry_),
      refused_(std::move(other.refused_)),
      decoder_(std::move(other.decoder_)),
      encoder_(std::move(other.encoder_)),
      chain_(std::move(other.chain_)) {
  other.spec_.catalog.clear();  // dropped once, with the one that lives on
}

DryRun::~DryRun() {
  plugin::SchemaCatalog* catalog = plugin::SchemaCatalog::process();
  if (!spec_.catalog.empty() && catalog) catalog->drop(spec_.catalog);
}

// As a worker: converters first, then the chain.
std::optional<DryRunError> DryRun::configure() {
  if (!spec_.schemas.empty()) {
    plugin::SchemaCatalog* catalog = plugin::SchemaCatalog::process();
    for (const plugin::CatalogSchema& schema : spec_.schemas) {
      Status put = catalog ? catalog->put(spec_.catalog, schema) : Status::invalid("No converter here has a schema registry");
      if (!put.ok()) return DryRunError{"CONFIGURE", "schemas", put};
    }
  }
  if (auto error = configure_converters()) return error;
  return configure_chain();
}

config::Properties DryRun::converter_keys(const plugin::ConfigDef& def, const config::Properties& given) const {
  config::Properties out = given;
  if (!spec_.catalog.empty() && def.find(kRegistryUrl)) out[kRegistryUrl] = "mock://" + spec_.catalog;
  return out;
}

std::optional<DryRunError> DryRun::configure_converters() {
  if (!spec_.key || !spec_.value || !spec_.header) return std::nullopt;
  Named<plugin::Converter> sides[2];
  for (bool is_key : {true, false}) {
    const DryRunPlugin& wanted = is_key ? *spec_.key : *spec_.value;
    const std::string component = is_key ? "key.converter" : "value.converter";
    const plugin::ConverterPlugin* found = registry_->converter(wanted.class_name);
    if (!found) return DryRunError{"CONFIGURE", component, class_not_found(wanted.class_name)};
    auto made = found->make(converter_keys(found->def, wanted.keys), is_key);
    if (!made.ok()) return DryRunError{"CONFIGURE", component, made.status()};
    sides[is_key ? 0 : 1] = {*std::move(made), component};
  }
  const plugin::HeaderConverterPlugin* found = registry_->header_converter(spec_.header->class_name);
  if (!found) return DryRunError{"CONFIGURE", "header.converter", class_not_found(spec_.header->class_name)};
  auto header = found->make(converter_keys(found->def, spec_.header->keys));
  if (!header.ok()) return DryRunError{"CONFIGURE", "header.converter", header.status()};
  Named<plugin::HeaderConverter> headers{*std::move(header), "header.converter"};
  if (spec_.is_source) encoder_ = std::make_unique<RecordEncoder>(std::move(sides[0]), std::move(sides[1]), std::move(headers));
  else decoder_ = std::make_unique<RecordDecoder>(std::move(sides[0]), std::move(sides[1]), std::move(headers));
  return std::nullopt;
}

std::optional<DryRunError> DryRun::configure_chain() {
  std::vector<transforms::ChainStep> steps;
  for (size_t i = 0; i < spec_.chain.size(); ++i) {
    const DryRunStep& wanted = spec_.chain[i];
    transforms::ChainStep step;
    step.class_name = fmt::format("transforms[{}]", i);
    const plugin::TransformPlugin* found = registry_->transform(wanted.transform.class_name);
    if (!found) return DryRunError{"CONFIGURE", step.class_name, class_not_found(wanted.transform.class_name)};
    auto made = found->make(wanted.transform.keys, plugin::canonical_class(found->info, wanted.transform.class_name));
    if (!made.ok()) return DryRunError{"CONFIGURE", step.class_name, made.status()};
    step.transform = *std::move(made);
    if (wanted.predicate) {
      const std::string component = fmt::format("predicates[{}]", i);
      const plugin::PredicatePlugin* predicate = registry_->predicate(wanted.predicate->class_name);
      if (!predicate) return DryRunError{"CONFIGURE", component, class_not_found(wanted.predicate->class_name)};
      auto tested = predicate->make(wanted.predicate->keys);
      if (!tested.ok()) return DryRunError{"CONFIGURE", component, tested.status()};
      step.predicate = *std::move(tested);
      step.negate = wanted.negate;
    }
    steps.push_back(std::move(step));
  }
  chain_ = transforms::TransformChain(std::move(steps));
  return std::nullopt;
}

std::variant<Batch, DryRunError> DryRun::decode(const SampleMessage& message, const SampleRecord& sample) {
  if (!decoder_) return DryRunError{"RECORD", "record", Status::invalid("A message can only be given to a sink; give a source's record in canonical form")};
  std::vector<DecodeError> errors;
  auto decoded = decoder_->decode(std::make_shared<SampleBatch>(message, sample), &errors);
  if (!decoded.ok()) {
    return DryRunError{std::string(columnar::to_string(decoder_->failed_stage())), component_of(decoder_->failed_stage()), decoded.status()};
  }
  if (!errors.empty()) {
    // Where a converter of the original answers null itself (an Avro null at the top), it is the worker that fails, making the record.
    if (errors[0].status.java_class() == "java.lang.NullPointerException") return DryRunError{"RECORD", "record", errors[0].status};
    return DryRunError{std::string(columnar::to_string(errors[0].stage)), errors[0].component, errors[0].status};
  }
  return std::move(decoded->at(0));
}

std::variant<Batch, DryRunError> DryRun::batch_of(const SampleRecord& sample) {
  if (const auto* message = std::get_if<SampleMessage>(&sample.input)) {
    auto batch = decode(*message, sample);
    if (std::holds_alternative<DryRunError>(batch)) return batch;
    if (Status s = check_timestamp(message->timestamp_ms); !s.ok()) return DryRunError{"TIMESTAMP", "record", s};
    return batch;
  }
  auto batch = canonical::batch_of(std::get<canonical::Record>(sample.input), sample.offset);
  if (!batch.ok()) return DryRunError{"RECORD", "record", batch.status()};
  batch->timestamp_type = sample.timestamp_type;
  batch->from_source = spec_.is_source;
  return *std::move(batch);
}

DryRunOutcome DryRun::run(const SampleRecord& sample) {
  DryRunOutcome out;
  if (refused_) {
    out.error = refused_;
    return out;
  }
  auto made = batch_of(sample);
  if (auto* error = std::get_if<DryRunError>(&made)) {
    out.error = std::move(*error);
    return out;
  }
  std::vector<Batch> batches;
  batches.push_back(std::move(std::get<Batch>(made)));
  for (Batch& batch : chain_.apply(std::move(batches))) {
    batch.check_invariants();
    if (batch.row_count() == 0) continue;
    if (!batch.errors.empty()) {
      const columnar::RowError& error = batch.errors[0];
      out.error = DryRunError{std::string(columnar::to_string(error.stage)), error.component, error.status};
    } else if (batch.selected.test(0)) {
      out.record = canonical::record_at(batch, 0);
      if (spec_.is_source) encode(std::move(batch), &out);
    }
  }
  return out;
}

void DryRun::encode(Batch batch, DryRunOutcome* outcome) {
  std::vector<EncodedRecord> encoded;
  std::vector<EncodeError> errors;
  Status status = encoder_->encode(batch, &encoded, &errors);
  if (!status.ok()) outcome->error = DryRunError{"VALUE_CONVERTER", "value.converter", status};
  else if (!errors.empty()) outcome->error = DryRunError{std::string(columnar::to_string(errors[0].stage)), errors[0].component, errors[0].status};
  else if (Status s = check_timestamp(batch.timestamps_ms[0]); !s.ok()) outcome->error = DryRunError{"TIMESTAMP", "record", s};
  if (outcome->error) {
    outcome->record.reset();
    return;
  }
  const canonical::Record& record = *outcome->record;
  ProducedRecord produced{record.topic, record.partition, record.timestamp, std::move(encoded[0]), has_map(record.key) || has_map(record.value), {}, {}};
  for (const columnar::Header& header : record.headers) produced.unordered = produced.unordered || has_map(header.value);
  produced.key_text = registered_text(produced.bytes.key, *spec_.key);
  produced.value_text = registered_text(produced.bytes.value, *spec_.value);
  outcome->produced = std::move(produced);
  if (spec_.chain.empty()) outcome->record.reset();
}

// The schema that a message names by its id, from the registry of this run.
std::optional<std::string> DryRun::registered_text(const std::optional<std::string>& bytes, const DryRunPlugin& converter) const {
  plugin::SchemaCatalog* catalog = plugin::SchemaCatalog::process();
  if (!catalog || spec_.catalog.empty() || !bytes || bytes->size() < 5 || (*bytes)[0] != 0) return std::nullopt;
  const plugin::ConverterPlugin* found = registry_->converter(converter.class_name);
  if (!found || !found->def.find(kRegistryUrl)) return std::nullopt;
  uint32_t id = 0;
  for (size_t i = 1; i < 5; ++i) id = id << 8 | static_cast<unsigned char>((*bytes)[i]);
  return catalog->text(spec_.catalog, static_cast<int32_t>(id));
}

Result<DryRunSpec> dry_run_of(const config::Properties& connector, const config::Properties& worker, const plugin::Registry& registry) {
  const std::string class_name(config::trim(config::get_or(connector, "connector.class", "")));
  DryRunSpec out;
  if (class_name.empty()) return Status::invalid("Connector config contains no connector type: set connector.class");
  out.is_source = registry.source(class_name) != nullptr;
  if (!out.is_source && !registry.sink(class_name)) return unknown_class("connector.class", "connectors", class_name);
  // The chain's own making checks every key of it at once, with full names.
  RETURN_IF_ERROR(transforms::TransformChain::make(connector, registry).status());
  auto plugin_at = [&](const std::string& prefix) {
    return DryRunPlugin{std::string(config::trim(config::get_or(connector, prefix + "type", ""))), config::with_prefix(connector, prefix)};
  };
  for (const std::string& alias : transforms::chain_aliases(connector, "transforms")) {
    const std::string prefix = fmt::format("transforms.{}.", alias);
    DryRunStep step{plugin_at(prefix), std::nullopt, false};
    if (auto it = connector.find(prefix + "predicate"); it != connector.end()) {
      step.predicate = plugin_at(fmt::format("predicates.{}.", config::trim(it->second)));
      auto negate = config::parse_value(config::KeyType::kBoolean, config::get_or(connector, prefix + "negate", "false"));
      step.negate = negate.ok() && std::get<bool>(*negate);
    }
    out.chain.push_back(std::move(step));
  }
  for (const char* key : {"key.converter", "value.converter", "header.converter"}) {
    ConverterChoice choice = choose_converter(worker, connector, key);
    auto& place = key[0] == 'k' ? out.key : key[0] == 'v' ? out.value : out.header;
    place = DryRunPlugin{std::move(choice.class_name), std::move(choice.keys)};
  }
  if (out.is_source) out.catalog = next_catalog();
  return out;
}

std::string sample_topic(const config::Properties& connector) {
  auto topics = config::parse_value(config::KeyType::kList, config::get_or(connector, "topics", ""));
  if (topics.ok() && !std::get<config::List>(*topics).empty()) return std::get<config::List>(*topics).front();
  return config::get_or(connector, "topic", "records");
}

}  // namespace bywash::runtime
