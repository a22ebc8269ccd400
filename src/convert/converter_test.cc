// SPDX-License-Identifier: Apache-2.0
// The driver: options, notices, what is refused and what is written.
#include "liteforge/converter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"
#include "import/saved_model/saved_model_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::converter_test {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

// y = -x of an image of open size; the same as "z" of it twice.
fs::path WriteGraph(const ScratchDirectory& dir) {
  WriteBytes(dir / "m.pbtxt", R"(
      node { name: "image" op: "Placeholder"
        attr { key: "dtype" value { type: DT_FLOAT } }
        attr { key: "shape" value { shape { dim { size: -1 } dim { size: -1 }
               dim { size: 3 } } } } }
      node { name: "y" op: "Neg" input: "image"
        attr { key: "T" value { type: DT_FLOAT } } }
      node { name: "z" op: "Neg" input: "y"
        attr { key: "T" value { type: DT_FLOAT } } })");
  return dir / "m.pbtxt";
}

Converter Opened(const fs::path& path) {
  auto converter = Converter::FromFile(path);
  EXPECT_TRUE(converter) << converter.error().ToString();
  return *std::move(converter);
}

std::string ErrorOf(Converter& converter) {
  const auto bytes = converter.Convert();
  return bytes ? "converted" : bytes.error().ToString();
}

std::vector<std::string> NamesOf(std::span<const TensorDetails> tensors) {
  std::vector<std::string> names;
  for (const TensorDetails& tensor : tensors) names.push_back(tensor.name);
  return names;
}

TEST(Converter, TellsWhatItFoundInAGraph) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  const auto bytes = converter.Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_THAT(
      converter.notices(),
      AllOf(Contains("inputs found: image"), Contains("outputs found: z"),
            Contains(HasSubstr("--input-shape image=… fixes them"))));
  const auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter);
  EXPECT_THAT(NamesOf(interpreter->InputDetails()), ElementsAre("image"));
  EXPECT_THAT(NamesOf(interpreter->OutputDetails()), ElementsAre("z"));
}

TEST(Converter, TakesTheOutputsThatAreNamed) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  converter.options().outputs = {"z", "y"};
  const auto bytes = converter.Convert();
  ASSERT_TRUE(bytes);
  const auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_THAT(NamesOf(interpreter->OutputDetails()), ElementsAre("z", "y"));
}

TEST(Converter, FixesShapes) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  converter.options().input_shapes = {{"image", {4, 5, 3}}};
  const auto bytes = converter.Convert();
  ASSERT_TRUE(bytes);
  const auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_EQ(interpreter->InputDetails()[0].shape_signature, (Shape{4, 5, 3}));
  EXPECT_EQ(interpreter->OutputDetails()[0].shape_signature, (Shape{4, 5, 3}));
  EXPECT_THAT(converter.notices(),
              testing::Not(Contains(HasSubstr("--input-shape"))));
}

TEST(Converter, RefusesShapesThatDoNotFit) {
  const ScratchDirectory dir;
  const fs::path path = WriteGraph(dir);
  for (const Shape& shape : {Shape{4, 5, 1}, Shape{4, 5}}) {
    Converter converter = Opened(path);
    converter.options().input_shapes = {{"image", shape}};
    EXPECT_THAT(
        ErrorOf(converter),
        AllOf(HasSubstr(path.string()),
              HasSubstr("input 'image' is [?,?,3], which cannot become " +
                        shape.ToString())));
  }
  Converter converter = Opened(path);
  converter.options().input_shapes = {{"picture", {4, 5, 3}}};
  EXPECT_THAT(ErrorOf(converter),
              HasSubstr("has no input 'picture'; its inputs are: image"));
}

TEST(Converter, GivesTheSameBytesAgain) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  const auto first = converter.Convert();
  const auto second = converter.Convert();
  const auto third = Opened(dir / "m.pbtxt").Convert();
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(*first, *third);
}

// The source, op by op, against the file.
TEST(Converter, ChecksWhatItMade) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  ASSERT_TRUE(converter.Convert());
  EXPECT_EQ(converter.check().skipped, "");
  EXPECT_EQ(converter.check().output, "z");
  EXPECT_EQ(converter.check().difference, 0);
  converter.options().check = false;
  ASSERT_TRUE(converter.Convert());
  EXPECT_EQ(converter.check().output, "");
}

TEST(Converter, LeavesNoFileOfWhatFails) {
  const ScratchDirectory dir;
  Converter converter = Opened(WriteGraph(dir));
  ASSERT_TRUE(converter.ConvertToFile(dir / "m.tflite"));
  const std::string before = ReadBytes(dir / "m.tflite");
  converter.options().outputs = {"none"};
  EXPECT_FALSE(converter.ConvertToFile(dir / "other.tflite"));
  EXPECT_FALSE(fs::exists(dir / "other.tflite"));
  // Nor does it touch what is there.
  EXPECT_FALSE(converter.ConvertToFile(dir / "m.tflite"));
  EXPECT_EQ(ReadBytes(dir / "m.tflite"), before);
}

//------------------------------------------------------------------- signatures

std::string TwoSignatures() {
  return Meta(
      Input("x") + "node " + Node("n", "Neg", {"x"}) + "node " +
          Node("a", "Abs", {"x"}) + "node " + Node("m", "Mystery", {"x"}),
      "",
      Signature("serving_default", "x:0", "n:0") +
          Signature("other", "x:0", "a:0") + Signature("third", "x:0", "m:0"));
}

TEST(Converter, LeavesOutSignaturesThatCannotBeExpressed) {
  const SavedModelDirectory directory(TwoSignatures());
  Converter converter = Opened(directory.path());
  const auto bytes = converter.Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_THAT(converter.notices(),
              Contains(AllOf(HasSubstr("signature 'third' is left out: "),
                             HasSubstr("Mystery ('m')"))));
  const auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_EQ(interpreter->Signatures().size(), 2u);
  converter.options().signature = "third";
  EXPECT_THAT(ErrorOf(converter), HasSubstr("Mystery ('m')"));
}

//---------------------------------------------------------------------- .tflite

TEST(Converter, TakesTflite) {
  const ScratchDirectory dir;
  WriteTflite(dir / "m.tflite", kTwoLayers);
  Converter converter = Opened(dir / "m.tflite");
  const auto bytes = converter.Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_TRUE(Interpreter::FromBuffer(*bytes));
  converter.options().input_shapes = {{"x", {2, 3}}};
  EXPECT_THAT(ErrorOf(converter), HasSubstr("is a .tflite already"));
  const auto saved = converter.ConvertToSavedModel(dir / "saved");
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().ToString(), HasSubstr("is a .tflite, of which no"));
  EXPECT_FALSE(fs::exists(dir / "saved"));
}

TEST(Converter, NamesFilesItCannotConvert) {
  const ScratchDirectory dir;
  const auto none = Converter::FromFile(dir / "none.h5");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kIo);
  WriteBytes(dir / "m.txt", "hello");
  const auto text = Converter::FromFile(dir / "m.txt");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().ToString(), HasSubstr("m.txt"));
}

}  // namespace liteforge::converter_test
