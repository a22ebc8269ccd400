# SPDX-License-Identifier: Apache-2.0
# Compiles these headers once for the whole target. Each compilation then reads
# some 100 MB: a header that takes it above 250 (the schema of .tflite) costs
# more than it saves.
function(liteforge_precompile target)
  # In angle brackets no absolute path gets into what is compiled, so that a
  # compiler cache serves every checkout.
  list(TRANSFORM ARGN REPLACE "^[^<].*" "<\\0>" OUTPUT_VARIABLE headers)
  target_precompile_headers(${target} PRIVATE ${headers})
  # Without it ccache cannot keep what is compiled with such headers.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# The board that runs models is short of memory.
function(liteforge_keep_small target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Os>)
endfunction()

# What is tested is optimised; the tests themselves need not be.
function(liteforge_optimise_little target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# Compiles the sources eight at a time: what they include costs more than they
# do. So names in the anonymous namespaces of one target are distinct; a test has
# a namespace of its own, called like the file.
function(liteforge_join_sources target)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# liteforge_folder(NAME [SMALL] [DEPS a b] [LIBS target...]
#                  [SOURCES generated.cc...] [PCH header...]):
# one folder = one library + one test binary. Every *.cc is a source, every
# *_test.cc a test. DEPS is the folder's row of the dependency graph
# (ARCHITECTURE.md); a folder that is not below it cannot be named. LIBS are
# libraries from outside. PCH are headers that nearly every source of the folder
# includes, and that take most of its compilation: they are compiled once.
# SMALL is for what works once a model, not once a number.
function(liteforge_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SMALL" "" "DEPS;LIBS;SOURCES;PCH")
  foreach(dep IN LISTS arg_DEPS)
    if(NOT TARGET liteforge_${dep})
      message(FATAL_ERROR "${name} may not use ${dep}: it is not below it")
    endif()
  endforeach()
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(REMOVE_ITEM sources ${tests})
  list(TRANSFORM arg_DEPS PREPEND liteforge_)

  add_library(liteforge_${name}_objects OBJECT ${sources} ${arg_SOURCES})
  target_include_directories(liteforge_${name}_objects PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_BINARY_DIR}/src)
  target_link_libraries(liteforge_${name}_objects PUBLIC
    ${arg_DEPS} ${arg_LIBS})
  liteforge_join_sources(liteforge_${name}_objects)
  if(arg_PCH)
    liteforge_precompile(liteforge_${name}_objects ${arg_PCH})
  endif()
  if(arg_SMALL)
    liteforge_keep_small(liteforge_${name}_objects)
  endif()

  add_library(liteforge_${name} STATIC $<TARGET_OBJECTS:liteforge_${name}_objects>)
  target_include_directories(liteforge_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_BINARY_DIR}/src)
  target_link_libraries(liteforge_${name} PUBLIC ${arg_DEPS} ${arg_LIBS})

  if(tests AND BUILD_TESTING)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE
      liteforge_${name} GTest::gmock GTest::gtest_main)
    liteforge_optimise_little(${name}_test)
    liteforge_join_sources(${name}_test)
    liteforge_precompile(${name}_test gmock/gmock.h gtest/gtest.h ${arg_PCH})
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
