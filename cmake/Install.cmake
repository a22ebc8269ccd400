# SPDX-License-Identifier: Apache-2.0
# The two installed libraries: liteforge::runtime, which runs .tflite files and
# needs nothing but FlatBuffers and fmt, and liteforge::liteforge, which
# converts as well. For CMake (find_package) and pkg-config.
include(CMakePackageConfigHelpers)

function(liteforge_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;LIBS")
  set(objects)
  foreach(folder IN LISTS arg_FOLDERS)
    if(TARGET liteforge_${folder}_objects)
      list(APPEND objects $<TARGET_OBJECTS:liteforge_${folder}_objects>)
    endif()
  endforeach()
  add_library(${name} STATIC ${objects})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${arg_LIBS})
  install(TARGETS ${name} EXPORT liteforge ARCHIVE)
endfunction()

liteforge_library(liteforge_runtime_only
  FOLDERS base formats_tflite ops kernels runtime
  LIBS flatbuffers fmt::fmt Threads::Threads)
set_target_properties(liteforge_runtime_only PROPERTIES
  OUTPUT_NAME liteforge_runtime EXPORT_NAME runtime)

liteforge_library(liteforge
  FOLDERS formats_keras formats_tensorflow function import_keras ir lower
          passes emit convert
  LIBS liteforge_runtime_only PkgConfig::HDF5 protobuf::libprotobuf)

install(DIRECTORY include/liteforge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/liteforge)
install(EXPORT liteforge NAMESPACE liteforge:: DESTINATION ${package_dir}
        FILE liteforgeTargets.cmake)
configure_package_config_file(cmake/liteforgeConfig.cmake.in
  liteforgeConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(liteforgeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/liteforgeConfig.cmake
              ${PROJECT_BINARY_DIR}/liteforgeConfigVersion.cmake
        DESTINATION ${package_dir})
foreach(pc liteforge liteforge_runtime)
  configure_file(cmake/${pc}.pc.in ${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
