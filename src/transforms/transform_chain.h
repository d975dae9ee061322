// TransformChain: a connector's `transforms` with their predicates, as one step of the line. Level 4, the transform step; one per
// task, the task's thread.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "plugin/registry.h"

namespace bywash::transforms {

// One transform of a chain, made and ready.
struct ChainStep {
  std::unique_ptr<plugin::Transform> transform;
  std::string class_name;                        // as the DLQ's headers name it
  std::unique_ptr<plugin::Predicate> predicate;  // null: none
  bool negate = false;
};

// Adds `transforms.<alias>.*` and `predicates.<alias>.*` for the aliases that `properties` list, with each plugin's own keys spliced
// in, so that validation shows and checks them (ConnectorConfig.enrich of Kafka 4.3). The keys `transforms` and `predicates`
// themselves are the caller's; their aliases are checked here.
void add_chain_keys(config::ConfigDef* def, const plugin::Properties& properties, const plugin::Registry& registry);

// The distinct aliases that `transforms` or `predicates` list, in order.
std::vector<std::string> chain_aliases(const plugin::Properties& properties, std::string_view list_key);

class TransformChain {
 public:
  TransformChain() = default;
  // Builds the chain of a connector's configuration. Error: every problem at once, each with its full key, in Kafka's words.
  static Result<TransformChain> make(const plugin::Properties& connector, const plugin::Registry& registry);
  explicit TransformChain(std::vector<ChainStep> steps);

  bool empty() const { return steps_.empty(); }
  size_t size() const { return steps_.size(); }
  // Applies every step. Where a predicate or a null value divides a batch, it comes back in parts, offsets ascending in each; every
  // row that went in is in exactly one batch that comes out, dropped and failed rows as marks. Failed rows carry the component.
  std::vector<columnar::Batch> apply(std::vector<columnar::Batch> batches);

 private:
  // A bound transform, or why it can't be bound, for one pair of schemas.
  struct Binding {
    plugin::BatchSchemas schemas;
    std::unique_ptr<plugin::BoundTransform> bound;
    Status refusal;
  };
  struct Step {
    ChainStep spec;
    std::list<Binding> bindings;  // most recently used first
  };
  Binding& binding(Step& step, const columnar::Batch& batch);
  void apply_step(Step& step, columnar::Batch batch, std::vector<columnar::Batch>* out);
  void transform(Step& step, Binding& binding, columnar::Batch& batch);

  std::vector<Step> steps_;
};

}  // namespace bywash::transforms
