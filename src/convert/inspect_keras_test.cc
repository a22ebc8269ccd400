// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"

namespace liteforge::inspect_keras_test {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDense =
    R"({"class_name": "Sequential", "config": {"name": "m", "layers": [)"
    R"({"class_name": "InputLayer", "config": {"name": "image", )"
    R"("batch_input_shape": [null, 3], "dtype": "float32"}},)"
    R"({"class_name": "Dense", "config": {"name": "scores", "units": 2, )"
    R"("activation": "ACTIVATION", "use_bias": true}}]}})";

void WriteConfig(const std::filesystem::path& path, const std::string& config) {
  H5Writer writer(path);
  writer.Group("model_weights");
  writer.Text("/", "model_config", config);
  writer.Text("/", "keras_version", "2.4.0");
  writer.Text("/", "backend", "tensorflow");
  writer.Texts("model_weights", "layer_names", {"scores"});
  writer.Floats("model_weights/scores/scores/kernel:0", {3, 2}, Ramp(6));
  writer.Floats("model_weights/scores/scores/bias:0", {2}, {1, 2});
  writer.Texts("model_weights/scores", "weight_names",
               {"scores/kernel:0", "scores/bias:0"});
}

void WriteH5(const std::filesystem::path& path, const std::string& activation) {
  std::string config = kDense;
  config.replace(config.find("ACTIVATION"), 10, activation);
  WriteConfig(path, config);
}

TEST(InspectKeras, Text) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "softmax");
  const ModelDescription model = Inspected(dir / "m.h5");
  const std::string bytes =
      std::to_string(std::filesystem::file_size(dir / "m.h5"));
  EXPECT_EQ(ToText(model),
            "Keras HDF5 model (Keras 2.4.0, backend tensorflow), " + bytes +
                " bytes, 8 parameters\n"
                "  input   image  float32[?,3]\n"
                "  output  scores  float32[?,2]\n"
                "  image   InputLayer             0  [?,3]\n"
                "  scores  Dense                  8  [?,2]\n"
                "converts");
}

TEST(InspectKeras, JsonSaysTheSame) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "relu");
  const Json json = Json::parse(ToJson(Inspected(dir / "m.h5")));
  EXPECT_EQ(json["kind"], "Keras HDF5 model");
  EXPECT_EQ(json["writer"], "Keras 2.4.0, backend tensorflow");
  EXPECT_EQ(json["layers"][1]["name"], "scores");
  EXPECT_EQ(json["layers"][1]["type"], "Dense");
  EXPECT_EQ(json["layers"][1]["output"], "[?,2]");
  EXPECT_EQ(json["layers"][1]["parameters"], 8);
  EXPECT_EQ(json["parameters"], 8);
  EXPECT_EQ(json["inputs"][0]["shape"], Json({-1, 3}));
  EXPECT_THAT(json["operators"], IsEmpty());
}

TEST(InspectKeras, WhatDoesNotConvertIsDescribed) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "my_own");
  const ModelDescription model = Inspected(dir / "m.h5");
  EXPECT_FALSE(model.converts);
  EXPECT_EQ(model.parameters, 8);
  EXPECT_THAT(model.problem, HasSubstr("my_own"));
  EXPECT_THAT(ToText(model), HasSubstr("\ndoes not convert: "));
}

// A layer that nobody knows does not hide the others.
TEST(InspectKeras, EveryLayerIsListed) {
  const ScratchDirectory dir;
  std::string config = kDense;
  config.replace(config.find("ACTIVATION"), 10, "relu");
  config.insert(config.find(R"({"class_name": "Dense")"),
                R"({"class_name": "MyLayer", "config": {"name": "mine"}},)");
  WriteConfig(dir / "m.h5", config);
  const ModelDescription model = Inspected(dir / "m.h5");
  EXPECT_FALSE(model.converts);
  ASSERT_EQ(model.layers.size(), 3u);
  EXPECT_TRUE(model.layers[0].converts);
  EXPECT_EQ(model.layers[1].type, "MyLayer");
  EXPECT_FALSE(model.layers[1].converts);
  EXPECT_EQ(model.layers[2].parameters, 8);
  EXPECT_THAT(ToText(model), HasSubstr("does not convert"));
  EXPECT_THAT(model.problem, HasSubstr("MyLayer"));
  EXPECT_THAT(model.inputs, IsEmpty());
}

}  // namespace liteforge::inspect_keras_test
