#include <arrow/array.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "connectors/file/line_splitter.h"
#include "connectors/file/plugins.h"

namespace bywash::connectors::file {
namespace {

class FakeSourceContext : public plugin::SourceContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  std::optional<std::string> stored_offset(const std::string& partition) override {
    auto it = offsets.find(partition);
    return it == offsets.end() ? std::nullopt : std::optional(it->second);
  }
  std::map<std::string, std::string> offsets;

 private:
  std::string name_ = "file";
};

class FileStreamSource : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/file-source-XXXXXX";
    folder_ = ::mkdtemp(folder);
    path_ = folder_ / "in.txt";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<plugin::SourceTask> task(const std::string& batch_size = "2000") {
    auto made = file_stream_source().make({{"file", path_.string()}, {"topic", "lines"}, {"batch.size", batch_size}});
    EXPECT_TRUE(made.ok()) << made.status().message();
    EXPECT_TRUE((*made)->start(&context_).ok());
    return *std::move(made);
  }
  // Lines of one poll, and the last source offset, which is stored as the runtime would.
  std::vector<std::string> poll(plugin::SourceTask& task) {
    std::vector<std::string> lines;
    auto batches = task.poll();
    EXPECT_TRUE(batches.ok()) << batches.status().message();
    for (const auto& b : *batches) {
      b.batch.check_invariants();
      EXPECT_TRUE(b.batch.from_source);
      EXPECT_EQ(b.batch.topic, "lines");
      EXPECT_EQ(b.source_partition, "{\"filename\":\"" + path_.string() + "\"}");
      for (int64_t row = 0; row < b.batch.row_count(); ++row) lines.push_back(value_at(b.batch.value, row).get<std::string>());
      context_.offsets[b.source_partition] = b.source_offsets.back();
      last_ = b.source_offsets.back();
    }
    return lines;
  }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  using Lines = std::vector<std::string>;
  FakeSourceContext context_;
  std::filesystem::path folder_, path_;
  std::string last_;
};

TEST_F(FileStreamSource, GivesCompleteLinesOnly) {
  append("a\nb\r\nc");
  auto source = task();
  EXPECT_EQ(poll(*source), (Lines{"a", "b"}));
  EXPECT_EQ(last_, "{\"position\":5}");
  append("d\n\n");
  EXPECT_EQ(poll(*source), (Lines{"cd", ""}));
  EXPECT_EQ(last_, "{\"position\":9}");
}
TEST_F(FileStreamSource, GoesOnWhereItStopped) {
  append("one\nzw\xc3\xb6lf\nthree\nfo");
  auto first = task("2");
  EXPECT_EQ(poll(*first), (Lines{"one", "zw\xc3\xb6lf"}));
  first.reset();
  append("ur\n");
  auto second = task();
  EXPECT_EQ(poll(*second), (Lines{"three", "four"}));
}
TEST_F(FileStreamSource, WaitsForAFileThatDoesNotExistYet) {
  auto source = task();
  EXPECT_EQ(poll(*source), Lines{});
  append("late\n");
  EXPECT_EQ(poll(*source), Lines{"late"});
}
TEST_F(FileStreamSource, GivesWhatIsLeftOfAFullBatchWithoutNewBytes) {
  append("1\n2\n3\n");
  auto source = task("2");
  EXPECT_EQ(poll(*source), (Lines{"1", "2"}));
  EXPECT_EQ(poll(*source), Lines{"3"});
}
TEST_F(FileStreamSource, TakesLinesLongerThanAnyBuffer) {
  std::string line(300000, 'x');
  append(line + "\nshort\n");
  auto source = task();
  EXPECT_EQ(poll(*source), (Lines{line, "short"}));
}
TEST_F(FileStreamSource, RefusesAnOffsetOfAnotherType) {
  append("a\n");
  context_.offsets["{\"filename\":\"" + path_.string() + "\"}"] = "{\"position\":\"x\"}";
  auto source = task();
  EXPECT_EQ(source->poll().status().message(), "Offset position is the incorrect type");
}
TEST_F(FileStreamSource, NamesWhatItCannotOpen) {
  std::filesystem::create_directory(path_);
  auto source = task();
  Status status = source->poll().status();
  EXPECT_NE(status.message().find(path_.string()), std::string::npos) << status.message();
}
TEST(FileStreamSourceConfig, ReportsAllProblemsAtOnce) {
  auto made = file_stream_source().make({{"batch.size", "abc"}});
  EXPECT_EQ(made.status().message(), "Missing required configuration \"topic\" which has no default value.\n"
                                     "Invalid value abc for configuration batch.size: Not a number of type INT");
}
TEST(LineSplitter, HoldsACarriageReturnUntilItsNextByte) {
  LineSplitter splitter;
  splitter.add("a\r");
  EXPECT_FALSE(splitter.next());
  splitter.add("\nb\rc\n");
  EXPECT_EQ(splitter.next()->byte_count, 3u);
  EXPECT_EQ(splitter.next()->text, "b");
  EXPECT_EQ(splitter.next()->text, "c");
  EXPECT_FALSE(splitter.next());
}

}  // namespace
}  // namespace bywash::connectors::file
