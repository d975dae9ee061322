// Dead letters: reading a dead letter topic back by the ten headers that Kafka Connect (4.3) and this program give each record, and
// writing them to where they came from. For `bywash dlq`. Level 7, one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "config/config_def.h"

namespace bywash::runtime {

// What all ten context headers start with.
inline constexpr std::string_view kErrorHeaderPrefix = "__connect.errors.";

struct DeadLetter {
  TopicPartition place;  // in the dead letter topic
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  bool has_context = false;  // none: errors.deadletterqueue.context.headers.enable was false
  std::string origin_topic;
  int32_t origin_partition = -1;
  int64_t origin_offset = -1;
  std::string connector, task, stage, component;  // the class that failed
  std::string exception, message, stacktrace;
  int64_t key_bytes = -1, value_bytes = -1;  // -1: null
};
// Where a header is there twice (a letter that failed again after a replay) the last one counts.
DeadLetter dead_letter_of(const columnar::RawBatch& raw, size_t i);

// Every given part has to match.
struct DeadLetterFilter {
  std::string connector, stage, origin_topic;
  std::string exception;  // the class's full or simple name
  std::string message;    // a part of it
  std::optional<int32_t> origin_partition;
  std::optional<int64_t> since_ms, until_ms;  // of the letter's own timestamp: [since, until)
  std::vector<std::pair<int32_t, int64_t>> letters;  // partition and offset in the dead letter topic; empty: all
  bool matches(const DeadLetter& letter) const;
  // The filter as a short name that differs between filters.
  std::string fingerprint() const;
};

struct DeadLetterSource {
  config::Properties client;  // bootstrap.servers and other Java client keys
  std::string topic;
  std::string group;  // reading starts where this group stands; empty: at the beginning
  bool from_beginning = false;  // wherever the group stands
};

// Calls `visit` for each letter, partition by partition in offset order, up to the end as it stands at the start; `batch_done` after
// each fetch with the offsets to go on from. Errors: kNotFound without such a topic, what the brokers refuse, and the visitor's own.
using VisitLetter = std::function<Status(const columnar::RawBatch& raw, size_t i)>;
using LetterOffsets = std::vector<std::pair<TopicPartition, Offset>>;
class DeadLetterReader {
 public:
  explicit DeadLetterReader(DeadLetterSource source) : source_(std::move(source)) {}
  // `commit`: after each fetch that `batch_done` took, the group stands behind it.
  Status read(const VisitLetter& visit, const std::function<Status()>& batch_done, bool commit);

 private:
  DeadLetterSource source_;
};

struct ReplayOptions {
  DeadLetterSource source;  // with a group: what it has passed was replayed (or left out by the filter) before
  DeadLetterFilter filter;
  std::string to_topic;  // empty: each to its origin
  bool dry_run = false;
};
struct ReplayCounts {
  int64_t read = 0, replayed = 0;
};
// Writes matching letters with key, value, timestamp and their own headers; the ten context headers go, and a header
// bywash.replayed.from says "<topic>-<partition>@<offset>". The group moves on only behind what the brokers have acknowledged: after an
// interruption a replay goes on there, and the letters of the last fetch may come twice.
Result<ReplayCounts> replay_dead_letters(const ReplayOptions& options, const std::function<void(const DeadLetter&, const std::string& to)>& told);

}  // namespace bywash::runtime
