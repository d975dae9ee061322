// The document's query over 5 M rows in four sealed segments beside the bare loop that could answer it: two-byte dictionary ids, int32
// shares, int64 times. One thread, no result cache; runs interleaved, the median of each counts. Not a test: run it on a quiet machine. With a number as
// argument: so many queries by star-tree alone; with `documents`: JSON_MATCH and TEXT_MATCH by index and by scan; with `queries` and SQL texts: their CPU
// time over the sealed segments.
#include "analytics/exec/query_engine.h"
#include "analytics/plan/document_match.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/segment/segment_file.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>

namespace bywash::analytics {
namespace {

constexpr int64_t kRows = 5'000'000, kSegments = 4;
constexpr int kSymbols = 500, kRuns = 31;
constexpr int64_t kStart = 1'792'782'000'000, kSpan = int64_t{30} * 86'400'000;

// The same rows as bare arrays.
struct Bare {
  std::vector<uint16_t> symbols;
  std::vector<int32_t> shares;
  std::vector<int64_t> times;
};

struct Workload {
  std::shared_ptr<TableSnapshot> sealed, consuming, star_tree;
  std::vector<Bare> bare;
};

double seconds_since(SteadyTime start) { return std::chrono::duration<double>(steady_now() - start).count(); }

Workload make(bool ordered_times, const std::string& folder) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = "stock_transactions";
  schema->fields = {test_field("symbol", DataType::kString, FieldKind::kDimension), test_field("shares", DataType::kInt, FieldKind::kMetric),
                    test_field("update_at", DataType::kLong, FieldKind::kDateTime), test_field("purchase", DataType::kDouble, FieldKind::kMetric)};
  Workload out;
  out.sealed = std::make_shared<TableSnapshot>();
  out.sealed->name = schema->name;
  out.sealed->schema = schema;
  out.consuming = std::make_shared<TableSnapshot>(*out.sealed);
  out.star_tree = std::make_shared<TableSnapshot>(*out.sealed);
  SealOptions with_tree;
  with_tree.star_trees = {{{"symbol"}, {}, {{StarFunction::kSum, "shares"}, {StarFunction::kCount, "*"}}, 10'000}};
  std::vector<double> weights(kSymbols);
  for (int i = 0; i < kSymbols; ++i) weights[static_cast<size_t>(i)] = 1.0 / std::pow(i + 1.0, 0.9);
  std::discrete_distribution<int> pick(weights.begin(), weights.end());
  std::mt19937_64 random(42);
  std::vector<std::string> names;
  for (int i = 0; i < kSymbols; ++i) names.push_back(fmt::format("S{:03}", i));
  double append_seconds = 0;
  for (int64_t s = 0; s < kSegments; ++s) {
    MutableSegmentOptions options;
    options.name = fmt::format("stock_transactions__{}__0", s);
    options.time_column = "update_at";
    options.max_rows = kRows / kSegments;
    auto segment = *MutableSegment::create(schema, options);
    Bare bare;
    for (int64_t i = 0; i < kRows / kSegments; ++i) {
      bare.symbols.push_back(static_cast<uint16_t>(pick(random)));
      bare.shares.push_back(static_cast<int32_t>(random() % 1000 + 1));
      int64_t at = ordered_times ? kSpan / kRows * (i * kSegments + s) : static_cast<int64_t>(random() % static_cast<uint64_t>(kSpan));
      bare.times.push_back(kStart + at);
    }
    SteadyTime start = steady_now();
    for (size_t i = 0; i < bare.symbols.size(); ++i) {
      segment->append_text(0, names[bare.symbols[i]]);
      segment->append_int(1, bare.shares[i]);
      segment->append_long(2, bare.times[i]);
      segment->append_double(3, static_cast<double>(500 + random() % 99'500) / 100);
    }
    segment->publish(0);
    append_seconds += seconds_since(start);
    std::string path = folder + "/" + options.name;
    Status sealed = seal_segment(*segment->snapshot(), {}, path);
    if (!sealed.ok()) std::printf("%s\n", sealed.message().c_str());
    out.sealed->segments.push_back(*open_segment(path, schema));
    ::unlink(path.c_str());
    sealed = seal_segment(*segment->snapshot(), with_tree, path);
    if (!sealed.ok()) std::printf("%s\n", sealed.message().c_str());
    out.star_tree->segments.push_back(*open_segment(path, schema));
    ::unlink(path.c_str());
    out.consuming->segments.push_back(segment->snapshot());
    out.bare.push_back(std::move(bare));
  }
  std::printf("append, 3 columns: %.2f M rows/s\n", kRows / append_seconds / 1e6);
  return out;
}

[[gnu::noinline]] void bare_all(const Bare& b, int64_t* sums) {
  for (size_t i = 0; i < b.symbols.size(); ++i) sums[b.symbols[i]] += b.shares[i];
}
[[gnu::noinline]] void bare_since(const Bare& b, int64_t since, int64_t* sums) {
  for (size_t i = 0; i < b.symbols.size(); ++i) {
    if (b.times[i] >= since) sums[b.symbols[i]] += b.shares[i];
  }
}

int64_t checksum_ = 0;

double run_bare(const Workload& work, int64_t since) {
  SteadyTime start = steady_now();
  std::vector<int64_t> sums(kSymbols), total(kSymbols);
  for (const Bare& b : work.bare) {
    std::fill(sums.begin(), sums.end(), 0);
    since > kStart ? bare_since(b, since, sums.data()) : bare_all(b, sums.data());
    for (size_t i = 0; i < sums.size(); ++i) total[i] += sums[i];
  }
  std::partial_sort(total.begin(), total.begin() + 10, total.end(), std::greater<>());
  double seconds = seconds_since(start);
  checksum_ = std::accumulate(total.begin(), total.begin() + 10, int64_t{0});
  return seconds;
}

double run_engine(const std::shared_ptr<TableSnapshot>& table, int64_t since) {
  std::string sql = fmt::format("SELECT symbol, SUM(shares) AS total_shares FROM stock_transactions WHERE update_at >= {} GROUP BY symbol "
                                "ORDER BY total_shares DESC LIMIT 10", since);
  SteadyTime start = steady_now();
  QueryResponse response = answer(sql, {}, [&](std::string_view) { return table; });
  std::string body = to_json(response);
  double seconds = seconds_since(start);
  double sum = 0;
  for (const auto& row : response.table.rows) sum += std::get<double>(row[1].value);
  if (static_cast<int64_t>(sum) != checksum_) std::printf("WRONG ANSWER: %s\n", body.substr(0, 300).c_str());
  return seconds;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2] * 1e3;
}

void compare(const char* title, const Workload& work, int64_t since) {
  std::vector<double> bare, again, sealed, consuming, star_tree;
  for (int run = 0; run < kRuns; ++run) {
    bare.push_back(run_bare(work, since));
    sealed.push_back(run_engine(work.sealed, since));
    again.push_back(run_bare(work, since));
    star_tree.push_back(run_engine(work.star_tree, since));
    consuming.push_back(run_engine(work.consuming, since));
  }
  double base = median(bare);
  std::printf("%-44s bare %6.2f ms (again %6.2f)   sealed %6.2f ms = %.2f x   consuming %6.2f ms = %.2f x   with a star-tree %7.3f ms\n", title, base,
              median(again), median(sealed), median(sealed) / base, median(consuming), median(consuming) / base, median(star_tree));
}

// Only the star-tree, many times: for a profiler, or by CPU time on a machine that does other things too.
int run_star_tree(int queries) {
  char folder[] = "/tmp/bywash-scan-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  Workload work = make(true, folder);
  for (int64_t since : {kStart - 1, kStart + kSpan / 2}) {
    checksum_ = 0;
    run_bare(work, since);
    const auto before = std::clock();
    for (int i = 0; i < queries; ++i) run_engine(work.star_tree, since);
    std::printf("%s: %.1f us CPU a query\n", since < kStart ? "every row passes" : "cut in the middle of segments",
                static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC * 1e6 / queries);
  }
  ::rmdir(folder);
  return 0;
}

int run_queries(int count, char** texts) {
  char folder[] = "/tmp/bywash-scan-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  const Workload work = make(true, folder);
  ::rmdir(folder);
  for (int i = 0; i < count; ++i) {
    std::vector<double> times;
    for (int run = 0; run < kRuns; ++run) {
      const int64_t before = thread_cpu_ns();
      const QueryResponse response = answer(texts[i], {}, [&](std::string_view) { return work.sealed; });
      times.push_back(static_cast<double>(thread_cpu_ns() - before) / 1e9);
      if (!response.exceptions.empty()) return std::printf("%s\n", to_json(response).c_str()), 1;
    }
    std::printf("%7.2f ms, the least %7.2f   %s\n", median(times), *std::min_element(times.begin(), times.end()) * 1e3, texts[i]);
  }
  return 0;
}

// JSON_MATCH and TEXT_MATCH by index and by scan of the same rows.
int run_documents() {
  constexpr int kRows = 200'000, kDocumentRuns = 5;
  char folder[] = "/tmp/bywash-scan-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  auto fields = std::make_shared<FieldIndexes>();
  auto json = std::make_shared<JsonIndexOptions>();
  auto text = std::make_shared<TextIndexOptions>(TextIndexOptions{english_stop_words()});
  fields->json = json, fields->json_terms = json_terms(json), fields->json_settings = json_settings(*json);
  fields->text = text, fields->text_terms = text_terms(text), fields->text_settings = text_settings(*text);
  auto schema = std::make_shared<TableSchema>();
  schema->name = "events";
  schema->fields = {test_field("doc", DataType::kJson)};
  schema->fields[0].indexes = fields;
  std::mt19937_64 random(9);
  MutableSegmentOptions options;
  options.name = "events_0";
  options.raw_columns = {"doc"};
  auto segment = *MutableSegment::create(schema, options);
  for (int i = 0; i < kRows; ++i) {
    segment->append_text(0, fmt::format(R"({{"user":"u{}","items":[{{"sku":"s{}","quantity":{}}},{{"sku":"s{}","quantity":{}}}],"note":"word{} of{}"}})", random() % 20000, random() % 500,
                                        random() % 9, random() % 500, random() % 9, random() % 1000, random() % 50));
  }
  segment->publish(kRows);
  SealOptions with, without;
  with.raw_columns = without.raw_columns = {"doc"};
  with.documents = {{"doc", fields}};
  auto indexed = std::make_shared<TableSnapshot>(), scanned = std::make_shared<TableSnapshot>();
  const auto sealing = steady_now();
  for (auto& [table, seal, name] : {std::tuple(indexed, &with, "with"), std::tuple(scanned, &without, "without")}) {
    const std::string path = fmt::format("{}/{}", folder, name);
    if (!seal_segment(*segment->snapshot(), *seal, path).ok()) return 1;
    table->schema = schema;
    table->segments = {*open_segment(path, schema)};
    ::unlink(path.c_str());
  }
  std::printf("%d documents sealed twice in %.1f s, %.1f MB without and %.1f MB with the indexes\n", kRows, seconds_since(sealing),
              static_cast<double>(scanned->segments[0]->meta().bytes) / 1e6, static_cast<double>(indexed->segments[0]->meta().bytes) / 1e6);
  ::rmdir(folder);
  for (const char* where : {R"(JSON_MATCH(doc, '"$.user" = ''u77'''))", R"(JSON_MATCH(doc, '"$.items[*].sku" = ''s7'' AND "$.items[*].quantity" > 6'))", "TEXT_MATCH(doc, 'word12 AND of7')"}) {
    const std::string sql = fmt::format("SELECT COUNT(*) FROM events WHERE {}", where);
    std::vector<double> by_index, by_scan;
    for (int i = 0; i < kDocumentRuns; ++i) {
      std::string answers[2];
      for (auto* times : {&by_index, &by_scan}) {
        const auto start = steady_now();
        const QueryResponse response = answer(sql, {{"timeoutMs", "600000"}}, [&](std::string_view) { return times == &by_index ? indexed : scanned; });
        times->push_back(seconds_since(start));
        answers[times == &by_scan] = std::to_string(std::get<int64_t>(response.table.rows.at(0).at(0).value));
      }
      if (answers[0] != answers[1]) std::printf("WRONG ANSWER: %s instead of %s\n", answers[0].c_str(), answers[1].c_str());
    }
    std::printf("%-76s scan %9.2f ms   index %7.3f ms = 1 / %.0f\n", where, median(by_scan), median(by_index), median(by_scan) / median(by_index));
  }
  return 0;
}

int run() {
  char folder[] = "/tmp/bywash-scan-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  for (bool ordered : {true, false}) {
    Workload work = make(ordered, folder);
    const char* kind = ordered ? "times in order" : "times at random";
    compare(fmt::format("{}, every row passes", kind).c_str(), work, kStart - 1);
    compare(fmt::format("{}, cut in the middle of segments", kind).c_str(), work, kStart + kSpan / 2);
    compare(fmt::format("{}, the last tenth passes", kind).c_str(), work, kStart + kSpan / 10 * 9);
  }
  ::rmdir(folder);
  return 0;
}

}  // namespace
}  // namespace bywash::analytics

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "documents") return bywash::analytics::run_documents();
  if (argc > 2 && std::string_view(argv[1]) == "queries") return bywash::analytics::run_queries(argc - 2, argv + 2);
  return argc > 1 ? bywash::analytics::run_star_tree(std::atoi(argv[1])) : bywash::analytics::run();
}
