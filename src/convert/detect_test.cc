// SPDX-License-Identifier: Apache-2.0
#include "convert/detect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/keras/h5_test_writer.h"

namespace liteforge::detect_test {

using testing::HasSubstr;

const std::string kH5Signature = "\x89HDF\r\n\x1a\n";

FileKind KindOf(const std::filesystem::path& path) {
  const auto kind = DetectKind(path);
  EXPECT_TRUE(kind) << kind.error().ToString();
  return kind.value_or(FileKind::kUnknown);
}

// Content decides whatever the name says, and the name where it does not.
TEST(DetectKind, Files) {
  struct Row {
    const char* name;
    std::string bytes;
    FileKind kind;
  };
  const std::string tflite = std::string("\x1c\0\0\0", 4) + "TFL3";
  const std::string zip = "PK\3\4 and more";
  const Row rows[] = {
      {"a.tflite", tflite, FileKind::kTflite},
      {"a.h5", tflite, FileKind::kTflite},
      {"a.pb", tflite, FileKind::kTflite},
      {"a", tflite, FileKind::kTflite},
      {"b.h5", kH5Signature, FileKind::kKerasH5},
      {"b.keras", kH5Signature, FileKind::kKerasH5},
      {"b", kH5Signature, FileKind::kKerasH5},
      {"b512", std::string(512, '\0') + kH5Signature, FileKind::kKerasH5},
      {"b1024.pb", std::string(1024, 'x') + kH5Signature, FileKind::kKerasH5},
      {"c.keras", zip, FileKind::kKerasZip},
      {"c.h5", zip, FileKind::kKerasZip},
      {"d.pb", "\x0a\x05", FileKind::kGraphDef},
      {"d.pbtxt", "node {}", FileKind::kGraphDef},
      {"empty.pb", "", FileKind::kGraphDef},
      // Damaged: the kind the name claims.
      {"e.h5", "no signature", FileKind::kKerasH5},
      {"e.hdf5", "", FileKind::kKerasH5},
      {"e.keras", "PK", FileKind::kKerasZip},
      {"e.tflite", "TFL3", FileKind::kTflite},
      // None of them.
      {"f.txt", "hello", FileKind::kUnknown},
      {"f", "", FileKind::kUnknown},
      {"f2", "TFL3TFL", FileKind::kUnknown},
      {"f100", std::string(100, '\0') + kH5Signature, FileKind::kUnknown},
      {"f.zip", "PK\5\6", FileKind::kUnknown},
  };
  const ScratchDirectory dir;
  for (const Row& row : rows) {
    WriteBytes(dir / row.name, row.bytes);
    EXPECT_EQ(KindOf(dir / row.name), row.kind)
        << row.name << ": " << Name(KindOf(dir / row.name));
  }
}

TEST(DetectKind, Directories) {
  const ScratchDirectory dir;
  for (const char* name : {"plain", "saved", "text"})
    std::filesystem::create_directory(dir / name);
  WriteBytes(dir / "saved/saved_model.pb", "");
  WriteBytes(dir / "text/saved_model.pbtxt", "");
  WriteBytes(dir / "plain/model.h5", kH5Signature);
  EXPECT_EQ(KindOf(dir / "saved"), FileKind::kSavedModel);
  EXPECT_EQ(KindOf(dir / "text"), FileKind::kSavedModel);
  EXPECT_EQ(KindOf(dir / "plain"), FileKind::kUnknown);
}

TEST(DetectKind, NothingThere) {
  const ScratchDirectory dir;
  const auto kind = DetectKind(dir / "none.h5");
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().code, ErrorCode::kIo);
  EXPECT_THAT(kind.error().ToString(), HasSubstr("none.h5"));
}

TEST(CannotConvert, SaysWhatItIsAndWhatToDo) {
  const auto error = [](FileKind kind) { return CannotConvert("m", kind); };
  EXPECT_EQ(error(FileKind::kTflite).ToString(),
            "m: is already a .tflite; give the model it was made from");
  EXPECT_EQ(error(FileKind::kTflite).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error(FileKind::kUnknown).code, ErrorCode::kInvalidModel);
  EXPECT_THAT(error(FileKind::kUnknown).ToString(), HasSubstr("give a"));
}

}  // namespace liteforge::detect_test
