// Names of zones that the tz database gives as numbers only. Level 6, every thread.
#pragma once

#include <string_view>

namespace bywash::connectors::s3 {

// "SGT" of "Asia/Singapore"; empty where the tz database's own abbreviation is a name.
std::string_view zone_abbreviation(std::string_view zone, bool daylight_saving);

}  // namespace bywash::connectors::s3
