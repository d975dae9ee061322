// The chain's making and its walk over batches. Level 4, the transform step; the task's thread.
#include "transforms/transform_chain.h"

#include <arrow/array.h>

#include <map>

#include "config/properties.h"
#include "transforms/divided_transform.h"
#include "transforms/record_side.h"

namespace bywash::transforms {
namespace {

constexpr size_t kBindingsMax = 16;

bool same(const SchemaPtr& a, const SchemaPtr& b) { return a == b || a->equals(*b); }

// The rows set in `mask`, and the others.
std::pair<std::vector<uint32_t>, std::vector<uint32_t>> split_rows(const columnar::RowMask& mask) {
  std::pair<std::vector<uint32_t>, std::vector<uint32_t>> rows;
  for (int64_t row = 0; row < mask.row_count(); ++row) {
    (mask.test(row) ? rows.first : rows.second).push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

// The rows set in `mask` by their part, least part first; one list when nothing divides them.
std::map<uint32_t, std::vector<uint32_t>> rows_by_part(const columnar::RowMask& mask, const std::vector<uint32_t>& parts) {
  std::map<uint32_t, std::vector<uint32_t>> out;
  mask.for_each([&](int64_t row) { out[parts.empty() ? 0 : parts[static_cast<size_t>(row)]].push_back(static_cast<uint32_t>(row)); });
  return out;
}

void fail_selected(Batch& batch, const Status& status) {
  columnar::RowMask rows = batch.selected;
  rows.for_each([&](int64_t row) { fail_row(batch, row, status); });
}

// Properties of one alias without the keys that belong to the chain.
plugin::Properties own_properties(const plugin::Properties& connector, const std::string& prefix) {
  return config::with_prefix(connector, prefix);
}

}  // namespace

TransformChain::TransformChain(std::vector<ChainStep> steps) {
  for (ChainStep& step : steps) {
    steps_.emplace_back();
    steps_.back().spec = std::move(step);
  }
}

Result<TransformChain> TransformChain::make(const plugin::Properties& connector, const plugin::Registry& registry) {
  config::ConfigDef def;
  add_chain_keys(&def, connector, registry);
  RETURN_IF_ERROR(config::first_problems(def.validate(connector)));
  std::vector<ChainStep> steps;
  for (const std::string& alias : chain_aliases(connector, "transforms")) {
    const std::string prefix = "transforms." + alias + ".";
    const std::string asked(config::trim(config::get_or(connector, prefix + "type", "")));
    const plugin::TransformPlugin* found = registry.transform(asked);
    ChainStep step;
    step.class_name = plugin::canonical_class(found->info, asked);
    auto transform = found->make(own_properties(connector, prefix), step.class_name);
    if (!transform.ok()) return transform.status().with_context(fmt::format("transforms.{}", alias));
    step.transform = *std::move(transform);
    if (auto it = connector.find(prefix + "predicate"); it != connector.end()) {
      const std::string predicate_prefix = fmt::format("predicates.{}.", config::trim(it->second));
      const plugin::PredicatePlugin* plugin = registry.predicate(std::string(config::trim(config::get_or(connector, predicate_prefix + "type", ""))));
      if (!plugin) {
        return Status::invalid(fmt::format("Unknown predicate '{}' (key '{}predicate'): name it in 'predicates' and its class in '{}type'", config::trim(it->second), prefix, predicate_prefix))
            .with_java_class("org.apache.kafka.common.config.ConfigException");
      }
      auto predicate = plugin->make(own_properties(connector, predicate_prefix));
      if (!predicate.ok()) return predicate.status().with_context(predicate_prefix.substr(0, predicate_prefix.size() - 1));
      step.predicate = *std::move(predicate);
      auto negate = config::parse_value(config::KeyType::kBoolean, config::get_or(connector, prefix + "negate", "false"));
      step.negate = negate.ok() && std::get<bool>(*negate);
    }
    steps.push_back(std::move(step));
  }
  return TransformChain(std::move(steps));
}

std::vector<Batch> TransformChain::apply(std::vector<Batch> batches) {
  for (Step& step : steps_) {
    std::vector<Batch> out;
    out.reserve(batches.size());
    for (Batch& batch : batches) apply_step(step, std::move(batch), &out);
    batches = std::move(out);
  }
  return batches;
}

TransformChain::Binding& TransformChain::binding(Step& step, const Batch& batch) {
  auto& all = step.bindings;
  auto found = all.end();
  for (auto it = all.begin(); it != all.end() && found == all.end(); ++it) {
    if (it->schemas.key == batch.key.schema && it->schemas.value == batch.value.schema) found = it;
  }
  for (auto it = all.begin(); it != all.end() && found == all.end(); ++it) {
    if (same(it->schemas.key, batch.key.schema) && same(it->schemas.value, batch.value.schema)) found = it;
  }
  if (found != all.end()) {
    // The pointer of the last batch is the likeliest of the next.
    found->schemas = {batch.key.schema, batch.value.schema};
    all.splice(all.begin(), all, found);
    return all.front();
  }
  Binding fresh{{batch.key.schema, batch.value.schema}, nullptr, {}};
  auto bound = step.spec.transform->bind(fresh.schemas);
  if (bound.ok()) fresh.bound = *std::move(bound);
  else fresh.refusal = bound.status();
  all.push_front(std::move(fresh));
  if (all.size() > kBindingsMax) all.pop_back();
  return all.front();
}

void TransformChain::apply_step(Step& step, Batch batch, std::vector<Batch>* out) {
  if (batch.selected.count() == 0) {
    out->push_back(std::move(batch));
    return;
  }
  columnar::RowMask rows = batch.selected;
  if (step.spec.predicate) {
    columnar::RowMask matches(batch.row_count());
    if (Status s = step.spec.predicate->test(batch, &matches); !s.ok()) {
      Binding refused{{}, nullptr, s};
      transform(step, refused, batch);
      out->push_back(std::move(batch));
      return;
    }
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      if (matches.test(row) == step.spec.negate) rows.clear(row);
    }
  }
  Binding& bind = binding(step, batch);
  if (bind.bound) bind.bound->leave_out(batch, &rows);
  const int64_t chosen = rows.count(), selected = batch.selected.count();
  if (chosen == 0) {
    out->push_back(std::move(batch));
    return;
  }
  std::map<uint32_t, std::vector<uint32_t>> parts;
  if (auto* divided = dynamic_cast<const DividedTransform*>(bind.bound.get())) {
    const std::vector<uint32_t> part_of_row = divided->parts(batch, rows);
    if (!part_of_row.empty()) parts = rows_by_part(rows, part_of_row);
  }
  if (parts.size() < 2 && (chosen == selected || !bind.bound || bind.bound->edits_selected_only())) {
    columnar::RowMask before = batch.selected;
    batch.selected = rows;
    transform(step, bind, batch);
    before.for_each([&](int64_t row) {
      if (!rows.test(row)) batch.selected.set(row);
    });
    out->push_back(std::move(batch));
    return;
  }
  auto [in, around] = split_rows(rows);
  if (parts.size() < 2) parts = {{0, std::move(in)}};
  for (const auto& [id, members] : parts) {
    Batch part = columnar::take(batch, members);
    transform(step, bind, part);
    out->push_back(std::move(part));
  }
  if (!around.empty()) out->push_back(columnar::take(batch, around));
}

void TransformChain::transform(Step& step, Binding& bind, Batch& batch) {
  const size_t errors_before = batch.errors.size();
  Status status = bind.bound ? bind.bound->apply(batch) : bind.refusal;
  if (!status.ok()) fail_selected(batch, status);
  for (size_t i = errors_before; i < batch.errors.size(); ++i) {
    if (batch.errors[i].component.empty()) batch.errors[i].component = step.spec.class_name;
  }
}

}  // namespace bywash::transforms
