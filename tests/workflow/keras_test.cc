// SPDX-License-Identifier: Apache-2.0
// Keras models that do not convert as they are, from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/npy.h"
#include "tests/command.h"
#include "tests/zip.h"

namespace {

namespace fs = std::filesystem;
using liteforge::DataType;
using liteforge::Shape;
using liteforge_tests::Zip;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

//-------------------------------------------------------------------- archives

std::string Layer(const std::string& class_name, const std::string& name,
                  const std::string& config) {
  return R"({"class_name":")" + class_name + R"(","config":{"name":")" + name +
         "\"" + config + "}}";
}

// A Sequential model without weights.
std::string Archive(const std::string& layers) {
  return Zip({{"metadata.json", R"({"keras_version":"3.4.1"})"},
              {"config.json",
               R"({"class_name":"Sequential","config":{"name":"m","layers":[)" +
                   Layer("InputLayer", "x", R"(,"batch_shape":[null,3])") +
                   "," + layers + "]}}"},
              {"model.weights.npz", Zip({})}});
}

//----------------------------------------------------------------------- tests

class Keras : public testing::Test {
 protected:
  void Write(const std::string& layers) {
    std::ofstream(folder_.path() / "m.keras", std::ios::binary)
        << Archive(layers);
  }
  liteforge_tests::CommandResult Run(const std::string& arguments) {
    return liteforge_tests::RunLiteforge(arguments, folder_.path());
  }
  std::string Refused(const std::string& options = "") {
    const auto result = Run("convert m.keras -o m.tflite " + options);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_FALSE(fs::exists(folder_.path() / "m.tflite"));
    return result.err;
  }

  // What a model gives for one row of three.
  std::vector<float> Answer(const std::string& model,
                            const std::vector<float>& x) {
    EXPECT_TRUE(liteforge::WriteNpy(folder_.path() / "x.npy",
                                    DataType::kFloat32, Shape{1, 3},
                                    std::as_bytes(std::span(x))));
    EXPECT_EQ(Run("run " + model + " --input x.npy --output-dir .").exit_status,
              0);
    const auto y = liteforge::ReadNpy(folder_.path() / "output_0.npy");
    EXPECT_TRUE(y) << y.error().ToString();
    if (!y) return {};
    const auto* values = reinterpret_cast<const float*>(y->data.data());
    return {values, values + y->data.size() / sizeof(float)};
  }

  const liteforge_tests::TemporaryFolder folder_;
};

const std::string kTwoUnknown =
    Layer("Scrambler", "first", R"(,"strength":5)") + "," +
    Layer("Rescaling", "scale", R"(,"scale":2.0,"offset":1.0)") + "," +
    Layer("Wobble", "second", R"(,"phase":[1,2])");

TEST_F(Keras, UnknownLayersAreNamedTogetherWithTheirConfiguration) {
  Write(kTwoUnknown);
  EXPECT_THAT(
      Refused(),
      AllOf(HasSubstr("error: m.keras: 2 layers cannot be imported"),
            HasSubstr("'first' (Scrambler)"), HasSubstr(R"("strength":5)"),
            HasSubstr("--skip-layer first"), HasSubstr("'second' (Wobble)"),
            HasSubstr(R"("phase":[1,2])"), HasSubstr("--skip-layer second")));
}

TEST_F(Keras, LayersThatAreSkippedPassOnWhatTheyGet) {
  Write(kTwoUnknown);
  EXPECT_THAT(Refused("--skip-layer first"),
              AllOf(HasSubstr("'second'"), Not(HasSubstr("'first' (Scr"))));
  EXPECT_THAT(Refused("--skip-layer third"), HasSubstr("third"));
  const auto done =
      Run("convert m.keras -o m.tflite --skip-layer first --skip-layer second");
  ASSERT_EQ(done.exit_status, 0) << done.err;
  EXPECT_THAT(done.err, AllOf(HasSubstr("'first' is skipped"),
                              HasSubstr("'second' is skipped")));
  EXPECT_THAT(Answer("m.tflite", {1, -2, 0.5f}),
              testing::ElementsAre(3, -3, 2));
}

TEST_F(Keras, TheSavedModelOfOneGivesTheSame) {
  Write(Layer("Rescaling", "scale", R"(,"scale":2.0,"offset":1.0)"));
  const auto saved = Run("convert m.keras -o saved --to saved-model");
  ASSERT_EQ(saved.exit_status, 0) << saved.err;
  EXPECT_TRUE(fs::exists(folder_.path() / "saved" / "saved_model.pb"));
  const auto again = Run("convert saved -o again.tflite");
  ASSERT_EQ(again.exit_status, 0) << again.err;
  EXPECT_THAT(Answer("again.tflite", {1, -2, 0.5f}),
              testing::ElementsAre(3, -3, 2));
}

TEST_F(Keras, ALambdaIsRefusedWithTheWayRoundIt) {
  Write(Layer("Lambda", "shout", R"(,"function":["4wEAAAA=",null,null])"));
  EXPECT_THAT(Refused(),
              AllOf(HasSubstr("'shout' (Lambda)"), HasSubstr("SavedModel")));
}

TEST_F(Keras, InspectSaysWhoWroteItAndWhatConverts) {
  Write(kTwoUnknown);
  const auto text = Run("inspect m.keras");
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("Keras 3.4.1"), HasSubstr("Scrambler"),
                    HasSubstr("does not convert"), HasSubstr("Rescaling")));
  const auto json = nlohmann::json::parse(Run("inspect m.keras --json").out);
  EXPECT_FALSE(json["converts"]);
  ASSERT_EQ(json["layers"].size(), 4u);
  EXPECT_EQ(json["layers"][1]["name"], "first");
  EXPECT_EQ(json["layers"][1]["converts"], false);
}

}  // namespace
