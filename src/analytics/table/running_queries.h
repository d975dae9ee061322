// The queries that run: by the broker's number, by the name that a client gave them (option clientQueryId), and a way to end them. Query
// line, around the whole of it; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace bywash::analytics {

class RunningQueries {
 public:
  // A query that runs as long as the object lives.
  class Entry {
   public:
    Entry(RunningQueries& all, std::string_view sql, std::string_view client_id);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    int64_t id() const { return id_; }
    // Becomes true when the query is to end.
    const std::atomic<bool>* cancelled() const { return &cancelled_; }

   private:
    friend class RunningQueries;
    RunningQueries& all_;
    const int64_t id_;
    const std::string sql_, client_id_;
    std::atomic<bool> cancelled_{false};
  };

  // A number that no other query of this process has.
  int64_t next_id() { return next_.fetch_add(1); }
  // The texts of those that run.
  std::map<int64_t, std::string> list() const;
  // Asks the query to end, which it does soon; false: it does not run.
  bool cancel(int64_t id);
  // The same by the client's name; of several the oldest.
  bool cancel_client(std::string_view client_id);

 private:
  std::atomic<int64_t> next_{1};
  mutable std::mutex mutex_;
  std::map<int64_t, Entry*> entries_;
};

}  // namespace bywash::analytics
