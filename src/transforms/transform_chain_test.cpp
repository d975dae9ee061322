#include "transforms/transform_chain.h"

#include <gtest/gtest.h>

#include "columnar/value.h"
#include "transforms/plugins.h"
#include "transforms/record_side.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

const plugin::Registry& registry() {
  static const plugin::Registry all = [] {
    plugin::Registry r;
    r.add(insert_field());
    r.add(replace_field());
    r.add(regex_router());
    r.add(topic_name_matches());
    r.add(has_header_key());
    r.add(record_is_tombstone());
    return r;
  }();
  return all;
}

Value object(std::initializer_list<std::pair<const char*, Value>> entries) {
  Value::Map out;
  for (auto& [key, value] : entries) out.emplace_back(Value::string(key), value);
  return Value::map(std::move(out));
}

Batch batch_of(Column value) {
  Batch batch;
  const auto rows = static_cast<size_t>(value.row_count());
  batch.topic = "orders";
  batch.value = std::move(value);
  batch.key = *columnar::infer_column(std::vector<Value>(rows));
  for (size_t i = 0; i < rows; ++i) {
    batch.offsets.push_back(100 + static_cast<int64_t>(i));
    batch.timestamps_ms.push_back(1700000000000 + static_cast<int64_t>(i));
  }
  batch.selected = columnar::RowMask(static_cast<int64_t>(rows));
  return batch;
}

Batch schemaless(const std::vector<Value>& values) { return batch_of(*columnar::infer_column(values)); }

SchemaPtr order_schema() {
  columnar::SchemaSpec spec;
  spec.optional = true;
  spec.name = "com.acme.Order";
  columnar::SchemaSpec qty;
  qty.type = Type::kInt32;
  qty.optional = true;
  qty.default_value = std::make_shared<const Value>(int32_t{5});
  spec.fields = {{"id", ConnectSchema::of(Type::kInt64)}, {"qty", ConnectSchema::make(qty)}};
  return ConnectSchema::make(spec);
}

Batch orders(const std::vector<Value>& rows) {
  columnar::ValueAppender appender(order_schema());
  for (const Value& row : rows) EXPECT_TRUE(appender.append(row).ok());
  return batch_of(*appender.finish());
}

Value order(int64_t id, Value qty) { return Value::structure(order_schema(), {Value(id), std::move(qty)}); }

std::vector<Batch> run(const plugin::Properties& properties, Batch batch) {
  auto chain = TransformChain::make(properties, registry());
  EXPECT_TRUE(chain.ok()) << chain.status().message();
  std::vector<Batch> in;
  in.push_back(std::move(batch));
  auto out = chain->apply(std::move(in));
  for (const Batch& b : out) b.check_invariants();
  return out;
}

const plugin::Properties kStatic = {{"transforms", "i"},
                                    {"transforms.i.type", "org.apache.kafka.connect.transforms.InsertField$Value"},
                                    {"transforms.i.static.field", "s"},
                                    {"transforms.i.static.value", "v"}};

TEST(TransformChain, InsertsIntoStructsAndPutsDefaultsIn) {
  auto out = run(kStatic, orders({order(1, Value(int32_t{2})), order(2, Value())}));
  ASSERT_EQ(out.size(), 1u);
  const SchemaPtr& schema = out[0].value.schema;
  EXPECT_FALSE(schema->optional());
  EXPECT_EQ(*schema->name(), "com.acme.Order");
  EXPECT_TRUE(value_at(out[0].value, 1) == Value::structure(schema, {Value(int64_t{2}), Value(int32_t{5}), Value::string("v")}));
}

TEST(TransformChain, TakesNullsRoundInABatchOfTheirOwnWithTheirOldSchema) {
  auto out = run(kStatic, orders({order(1, Value()), Value(), order(3, Value())}));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].offsets, (std::vector<int64_t>{100, 102}));
  EXPECT_EQ(out[1].offsets, (std::vector<int64_t>{101}));
  EXPECT_TRUE(out[1].value.schema->equals(*order_schema()));
}

TEST(TransformChain, InsertsMetadataIntoSchemalessMaps) {
  auto out = run({{"transforms", "i"},
                  {"transforms.i.type", "InsertField$Value"},
                  {"transforms.i.topic.field", "t!"},
                  {"transforms.i.offset.field", "o"},
                  {"transforms.i.partition.field", "p?"},
                  {"transforms.i.timestamp.field", "a"}},
                 schemaless({object({{"a", Value(true)}}), object({})}));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(value_at(out[0].value, 1) == object({{"t", Value::string("orders")}, {"o", Value(int64_t{101})}, {"p", Value(int32_t{0})},
                                                   {"a", Value(int64_t{1700000000001})}}));
}

TEST(TransformChain, FailsWhatIsNoMapWithTheTransformsClass) {
  auto out = run(kStatic, schemaless({object({{"a", Value(true)}}), Value(int64_t{7}), Value()}));
  size_t errors = 0;
  for (const Batch& b : out) {
    for (const auto& e : b.errors) {
      ++errors;
      EXPECT_EQ(e.component, "org.apache.kafka.connect.transforms.InsertField$Value");
      EXPECT_EQ(e.status.message(), "Only Map objects supported in absence of schema for [field insertion], found: java.lang.Long");
    }
  }
  EXPECT_EQ(errors, 1u);
}

TEST(TransformChain, SplitsWhereAPredicateDivides) {
  plugin::Properties p = kStatic;
  p["transforms.i.predicate"] = "h";
  p["predicates"] = "h";
  p["predicates.h.type"] = "HasHeaderKey";
  p["predicates.h.name"] = "x";
  Batch batch = orders({order(1, Value()), order(2, Value()), order(3, Value()), order(4, Value())});
  batch.headers.resize(4);
  batch.headers[1].push_back({"x", nullptr, Value()});
  batch.headers[2].push_back({"x", nullptr, Value()});
  batch.fail(2, columnar::Stage::kValueConverter, "c", Status::data("bad"));
  batch.drop(3);
  auto out = run(p, std::move(batch));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].offsets, (std::vector<int64_t>{101}));
  EXPECT_EQ(out[0].value.schema->fields().size(), 3u);
  EXPECT_EQ(out[1].offsets, (std::vector<int64_t>{100, 102, 103}));
  EXPECT_EQ(out[1].selected.count(), 1);
  ASSERT_EQ(out[1].errors.size(), 1u);
  EXPECT_EQ(out[1].errors[0].row, 1u);
}

TEST(TransformChain, KeepsBatchesOfOneShapeOnOneSchema) {
  auto chain = TransformChain::make(kStatic, registry());
  ASSERT_TRUE(chain.ok());
  std::vector<Batch> in;
  in.push_back(schemaless({object({{"a", Value(int64_t{1})}})}));
  in.push_back(schemaless({object({{"a", Value(int64_t{2})}})}));
  auto out = chain->apply(std::move(in));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].value.schema, out[1].value.schema);
}

TEST(TransformChain, RoutesByJavasReplacementRules) {
  auto route = [](const char* regex, const char* replacement) {
    auto out = run({{"transforms", "r"}, {"transforms.r.type", "RegexRouter"}, {"transforms.r.regex", regex}, {"transforms.r.replacement", replacement}},
                   schemaless({object({})}));
    return out[0].errors.empty() ? out[0].topic : out[0].errors[0].status.java_class() + ": " + out[0].errors[0].status.message();
  };
  EXPECT_EQ(route("(o)(.*)", "$2-$1"), "rders-o");
  EXPECT_EQ(route("(o)(.*)", "$12"), "o2");
  EXPECT_EQ(route("o|orders", "x"), "xrders");
  EXPECT_EQ(route("(?<all>.*)", "${all}\\$"), "orders$");
  EXPECT_EQ(route("rders", "x"), "orders");
  EXPECT_EQ(route("(.*)", "$2"), "java.lang.IndexOutOfBoundsException: No group 2");
  EXPECT_EQ(route("(.*)", "${x}"), "java.lang.IllegalArgumentException: No group with name {x}");
}

TEST(TransformChain, ReportsEveryConfigurationProblemAtOnce) {
  auto chain = TransformChain::make({{"transforms", "a,b,c,a"},
                                     {"transforms.a.type", "org.example.Nope"},
                                     {"transforms.b.type", "RegexRouter"},
                                     {"transforms.b.regex", "("},
                                     {"transforms.b.negate", "true"},
                                     {"transforms.c.type", "org.apache.kafka.connect.transforms.InsertField"}},
                                    registry());
  ASSERT_FALSE(chain.ok());
  std::string message = chain.status().message();
  for (const char* part : {"Class org.example.Nope could not be found.", "Missing required configuration \"transforms.b.replacement\"",
                           "Invalid regex: Unclosed group near index 1\n(", "This class is abstract and cannot be created.",
                           "Config 'transforms.b.negate' was provided but there is no config 'transforms.b.predicate'", "Duplicate alias provided."}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " not in:\n" << message;
  }
}

TEST(TransformChain, NamesAPredicateThatIsNotListed) {
  plugin::Properties p = kStatic;
  p["transforms.i.predicate"] = "nope";
  auto chain = TransformChain::make(p, registry());
  ASSERT_FALSE(chain.ok());
  EXPECT_NE(chain.status().message().find("Unknown predicate 'nope'"), std::string::npos);
}

}  // namespace
}  // namespace bywash::transforms
