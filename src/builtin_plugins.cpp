// The one list of plugins: to add one, write its declaration and name it here. Called once at start.
#include "builtin_plugins.h"

#include "analytics/plan/record_functions.h"
#include "connectors/file/plugins.h"
#include "connectors/jdbc/plugins.h"
#include "connectors/postgres_cdc/plugins.h"
#include "connectors/s3/plugins.h"
#include "expressions/function_source.h"
#include "formats/json_schema/json_schema_converter.h"
#include "formats/plugins.h"
#include "formats/schema_registry/mock_catalog.h"
#include "formats/protobuf/protobuf_converter.h"
#include "transforms/plugins.h"

namespace bywash {

void register_builtin_plugins(plugin::Registry& registry) {
  registry.add(jdbc::jdbc_sink());
  registry.add(jdbc::jdbc_source());
  registry.add(postgres_cdc::postgres_change_source());
  registry.add(connectors::s3::s3_sink());
  registry.add(connectors::s3::s3_source());
  registry.add(connectors::file::file_stream_sink());
  registry.add(connectors::file::file_stream_source());

  // Before the transforms: their queries are checked against all functions.
  expressions::set_function_source(&analytics::record_functions());
  registry.add(formats::json_converter());
  registry.add(formats::string_converter());
  registry.add(formats::byte_array_converter());
  registry.add(formats::avro_converter());
  for (auto& converter : formats::number_converters()) registry.add(std::move(converter));
  registry.add(formats::json_schema_converter());
  registry.add(formats::protobuf_converter());
  registry.add(formats::simple_header_converter());
  registry.add(formats::json_header_converter());
  registry.add(formats::string_header_converter());
  registry.add(formats::byte_array_header_converter());
  for (auto& converter : formats::number_header_converters()) registry.add(std::move(converter));
  plugin::SchemaCatalog::set_process(formats::schema_registry::mock_catalog());

  registry.add(transforms::cast());
  registry.add(transforms::drop_headers());
  registry.add(transforms::extract_field());
  registry.add(transforms::filter());
  registry.add(transforms::flatten());
  registry.add(transforms::header_from());
  registry.add(transforms::hoist_field());
  registry.add(transforms::insert_field());
  registry.add(transforms::insert_header());
  registry.add(transforms::mask_field());
  registry.add(transforms::regex_router());
  registry.add(transforms::replace_field());
  registry.add(transforms::set_schema_metadata());
  registry.add(transforms::timestamp_converter());
  registry.add(transforms::timestamp_router());
  registry.add(transforms::value_to_key());

  registry.add(transforms::by_logical_table_router());
  registry.add(transforms::condition_filter());
  registry.add(transforms::content_based_router());
  registry.add(transforms::header_to_value());
  registry.add(transforms::outbox_event_router());
  registry.add(transforms::extract_new_record_state());
  registry.add(transforms::timezone_converter());

  registry.add(transforms::sql());

  registry.add(transforms::drop());
  registry.add(transforms::extract_topic());
  registry.add(transforms::filter_by_path());
  registry.add(transforms::message_timestamp_router());
  registry.add(transforms::tombstone_handler());
  registry.add(transforms::topic_regex_router());

  registry.add(transforms::has_header_key());
  registry.add(transforms::record_is_tombstone());
  registry.add(transforms::topic_name_matches());
}

}  // namespace bywash
