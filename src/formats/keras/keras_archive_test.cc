// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "formats/keras/h5_test_writer.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/pickle_samples.h"

namespace liteforge::keras_archive_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

using Members = std::map<std::string, std::string>;

void WriteZip(const fs::path& path, const Members& members,
              int method = ZIP_CM_STORE) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(archive, nullptr);
  for (const auto& [name, text] : members) {
    zip_source_t* source =
        zip_source_buffer(archive, text.data(), text.size(), 0);
    const zip_int64_t at =
        zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE);
    ASSERT_GE(at, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(at), method, 0);
  }
  ASSERT_EQ(zip_close(archive), 0);
}

// A layer's entry in a list of layers.
std::string Layer(const std::string& class_name, const std::string& name) {
  return R"({"class_name": ")" + class_name + R"(", "config": {"name": ")" +
         name + R"("}})";
}

std::string Model(const std::string& name,
                  const std::vector<std::string>& layers) {
  std::string list;
  for (const std::string& layer : layers)
    list += (list.empty() ? "" : ", ") + layer;
  return R"({"class_name": "Functional", "config": {"name": ")" + name +
         R"(", "layers": [)" + list + "]}}";
}

class KerasArchive : public testing::Test {
 protected:
  // The datasets of model.weights.h5, each of one element, by path.
  std::string Weights(const std::vector<std::string>& paths) {
    const fs::path path = scratch_ / "weights.h5";
    {
      H5Writer h5(path);
      float value = 0;
      for (const std::string& dataset : paths)
        h5.Floats(dataset, {1}, {++value});
    }
    return ReadBytes(path);
  }

  Members Archive(const std::string& config,
                  const std::vector<std::string>& weights) {
    return {{"metadata.json", R"({"keras_version": "3.1.1"})"},
            {"config.json", config},
            {"model.weights.h5", Weights(weights)}};
  }

  fs::path Write(const Members& members, int method = ZIP_CM_STORE) {
    const fs::path path = scratch_ / "model.keras";
    WriteZip(path, members, method);
    return path;
  }

  // "layer: names", one for each layer.
  std::vector<std::string> LayersOf(const fs::path& path) {
    const auto file = ReadKeras(path);
    EXPECT_TRUE(file) << file.error().ToString();
    if (!file) return {};
    std::vector<std::string> layers;
    for (const KerasLayerWeights& layer : file->weights) {
      std::string names = layer.layer + ":";
      for (const KerasWeight& weight : layer.weights)
        names += " " + weight.name;
      layers.push_back(names);
    }
    return layers;
  }

  std::string ErrorOf(const fs::path& path) {
    const auto file = ReadKeras(path);
    return file ? "no error" : file.error().ToString();
  }

  ScratchDirectory scratch_;
};

TEST_F(KerasArchive, FindsLayersByClassAndOrder) {
  const std::string config =
      Model("m", {Layer("InputLayer", "x"), Layer("Dense", "last"),
                  Layer("MaxPooling2D", "p"), Layer("Dense", "first"),
                  Layer("PReLU", "slope"), Layer("Conv2DTranspose", "up")});
  const fs::path path = Write(
      Archive(config, {"layers/dense/vars/0", "layers/dense/vars/1",
                       "layers/dense_1/vars/0", "layers/p_re_lu/vars/0",
                       "layers/conv2d_transpose/vars/0", "optimizer/vars/0"}));
  EXPECT_THAT(LayersOf(path),
              ElementsAre("last: 0 1", "first: 0", "slope: 0", "up: 0"));
  const auto file = ReadKeras(path);
  EXPECT_EQ(file->generation, 3);
  EXPECT_FALSE(file->tf_keras);
  EXPECT_EQ(file->path, path.string());
  EXPECT_EQ(file->FindWeights("first")->weights[0].data.ToVector<float>()[0],
            3);
}

// Of compressed archives too.
TEST_F(KerasArchive, ReadsCompressedMembers) {
  const std::string config = Model("m", {Layer("Dense", "d")});
  EXPECT_THAT(
      LayersOf(Write(Archive(config, {"layers/dense/vars/0"}), ZIP_CM_DEFLATE)),
      ElementsAre("d: 0"));
}

TEST_F(KerasArchive, NumbersVariablesNotSpellsThem) {
  std::vector<std::string> weights;
  for (int i = 0; i < 12; ++i)
    weights.push_back("layers/custom/vars/" + std::to_string(i));
  EXPECT_THAT(
      LayersOf(Write(Archive(Model("m", {Layer("Custom", "c")}), weights))),
      ElementsAre("c: 0 1 2 3 4 5 6 7 8 9 10 11"));
}

// Parts come in the order of Keras 2's weights; random states are left out.
TEST_F(KerasArchive, OrdersTheWeightsOfParts) {
  const std::string config =
      Model("m", {Layer("Bidirectional", "b"), Layer("MultiHeadAttention", "a"),
                  Layer("Dropout", "d"), Layer("RNN", "r")});
  EXPECT_THAT(LayersOf(Write(Archive(
                  config, {"layers/bidirectional/backward_layer/cell/vars/0",
                           "layers/bidirectional/forward_layer/cell/vars/0",
                           "layers/multi_head_attention/_key_dense/vars/0",
                           "layers/multi_head_attention/_output_dense/vars/0",
                           "layers/multi_head_attention/_query_dense/vars/0",
                           "layers/multi_head_attention/_value_dense/vars/0",
                           "layers/dropout/seed_generator/vars/0",
                           "layers/rnn/cell/cells/lstm_cell/vars/0",
                           "layers/rnn/cell/cells/lstm_cell_10/vars/0",
                           "layers/rnn/cell/cells/lstm_cell_2/vars/0"}))),
              ElementsAre("b: forward_layer/cell/0 backward_layer/cell/0",
                          "a: _query_dense/0 _key_dense/0 _value_dense/0 "
                          "_output_dense/0",
                          "r: cell/cells/lstm_cell/0 cell/cells/lstm_cell_2/0 "
                          "cell/cells/lstm_cell_10/0"));
}

TEST_F(KerasArchive, GivesLayersOfInnerModelsTheirPath) {
  const std::string inner = Model("inner", {Layer("Dense", "same")});
  const std::string config = Model("m", {Layer("Dense", "same"), inner});
  EXPECT_THAT(LayersOf(Write(
                  Archive(config, {"layers/dense/vars/0",
                                   "layers/functional/layers/dense/vars/0"}))),
              ElementsAre("same: 0", "inner/same: 0"));
}

TEST_F(KerasArchive, FindsTheLayersOfAModelRunOnEachStep) {
  const std::string inner =
      Model("inner", {Layer("InputLayer", "i"), Layer("Dense", "low"),
                      Layer("Dense", "high")});
  const std::string wrapper =
      R"({"class_name": "TimeDistributed", "config": {"name": "td",
          "layer": )" +
      inner + "}}";
  const fs::path path =
      Write(Archive(Model("m", {Layer("InputLayer", "x"), wrapper}),
                    {"layers/time_distributed/layer/layers/dense/vars/0",
                     "layers/time_distributed/layer/layers/dense_1/vars/0"}));
  EXPECT_THAT(LayersOf(path), ElementsAre("td/low: 0", "td/high: 0"));
}

// A .npy of Python objects, version 1.0.
std::string ObjectArray(std::string_view pickle) {
  std::string header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
  header.resize(117, ' ');
  header += '\n';
  const auto length = static_cast<char>(header.size());
  return std::string("\x93NUMPY\x01\0", 8) + length + '\0' + header +
         std::string(pickle);
}

TEST_F(KerasArchive, ReadsArraysOfPython) {
  const fs::path arrays = scratch_ / "weights.npz";
  WriteZip(arrays, {{"layers/dense.npy", ObjectArray(kPickles[1])},
                    {"layers/dense_1.npy", ObjectArray(kPickles[3])}});
  std::ifstream stream(arrays, std::ios::binary);
  Members members =
      Archive(Model("m", {Layer("Dense", "d"), Layer("Dense", "e")}), {});
  members.erase("model.weights.h5");
  members["model.weights.npz"] = std::string(
      std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  const fs::path path = Write(members);
  EXPECT_THAT(LayersOf(path), ElementsAre("d: 0 1", "e: 0 1"));
  const auto file = ReadKerasArchive(path);
  ASSERT_TRUE(file) << file.error().ToString();
  EXPECT_EQ(file->weights[0].weights[0].shape, Shape({2, 3}));
  EXPECT_THAT(file->weights[1].weights[0].data.ToVector<float>(),
              ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(KerasArchive, NamesTheMemberOfArraysThatIsDamaged) {
  const fs::path arrays = scratch_ / "weights.npz";
  WriteZip(arrays, {{"layers/dense.npy", ObjectArray("\x80\x03")}});
  std::ifstream stream(arrays, std::ios::binary);
  Members members = Archive(Model("m", {Layer("Dense", "d")}), {});
  members.erase("model.weights.h5");
  members["model.weights.npz"] = std::string(
      std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  EXPECT_THAT(ErrorOf(Write(members)),
              AllOf(HasSubstr("model.weights.npz"),
                    HasSubstr("layers/dense.npy"), HasSubstr("too early")));
}

TEST_F(KerasArchive, ReadsTheNamesOfKeras213) {
  Members members =
      Archive(Model("m", {Layer("Dense", "d"), Layer("Dense", "e")}),
              {"_layer_checkpoint_dependencies/dense/vars/0",
               "_layer_checkpoint_dependencies/dense_1/vars/0"});
  members["metadata.json"] = R"({"keras_version": "2.13.1"})";
  const fs::path path = Write(members);
  EXPECT_THAT(LayersOf(path), ElementsAre("d: 0", "e: 0"));
  EXPECT_EQ(ReadKeras(path)->generation, 2);
  EXPECT_TRUE(ReadKeras(path)->tf_keras);
}

TEST_F(KerasArchive, SaysWhatIsWrong) {
  const Members whole =
      Archive(Model("m", {Layer("Dense", "d")}), {"layers/dense/vars/0"});
  for (const auto& [member, content] : whole) {
    Members without = whole;
    without.erase(member);
    EXPECT_THAT(ErrorOf(Write(without)),
                HasSubstr("model.keras: has no member '" + member + "'"));
  }
  Members other = whole;
  other["config.json"] = "{";
  EXPECT_THAT(ErrorOf(Write(other)), HasSubstr("model.keras: config.json: "));
  other["config.json"] = R"({"class_name": "Model"})";
  EXPECT_THAT(ErrorOf(Write(other)), HasSubstr("config.json: it is not {"));
  other = whole;
  other["model.weights.h5"].resize(600);
  EXPECT_THAT(ErrorOf(Write(other)),
              HasSubstr("model.keras: model.weights.h5: is truncated"));
}

TEST_F(KerasArchive, SurvivesDamage) {
  const fs::path path = Write(
      Archive(Model("m", {Layer("Dense", "d")}), {"layers/dense/vars/0"}));
  const std::string bytes = ReadBytes(path);
  for (size_t size :
       {size_t{4}, size_t{60}, bytes.size() / 2, bytes.size() - 1}) {
    WriteBytes(path, bytes.substr(0, size));
    EXPECT_THAT(ErrorOf(path), HasSubstr("is no complete zip archive"));
  }
  const size_t config = bytes.find("class_name");
  std::string flipped = bytes;
  flipped[config] ^= 1;
  WriteBytes(path, flipped);
  EXPECT_THAT(ErrorOf(path), HasSubstr("member 'config.json' is damaged"));
}

// 200 MB of zeros in 200 kB.
TEST_F(KerasArchive, RefusesWhatExpandsWithoutEnd) {
  Members members =
      Archive(Model("m", {Layer("Dense", "d")}), {"layers/dense/vars/0"});
  members["model.weights.h5"].resize(size_t{200} << 20);
  EXPECT_THAT(ErrorOf(Write(members, ZIP_CM_DEFLATE)),
              HasSubstr("out of proportion to its file"));
}

}  // namespace liteforge::keras_archive_test
