// Paths to fields (org.apache.kafka.connect.transforms.field.SingleFieldPath, KIP-821): V1 is one name, V2 has dots and backticks. Level 4.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transforms/record_side.h"

namespace bywash::transforms {

// Steps of a path in the dotted syntax. Error: a backtick without its pair, in the original's words.
Result<std::vector<std::string>> dotted_steps(std::string_view path);
// V1: the text itself is the only step.
Result<std::vector<std::string>> steps_of(std::string_view path, std::string_view version);

}  // namespace bywash::transforms
