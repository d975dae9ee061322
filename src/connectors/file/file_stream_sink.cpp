// FileStreamSink: each record's value as one line of a file or of standard output (org.apache.kafka.connect.file.FileStreamSinkTask,
// Kafka 4.3). put writes, flush makes durable and acks. Level 6, the task's thread.
#include <arrow/array.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>

#include "columnar/java_text.h"
#include "config/typed_config.h"
#include "connectors/file/plugins.h"

namespace bywash::connectors::file {
namespace {

using columnar::Batch;
using columnar::Type;

constexpr std::string_view kConnectException = "org.apache.kafka.connect.errors.ConnectException";

struct SinkConfig {
  std::optional<std::string> file;
};

std::string why(int error) { return std::strerror(error); }

// One row to write. Partitions go out one after the other, as a poll of the original gives them; in each, rows of several batches by offset.
struct Line {
  uint32_t partition;  // in the order of its first batch
  int64_t offset;
  uint32_t batch;
  uint32_t row;
};

std::vector<Line> lines_of(const std::vector<Batch>& batches) {
  std::vector<Line> lines;
  std::vector<TopicPartition> partitions;
  for (uint32_t b = 0; b < batches.size(); ++b) {
    auto known = std::find(partitions.begin(), partitions.end(), batches[b].origin);
    const auto partition = static_cast<uint32_t>(known - partitions.begin());
    if (known == partitions.end()) partitions.push_back(batches[b].origin);
    for (uint32_t row = 0; row < batches[b].offsets.size(); ++row) lines.push_back({partition, batches[b].offsets[row], b, row});
  }
  if (batches.size() > 1) {
    std::stable_sort(lines.begin(), lines.end(), [](const Line& x, const Line& y) { return std::tie(x.partition, x.offset) < std::tie(y.partition, y.offset); });
  }
  return lines;
}

void append_line(std::string& out, const columnar::Column& value, int64_t row) {
  if (value.is_null(row)) out += "null";
  else if (value.schema->type() == Type::kString) out += static_cast<const arrow::StringArray&>(*value.data).GetView(row);
  else out += java_text(value_at(value, row));
  out += '\n';
}

class SinkTask : public plugin::SinkTask {
 public:
  explicit SinkTask(SinkConfig config) : config_(std::move(config)) {}
  ~SinkTask() override { stop(); }

  Status start(plugin::SinkContext* context) override {
    context_ = context;
    if (!config_.file) {
      fd_ = STDOUT_FILENO;
      return {};
    }
    fd_ = ::open(config_.file->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd_ < 0) {
      return Status::host(fmt::format("Couldn't find or create file '{}' for FileStreamSinkTask\nCaused by: {}", *config_.file, why(errno)))
          .with_java_class(std::string(kConnectException));
    }
    return {};
  }

  Status open(const std::vector<TopicPartition>& partitions, Generation generation) override {
    for (const auto& tp : partitions) generations_[tp] = generation;
    return {};
  }

  Status put(const std::vector<Batch>& batches) override {
    std::string text;
    for (const Line& line : lines_of(batches)) append_line(text, batches[line.batch].value, line.row);
    RETURN_IF_ERROR(write_all(text));
    for (const Batch& batch : batches) {
      Batch written;  // what an ack needs, without the columns
      written.origin = batch.origin;
      written.offsets = batch.offsets;
      written.selected = batch.selected;
      unflushed_.push_back({std::move(written), generations_[batch.origin]});
    }
    return {};
  }

  Status flush() override {
    if (unflushed_.empty()) return {};
    if (config_.file && ::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
      return Status::host(fmt::format("Cannot write file '{}' to disk: {}", name(), why(errno)));
    }
    for (const auto& [batch, generation] : unflushed_) context_->ack(batch, generation);
    unflushed_.clear();
    return {};
  }

  Status close(const std::vector<TopicPartition>&) override { return flush(); }

  void stop() override {
    if (config_.file && fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  std::string name() const { return config_.file.value_or("standard output"); }

  // All of the text or, as far as the file can be cut back, nothing: a retried put then doesn't double lines.
  Status write_all(const std::string& text) {
    struct stat before {};
    const bool regular = ::fstat(fd_, &before) == 0 && S_ISREG(before.st_mode);
    size_t done = 0;
    while (done < text.size()) {
      ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
      if (n >= 0) {
        done += static_cast<size_t>(n);
        continue;
      }
      const int error = errno;
      if (error == EINTR) continue;
      bool undone = done == 0 || (regular && ::ftruncate(fd_, before.st_size) == 0);
      std::string message = fmt::format("Cannot write to {}: {}", config_.file ? "file '" + name() + "'" : name(), why(error));
      bool passing = error == ENOSPC || error == EDQUOT || error == EAGAIN;
      if (passing && undone) return Status(Code::kRetriable, Blame::kHost, message + "; trying again");
      return Status::host(message);
    }
    return {};
  }

  const SinkConfig config_;
  plugin::SinkContext* context_ = nullptr;
  int fd_ = -1;
  std::map<TopicPartition, Generation> generations_;
  std::vector<std::pair<Batch, Generation>> unflushed_;
};

}  // namespace

plugin::SinkPlugin file_stream_sink() {
  plugin::SinkPlugin p;
  p.info = {.name = "file_stream_sink",
            .class_names = {"org.apache.kafka.connect.file.FileStreamSinkConnector"},
            .version = "4.3.1",
            .summary = "Writes each record's value as a line of a file",
            .description = "Appends the text of every value, as Java's toString gives it, to a file or to standard output. Acknowledged after fsync.",
            .examples = {R"({"connector.class": "FileStreamSink", "topics": "orders", "file": "orders.txt"})"}};
  config::TypedConfig<SinkConfig> def;
  def.key("file", &SinkConfig::file).high().doc("Destination filename. If not specified, the standard output will be used");
  p.def = def.def();
  p.make = [def](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SinkTask>> {
    ASSIGN_OR_RETURN(SinkConfig config, def.parse(properties));
    return std::unique_ptr<plugin::SinkTask>(std::make_unique<SinkTask>(std::move(config)));
  };
  return p;
}

}  // namespace bywash::connectors::file
