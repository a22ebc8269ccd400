// SPDX-License-Identifier: Apache-2.0
// For targets whose readers take paths: a directory in memory.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

namespace liteforge_fuzz {

// One a process, emptied of nothing: files are overwritten.
inline const std::filesystem::path& ScratchDirectory() {
  static const std::filesystem::path directory = [] {
    const bool in_memory = std::filesystem::exists("/dev/shm");
    std::filesystem::path path =
        (in_memory ? std::filesystem::path("/dev/shm")
                   : std::filesystem::temp_directory_path()) /
        ("liteforge_fuzz_" + std::to_string(getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return directory;
}

inline std::filesystem::path WriteScratch(const std::string& name,
                                          std::span<const uint8_t> bytes) {
  const std::filesystem::path path = ScratchDirectory() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace liteforge_fuzz
