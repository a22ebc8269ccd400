// SPDX-License-Identifier: Apache-2.0
// Keras 2 models of one or a few layers against what TensorFlow.js' layers
// compute of the same configurations, and a transformer against what numpy
// computes of it: tests/keras_goldens, made by the scripts there.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "convert/keras_golden_testing.h"

namespace liteforge::keras_goldens_test {

using nlohmann::json;

class KerasGoldens : public testing::TestWithParam<const char*> {};

TEST_P(KerasGoldens, EveryCase) {
  const auto goldens = ReadGoldens(GetParam());
  EXPECT_GT(goldens.size(), 20u);
  for (const json& golden : goldens) {
    SCOPED_TRACE(golden.at("model").at("config").at("layers").dump());
    const KerasGolden g = ReadGolden(golden);
    ExpectRuns(g.file, g.inputs, g.want, g.tolerance);
  }
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

}  // namespace liteforge::keras_goldens_test
