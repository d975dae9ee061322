// The dry run over REST. Level 8.
#include "rest/connect_try.h"

#include "rest/connect_json.h"
#include "runtime/dry_run/sample_json.h"

namespace bywash::rest {
namespace {

constexpr size_t kSamplesMax = 10'000;

Result<Json> outcomes_of(const Json& body, const config::Properties& worker, const plugin::Registry& registry) {
  if (!body.is_object() || !body.contains("config") || !body.contains("records") || !body["records"].is_array()) {
    return Status::invalid(R"(Expected {"config": {a connector's configuration}, "records": [samples]})");
  }
  const Json& records = body["records"];
  if (records.size() > kSamplesMax) return Status::invalid(fmt::format("{} records are too many for one request: at most {}", records.size(), kSamplesMax));
  ASSIGN_OR_RETURN(auto given, string_map(body["config"]));
  const config::Properties connector = runtime::without_nulls(given);
  ASSIGN_OR_RETURN(runtime::DryRunSpec spec, runtime::dry_run_of(connector, worker, registry));
  runtime::SampleDefaults defaults{runtime::sample_topic(connector), spec.is_source, 0};
  runtime::DryRun run = runtime::DryRun::make(std::move(spec), registry);
  if (run.refused()) return Status::invalid(fmt::format("{}: {}", run.refused()->component, run.refused()->status.message()));
  Json out = Json::array();
  for (const Json& record : records) {
    // A text is a line of a records file, anything else is written as one.
    auto sample = runtime::sample_of(record.is_string() ? record.get<std::string>() : record.dump(), defaults);
    if (!sample.ok()) return sample.status().with_context(fmt::format("records[{}]", defaults.offset));
    out.push_back(runtime::to_json(sample->id.empty() ? std::to_string(defaults.offset + 1) : sample->id, run.run(sample->record)));
    ++defaults.offset;
  }
  return out;
}

}  // namespace

void add_try_route(HttpRouter* router, config::Properties worker, const plugin::Registry& registry) {
  router->add("POST", "/try",
              [worker = std::move(worker), &registry](const HttpRequest& request, const std::vector<std::string>&) {
                auto body = parse_body(request);
                if (!body.ok()) return error_response(body.status());
                // Samples are written out again one by one, which has to stay shallow.
                if (auto shallow = canonical::parse_text(request.body); !shallow.ok()) return error_response(shallow.status());
                auto outcomes = outcomes_of(*body, worker, registry);
                return outcomes.ok() ? json_response(200, *outcomes) : error_response(outcomes.status());
              },
              {.takes_json = true, .reads_body = true});
}

}  // namespace bywash::rest
