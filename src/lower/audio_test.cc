// SPDX-License-Identifier: Apache-2.0
#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include "lower/test_function.h"

namespace liteforge::audio_test {

struct Custom {
  std::string name;
  Shape shape;
  flexbuffers::Map options = flexbuffers::Map::EmptyMap();
  std::vector<uint8_t> bytes;
};

Custom Lowered(TestFunction& f) {
  f.Output("y", "y");
  SmallEvaluator evaluator;
  const auto module = Lower(f.function(), evaluator);
  EXPECT_TRUE(module) << module.error().ToString();
  Custom custom;
  if (!module) return custom;
  const ir::Graph& graph = *(*module)->graphs[0];
  const auto& options = graph.nodes().back()->Options<CustomOptions>();
  custom.name = options.name;
  custom.bytes = options.bytes;
  custom.options = flexbuffers::GetRoot(custom.bytes).AsMap();
  custom.shape = graph.outputs()[0]->shape;
  return custom;
}

TEST(AudioOps, Spectrogram) {
  TestFunction f;
  f.Input("x", {1000, 2});
  f.Node("AudioSpectrogram", "y", {"x"},
         {{"window_size", 480}, {"stride", 160}});
  const Custom custom = Lowered(f);
  EXPECT_EQ(custom.name, "AudioSpectrogram");
  // 1 + (1000 - 480) / 160 frames, 512 / 2 + 1 bins.
  EXPECT_EQ(custom.shape, (Shape{2, 4, 257}));
  EXPECT_EQ(custom.options["window_size"].AsInt32(), 480);
  EXPECT_EQ(custom.options["stride"].AsInt32(), 160);
  EXPECT_FALSE(custom.options["magnitude_squared"].AsBool());
  EXPECT_TRUE(custom.options["magnitude_squared"].IsBool());
}

// Attributes that a file leaves out are written with TensorFlow's defaults.
TEST(AudioOps, Mfcc) {
  TestFunction f;
  f.Input("x", {1, 4, 257}).Ints("rate", {}, {16000});
  f.Node("Mfcc", "y", {"x", "rate"}, {{"dct_coefficient_count", 10}});
  const Custom custom = Lowered(f);
  EXPECT_EQ(custom.name, "Mfcc");
  EXPECT_EQ(custom.shape, (Shape{1, 4, 10}));
  EXPECT_EQ(custom.options["dct_coefficient_count"].AsInt32(), 10);
  EXPECT_EQ(custom.options["filterbank_channel_count"].AsInt32(), 40);
  EXPECT_EQ(custom.options["lower_frequency_limit"].AsFloat(), 20);
  EXPECT_EQ(custom.options["upper_frequency_limit"].AsFloat(), 4000);
}

}  // namespace liteforge::audio_test
