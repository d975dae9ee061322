# Every third-party dependency, pinned, with its reason. What comes from Debian 12 is listed in scripts/apt-packages.txt.
include_guard(GLOBAL)
include(fetch_registry)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Apache Arrow C++ (columns, Parquet, S3 reads, datasets): the C++ libraries and headers inside the pyarrow wheel.
fetch_pypi(pyarrow 26.0.1 pyarrow-26.0.1-cp311-cp311-manylinux_2_28_x86_64.whl
           39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c wheel PYARROW_DIR)
set(ARROW_LIB_DIR ${PYARROW_DIR}/pyarrow CACHE INTERNAL "")
function(bywash_arrow_library name)
  add_library(arrow::${name} SHARED IMPORTED GLOBAL)
  set(so lib${name}.so.2600)
  set_target_properties(arrow::${name} PROPERTIES IMPORTED_LOCATION ${ARROW_LIB_DIR}/${so}
    INTERFACE_INCLUDE_DIRECTORIES ${ARROW_LIB_DIR}/include INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${ARROW_LIB_DIR}/include)
endfunction()
foreach(lib arrow parquet arrow_compute arrow_acero arrow_dataset)
  bywash_arrow_library(${lib})
endforeach()
set_target_properties(arrow::parquet PROPERTIES INTERFACE_LINK_LIBRARIES arrow::arrow)
set_target_properties(arrow::arrow_compute PROPERTIES INTERFACE_LINK_LIBRARIES arrow::arrow)
set_target_properties(arrow::arrow_dataset PROPERTIES INTERFACE_LINK_LIBRARIES "arrow::parquet;arrow::arrow_acero;arrow::arrow_compute")

# simdjson (JSON at gigabytes a second): its one source file out of the pysimdjson sdist, built statically and hidden, since
# libparquet exports simdjson symbols of a version of its own.
fetch_pypi(pysimdjson 7.0.2 pysimdjson-7.0.2.tar.gz
           44cf276e48912a3b9c7ca362c14da8420a7ac15a9f1a16ec95becff86db3904a sdist PYSIMDJSON_DIR)
add_library(simdjson STATIC ${PYSIMDJSON_DIR}/pysimdjson-7.0.2/simdjson/simdjson.cpp)
target_include_directories(simdjson SYSTEM PUBLIC ${PYSIMDJSON_DIR}/pysimdjson-7.0.2/simdjson)
target_compile_options(simdjson PRIVATE -O3 -fvisibility=hidden -w)
target_compile_definitions(simdjson PRIVATE NDEBUG)
target_link_options(simdjson INTERFACE -Wl,--exclude-libs,libsimdjson.a)

# Apache DataSketches C++ (sketches that other systems write and read): the headers inside the sdist of its Python binding; later ones bring
# none.
fetch_pypi(datasketches 4.0.1 datasketches-4.0.1.tar.gz
           30831cbca554c58662b6e05701b2c89382c52c8ff3f4f029e8bb7f8d7c044703 sdist DATASKETCHES_DIR)
add_library(datasketches INTERFACE)
foreach(part common cpc fi kll theta tuple)
  target_include_directories(datasketches SYSTEM INTERFACE ${DATASKETCHES_DIR}/datasketches-4.0.1/${part}/include)
endforeach()

# H3 (hexagons of the globe): its C sources inside the sdist of its Python binding, built statically and hidden. Optimised in every preset.
fetch_pypi(h3 4.4.1 h3-4.4.1.tar.gz 6eb4f714af92c772d8499052d74db77009837dd072992cbc6a8f9a513a6115b5 sdist H3_DIR)
set(H3_VERSION_MAJOR 4)
set(H3_VERSION_MINOR 4)
set(H3_VERSION_PATCH 1)
configure_file(${H3_DIR}/h3-4.4.1/src/h3lib/src/h3lib/include/h3api.h.in ${CMAKE_BINARY_DIR}/h3/include/h3api.h)
file(GLOB H3_SOURCES ${H3_DIR}/h3-4.4.1/src/h3lib/src/h3lib/lib/*.c)
add_library(h3 STATIC ${H3_SOURCES})
target_include_directories(h3 SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/h3/include PRIVATE ${H3_DIR}/h3-4.4.1/src/h3lib/src/h3lib/include)
target_compile_options(h3 PRIVATE -O2 -fvisibility=hidden -w)
target_compile_definitions(h3 PRIVATE NDEBUG)
set_target_properties(h3 PROPERTIES UNITY_BUILD OFF C_CLANG_TIDY "")
target_link_options(h3 INTERFACE -Wl,--exclude-libs,libh3.a)

# DuckDB (joins, windows, SQL over files): loaded only by the verbs that need it, so the artefact is only unpacked here.
fetch_npm(@duckdb/node-bindings-linux-x64 1.5.6-r.1 duckdb-node-bindings-linux-x64-1.5.6-r.1.tgz
          1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff DUCKDB_DIR)
set(DUCKDB_LIBRARY ${DUCKDB_DIR}/libduckdb.so CACHE INTERNAL "")

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
# MySQL and MariaDB client.
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET GLOBAL libmariadb)
# SQL Server client; FreeTDS ships no pkg-config file.
find_library(SYBDB_LIBRARY sybdb REQUIRED)
find_path(SYBDB_INCLUDE_DIR sybdb.h REQUIRED)
# Every other database: unixODBC's driver manager.
pkg_check_modules(ODBC REQUIRED IMPORTED_TARGET GLOBAL odbc)
# librdkafka (groups, producers, admin): its C sources as the npm package of its Node binding carries them, built statically and hidden. Debian's
# 2.0.2 cannot log in by SCRAM at brokers of 3.7.2 and later, and has no OIDC. Optimised in every preset.
fetch_npm(node-rdkafka 3.6.1 node-rdkafka-3.6.1.tgz
          148f7e7b65c510314c70762d8f1be052c8fe1fdf03a128e6c78083a729a57a30 NODE_RDKAFKA_DIR)
foreach(choice RDKAFKA_BUILD_STATIC=ON RDKAFKA_BUILD_EXAMPLES=OFF RDKAFKA_BUILD_TESTS=OFF WITH_SSL=ON WITH_SASL=ON WITH_CURL=ON WITH_ZLIB=ON WITH_ZSTD=ON ENABLE_LZ4_EXT=ON)
  string(REPLACE "=" ";" choice ${choice})
  list(GET choice 0 name)
  list(GET choice 1 value)
  set(${name} ${value} CACHE INTERNAL "librdkafka")
endforeach()
add_subdirectory(${NODE_RDKAFKA_DIR}/deps/librdkafka ${CMAKE_BINARY_DIR}/librdkafka EXCLUDE_FROM_ALL)
set_target_properties(rdkafka PROPERTIES UNITY_BUILD OFF C_CLANG_TIDY "")
target_compile_options(rdkafka PRIVATE -O2 -g1 -w)
set_source_files_properties(${NODE_RDKAFKA_DIR}/deps/librdkafka/src/tinycthread_extra.c TARGET_DIRECTORY rdkafka
  PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/librdkafka_waits.h")
# Only its public header is seen from outside: <librdkafka/rdkafka.h>.
file(COPY ${NODE_RDKAFKA_DIR}/deps/librdkafka/src/rdkafka.h DESTINATION ${CMAKE_BINARY_DIR}/librdkafka/include/librdkafka)
add_library(kafka_client INTERFACE)
target_include_directories(kafka_client SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/librdkafka/include)
target_link_libraries(kafka_client INTERFACE $<LINK_ONLY:rdkafka>)
target_link_options(kafka_client INTERFACE -Wl,--exclude-libs,librdkafka.a)
# Debian's roaring ships no pkg-config file.
find_library(ROARING_LIBRARY roaring REQUIRED)
add_library(roaring INTERFACE)
target_link_libraries(roaring INTERFACE ${ROARING_LIBRARY})
# Protocol Buffers: statically and hidden, as simdjson; libarrow brings parts of another version. Only these are hidden: the allocator of a
# sanitizer, also an archive, has to reach every shared library.
find_library(PROTOBUF_STATIC_LIBRARY libprotobuf.a REQUIRED)
add_library(protobuf_static STATIC IMPORTED GLOBAL)
set_target_properties(protobuf_static PROPERTIES IMPORTED_LOCATION ${PROTOBUF_STATIC_LIBRARY}
  INTERFACE_LINK_LIBRARIES Threads::Threads INTERFACE_LINK_OPTIONS -Wl,--exclude-libs,libprotobuf.a)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET GLOBAL libzstd)
