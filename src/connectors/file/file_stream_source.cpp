// FileStreamSource: each line of a file or of standard input as a record (org.apache.kafka.connect.file.FileStreamSourceTask,
// Kafka 4.3). Source partition {"filename": path}, source offset {"position": bytes}. Level 6, the task's thread.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "config/typed_config.h"
#include "connectors/file/line_splitter.h"
#include "connectors/file/plugins.h"
#include "plugin/exactly_once.h"

namespace bywash::connectors::file {
namespace {

using columnar::ConnectSchema;
using columnar::SchemaPtr;
using columnar::Type;
using nlohmann::json;

constexpr std::string_view kLogger = "file_stream_source";
constexpr size_t kReadBytes = 64 * 1024;
constexpr auto kWait = std::chrono::seconds(1);

struct SourceConfig {
  std::optional<std::string> file;
  std::string topic;
  int32_t batch_size = 2000;
};

Status fault(std::string message) { return Status::host(std::move(message)).with_java_class("org.apache.kafka.connect.errors.ConnectException"); }

class SourceTask : public plugin::SourceTask, public plugin::ResumesExactly {
 public:
  explicit SourceTask(SourceConfig config) : config_(std::move(config)) {
    if (config_.file && config_.file->empty()) config_.file.reset();
    json filename = config_.file ? json(*config_.file) : json(nullptr);
    partition_ = json{{"filename", filename}}.dump();
  }
  ~SourceTask() override { close_file(); }

  Status start(plugin::SourceContext* context) override {
    context_ = context;
    if (!config_.file) fd_ = STDIN_FILENO;
    return {};
  }

  Result<std::vector<plugin::SourceBatch>> poll() override {
    ASSIGN_OR_RETURN(bool ready, open_file());
    if (!ready) {
      wait();
      return std::vector<plugin::SourceBatch>{};
    }
    std::vector<LineSplitter::Line> lines;
    const auto limit = static_cast<size_t>(std::max(1, config_.batch_size));
    while (lines.size() < limit && !stopped_) {
      if (auto line = splitter_.next()) {
        lines.push_back(std::move(*line));
        continue;
      }
      ASSIGN_OR_RETURN(bool more, read_some());
      if (!more) break;
    }
    std::vector<plugin::SourceBatch> out;
    if (lines.empty()) {
      wait();
      return out;
    }
    ASSIGN_OR_RETURN(plugin::SourceBatch batch, batch_of(lines));
    out.push_back(std::move(batch));
    return out;
  }

  void stop() override { stopped_ = true; }

  // Of standard input nobody knows where it was left.
  bool resumes_exactly() const override { return config_.file.has_value(); }

 private:
  // False while the file does not exist yet.
  Result<bool> open_file() {
    if (fd_ >= 0) return true;
    fd_ = ::open(config_.file->c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) {
      if (errno != ENOENT) return fault(fmt::format("Cannot open file '{}': {}", *config_.file, std::strerror(errno)));
      if (!told_missing_) log::warn(kLogger, "Couldn't find file {} for FileStreamSourceTask, sleeping to wait for it to be created", *config_.file);
      told_missing_ = true;
      return false;
    }
    ASSIGN_OR_RETURN(position_, stored_position());
    struct stat now {};
    if (::fstat(fd_, &now) == 0 && S_ISREG(now.st_mode)) {
      if (now.st_size < position_) {
        log::warn(kLogger, "File {} is shorter ({} bytes) than the position where it was left ({}); waiting for it to grow beyond. To read it "
                  "from the start, delete the connector's offsets", *config_.file, now.st_size, position_);
      }
      if (::lseek(fd_, position_, SEEK_SET) < 0) return fault(fmt::format("Cannot seek in file '{}': {}", *config_.file, std::strerror(errno)));
    }
    return true;
  }

  Result<int64_t> stored_position() {
    auto stored = context_->stored_offset(partition_);
    if (!stored) return int64_t{0};
    json offset = json::parse(*stored, nullptr, false);
    if (!offset.is_object() || !offset.contains("position") || offset["position"].is_null()) return int64_t{0};
    if (!offset["position"].is_number_integer()) return fault("Offset position is the incorrect type");
    return offset["position"].get<int64_t>();
  }

  // False when there is nothing to read now.
  Result<bool> read_some() {
    if (!config_.file) {
      // Standard input blocks: look first, so that the task can be stopped.
      pollfd waiting{fd_, POLLIN, 0};
      if (::poll(&waiting, 1, 0) <= 0) return false;
    }
    char bytes[kReadBytes];
    ssize_t n = ::read(fd_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) return true;
    if (n < 0) return fault(fmt::format("Cannot read {}: {}", config_.file ? "file '" + *config_.file + "'" : "standard input", std::strerror(errno)));
    splitter_.add({bytes, static_cast<size_t>(n)});
    return n > 0;
  }

  Result<plugin::SourceBatch> batch_of(const std::vector<LineSplitter::Line>& lines) {
    const auto count = static_cast<int64_t>(lines.size());
    plugin::SourceBatch out;
    out.source_partition = partition_;
    columnar::Batch& batch = out.batch;
    batch.topic = config_.topic;
    batch.from_source = true;
    batch.kafka_partition = -1;
    batch.selected = columnar::RowMask(count);
    batch.key = {no_key_, std::make_shared<arrow::NullArray>(count)};
    arrow::StringBuilder values;
    const int64_t now = wall_clock_ms();
    for (const auto& line : lines) {
      if (auto s = values.Append(line.text); !s.ok()) return fault(s.message());
      batch.offsets.push_back(next_number_++);
      batch.timestamps_ms.push_back(now);
      position_ += static_cast<int64_t>(line.byte_count);
      out.source_offsets.push_back(config_.file ? fmt::format(R"({{"position":{}}})", position_) : R"({"position":null})");
    }
    auto array = values.Finish();
    if (!array.ok()) return fault(array.status().message());
    batch.value = {text_, array.MoveValueUnsafe()};
    return out;
  }

  void wait() {
    const auto until = steady_now() + kWait;
    while (!stopped_ && steady_now() < until) std::this_thread::sleep_for(Millis(50));
  }

  void close_file() {
    if (config_.file && fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  SourceConfig config_;
  plugin::SourceContext* context_ = nullptr;
  const SchemaPtr no_key_ = ConnectSchema::schemaless(Type::kNull), text_ = ConnectSchema::of(Type::kString);
  std::string partition_;
  LineSplitter splitter_;
  int fd_ = -1;
  int64_t position_ = 0;  // bytes of the lines given out
  int64_t next_number_ = 0;
  bool told_missing_ = false;
  std::atomic<bool> stopped_{false};
};

// FileStreamSourceConnector.alterOffsets.
Status check_offset(const plugin::Properties& properties, const std::string& partition, const std::optional<std::string>& offset) {
  auto file = properties.find("file");
  if (file == properties.end() || file->second.empty()) {
    return Status::fatal("Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.");
  }
  // Anything may be forgotten: it may be from another configuration, or garbage.
  if (!offset) return {};
  json at = json::parse(*offset, nullptr, false), of = json::parse(partition, nullptr, false);
  if (!at.is_object() || !at.contains("position")) return Status::fatal("Offset objects should either be null or contain the key 'position'");
  if (!at["position"].is_number_integer()) return Status::fatal("The value for the 'position' key in the offset is expected to be a Long value");
  if (at["position"].get<int64_t>() < 0) return Status::fatal("The value for the 'position' key in the offset should be a non-negative value");
  if (!of.is_object()) return Status::fatal("Partition objects cannot be null");
  if (!of.contains("filename")) return Status::fatal("Partition objects should contain the key 'filename'");
  return {};
}

}  // namespace

plugin::SourcePlugin file_stream_source() {
  plugin::SourcePlugin p;
  p.info = {.name = "file_stream_source",
            .class_names = {"org.apache.kafka.connect.file.FileStreamSourceConnector"},
            .version = "4.3.1",
            .summary = "Reads each line of a file as a record",
            .description = "Follows a text file (or standard input) and produces one record per complete line, with the line as a string value. "
                           "Goes on where it stopped; waits for a file that does not exist yet.",
            .examples = {R"({"connector.class": "FileStreamSource", "topic": "lines", "file": "lines.txt"})"}};
  config::TypedConfig<SourceConfig> def;
  def.key("file", &SourceConfig::file).high().doc("Source filename. If not specified, the standard input will be used");
  def.key("topic", &SourceConfig::topic).required().high().doc("The topic to publish data to").check(config::not_empty(), "non-empty string");
  def.key("batch.size", &SourceConfig::batch_size).by_default("2000").low()
      .doc("The maximum number of records the source task can read from the file each time it is polled");
  p.def = def.def();
  p.task_configs = [](const plugin::Properties& properties, int) -> Result<std::vector<plugin::Properties>> {
    return std::vector<plugin::Properties>{properties};
  };
  p.make = [def](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SourceTask>> {
    ASSIGN_OR_RETURN(SourceConfig config, def.parse(properties));
    return std::unique_ptr<plugin::SourceTask>(std::make_unique<SourceTask>(std::move(config)));
  };
  p.check_offset = check_offset;
  return p;
}

}  // namespace bywash::connectors::file
