// One function per transform and predicate: its declaration. src/builtin_plugins.cpp lists them. Level 4.
#pragma once

#include <string_view>

#include "plugin/transform.h"

namespace bywash::transforms {

// The version of Kafka Connect whose transforms these follow.
inline constexpr std::string_view kVersion = "4.3.1";

plugin::TransformPlugin drop_headers();
plugin::TransformPlugin extract_field();
plugin::TransformPlugin filter();
plugin::TransformPlugin header_from();
plugin::TransformPlugin hoist_field();
plugin::TransformPlugin insert_field();
plugin::TransformPlugin regex_router();
plugin::TransformPlugin replace_field();
plugin::TransformPlugin value_to_key();

plugin::PredicatePlugin has_header_key();
plugin::PredicatePlugin record_is_tombstone();
plugin::PredicatePlugin topic_name_matches();

}  // namespace bywash::transforms
