// Temporary files that are gone with their last holder, however the process ends. Level 0; any thread.
#pragma once

#include <string>

namespace bywash {

// Opens an empty file without a name in `folder`, to read and write; on file systems that know none, one whose name, `name` and six letters,
// goes at once. -1: errno says why.
int open_unnamed_file(const std::string& folder, const std::string& name);

}  // namespace bywash
