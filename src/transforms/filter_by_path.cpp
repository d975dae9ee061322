// Filter by a JSON path (io.confluent.connect.transforms.Filter). Level 4, the task's thread.
#include "transforms/declaration.h"
#include "transforms/json_path.h"

namespace bywash::transforms {
namespace {

struct PathFilterConfig {
  std::string condition, type, missing;
};

class PathFilter : public plugin::Transform {
 public:
  PathFilter(JsonPath path, const PathFilterConfig& config, Side side)
      : path_(std::move(path)), condition_(config.condition), includes_(config.type == "include"), missing_(config.missing), side_(side) {}

  class Bound : public plugin::BoundTransform {
   public:
    explicit Bound(const PathFilter& filter) : filter_(filter) {}
    bool edits_selected_only() const override { return true; }
    Status apply(Batch& batch) override {
      const Column column = column_of(batch, filter_.side_);
      const RecordColumn records(column);
      columnar::RowMask rows = batch.selected;
      const auto verdicts = filter_.path_.is_met(records);
      rows.for_each([&](int64_t row) {
        const Verdict verdict = verdicts ? (*verdicts)[row] : Verdict::kAsk;
        if (verdict == Verdict::kAsk) filter_.apply(batch, records, row);
        else if ((verdict == Verdict::kYes) != filter_.includes_) batch.drop(row);
      });
      return {};
    }

   private:
    const PathFilter& filter_;
  };
  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas&) override { return make_bound<Bound>(*this); }

 private:
  void apply(Batch& batch, const RecordColumn& records, int64_t row) const {
    const RecordNode record(records, row);
    if (!record.is_missing() && !record.has_members()) {
      fail_row(batch, row, records.schema().schemaless() ? not_a_map("filtering records without schema", java_class_of(record.value()))
                                                       : not_a_struct("filtering records with schema", java_class_of(records.schema())));
      return;
    }
    const bool met = !record.is_missing() && path_.is_met(record);
    if (met || (!record.is_missing() && !path_.names_missing(record))) {
      if (met != includes_) batch.drop(row);
    } else if (missing_ == "exclude") {
      batch.drop(row);
    } else if (missing_ == "fail") {
      fail_row(batch, row, data_error(kDataException, fmt::format("A field of the filter condition {} is missing or null in the record's {}", condition_,
                                                                  side_ == Side::kKey ? "key" : "value")));
    }
  }

  const JsonPath path_;
  const std::string condition_;
  const bool includes_;
  const std::string missing_;
  const Side side_;
};

}  // namespace

plugin::TransformPlugin filter_by_path() {
  using C = PathFilterConfig;
  config::TypedConfig<C> def;
  def.key("filter.condition", &C::condition).required().high()
      .check([](const config::Parsed& value) -> std::optional<std::string> {
        auto* text = std::get_if<std::string>(&value);
        auto path = JsonPath::compile(text ? *text : "");
        return path.ok() ? std::nullopt : std::optional(path.status().message());
      }, "a JSON path")
      .doc("The condition as a JSON path, e.g. `$[?(@.status == 'open' && @.total > 100)]`. It is met when the path leads to something.");
  def.key("filter.type", &C::type).required().high().one_of({"include", "exclude"})
      .doc("`include` keeps the records that meet the condition, `exclude` drops them.");
  def.key("missing.or.null.behavior", &C::missing).by_default("fail").one_of({"fail", "include", "exclude"})
      .doc("What becomes of records that do not meet the condition and in which a field that it names is missing or null: `fail`, `include` or `exclude` them.");
  return declare(confluent_info("filter_by_path", {"io.confluent.connect.transforms.Filter$Value", "io.confluent.connect.transforms.Filter$Key"},
                                "Keeps or drops records by a condition on their fields",
                                "Keeps or drops records by a JSON path over the key or value. Understood are fields, `[n]`, `[*]`, `..` and conditions with "
                                "`== != < <= > >= =~ in nin contains && || !`; functions, slices and lists of names are refused at validation.",
                                {R"({"filter.condition": "$[?(@.status == 'open')]", "filter.type": "include", "missing.or.null.behavior": "exclude"})"}),
                 def, [](C c, Side side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(JsonPath path, JsonPath::compile(c.condition));
                   return make_transform<PathFilter>(std::move(path), c, side);
                 });
}

}  // namespace bywash::transforms
