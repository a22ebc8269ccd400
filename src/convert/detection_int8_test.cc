// SPDX-License-Identifier: Apache-2.0
// A detector of int8: TFLite_Detection_PostProcess knows no int8, so what it
// reads is made float32 right before it, as TensorFlow does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "convert/detection_testing.h"
#include "formats/tflite/model_reader.h"

namespace liteforge::detection_int8_test {

RepresentativeDataset Images(int count) {
  return
      [left = count](std::vector<NpyArray>& example) mutable -> Result<bool> {
        if (left-- == 0) return false;
        const auto image = RandomImage(64 * 64 * 3);
        NpyArray array{DataType::kFloat32, {1, 64, 64, 3}, {}};
        array.data.resize(image.size() * sizeof(float));
        std::memcpy(array.data.data(), image.data(), array.data.size());
        example = {std::move(array)};
        return true;
      };
}

// The builtin operator that makes a tensor; CUSTOM when none does.
tflite::BuiltinOperator MakerOf(const TfliteModel& model, int32_t tensor) {
  for (const auto* op : *model->subgraphs()->Get(0)->operators()) {
    const auto outputs = Elements(op->outputs());
    if (std::ranges::find(outputs, tensor) != outputs.end())
      return model->operator_codes()->Get(op->opcode_index())->builtin_code();
  }
  return tflite::BuiltinOperator::CUSTOM;
}

TEST(DetectionInt8, PostProcessReadsFloats) {
  const DetectionFiles files("int8");
  WriteSmallCheckpoint(files, 3);
  auto converter = Converter::FromDetectionCheckpoint(
      files.Config(SmallSsd().Text()), files.Checkpoint());
  ASSERT_TRUE(converter) << converter.error().ToString();
  for (const DataType input : {DataType::kFloat32, DataType::kUInt8}) {
    converter->options().optimize.mode = Optimize::kInt8;
    converter->options().optimize.representative_dataset = Images(2);
    converter->options().optimize.input_type = input;
    const auto bytes = converter->Convert();
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    const auto model = TfliteModel::FromBytes(Blob::Copy(*bytes));
    ASSERT_TRUE(model) << model.error().ToString();
    const auto* graph = (*model)->subgraphs()->Get(0);
    const auto* post = graph->operators()->Get(graph->operators()->size() - 1);
    EXPECT_EQ((*model)
                  ->operator_codes()
                  ->Get(post->opcode_index())
                  ->custom_code()
                  ->str(),
              "TFLite_Detection_PostProcess");
    ASSERT_EQ(post->inputs()->size(), 3u);
    for (const int32_t tensor : *post->inputs())
      EXPECT_EQ(graph->tensors()->Get(static_cast<uint32_t>(tensor))->type(),
                tflite::TensorType::FLOAT32);
    for (uint32_t i = 0; i < 2; ++i)
      EXPECT_EQ(MakerOf(*model, post->inputs()->Get(i)),
                tflite::BuiltinOperator::DEQUANTIZE);
    for (const int32_t tensor : *post->outputs())
      EXPECT_EQ(graph->tensors()->Get(static_cast<uint32_t>(tensor))->type(),
                tflite::TensorType::FLOAT32);
    // No convolution is left in floats.
    for (const auto* op : *graph->operators()) {
      const auto code =
          (*model)->operator_codes()->Get(op->opcode_index())->builtin_code();
      if (code != tflite::BuiltinOperator::CONV_2D &&
          code != tflite::BuiltinOperator::DEPTHWISE_CONV_2D)
        continue;
      const auto output = static_cast<uint32_t>(op->outputs()->Get(0));
      EXPECT_EQ(graph->tensors()->Get(output)->type(),
                tflite::TensorType::INT8);
    }
  }
}

}  // namespace liteforge::detection_int8_test
