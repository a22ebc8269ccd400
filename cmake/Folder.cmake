# SPDX-License-Identifier: Apache-2.0
# liteforge_folder(NAME [DEPS a b] [LIBS target...] [SOURCES generated.cc...]
#                  [PCH header...]):
# one folder = one library + one test binary. Every *.cc is a source, every
# *_test.cc a test. DEPS is the folder's row of the dependency graph
# (ARCHITECTURE.md); a folder that is not below it cannot be named. LIBS are
# libraries from outside. PCH are headers that nearly every source of the folder
# includes, and that take most of its compilation: they are compiled once.
function(liteforge_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LIBS;SOURCES;PCH")
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
  # In angle brackets no absolute path gets into what is compiled, so that a
  # compiler cache serves every checkout.
  list(TRANSFORM arg_PCH REPLACE "(.+)" "<\\1>")
  if(arg_PCH)
    target_precompile_headers(liteforge_${name}_objects PRIVATE ${arg_PCH})
    # Without it ccache cannot keep what is compiled with such headers.
    target_compile_options(liteforge_${name}_objects PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
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
    # What is tested is optimised; the tests themselves need not be.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    if(arg_PCH)
      target_precompile_headers(${name}_test PRIVATE
        <gmock/gmock.h> <gtest/gtest.h> ${arg_PCH})
      target_compile_options(${name}_test PRIVATE
        $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
