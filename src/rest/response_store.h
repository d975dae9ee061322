// Answers of queries that are fetched page by page (Pinot's cursors): kept for an hour, all together within a bound; past it the oldest go.
// Level 8, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "analytics/exec/broker_response.h"

namespace bywash::rest {

struct StoredResponse {
  analytics::QueryResponse answer;
  int64_t submitted_ms = 0, expires_ms = 0;
  int64_t bytes = 0;
};

class ResponseStore {
 public:
  static constexpr int64_t kBytesMax = 128LL << 20;
  static constexpr int64_t kLifeMs = 3'600'000;

  // nullptr: it is larger than all together may be.
  std::shared_ptr<const StoredResponse> put(analytics::QueryResponse answer, int64_t now_ms);
  std::shared_ptr<const StoredResponse> find(const std::string& request_id, int64_t now_ms);
  bool erase(const std::string& request_id);
  // Forgets those that expire at that time or before; answers their ids.
  std::vector<std::string> expire(int64_t at_ms);
  std::vector<std::shared_ptr<const StoredResponse>> list(int64_t now_ms);

 private:
  std::mutex mutex_;
  int64_t bytes_ = 0;
  std::map<int64_t, std::shared_ptr<const StoredResponse>> responses_;  // by request id, the oldest first
};

}  // namespace bywash::rest
