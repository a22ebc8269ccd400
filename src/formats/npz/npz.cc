// SPDX-License-Identifier: Apache-2.0
#include "formats/npz/npz.h"

#include <zip.h>

#include <memory>
#include <span>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr uint64_t kMostExpansion = 100;
constexpr uint64_t kAlwaysAllowed = 16 << 20;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

Result<NpyArray> ReadMember(zip_t* archive, zip_uint64_t index,
                            uint64_t archive_bytes) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive, index, 0, &stat) != 0 ||
      (stat.valid & ZIP_STAT_SIZE) == 0)
    return InvalidModel("cannot be read: " +
                        std::string(zip_strerror(archive)));
  if (stat.size > kAlwaysAllowed && stat.size / kMostExpansion > archive_bytes)
    return InvalidModel("claims " + std::to_string(stat.size) +
                        " bytes, far more than the archive could hold");
  const std::unique_ptr<zip_file_t, CloseMember> member(
      zip_fopen_index(archive, index, 0));
  if (member == nullptr)
    return InvalidModel("cannot be read: " +
                        std::string(zip_strerror(archive)));
  std::vector<std::byte> bytes(stat.size);
  const zip_int64_t read = zip_fread(member.get(), bytes.data(), bytes.size());
  if (read < 0 || static_cast<uint64_t>(read) != stat.size)
    return InvalidModel("is damaged");
  return ParseNpy(bytes);
}

}  // namespace

Result<std::vector<std::pair<std::string, NpyArray>>> ReadNpz(
    const std::filesystem::path& path) {
  const auto failed = [&](ErrorCode code, std::string message) {
    return tl::unexpected(Error{code, std::move(message), path.string()});
  };
  std::error_code no_size;
  const auto size = std::filesystem::file_size(path, no_size);
  if (no_size) return failed(ErrorCode::kIo, no_size.message());
  int why = 0;
  const Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &why));
  if (archive == nullptr)
    return failed(ErrorCode::kInvalidModel,
                  "is no .npz file, which is a zip archive of arrays");
  std::vector<std::pair<std::string, NpyArray>> arrays;
  const zip_int64_t members = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < members; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* name = zip_get_name(archive.get(), index, 0);
    std::string key = name == nullptr ? "" : name;
    auto array = ReadMember(archive.get(), index, size);
    if (!array)
      return tl::unexpected(
          std::move(array.error()).In("'" + key + "'").In(path.string()));
    if (key.ends_with(".npy")) key.resize(key.size() - 4);
    arrays.emplace_back(std::move(key), *std::move(array));
  }
  return arrays;
}

}  // namespace liteforge
