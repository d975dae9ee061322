// Zones over the tz database of this machine. Level 6, one thread.
#include "connectors/s3/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/time_arithmetic.h"

namespace bywash::connectors::s3 {
namespace {

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

// "+05:30", "-03", "+0530", "+05:30:15" -> milliseconds.
bool parse_offset(std::string_view text, int64_t* out) {
  int64_t sign = text[0] == '-' ? -1 : 1, parts[3] = {0, 0, 0};
  size_t at = 1;
  int n = 0;
  while (at < text.size() && n < 3) {
    if (n > 0 && text[at] == ':') ++at;
    if (at + 2 > text.size() || !isdigit(static_cast<unsigned char>(text[at])) || !isdigit(static_cast<unsigned char>(text[at + 1]))) return false;
    parts[n++] = (text[at] - '0') * 10 + (text[at + 1] - '0');
    at += 2;
  }
  if (n == 0 || at != text.size() || parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return false;
  *out = sign * ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000;
  return true;
}

std::string offset_id(int64_t offset_ms) {
  const int64_t seconds = (offset_ms < 0 ? -offset_ms : offset_ms) / 1000;
  std::string out = fmt::format("{}{:02}:{:02}", offset_ms < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
  if (seconds % 60) out += fmt::format(":{:02}", seconds % 60);
  return out;
}

}  // namespace

Result<Zone> Zone::of(const std::string& id) {
  Zone zone;
  zone.id_ = id;
  zone.period_ = {std::numeric_limits<int64_t>::min(), kForever, 0, false, id};
  zone.fixed_ = true;
  int64_t offset_ms = 0;
  const bool is_offset = !id.empty() && (id[0] == '+' || id[0] == '-');
  if (is_offset && parse_offset(id, &offset_ms)) {
    // Joda's name of an offset, however it was written.
    zone.period_.offset_ms = offset_ms;
    zone.id_ = zone.period_.abbreviation = offset_ms == 0 ? "UTC" : offset_id(offset_ms);
    return zone;
  }
  if (id == "UTC" || id == "Z" || id == "UT") {
    zone.id_ = zone.period_.abbreviation = "UTC";
    return zone;
  }
  if (!is_offset && !id.empty()) {
    try {
      zone.rules_ = date::locate_zone(id);
      zone.fixed_ = false;
      zone.period_ = {0, 0, 0, false, ""};
      return zone;
    } catch (const std::exception&) {
      // Falls to the error below.
    }
  }
  return Status::invalid(fmt::format("The datetime zone id '{}' is not recognised", id));
}

const Zone::Period& Zone::at(int64_t utc_ms) const {
  if (utc_ms >= period_.begin_ms && utc_ms < period_.end_ms) return period_;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  auto info = static_cast<const date::time_zone*>(rules_)->get_info(date::sys_seconds(seconds(floor_div(utc_ms, 1000))));
  auto millis = [](date::sys_seconds t) {
    int64_t s = t.time_since_epoch().count();
    return s > kForever / 1000 ? kForever : s < -(kForever / 1000) ? -kForever : s * 1000;
  };
  period_ = {millis(info.begin), millis(info.end), std::chrono::duration_cast<milliseconds>(info.offset).count(), info.save.count() != 0, info.abbrev};
  return period_;
}

int64_t Zone::local_to_utc(int64_t local_ms) const {
  int64_t first = offset_ms(local_ms), offset = offset_ms(local_ms - first);
  if (first != offset && first < 0) {
    // In the west the second guess is wrong inside a gap: then the two instants lie on different sides of a transition.
    int64_t next = at(local_ms - first).end_ms, next_adjusted = at(local_ms - offset).end_ms;
    if (next != next_adjusted) offset = first;
  }
  return local_ms - offset;
}

int64_t Zone::start_of_day(int64_t utc_ms, int days_later) const {
  int64_t day = floor_div(utc_ms + offset_ms(utc_ms), kMsPerDay) + days_later;
  return local_to_utc(day * kMsPerDay);
}

int64_t next_scheduled_time(int64_t now_ms, int64_t period_ms, const Zone& zone) {
  int64_t start = zone.start_of_day(now_ms, 0), day = zone.start_of_day(now_ms, 1) - start;
  return start + std::min(((now_ms - start) / period_ms + 1) * period_ms, day);
}

}  // namespace bywash::connectors::s3
