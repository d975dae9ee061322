// The put step of the sink line: batches to the sink, again while it has no room or no connection, in halves where data is at fault.
// Level 7, the task's own thread.
#include <algorithm>

#include "base/log.h"
#include "runtime/sink_task.h"

namespace bywash::runtime {
namespace {

using columnar::Batch;

constexpr int64_t kFirstRetryMs = 250;
constexpr int64_t kLongestRetryMs = 10000;
constexpr const char* kPutFailed = "Exiting WorkerSinkTask due to unrecoverable exception.";

double put_ms(SteadyTime start) { return std::chrono::duration<double, std::milli>(steady_now() - start).count(); }

}  // namespace

Status SinkTask::put(std::vector<Batch> batches) {
  const int64_t rows = rows_in(batches);
  const SteadyTime start = steady_now();
  failing_ = kPutFailed;
  Status status = calls().in_call("put", [&] { return sink_->put(batches); });
  if (status.code() == Code::kData && tolerates_errors()) return put_halves(batches, status);
  if (status.retriable()) {
    // Nothing was taken: the same batches again after a pause, for as long as the sink calls it retriable.
    metrics_.retry();
    retry_delay_ms_ = sink_->retry_backoff_ms() > 0 ? sink_->retry_backoff_ms()
                                                          : std::clamp(retry_delay_ms_ * 2, kFirstRetryMs, kLongestRetryMs);
    log::warn("runtime", "The sink cannot take {} records now, trying again in {} ms: {}", rows, retry_delay_ms_, status.message());
    retry_at_ = steady_now() + Millis(retry_delay_ms_);
    pending_ = std::move(batches);
    tell(status);
    return {};
  }
  RETURN_IF_ERROR(status);
  tell({});
  retry_delay_ms_ = 0;
  balance_.handed_over(rows);
  metrics_.sent(rows);
  metrics_.batch(rows, put_ms(start));
  return {};
}

Status SinkTask::retry_put() {
  if (steady_now() < retry_at_) return {};
  return put(std::exchange(pending_, {}));
}

// A batch with bad data that was refused: halves of it, split by offset so that order holds, until the bad record stands alone.
Status SinkTask::put_halves(const std::vector<Batch>& batches, const Status& refusal) {
  // Offsets of several partitions may be equal: position in order is by offset, then batch.
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t b = 0; b < batches.size(); ++b) {
    for (int64_t offset : batches[b].offsets) order.emplace_back(offset, b);
  }
  if (order.size() == 1) {
    RETURN_IF_ERROR(errant(batches.front(), 0, refusal));
    balance_.handed_over(1);
    metrics_.sent(1);
    return {};
  }
  const auto middle = order.begin() + static_cast<long>(order.size() / 2);
  std::nth_element(order.begin(), middle, order.end());
  for (bool upper : {false, true}) {
    std::vector<Batch> half;
    for (size_t b = 0; b < batches.size(); ++b) {
      std::vector<uint32_t> rows;
      for (size_t i = 0; i < batches[b].offsets.size(); ++i) {
        if ((std::pair(batches[b].offsets[i], b) >= *middle) == upper) rows.push_back(static_cast<uint32_t>(i));
      }
      if (!rows.empty()) half.push_back(columnar::take(batches[b], rows));
    }
    while (!pending_.empty() && !stopping()) {
      std::this_thread::sleep_for(Millis(5));
      RETURN_IF_ERROR(retry_put());
    }
    if (stopping() && !pending_.empty()) return {};
    RETURN_IF_ERROR(put(std::move(half)));
  }
  return {};
}

}  // namespace bywash::runtime
