// See response_store.h.
#include "rest/response_store.h"

#include <charconv>
#include <optional>

namespace bywash::rest {
namespace {

std::optional<int64_t> number_of(const std::string& id) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), out);
  return error == std::errc() && end == id.data() + id.size() ? std::optional(out) : std::nullopt;
}

int64_t bytes_of(const analytics::Cell& cell) {
  int64_t out = sizeof(analytics::Cell);
  if (const auto* text = std::get_if<std::string>(&cell.value)) out += static_cast<int64_t>(text->capacity());
  if (const auto* array = std::get_if<analytics::CellArray>(&cell.value)) {
    for (const analytics::Cell& element : *array) out += bytes_of(element);
  }
  return out;
}

}  // namespace

std::shared_ptr<const StoredResponse> ResponseStore::put(analytics::QueryResponse answer, int64_t now_ms) {
  auto stored = std::make_shared<StoredResponse>();
  for (const auto& row : answer.table.rows) {
    for (const analytics::Cell& cell : row) stored->bytes += bytes_of(cell);
  }
  const std::optional<int64_t> id = number_of(answer.request_id);
  if (!id || stored->bytes > kBytesMax) return nullptr;
  stored->answer = std::move(answer);
  stored->submitted_ms = now_ms;
  stored->expires_ms = now_ms + kLifeMs;
  (void)expire(now_ms);
  std::lock_guard lock(mutex_);
  while (bytes_ + stored->bytes > kBytesMax) {
    bytes_ -= responses_.begin()->second->bytes;
    responses_.erase(responses_.begin());
  }
  bytes_ += stored->bytes;
  responses_[*id] = stored;
  return stored;
}

std::shared_ptr<const StoredResponse> ResponseStore::find(const std::string& request_id, int64_t now_ms) {
  (void)expire(now_ms);
  const std::optional<int64_t> id = number_of(request_id);
  std::lock_guard lock(mutex_);
  auto found = id ? responses_.find(*id) : responses_.end();
  return found == responses_.end() ? nullptr : found->second;
}

bool ResponseStore::erase(const std::string& request_id) {
  const std::optional<int64_t> id = number_of(request_id);
  std::lock_guard lock(mutex_);
  auto found = id ? responses_.find(*id) : responses_.end();
  if (found == responses_.end()) return false;
  bytes_ -= found->second->bytes;
  responses_.erase(found);
  return true;
}

std::vector<std::string> ResponseStore::expire(int64_t at_ms) {
  std::vector<std::string> out;
  std::lock_guard lock(mutex_);
  for (auto it = responses_.begin(); it != responses_.end();) {
    if (it->second->expires_ms > at_ms) {
      ++it;
      continue;
    }
    out.push_back(std::to_string(it->first));
    bytes_ -= it->second->bytes;
    it = responses_.erase(it);
  }
  return out;
}

std::vector<std::shared_ptr<const StoredResponse>> ResponseStore::list(int64_t now_ms) {
  (void)expire(now_ms);
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const StoredResponse>> out;
  for (const auto& [id, response] : responses_) out.push_back(response);
  return out;
}

}  // namespace bywash::rest
