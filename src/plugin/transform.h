// Transforms (SMTs) and predicates: the transform step of both lines. One record in, none or one out. Level 3.
#pragma once

#include <functional>
#include <memory>

#include "columnar/batch.h"
#include "plugin/plugin.h"

namespace bywash::plugin {

// The schemas that a transform is bound to; all batches it is applied to have exactly these.
struct BatchSchemas {
  columnar::SchemaPtr key;
  columnar::SchemaPtr value;
};

// A transform with everything schema-dependent worked out.
class BoundTransform {
 public:
  virtual ~BoundTransform() = default;
  // Edits the batch in place: columns, topics, headers, timestamps; drops rows (batch.drop) or fails them
  // (batch.fail(row, Stage::kTransformation, "", status): the chain fills in the component). Rows that are not selected may be
  // computed or not. Must not touch offsets, origin and raw. A bad status fails every selected row.
  virtual Status apply(columnar::Batch& batch) = 0;
  // Clears in `rows` those that the transform returns as they are, schema included (mostly rows with a null value): the chain
  // takes them round the transform in a batch of their own.
  virtual void leave_out(const columnar::Batch& /*batch*/, columnar::RowMask* /*rows*/) const {}
  // True when apply() changes nothing of rows that are not selected, and no schema: a predicate then needs no split of the batch.
  virtual bool edits_selected_only() const { return false; }
};

// Thread: one instance per task; calls come from the task's thread only.
class Transform {
 public:
  virtual ~Transform() = default;
  // Called once per distinct pair of schemas and cached. A bad status (kData, e.g. "Only Struct objects supported for ...") fails
  // each record of such a batch, with the status' Java class.
  virtual Result<std::unique_ptr<BoundTransform>> bind(const BatchSchemas& schemas) = 0;
};

struct TransformPlugin {
  PluginInfo info;
  ConfigDef def;
  // `class_name` is the one that was asked for, so that $Key and $Value differ.
  std::function<Result<std::unique_ptr<Transform>>(const Properties&, const std::string& class_name)> make;
};

class Predicate {
 public:
  virtual ~Predicate() = default;
  // Sets in `matches` (all set on entry, one bit per row) exactly the rows for which it is true.
  virtual Status test(const columnar::Batch& batch, columnar::RowMask* matches) = 0;
};

struct PredicatePlugin {
  PluginInfo info;
  ConfigDef def;
  std::function<Result<std::unique_ptr<Predicate>>(const Properties&)> make;
};

}  // namespace bywash::plugin
