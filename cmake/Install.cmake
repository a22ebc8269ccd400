# SPDX-License-Identifier: Apache-2.0
# The installed libraries, for CMake (find_package) and pkg-config:
#
#   liteforge::runtime    runs .tflite files; needs FlatBuffers, fmt and Highway
#   liteforge::c          the same for C: one shared library, c_api.h
#   liteforge::liteforge  converts as well; needs HDF5, libzip, protobuf and
#                         Snappy too
#
# and liteforge_vision.so, which they open where images are read
# (vision/opencv).
include(CMakePackageConfigHelpers)

set(runtime_folders base vision formats_tflite ops kernels_micro kernels runtime detection)
set(converter_folders formats_keras formats_tensorflow function import_keras
    formats_npz data report import_saved_model import_detection import_tflite ir
    lower passes quantize emit convert)

function(liteforge_library name kind export)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "OUTPUT_NAME;EXPORT_NAME" "FOLDERS")
  set(objects)
  foreach(folder IN LISTS arg_FOLDERS)
    list(APPEND objects $<TARGET_OBJECTS:liteforge_${folder}_objects>)
  endforeach()
  add_library(${name} ${kind} ${objects})
  set_target_properties(${name} PROPERTIES
    OUTPUT_NAME ${arg_OUTPUT_NAME} EXPORT_NAME ${arg_EXPORT_NAME})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT ${export} ARCHIVE LIBRARY)
endfunction()

liteforge_library(liteforge_runtime_only STATIC liteforge_runtime
  FOLDERS ${runtime_folders}
  OUTPUT_NAME liteforge_runtime EXPORT_NAME runtime)
target_compile_features(liteforge_runtime_only PUBLIC cxx_std_20)
target_link_libraries(liteforge_runtime_only PUBLIC
  flatbuffers fmt::fmt hwy Threads::Threads ${CMAKE_DL_LIBS})

liteforge_library(liteforge_c SHARED liteforge_runtime
  FOLDERS ${runtime_folders} OUTPUT_NAME liteforge_c EXPORT_NAME c)
set_target_properties(liteforge_c PROPERTIES VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_link_libraries(liteforge_c PRIVATE
  flatbuffers fmt::fmt hwy Threads::Threads ${CMAKE_DL_LIBS})

liteforge_library(liteforge STATIC liteforge
  FOLDERS ${converter_folders} OUTPUT_NAME liteforge EXPORT_NAME liteforge)
target_link_libraries(liteforge PUBLIC
  liteforge_runtime_only PkgConfig::HDF5 PkgConfig::LIBZIP ZLIB::ZLIB
  protobuf::libprotobuf snappy)

install(DIRECTORY include/liteforge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/liteforge)
foreach(export liteforge_runtime liteforge)
  install(EXPORT ${export} NAMESPACE liteforge:: DESTINATION ${package_dir}
          FILE ${export}Targets.cmake)
endforeach()
configure_package_config_file(cmake/liteforgeConfig.cmake.in
  liteforgeConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(liteforgeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/liteforgeConfig.cmake
              ${PROJECT_BINARY_DIR}/liteforgeConfigVersion.cmake
        DESTINATION ${package_dir})

# The .pc files find the prefix from where they lie, so that an installation
# may be moved, and may go elsewhere than configured (cmake --install --prefix).
file(RELATIVE_PATH pc_to_prefix
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(pc liteforge liteforge_c liteforge_runtime)
  configure_file(cmake/${pc}.pc.in ${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
