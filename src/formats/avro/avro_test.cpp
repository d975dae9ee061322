// Schemas both ways, every type through columns, damaged data at every byte, container files.
#include <gtest/gtest.h>

#include <arrow/array.h>

#include "columnar/column.h"
#include "formats/avro/avro_file_reader.h"
#include "formats/avro/avro_file_writer.h"
#include "formats/avro/decoder.h"
#include "formats/avro/encoder.h"
#include "formats/avro/file_codec.h"
#include "formats/avro/from_connect.h"
#include "formats/avro/to_connect.h"

namespace bywash::formats::avro {
namespace {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::SchemaSpec;
using columnar::Type;
using columnar::Value;

std::shared_ptr<const AvroSchema> parsed(std::string_view text) {
  auto out = AvroSchema::parse(text);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return *out;
}

Result<SchemaPtr> connect(const AvroSchema& avro, const AvroOptions& options = {}) {
  int unions = 0;
  return to_connect_schema(avro.root(), std::nullopt, options, &unions);
}

const char* kAll = R"({"type":"record","name":"R","namespace":"a.b","fields":[
  {"name":"b","type":"boolean"},{"name":"i","type":["null","int"],"default":null},{"name":"l","type":"long"},{"name":"f","type":"float"},
  {"name":"d","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string"},{"name":"x","type":{"type":"fixed","name":"X","size":3}},
  {"name":"e","type":{"type":"enum","name":"E","symbols":["P","Q"]}},{"name":"t","type":{"type":"array","items":["null","string"]}},
  {"name":"m","type":{"type":"map","values":"long"}},{"name":"n","type":["null",{"type":"record","name":"N","fields":[{"name":"z","type":"int"}]}]},
  {"name":"u","type":["null","string",{"type":"record","name":"V","fields":[{"name":"w","type":"N"}]}]},
  {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
  {"name":"day","type":{"type":"int","logicalType":"date"}},{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},
  {"name":"p","type":{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}}]})";

// One row of kAll.
std::string all_types_row() {
  std::string out("\1\2\4\6\0\0\xC0\x3F\0\0\0\0\0\0\x02\xC0", 16);
  out += std::string("\4\x00\xFF", 3);
  out += std::string("\4hi", 3) + "abc" + "\2";
  out += std::string("\4\0\2\2v\0", 6);            // t: [null, "v"]
  out += std::string("\2\2k\x0E\0", 5);            // m: {k: 7}
  out += std::string("\2\x0A", 2);                 // n: {z: 5}
  out += std::string("\4\x0C", 2);                 // u: V{w: {z: 6}}
  out += std::string("\4\x30\x39", 3);             // dec 123.45
  out += std::string("\x04\x06", 2);               // day 2, ts 3
  out += std::string("\2\x08\2v\0", 5);            // p: {4: "v"}
  return out;
}

TEST(Schema, GivesItsTextBack) {
  auto avro = parsed(R"({"type":"record","name":"a.R","doc":"d","fields":[{"name":"x","type":"int","doc":"fd","default":3},{"name":"n","type":["null","R"],"default":null}],"connect.name":"q"})");
  EXPECT_EQ(*schema_text(avro->root()),
            R"({"type":"record","name":"R","namespace":"a","doc":"d","fields":[{"name":"x","type":"int","doc":"fd","default":3},{"name":"n","type":["null","R"],"default":null}],"connect.name":"q"})");
}

TEST(Schema, NamesWhatIsWrong) {
  for (const char* text : {"{", "{}", R"({"type":"record","name":"R"})", R"({"type":"record","name":"R","fields":[{"name":"a"}]})", R"(["int","int"])",
                           R"(["int",["long"]])", R"("com.acme.Missing")", R"({"type":"fixed","name":"F","size":-1})", R"({"type":"array"})", "7"}) {
    auto out = AvroSchema::parse(text);
    EXPECT_FALSE(out.ok()) << text;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"type":"array","items":)";
  EXPECT_FALSE(AvroSchema::parse(deep + "1").ok());
}

TEST(Schema, RefusesRecursionInColumns) {
  auto out = connect(*parsed(R"({"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]})"));
  ASSERT_FALSE(out.ok());
  EXPECT_NE(out.status().message().find("'Node' contains itself"), std::string::npos) << out.status().message();
  // Sharing doubles with each level: 2^30 fields.
  std::string text = R"({"type":"record","name":"R0","fields":[{"name":"a","type":"int"}]})";
  for (int i = 1; i < 30; ++i) {
    text = R"({"type":"record","name":"R)" + std::to_string(i) + R"(","fields":[{"name":"a","type":)" + text + R"(},{"name":"b","type":"R)" + std::to_string(i - 1) + R"("}]})";
  }
  EXPECT_FALSE(connect(*parsed(text)).ok());
}

TEST(Schema, TellsWhatCanBeRead) {
  auto ok = [](const char* reader, const char* writer) { return can_read(parsed(reader)->root(), parsed(writer)->root()).ok(); };
  EXPECT_TRUE(ok("\"double\"", "\"int\""));
  EXPECT_FALSE(ok("\"int\"", "\"long\""));
  EXPECT_TRUE(ok(R"(["null","string"])", "\"string\""));
  EXPECT_FALSE(ok("\"string\"", R"(["null","string"])"));
  const char* one = R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"}]})";
  const char* two = R"({"type":"record","name":"R","fields":[{"name":"a","type":"long"},{"name":"b","type":"int","default":1}]})";
  EXPECT_TRUE(ok(two, one));
  EXPECT_FALSE(ok(one, two));
  const char* list = R"({"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"n","type":["null","L"]}]})";
  EXPECT_TRUE(ok(list, list));
}

TEST(Decoder, ReadsEveryTypeAndWritesItBack) {
  auto avro = parsed(kAll);
  auto schema = connect(*avro);
  ASSERT_TRUE(schema.ok()) << schema.status().message();
  std::string row = all_types_row();
  auto decoder = AvroDecoder::make(avro, avro->root(), *schema);
  ASSERT_TRUE(decoder.ok()) << decoder.status().message();
  std::string_view bytes = row;
  Status read = (*decoder)->read(&bytes);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_TRUE(bytes.empty());
  auto column = (*decoder)->finish();
  ASSERT_TRUE(column.ok());
  ASSERT_TRUE(column->data->ValidateFull().ok());
  Value value = columnar::value_at(*column, 0);
  const auto& v = value.as_struct()->values;
  EXPECT_EQ(v[0], Value(true));
  EXPECT_EQ(v[1], Value(int32_t{2}));
  EXPECT_EQ(v[7], Value(Value::Bytes{"abc"}));
  EXPECT_EQ(v[8], Value::string("Q"));
  EXPECT_EQ(v[13], Value(columnar::Decimal{"\x30\x39", 2}));
  EXPECT_EQ(v[14], Value(Value::Millis{2 * 86'400'000}));
  EXPECT_EQ(v[16].as_map()->at(0).first, Value(int32_t{4}));
  AvroOptions options;
  options.enhanced_schemas = true;
  auto encoder = AvroEncoder::make(avro, *schema, options);
  ASSERT_TRUE(encoder.ok()) << encoder.status().message();
  (*encoder)->bind(*column);
  std::string again;
  Status written = (*encoder)->write(0, &again);
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(again, row);
}

TEST(Decoder, SurvivesEveryCutAndEveryByte) {
  auto avro = parsed(kAll);
  auto decoder = AvroDecoder::make(avro, avro->root(), *connect(*avro));
  std::string row = all_types_row();
  int64_t good = 0;
  for (size_t cut = 0; cut < row.size(); ++cut) {
    std::string_view bytes(row.data(), cut);
    Status read = (*decoder)->read(&bytes);
    ASSERT_FALSE(read.ok()) << cut;
    EXPECT_EQ(read.code(), Code::kData);
  }
  for (size_t at = 0; at < row.size(); ++at) {
    for (int byte : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      std::string bad = row;
      bad[at] = static_cast<char>(byte);
      std::string_view bytes = bad;
      good += (*decoder)->read(&bytes).ok();
    }
  }
  auto column = (*decoder)->finish();
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->row_count(), good);
  EXPECT_TRUE(column->data->ValidateFull().ok());
}

TEST(Decoder, NamesTheField) {
  auto avro = parsed(R"({"type":"record","name":"R","fields":[{"name":"n","type":{"type":"record","name":"N","fields":[{"name":"l","type":{"type":"array","items":"string"}}]}}]})");
  auto decoder = AvroDecoder::make(avro, avro->root(), *connect(*avro));
  std::string_view bytes("\2\x20x", 3);
  Status read = (*decoder)->read(&bytes);
  EXPECT_NE(read.message().find("'n.l.[]'"), std::string::npos) << read.message();
  EXPECT_EQ(read.java_class(), "java.io.EOFException");
  // A count of 2^40 items in two bytes.
  std::string_view many("\x80\x80\x80\x80\x80\x80\x01x", 8);
  EXPECT_FALSE((*decoder)->read(&many).ok());
}

TEST(Encoder, FillsInWhatTheLatestSchemaHasMore) {
  auto avro = parsed(R"({"type":"record","name":"R","fields":[{"name":"b","type":["null","long"],"default":null},{"name":"a","type":"long"},{"name":"c","type":"string","default":"zz"}]})");
  SchemaSpec spec;
  spec.fields = {{"a", ConnectSchema::of(Type::kInt32)}};
  auto schema = ConnectSchema::make(spec);
  auto encoder = AvroEncoder::make(avro, schema, {});
  ASSERT_TRUE(encoder.ok()) << encoder.status().message();
  auto column = columnar::constant_column(schema, Value::structure(schema, {Value(int32_t{5})}), 1);
  (*encoder)->bind(*column);
  std::string out;
  ASSERT_TRUE((*encoder)->write(0, &out).ok());
  EXPECT_EQ(out, std::string("\0\x0A\4zz", 5));
  spec.fields.push_back({"lost", ConnectSchema::of(Type::kString)});
  auto needs = parsed(R"({"type":"record","name":"R","fields":[{"name":"x","type":"int"}]})");
  EXPECT_FALSE(AvroEncoder::make(needs, schema, {}).ok());
}

TEST(Encoder, WritesMapsInTheOrderOfAHashMap) {
  SchemaSpec spec;
  spec.type = Type::kMap;
  spec.key_schema = ConnectSchema::of(Type::kString);
  spec.value_schema = ConnectSchema::of(Type::kInt32);
  auto schema = ConnectSchema::make(spec);
  auto avro = from_connect_schema(*schema, {});
  ASSERT_TRUE(avro.ok());
  auto encoder = AvroEncoder::make(*avro, schema, {});
  auto column = columnar::constant_column(schema, Value::map({{Value::string("h"), Value(int32_t{1})}, {Value::string("w"), Value(int32_t{2})}}), 1);
  (*encoder)->bind(*column);
  std::string out;
  ASSERT_TRUE((*encoder)->write(0, &out).ok());
  EXPECT_EQ(out, std::string("\4\2w\4\2h\2\0", 8));
}

TEST(Anything, ComesBackAsItWas) {
  Value value = Value::map({{Value::string("a"), Value::list({Value(int32_t{1}), Value(), Value(2.5)})}, {Value::string("b"), Value::string("x")}});
  std::string bytes;
  ASSERT_TRUE(write_anything(value, &bytes).ok());
  std::string_view view = bytes;
  auto again = read_anything(&view);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, value);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    std::string_view part(bytes.data(), cut);
    EXPECT_FALSE(read_anything(&part).ok()) << cut;
  }
  std::string bomb;
  for (int i = 0; i < 100'000; ++i) bomb += std::string("\0\0\0\0\0\0\0\2\2", 9);
  std::string_view nested = bomb;
  EXPECT_FALSE(read_anything(&nested).ok());
}

class Files : public testing::TestWithParam<const char*> {};

TEST_P(Files, KeepEveryRow) {
  SchemaSpec spec;
  spec.name = "com.acme.Row";
  spec.fields = {{"id", ConnectSchema::of(Type::kInt64)}, {"name", ConnectSchema::of(Type::kString, true)}, {"price", ConnectSchema::decimal(2, true)}};
  auto schema = ConnectSchema::make(spec);
  columnar::ValueAppender appender(schema);
  for (int64_t i = 0; i < 5000; ++i) {
    Value name = i % 3 ? Value::string("name " + std::to_string(i)) : Value();
    ASSERT_TRUE(appender.append(Value::structure(schema, {Value(i), name, Value(columnar::Decimal{"\x30\x39", 2})})).ok());
  }
  auto column = appender.finish();
  AvroFileOptions options;
  options.codec = *parse_codec(GetParam());
  options.block_bytes = 10'000;
  options.sync_seed = "seed";
  auto writer = AvroFileWriter::make(schema, options);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  ASSERT_TRUE((*writer)->write(*column).ok());
  ASSERT_TRUE((*writer)->close().ok());
  std::string file = (*writer)->take_bytes();
  auto reader = AvroFileReader::open(file, {});
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  int64_t rows = 0;
  while (true) {
    auto block = (*reader)->next();
    ASSERT_TRUE(block.ok()) << block.status().message();
    if (!*block) break;
    for (int64_t i = 0; i < (*block)->row_count(); ++i, ++rows) EXPECT_EQ(columnar::value_at(**block, i), columnar::value_at(*column, rows));
  }
  EXPECT_EQ(rows, 5000);
  std::string damaged = file;
  damaged[file.size() - 40] = static_cast<char>(~damaged[file.size() - 40]);
  damaged.resize(damaged.size() - 1);
  auto broken = AvroFileReader::open(damaged, {});
  ASSERT_TRUE(broken.ok());
  bool failed = false;
  for (int i = 0; i < 1000 && !failed; ++i) {
    auto block = (*broken)->next();
    failed = !block.ok();
    if (block.ok() && !*block) break;
  }
  EXPECT_TRUE(failed);
}

INSTANTIATE_TEST_SUITE_P(Codecs, Files, testing::Values("null", "deflate", "snappy", "zstandard"), [](const auto& codec) { return std::string(codec.param); });

// fastavro leaves the end of zlib's wrapper behind its blocks.
TEST(BlockCodecs, DeflateEndsWhereItsStreamEnds) {
  auto codec = make_block_codec(AvroCodec::kDeflate);
  ASSERT_TRUE(codec.ok());
  for (size_t size : {0u, 1u, 1000u, 1'000'000u}) {
    const std::string text(size, 'x');
    auto packed = (*codec)->compress(text);
    ASSERT_TRUE(packed.ok());
    auto same = (*codec)->decompress(*packed + "abc");
    ASSERT_TRUE(same.ok()) << same.status().message();
    EXPECT_EQ(*same, text);
    EXPECT_FALSE((*codec)->decompress(std::string_view(*packed).substr(0, packed->size() - 1)).ok());
  }
  EXPECT_FALSE((*codec)->decompress("").ok());
}

}  // namespace
}  // namespace bywash::formats::avro
