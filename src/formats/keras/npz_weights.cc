// SPDX-License-Identifier: Apache-2.0
//   layers/dense.npy     a dictionary {"0": kernel, "1": bias}, pickled
//   layers/relu.npy      {}
//   __root__.npy         {}
// Source: NpzIOStore in keras/src/saving/saving_lib.py; the .npy header:
// numpy/lib/format.py.
#include "formats/keras/npz_weights.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/try.h"
#include "formats/keras/pickle.h"
#include "formats/keras/zip.h"

namespace liteforge {
namespace {

constexpr std::string_view kSuffix = ".npy";
// Groups are destroyed level by level.
constexpr ptrdiff_t kMaxNesting = 500;
constexpr std::string_view kNpyMagic = "\x93NUMPY";

// What stands behind the header of an array of Python objects.
Result<Blob> ObjectsOf(std::vector<std::byte> bytes) {
  constexpr size_t kVersion = 6, kLength = 8;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              bytes.size());
  if (!text.starts_with(kNpyMagic) || text.size() < kLength + 4)
    return InvalidModel("is no .npy");
  const bool wide = text[kVersion] > 1;
  size_t length = 0;
  std::memcpy(&length, text.data() + kLength, wide ? 4 : 2);
  const size_t data = kLength + (wide ? 4 : 2) + length;
  if (data > text.size()) return InvalidModel("is no .npy");
  if (text.substr(0, data).find("'|O'") == std::string_view::npos)
    return Unsupported("is no dictionary of arrays");
  const Blob all = Blob::Own(std::move(bytes));
  return Blob::View(all.bytes().subspan(data),
                    std::make_shared<const Blob>(all));
}

H5Group& GroupAt(H5Group& root, std::string_view path) {
  H5Group* group = &root;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    group = &group->groups[std::string(path.substr(0, slash))];
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return *group;
}

Result<void> Take(const ZipReader& zip, const std::string& member,
                  H5Group& root) {
  std::vector<std::byte> bytes;
  TRY_ASSIGN(const size_t limit, zip.FairSize(member));
  TRY(zip.Read(member, limit,
               [&](std::span<const std::byte> piece) -> Result<void> {
                 bytes.insert(bytes.end(), piece.begin(), piece.end());
                 return {};
               }));
  TRY_ASSIGN(const Blob objects, ObjectsOf(std::move(bytes)));
  TRY_ASSIGN(auto arrays, ReadPickledArrays(objects));
  const std::string path(member, 0, member.size() - kSuffix.size());
  if (std::ranges::count(path, '/') > kMaxNesting)
    return InvalidModel("stands deeper than layers do");
  if (!arrays.empty())
    GroupAt(root, path + "/vars").datasets = std::move(arrays);
  return {};
}

}  // namespace

Result<H5Group> ReadNpzWeights(const std::filesystem::path& path) {
  TRY_ASSIGN(const ZipReader zip, ZipReader::Open(path));
  H5Group root;
  for (const std::string& member : zip.Members()) {
    if (!member.ends_with(kSuffix)) continue;
    TRY_IN("member '" + member + "'", Take(zip, member, root));
  }
  return root;
}

}  // namespace liteforge
