// DropHeaders and Filter: transforms that touch nothing but headers and marks (org.apache.kafka.connect.transforms, Kafka 4.3).
// Level 4, the task's thread.
#include <algorithm>

#include "transforms/config_checks.h"
#include "transforms/declaration.h"

namespace bywash::transforms {
namespace {

struct NoConfig {};
struct DropHeadersConfig {
  config::List headers;
};

// A transform that needs no schema: it is its own bound form.
template <class Edit>
class RowEdit : public plugin::Transform {
 public:
  explicit RowEdit(Edit edit) : edit_(std::move(edit)) {}
  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const Edit& edit) : edit_(edit) {}
    Status apply(Batch& batch) override {
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) { edit_(batch, row); });
      return {};
    }
    bool edits_selected_only() const override { return true; }

   private:
    const Edit& edit_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(edit_); }

 private:
  const Edit edit_;
};

struct Drop {
  config::List names;
  void operator()(Batch& batch, int64_t row) const {
    if (batch.headers.empty()) return;
    std::erase_if(batch.headers[static_cast<size_t>(row)],
                  [&](const columnar::Header& h) { return std::find(names.begin(), names.end(), h.key) != names.end(); });
  }
};

struct DropRow {
  void operator()(Batch& batch, int64_t row) const { batch.drop(row); }
};

}  // namespace

plugin::TransformPlugin drop_headers() {
  config::TypedConfig<DropHeadersConfig> def;
  def.key("headers", &DropHeadersConfig::headers).required().high().doc("The name of the headers to be removed.");
  refuse_empty_list(def.def(), "headers");
  refuse_empty_items(def.def(), "headers");
  return declare(transform_info("drop_headers", "DropHeaders", Sided::kNo, "Removes headers by name", "Removes every header whose name is listed.",
                                {R"({"headers": "trace-id,origin"})"}),
                 def, [](DropHeadersConfig c, Side) { return make_transform<RowEdit<Drop>>(Drop{std::move(c.headers)}); });
}

plugin::TransformPlugin filter() {
  config::TypedConfig<NoConfig> def;
  return declare(transform_info("filter", "Filter", Sided::kNo, "Drops records",
                                "Drops all records, so that no later transform and no sink sees them. Meant for use with a predicate.", {"{}"}),
                 def, [](NoConfig, Side) { return make_transform<RowEdit<DropRow>>(DropRow{}); });
}

}  // namespace bywash::transforms
