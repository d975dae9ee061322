// The plugins of this folder, for src/builtin_plugins.cpp. Level 6.
#pragma once

#include "plugin/sink.h"

namespace bywash::connectors::s3 {

plugin::SinkPlugin s3_sink();

}  // namespace bywash::connectors::s3
