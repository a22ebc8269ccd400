// SPDX-License-Identifier: Apache-2.0
// Layout: PKWARE's APPNOTE.TXT; libzip reads it.
#include "formats/keras/zip.h"

#include <zip.h>

#include <array>

#include "base/try.h"
#include "formats/keras/keras_file.h"

namespace liteforge {
namespace {

// Deflate reaches 1,032 to 1; weights rarely 2 to 1, all-zero ones included
// in a file with others seldom more than this.
constexpr size_t kFairRatio = 100;
constexpr size_t kFairBytes = size_t{16} << 20;

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Member = std::unique_ptr<zip_file_t, CloseFile>;

tl::unexpected<Error> Damaged(const std::string& member,
                              const std::string& why) {
  return InvalidModel("member '" + member + "' is damaged: " + why +
                      "; copy or download the archive again");
}

}  // namespace

bool LooksLikeZip(std::span<const std::byte> bytes) {
  constexpr std::array<std::byte, 4> kStart = {std::byte{'P'}, std::byte{'K'},
                                               std::byte{3}, std::byte{4}};
  return bytes.size() >= kStart.size() &&
         std::equal(kStart.begin(), kStart.end(), bytes.begin());
}

Result<ZipReader> ZipReader::Open(const std::filesystem::path& path) {
  int code = 0;
  zip* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive != nullptr)
    return ZipReader(std::shared_ptr<zip>(archive, zip_discard));
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  return InvalidModel("is no complete zip archive: " + why +
                      "; copy or download it again");
}

bool ZipReader::Has(const std::string& member) const {
  return zip_name_locate(archive_.get(), member.c_str(), 0) >= 0;
}

std::vector<std::string> ZipReader::Members() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name =
        zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
    if (name != nullptr) names.emplace_back(name);
  }
  return names;
}

Result<void> ZipReader::Read(
    const std::string& member, size_t limit,
    const std::function<Result<void>(std::span<const std::byte>)>& take) const {
  if (!Has(member))
    return InvalidModel("has no member '" + member + "'; save the model again");
  const Member file(zip_fopen(archive_.get(), member.c_str(), 0));
  if (file == nullptr) return Damaged(member, zip_strerror(archive_.get()));
  std::vector<std::byte> piece(size_t{1} << 18);
  size_t total = 0;
  while (true) {
    const zip_int64_t count = zip_fread(file.get(), piece.data(), piece.size());
    if (count < 0) return Damaged(member, zip_file_strerror(file.get()));
    if (count == 0) return {};
    total += static_cast<size_t>(count);
    if (total > limit)
      return Damaged(member, "holds more than " + std::to_string(limit) +
                                 " bytes, out of proportion to its file");
    TRY(take(std::span(piece).first(static_cast<size_t>(count))));
  }
}

Result<std::string> ZipReader::ReadText(const std::string& member,
                                        size_t limit) const {
  std::string text;
  TRY(Read(
      member, limit, [&](std::span<const std::byte> piece) -> Result<void> {
        text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return {};
      }));
  return text;
}

Result<size_t> ZipReader::FairSize(const std::string& member) const {
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_stat(archive_.get(), member.c_str(), 0, &about) != 0)
    return InvalidModel("has no member '" + member + "'; save the model again");
  const bool told = (about.valid & ZIP_STAT_COMP_SIZE) != 0;
  return kFairBytes + (told ? kFairRatio * about.comp_size : 0);
}

}  // namespace liteforge
