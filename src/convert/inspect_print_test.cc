// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"

namespace liteforge::inspect_print_test {

using testing::HasSubstr;

// A model described by hand, with something of everything.
ModelDescription Everything() {
  ModelDescription model;
  model.kind = "TFLite model";
  model.file_bytes = 1234;
  TensorDetails image;
  image.name = "image";
  image.index = 3;
  image.shape = Shape{1, 8, 8, 3};
  image.shape_signature = Shape{-1, 8, 8, 3};
  image.dtype = DataType::kUInt8;
  image.quantization.scale = {0.5f};
  image.quantization.zero_point = {128};
  model.inputs = {image};
  model.signatures = {{"run", {{"image", 3}}, {{"a", 4}, {"b", 5}}}};
  model.operators = {{"CONV_2D", 3, 2}, {"Conv2D", 0, 1}};
  model.operator_sequence = {"CONV_2D", "CONV_2D"};
  model.image_mean = {127.5f};
  model.image_std = {127.5f};
  model.labels = {"a", "b", "c", "d", "e", "f"};
  model.min_runtime_version = "2.3.0";
  model.converts = true;
  return model;
}

TEST(InspectPrint, Text) {
  EXPECT_EQ(ToText(Everything()),
            "TFLite model, 1234 bytes, needs TensorFlow Lite 2.3.0\n"
            "  input   image  uint8[?,8,8,3]  scale 0.5, zero_point 128\n"
            "  signature run: image -> a b\n"
            "  images  (x - 127.5) / 127.5 of x in 0 to 255\n"
            "  labels  6: a, b, c, d, e, …\n"
            "      2 x CONV_2D v3\n"
            "      1 x Conv2D\n"
            "runs");
}

// Names line up, whatever their length.
TEST(InspectPrint, LayersStandInColumns) {
  ModelDescription model;
  model.kind = "Keras HDF5 model";
  model.layers = {{"a", "Conv2D", "[?,4]", 1000, true},
                  {"longer", "X", "[?,2]", 7, false}};
  model.problem = "it has an X";
  EXPECT_EQ(ToText(model),
            "Keras HDF5 model, 0 bytes\n"
            "  a       Conv2D          1000  [?,4]\n"
            "  longer  X                  7  [?,2]  does not convert\n"
            "does not convert: it has an X");
}

TEST(InspectPrint, Json) {
  const Json json = Json::parse(ToJson(Everything()));
  EXPECT_EQ(json["file_bytes"], 1234);
  EXPECT_EQ(json["labels"].size(), 6u);
  EXPECT_EQ(json["image_mean"], Json({127.5}));
  EXPECT_EQ(json["inputs"][0]["index"], 3);
  EXPECT_EQ(json["inputs"][0]["dtype"], "uint8");
  EXPECT_EQ(json["inputs"][0]["shape_signature"], Json({-1, 8, 8, 3}));
  EXPECT_EQ(json["inputs"][0]["quantization"]["zero_point"], Json({128}));
  EXPECT_EQ(json["signatures"][0]["outputs"]["b"], 5);
  EXPECT_EQ(json["operators"][1]["version"], 0);
  EXPECT_EQ(json["min_runtime_version"], "2.3.0");
}

// Names that are not UTF-8 still make JSON.
TEST(InspectPrint, JsonOfAnyNames) {
  ModelDescription model;
  model.kind = "TFLite model";
  model.writer = "\xff\xfe \"quoted\"\n";
  const Json json = Json::parse(ToJson(model), nullptr, false);
  EXPECT_FALSE(json.is_discarded());
  EXPECT_THAT(json["writer"].get<std::string>(), HasSubstr("\"quoted\"\n"));
}

}  // namespace liteforge::inspect_print_test
