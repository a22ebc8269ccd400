// SPDX-License-Identifier: Apache-2.0
#include "liteforge/image.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/try.h"
#include "vision/module.h"

namespace liteforge {
namespace {

constexpr const char* kEndings[] = {".jpg",  ".jpeg", ".png", ".bmp", ".webp",
                                    ".tiff", ".tif",  ".ppm", ".pgm"};

}  // namespace

bool IsImageFile(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return std::ranges::find(kEndings, ending) != std::end(kEndings);
}

Result<Image> ReadImage(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  TRY_ASSIGN(const Vision* vision, LoadVision());
  auto image = vision->Decode(file.bytes());
  if (image) return image;
  return tl::unexpected(std::move(image.error()).In(path.string()));
}

Result<void> WriteImage(const std::filesystem::path& path, const Image& image) {
  TRY_ASSIGN(const Vision* vision, LoadVision());
  auto bytes = vision->Encode(image, path.extension().string());
  TRY_IN(path.string(), bytes);
  return WriteFileAtomically(path, *bytes);
}

}  // namespace liteforge
