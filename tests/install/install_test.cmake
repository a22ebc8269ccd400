# SPDX-License-Identifier: Apache-2.0
# Installs into a fresh prefix and builds consumer/ against it, once through
# find_package and once through pkg-config, in C and C++, and runs what was
# built. Called by ctest with
#   -DBUILD= -DSOURCE= -DWORK= -DCC= -DCXX= -DGENERATOR= -DFLAGS= (of a
#   sanitizer)
cmake_minimum_required(VERSION 3.24)
separate_arguments(FLAGS)

function(run)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "EXPECT" "COMMAND")
  execute_process(COMMAND ${arg_COMMAND} RESULT_VARIABLE status
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${arg_COMMAND}\nanswered ${status}:\n${output}")
  endif()
  if(arg_EXPECT AND NOT output MATCHES "${arg_EXPECT}")
    message(FATAL_ERROR "${arg_COMMAND}\nprinted:\n${output}\n"
                        "where '${arg_EXPECT}' was expected")
  endif()
endfunction()

# The three programs in `folder` convert the example and run the result.
function(try_programs folder)
  set(model ${folder}/digits.tflite)
  run(COMMAND ${folder}/convert_and_run ${SOURCE}/examples/digits/digits.h5
      ${model} EXPECT "TFLite model: 10 scores")
  run(COMMAND ${folder}/run ${model} EXPECT "C\\+\\+: 10 scores")
  run(COMMAND ${folder}/run_c ${model} EXPECT "C: 10 scores")
endfunction()

set(consumer ${SOURCE}/tests/install/consumer)
set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
run(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(COMMAND ${prefix}/bin/liteforge --version EXPECT "liteforge [0-9.]+")

# find_package
string(REPLACE ";" " " joined_flags "${FLAGS}")
run(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${consumer} -B ${WORK}/cmake
    -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_C_FLAGS=${joined_flags} -DCMAKE_CXX_FLAGS=${joined_flags})
run(COMMAND ${CMAKE_COMMAND} --build ${WORK}/cmake)
try_programs(${WORK}/cmake)

# pkg-config
file(GLOB_RECURSE pc_file ${prefix}/*/liteforge.pc)
cmake_path(GET pc_file PARENT_PATH pc_folder)
cmake_path(GET pc_folder PARENT_PATH library_folder)
set(ENV{PKG_CONFIG_PATH} ${pc_folder})
set(ENV{LD_LIBRARY_PATH} ${library_folder})
file(MAKE_DIRECTORY ${WORK}/pkg-config)
foreach(row "convert_and_run.cc|liteforge|convert_and_run|${CXX}"
            "run.cc|liteforge_runtime|run|${CXX}"
            "run.c|liteforge_c|run_c|${CC}")
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 file)
  list(GET row 1 package)
  list(GET row 2 program)
  list(GET row 3 compiler)
  execute_process(COMMAND pkg-config --cflags --libs ${package}
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(COMMAND ${compiler} ${FLAGS} ${consumer}/${file}
      -o ${WORK}/pkg-config/${program} ${flags})
endforeach()
try_programs(${WORK}/pkg-config)
