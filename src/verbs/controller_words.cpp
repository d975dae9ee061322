// See controller_words.h.
#include "verbs/controller_words.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace bywash::verbs {

std::string controller_words(int status, const std::string& body) {
  const nlohmann::json parsed = nlohmann::json::parse(body, nullptr, false);
  for (const char* member : {"status", "error"}) {
    if (parsed.is_object() && parsed.contains(member) && parsed[member].is_string()) return parsed[member].get<std::string>();
  }
  return fmt::format("HTTP {}", status);
}

}  // namespace bywash::verbs
