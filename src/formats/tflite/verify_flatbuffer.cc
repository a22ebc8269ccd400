// SPDX-License-Identifier: Apache-2.0
// The outermost layer of a .tflite:
//
//   byte 0   uint32  offset of the root table
//   byte 4   char[4] "TFL3"
//   …        tables, vectors, strings; less than 2 GB of them
//   …        large buffers, named by their offset in the file
//
// Source: FlatBuffers internals document; schema.fbs, tables Buffer, Operator.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/try.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

static_assert(std::endian::native == std::endian::little,
              "models are read in place and are little-endian");

// Files that people take for a .tflite, by how they begin.
struct OtherFormat {
  std::string_view magic;
  std::string_view message;
};
constexpr OtherFormat kOtherFormats[] = {
    {"\x89HDF\r\n\x1a\n",
     "is an HDF5 file (a Keras .h5), not a .tflite; convert it first"},
    {"PK\x03\x04",
     "is a zip archive (a .keras, or a packed download), not a .tflite; "
     "convert or unpack it first"},
    {"\x1f\x8b", "is gzip-compressed, not a .tflite; unpack it first"},
    {"version https://git-lfs",
     "is a Git LFS pointer, not the model itself; run `git lfs pull`"},
    {"<!DOCTYPE", "is a web page, not a .tflite; download the file itself"},
    {"<html", "is a web page, not a .tflite; download the file itself"},
    {"\x93NUMPY", "is a numpy array, not a .tflite"},
};

std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> CheckIdentifier(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return InvalidModel("is empty; was it downloaded completely?");
  }
  const std::string_view text = TextOf(bytes);
  for (const OtherFormat& other : kOtherFormats) {
    if (text.starts_with(other.magic)) {
      return InvalidModel(std::string(other.message));
    }
  }
  const std::string_view identifier = tflite::ModelIdentifier();
  if (text.size() < 8) {
    return InvalidModel(
        fmt::format("ends after {} bytes, which is too short for a .tflite; "
                    "was it downloaded completely?",
                    text.size()));
  }
  if (text.substr(4, 4) != identifier) {
    return InvalidModel(fmt::format(
        "is not a .tflite: bytes 4 to 7 are {}, not '{}'; is it another kind "
        "of file?",
        Quoted(text.substr(4, 4)), identifier));
  }
  return {};
}

}  // namespace

Result<const tflite::Model*> VerifyFlatBuffer(
    std::span<const std::byte> bytes) {
  TRY(CheckIdentifier(bytes));
  // The tables lie in the first 2 GB; large buffers may follow.
  const size_t size =
      std::min<size_t>(bytes.size(), FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  flatbuffers::Verifier::Options options;
  // The schema nests six deep. A table costs at least the four bytes of the
  // offset to it, so a file that shares none cannot hit this bound, and
  // verifying is linear in the file's size whatever it shares.
  options.max_depth = 16;
  options.max_tables = static_cast<flatbuffers::uoffset_t>(size / 4);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()),
                                 size, options);
  if (!tflite::VerifyModelBuffer(verifier)) {
    return InvalidModel(
        fmt::format("is damaged: a table, vector or string reaches outside "
                    "its {} bytes or is malformed; was it copied completely?",
                    bytes.size()));
  }
  return tflite::GetModel(bytes.data());
}

}  // namespace liteforge
