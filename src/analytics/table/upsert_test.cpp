// Keys of upsert and dedup tables: the map, the rows that count, times to live, what configs may say. Unit tests.
#include "analytics/table/upsert.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "analytics/segment/mutable_segment.h"

namespace bywash::analytics {
namespace {

TEST(KeyMap, HoldsWhatAnOrdinaryMapHoldsInFortyBytesAKey) {
  KeyMap map;
  std::map<int, RowPlace> expected;
  std::mt19937 random(7);
  for (uint32_t i = 0; i < 200'000; ++i) {
    const int key = static_cast<int>(random() % 150'000);
    const RowPlace place{i / 1000, i % 1000};
    map.put(hash_of_key(std::to_string(key)), place);
    expected[key] = place;
    if (i == 999 || i % 50'000 == 49'999) {
      EXPECT_EQ(map.size(), expected.size());
      EXPECT_LE(map.memory_bytes(), static_cast<int64_t>(map.size() * 40)) << map.size();
    }
  }
  map.erase_if([](RowPlace place) { return place.segment < 50; });
  for (int key = 0; key < 150'000; ++key) {
    const RowPlace* found = map.find(hash_of_key(std::to_string(key)));
    auto known = expected.find(key);
    const bool there = known != expected.end() && known->second.segment >= 50;
    ASSERT_EQ(found != nullptr, there) << key;
    if (there) {
      ASSERT_EQ(std::pair(found->segment, found->row), std::pair(known->second.segment, known->second.row));
    }
  }
}

TEST(RowBits, AQueryKeepsWhatItSaw) {
  RowBits bits;
  bits.set(3, true);
  bits.set(70'000, true);
  auto before = bits.snapshot();
  EXPECT_EQ(before, bits.snapshot());
  bits.set(3, false);
  bits.set(4, true);
  auto after = bits.snapshot();
  EXPECT_EQ(*before->words(0), 8u);
  EXPECT_EQ(*after->words(0), 16u);
  EXPECT_EQ(before->words(70'000 / 64 * 64), after->words(70'000 / 64 * 64)) << "a chunk that did not change is shared";
  EXPECT_EQ(after->words(1 << 20), nullptr);
}

std::shared_ptr<const TableSchema> schema() {
  auto out = std::make_shared<TableSchema>();
  out->name = "s";
  out->primary_key_columns = {"id"};
  auto field = [&](const char* name, DataType type) {
    FieldSpec spec;
    spec.name = name;
    spec.type = type;
    spec.default_null = default_null_of(FieldKind::kDimension, type);
    out->fields.push_back(spec);
  };
  field("id", DataType::kString);
  field("at", DataType::kLong);
  field("gone", DataType::kBoolean);
  return out;
}

// One partition, fed as the consumer feeds it.
struct Feed {
  explicit Feed(UpsertConfig config) : keys(UpsertRules::of(config, *schema(), "at")) { next_segment(); }
  void next_segment() {
    if (segment) keys.sealed(segment->snapshot());
    MutableSegmentOptions options;
    options.name = "segment" + std::to_string(made++);
    options.max_rows = 1000;
    segment = *MutableSegment::create(schema(), options);
    keys.begin(segment->snapshot());
    if (made > 1) keys.forget_old();
  }
  bool add(const char* id, std::optional<int64_t> at, std::optional<bool> gone = false) {
    const int64_t row = segment->appended_rows();
    segment->append_text(0, id);
    at ? segment->append_long(1, *at) : segment->append_null(1);
    gone ? segment->append_int(2, *gone) : segment->append_null(2);
    if (keys.edits()) keys.edit(*segment, static_cast<uint32_t>(row));
    const bool stays = keys.add(static_cast<uint32_t>(row)) == KeyVerdict::kTaken;
    if (!stays) segment->rollback(row);
    segment->publish(0);
    keys.publish();
    return stays;
  }
  // The bits of the segment's first 64 rows.
  uint64_t rows(int at) {
    auto found = keys.rows_of("segment" + std::to_string(at));
    const uint64_t* words = found ? found->words(0) : nullptr;
    return words ? *words : 0;
  }
  UpsertPartition keys;
  std::shared_ptr<MutableSegment> segment;
  int made = 0;
};

UpsertConfig upsert() {
  UpsertConfig out;
  out.mode = KeyMode::kUpsert;
  return out;
}

TEST(Upsert, TheNewestRowOfAKeyCountsAndOfEqualsTheLast) {
  Feed feed(upsert());
  feed.add("a", 10);
  feed.add("b", 10);
  feed.add("a", 9);   // out of order: stays, does not count
  feed.add("b", 10);  // equal: replaces
  EXPECT_EQ(feed.rows(0), 0b1001u);
  feed.next_segment();
  feed.add("a", 11);
  EXPECT_EQ(feed.rows(0), 0b1000u);
  EXPECT_EQ(feed.rows(1), 0b1u);
  EXPECT_EQ(feed.keys.keys(), 2u);
}

TEST(Upsert, ADeletedKeyComesBackWithANewerRecordOnly) {
  UpsertConfig config = upsert();
  config.delete_column = "gone";
  Feed feed(config);
  feed.add("a", 10);
  feed.add("a", 11, true);
  EXPECT_EQ(feed.rows(0), 0u);
  feed.add("a", 10);
  EXPECT_EQ(feed.rows(0), 0u);
  feed.add("a", 12);
  EXPECT_EQ(feed.rows(0), 0b1000u);
}

TEST(Upsert, RecordsOutOfOrderAreDroppedWhereTheConfigSaysSo) {
  UpsertConfig config = upsert();
  config.drop_out_of_order = true;
  Feed feed(config);
  EXPECT_TRUE(feed.add("a", 10));
  EXPECT_FALSE(feed.add("a", 9));
  EXPECT_EQ(feed.segment->published_rows(), 1);
  EXPECT_TRUE(feed.add("a", 10));
  EXPECT_EQ(feed.rows(0), 0b10u);
}

TEST(Upsert, RecordsOutOfOrderAreMarkedWhereTheConfigNamesAColumn) {
  UpsertConfig config = upsert();
  config.out_of_order_column = "gone";
  Feed feed(config);
  feed.add("a", 10, true);
  feed.add("a", 9);
  feed.add("b", 1);
  feed.next_segment();
  feed.add("a", 9);
  feed.add("a", 10);
  EXPECT_EQ(feed.rows(0), 0b100u);
  EXPECT_EQ(feed.rows(1), 0b10u);
  const auto flags = [&] {
    const auto view = feed.segment->snapshot();
    std::string out;
    for (int64_t row = 0; row < view->rows(); ++row) {
      const ColumnView& column = view->column(2);
      out += std::to_string(column.encoding == Encoding::kDictionary ? column.dictionary.integer(column.dictionary_id(row)) : column.integer(row));
    }
    return out;
  };
  EXPECT_EQ(flags(), "10");
  Feed first(config);
  for (int64_t at : {3, 2, 4, 1}) first.add("k", at, true);
  feed.segment = first.segment;
  EXPECT_EQ(flags(), "0101") << "the record's own value does not count";
}

TEST(Upsert, OfSeveralComparisonColumnsTheOneThatARecordHasDecides) {
  UpsertConfig config = upsert();
  config.comparison_columns = {"at", "gone"};
  Feed feed(config);
  feed.add("a", 10, std::nullopt);
  feed.add("a", std::nullopt, true);   // the first of its column: newer
  feed.add("a", 9, std::nullopt);      // older than the 10 that the row before took over
  feed.add("a", std::nullopt, false);  // older than true
  EXPECT_EQ(feed.rows(0), 0b10u);
  EXPECT_FALSE(feed.add("a", std::nullopt, std::nullopt));
  EXPECT_FALSE(feed.add("a", 20, true));
  feed.next_segment();
  feed.add("a", 10, std::nullopt);  // equal: newer
  EXPECT_EQ(feed.rows(0), 0u);
  EXPECT_EQ(feed.rows(1), 1u);

  // Read again from the segments, the same rows count.
  UpsertPartition again(UpsertRules::of(config, *schema(), "at"));
  again.begin(feed.segment->snapshot());
  EXPECT_EQ(again.add(0), KeyVerdict::kTaken);
  const auto view = feed.segment->snapshot();
  EXPECT_FALSE(view->column(2).is_null(0)) << "what the record does not have stays";
}

TEST(Upsert, KeysPastTheirTimeToLiveAreForgottenWhenASegmentIsSealed) {
  UpsertConfig config = upsert();
  config.metadata_ttl = 5;
  Feed feed(config);
  feed.add("a", 10);
  feed.add("b", 20);
  feed.next_segment();
  EXPECT_EQ(feed.keys.keys(), 1u);
  feed.add("a", 21);
  feed.add("b", 22);
  EXPECT_EQ(feed.rows(0), 0b01u) << "the forgotten key's row goes on counting";
  EXPECT_EQ(feed.rows(1), 0b11u);

  config = upsert();
  config.delete_column = "gone";
  config.deleted_keys_ttl = 5;
  Feed deleting(config);
  deleting.add("a", 10, true);
  deleting.add("b", 10);
  deleting.add("c", 20);
  deleting.next_segment();
  EXPECT_EQ(deleting.keys.keys(), 2u);
  deleting.add("a", 9);
  EXPECT_EQ(deleting.rows(1), 1u);
}

TEST(Upsert, TheKeysOfADroppedSegmentAreNew) {
  Feed feed(upsert());
  feed.add("a", 10);
  feed.next_segment();
  feed.keys.drop("segment0");
  feed.add("a", 9);
  EXPECT_EQ(feed.rows(1), 1u);
  feed.next_segment();
  feed.add("a", 8);
  EXPECT_EQ(feed.rows(1), 1u);
  EXPECT_EQ(feed.rows(2), 0u);
}

TEST(Dedup, OnlyTheFirstRecordOfAKeyStays) {
  UpsertConfig config;
  config.mode = KeyMode::kDedup;
  Feed feed(config);
  EXPECT_TRUE(feed.add("a", 10));
  EXPECT_FALSE(feed.add("a", 11));
  EXPECT_TRUE(feed.add("b", 1));
  feed.next_segment();
  EXPECT_FALSE(feed.add("b", 2));
  EXPECT_EQ(feed.keys.rows_of("segment0"), nullptr);
}

TEST(Dedup, AKeyPastItsTimeToLiveIsNew) {
  UpsertConfig config;
  config.mode = KeyMode::kDedup;
  config.metadata_ttl = 5;
  Feed feed(config);
  EXPECT_TRUE(feed.add("a", 10));
  EXPECT_FALSE(feed.add("a", 15));
  EXPECT_TRUE(feed.add("b", 16));
  EXPECT_TRUE(feed.add("a", 16)) << "stale, though not yet forgotten";
  EXPECT_FALSE(feed.add("a", 17));
  EXPECT_TRUE(feed.add("c", 100));
  feed.next_segment();
  EXPECT_EQ(feed.keys.keys(), 1u);
}

// The row that a merge leaves, as text; n: null.
std::string merged(MergeStrategy number, MergeStrategy list, std::optional<std::pair<int64_t, std::vector<std::string_view>>> before,
                   std::optional<std::pair<int64_t, std::vector<std::string_view>>> now) {
  auto fields = std::make_shared<TableSchema>();
  fields->fields.resize(2);
  fields->fields[0].name = "number";
  fields->fields[0].type = DataType::kLong;
  fields->fields[1].name = "list";
  fields->fields[1].single_value = false;
  fields->fields[1].default_null.text = "null";
  MutableSegmentOptions options;
  options.name = "m";
  options.max_rows = 10;
  auto segment = *MutableSegment::create(fields, options);
  for (const auto& row : {before, now}) {
    row ? segment->append_long(0, row->first) : segment->append_null(0);
    row ? segment->append_texts(1, row->second) : segment->append_null(1);
  }
  const auto view = segment->snapshot();
  merge_rows({number, list}, {*view, 0}, {*view, 1}, *segment);
  segment->publish(0);
  const auto after = segment->snapshot();
  EXPECT_EQ(after->rows(), 2);
  std::string out = after->column(0).is_null(1) ? "n" : std::to_string(*after->column(0).block<int64_t>(1));
  const MultiValue values = after->column(1).multi(1);
  for (uint32_t i = 0; i < values.count; ++i) out += " " + std::string(after->column(1).dictionary.text(values.ids[i]));
  return out + (after->column(1).is_null(1) ? " n" : "");
}

TEST(Merge, EachStrategyDoesWhatItsNameSays) {
  using S = MergeStrategy;
  const auto old_row = std::pair(int64_t{5}, std::vector<std::string_view>{"b", "a"});
  const auto new_row = std::pair(int64_t{3}, std::vector<std::string_view>{"c", "a"});
  EXPECT_EQ(merged(S::kOverwrite, S::kOverwrite, old_row, new_row), "3 c a");
  EXPECT_EQ(merged(S::kOverwrite, S::kUnion, old_row, std::nullopt), "5 b a");
  EXPECT_EQ(merged(S::kIncrement, S::kAppend, old_row, new_row), "8 b a c a");
  EXPECT_EQ(merged(S::kMax, S::kUnion, old_row, new_row), "5 a b c");
  EXPECT_EQ(merged(S::kMin, S::kIgnore, old_row, new_row), "3 b a");
  EXPECT_EQ(merged(S::kIgnore, S::kIgnore, old_row, new_row), "5 b a");
  EXPECT_EQ(merged(S::kIgnore, S::kAppend, std::nullopt, new_row), "3 c a");
  EXPECT_EQ(merged(S::kForceOverwrite, S::kForceOverwrite, old_row, std::nullopt), "n null n");
}

// All problems of a config, joined.
std::string problems_of(const char* document, bool realtime = true) {
  std::vector<std::string> problems, warnings;
  const UpsertConfig config = read_upsert_config(Json::parse(document), realtime, problems, warnings);
  check_upsert_config(config, *schema(), "at", problems);
  std::string out;
  for (const std::string& problem : problems) out += (out.empty() ? "" : "\n") + problem;
  return out;
}

TEST(UpsertConfig, ProblemsAreInPinotsWords) {
  const std::string routed = R"({"routing":{"instanceSelectorType":"strictReplicaGroup"},)";
  EXPECT_EQ(problems_of(R"({})"), "");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","comparisonColumns":["at"],"deleteRecordColumn":"gone","deletedKeysTTL":10}})").c_str()), "");
  EXPECT_EQ(problems_of(R"({"upsertConfig":{"mode":"FULL"}})"), "Upsert/Dedup table must use strict replica-group (i.e. strictReplicaGroup) based routing");
  EXPECT_EQ(problems_of(R"({"upsertConfig":{"mode":"FULL"},"dedupConfig":{"dedupEnabled":true}})"), "A table can have either Upsert or Dedup enabled, but not both");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","comparisonColumns":["nope"],"deleteRecordColumn":"none","metadataTTL":1,"snapshot":"DISABLE"}})").c_str()),
            "Upsert TTL must have snapshot enabled\nThe comparison column does not exist on schema\nColumn none specified in deleteRecordColumn does not exist");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","comparisonColumns":["id"],"metadataTTL":1}})").c_str()),
            "MetadataTTL / DeletedKeysTTL must have comparison column: id in numeric type, found: STRING");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"PARTIAL","partialUpsertStrategies":{"id":"IGNORE","gone":"UNION","no":"MAX"}}})").c_str()),
            "Null handling must be enabled for partial upsert tables\nMerger cannot be applied to primary key columns\n"
            "Merger cannot be applied to non-existing column: no\nUNION merger cannot be applied to single-value column: gone");
  EXPECT_EQ(problems_of((routed + R"("tableIndexConfig":{"nullHandlingEnabled":true},"upsertConfig":{"mode":"PARTIAL","defaultPartialUpsertStrategy":"MAX"}})").c_str()), "");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","outOfOrderRecordColumn":"gone"}})").c_str()), "");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","outOfOrderRecordColumn":"at","dropOutOfOrderRecord":true}})").c_str()),
            "outOfOrderRecordColumn and dropOutOfOrderRecord shouldn't exist together for upsert table\nThe outOfOrderRecordColumn must be a single-valued BOOLEAN column");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","comparisonColumns":["at","gone"]}})").c_str()), "");
  EXPECT_EQ(problems_of((routed + R"("upsertConfig":{"mode":"FULL","comparisonColumns":["at","gone"],"metadataTTL":3}})").c_str()),
            "MetadataTTL / DeletedKeysTTL does not work with multiple comparison columns");
  EXPECT_EQ(problems_of((routed + R"("dedupConfig":{"dedupEnabled":true,"metadataTTL":10}})").c_str()), "");
  EXPECT_EQ(problems_of((routed + R"("dedupConfig":{"dedupEnabled":true,"metadataTTL":10,"dedupTimeColumn":"id"}})").c_str()),
            "MetadataTTL must have dedupTimeColumn: id in numeric type, found: STRING");
  EXPECT_EQ(problems_of((routed + R"("dedupConfig":{"dedupEnabled":true}})").c_str(), false), "Dedup is not supported for OFFLINE table");
}

}  // namespace
}  // namespace bywash::analytics
