#include "duckdb/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace bywash::duckdb {
namespace {

Result<void*> open_library() {
  std::error_code error;
  std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  std::string tried;
  std::vector<std::string> places = {(here / "libduckdb.so").string(), (here / "../lib/libduckdb.so").string()};
  if (const char* own = std::getenv("BYWASH_DUCKDB_LIBRARY")) places.insert(places.begin(), own);
  for (const std::string& place : places) {
    if (void* library = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    tried += fmt::format("{}'{}'", tried.empty() ? "" : ", ", place);
  }
  return Status::host(fmt::format("Cannot load DuckDB: tried {}. Put libduckdb.so beside the program, or name it in BYWASH_DUCKDB_LIBRARY", tried));
}

// Finds functions by name and remembers one that the library lacks.
class Binder {
 public:
  explicit Binder(void* library) : library_(library) {}
  template <class Function>
  void operator()(Function& function, const char* name) {
    void* symbol = ::dlsym(library_, name);
    if (!symbol) missing_ = name;
    function = reinterpret_cast<Function>(symbol);
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

void bind_database(Binder& bind, Api& api) {
  bind(api.create_config, "duckdb_create_config");
  bind(api.set_config, "duckdb_set_config");
  bind(api.destroy_config, "duckdb_destroy_config");
  bind(api.open, "duckdb_open");
  bind(api.open_ext, "duckdb_open_ext");
  bind(api.close, "duckdb_close");
  bind(api.free, "duckdb_free");
  bind(api.connect, "duckdb_connect");
  bind(api.disconnect, "duckdb_disconnect");
  bind(api.interrupt, "duckdb_interrupt");
  bind(api.prepare, "duckdb_prepare");
  bind(api.prepare_error, "duckdb_prepare_error");
  bind(api.destroy_prepare, "duckdb_destroy_prepare");
  bind(api.query, "duckdb_query");
  bind(api.execute_prepared_streaming, "duckdb_execute_prepared_streaming");
  bind(api.pending_prepared_streaming, "duckdb_pending_prepared_streaming");
  bind(api.pending_execute_task, "duckdb_pending_execute_task");
  bind(api.pending_error, "duckdb_pending_error");
  bind(api.execute_pending, "duckdb_execute_pending");
  bind(api.destroy_pending, "duckdb_destroy_pending");
  bind(api.result_error, "duckdb_result_error");
  bind(api.destroy_result, "duckdb_destroy_result");
  bind(api.column_count, "duckdb_column_count");
  bind(api.column_name, "duckdb_column_name");
  bind(api.column_logical_type, "duckdb_column_logical_type");
  bind(api.fetch_chunk, "duckdb_fetch_chunk");
}

void bind_vectors(Binder& bind, Api& api) {
  bind(api.create_logical_type, "duckdb_create_logical_type");
  bind(api.create_list_type, "duckdb_create_list_type");
  bind(api.destroy_logical_type, "duckdb_destroy_logical_type");
  bind(api.destroy_data_chunk, "duckdb_destroy_data_chunk");
  bind(api.data_chunk_get_column_count, "duckdb_data_chunk_get_column_count");
  bind(api.data_chunk_get_size, "duckdb_data_chunk_get_size");
  bind(api.data_chunk_set_size, "duckdb_data_chunk_set_size");
  bind(api.data_chunk_get_vector, "duckdb_data_chunk_get_vector");
  bind(api.vector_get_data, "duckdb_vector_get_data");
  bind(api.vector_get_validity, "duckdb_vector_get_validity");
  bind(api.vector_ensure_validity_writable, "duckdb_vector_ensure_validity_writable");
  bind(api.vector_assign_string_element_len, "duckdb_vector_assign_string_element_len");
  bind(api.list_vector_get_child, "duckdb_list_vector_get_child");
  bind(api.list_vector_get_size, "duckdb_list_vector_get_size");
  bind(api.list_vector_set_size, "duckdb_list_vector_set_size");
  bind(api.list_vector_reserve, "duckdb_list_vector_reserve");
  bind(api.vector_size, "duckdb_vector_size");
  bind(api.result_get_arrow_options, "duckdb_result_get_arrow_options");
  bind(api.destroy_arrow_options, "duckdb_destroy_arrow_options");
  bind(api.to_arrow_schema, "duckdb_to_arrow_schema");
  bind(api.data_chunk_to_arrow, "duckdb_data_chunk_to_arrow");
  bind(api.error_data_has_error, "duckdb_error_data_has_error");
  bind(api.error_data_message, "duckdb_error_data_message");
  bind(api.destroy_error_data, "duckdb_destroy_error_data");
}

void bind_functions(Binder& bind, Api& api) {
  bind(api.create_scalar_function, "duckdb_create_scalar_function");
  bind(api.destroy_scalar_function, "duckdb_destroy_scalar_function");
  bind(api.scalar_function_set_name, "duckdb_scalar_function_set_name");
  bind(api.scalar_function_add_parameter, "duckdb_scalar_function_add_parameter");
  bind(api.scalar_function_set_return_type, "duckdb_scalar_function_set_return_type");
  bind(api.scalar_function_set_special_handling, "duckdb_scalar_function_set_special_handling");
  bind(api.scalar_function_set_extra_info, "duckdb_scalar_function_set_extra_info");
  bind(api.scalar_function_set_function, "duckdb_scalar_function_set_function");
  bind(api.register_scalar_function, "duckdb_register_scalar_function");
  bind(api.scalar_function_get_extra_info, "duckdb_scalar_function_get_extra_info");
  bind(api.scalar_function_set_error, "duckdb_scalar_function_set_error");
  bind(api.create_table_function, "duckdb_create_table_function");
  bind(api.destroy_table_function, "duckdb_destroy_table_function");
  bind(api.table_function_set_name, "duckdb_table_function_set_name");
  bind(api.table_function_set_extra_info, "duckdb_table_function_set_extra_info");
  bind(api.table_function_set_bind, "duckdb_table_function_set_bind");
  bind(api.table_function_set_init, "duckdb_table_function_set_init");
  bind(api.table_function_set_function, "duckdb_table_function_set_function");
  bind(api.register_table_function, "duckdb_register_table_function");
  bind(api.bind_get_extra_info, "duckdb_bind_get_extra_info");
  bind(api.bind_add_result_column, "duckdb_bind_add_result_column");
  bind(api.bind_set_cardinality, "duckdb_bind_set_cardinality");
  bind(api.init_set_init_data, "duckdb_init_set_init_data");
  bind(api.init_get_extra_info, "duckdb_init_get_extra_info");
  bind(api.init_set_max_threads, "duckdb_init_set_max_threads");
  bind(api.function_get_init_data, "duckdb_function_get_init_data");
  bind(api.function_set_error, "duckdb_function_set_error");
}

}  // namespace

Result<const Api*> load_library() {
  static Api api;
  static Status loaded = [] {
    Result<void*> library = open_library();
    if (!library.ok()) return library.status();
    Binder bind(*library);
    bind_database(bind, api);
    bind_vectors(bind, api);
    bind_functions(bind, api);
    if (bind.missing().empty()) return Status();
    return Status::host(fmt::format("This libduckdb.so is too old: it has no '{}'. Version 1.4 or later is needed", bind.missing()));
  }();
  if (!loaded.ok()) return loaded;
  return &api;
}

}  // namespace bywash::duckdb
