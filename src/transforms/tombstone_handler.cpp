// TombstoneHandler: records with a null value are dropped or refused (io.confluent.connect.transforms.TombstoneHandler). Level 4, the
// task's thread.
#include "base/log.h"
#include "transforms/declaration.h"

namespace bywash::transforms {
namespace {

struct TombstoneConfig {
  std::string behavior;
};

class TombstoneHandler : public plugin::Transform {
 public:
  explicit TombstoneHandler(std::string behavior) : fails_(behavior == "fail"), warns_(behavior == "warn") {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const TombstoneHandler& handler) : handler_(handler) {}
    bool edits_selected_only() const override { return true; }
    Status apply(Batch& batch) override {
      int64_t dropped = 0;
      columnar::RowMask rows = batch.selected;
      rows.for_each([&](int64_t row) {
        if (!batch.value.is_null(row)) return;
        ++dropped;
        if (handler_.fails_) fail_row(batch, row, data_error(kDataException, "Tombstone record encountered, failing due to the configured 'fail' behavior"));
        else batch.drop(row);
      });
      // Once for a batch, not for each record.
      if (dropped > 0 && handler_.warns_) {
        log::warn("transforms", "TombstoneHandler dropped {} tombstones of topic {}, partition {}", dropped, batch.origin.topic, batch.origin.partition.value);
      }
      return {};
    }

   private:
    const TombstoneHandler& handler_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  const bool fails_, warns_;
};

}  // namespace

plugin::TransformPlugin tombstone_handler() {
  config::TypedConfig<TombstoneConfig> def;
  def.key("behavior", &TombstoneConfig::behavior).by_default("warn").one_of({"ignore", "warn", "fail"})
      .doc("`ignore` drops tombstones, `warn` drops them and writes a warning (one for each batch) to the log, `fail` fails them.");
  return declare(confluent_info("tombstone_handler", {"io.confluent.connect.transforms.TombstoneHandler"}, "Drops or refuses tombstones",
                                "A tombstone is a record whose value is null, with a schema or without.", {"{}", R"({"behavior": "ignore"})"}),
                 def, [](TombstoneConfig c, Side) { return make_transform<TombstoneHandler>(std::move(c.behavior)); });
}

}  // namespace bywash::transforms
