// SPDX-License-Identifier: Apache-2.0
#include "liteforge/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "runtime/test_model.h"

namespace liteforge::interpreter_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

Interpreter Open(const TestModel& model,
                 const InterpreterOptions& options = {}) {
  auto interpreter = Interpreter::FromBuffer(model.Pack(), options);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  return *std::move(interpreter);
}

template <class T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "no error" : result.error().ToString();
}

// y = relu(a + b), a float32[?,2] with 1 row in the file
TestModel AddRelu() {
  TestModel model;
  model.Tensor("a", DataType::kFloat32, {1, 2}, {-1, 2});
  model.Constant<float>("b", DataType::kFloat32, {2}, {10, -10});
  model.Tensor("sum", DataType::kFloat32, {1, 2}, {-1, 2});
  model.Tensor("y", DataType::kFloat32, {1, 2}, {-1, 2});
  model.Node(Op::kAdd, AddOptions{}, {0, 1}, {2});
  model.Node(Op::kRelu, {}, {2}, {3});
  model.Border({0}, {3});
  return model;
}

void Set(Interpreter& interpreter, int index,
         const std::vector<float>& values) {
  const auto result = interpreter.SetTensor(index, std::span(values));
  ASSERT_TRUE(result) << result.error().ToString();
}

TEST(Interpreter, Runs) {
  Interpreter interpreter = Open(AddRelu());
  EXPECT_EQ(interpreter.ArenaBytes(), 0u);
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_EQ(interpreter.ArenaBytes(), 3u * 64);
  Set(interpreter, 0, {1, 2});
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(interpreter.Tensor<float>(3), ElementsAre(11, 0));
  EXPECT_THAT(interpreter.Tensor<float>(0), ElementsAre(1, 2));
  EXPECT_THAT(interpreter.Tensor<float>(1), ElementsAre(10, -10));
}

TEST(Interpreter, SurvivesAMove) {
  Interpreter first = Open(AddRelu());
  ASSERT_TRUE(first.AllocateTensors());
  Interpreter second = std::move(first);
  Set(second, 0, {3, 30});
  ASSERT_TRUE(second.Invoke());
  EXPECT_THAT(second.Tensor<float>(3), ElementsAre(13, 20));
}

TEST(Interpreter, Details) {
  TestModel model = AddRelu();
  auto& quantization = model.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f};
  quantization->zero_point = {0};
  model.Signature("serve", {{"image", 0}}, {{"scores", 3}});
  Interpreter interpreter = Open(model);
  const auto inputs = interpreter.InputDetails();
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].name, "a");
  EXPECT_EQ(inputs[0].index, 0);
  EXPECT_EQ(inputs[0].shape, Shape({1, 2}));
  EXPECT_EQ(inputs[0].shape_signature, Shape({-1, 2}));
  EXPECT_EQ(inputs[0].dtype, DataType::kFloat32);
  EXPECT_THAT(inputs[0].quantization.scale, ElementsAre(0.5f));
  EXPECT_EQ(interpreter.OutputDetails()[0].index, 3);
  EXPECT_EQ(interpreter.AllTensorDetails().size(), 4u);
  EXPECT_EQ(interpreter.AllTensorDetails()[1].name, "b");

  const auto signatures = interpreter.Signatures();
  ASSERT_EQ(signatures.size(), 1u);
  EXPECT_EQ(signatures[0].key, "serve");
  EXPECT_THAT(signatures[0].inputs, ElementsAre(testing::Pair("image", 0)));
  EXPECT_THAT(signatures[0].outputs, ElementsAre(testing::Pair("scores", 3)));
  EXPECT_EQ(signatures[0].subgraph, 0);
}

TEST(Interpreter, ResizesAnInput) {
  Interpreter interpreter = Open(AddRelu());
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {3, 2}));
  EXPECT_THAT(ErrorOf(interpreter.Invoke()), HasSubstr("AllocateTensors"));
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({3, 2}));
  EXPECT_EQ(interpreter.OutputDetails()[0].shape_signature, Shape({-1, 2}));
  EXPECT_THAT(interpreter.Tensor<float>(0), ElementsAre(0, 0, 0, 0, 0, 0));
  Set(interpreter, 0, {1, 20, 3, 40, 5, 60});
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(interpreter.Tensor<float>(3),
              ElementsAre(11, 10, 13, 30, 15, 50));
  // The same shape again is no resize.
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {3, 2}));
  EXPECT_TRUE(interpreter.Invoke());
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {0, 2}));
  ASSERT_TRUE(interpreter.AllocateTensors());
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_TRUE(interpreter.Tensor<float>(3).empty());
}

TEST(Interpreter, StrictResizeKeepsWhatTheSignatureFixes) {
  Interpreter interpreter = Open(AddRelu());
  EXPECT_TRUE(interpreter.ResizeInputTensor(0, {7, 2}, /*strict=*/true));
  EXPECT_EQ(ErrorOf(interpreter.ResizeInputTensor(0, {7, 3}, true)),
            "input 'a' is [?,2] in the model and cannot become [7,3]; only ? "
            "dimensions may change");
  EXPECT_FALSE(interpreter.ResizeInputTensor(0, {7, 2, 1}, true));
  EXPECT_TRUE(interpreter.ResizeInputTensor(0, {7, 2, 1}));
}

TEST(Interpreter, AResizeThatDoesNotFitNamesTheOperator) {
  Interpreter interpreter = Open(AddRelu());
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {1, 5}));
  EXPECT_THAT(ErrorOf(interpreter.AllocateTensors()),
              HasSubstr("operator 0 (ADD) 'sum': "));
  EXPECT_FALSE(interpreter.Invoke());
}

TEST(Interpreter, MistakesAreExplained) {
  Interpreter interpreter = Open(AddRelu());
  const std::vector<float> two = {1, 2};
  const std::vector<double> doubles = {1, 2};
  const auto bytes = std::as_bytes(std::span(two));
  EXPECT_EQ(ErrorOf(interpreter.Invoke()),
            "the tensors have no memory yet; call AllocateTensors before "
            "Invoke");
  EXPECT_EQ(ErrorOf(interpreter.SetTensor<float>(0, two)),
            "input 'a' has no memory yet; call AllocateTensors first");
  EXPECT_EQ(ErrorOf(interpreter.GetTensor(0)),
            "tensor 'a' has no memory yet; call AllocateTensors");
  EXPECT_TRUE(interpreter.GetTensor(1)) << "a constant is always there";
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_EQ(ErrorOf(interpreter.SetTensor(0, DataType::kFloat64, {2},
                                          std::as_bytes(std::span(doubles)))),
            "input 'a' wants float32[1,2], got float64[2]");
  EXPECT_EQ(
      ErrorOf(interpreter.SetTensor(0, DataType::kFloat32, {2, 1}, bytes)),
      "input 'a' wants float32[1,2], got float32[2,1]");
  EXPECT_EQ(ErrorOf(interpreter.SetTensor(0, DataType::kFloat32, {1, 2},
                                          bytes.first(4))),
            "input 'a' wants float32[1,2], got 4 bytes");
  EXPECT_EQ(ErrorOf(interpreter.SetTensor<double>(0, doubles)),
            "input 'a' wants float32[1,2], got 2 values of float64");
  EXPECT_EQ(ErrorOf(interpreter.SetTensor<float>(1, two)),
            "tensor 'b' is a constant of the model and cannot be set");
  EXPECT_EQ(ErrorOf(interpreter.SetTensor<float>(3, two)),
            "tensor 'y' is computed by the model and cannot be set");
  for (int index : {-1, 4, 1 << 30}) {
    EXPECT_THAT(ErrorOf(interpreter.SetTensor<float>(index, two)),
                HasSubstr("; the model has 4"));
    EXPECT_FALSE(interpreter.GetTensor(index));
    EXPECT_FALSE(interpreter.ResizeInputTensor(index, {1}));
  }
  EXPECT_EQ(ErrorOf(interpreter.ResizeInputTensor(3, {1, 2})),
            "tensor 'y' is not an input and cannot be resized");
  EXPECT_EQ(ErrorOf(interpreter.ResizeInputTensor(0, {-1, 2})),
            "input 'a' cannot become [?,2]; give every dimension a size");
}

TEST(Interpreter, MissingKernelsAreNamedAllAtOnce) {
  TestModel model;
  for (int i = 0; i <= 4; ++i)
    model.Tensor(std::to_string(i), DataType::kFloat32, {1});
  model.Node(Op::kCustom, CustomOptions{"Foo", {}}, {0}, {1}, "Foo");
  model.Node(Op::kCustom, CustomOptions{"Bar", {}}, {1}, {2}, "Bar");
  model.Node(Op::kCustom, CustomOptions{"Foo", {}}, {2}, {3}, "Foo");
  model.Node(Op::kRelu, {}, {3}, {4});
  model.Border({0}, {4});
  const auto result = Interpreter::FromBuffer(model.Pack());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(result.error().ToString(),
            "operators without a kernel: CUSTOM 'Bar' (1 node), CUSTOM 'Foo' "
            "(2 nodes); give the custom ones in "
            "InterpreterOptions::custom_ops");
}

TEST(Interpreter, ShapeGivenAtRunTime) {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {6});
  model.Tensor("shape", DataType::kInt32, {2});
  model.Tensor("y", DataType::kFloat32, {1, 1}, {-1, -1});
  model.Tensor("z", DataType::kFloat32, {1, 1}, {-1, -1});
  model.Node(Op::kReshape, ReshapeOptions{}, {0, 1}, {2});
  model.Node(Op::kRelu, {}, {2}, {3});
  model.Border({0, 1}, {3});
  for (bool reference : {false, true}) {
    Interpreter interpreter =
        Open(model, {.num_threads = 1, .reference_kernels = reference});
    ASSERT_TRUE(interpreter.AllocateTensors());
    EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({-1, -1}));
    EXPECT_FALSE(interpreter.GetTensor(3));
    Set(interpreter, 0, {-1, 2, -3, 4, -5, 6});
    for (const auto& [rows, cols] : {std::pair(2, 3), {6, 1}, {1, 6}}) {
      const std::vector<int32_t> shape = {rows, cols};
      ASSERT_TRUE(interpreter.SetTensor(1, std::span(shape)));
      const auto result = interpreter.Invoke();
      ASSERT_TRUE(result) << result.error().ToString();
      EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({rows, cols}));
      EXPECT_THAT(interpreter.Tensor<float>(3), ElementsAre(0, 2, 0, 4, 0, 6));
    }
  }
}

TEST(Interpreter, StringInputsAreChecked) {
  TestModel model;
  model.Tensor("s", DataType::kString, {2});
  model.Border({0}, {0});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  const auto words = [&] {
    const auto bytes = *interpreter.GetTensor(0);
    std::vector<int32_t> words(bytes.size() / sizeof(int32_t));
    std::memcpy(words.data(), bytes.data(), bytes.size());
    return words;
  };
  EXPECT_EQ(words(), std::vector<int32_t>({2, 16, 16, 16}))
      << "empty strings at first";
  const std::vector<int32_t> good = {2, 16, 17, 20, 0};
  ASSERT_TRUE(interpreter.SetTensor(0, DataType::kString, {2},
                                    std::as_bytes(std::span(good))));
  EXPECT_EQ(words(), good);
  const std::vector<int32_t> bad = {2, 16, 17, 2000, 0};
  EXPECT_EQ(ErrorOf(interpreter.SetTensor(0, DataType::kString, {2},
                                          std::as_bytes(std::span(bad)))),
            "input 's': string 2 lies outside the tensor");
  EXPECT_EQ(words(), good);
}

TEST(Interpreter, BoolsAreStoredAsZeroOrOne) {
  TestModel model;
  model.Tensor("b", DataType::kBool, {3});
  model.Border({0}, {0});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  const std::byte values[] = {std::byte{0}, std::byte{7}, std::byte{1}};
  ASSERT_TRUE(interpreter.SetTensor(0, DataType::kBool, {3}, values));
  EXPECT_THAT(interpreter.Tensor<bool>(0), ElementsAre(false, true, true));
  EXPECT_THAT(*interpreter.GetTensor(0),
              ElementsAre(std::byte{0}, std::byte{1}, std::byte{1}));
}

TEST(Interpreter, TheSameOnAnyNumberOfThreads) {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {64, 1024});
  model.Tensor("y", DataType::kFloat32, {64, 1024});
  model.Tensor("z", DataType::kFloat32, {64, 1024});
  model.Node(Op::kAdd, AddOptions{}, {0, 0}, {1});
  model.Node(Op::kRelu, {}, {1}, {2});
  model.Border({0}, {2});
  std::vector<float> values(64 * 1024);
  std::iota(values.begin(), values.end(), -30000.0f);
  for (int threads : {-1, 1, 2, 5}) {
    Interpreter interpreter = Open(model, {.num_threads = threads});
    ASSERT_TRUE(interpreter.AllocateTensors());
    Set(interpreter, 0, values);
    ASSERT_TRUE(interpreter.Invoke());
    const auto result = interpreter.Tensor<float>(2);
    ASSERT_EQ(result.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(result[i], std::max(0.0f, 2 * values[i]));
  }
}

TEST(Interpreter, FilesAndTheirErrors) {
  std::string pattern = (fs::temp_directory_path() / "interpXXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path dir = pattern;
  EXPECT_THAT(ErrorOf(Interpreter::FromFile(dir / "none.tflite")),
              HasSubstr("none.tflite: cannot be read"));

  const auto bytes = AddRelu().Pack();
  std::ofstream(dir / "m.tflite", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  {
    auto interpreter = Interpreter::FromFile(dir / "m.tflite");
    ASSERT_TRUE(interpreter) << interpreter.error().ToString();
    fs::remove(dir / "m.tflite");  // the mapping keeps it
    ASSERT_TRUE(interpreter->AllocateTensors());
    Set(*interpreter, 0, {1, 2});
    ASSERT_TRUE(interpreter->Invoke());
    EXPECT_THAT(interpreter->Tensor<float>(3), ElementsAre(11, 0));
  }
  TestModel custom;
  custom.Tensor("x", DataType::kFloat32, {1});
  custom.Tensor("y", DataType::kFloat32, {1});
  custom.Node(Op::kCustom, CustomOptions{"Foo", {}}, {0}, {1}, "Foo");
  custom.Border({0}, {1});
  const auto unknown = custom.Pack();
  std::ofstream(dir / "c.tflite", std::ios::binary)
      .write(reinterpret_cast<const char*>(unknown.data()),
             static_cast<std::streamsize>(unknown.size()));
  EXPECT_THAT(ErrorOf(Interpreter::FromFile(dir / "c.tflite")),
              HasSubstr("c.tflite: operators without a kernel: CUSTOM 'Foo'"));
  fs::remove_all(dir);
}

// The file is sparse: what lies between is on no disk.
TEST(Interpreter, ConstantsBeyondTwoGigabytes) {
  TestModel model = AddRelu();
  tflite::BufferT& buffer = *model.model().buffers[1];
  const std::vector<uint8_t> data = std::move(buffer.data);
  buffer.data.clear();
  buffer.offset = (uint64_t{1} << 31) + 4096;
  buffer.size = data.size();
  const auto tables = model.Pack();
  const fs::path path = fs::path(testing::TempDir()) / "large.tflite";
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(tables.data()),
            static_cast<std::streamsize>(tables.size()));
  out.seekp(static_cast<std::streamoff>(buffer.offset));
  out.write(reinterpret_cast<const char*>(data.data()),
            static_cast<std::streamsize>(data.size()));
  out.close();
  if (!out) {
    fs::remove(path);
    GTEST_SKIP() << "no room for a file of 2 GB";
  }
  auto interpreter = Interpreter::FromFile(path);
  fs::remove(path);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  ASSERT_TRUE(interpreter->AllocateTensors());
  Set(*interpreter, 0, {1, 2});
  ASSERT_TRUE(interpreter->Invoke());
  EXPECT_THAT(interpreter->Tensor<float>(3), ElementsAre(11, 0));
}

TEST(Interpreter, ConstantsInAFileOfTheirOwn) {
  std::string pattern = (fs::temp_directory_path() / "interpXXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path dir = pattern;
  TestModel model = AddRelu();
  const std::vector<uint8_t> data = std::move(model.model().buffers[1]->data);
  model.model().buffers[1]->data.clear();
  model.tensor(1).buffer = 0;
  model.tensor(1).external_buffer = 5;
  auto group = std::make_unique<tflite::ExternalBufferGroupT>();
  group->name = "weights.bin";
  model.model().external_buffer_groups.push_back(std::move(group));
  auto buffer = std::make_unique<tflite::ExternalBufferT>();
  buffer->id = 5;
  buffer->length = data.size();
  model.model().external_buffers.push_back(std::move(buffer));
  const auto write = [&](const char* name, const auto& bytes) {
    std::ofstream(dir / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  };
  write("m.tflite", model.Pack());
  EXPECT_THAT(ErrorOf(Interpreter::FromFile(dir / "m.tflite")),
              HasSubstr("weights.bin: cannot be read"));
  write("weights.bin", data);
  auto interpreter = Interpreter::FromFile(dir / "m.tflite");
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  ASSERT_TRUE(interpreter->AllocateTensors());
  Set(*interpreter, 0, {1, 2});
  ASSERT_TRUE(interpreter->Invoke());
  EXPECT_THAT(interpreter->Tensor<float>(3), ElementsAre(11, 0));
  EXPECT_THAT(ErrorOf(Interpreter::FromBuffer(model.Pack())),
              HasSubstr("open the model from its file"));
  fs::remove_all(dir);
}

TEST(Interpreter, DamagedBytesAreRefused) {
  const auto bytes = AddRelu().Pack();
  EXPECT_FALSE(Interpreter::FromBuffer({}));
  EXPECT_FALSE(
      Interpreter::FromBuffer(std::span(bytes).first(bytes.size() / 2)));
}

}  // namespace liteforge::interpreter_test
