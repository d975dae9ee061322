// The plugins of this folder, for src/builtin_plugins.cpp. Level 6.
#pragma once

#include "plugin/sink.h"
#include "plugin/source.h"

namespace bywash::connectors::s3 {

plugin::SinkPlugin s3_sink();
plugin::SourcePlugin s3_source();

}  // namespace bywash::connectors::s3
