// DropHeaders, InsertHeader and Filter: transforms that touch nothing but headers and marks (org.apache.kafka.connect.transforms, Kafka 4.3).
// Level 4, the task's thread.
#include <algorithm>

#include "columnar/values_parser.h"
#include "config/java_validators.h"
#include "transforms/config_checks.h"
#include "transforms/declaration.h"

namespace bywash::transforms {
namespace {

struct NoConfig {};
struct DropHeadersConfig {
  config::List headers;
};
struct InsertHeaderConfig {
  std::string header, literal;
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

struct Insert {
  columnar::Header header;
  void operator()(Batch& batch, int64_t row) const {
    if (batch.headers.empty()) batch.headers.resize(static_cast<size_t>(batch.row_count()));
    batch.headers[static_cast<size_t>(row)].push_back(header);
  }
};

struct DropRow {
  void operator()(Batch& batch, int64_t row) const { batch.drop(row); }
};

}  // namespace

plugin::TransformPlugin drop_headers() {
  config::TypedConfig<DropHeadersConfig> def;
  def.key("headers", &DropHeadersConfig::headers).required().high().check(config::distinct_values("headers", false)).doc("The name of the headers to be removed.");
  return declare(transform_info("drop_headers", "DropHeaders", Sided::kNo, "Removes headers by name", "Removes every header whose name is listed.",
                                {R"({"headers": "trace-id,origin"})"}),
                 def, [](DropHeadersConfig c, Side) { return make_transform<RowEdit<Drop>>(Drop{std::move(c.headers)}); });
}

plugin::TransformPlugin insert_header() {
  config::TypedConfig<InsertHeaderConfig> def;
  def.key("header", &InsertHeaderConfig::header).required().high().check(config::entry_not_null(), "non-null string").doc("The name of the header.");
  def.key("value.literal", &InsertHeaderConfig::literal).required().high().check(config::entry_not_null(), "non-null string")
      .doc("The literal value that is to be set as the header value on all records.");
  return declare(transform_info("insert_header", "InsertHeader", Sided::kNo, "Adds a header to each record",
                                "Adds the header to those that a record has already, also where one of the same name is there. The type of the value is guessed from its\n"
                                "text as a header's: `127` is an int8, `1.5` a float32, `2024-01-01` a date, `[1,2]` an array, `{\"a\":1}` a map, `null` no value; anything\n"
                                "else is a string.",
                                {R"({"header": "origin", "value.literal": "orders"})"}),
                 def, [](InsertHeaderConfig c, Side) -> Result<std::unique_ptr<plugin::Transform>> {
                   ASSIGN_OR_RETURN(columnar::SchemaAndValue parsed, columnar::parse_value_text(c.literal));
                   return make_transform<RowEdit<Insert>>(Insert{{c.header, std::move(parsed.schema), std::move(parsed.value)}});
                 });
}

plugin::TransformPlugin filter() {
  config::TypedConfig<NoConfig> def;
  return declare(transform_info("filter", "Filter", Sided::kNo, "Drops records",
                                "Drops all records, so that no later transform and no sink sees them. Meant for use with a predicate.", {"{}"}),
                 def, [](NoConfig, Side) { return make_transform<RowEdit<DropRow>>(DropRow{}); });
}

}  // namespace bywash::transforms
