// Status and Result<T>: how every fallible call in Bywash answers.
// The code says what the *caller may do* (retry, tolerate the record, answer HTTP n); the blame says whose fault it is.
// Level 0 of the layers; used by every thread.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace bywash {

// What a caller may do about a failure.
enum class Code {
  kOk,
  kInvalid,       // The request or configuration is wrong: fix it and ask again (HTTP 400, config fails at validation).
  kNotFound,      // The named thing does not exist (HTTP 404).
  kConflict,      // It exists already, or its state forbids this now (HTTP 409).
  kRetriable,     // A transient fault: the same call may succeed later (connection lost, deadlock, 503).
  kData,          // This record's content is at fault: tolerate it per errors.tolerance, send it to the DLQ.
  kUnauthorized,  // Credentials are missing or refused (HTTP 401, 403).
  kTimedOut,      // A deadline passed (HTTP 500 or 504); may be retried.
  kCancelled,     // The work was stopped on request.
  kFatal,         // Nothing to be done here: the task stops.
};

// Whose fault it is; it goes into logs and decides how loud they are.
enum class Blame { kUser, kRemote, kHost, kUs };

std::string_view to_string(Code code);

// An outcome. Cheap when ok (one null pointer). A message says what failed, for which thing, values last and quoted,
// then what to do; never a record's content, never a secret.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, Blame blame, std::string message);

  static Status invalid(std::string message) { return {Code::kInvalid, Blame::kUser, std::move(message)}; }
  static Status not_found(std::string message) { return {Code::kNotFound, Blame::kUser, std::move(message)}; }
  static Status conflict(std::string message) { return {Code::kConflict, Blame::kUser, std::move(message)}; }
  static Status retriable(std::string message) { return {Code::kRetriable, Blame::kRemote, std::move(message)}; }
  static Status data(std::string message) { return {Code::kData, Blame::kUser, std::move(message)}; }
  static Status unauthorized(std::string message) { return {Code::kUnauthorized, Blame::kUser, std::move(message)}; }
  static Status timed_out(std::string message) { return {Code::kTimedOut, Blame::kRemote, std::move(message)}; }
  static Status cancelled(std::string message) { return {Code::kCancelled, Blame::kUser, std::move(message)}; }
  static Status fatal(std::string message) { return {Code::kFatal, Blame::kRemote, std::move(message)}; }
  static Status host(std::string message) { return {Code::kFatal, Blame::kHost, std::move(message)}; }

  bool ok() const { return state_ == nullptr; }
  explicit operator bool() const { return ok(); }
  Code code() const { return state_ ? state_->code : Code::kOk; }
  Blame blame() const { return state_ ? state_->blame : Blame::kUs; }
  const std::string& message() const;
  bool retriable() const { return code() == Code::kRetriable || code() == Code::kTimedOut; }

  // The Java exception class that the original throws in this case, for traces, DLQ headers and conformance
  // (e.g. "org.apache.kafka.connect.errors.DataException"); empty when there is none.
  const std::string& java_class() const;
  Status with_java_class(std::string java_class) &&;
  // The same status with `context` and ": " put before its message.
  Status with_context(std::string_view context) const;

 private:
  struct State {
    Code code;
    Blame blame;
    std::string message;
    std::string java_class;
  };
  std::shared_ptr<const State> state_;
};

// A value or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}              // NOLINT(google-explicit-constructor)
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {        // NOLINT(google-explicit-constructor)
    if (std::get<1>(state_).ok()) std::get<1>(state_) = Status(Code::kFatal, Blame::kUs, "Result made from an ok Status");
  }
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Ok when there is a value.
  Status status() const { return ok() ? Status() : std::get<1>(state_); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  T value_or(T other) && { return ok() ? std::get<0>(std::move(state_)) : std::move(other); }

 private:
  std::variant<T, Status> state_;
};

#define BYWASH_CONCAT_(a, b) a##b
#define BYWASH_CONCAT(a, b) BYWASH_CONCAT_(a, b)

// Returns from the enclosing function when `expression` (a Status) is not ok.
#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    if (::bywash::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, f()): x = *f(), or return its Status.
#define ASSIGN_OR_RETURN(lhs, expression) ASSIGN_OR_RETURN_(BYWASH_CONCAT(result_, __LINE__), lhs, expression)
#define ASSIGN_OR_RETURN_(temp, lhs, expression) \
  auto temp = (expression);                      \
  if (!temp.ok()) return temp.status();          \
  lhs = *std::move(temp)

}  // namespace bywash
