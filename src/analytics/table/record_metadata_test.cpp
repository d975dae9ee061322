#include "analytics/table/record_metadata.h"

#include <gtest/gtest.h>

namespace bywash::analytics {
namespace {

class OneRecord : public columnar::RawBatch {
 public:
  OneRecord(std::optional<std::string_view> key, std::vector<columnar::RawHeader> headers) : headers_(std::move(headers)) {
    origin_ = {"topic", Partition(3)};
    columnar::RawRecord record;
    record.offset = 41;
    record.timestamp_ms = 1'700'000'000'123;
    record.key = key;
    record.value = "12345";
    records_.push_back(record);
  }
  std::vector<columnar::RawHeader> headers(size_t) const override { return headers_; }
  bool has_headers(size_t) const override { return !headers_.empty(); }

 private:
  std::vector<columnar::RawHeader> headers_;
};

RecordMetadata for_column(const std::string& name, bool populate, const IngestionRules& rules = {}) {
  TableSchema schema;
  schema.fields.emplace_back();
  schema.fields[0].name = name;
  return {schema, rules, populate};
}

TEST(RecordMetadata, StandsBehindTheRecordsOwnMembers) {
  const OneRecord batch("k\"1", {{"trace", "\x01\xfe"}, {"none", std::nullopt}, {"trace", "b"}});
  EXPECT_EQ(for_column("__key", false).add_to(R"( {"a":1} )", batch, 0), R"( {"a":1,"__key":"k\"1","__metadata$recordSerializedValueSize":5})");
  EXPECT_EQ(for_column("__key", true).add_to("{ }", batch, 0),
            R"({ "__key":"k\"1","__metadata$recordSerializedValueSize":5,"__header$trace":"62","__metadata$offset":"41","__metadata$partition":"3","__metadata$recordTimestamp":"1700000000123"})");
}

TEST(RecordMetadata, LeavesWhatIsNoObject) {
  const OneRecord batch(std::nullopt, {});
  for (const char* text : {"", "  ", "[1]", "}", "nonsense"}) EXPECT_EQ(for_column("__key", true).add_to(text, batch, 0), text);
  EXPECT_EQ(for_column("__key", false).add_to("{}", batch, 0), R"({"__metadata$recordSerializedValueSize":5})");
  EXPECT_EQ(for_column("__key", false).add_to("{}", OneRecord("\xff", {}), 0), "{\"__key\":\"\xef\xbf\xbd\",\"__metadata$recordSerializedValueSize\":5}");
}

TEST(RecordMetadata, IsWantedWhereTheTableNamesIt) {
  EXPECT_FALSE(for_column("key", true).wanted());
  EXPECT_TRUE(for_column("__header$x", true).wanted());
  IngestionRules rules;
  rules.transforms = {{"at", "fromEpochDays(\"__metadata$offset\")"}};
  EXPECT_TRUE(for_column("at", true, rules).wanted());
  rules.transforms.clear();
  rules.filter = "strcmp(\"__key\", 'a') = 0";
  EXPECT_TRUE(for_column("at", false, rules).wanted());
}

}  // namespace
}  // namespace bywash::analytics
