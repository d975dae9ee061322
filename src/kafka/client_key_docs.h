// The documentation of the Java clients' keys, as validation of a connector's client overrides shows it. Level 3, any thread.
#pragma once

#include <string_view>

#include "kafka/client_config.h"

namespace bywash::kafka {

// Empty: the client has no such key.
std::string_view java_client_key_doc(ClientKind kind, std::string_view name);

}  // namespace bywash::kafka
