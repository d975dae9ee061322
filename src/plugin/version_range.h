// Versions and ranges of them, as *.plugin.version has them (Maven's VersionRange and ComparableVersion, which Kafka 4.3 uses). Level 3, any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace bywash::plugin {

// Whether the version that is there is the one that is asked for: "4.3.1", "latest", "[4,5)", "[1,2],[4,)". nullopt: it is; else the range
// as messages show it. Error: it is no range, in Maven's words.
Result<std::optional<std::string>> unmet_version(std::string_view asked, std::string_view have);

// "Plugin X not found that matches the version range [9,9], available versions: [4.3.1]"; `copies`: how often the plugin is listed.
std::string version_problem(std::string_view class_name, std::string_view range, std::string_view have, int copies = 1);

}  // namespace bywash::plugin
