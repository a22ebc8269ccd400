// SPDX-License-Identifier: Apache-2.0
// What is no good file: others, lying ones, and a good one damaged.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/keras/h5.h"
#include "formats/keras/h5_test_writer.h"

namespace liteforge::h5_damage_test {

using testing::HasSubstr;
using testing::StartsWith;

// The message of a failed read, which must begin with the file's path.
std::string MessageOf(const Result<H5Group>& tree,
                      const std::filesystem::path& path) {
  if (tree) return "(it was read)";
  const std::string text = tree.error().ToString();
  EXPECT_THAT(text, StartsWith(path.string() + ": "));
  return text;
}

TEST(ReadDamagedH5, OtherFilesAreNamedForWhatTheyAre) {
  const ScratchDirectory dir;
  struct Row {
    std::string bytes, expected;
  };
  const Row rows[] = {
      {"", "is empty"},
      {"hello, world", "is not an HDF5 file (starts with 'hello, world')"},
      {std::string("PK\x03\x04zip", 7), "starts with 'PK\\x03\\x04zip'"},
      {"PK\x03\x04", "a zip file, as .keras models are"},
      {"version https://git-lfs.github.com/spec/v1", "git lfs pull"},
      {"<!DOCTYPE html>", "a web page"},
      {"\x89HDF\r\n\x1a", "is not an HDF5 file (starts with '\\x89HDF"},
      {"\x89HDF\r\n\x1a\n", "is damaged"},
  };
  for (const Row& row : rows) {
    WriteBytes(dir / "a.h5", row.bytes);
    const auto tree = ReadH5(dir / "a.h5");
    EXPECT_THAT(MessageOf(tree, dir / "a.h5"), HasSubstr(row.expected));
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel);
  }
  const auto absent = ReadH5(dir / "absent.h5");
  MessageOf(absent, dir / "absent.h5");
  EXPECT_EQ(absent.error().code, ErrorCode::kIo);
}

// The offset of the end-of-file address: version 0, 8-byte offsets.
constexpr size_t kEndOfFileAt = 24 + 2 * 8;

void PatchEnd(std::string& bytes) {
  const uint64_t size = bytes.size();
  bytes.replace(kEndOfFileAt, sizeof(size),
                reinterpret_cast<const char*>(&size), sizeof(size));
}

TEST(ReadDamagedH5, DeadlinePasses) {
  const ScratchDirectory dir;
  H5Writer(dir / "a.h5").Floats("w", {2}, {1, 2});
  const auto tree = ReadH5(dir / "a.h5", std::chrono::milliseconds(0));
  EXPECT_THAT(MessageOf(tree, dir / "a.h5"),
              HasSubstr("the HDF5 library took longer than 0 s"));
}

// A few kilobytes that claim a terabyte, or a gigabyte.
TEST(ReadDamagedH5, ClaimsBeyondWhatIsStoredAreRefused) {
  const ScratchDirectory dir;
  for (const hsize_t rows : {hsize_t{1} << 28, hsize_t{1} << 20}) {
    DatasetCreation chunked;
    chunked.Chunks({1, 1024}).Deflate();
    H5Writer(dir / "a.h5")
        .Floats("g/w", {rows, 1024}, {}, H5T_IEEE_F32LE, chunked.id());
    const auto tree = ReadH5(dir / "a.h5");
    EXPECT_THAT(
        MessageOf(tree, dir / "a.h5"),
        HasSubstr("is damaged: /g/w: it claims " + std::to_string(rows * 4096) +
                  " bytes but stores only 0"));
  }
}

TEST(ReadDamagedH5, GroupsNestedTooDeeply) {
  const ScratchDirectory dir;
  std::string path = "g";
  for (int i = 0; i < 100; ++i) path += "/g";
  H5Writer(dir / "a.h5").Group(path);
  EXPECT_THAT(MessageOf(ReadH5(dir / "a.h5"), dir / "a.h5"),
              HasSubstr("its groups are nested deeper than 64"));
}

// 40 groups, each linked twice from the one before: 2^40 paths.
TEST(ReadDamagedH5, MorePathsThanAnyoneCanWalk) {
  const ScratchDirectory dir;
  {
    H5Writer writer(dir / "a.h5");
    const hid_t f = writer.file();
    writer.Group("g0");
    for (int i = 1; i < 40; ++i) {
      const std::string below = fmt::format("g{}", i - 1);
      const std::string here = fmt::format("g{}", i);
      writer.Group(here);
      for (const char* name : {"/a", "/b"}) {
        H5Lcreate_hard(f, below.c_str(), f, (here + name).c_str(), H5P_DEFAULT,
                       H5P_DEFAULT);
      }
    }
  }
  EXPECT_THAT(MessageOf(ReadH5(dir / "a.h5"), dir / "a.h5"),
              HasSubstr("it lists more than 200000 objects"));
}

// A file with everything a Keras model has: nested groups, lists of fixed and
// variable strings, contiguous, chunked and compact data.
std::string SpecimenBytes(const std::filesystem::path& path) {
  {
    DatasetCreation chunked, compact;
    chunked.Chunks({4, 4}).Deflate();
    compact.Layout(H5D_COMPACT);
    H5Writer writer(path);
    writer.Floats("model_weights/dense/dense/kernel:0", {8, 8}, Ramp(64));
    writer.Floats("model_weights/dense/dense/bias:0", {8}, Ramp(8));
    writer.Floats("model_weights/packed/kernel", {8, 8}, Ramp(64),
                  H5T_IEEE_F32LE, chunked.id());
    writer.Floats("model_weights/packed/bias", {8}, Ramp(8), H5T_IEEE_F32BE,
                  compact.id());
    writer.Text("/", "model_config", std::string(600, 'j'));
    writer.Text("/", "keras_version", "2.4.0");
    writer.Texts("model_weights", "layer_names", {"dense", "packed"},
                 {6, H5T_STR_NULLPAD});
    writer.Texts("model_weights/dense", "weight_names",
                 {"dense/kernel:0", "dense/bias:0"});
  }
  return ReadBytes(path);
}

// One of the flipped bytes sends libhdf5 round in circles; a busy machine needs
// its time for the others.
constexpr std::chrono::milliseconds kDamagedDeadline{5000};

TEST(ReadDamagedH5, TruncatedFilesAreRefused) {
  const ScratchDirectory dir;
  const std::string whole = SpecimenBytes(dir / "a.h5");
  const auto path = dir / "cut.h5";
  for (size_t size = 8; size < whole.size(); size += 61) {
    WriteBytes(path, whole.substr(0, size));
    const auto tree = ReadH5(path, kDamagedDeadline);
    ASSERT_FALSE(tree) << size;
    const bool knows = size >= kEndOfFileAt + 8;
    EXPECT_THAT(
        tree.error().message,
        HasSubstr(knows ? "is truncated: its header promises" : "is damaged"))
        << size;
  }
}

// Cut, and the header made to agree, so that the library finds the holes.
TEST(ReadDamagedH5, CutFilesNeverCrashTheReader) {
  const ScratchDirectory dir;
  const std::string whole = SpecimenBytes(dir / "a.h5");
  const auto path = dir / "cut.h5";
  int refused = 0, tried = 0;
  for (size_t size = 64; size < whole.size(); size += 97, ++tried) {
    std::string bytes = whole.substr(0, size);
    PatchEnd(bytes);
    WriteBytes(path, bytes);
    const auto tree = ReadH5(path, kDamagedDeadline);
    if (tree) continue;
    ++refused;
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel) << size;
  }
  EXPECT_GT(refused, tried / 2);
}

// Reads every byte of what was found.
size_t Touch(const H5Group& group) {
  size_t sum = 0;
  for (const auto& [name, dataset] : group.datasets) {
    for (const std::byte byte : dataset.data.bytes()) {
      sum += static_cast<size_t>(byte);
    }
  }
  for (const auto& [name, inner] : group.groups) sum += Touch(inner);
  return sum;
}

TEST(ReadDamagedH5, FlippedBytesNeverCrashTheReader) {
  const ScratchDirectory dir;
  const std::string whole = SpecimenBytes(dir / "a.h5");
  const auto path = dir / "flipped.h5";
  int refused = 0, tried = 0;
  for (size_t at = 8; at < whole.size(); at += 41, ++tried) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (tried % 2 == 0 ? 0xff : 0x10));
    WriteBytes(path, bytes);
    const auto tree = ReadH5(path, kDamagedDeadline);
    if (tree) {
      EXPECT_GE(Touch(*tree), 0u);
      continue;
    }
    ++refused;
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel) << at;
    EXPECT_THAT(tree.error().ToString(), StartsWith(path.string() + ": is "));
  }
  EXPECT_GT(refused, 10);
  EXPECT_LT(refused, tried);
}

}  // namespace liteforge::h5_damage_test
