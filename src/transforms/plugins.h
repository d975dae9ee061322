// One function per transform and predicate: its declaration. Level 4.
#pragma once

#include <string_view>

#include "plugin/transform.h"

namespace bywash::transforms {

// The version of Kafka Connect whose transforms these follow.
inline constexpr std::string_view kVersion = "4.3.1";

plugin::TransformPlugin by_logical_table_router();
plugin::TransformPlugin cast();
plugin::TransformPlugin condition_filter();
plugin::TransformPlugin content_based_router();
plugin::TransformPlugin drop();
plugin::TransformPlugin drop_headers();
plugin::TransformPlugin extract_field();
plugin::TransformPlugin extract_new_record_state();
plugin::TransformPlugin extract_topic();
plugin::TransformPlugin filter();
plugin::TransformPlugin filter_by_path();
plugin::TransformPlugin flatten();
plugin::TransformPlugin gzip_decompress();
plugin::TransformPlugin header_from();
plugin::TransformPlugin header_to_value();
plugin::TransformPlugin hoist_field();
plugin::TransformPlugin insert_field();
plugin::TransformPlugin insert_header();
plugin::TransformPlugin mask_field();
plugin::TransformPlugin message_timestamp_router();
plugin::TransformPlugin outbox_event_router();
plugin::TransformPlugin regex_router();
plugin::TransformPlugin replace_field();
plugin::TransformPlugin set_schema_metadata();
plugin::TransformPlugin sql();
plugin::TransformPlugin timestamp_converter();
plugin::TransformPlugin timestamp_router();
plugin::TransformPlugin timezone_converter();
plugin::TransformPlugin tombstone_handler();
plugin::TransformPlugin topic_regex_router();
plugin::TransformPlugin value_to_key();

plugin::PredicatePlugin has_header_key();
plugin::PredicatePlugin record_is_tombstone();
plugin::PredicatePlugin topic_name_matches();

// All of them: what is not here is in no program.
template <class F>
void for_each_transform(F&& f) {
  for (auto make : {cast, drop_headers, extract_field, filter, flatten, header_from, hoist_field, insert_field, insert_header, mask_field, regex_router, replace_field,
                    set_schema_metadata, timestamp_converter, timestamp_router, value_to_key,
                    by_logical_table_router, condition_filter, extract_new_record_state, timezone_converter, content_based_router, header_to_value, outbox_event_router,
                    drop, extract_topic, filter_by_path, gzip_decompress, message_timestamp_router, tombstone_handler, topic_regex_router, sql}) f(make());
}
template <class F>
void for_each_predicate(F&& f) {
  for (auto make : {has_header_key, record_is_tombstone, topic_name_matches}) f(make());
}

}  // namespace bywash::transforms
