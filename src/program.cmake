# The program: main, the verbs and the one list of plugins over all libraries. Left at the build folder's root with the shared
# objects that it needs beside it.
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.h.in ${CMAKE_BINARY_DIR}/generated/version.h @ONLY)
add_executable(bywash main.cpp builtin_plugins.cpp verbs/analytics.cpp verbs/analytics_hand_over.cpp verbs/analytics_import.cpp verbs/compact.cpp verbs/completion.cpp verbs/connect.cpp verbs/controller_words.cpp verbs/distributed.cpp verbs/dlq.cpp verbs/docs.cpp verbs/process.cpp verbs/process_life.cpp verbs/standalone.cpp verbs/try.cpp verbs/wait_note.cpp)
target_include_directories(bywash PRIVATE ${CMAKE_BINARY_DIR}/generated)
target_link_libraries(bywash PRIVATE bywash_rest_connect bywash_rest_pinot bywash_distributed bywash_runtime bywash_dry_run bywash_processing bywash_jdbc bywash_postgres_cdc bywash_s3 bywash_file bywash_avro bywash_json_schema bywash_protobuf bywash_formats bywash_schema_registry bywash_transforms bywash_analytics_plan bywash_expressions
                                     arrow::arrow_compute)
set_target_properties(bywash PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} BUILD_RPATH "$ORIGIN/../lib;$ORIGIN/lib" INSTALL_RPATH "$ORIGIN/../lib")
add_custom_command(TARGET bywash POST_BUILD COMMAND ${CMAKE_COMMAND} -E create_symlink ${DUCKDB_LIBRARY} ${CMAKE_BINARY_DIR}/libduckdb.so)
# The instrumented presets are for the unit tests: the program is built there only when it is asked for.
if(BYWASH_SANITIZE)
  set_target_properties(bywash PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
