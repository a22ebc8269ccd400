// SPDX-License-Identifier: Apache-2.0
#include "import/detection/checkpoint_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tensorflow/test_bundle.h"

namespace liteforge::checkpoint_weights_test {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;

std::filesystem::path Prefix() {
  return std::filesystem::path(testing::TempDir()) / "weights-0";
}

std::string Key(const std::string& path) {
  return path + "/.ATTRIBUTES/VARIABLE_VALUE";
}

CheckpointWeights Write(const BundleWriter& writer) {
  writer.Write(Prefix());
  return CheckpointWeights::Open(Prefix()).value();
}

TEST(CheckpointWeights, TakesByKey) {
  BundleWriter writer;
  writer.Add(Key("model/a/kernel"), DataType::kFloat32, {2}, Floats{1, 2});
  writer.Add(Key("model/b"), DataType::kFloat32, {1}, Floats{3});
  writer.Add(Key("model/b/.OPTIMIZER_SLOT/optimizer/momentum"),
             DataType::kFloat32, {1}, Floats{4});
  writer.Add(Key("optimizer/rate"), DataType::kFloat32, {1}, Floats{5});
  CheckpointWeights weights = Write(writer);
  EXPECT_THAT(weights.Take("model/a/kernel", {2}).data.ToVector<float>(),
              ElementsAre(1, 2));
  EXPECT_TRUE(weights.Finish());
  EXPECT_THAT(weights.Unused(), ElementsAre("model/b"));
}

// One variable at two paths, the key being neither.
TEST(CheckpointWeights, WalksTheObjectGraph) {
  BundleWriter writer;
  writer.Add("somewhere", DataType::kFloat32, {1}, Floats{7});
  tf::TrackableObjectGraph graph;
  const auto child = [&](int parent, int node, const std::string& name) {
    auto* reference = graph.mutable_nodes(parent)->add_children();
    reference->set_node_id(node);
    reference->set_local_name(name);
  };
  for (int i = 0; i < 4; ++i) graph.add_nodes();
  child(0, 1, "model");
  child(1, 2, "box/scale");
  child(1, 2, "dotted.name");
  child(2, 3, "kernel");
  auto* value = graph.mutable_nodes(3)->add_attributes();
  value->set_name("VARIABLE_VALUE");
  value->set_checkpoint_key("somewhere");
  writer.AddStrings("_CHECKPOINTABLE_OBJECT_GRAPH",
                    {graph.SerializeAsString()});
  CheckpointWeights weights = Write(writer);
  EXPECT_TRUE(weights.Contains("model/box.Sscale/kernel"));
  EXPECT_TRUE(weights.Contains("model/dotted..name/kernel"));
  EXPECT_FALSE(weights.Contains("model/box/scale/kernel"));
  EXPECT_THAT(
      weights.Take("model/box.Sscale/kernel", {1}).data.ToVector<float>(),
      ElementsAre(7));
  EXPECT_TRUE(weights.Finish());
}

TEST(CheckpointWeights, NamesEveryMisfit) {
  BundleWriter writer;
  writer.Add(Key("model/a"), DataType::kFloat32, {2}, Floats{1, 2});
  writer.Add(Key("model/b"), DataType::kInt32, {1}, std::vector<int32_t>{3});
  CheckpointWeights weights = Write(writer);
  EXPECT_EQ(weights.Take("model/a", {3}).data.size(), 12u);
  weights.Take("model/b", {1});
  weights.Take("model/c", {4, 4});
  const std::string text = weights.Finish().error().ToString();
  EXPECT_THAT(text,
              HasSubstr("model/a is float32[2], the network needs float32[3]"));
  EXPECT_THAT(text, HasSubstr("model/b is int32[1]"));
  EXPECT_THAT(text, HasSubstr("model/c is missing"));
  EXPECT_THAT(text, HasSubstr("float32[4,4]"));
}

// Sizes come from a configuration that nobody has checked against the weights.
TEST(CheckpointWeights, HugeMisfitTakesNoMemory) {
  BundleWriter writer;
  writer.Add(Key("model/a"), DataType::kFloat32, {1}, Floats{1});
  CheckpointWeights weights = Write(writer);
  EXPECT_TRUE(weights.Take("model/x", {1 << 15, 1 << 15, 64}).data.empty());
  EXPECT_FALSE(weights.Finish());
}

TEST(CheckpointWeights, RefusesCheckpointsOfTensorFlow1) {
  BundleWriter writer;
  writer.Add("FeatureExtractor/weights", DataType::kFloat32, {1}, Floats{1});
  writer.Write(Prefix());
  EXPECT_THAT(CheckpointWeights::Open(Prefix()).error().ToString(),
              HasSubstr("TensorFlow 1"));
}

}  // namespace liteforge::checkpoint_weights_test
