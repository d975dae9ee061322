// Status: construction and rendering. Level 0, every thread.
#include "base/status.h"

namespace bywash {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not found";
    case Code::kConflict: return "conflict";
    case Code::kRetriable: return "retriable";
    case Code::kData: return "data";
    case Code::kUnauthorized: return "unauthorized";
    case Code::kTimedOut: return "timed out";
    case Code::kCancelled: return "cancelled";
    case Code::kFatal: return "fatal";
  }
  return "unknown";
}

Status::Status(Code code, Blame blame, std::string message) {
  if (code != Code::kOk) state_ = std::make_shared<const State>(State{code, blame, std::move(message), {}});
}

const std::string& Status::message() const {
  static const std::string kNone;
  return state_ ? state_->message : kNone;
}

const std::string& Status::java_class() const {
  static const std::string kNone;
  return state_ ? state_->java_class : kNone;
}

Status Status::with_java_class(std::string java_class) && {
  if (!state_) return *this;
  Status out;
  out.state_ = std::make_shared<const State>(State{state_->code, state_->blame, state_->message, std::move(java_class)});
  return out;
}

Status Status::with_context(std::string_view context) const {
  if (!state_) return *this;
  Status out;
  out.state_ = std::make_shared<const State>(
      State{state_->code, state_->blame, fmt::format("{}: {}", context, state_->message), state_->java_class});
  return out;
}

}  // namespace bywash
