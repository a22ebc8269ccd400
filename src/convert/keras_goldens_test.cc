// SPDX-License-Identifier: Apache-2.0
// Keras 2 models of one or a few layers against what TensorFlow.js' layers
// compute of the same configurations, and a transformer against what numpy
// computes of it: tests/keras_goldens, made by the scripts there.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge {
namespace {

using nlohmann::json;

// As make_goldens.mjs draws them, which has the same Draw().
Array InputOf(const json& input, uint32_t seed) {
  Array x = Draw(input.at("shape").get<Indices>(), seed);
  if (input.contains("below")) {
    for (double& value : x.values)
      value = std::floor((value + 1) / 2 * input["below"].get<double>());
  }
  if (!input.value("masked", false)) return x;
  ForEach(x.dims, [&](const Indices& at) {
    if (at[1] % 3 == 2) x[at] = -1;
  });
  return x;
}

Array WeightOf(const json& weight, uint32_t seed) {
  Array values = Draw(weight.at("shape").get<Indices>(), seed);
  if (weight.at("name").get<std::string>().find("variance") !=
      std::string::npos) {
    for (double& value : values.values) value = std::abs(value) + 0.5;
  }
  return values;
}

std::vector<KerasLayerWeights> WeightsOf(const json& golden, uint32_t seed) {
  std::vector<KerasLayerWeights> layers;
  for (const json& weight : golden.at("weights")) {
    const std::string layer = weight.at("layer");
    if (layers.empty() || layers.back().layer != layer)
      layers.push_back({layer, {}});
    layers.back().weights.push_back(
        Weight(layer + "/" + weight.at("name").get<std::string>() + ":0",
               WeightOf(weight, ++seed)));
  }
  return layers;
}

void ExpectGolden(const json& golden) {
  const uint32_t seed = golden.at("seed").get<uint32_t>() * 64;
  const KerasFile file =
      TestFile(2, golden.at("model").dump(), WeightsOf(golden, seed));
  std::vector<Array> inputs;
  for (const json& input : golden.at("inputs")) {
    const auto i = static_cast<uint32_t>(inputs.size());
    inputs.push_back(InputOf(input, seed + 32 + i));
  }
  const json& output = golden.at("output");
  const Array want{output.at("shape").get<Indices>(),
                   output.at("values").get<std::vector<double>>()};
  double largest = 1;
  for (const double value : want.values)
    largest = std::max(largest, std::abs(value));
  ExpectRuns(file, inputs, want, 1e-5 * largest);
}

class KerasGoldens : public testing::TestWithParam<const char*> {};

TEST_P(KerasGoldens, EveryCase) {
  std::ifstream file(std::string(LITEFORGE_SOURCE_DIR "/tests/keras_goldens/") +
                     GetParam() + ".jsonl");
  std::string line;
  int cases = 0;
  for (; std::getline(file, line); ++cases) {
    const json golden = json::parse(line);
    SCOPED_TRACE(golden.at("model").at("config").at("layers").dump());
    ExpectGolden(golden);
  }
  EXPECT_GT(cases, 20);
}

INSTANTIATE_TEST_SUITE_P(Families, KerasGoldens,
                         testing::Values("activations", "convolutions", "core",
                                         "merging", "normalization", "pooling",
                                         "recurrent", "shapes"),
                         [](const auto& family) { return family.param; });

// Of the archive, for several numbers of examples and words.
TEST(KerasTransformer, GivesWhatItsDefinitionGives) {
  const std::string folder = LITEFORGE_SOURCE_DIR "/tests/keras_goldens/";
  const auto file = ReadKeras(folder + "transformer.keras");
  ASSERT_TRUE(file) << file.error().ToString();
  const json cases = json::parse(std::ifstream(folder + "transformer.json"));
  for (const json& each : cases) {
    const auto rows = [](const json& values) {
      Array array{
          {static_cast<int>(values.size()), static_cast<int>(values[0].size())},
          {}};
      for (const json& row : values)
        for (const json& value : row) array.values.push_back(value);
      return array;
    };
    ExpectRuns(*file, {rows(each["words"])}, rows(each["classes"]), 1e-5);
  }
}

}  // namespace
}  // namespace liteforge
