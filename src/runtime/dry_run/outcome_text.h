// Outcomes of a dry run for a terminal. Level 7.
#pragma once

#include <string>

#include "runtime/dry_run/dry_run.h"

namespace bywash::runtime {

// Several lines, ended by a newline: what became of the record, and where it went on, schema and value of each part.
std::string to_text(const std::string& id, const DryRunOutcome& outcome);

}  // namespace bywash::runtime
