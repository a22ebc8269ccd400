// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"
#include "import/saved_model/saved_model_testing.h"

namespace liteforge::inspect_test {

using testing::HasSubstr;

TEST(Inspect, DamagedAndUnknownFiles) {
  const ScratchDirectory dir;
  EXPECT_EQ(Inspect(dir / "none").error().code, ErrorCode::kIo);
  WriteBytes(dir / "m.txt", "hello");
  EXPECT_EQ(Inspect(dir / "m.txt").error().code, ErrorCode::kInvalidModel);
  WriteBytes(dir / "m.h5", "hello");
  const auto h5 = Inspect(dir / "m.h5");
  ASSERT_FALSE(h5);
  EXPECT_THAT(h5.error().ToString(), HasSubstr("m.h5"));
  WriteTflite(dir / "m.tflite", kTwoLayers);
  const std::string whole = ReadBytes(dir / "m.tflite");
  WriteBytes(dir / "half.tflite", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(Inspect(dir / "half.tflite").error().code,
            ErrorCode::kInvalidModel);
}

// A directory counts with all its files.
TEST(Inspect, SizesOfDirectories) {
  SavedModelDirectory directory(
      Meta(Input("x") + "node " + Node("n", "Neg", {"x"}), "",
           Signature("serving_default", "x:0", "n:0")));
  directory.WithAsset("words", "1234567");
  const auto own =
      std::filesystem::file_size(directory.path() / "saved_model.pbtxt");
  const ModelDescription model = Inspected(directory.path());
  EXPECT_EQ(model.kind, "TensorFlow SavedModel");
  EXPECT_EQ(model.file_bytes, static_cast<int64_t>(own) + 7);
  EXPECT_TRUE(model.converts) << model.problem;
}

}  // namespace liteforge::inspect_test
