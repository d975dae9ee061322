// One function per transform and predicate: its declaration. src/builtin_plugins.cpp lists them. Level 4.
#pragma once

#include <string_view>

#include "plugin/transform.h"

namespace bywash::transforms {

// The version of Kafka Connect whose transforms these follow.
inline constexpr std::string_view kVersion = "4.3.1";

plugin::TransformPlugin insert_field();
plugin::TransformPlugin regex_router();
plugin::TransformPlugin replace_field();

plugin::PredicatePlugin has_header_key();
plugin::PredicatePlugin record_is_tombstone();
plugin::PredicatePlugin topic_name_matches();

}  // namespace bywash::transforms
