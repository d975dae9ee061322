# bywash_library(FOLDER SOURCES... DEPENDS libs...): one folder under src/ = one static library. DEPENDS is the list of what the folder
# may include: a folder sees only its own headers' root and what it links (the tidy test holds the #includes against the same table).
include_guard(GLOBAL)
function(bywash_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(bywash_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(bywash_${name} PUBLIC bywash_options ${ARG_DEPENDS})
endfunction()

# bywash_test(NAME SOURCES... DEPENDS libs...): a GTest program, registered with ctest under its own name.
function(bywash_test name)
  if(NOT BYWASH_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1500)
endfunction()

# bywash_fuzzer(NAME SOURCES... DEPENDS libs...): a libFuzzer program under the fuzz preset (clang). In a build with tests and
# AddressSanitizer the same code with our own small main (tests/support/fuzz_main.cpp) as a test: its corpus in tests/fuzz/NAME, and mutants.
function(bywash_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(BYWASH_FUZZERS)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers ${name})
  else()
    return()
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
endfunction()
