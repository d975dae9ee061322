// Parquet files: schema trees as parquet-avro lays them out, values read back, dictionaries where they help.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/printer.h>
#include <parquet/schema.h>

#include <sstream>

#include "columnar/value.h"
#include "formats/parquet/arrow_shape.h"
#include "formats/parquet/avro_schema_text.h"
#include "formats/parquet/dictionary_choice.h"
#include "formats/parquet/parquet_file_reader.h"
#include "formats/parquet/parquet_file_writer.h"

namespace bywash::formats {
namespace {

using columnar::Column;
using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

SchemaPtr record(std::vector<columnar::Field> fields, const char* name = nullptr, bool optional = false) {
  SchemaSpec spec;
  spec.type = Type::kStruct;
  spec.optional = optional;
  if (name) spec.name = name;
  spec.fields = std::move(fields);
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr list_of(SchemaPtr item, bool optional = false) {
  SchemaSpec spec;
  spec.type = Type::kArray;
  spec.optional = optional;
  spec.value_schema = std::move(item);
  return ConnectSchema::make(std::move(spec));
}

SchemaPtr map_of(SchemaPtr key, SchemaPtr value) {
  SchemaSpec spec;
  spec.type = Type::kMap;
  spec.key_schema = std::move(key);
  spec.value_schema = std::move(value);
  return ConnectSchema::make(std::move(spec));
}

Column column_of(const SchemaPtr& schema, const std::vector<std::vector<Value>>& rows) {
  columnar::ValueAppender out(schema);
  for (const auto& row : rows) EXPECT_TRUE(out.append(Value::structure(schema, row)).ok());
  auto column = out.finish();
  EXPECT_TRUE(column.ok());
  return *column;
}

struct Written {
  std::string bytes;
  std::unique_ptr<parquet::ParquetFileReader> reader() const {
    return parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  }
  std::string schema_text() const {
    std::ostringstream out;
    parquet::schema::PrintSchema(reader()->metadata()->schema()->schema_root().get(), out);
    return out.str();
  }
  std::shared_ptr<arrow::Table> table() const {
    std::unique_ptr<parquet::arrow::FileReader> file;
    auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), reader());
    EXPECT_TRUE(made.ok());
    auto read = (*made)->ReadTable();
    EXPECT_TRUE(read.ok()) << read.status().ToString();
    return *read;
  }
};

Written write(const Column& column, ParquetOptions options = {}) {
  auto layout = ParquetLayout::make(column.schema, options);
  EXPECT_TRUE(layout.ok()) << layout.status().message();
  ParquetFileWriter writer(*layout, nullptr);
  Status status = writer.write_row_group({column});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(writer.close().ok());
  return {writer.take_bytes()};
}

TEST(Parquet, PrimitivesHaveTheOriginalsTypes) {
  auto schema = record({{"i8", ConnectSchema::of(Type::kInt8)}, {"s", ConnectSchema::of(Type::kString, true)}, {"by", ConnectSchema::of(Type::kBytes)}}, "all.Types");
  Written file = write(column_of(schema, {{Value(int8_t{-128}), Value::string("ü"), Value(Value::Bytes{"x"})}, {Value(int8_t{1}), Value(), Value(Value::Bytes{""})}}));
  EXPECT_EQ(file.schema_text(),
            "required group field_id=-1 all.Types {\n  required int32 field_id=-1 i8;\n  optional binary field_id=-1 s (String);\n"
            "  required binary field_id=-1 by;\n}\n");
  auto table = file.table();
  EXPECT_EQ(table->num_rows(), 2);
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*table->column(0)->chunk(0)).Value(0), -128);
  EXPECT_TRUE(table->column(1)->chunk(0)->IsNull(1));
}

TEST(Parquet, LogicalTypesAreDecimalDateTimeAndTimestamp) {
  auto schema = record({{"dec", ConnectSchema::decimal(2)}, {"da", ConnectSchema::named(Type::kInt32, columnar::kDateName)},
                        {"ti", ConnectSchema::named(Type::kInt32, columnar::kTimeName)}, {"ts", ConnectSchema::named(Type::kInt64, columnar::kTimestampName)}}, "logi");
  Written file = write(column_of(schema, {{Value(*columnar::parse_decimal("123.45")), Value(Value::Millis{86'400'000}), Value(Value::Millis{5}), Value(Value::Millis{-1})}}));
  EXPECT_NE(file.schema_text().find("required binary field_id=-1 dec (Decimal(precision=64, scale=2))"), std::string::npos) << file.schema_text();
  EXPECT_NE(file.schema_text().find("ts (Timestamp(isAdjustedToUTC=true, timeUnit=milliseconds"), std::string::npos);
  EXPECT_EQ(static_cast<const arrow::Decimal256Array&>(*file.table()->column(0)->chunk(0)).FormatValue(0), "123.45");
}

TEST(Parquet, ListsHaveTwoLevelsUntilAnItemMayBeNull) {
  auto two = record({{"c", list_of(record({{"d", ConnectSchema::of(Type::kInt32)}}))}});
  Value item = Value::structure(two->fields()[0].schema->value_schema(), {Value(int32_t{2})});
  Written file = write(column_of(two, {{Value::list({item, item})}, {Value::list({})}}));
  EXPECT_NE(file.schema_text().find("repeated group field_id=-1 array {\n      required int32 field_id=-1 d;"), std::string::npos) << file.schema_text();
  EXPECT_NE(file.schema_text().find("io.confluent.connect.avro.ConnectDefault"), std::string::npos);
  auto table = file.table();
  const auto& lists = static_cast<const arrow::ListArray&>(*table->column(0)->chunk(0));
  EXPECT_EQ(lists.value_length(0), 2);
  EXPECT_EQ(lists.value_length(1), 0);

  auto three = record({{"c", list_of(ConnectSchema::of(Type::kString, true), true)}});
  file = write(column_of(three, {{Value::list({Value::string("a"), Value()})}, {Value()}}));
  EXPECT_NE(file.schema_text().find("optional binary field_id=-1 element (String)"), std::string::npos) << file.schema_text();
  EXPECT_TRUE(file.table()->column(0)->chunk(0)->IsNull(1));
}

TEST(Parquet, MapsWithStringKeysAreMapsAndOthersListsOfEntries) {
  auto schema = record({{"m", map_of(ConnectSchema::of(Type::kString), ConnectSchema::of(Type::kInt32, true))},
                        {"n", map_of(ConnectSchema::of(Type::kInt32), ConnectSchema::of(Type::kString))}});
  Written file = write(column_of(schema, {{Value::map({{Value::string("k"), Value(int32_t{1})}, {Value::string("l"), Value()}}),
                                           Value::map({{Value(int32_t{1}), Value::string("a")}})}}));
  EXPECT_NE(file.schema_text().find("m (Map)"), std::string::npos) << file.schema_text();
  EXPECT_NE(file.schema_text().find("n (List)"), std::string::npos);
  EXPECT_EQ(file.table()->num_rows(), 1);
  EXPECT_EQ(static_cast<const arrow::MapArray&>(*file.table()->column(0)->chunk(0)).value_length(0), 2);
}

TEST(Parquet, ANullIsWrittenAsItsDefault) {
  SchemaSpec spec;
  spec.type = Type::kInt32;
  spec.optional = true;
  spec.default_value = std::make_shared<const Value>(int32_t{8});
  Written file = write(column_of(record({{"io", ConnectSchema::make(spec)}}), {{Value()}, {Value(int32_t{2})}}));
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*file.table()->column(0)->chunk(0)).Value(0), 8);
}

TEST(Parquet, CodecsAndTheirNames) {
  auto schema = record({{"a", ConnectSchema::of(Type::kString)}});
  Column column = column_of(schema, {{Value::string(std::string(1000, 'a'))}});
  for (auto [codec, expected, extension] : {std::tuple{"snappy", parquet::Compression::SNAPPY, ".snappy"}, {"gzip", parquet::Compression::GZIP, ".gz"},
                                            {"zstd", parquet::Compression::ZSTD, ".zstd"}, {"lz4", parquet::Compression::LZ4_HADOOP, ".lz4hadoop"},
                                            {"lz4_raw", parquet::Compression::LZ4, ".lz4raw"}, {"none", parquet::Compression::UNCOMPRESSED, ""}}) {
    ParquetOptions options;
    options.codec = codec;
    Written file = write(column, options);
    EXPECT_EQ(file.reader()->metadata()->RowGroup(0)->ColumnChunk(0)->compression(), expected) << codec;
    EXPECT_EQ(file.table()->num_rows(), 1) << codec;
    EXPECT_EQ(parquet_codec_extension(codec), extension);
  }
}

TEST(Parquet, DictionariesOnlyWhereValuesRepeat) {
  auto schema = record({{"id", ConnectSchema::of(Type::kInt32)}, {"symbol", ConnectSchema::of(Type::kString)}});
  std::vector<std::vector<Value>> rows;
  for (int32_t i = 0; i < 2000; ++i) rows.push_back({Value(i), Value::string(i % 3 ? "AAPL" : "GOOG")});
  Written file = write(column_of(schema, rows));
  auto metadata = file.reader()->metadata();
  EXPECT_FALSE(metadata->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
  EXPECT_TRUE(metadata->RowGroup(0)->ColumnChunk(1)->has_dictionary_page());
}

TEST(Parquet, DecimalsAlwaysHaveADictionary) {
  std::vector<std::vector<Value>> rows;
  for (int32_t i = 0; i < 2000; ++i) rows.push_back({Value(*columnar::parse_decimal(std::to_string(i) + ".25"))});
  Written file = write(column_of(record({{"amount", ConnectSchema::decimal(2)}}), rows));
  EXPECT_TRUE(file.reader()->metadata()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
}

TEST(Parquet, SlicesOfColumnsAreWrittenAsSliced) {
  auto schema = record({{"id", ConnectSchema::of(Type::kInt32)}, {"dec", ConnectSchema::decimal(1)}, {"l", list_of(ConnectSchema::of(Type::kInt32))}});
  std::vector<std::vector<Value>> rows;
  for (int32_t i = 0; i < 10; ++i) rows.push_back({Value(i), Value(*columnar::parse_decimal(std::to_string(i) + ".5")), Value::list({Value(i), Value(i + 100)})});
  Column all = column_of(schema, rows);
  auto layout = ParquetLayout::make(schema, {});
  ParquetFileWriter writer(*layout, nullptr);
  ASSERT_TRUE(writer.write_row_group({{schema, all.data->Slice(3, 2)}, {schema, all.data->Slice(8, 1)}}).ok());
  ASSERT_TRUE(writer.close().ok());
  auto table = *Written{writer.take_bytes()}.table()->CombineChunks();
  ASSERT_EQ(table->num_rows(), 3);
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*table->column(0)->chunk(0)).Value(2), 8);
  EXPECT_EQ(static_cast<const arrow::Decimal256Array&>(*table->column(1)->chunk(0)).FormatValue(0), "3.5");
  const auto& lists = static_cast<const arrow::ListArray&>(*table->column(2)->chunk(0));
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*lists.value_slice(2)).Value(1), 108);
}

TEST(Parquet, ANullStructMayHaveRequiredFields) {
  SchemaPtr inner = record({{"n", ConnectSchema::of(Type::kInt32), false}}, "inner");
  SchemaPtr address = record({{"city", ConnectSchema::of(Type::kString), false}, {"inner", inner, false}}, "address", true);
  SchemaPtr schema = record({{"a", address, false}}, "r");
  Value there = Value::structure(address, {Value::string("x"), Value::structure(inner, {Value(int32_t{7})})});
  Column column = column_of(schema, {{there}, {Value()}, {there}});
  auto layout = ParquetLayout::make(schema, {});
  ASSERT_TRUE(layout.ok());
  ParquetFileWriter writer(*layout, nullptr);
  Column middle{schema, column.data->Slice(1, 2)};
  for (const Column& part : {column, middle}) {
    Status written = writer.write_row_group({part});
    ASSERT_TRUE(written.ok()) << written.message();
  }
  ASSERT_TRUE(writer.close().ok());
  auto reader = ParquetFileReader::open(writer.take_bytes());
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  (*reader)->choose_schema(schema);
  std::vector<Value> rows;
  while (true) {
    auto read = (*reader)->next();
    ASSERT_TRUE(read.ok()) << read.status().message();
    if (!*read) break;
    for (int64_t row = 0; row < (*read)->row_count(); ++row) rows.push_back(columnar::value_at(**read, row));
  }
  auto record_of = [&](Value v) { return Value::structure(schema, {std::move(v)}); };
  EXPECT_EQ(rows, (std::vector<Value>{record_of(there), record_of(Value()), record_of(there), record_of(Value()), record_of(there)}));
}

TEST(Parquet, ADecimalOfAnotherScaleIsFoundWhereverItIs) {
  SchemaPtr money = ConnectSchema::decimal(2);
  SchemaPtr schema = record({{"list", list_of(money), false}, {"map", map_of(ConnectSchema::of(Type::kString), money), false}}, "r");
  auto amount = [](const char* text) { return Value(*columnar::parse_decimal(text)); };
  Column column = column_of(schema, {{Value::list({amount("1.25")}), Value::map({})}, {Value::list({amount("1.25"), amount("1.2")}), Value::map({})},
                                     {Value::list({}), Value::map({{Value::string("k"), amount("3")}})}});
  EXPECT_TRUE(check_decimal_scales(*schema, *column.data, 0).ok());
  EXPECT_EQ(check_decimal_scales(*schema, *column.data, 1).code(), Code::kData);
  EXPECT_EQ(check_decimal_scales(*schema, *column.data, 2).code(), Code::kData);
}

TEST(Parquet, ARecordWithoutFieldsIsADataError) {
  EXPECT_EQ(ParquetLayout::make(record({}), {}).status().code(), Code::kData);
  EXPECT_EQ(ParquetLayout::make(ConnectSchema::of(Type::kString), {}).status().code(), Code::kData);
}

TEST(AvroSchemaText, IsAsAvroDataWritesIt) {
  auto schema = record({{"i8", ConnectSchema::of(Type::kInt8)}, {"s", ConnectSchema::of(Type::kString, true)},
                        {"st", record({{"x", ConnectSchema::of(Type::kInt32, true)}}, nullptr, true)}}, "all.Types");
  EXPECT_EQ(avro_schema_text(*schema, {}).text,
            R"({"type":"record","name":"Types","namespace":"all","fields":[{"name":"i8","type":{"type":"int","connect.type":"int8"}},)"
            R"({"name":"s","type":["null","string"],"default":null},{"name":"st","type":["null",{"type":"record","name":"ConnectDefault",)"
            R"("namespace":"io.confluent.connect.avro","fields":[{"name":"x","type":["null","int"],"default":null}]}],"default":null}],"connect.name":"all.Types"})");
  EXPECT_EQ(avro_schema_text(*schema, {false, false}).text.find("connect."), avro_schema_text(*schema, {false, false}).text.find("connect.avro"));
}

TEST(AvroSchemaText, NamesThatAvroForbidsAreSeen) {
  EXPECT_FALSE(avro_schema_text(*record({{"bad-name", ConnectSchema::of(Type::kInt32)}}), {}).names_are_valid);
  EXPECT_TRUE(avro_schema_text(*record({{"good_name", ConnectSchema::of(Type::kInt32)}}), {}).names_are_valid);
}

}  // namespace
}  // namespace bywash::formats
