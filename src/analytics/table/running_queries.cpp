// See running_queries.h.
#include "analytics/table/running_queries.h"

namespace bywash::analytics {

RunningQueries::Entry::Entry(RunningQueries& all, std::string_view sql, std::string_view client_id) : all_(all), id_(all.next_id()), sql_(sql), client_id_(client_id) {
  std::lock_guard lock(all_.mutex_);
  all_.entries_[id_] = this;
}

RunningQueries::Entry::~Entry() {
  std::lock_guard lock(all_.mutex_);
  all_.entries_.erase(id_);
}

std::map<int64_t, std::string> RunningQueries::list() const {
  std::lock_guard lock(mutex_);
  std::map<int64_t, std::string> out;
  for (const auto& [id, entry] : entries_) out[id] = entry->sql_;
  return out;
}

bool RunningQueries::cancel(int64_t id) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  found->second->cancelled_.store(true, std::memory_order_relaxed);
  return true;
}

bool RunningQueries::cancel_client(std::string_view client_id) {
  std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_) {
    if (client_id.empty() || entry->client_id_ != client_id) continue;
    entry->cancelled_.store(true, std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace bywash::analytics
