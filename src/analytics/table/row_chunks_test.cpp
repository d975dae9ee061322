// Files of rows in pieces: the same rows, whatever the size of a piece. Unit tests.
#include "analytics/table/row_chunks.h"

#include <gtest/gtest.h>

#include "analytics/table/json_rows.h"

namespace bywash::analytics {
namespace {

std::vector<std::string> rows_of(const std::string& file, FileOptions options, size_t chunk_bytes, size_t* pieces) {
  std::vector<std::string> out;
  size_t passed = 0;
  RowChunks chunks(file, options, [&](const char* at) {
    const auto now = static_cast<size_t>(at - file.data());
    EXPECT_GT(now, passed);
    passed = now;
  }, chunk_bytes);
  for (*pieces = 0;; ++*pieces) {
    Result<std::string> bytes = chunks.next(&options);
    EXPECT_TRUE(bytes.ok());
    if (bytes->empty()) return out;
    const Status status = each_row(*std::move(bytes), options, TableSchema(), [&](std::string_view row) {
      out.emplace_back(row);
      return Status();
    });
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(RowChunks, OfJsonAreTheSameRows) {
  std::string file = "\xef\xbb\xbf";
  for (int i = 0; i < 300; ++i) {
    file += fmt::format(R"({{"id":{},"text":"a }} \" {{ b","inner":[{{"x":{}}}]}})", i, i);
    file += i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\n\n" : " ";
    if (i % 50 == 0) file += "{\n  \"id\": 5\n}\n";
  }
  size_t pieces = 0;
  const std::vector<std::string> whole = rows_of(file, {}, file.size(), &pieces);
  EXPECT_EQ(pieces, 1u);
  EXPECT_EQ(whole.size(), 306u);
  for (size_t chunk : {1, 10, 100, 1000, 5000}) {
    EXPECT_EQ(rows_of(file, {}, chunk, &pieces), whole) << chunk;
    EXPECT_GT(pieces, file.size() / (chunk + 200)) << chunk;
  }
}

TEST(RowChunks, OfCsvAreTheSameRows) {
  std::string file = "id,text,\"more\"\r\n";
  for (int i = 0; i < 200; ++i) file += fmt::format("{},\"a \"\"quoted\"\"\nline, {}\",x\"y{}", i, i, i % 2 ? "\n" : "\r\n");
  FileOptions options;
  options.format = FileFormat::kCsv;
  size_t pieces = 0;
  const std::vector<std::string> whole = rows_of(file, options, file.size(), &pieces);
  EXPECT_EQ(whole.size(), 200u);
  for (size_t chunk : {1, 60, 1000}) EXPECT_EQ(rows_of(file, options, chunk, &pieces), whole) << chunk;
  EXPECT_GT(pieces, 3u);
  options.csv.header = "a,b,c";  // the first line is a record then
  EXPECT_EQ(rows_of(file, options, 60, &pieces), rows_of(file, options, file.size(), &pieces));
}

TEST(RowChunks, AnArrayIsOnePiece) {
  std::string file = " [";
  for (int i = 0; i < 100; ++i) file += fmt::format("{}{{\"id\":{}}}", i ? "," : "", i);
  file += "]";
  size_t pieces = 0;
  EXPECT_EQ(rows_of(file, {}, 10, &pieces).size(), 100u);
  EXPECT_EQ(pieces, 1u);
}

}  // namespace
}  // namespace bywash::analytics
