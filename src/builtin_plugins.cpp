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
#include "net/vault_secrets.h"
#include "transforms/plugins.h"

namespace bywash {

void register_builtin_plugins(plugin::Registry& registry) {
  for (const char* vault : net::kVaultProviderClasses) config::add_config_provider(vault, net::make_vault_secrets);
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

  transforms::for_each_transform([&](plugin::TransformPlugin transform) { registry.add(std::move(transform)); });
  transforms::for_each_predicate([&](plugin::PredicatePlugin predicate) { registry.add(std::move(predicate)); });
}

}  // namespace bywash
