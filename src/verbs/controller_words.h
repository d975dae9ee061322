// What Pinot's controller answers, for whoever reads the command line. Above all layers.
#pragma once

#include <string>

namespace bywash::verbs {

// The "status" or "error" of its JSON, else the HTTP status.
std::string controller_words(int status, const std::string& body);

}  // namespace bywash::verbs
