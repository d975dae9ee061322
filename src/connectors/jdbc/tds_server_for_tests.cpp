// [MS-TDS] as far as db-lib needs it. Not part of the program.
#include "connectors/jdbc/tds_server_for_tests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unicode/unistr.h>
#include <unistd.h>

#include <cstring>

#include "base/check.h"

namespace bywash::jdbc {
namespace {

constexpr uint8_t kBatch = 0x01, kAttention = 0x06, kLogin = 0x10, kPrelogin = 0x12, kReply = 0x04;

std::string little(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

uint64_t read_little(std::string_view text, size_t at, size_t bytes) {
  uint64_t out = 0;
  for (size_t i = 0; i < bytes && at + i < text.size(); ++i) out |= uint64_t{static_cast<uint8_t>(text[at + i])} << (8 * i);
  return out;
}

std::string utf16(std::string_view text) {
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  std::string out;
  for (int32_t i = 0; i < wide.length(); ++i) out += little(wide.charAt(i), 2);
  return out;
}

std::string utf8(std::string_view wide) {
  icu::UnicodeString text;
  for (size_t i = 0; i + 1 < wide.size(); i += 2) text.append(static_cast<char16_t>(read_little(wide, i, 2)));
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::string short_text(std::string_view text) {  // B_VARCHAR
  std::string wide = utf16(text);
  return little(wide.size() / 2, 1) + wide;
}

constexpr std::string_view kCollation("\x09\x04\xd0\x00\x34", 5);
std::string done(int status) { return "\xfd" + little(static_cast<uint64_t>(status), 2) + little(0, 2) + little(0, 8); }

std::string error_token(int number, int severity, std::string_view text) {
  std::string wide = utf16(text), body = little(static_cast<uint64_t>(number), 4) + "\x01" + little(static_cast<uint64_t>(severity), 1) +
                     little(wide.size() / 2, 2) + wide + short_text("stand-in") + short_text("") + little(1, 4);
  return (severity > 10 ? "\xaa" : "\xab") + little(body.size(), 2) + body;
}

bool read_all(int connection, char* to, size_t count) {
  while (count > 0) {
    ssize_t got = recv(connection, to, count, 0);
    if (got <= 0) return false;
    to += got;
    count -= static_cast<size_t>(got);
  }
  return true;
}

bool send_packets(int connection, std::string_view body) {
  do {
    size_t part = std::min<size_t>(body.size(), 4088);
    std::string packet = {static_cast<char>(kReply), static_cast<char>(part == body.size() ? 1 : 0), static_cast<char>((part + 8) >> 8),
                          static_cast<char>(part + 8), 0, 0, 1, 0};
    packet += body.substr(0, part);
    if (send(connection, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size())) return false;
    body.remove_prefix(part);
  } while (!body.empty());
  return true;
}

std::string prelogin_answer() {
  std::string options, values;
  auto add = [&](int token, std::string value) {
    size_t at = 5 * 4 + 1 + values.size();
    options += {static_cast<char>(token), static_cast<char>(at >> 8), static_cast<char>(at), static_cast<char>(value.size() >> 8), static_cast<char>(value.size())};
    values += value;
  };
  add(0, std::string("\x10\x00\x00\x00\x00\x00", 6));
  add(1, "\x02");  // no encryption here
  add(2, std::string(1, '\0'));
  add(4, std::string(1, '\0'));
  return options + "\xff" + values;
}

TdsColumn column(std::string name, std::string type, bool nullable = true) { return {std::move(name), std::move(type), nullable}; }

}  // namespace

TdsColumn TdsColumn::integer(std::string name, int bytes, bool nullable) { return column(std::move(name), "\x26" + little(static_cast<uint64_t>(bytes), 1), nullable); }
TdsColumn TdsColumn::bit(std::string name) { return column(std::move(name), "\x68\x01"); }
TdsColumn TdsColumn::floating(std::string name, int bytes) { return column(std::move(name), "\x6d" + little(static_cast<uint64_t>(bytes), 1)); }
TdsColumn TdsColumn::text(std::string name) { return column(std::move(name), "\xe7" + little(400, 2) + std::string(kCollation)); }
TdsColumn TdsColumn::long_text(std::string name) { return column(std::move(name), "\xe7" + little(0xffff, 2) + std::string(kCollation)); }
TdsColumn TdsColumn::bytes(std::string name) { return column(std::move(name), "\xa5" + little(100, 2)); }
TdsColumn TdsColumn::decimal(std::string name, int precision, int scale) {
  return column(std::move(name), "\x6a\x11" + little(static_cast<uint64_t>(precision), 1) + little(static_cast<uint64_t>(scale), 1));
}
TdsColumn TdsColumn::money(std::string name) { return column(std::move(name), "\x6e\x08"); }
TdsColumn TdsColumn::date(std::string name) { return column(std::move(name), "\x28"); }
TdsColumn TdsColumn::time(std::string name) { return column(std::move(name), "\x29\x07"); }
TdsColumn TdsColumn::datetime(std::string name) { return column(std::move(name), "\x6f\x08"); }
TdsColumn TdsColumn::datetime2(std::string name, bool nullable) { return column(std::move(name), "\x2a\x07", nullable); }
TdsColumn TdsColumn::datetimeoffset(std::string name) { return column(std::move(name), "\x2b\x07"); }
TdsColumn TdsColumn::guid(std::string name) { return column(std::move(name), "\x24\x10"); }

namespace tds {

std::string null_of(const TdsColumn& c) {
  bool is_long = c.type[0] == '\xe7' && c.type.substr(1, 2) == "\xff\xff", wide = c.type[0] == '\xe7' || c.type[0] == '\xa5';
  return is_long ? std::string(8, '\xff') : wide ? std::string(2, '\xff') : std::string(1, '\0');
}
std::string number(int64_t value, int bytes) { return little(static_cast<uint64_t>(bytes), 1) + little(static_cast<uint64_t>(value), static_cast<size_t>(bytes)); }
std::string real(double value) {
  std::string out(9, '\x08');
  std::memcpy(out.data() + 1, &value, 8);
  return out;
}
std::string text(std::string_view t) { std::string wide = utf16(t); return little(wide.size(), 2) + wide; }
std::string long_text(std::string_view t) {
  std::string wide = utf16(t);
  return little(wide.size(), 8) + (wide.empty() ? "" : little(wide.size(), 4) + wide) + little(0, 4);
}
std::string bytes(std::string_view b) { return little(b.size(), 2) + std::string(b); }
std::string decimal(int64_t unscaled) {
  return "\x11" + little(unscaled >= 0, 1) + little(static_cast<uint64_t>(unscaled < 0 ? -unscaled : unscaled), 8) + std::string(8, '\0');
}
std::string money(int64_t v) { return "\x08" + little(static_cast<uint64_t>(v) >> 32, 4) + little(static_cast<uint64_t>(v), 4); }
std::string date(int64_t days) { return "\x03" + little(static_cast<uint64_t>(days), 3); }
std::string time(uint64_t t) { return "\x05" + little(t, 5); }
std::string datetime(int32_t days, int32_t ticks) { return "\x08" + little(static_cast<uint32_t>(days), 4) + little(static_cast<uint32_t>(ticks), 4); }
std::string datetime2(uint64_t t, int64_t days) { return "\x08" + little(t, 5) + little(static_cast<uint64_t>(days), 3); }
std::string datetimeoffset(uint64_t t, int64_t days, int16_t minutes) {
  return "\x0a" + little(t, 5) + little(static_cast<uint64_t>(days), 3) + little(static_cast<uint16_t>(minutes), 2);
}
std::string guid(std::string_view g) { return "\x10" + std::string(g); }

}  // namespace tds

TdsAnswer& TdsAnswer::columns(const std::vector<TdsColumn>& list) {
  if (!tokens.empty()) tokens += done(0x01);
  tokens += "\x81" + little(list.size(), 2);
  for (const TdsColumn& c : list) tokens += little(0, 4) + little(c.nullable ? 9 : 8, 2) + c.type + short_text(c.name);
  return *this;
}

TdsAnswer& TdsAnswer::row(const std::vector<std::string>& values) {
  tokens += "\xd1";
  for (const std::string& v : values) tokens += v;
  return *this;
}

TdsAnswer& TdsAnswer::error(int number, int severity, std::string_view text) {
  tokens += error_token(number, severity, text);
  return *this;
}

TdsAnswer& TdsAnswer::cut() {
  cuts = true;
  return *this;
}

TdsServerForTests::TdsServerForTests(Answers answers) : answers_(std::move(answers)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(listener_, 8) == 0);
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] {
    while (true) {
      int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0 || stopped_) break;
      std::lock_guard guard(lock_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { serve(connection); });
    }
  });
}

TdsServerForTests::~TdsServerForTests() {
  stopped_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (int connection : connections_) shutdown(connection, SHUT_RDWR);
  for (std::thread& thread : threads_) thread.join();
  for (int connection : connections_) close(connection);
}

std::vector<std::string> TdsServerForTests::statements() const {
  std::lock_guard guard(lock_);
  return statements_;
}

void TdsServerForTests::forget_statements() {
  std::lock_guard guard(lock_);
  statements_.clear();
}

std::string TdsServerForTests::last_login() const {
  std::lock_guard guard(lock_);
  return last_login_;
}

void TdsServerForTests::refuse_logins(int number, std::string text) {
  std::lock_guard guard(lock_);
  refusal_ = {number, std::move(text)};
}

std::string TdsServerForTests::login_answer(const std::string& packet) {
  auto field = [&](size_t at) {
    return std::string_view(packet).substr(std::min<size_t>(read_little(packet, at, 2), packet.size()), 2 * read_little(packet, at + 2, 2));
  };
  std::string hidden(field(44));
  for (char& c : hidden) {
    auto byte = static_cast<uint8_t>(static_cast<uint8_t>(c) ^ 0xa5);
    c = static_cast<char>(byte << 4 | byte >> 4);
  }
  std::lock_guard guard(lock_);
  last_login_ = utf8(field(40)) + "/" + utf8(hidden) + "/" + utf8(field(68)) + "/" + utf8(field(48));
  if (refusal_) return error_token(refusal_->first, 14, refusal_->second) + done(0x02);
  std::string ack = std::string("\x01\x74\x00\x00\x04", 5) + short_text("Stand-in") + std::string("\x10\x00\x00\x00", 4);
  std::string collation = "\x07\x05" + std::string(kCollation) + std::string(1, '\0'), size = "\x04" + short_text("4096") + short_text("4096");
  return "\xe3" + little(collation.size(), 2) + collation + "\xad" + little(ack.size(), 2) + ack + "\xe3" + little(size.size(), 2) + size + done(0);
}

void TdsServerForTests::serve(int connection) {
  std::string body;
  char head[8];
  while (read_all(connection, head, 8)) {
    size_t size = static_cast<size_t>(static_cast<uint8_t>(head[2]) << 8 | static_cast<uint8_t>(head[3])) - 8, at = body.size();
    body.resize(at + size);
    if (!read_all(connection, body.data() + at, size)) return;
    if (!(head[1] & 1)) continue;
    std::string reply;
    switch (static_cast<uint8_t>(head[0])) {
      case kPrelogin: reply = prelogin_answer(); break;
      case kLogin: reply = login_answer(body); break;
      case kAttention: reply = done(0x20); break;
      case kBatch: {
        std::string sql = utf8(std::string_view(body).substr(read_little(body, 0, 4)));
        {
          std::lock_guard guard(lock_);
          statements_.push_back(sql);
        }
        TdsAnswer answer = answers_(sql);
        if (answer.cuts) {
          shutdown(connection, SHUT_RDWR);
          return;
        }
        bool failed = answer.tokens.find('\xaa') == 0;
        reply = answer.tokens + done(failed ? 0x02 : 0);
        break;
      }
      default: return;
    }
    body.clear();
    if (!send_packets(connection, reply)) return;
  }
}

}  // namespace bywash::jdbc
