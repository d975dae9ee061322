// One function per transform and predicate: its declaration. src/builtin_plugins.cpp lists them. Level 4.
#pragma once

#include <string_view>

#include "plugin/transform.h"

namespace bywash::transforms {

// The version of Kafka Connect whose transforms these follow.
inline constexpr std::string_view kVersion = "4.3.1";

plugin::TransformPlugin cast();
plugin::TransformPlugin drop_headers();
plugin::TransformPlugin extract_field();
plugin::TransformPlugin filter();
plugin::TransformPlugin flatten();
plugin::TransformPlugin header_from();
plugin::TransformPlugin hoist_field();
plugin::TransformPlugin insert_field();
plugin::TransformPlugin insert_header();
plugin::TransformPlugin mask_field();
plugin::TransformPlugin regex_router();
plugin::TransformPlugin replace_field();
plugin::TransformPlugin set_schema_metadata();
plugin::TransformPlugin timestamp_converter();
plugin::TransformPlugin timestamp_router();
plugin::TransformPlugin value_to_key();

plugin::PredicatePlugin has_header_key();
plugin::PredicatePlugin record_is_tombstone();
plugin::PredicatePlugin topic_name_matches();

// All of them.
template <class F>
void for_each_transform(F&& f) {
  for (auto make : {cast, drop_headers, extract_field, filter, flatten, header_from, hoist_field, insert_field, insert_header, mask_field, regex_router, replace_field,
                    set_schema_metadata, timestamp_converter, timestamp_router, value_to_key}) f(make());
}
template <class F>
void for_each_predicate(F&& f) {
  for (auto make : {has_header_key, record_is_tombstone, topic_name_matches}) f(make());
}

}  // namespace bywash::transforms
