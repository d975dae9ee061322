// A stand-in for SQL Server on a free port: speaks TDS 7.4 (logins, batches of SQL, results, errors, cancels) and answers statements as the test
// says. It knows no SQL. Not part of the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace bywash::jdbc {

// A column of a result: TDS's TYPE_INFO bytes, and how a value's length is told.
struct TdsColumn {
  std::string name, type;
  bool nullable = true;
  static TdsColumn integer(std::string name, int bytes, bool nullable = true);  // 1: tinyint, 2, 4, 8
  static TdsColumn bit(std::string name);
  static TdsColumn floating(std::string name, int bytes);
  static TdsColumn text(std::string name);      // nvarchar(200)
  static TdsColumn long_text(std::string name); // nvarchar(max)
  static TdsColumn bytes(std::string name);
  static TdsColumn decimal(std::string name, int precision, int scale);
  static TdsColumn money(std::string name);
  static TdsColumn date(std::string name);
  static TdsColumn time(std::string name);
  static TdsColumn datetime(std::string name);
  static TdsColumn datetime2(std::string name, bool nullable = true);
  static TdsColumn datetimeoffset(std::string name);
  static TdsColumn guid(std::string name);
};

// Values as ROW tokens hold them.
namespace tds {
std::string null_of(const TdsColumn& column);
std::string number(int64_t value, int bytes);  // little endian behind a byte of length: integers, bits
std::string real(double value);
std::string text(std::string_view utf8);
std::string long_text(std::string_view utf8);
std::string bytes(std::string_view bytes);
std::string decimal(int64_t unscaled);
std::string money(int64_t ten_thousandths);
std::string date(int64_t days_since_year_one);
std::string time(uint64_t hundred_nanos);
std::string datetime(int32_t days_since_1900, int32_t ticks);
std::string datetime2(uint64_t hundred_nanos, int64_t days_since_year_one);
std::string datetimeoffset(uint64_t hundred_nanos_utc, int64_t days_since_year_one, int16_t minutes);
std::string guid(std::string_view sixteen_bytes);
}  // namespace tds

class TdsAnswer {
 public:
  TdsAnswer& columns(const std::vector<TdsColumn>& columns);
  TdsAnswer& row(const std::vector<std::string>& values);
  TdsAnswer& error(int number, int severity, std::string_view text);
  TdsAnswer& cut();  // the connection, instead of an answer
  std::string tokens;
  bool cuts = false;
};

class TdsServerForTests {
 public:
  using Answers = std::function<TdsAnswer(const std::string& sql)>;
  explicit TdsServerForTests(Answers answers);
  ~TdsServerForTests();
  int port() const { return port_; }
  std::vector<std::string> statements() const;  // all batches so far
  void forget_statements();
  // "user/password/database/application" of the last login.
  std::string last_login() const;
  void refuse_logins(int number, std::string text);

 private:
  void serve(int connection);
  std::string login_answer(const std::string& packet);

  Answers answers_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stopped_{false};
  mutable std::mutex lock_;
  std::vector<std::string> statements_;
  std::string last_login_;
  std::optional<std::pair<int, std::string>> refusal_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace bywash::jdbc
