// Interval bookkeeping of acknowledged offsets. Level 7, any thread.
#include "runtime/ack_tracker.h"

#include <algorithm>

#include "base/check.h"

namespace bywash::runtime {

Generation AckTracker::assign(const std::vector<TopicPartition>& partitions) {
  std::lock_guard lock(mutex_);
  Generation generation(++next_generation_);
  for (const auto& tp : partitions) {
    states_[tp] = State{};
    states_[tp].generation = generation;
  }
  return generation;
}

void AckTracker::revoke(const std::vector<TopicPartition>& partitions) {
  std::lock_guard lock(mutex_);
  for (const auto& tp : partitions) states_.erase(tp);
}

void AckTracker::delivered_before(const TopicPartition& partition, Offset offset) {
  std::lock_guard lock(mutex_);
  auto it = states_.find(partition);
  if (it != states_.end()) it->second.base = it->second.position = offset.value;
}

void AckTracker::received(const columnar::RawBatch& raw) {
  const auto& records = raw.records();
  if (records.empty()) return;
  std::lock_guard lock(mutex_);
  auto it = states_.find(raw.origin());
  if (it == states_.end()) return;
  State& state = it->second;
  // Offsets that go back belong to a topic that was made anew, or to a reset: the count begins again.
  if (state.base < 0 || records.front().offset < state.position) {
    state.went_back = state.base >= 0;
    state.start = state.base = state.position = records.front().offset;
    state.islands.clear();
    state.island_rows = 0;
  }
  if (records.front().offset > state.position) settle(state, {state.position, records.front().offset});
  const int64_t span = records.back().offset - records.front().offset + 1;
  if (span != static_cast<int64_t>(records.size())) {
    for (size_t i = 1; i < records.size(); ++i) {
      if (records[i].offset > records[i - 1].offset + 1) settle(state, {records[i - 1].offset + 1, records[i].offset});
    }
  }
  state.position = records.back().offset + 1;
}

void AckTracker::settle(State& state, OffsetRange range) {
  range.first = std::max(range.first, state.base);
  if (range.first >= range.end) return;
  if (range.first > state.base) {
    // Merge into the islands: swallow every one that touches the range.
    auto it = state.islands.upper_bound(range.first);
    if (it != state.islands.begin() && std::prev(it)->second >= range.first) --it;
    while (it != state.islands.end() && it->first <= range.end) {
      range.first = std::min(range.first, it->first);
      range.end = std::max(range.end, it->second);
      state.island_rows -= it->second - it->first;
      it = state.islands.erase(it);
    }
    state.islands[range.first] = range.end;
    state.island_rows += range.end - range.first;
    return;
  }
  state.base = range.end;
  while (!state.islands.empty() && state.islands.begin()->first <= state.base) {
    auto first = state.islands.begin();
    state.island_rows -= first->second - first->first;
    state.base = std::max(state.base, first->second);
    state.islands.erase(first);
  }
}

void AckTracker::ack(const TopicPartition& partition, Generation generation, OffsetRange range) {
  std::lock_guard lock(mutex_);
  auto it = states_.find(partition);
  if (it == states_.end() || it->second.generation != generation || it->second.base < 0) return;
  if (it->second.went_back) range.end = std::min(range.end, it->second.position);
  settle(it->second, range);
  CHECK(it->second.base <= it->second.position);
}

std::vector<std::pair<TopicPartition, Offset>> AckTracker::take_committable() {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<TopicPartition, Offset>> out;
  for (auto& [tp, state] : states_) {
    // Nothing settled since the first read: the group stands where it stood.
    if (state.base < 0 || state.base == state.committed || state.base == state.start) continue;
    state.committed = state.base;
    out.push_back({tp, Offset(state.base)});
  }
  return out;
}

void AckTracker::give_back(const std::vector<std::pair<TopicPartition, Offset>>& offsets) {
  std::lock_guard lock(mutex_);
  for (const auto& [tp, offset] : offsets) {
    auto it = states_.find(tp);
    if (it != states_.end() && it->second.committed == offset.value) it->second.committed = -1;
  }
}

int64_t AckTracker::outstanding() const {
  std::lock_guard lock(mutex_);
  int64_t n = 0;
  for (const auto& [tp, state] : states_) n += state.position - state.base - state.island_rows;
  return n;
}

std::vector<std::pair<TopicPartition, Offset>> AckTracker::positions() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<TopicPartition, Offset>> out;
  for (const auto& [tp, state] : states_) {
    if (state.position >= 0) out.push_back({tp, Offset(state.position)});
  }
  return out;
}

}  // namespace bywash::runtime
