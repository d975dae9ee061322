#include "analytics/plan/time_zone.h"

#include "base/time_arithmetic.h"

#include <date/tz.h>

#include <cctype>

namespace bywash::analytics {
namespace {

// "+05:30", "-03", "+0530" → milliseconds.
bool read_offset(const std::string& text, int64_t* out) {
  int64_t numbers[2] = {0, 0};
  size_t at = 1, count = 0;
  while (at < text.size() && count < 2) {
    if (count > 0 && text[at] == ':') ++at;
    if (at + 2 > text.size() || !std::isdigit(static_cast<unsigned char>(text[at])) || !std::isdigit(static_cast<unsigned char>(text[at + 1]))) return false;
    numbers[count++] = (text[at] - '0') * 10 + (text[at + 1] - '0');
    at += 2;
  }
  if (count == 0 || at != text.size() || numbers[0] > 23 || numbers[1] > 59) return false;
  *out = (numbers[0] * 60 + numbers[1]) * (text[0] == '-' ? -60'000 : 60'000);
  return true;
}

}  // namespace

Result<TimeZone> TimeZone::find(const std::string& id) {
  TimeZone out;
  if (id == "UTC" || id == "GMT" || id == "Z" || id == "UT" || id == "Etc/UTC") return out;
  if (!id.empty() && (id[0] == '+' || id[0] == '-') && read_offset(id, &out.offset_ms_)) return out;
  // Names that Java knows and the tz database does not.
  static constexpr std::pair<std::string_view, const char*> kShort[] = {
      {"PST", "America/Los_Angeles"}, {"CST", "America/Chicago"}, {"IST", "Asia/Kolkata"}, {"JST", "Asia/Tokyo"}, {"CTT", "Asia/Shanghai"}, {"ECT", "Europe/Paris"},
      {"BST", "Asia/Dhaka"},          {"ACT", "Australia/Darwin"}, {"AET", "Australia/Sydney"}, {"AGT", "America/Argentina/Buenos_Aires"}, {"ART", "Africa/Cairo"}};
  std::string name = id;
  for (auto [known, full] : kShort) {
    if (known == id) name = full;
  }
  try {
    out.rules_ = date::locate_zone(name);
    return out;
  } catch (const std::exception&) {
    return Status::invalid(fmt::format("The datetime zone id '{}' is not recognised", id));
  }
}

int64_t TimeZone::offset_at(int64_t utc_ms) const {
  if (!rules_) return offset_ms_;
  auto seconds = date::sys_seconds(std::chrono::seconds(floor_div(utc_ms, 1000)));
  return static_cast<const date::time_zone*>(rules_)->get_info(seconds).offset.count() * 1000;
}

int64_t TimeZone::to_utc(int64_t local_ms) const {
  if (!rules_) return local_ms - offset_ms_;
  auto seconds = date::local_seconds(std::chrono::seconds(floor_div(local_ms, 1000)));
  return local_ms - static_cast<const date::time_zone*>(rules_)->get_info(seconds).first.offset.count() * 1000;
}

}  // namespace bywash::analytics
