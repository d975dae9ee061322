#include "expressions/date_pattern.h"

#include <chrono>
#include <cstdlib>

namespace bywash::expressions {
namespace {

using namespace std::chrono;
constexpr std::string_view kMonths[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

void padded(int64_t value, size_t width, std::string& out) {
  if (value < 0) out += '-', value = -value;
  std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

bool numeric(char letter, size_t count) {
  return letter != '\0' && letter != 'a' && letter != 'E' && letter != 'Z' && !(letter == 'M' && count >= 3);
}

bool starts_ignoring_case(std::string_view text, std::string_view part) {
  if (text.size() < part.size()) return false;
  for (size_t i = 0; i < part.size(); ++i) {
    if ((text[i] | 32) != (part[i] | 32)) return false;
  }
  return true;
}

// Takes 'Z', '+hh:mm' or '+hhmm' off the front; minutes east of UTC.
bool take_zone(std::string_view& text, int64_t* minutes) {
  if (text.starts_with('Z')) {
    text.remove_prefix(1);
    return true;
  }
  size_t length = text.size() > 3 && text[3] == ':' ? 6 : 5;
  if (text.size() < length || (text[0] != '+' && text[0] != '-')) return false;
  for (size_t i : {size_t{1}, size_t{2}, length - 2, length - 1}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  *minutes = ((text[1] - '0') * 10 + text[2] - '0') * 60 + (text[length - 2] - '0') * 10 + text[length - 1] - '0';
  if (text[0] == '-') *minutes = -*minutes;
  text.remove_prefix(length);
  return true;
}

// Takes the name of a month or weekday, long or short, off the front; its number from 1, or 0.
int64_t take_name(std::string_view& text, bool month_name) {
  for (size_t i = 0; i < (month_name ? 12 : 7); ++i) {
    std::string_view name = month_name ? kMonths[i] : kWeekdays[i];
    for (std::string_view form : {name, name.substr(0, 3)}) {
      if (!starts_ignoring_case(text, form)) continue;
      text.remove_prefix(form.size());
      return static_cast<int64_t>(i) + 1;
    }
  }
  return 0;
}

}  // namespace

Result<DatePattern> DatePattern::compile(std::string_view pattern) {
  DatePattern out;
  auto literal = [&](char c) {
    if (out.pieces_.empty() || out.pieces_.back().letter != '\0') out.pieces_.emplace_back();
    out.pieces_.back().text += c;
  };
  for (size_t i = 0; i < pattern.size();) {
    char c = pattern[i];
    if (c == '\'') {
      size_t end = pattern.find('\'', i + 1);
      if (end == std::string_view::npos) return Status::invalid(fmt::format("Time pattern has an open quote: '{}'", pattern));
      if (end == i + 1) literal('\'');
      for (char quoted : pattern.substr(i + 1, end - i - 1)) literal(quoted);
      i = end + 1;
      continue;
    }
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter) {
      literal(c);
      ++i;
      continue;
    }
    size_t end = i;
    while (end < pattern.size() && pattern[end] == c) ++end;
    if (std::string_view("yYuMdDHkhKmsSaEZxweGC").find(c) == std::string_view::npos) {
      return Status::invalid(fmt::format("Time pattern has an unknown letter '{}': '{}'", c, pattern));
    }
    Piece piece;
    piece.letter = c == 'Y' || c == 'u' ? 'y' : c;  // Joda: year of era, year
    piece.count = end - i;
    if (piece.count > 9) return Status::invalid(fmt::format("Time pattern repeats '{}' too often: '{}'", c, pattern));
    if (!out.pieces_.empty() && numeric(out.pieces_.back().letter, out.pieces_.back().count)) out.pieces_.back().digits_follow = numeric(piece.letter, piece.count);
    out.pieces_.push_back(std::move(piece));
    i = end;
  }
  return out;
}

bool DatePattern::has_offset() const {
  for (const Piece& piece : pieces_) {
    if (piece.letter == 'Z') return true;
  }
  return false;
}

void DatePattern::write(int64_t millis, std::string& out, int64_t offset_ms) const {
  sys_time<milliseconds> at{milliseconds(millis + offset_ms)};
  auto day = floor<days>(at);
  year_month_day date(day);
  hh_mm_ss time(at - day);
  auto hour = static_cast<int64_t>(time.hours().count());
  for (const Piece& piece : pieces_) {
    switch (piece.letter) {
      case '\0': out += piece.text; break;
      case 'y': {
        int value = static_cast<int>(date.year());
        padded(piece.count == 2 ? value % 100 : value, piece.count, out);
        break;
      }
      case 'M': {
        auto value = static_cast<unsigned>(date.month());
        if (piece.count >= 3) out += kMonths[value - 1].substr(0, piece.count == 3 ? 3 : std::string_view::npos);
        else padded(value, piece.count, out);
        break;
      }
      case 'd': padded(static_cast<unsigned>(date.day()), piece.count, out); break;
      case 'x': {  // the year that the week belongs to
        const int value = static_cast<int>(year_month_day(floor<days>(day - days(weekday(day).iso_encoding()) + days(4))).year());
        padded(piece.count == 2 ? value % 100 : value, piece.count, out);
        break;
      }
      case 'w': {
        const sys_days thursday = day - days(weekday(day).iso_encoding()) + days(4);
        padded((thursday - sys_days(year_month_day(thursday).year() / 1 / 1)).count() / 7 + 1, piece.count, out);
        break;
      }
      case 'e': padded(weekday(day).iso_encoding(), piece.count, out); break;
      case 'G': out += static_cast<int>(date.year()) > 0 ? "AD" : "BC"; break;
      case 'C': padded(static_cast<int>(date.year()) / 100, piece.count, out); break;
      case 'D': padded((day - sys_days(date.year() / 1 / 1)).count() + 1, piece.count, out); break;
      case 'H': padded(hour, piece.count, out); break;
      case 'k': padded(hour == 0 ? 24 : hour, piece.count, out); break;
      case 'h': padded(hour % 12 == 0 ? 12 : hour % 12, piece.count, out); break;
      case 'K': padded(hour % 12, piece.count, out); break;
      case 'm': padded(time.minutes().count(), piece.count, out); break;
      case 's': padded(time.seconds().count(), piece.count, out); break;
      case 'S': {  // a fraction: its first digits
        std::string digits;
        padded(time.subseconds().count(), 3, digits);
        digits.resize(piece.count, '0');
        out += digits;
        break;
      }
      case 'a': out += hour < 12 ? "AM" : "PM"; break;
      case 'E': out += kWeekdays[weekday(day).iso_encoding() - 1].substr(0, piece.count <= 3 ? 3 : std::string_view::npos); break;
      case 'Z': {
        int64_t east = offset_ms / 60'000;
        out += east < 0 ? '-' : '+';
        padded(std::abs(east) / 60, 2, out);
        if (piece.count > 1) out += ':';
        padded(std::abs(east) % 60, 2, out);
        break;
      }
    }
  }
}

bool DatePattern::read(std::string_view text, int64_t* millis) const {
  int64_t year = 1970, month_ = 1, day = 1, hour = 0, minute = 0, second = 0, fraction = 0, day_of_year = 0;
  int64_t offset = 0;
  bool pm = false, half_day = false;
  for (const Piece& piece : pieces_) {
    if (piece.letter == '\0') {
      if (!text.starts_with(piece.text)) return false;
      text.remove_prefix(piece.text.size());
      continue;
    }
    if (piece.letter == 'a') {
      pm = starts_ignoring_case(text, "PM");
      if (!pm && !starts_ignoring_case(text, "AM")) return false;
      text.remove_prefix(2);
      continue;
    }
    if (piece.letter == 'Z') {
      if (!take_zone(text, &offset)) return false;
      continue;
    }
    if (std::string_view("xweGC").find(piece.letter) != std::string_view::npos) return false;  // weeks and eras are written only
    if (!numeric(piece.letter, piece.count)) {
      int64_t number = take_name(text, piece.letter == 'M');
      if (number == 0) return false;
      if (piece.letter == 'M') month_ = number;
      continue;
    }
    size_t most = piece.digits_follow || piece.letter == 'S' ? piece.count : 9, length = 0;
    int64_t value = 0;
    while (length < most && length < text.size() && text[length] >= '0' && text[length] <= '9') value = value * 10 + (text[length++] - '0');
    if (length == 0 || (piece.digits_follow && length != piece.count)) return false;
    text.remove_prefix(length);
    switch (piece.letter) {
      case 'y': year = piece.count == 2 && length == 2 ? value + (value < 50 ? 2000 : 1900) : value; break;
      case 'M': month_ = value; break;
      case 'd': day = value; break;
      case 'D': day_of_year = value; break;
      case 'H': hour = value; break;
      case 'k': hour = value % 24; break;
      case 'h':
      case 'K': hour = value % 12, half_day = true; break;
      case 'm': minute = value; break;
      case 's': second = value; break;
      case 'S':
        for (; length < 3; ++length) value *= 10;
        for (; length > 3; --length) value /= 10;
        fraction = value;
        break;
    }
  }
  if (half_day && pm) hour += 12;
  bool valid = text.empty() && year <= 9999 && month_ >= 1 && month_ <= 12 && hour < 24 && minute < 60 && second < 60;
  year_month_day date(std::chrono::year(static_cast<int>(year)), month(static_cast<unsigned>(month_)), std::chrono::day(static_cast<unsigned>(day)));
  if (!valid || !date.ok()) return false;
  int64_t days_ = sys_days(date).time_since_epoch().count();
  if (day_of_year > 0) days_ = sys_days(date.year() / 1 / 1).time_since_epoch().count() + day_of_year - 1;
  *millis = ((days_ * 24 + hour) * 60 + minute - offset) * 60'000 + second * 1000 + fraction;
  return true;
}

}  // namespace bywash::expressions
