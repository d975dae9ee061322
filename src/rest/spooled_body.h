// A request's body in a file without a name, for uploads that memory should not hold: written by the HTTP server's I/O thread, then read by
// the handler through a mapping. Gone with its last holder, also after a kill -9. Level 8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::rest {

class SpooledBody {
 public:
  // In `folder`, which is made when missing. Error: it cannot be written there.
  static Result<std::shared_ptr<SpooledBody>> open(const std::string& folder);
  ~SpooledBody();
  SpooledBody(const SpooledBody&) = delete;
  SpooledBody& operator=(const SpooledBody&) = delete;

  Status append(std::string_view bytes);
  int64_t size() const { return size_; }
  // Ends writing: view() is what was written.
  Status finish();
  std::string_view view() const { return {mapped_, mapped_ ? static_cast<size_t>(size_) : 0}; }
  // Bytes before `end`, a place in view(), leave memory; they can be read again.
  void release(const char* end);

 private:
  explicit SpooledBody(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  int64_t size_ = 0;
  char* mapped_ = nullptr;
};

}  // namespace bywash::rest
