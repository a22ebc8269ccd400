// SPDX-License-Identifier: Apache-2.0
// For tests of Keras layers against tests/keras_goldens: what TensorFlow.js'
// layers compute, a line of JSON for each model.
#pragma once

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge {

// As make_goldens.mjs draws them, which has the same Draw().
inline Array GoldenInput(const nlohmann::json& input, uint32_t seed) {
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

inline Array GoldenWeight(const nlohmann::json& weight, uint32_t seed) {
  Array values = Draw(weight.at("shape").get<Indices>(), seed);
  if (weight.at("name").get<std::string>().find("variance") !=
      std::string::npos) {
    for (double& value : values.values) value = std::abs(value) + 0.5;
  }
  return values;
}

inline std::vector<KerasLayerWeights> GoldenWeights(
    const nlohmann::json& golden, uint32_t seed) {
  std::vector<KerasLayerWeights> layers;
  for (const nlohmann::json& weight : golden.at("weights")) {
    const std::string layer = weight.at("layer");
    if (layers.empty() || layers.back().layer != layer)
      layers.push_back({layer, {}});
    layers.back().weights.push_back(
        Weight(layer + "/" + weight.at("name").get<std::string>() + ":0",
               GoldenWeight(weight, ++seed)));
  }
  return layers;
}

struct KerasGolden {
  KerasFile file;
  std::vector<Array> inputs;
  Array want;
  double tolerance;
};

inline KerasGolden ReadGolden(const nlohmann::json& golden) {
  const uint32_t seed = golden.at("seed").get<uint32_t>() * 64;
  KerasGolden g{
      TestFile(2, golden.at("model").dump(), GoldenWeights(golden, seed)),
      {},
      {golden.at("output").at("shape").get<Indices>(),
       golden.at("output").at("values").get<std::vector<double>>()},
      1e-5};
  for (const nlohmann::json& input : golden.at("inputs")) {
    const auto i = static_cast<uint32_t>(g.inputs.size());
    g.inputs.push_back(GoldenInput(input, seed + 32 + i));
  }
  double largest = 1;
  for (const double value : g.want.values)
    largest = std::max(largest, std::abs(value));
  g.tolerance *= largest;
  return g;
}

// The lines of a family's file.
inline std::vector<nlohmann::json> ReadGoldens(const std::string& family) {
  std::ifstream file(LITEFORGE_SOURCE_DIR "/tests/keras_goldens/" + family +
                     ".jsonl");
  std::vector<nlohmann::json> goldens;
  for (std::string line; std::getline(file, line);)
    goldens.push_back(nlohmann::json::parse(line));
  return goldens;
}

}  // namespace liteforge
