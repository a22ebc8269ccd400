// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <string>

#include "vision/module.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "liteforge_vision.so";

// The folder of the executable or shared library that holds this function.
fs::path FolderOfThisCode() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&FolderOfThisCode), &info) == 0) return {};
  std::error_code ignored;
  return fs::weakly_canonical(info.dli_fname, ignored).parent_path();
}

fs::path FolderOfTheExecutable() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

// Beside the program (a build folder), where `cmake --install` puts it
// relative to bin/ (the installation may have been moved), and where it was
// configured to go.
std::array<fs::path, 4> Places() {
  const fs::path program = FolderOfTheExecutable();
  return {program / kFile, FolderOfThisCode() / kFile,
          program / LITEFORGE_BIN_TO_MODULES / kFile,
          fs::path(LITEFORGE_MODULES) / kFile};
}

tl::unexpected<Error> Missing(const std::string& why) {
  return Unsupported("images, video and cameras need the module " +
                     std::string(kFile) + ", " + why +
                     "; install OpenCV, cpp-httplib and libjpeg (Debian: "
                     "libopencv-dev libcpp-httplib-dev libjpeg-dev) and build "
                     "liteforge again");
}

Result<const Vision*> Open() {
  for (const fs::path& place : Places()) {
    std::error_code ignored;
    if (!fs::exists(place, ignored)) continue;
    void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      return Missing(std::string("which cannot be loaded: ") + dlerror());
    const auto entry =
        reinterpret_cast<VisionModuleEntry>(dlsym(library, "liteforge_vision"));
    const Vision* vision =
        entry == nullptr ? nullptr : entry(kVisionModuleVersion);
    if (vision == nullptr)
      return Missing("and " + place.string() + " is of another liteforge");
    return vision;
  }
  return Missing("which is not there");
}

}  // namespace

Result<const Vision*> LoadVision() {
  static const Result<const Vision*> vision = Open();
  return vision;
}

}  // namespace liteforge
