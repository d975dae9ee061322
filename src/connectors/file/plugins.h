// Kafka Connect's own file connectors. src/builtin_plugins.cpp lists them. Level 6.
#pragma once

#include "plugin/sink.h"
#include "plugin/source.h"

namespace bywash::connectors::file {

plugin::SinkPlugin file_stream_sink();
plugin::SourcePlugin file_stream_source();

}  // namespace bywash::connectors::file
