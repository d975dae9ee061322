// The part of DuckDB's C API that is called, bound by name at run time (DuckDB 1.4 and later; signatures as in its duckdb.h). The library
// (70 MB) is loaded at the first use, from beside the program. Level 3, any thread.
#pragma once

#include <cstdint>

#include "base/status.h"

struct ArrowArray;
struct ArrowSchema;

namespace bywash::duckdb {

using Handle = void*;
using Destroy = void (*)(void*);

// duckdb_result: only its address and `internal` matter here.
struct DuckResult {
  uint64_t columns, rows, changed;
  void* column_array;
  char* error;
  void* internal;
};

// duckdb_type.
enum TypeId : int { kTypeBoolean = 1, kTypeInteger = 4, kTypeBigint = 5, kTypeFloat = 10, kTypeDouble = 11, kTypeVarchar = 17, kTypeBlob = 18 };

// duckdb_pending_state.
enum PendingState : int { kResultReady = 0, kResultNotReady = 1, kPendingError = 2, kNoTasksAvailable = 3 };

struct ListEntry {
  uint64_t offset, length;
};

struct Api {
  // Database, statements, results.
  int (*create_config)(Handle*);
  int (*set_config)(Handle, const char*, const char*);
  void (*destroy_config)(Handle*);
  int (*open)(const char*, Handle*);
  int (*open_ext)(const char*, Handle*, Handle config, char** error);
  void (*close)(Handle*);
  void (*free)(void*);
  int (*connect)(Handle, Handle*);
  void (*disconnect)(Handle*);
  void (*interrupt)(Handle connection);
  int (*prepare)(Handle, const char*, Handle*);
  const char* (*prepare_error)(Handle);
  void (*destroy_prepare)(Handle*);
  int (*query)(Handle, const char*, DuckResult*);
  int (*execute_prepared_streaming)(Handle, DuckResult*);
  int (*pending_prepared_streaming)(Handle, Handle*);
  int (*pending_execute_task)(Handle);
  const char* (*pending_error)(Handle);
  int (*execute_pending)(Handle, DuckResult*);
  void (*destroy_pending)(Handle*);
  const char* (*result_error)(DuckResult*);
  void (*destroy_result)(DuckResult*);
  uint64_t (*column_count)(DuckResult*);
  const char* (*column_name)(DuckResult*, uint64_t);
  Handle (*column_logical_type)(DuckResult*, uint64_t);
  Handle (*fetch_chunk)(DuckResult);
  // Types, chunks, vectors.
  Handle (*create_logical_type)(int);
  Handle (*create_list_type)(Handle);
  void (*destroy_logical_type)(Handle*);
  void (*destroy_data_chunk)(Handle*);
  uint64_t (*data_chunk_get_column_count)(Handle);
  uint64_t (*data_chunk_get_size)(Handle);
  void (*data_chunk_set_size)(Handle, uint64_t);
  Handle (*data_chunk_get_vector)(Handle, uint64_t);
  void* (*vector_get_data)(Handle);
  uint64_t* (*vector_get_validity)(Handle);
  void (*vector_ensure_validity_writable)(Handle);
  void (*vector_assign_string_element_len)(Handle, uint64_t, const char*, uint64_t);
  Handle (*list_vector_get_child)(Handle);
  uint64_t (*list_vector_get_size)(Handle);
  int (*list_vector_set_size)(Handle, uint64_t);
  int (*list_vector_reserve)(Handle, uint64_t);
  uint64_t (*vector_size)();
  // Arrow.
  Handle (*result_get_arrow_options)(DuckResult*);
  void (*destroy_arrow_options)(Handle*);
  Handle (*to_arrow_schema)(Handle, Handle*, const char**, uint64_t, ArrowSchema*);
  Handle (*data_chunk_to_arrow)(Handle, Handle, ArrowArray*);
  bool (*error_data_has_error)(Handle);
  const char* (*error_data_message)(Handle);
  void (*destroy_error_data)(Handle*);
  // Functions written here.
  Handle (*create_scalar_function)();
  void (*destroy_scalar_function)(Handle*);
  void (*scalar_function_set_name)(Handle, const char*);
  void (*scalar_function_add_parameter)(Handle, Handle type);
  void (*scalar_function_set_return_type)(Handle, Handle type);
  void (*scalar_function_set_special_handling)(Handle);
  void (*scalar_function_set_extra_info)(Handle, void*, Destroy);
  void (*scalar_function_set_function)(Handle, void (*)(Handle call, Handle chunk, Handle output));
  int (*register_scalar_function)(Handle connection, Handle);
  void* (*scalar_function_get_extra_info)(Handle call);
  void (*scalar_function_set_error)(Handle call, const char*);
  Handle (*create_table_function)();
  void (*destroy_table_function)(Handle*);
  void (*table_function_set_name)(Handle, const char*);
  void (*table_function_set_extra_info)(Handle, void*, Destroy);
  void (*table_function_set_bind)(Handle, void (*)(Handle bind));
  void (*table_function_set_init)(Handle, void (*)(Handle init));
  void (*table_function_set_function)(Handle, void (*)(Handle call, Handle chunk));
  int (*register_table_function)(Handle connection, Handle);
  void* (*bind_get_extra_info)(Handle bind);
  void (*bind_add_result_column)(Handle bind, const char*, Handle type);
  void (*bind_set_cardinality)(Handle bind, uint64_t, bool exact);
  void (*init_set_init_data)(Handle init, void*, Destroy);
  void* (*init_get_extra_info)(Handle init);
  void (*init_set_max_threads)(Handle init, uint64_t);
  void* (*function_get_init_data)(Handle call);
  void (*function_set_error)(Handle call, const char*);
};

// Loads the library once per process. kFatal: it is not there, or too old; the message says where it was looked for.
Result<const Api*> load_library();

}  // namespace bywash::duckdb
