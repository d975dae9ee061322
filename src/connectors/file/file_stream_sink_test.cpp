#include <arrow/array.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "connectors/file/plugins.h"

namespace bywash::connectors::file {
namespace {

using columnar::Batch;
using columnar::Value;

class FakeSinkContext : public plugin::SinkContext {
 public:
  const std::string& connector_name() const override { return name_; }
  int task_id() const override { return 0; }
  void ack(const TopicPartition&, Generation, OffsetRange range) override {
    for (int64_t o = range.first; o < range.end; ++o) acked.push_back(o);
  }
  void ack(const Batch& batch, Generation generation) override {
    EXPECT_EQ(generation.value, 3);
    acked.insert(acked.end(), batch.offsets.begin(), batch.offsets.end());
  }
  Status errant(const Batch&, int64_t, const Status& error) override { return error; }
  bool tolerates_errors() const override { return false; }
  void seek(const TopicPartition&, Offset) override {}
  std::vector<int64_t> acked;

 private:
  std::string name_ = "file";
};

class FileStreamSink : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/file-sink-XXXXXX";
    folder_ = ::mkdtemp(folder);
    path_ = folder_ / "out.txt";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<plugin::SinkTask> task() {
    auto made = file_stream_sink().make({{"file", path_.string()}});
    EXPECT_TRUE(made.ok());
    EXPECT_TRUE((*made)->start(&context_).ok());
    EXPECT_TRUE((*made)->open({origin_}, Generation(3)).ok());
    return *std::move(made);
  }
  Batch batch(std::vector<int64_t> offsets, const std::vector<Value>& values) {
    Batch b;
    b.origin = origin_;
    b.value = *columnar::infer_column(values);
    b.key = *columnar::infer_column(std::vector<Value>(values.size()));
    b.timestamps_ms.assign(values.size(), 0);
    b.selected = columnar::RowMask(static_cast<int64_t>(values.size()));
    b.offsets = std::move(offsets);
    return b;
  }
  std::string text() {
    std::ifstream in(path_);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  FakeSinkContext context_;
  std::filesystem::path folder_, path_;
  TopicPartition origin_{"t", Partition(0)};
};

TEST_F(FileStreamSink, WritesJavasTextAndMergesBatchesByOffset) {
  auto sink = task();
  ASSERT_TRUE(sink->put({batch({1, 4}, {Value::string("a"), Value::string("d\xc3\xa9")}),
                         batch({2, 3}, {Value::map({{Value::string("k"), Value(1.0)}, {Value::string("n"), Value()}}), Value()})}).ok());
  EXPECT_EQ(text(), "a\n{k=1.0, n=null}\nnull\nd\xc3\xa9\n");
}
TEST_F(FileStreamSink, WritesPartitionAfterPartition) {
  auto sink = task();
  Batch other = batch({1, 3}, {Value::string("x"), Value::string("y")});
  other.origin.partition = Partition(1);
  ASSERT_TRUE(sink->put({batch({2, 5}, {Value::string("a"), Value::string("c")}), other, batch({4}, {Value::string("b")})}).ok());
  EXPECT_EQ(text(), "a\nb\nc\nx\ny\n");
}
TEST_F(FileStreamSink, AcksOnlyWhatIsFlushed) {
  auto sink = task();
  ASSERT_TRUE(sink->put({batch({7, 9}, {Value(int64_t{1}), Value(int64_t{2})})}).ok());
  EXPECT_TRUE(context_.acked.empty());
  ASSERT_TRUE(sink->flush().ok());
  EXPECT_EQ(context_.acked, (std::vector<int64_t>{7, 9}));
  ASSERT_TRUE(sink->flush().ok());
  EXPECT_EQ(context_.acked.size(), 2u);
}
TEST_F(FileStreamSink, AcksWhenPartitionsAreTakenAway) {
  auto sink = task();
  ASSERT_TRUE(sink->put({batch({1}, {Value(true)})}).ok());
  ASSERT_TRUE(sink->close({origin_}).ok());
  EXPECT_EQ(context_.acked, (std::vector<int64_t>{1}));
}
TEST_F(FileStreamSink, AppendsToAFileThatExists) {
  std::ofstream(path_) << "old\n";
  auto sink = task();
  ASSERT_TRUE(sink->put({batch({1}, {Value(true)})}).ok());
  EXPECT_EQ(text(), "old\ntrue\n");
}
TEST_F(FileStreamSink, NamesTheFileItCannotOpen) {
  auto made = file_stream_sink().make({{"file", "/nowhere/out.txt"}});
  Status status = (*made)->start(&context_);
  EXPECT_NE(status.message().find("'/nowhere/out.txt'"), std::string::npos);
}
TEST_F(FileStreamSink, TakesNothingWhenTheDiskIsFull) {
  auto sink = task();
  ASSERT_TRUE(sink->put({batch({1}, {Value::string("kept")})}).ok());
  // A file-size limit is the full disk of this test: the write stops in the middle.
  rlimit before{}, small{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  small = before;
  small.rlim_cur = 8;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = sink->put({batch({2}, {Value::string("too long for what is left")})});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(text(), "kept\n");
  ASSERT_TRUE(sink->flush().ok());
  EXPECT_EQ(context_.acked, (std::vector<int64_t>{1}));
}

}  // namespace
}  // namespace bywash::connectors::file
