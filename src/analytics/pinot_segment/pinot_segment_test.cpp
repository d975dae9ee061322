// Segments that Apache Pinot 1.5.1 wrote (tests/conformance/pinot_segments: each encoding once, the same rows), and damaged archives.
#include "analytics/pinot_segment/pinot_segment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <fmt/ranges.h>

#include "analytics/pinot_segment/column_copy.h"
#include "analytics/segment/fields_for_tests.h"
#include "columnar/decimal.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kRows = 1200;
const char* const kFolder = "tests/conformance/pinot_segments";

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::shared_ptr<TableSchema> schema() {
  auto out = std::make_shared<TableSchema>();
  const FieldKind plain = FieldKind::kDimension;
  out->fields = {test_field("id", DataType::kInt), test_field("small", DataType::kInt), test_field("big", DataType::kLong), test_field("f", DataType::kFloat),
                 test_field("d", DataType::kDouble), test_field("ok", DataType::kBoolean), test_field("at", DataType::kTimestamp, FieldKind::kDateTime),
                 test_field("word", DataType::kString), test_field("note", DataType::kString), test_field("doc", DataType::kJson), test_field("bin", DataType::kBytes),
                 test_field("dec", DataType::kBigDecimal, FieldKind::kMetric), test_field("tags", DataType::kInt, plain, false),
                 test_field("reals", DataType::kDouble, plain, false), test_field("words", DataType::kString, plain, false), test_field("later", DataType::kString)};
  return out;
}

std::shared_ptr<MutableSegment> empty_segment(std::shared_ptr<const TableSchema> of = schema()) {
  MutableSegmentOptions options;
  options.name = "made";
  options.raw_columns = {"note"};
  return *MutableSegment::create(std::move(of), options);
}

std::string repeated(std::string_view text, int64_t times) {
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

// What MakeSegments.java put into column `c` of row `i`.
std::string expected(size_t c, int64_t i, bool huge) {
  const bool null = i % 11 == 0;
  switch (c) {
    case 0: return std::to_string(i);
    case 1: return std::to_string(i % 7 - 3);
    case 2: return null ? "NULL" : std::to_string(i * 1000000007 - 5);
    case 3: return fmt::format("{}", static_cast<double>(static_cast<float>(i) / 4));
    case 4: return fmt::format("{}", static_cast<double>(i) * 0.1);
    case 5: return i % 3 == 0 ? "1" : "0";
    case 6: return std::to_string(1700000000000 + i * 1000);
    case 7: return null ? "NULL" : "w" + std::to_string(i % 50) + repeated("é", i % 5);
    case 8: return huge && i == 1134 ? repeated("y", 1500000) : "note " + std::to_string(i) + " " + repeated("x", i % 23);
    case 9: return "{\"v\":" + std::to_string(i) + "}";
    case 10: return "b" + repeated(std::string_view("\0z", 2), i % 4);
    case 11: return columnar::to_plain_string({*columnar::integer_bytes(std::to_string(i - 600)), 2});
    case 12: {
      std::vector<int64_t> out;
      for (int64_t k = 0; k < i % 4 + 1; ++k) out.push_back((i + k) % 100);
      return fmt::format("{}", fmt::join(out, ","));
    }
    case 13: {
      std::vector<double> out;
      for (int64_t k = 0; k < i % 3 + 1; ++k) out.push_back(static_cast<double>(i) + static_cast<double>(k) / 2);
      return fmt::format("{}", fmt::join(out, ","));
    }
    case 14: return "a" + std::to_string(i % 10) + "," + repeated("ü", i % 3);
    default: return "NULL";
  }
}

std::string value_of(const ColumnView& column, uint32_t id) {
  const DictionaryView& dictionary = column.dictionary;
  if (is_integer(column.field->type)) return std::to_string(dictionary.integer(id));
  return is_real(column.field->type) ? fmt::format("{}", dictionary.real(id)) : std::string(dictionary.text(id));
}
std::string value_at(const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return "NULL";
  if (!column.field->single_value) {
    const MultiValue values = column.multi(row);
    std::vector<std::string> out;
    for (uint32_t i = 0; i < values.count; ++i) out.push_back(value_of(column, values.ids[i]));
    return fmt::format("{}", fmt::join(out, ","));
  }
  if (column.encoding == Encoding::kDictionary) return value_of(column, column.dictionary_id(row));
  switch (column.stored) {
    case Stored::kI32:
    case Stored::kI64: return std::to_string(column.integer(row));
    case Stored::kF32: return fmt::format("{}", static_cast<double>(*column.block<float>(row)));
    case Stored::kF64: return fmt::format("{}", *column.block<double>(row));
    case Stored::kBytes: return std::string(column.raw_text(row));
  }
  return {};
}

TEST(PinotSegments, OfEveryEncodingHoldTheirRows) {
  size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".tar.gz")) continue;
    ++read;
    Result<PinotSegment> segment = PinotSegment::open(file(entry.path()));
    ASSERT_TRUE(segment.ok()) << name << ": " << segment.status().message();
    EXPECT_EQ(segment->name() + ".tar.gz", "rows_" + name);
    EXPECT_EQ(segment->table(), "rows");
    EXPECT_EQ(segment->rows(), kRows);
    EXPECT_GT(segment->creation_ms(), 1'700'000'000'000);
    auto made = empty_segment();
    const Status copied = segment->append_to(*made);
    ASSERT_TRUE(copied.ok()) << name << ": " << copied.message();
    const auto view = made->snapshot();
    ASSERT_EQ(view->rows(), kRows);
    size_t wrong = 0;
    for (size_t c = 0; c < view->column_count(); ++c) {
      for (int64_t i = 0; i < kRows; ++i) {
        const std::string got = c == 11 ? fmt::format("{:.2f}", std::stod(value_at(view->column(c), i))) : value_at(view->column(c), i), want = expected(c, i, !name.starts_with("dictionaries"));
        if (got != want && ++wrong < 5) ADD_FAILURE() << name << " column " << view->column(c).field->name << " row " << i << ": " << got.substr(0, 80) << ", expected " << want.substr(0, 80);
      }
    }
    EXPECT_EQ(wrong, 0u) << name;
  }
  EXPECT_GE(read, 13u);
}

std::string message_of(const std::string& bytes, const TarLimits& limits = {}) {
  Result<PinotSegment> segment = PinotSegment::open(bytes, limits);
  return segment.ok() ? segment->append_to(*empty_segment()).message() : segment.status().message();
}

TEST(PinotSegments, ThatAreDamagedAreRefusedWithAReason) {
  const std::string whole = file(std::string(kFolder) + "/raw_v4_lz4.tar.gz");
  EXPECT_NE(message_of("").find("does not begin as a gzip file"), std::string::npos);
  EXPECT_NE(message_of("PK\x03\x04").find("does not begin as a gzip file"), std::string::npos);
  EXPECT_NE(message_of(whole.substr(0, whole.size() / 2)).find("cut off"), std::string::npos);
  std::string flipped = whole;
  flipped[flipped.size() - 6] ^= 1;  // in the checksum of the content
  EXPECT_NE(message_of(flipped).find("no whole .tar.gz"), std::string::npos);
  EXPECT_NE(message_of(whole, {.unpacked_bytes = 100'000}).find("unpacks to more than 100000 bytes"), std::string::npos);
  EXPECT_NE(message_of(whole, {.files = 2}).find("more than 2 files"), std::string::npos);
}

// A .tar of one entry, and the end.
std::string tar_of(const std::string& path, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, path.size(), path);
  header.replace(124, 11, fmt::format("{:011o}", content.size()));
  header[156] = type;
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}
std::string gzipped(const std::string& bytes) {
  char path[] = "/tmp/bywash-tar-XXXXXX";
  const int made = ::mkstemp(path);
  EXPECT_GE(made, 0);
  std::ofstream(path, std::ios::binary) << bytes;
  ::close(made);
  EXPECT_EQ(std::system(fmt::format("gzip -f {}", path).c_str()), 0);
  const std::string out = file(std::string(path) + ".gz");
  std::filesystem::remove(std::string(path) + ".gz");
  return out;
}
const std::string kEnd(1024, '\0');

TEST(PinotSegments, DoNotLeaveTheirArchive) {
  for (const char* path : {"../x", "a/../../x", "/etc/x", "a/..", "a\\..\\x"}) {
    EXPECT_NE(message_of(gzipped(tar_of(path, "x") + kEnd)).find("leaves the archive's folder"), std::string::npos) << path;
  }
  EXPECT_NE(message_of(gzipped(tar_of("link", "", '2') + kEnd)).find("other than folders and files"), std::string::npos);
  EXPECT_NE(message_of(gzipped(tar_of("x", "y"))).find("its end is missing"), std::string::npos);
  EXPECT_NE(message_of(gzipped(tar_of("x", "y") + kEnd)).find("metadata.properties is missing"), std::string::npos);
  EXPECT_NE(message_of(gzipped(tar_of("s/metadata.properties", "segment.name = s\n") + kEnd)).find("segment.total.docs"), std::string::npos);
  EXPECT_NE(message_of(gzipped(tar_of("s/metadata.properties", "segment.name = s\nsegment.total.docs = 90000000\n") + kEnd)).find("bytes cannot hold"), std::string::npos);
  EXPECT_NE(message_of(gzipped(tar_of("s/metadata.properties", "segment.name = s\nsegment.total.docs = 1\ncolumn.id.dataType = INT\ncolumn.id.cardinality = 1\n") + kEnd)).find("has no forward index"),
            std::string::npos);
}

TEST(PinotSegments, MustFitTheSchema) {
  const std::string whole = file(std::string(kFolder) + "/dictionaries_v3.tar.gz");
  auto changed = schema();
  changed->fields[1].type = DataType::kLong;
  EXPECT_EQ(PinotSegment::open(whole)->append_to(*empty_segment(changed)).message(), "column small is INT in the segment and LONG in the table's schema");
  changed = schema();
  changed->fields[12].single_value = true;
  EXPECT_EQ(PinotSegment::open(whole)->append_to(*empty_segment(changed)).message(), "column tags is INT of several values in the segment and INT in the table's schema");
}

// Whatever stands in the files, the answer is rows or a reason.
TEST(PinotSegments, WithAnyByteChangedAreReadOrRefused) {
  std::mt19937_64 random(5);
  size_t refused = 0;
  for (const char* name : {"dictionaries_v1", "varlength", "raw_v2_snappy", "raw_v4_pass_through", "raw_v5_zstandard"}) {
    auto archive = unpack_tar_gz(file(fmt::format("{}/{}.tar.gz", kFolder, name)));
    ASSERT_TRUE(archive.ok());
    for (int round = 0; round < 60; ++round) {
      std::map<std::string, std::string> files((*archive)->files.begin(), (*archive)->files.end());
      std::map<std::string, std::string_view> views;
      for (auto& [path, content] : files) {
        // Places and headers stand at the beginnings.
        for (int i = 0; i < 3 && !content.empty(); ++i) content[random() % std::min<size_t>(content.size(), i == 0 ? 64 : content.size())] = static_cast<char>(random());
        if (random() % 8 == 0) content.resize(random() % (content.size() + 1));
        views[path] = content;
      }
      Result<SegmentFiles> read = SegmentFiles::read(views);
      if (!read.ok() || read->rows() > 2 * kRows) {
        ++refused;
        continue;
      }
      auto made = empty_segment();
      for (size_t c = 0; c < made->schema()->fields.size(); ++c) {
        const FieldSpec& field = made->schema()->fields[c];
        Result<PinotColumn> column = read->has(field.name) ? read->column(field.name) : Result<PinotColumn>(Status::invalid("none"));
        if (!column.ok() || column->type != field.type || column->single_value != field.single_value) continue;
        const Status copied = copy_column(*column, read->rows(), c, *made);
        if (!copied.ok()) {
          ++refused;
          EXPECT_FALSE(copied.message().empty());
        }
      }
    }
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace bywash::analytics
