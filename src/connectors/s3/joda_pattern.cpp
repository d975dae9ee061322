// Parsing and printing of Joda patterns. Texts come from CLDR by ICU, those of the root locale from a table of OpenJDK's. Level 6.
#include "connectors/s3/joda_pattern.h"

#include <unicode/dtfmtsym.h>
#include <unicode/timezone.h>
#include <unicode/tznames.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/calendar.h"
#include "base/time_arithmetic.h"
#include "connectors/s3/zone_abbreviations.h"

namespace bywash::connectors::s3 {
namespace {

struct Moment {
  int64_t year, week_year;
  int month, day, day_of_year, day_of_week, week;  // Monday is 1
  int hour, minute, second, millis;
};

Moment moment_of(int64_t local_ms) {
  int64_t days = floor_div(local_ms, kMsPerDay), rest = local_ms - days * kMsPerDay;
  CivilDate c = civil_date(days);
  Moment m{};
  m.year = c.year;
  m.month = c.month;
  m.day = c.day;
  m.day_of_year = static_cast<int>(days - days_of_civil(c.year, 1, 1)) + 1;
  m.day_of_week = static_cast<int>((days + 3) - floor_div(days + 3, 7) * 7) + 1;
  // The ISO week is that of the week's Thursday.
  int64_t thursday = days - (m.day_of_week - 1) + 3;
  m.week_year = civil_date(thursday).year;
  m.week = static_cast<int>((thursday - days_of_civil(m.week_year, 1, 1)) / 7) + 1;
  m.hour = static_cast<int>(rest / 3'600'000);
  m.minute = static_cast<int>(rest / 60'000 % 60);
  m.second = static_cast<int>(rest / 1000 % 60);
  m.millis = static_cast<int>(rest % 1000);
  return m;
}

std::string padded(int64_t value, int width) {
  if (value < 0) return "-" + padded(-value, width);
  return fmt::format("{:0{}}", value, width);
}

std::string year_text(int64_t year, int count) {
  if (count == 2) return padded((year < 0 ? -year : year) % 100, 2);
  return padded(year, count);
}

std::string offset_text(int64_t offset_ms, bool colon) {
  int64_t minutes = (offset_ms < 0 ? -offset_ms : offset_ms) / 60'000, seconds = (offset_ms < 0 ? -offset_ms : offset_ms) / 1000 % 60;
  std::string out = fmt::format("{}{:02}{}{:02}", offset_ms < 0 ? '-' : '+', minutes / 60, colon ? ":" : "", minutes % 60);
  if (seconds) out += fmt::format("{}{:02}", colon ? ":" : "", seconds);
  return out;
}

// CLDR names the zones' times from 1970 on; 2033.
constexpr int64_t kNamedUntilMs = 2'000'000'000'000;

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

// Texts of CLDR 39, which OpenJDK 17 has, where ICU's newer CLDR says something else.
struct OlderTexts {
  std::string_view language;
  enum Kind { kMonths, kShortMonths, kShortDays, kHalfDays, kEras } kind;
  std::vector<std::string> texts;  // days from Sunday
};

const std::vector<OlderTexts>& older_texts() {
  using K = OlderTexts;
  static const std::vector<OlderTexts> table = {
      {"nl", K::kShortMonths, {"jan.", "feb.", "mrt.", "apr.", "mei", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec."}},
      {"da", K::kShortDays, {"søn.", "man.", "tir.", "ons.", "tor.", "fre.", "lør."}},
      {"mk", K::kShortDays, {"нед.", "пон.", "вт.", "сре.", "чет.", "пет.", "саб."}},
      {"mk", K::kHalfDays, {"претпладне", "попладне"}},
      {"sr", K::kHalfDays, {"пре подне", "по подне"}},
      {"vi", K::kEras, {"Trước CN", "Sau CN"}},
      {"fa", K::kShortMonths, {"ژانویهٔ", "فوریهٔ", "مارس", "آوریل", "مهٔ", "ژوئن", "ژوئیهٔ", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"}},
      {"bn", K::kShortMonths, {"জানু", "ফেব", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর"}},
      {"eu", K::kMonths, {"urtarrilak", "otsailak", "martxoak", "apirilak", "maiatzak", "ekainak", "uztailak", "abuztuak", "irailak", "urriak", "azaroak",
                          "abenduak"}},
  };
  return table;
}

// Java's Locale still takes the old codes of these languages.
std::string current_code(std::string language) {
  if (language == "iw") return "he";
  if (language == "in") return "id";
  if (language == "ji") return "yi";
  return language;
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

struct JodaPattern::Names {
  bool root = true;
  icu::Locale locale = icu::Locale::getRoot();
  std::vector<std::string> months, short_months, days, short_days, half_days, eras;  // days from Sunday

  explicit Names(std::string_view asked) {
    std::string language;
    for (char c : asked) language += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    language = current_code(std::move(language));
    icu::Locale wanted(language.c_str());
    bool plain = !language.empty() && std::all_of(language.begin(), language.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    UErrorCode error = U_ZERO_ERROR;
    icu::DateFormatSymbols symbols(wanted, error);
    // An unknown language falls back to the root, or to the machine's own locale: look what it became.
    icu::Locale actual = symbols.getLocale(ULOC_VALID_LOCALE, error);
    if (!plain || U_FAILURE(error) || std::string(actual.getLanguage()) != wanted.getLanguage()) {
      months = short_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
      days = short_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      half_days = {"AM", "PM"};
      eras = {"BCE", "CE"};
      return;
    }
    root = false;
    locale = wanted;
    auto copy = [](const icu::UnicodeString* from, int32_t count, int32_t first, std::vector<std::string>* to) {
      for (int32_t i = first; i < count; ++i) to->push_back(utf8(from[i]));
    };
    int32_t n = 0;
    using S = icu::DateFormatSymbols;
    const icu::UnicodeString* list = symbols.getMonths(n, S::FORMAT, S::WIDE);
    copy(list, n, 0, &months);
    list = symbols.getMonths(n, S::FORMAT, S::ABBREVIATED);
    copy(list, n, 0, &short_months);
    list = symbols.getWeekdays(n, S::FORMAT, S::WIDE);
    copy(list, n, 1, &days);
    list = symbols.getWeekdays(n, S::FORMAT, S::ABBREVIATED);
    copy(list, n, 1, &short_days);
    list = symbols.getAmPmStrings(n);
    copy(list, n, 0, &half_days);
    list = symbols.getEras(n);
    copy(list, n, 0, &eras);
    std::vector<std::string>* const lists[] = {&months, &short_months, &short_days, &half_days, &eras};
    for (const OlderTexts& older : older_texts()) {
      if (older.language == language) *lists[older.kind] = older.texts;
    }
  }

  // What ICU has of a zone; empty: nothing.
  std::string icu_name(const std::string& zone, bool by_zone_alone, UTimeZoneNameType type, int64_t utc_ms) const {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::TimeZoneNames> names(icu::TimeZoneNames::createInstance(root ? icu::Locale::getEnglish() : locale, error));
    if (U_FAILURE(error)) return {};
    icu::UnicodeString name;
    const icu::UnicodeString id = icu::UnicodeString::fromUTF8(zone);
    if (by_zone_alone) names->getTimeZoneDisplayName(id, type, name);
    else names->getDisplayName(id, type, static_cast<UDate>(std::clamp<int64_t>(utc_ms, 0, kNamedUntilMs)), name);
    return name.isBogus() ? std::string() : utf8(name);
  }

  std::string zone_short(const Zone& zone, int64_t utc_ms) const {
    const std::string& abbreviation = zone.abbreviation(utc_ms);
    if (zone.fixed()) return abbreviation;
    if (!root) {
      std::string name = icu_name(zone.id(), false, zone.daylight_saving(utc_ms) ? UTZNM_SHORT_DAYLIGHT : UTZNM_SHORT_STANDARD, utc_ms);
      if (!name.empty()) return name;
    }
    std::string_view older = zone_abbreviation(zone.id(), zone.daylight_saving(utc_ms));
    if (!older.empty()) return std::string(older);
    return abbreviation.starts_with("+") || abbreviation.starts_with("-") ? offset_text(zone.offset_ms(utc_ms), true) : abbreviation;
  }

  std::string zone_name(const Zone& zone, int64_t utc_ms) const {
    if (zone.fixed()) {
      if (zone.id() != "UTC") return zone.id();
      std::string text = icu_name("Etc/UTC", true, UTZNM_LONG_STANDARD, utc_ms);
      return text.empty() ? "Coordinated Universal Time" : text;
    }
    std::string text = icu_name(zone.id(), false, zone.daylight_saving(utc_ms) ? UTZNM_LONG_DAYLIGHT : UTZNM_LONG_STANDARD, utc_ms);
    if (text.empty()) text = zone.id();
    // OpenJDK's own names, which the root locale has, leave "Standard" out for Europe.
    size_t at = text.find("European Standard Time");
    if (root && at != std::string::npos) text.erase(at + 9, 9);
    return text;
  }
};

JodaPattern::JodaPattern() = default;
JodaPattern::~JodaPattern() = default;
JodaPattern::JodaPattern(JodaPattern&&) noexcept = default;
JodaPattern& JodaPattern::operator=(JodaPattern&&) noexcept = default;

Result<JodaPattern> JodaPattern::parse(std::string_view pattern, std::string_view locale) {
  JodaPattern out;
  for (size_t i = 0; i < pattern.size();) {
    if (is_letter(pattern[i])) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == pattern[i]) ++end;
      if (std::string_view("GCxyYMdDahHkKmsSeEwzZ").find(pattern[i]) == std::string_view::npos) {
        return Status::invalid(fmt::format("Illegal pattern component: {}", pattern.substr(i, end - i)));
      }
      out.tokens_.push_back({pattern[i], static_cast<int>(end - i), ""});
      i = end;
      continue;
    }
    std::string text;
    bool quoted = false;
    for (; i < pattern.size(); ++i) {
      char c = pattern[i];
      if (c == '\'') {
        if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
          text += c;
          ++i;
        } else {
          quoted = !quoted;
        }
      } else if (!quoted && is_letter(c)) {
        break;
      } else {
        text += c;
      }
    }
    out.tokens_.push_back({0, 0, std::move(text)});
  }
  if (out.tokens_.empty()) return Status::invalid("Invalid pattern specification");
  out.names_ = std::make_unique<Names>(locale);
  return out;
}

int64_t JodaPattern::finest_unit_ms() const {
  int64_t finest = kMsPerDay;
  for (const Token& t : tokens_) {
    int64_t unit = kMsPerDay;
    switch (t.letter) {
      case 'a': unit = kMsPerDay / 2; break;
      case 'h': case 'H': case 'k': case 'K': unit = 3'600'000; break;
      case 'm': unit = 60'000; break;
      case 's': unit = 1000; break;
      case 'S': unit = t.count >= 3 ? 1 : t.count == 2 ? 10 : 100; break;
      default: break;
    }
    finest = std::min(finest, unit);
  }
  return finest;
}

std::string JodaPattern::print(int64_t utc_ms, const Zone& zone) const {
  int64_t offset = zone.offset_ms(utc_ms);
  Moment m = moment_of(utc_ms + offset);
  bool before_christ = m.year <= 0;
  int64_t year_of_era = before_christ ? 1 - m.year : m.year;
  std::string out;
  for (const Token& t : tokens_) {
    int n = t.count;
    switch (t.letter) {
      case 0: out += t.text; break;
      case 'G': out += names_->eras[before_christ ? 0 : 1]; break;
      case 'C': out += padded(year_of_era / 100, n); break;
      case 'Y': out += year_text(year_of_era, n); break;
      case 'y': out += year_text(m.year, n); break;
      case 'x': out += year_text(m.week_year, n); break;
      case 'M': {
        auto month = static_cast<size_t>(m.month - 1);
        out += n >= 4 ? names_->months[month] : n == 3 ? names_->short_months[month] : padded(m.month, n);
        break;
      }
      case 'd': out += padded(m.day, n); break;
      case 'D': out += padded(m.day_of_year, n); break;
      case 'e': out += padded(m.day_of_week, n); break;
      case 'E': out += (n >= 4 ? names_->days : names_->short_days)[static_cast<size_t>(m.day_of_week % 7)]; break;
      case 'w': out += padded(m.week, n); break;
      case 'a': out += names_->half_days[m.hour >= 12]; break;
      case 'h': out += padded(m.hour % 12 == 0 ? 12 : m.hour % 12, n); break;
      case 'K': out += padded(m.hour % 12, n); break;
      case 'H': out += padded(m.hour, n); break;
      case 'k': out += padded(m.hour == 0 ? 24 : m.hour, n); break;
      case 'm': out += padded(m.minute, n); break;
      case 's': out += padded(m.second, n); break;
      case 'S': {
        std::string digits = padded(m.millis, 3);
        digits.resize(static_cast<size_t>(n), '0');
        out += digits;
        break;
      }
      case 'z': out += n >= 4 ? names_->zone_name(zone, utc_ms) : names_->zone_short(zone, utc_ms); break;
      case 'Z': out += n >= 3 ? zone.id() : offset_text(offset, n == 2); break;
      default: break;
    }
  }
  return out;
}

}  // namespace bywash::connectors::s3
