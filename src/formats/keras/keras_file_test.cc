// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/keras_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "formats/keras/h5_test_writer.h"

namespace liteforge::keras_file_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kKeras2Model[] =
    R"({"class_name": "Functional", "config": {"name": "m", "layers": [)"
    R"({"class_name": "Dense", "config": {"units": 2, "rate": NaN}}]}})";

struct Options {
  std::string config = kKeras2Model;
  std::string version = "2.4.0";
  std::string backend = "tensorflow";
  std::string weights = "model_weights";  // the group
  bool at_root = true;  // version and backend as attributes of the root
  size_t text_size = H5T_VARIABLE;
};

// A model of two layers with weights and one without.
void WriteModel(const std::filesystem::path& path, const Options& options) {
  const std::string& g = options.weights;
  H5Writer writer(path);
  if (g != "/") writer.Group(g);
  const TextLayout layout{options.text_size, H5T_STR_NULLPAD};
  if (!options.config.empty()) {
    writer.Text("/", "model_config", options.config,
                {options.text_size == H5T_VARIABLE ? H5T_VARIABLE
                                                   : options.config.size(),
                 H5T_STR_NULLPAD});
  }
  const std::string place = options.at_root ? "/" : g;
  if (!options.version.empty()) {
    writer.Text(place, "keras_version", options.version, layout);
  }
  if (!options.backend.empty()) {
    writer.Text(place, "backend", options.backend, layout);
  }
  writer.Texts(g, "layer_names", {"dense", "flatten", "inner/model"}, layout);
  writer.Floats(g + "/dense/dense/bias:0", {2}, {5, 6});
  writer.Floats(g + "/dense/dense/kernel:0", {2, 2}, {1, 2, 3, 4});
  writer.Texts(g + "/dense", "weight_names", {"dense/kernel:0", "dense/bias:0"},
               layout);
  writer.Group(g + "/flatten");
  writer.Texts(g + "/flatten", "weight_names", {}, {4, H5T_STR_NULLPAD});
  writer.Floats(g + "/inner/model/conv/k:0", {1}, {7});
  writer.Floats(g + "/inner/model/bn/gamma:0", {1}, {8});
  writer.Texts(g + "/inner/model", "weight_names0", {"conv/k:0"}, layout);
  writer.Texts(g + "/inner/model", "weight_names1", {"bn/gamma:0"}, layout);
}

TEST(ReadKerasH5, ModelAndWeights) {
  const ScratchDirectory dir;
  for (const size_t text_size : {H5T_VARIABLE, size_t{16}}) {
    Options options;
    options.text_size = text_size;
    WriteModel(dir / "a.h5", options);
    const auto file = ReadKerasH5(dir / "a.h5");
    ASSERT_TRUE(file) << file.error().ToString();
    EXPECT_EQ(file->path, (dir / "a.h5").string());
    EXPECT_EQ(file->generation, 2);
    EXPECT_EQ(file->version, "2.4.0");
    EXPECT_EQ(file->backend, "tensorflow");
    EXPECT_TRUE(file->tf_keras);
    EXPECT_EQ(file->model["class_name"], "Functional");
    EXPECT_EQ(file->model["config"]["layers"][0]["config"]["rate"], "NaN");

    ASSERT_EQ(file->weights.size(), 3u);
    EXPECT_EQ(file->weights[1].layer, "flatten");
    EXPECT_THAT(file->weights[1].weights, IsEmpty());
    const KerasLayerWeights* dense = file->FindWeights("dense");
    ASSERT_EQ(dense, &file->weights[0]);
    ASSERT_EQ(dense->weights.size(), 2u);
    EXPECT_EQ(dense->weights[0].name, "dense/kernel:0");
    EXPECT_EQ(dense->weights[0].type, DataType::kFloat32);
    EXPECT_EQ(dense->weights[0].shape, Shape({2, 2}));
    EXPECT_THAT(dense->weights[0].data.ToVector<float>(),
                ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(dense->weights[1].data.ToVector<float>(), ElementsAre(5, 6));
    const KerasLayerWeights* inner = file->FindWeights("inner/model");
    ASSERT_NE(inner, nullptr);
    EXPECT_EQ(inner->weights[0].name, "conv/k:0");
    EXPECT_EQ(inner->weights[1].name, "bn/gamma:0");
    EXPECT_EQ(file->FindWeights("none"), nullptr);
  }
}

struct ProducerRow {
  const char *version, *backend;
  bool at_root;
  int generation;
  bool tf_keras;
  const char* producer;
};

TEST(ReadKerasH5, Producers) {
  const ProducerRow rows[] = {
      {"2.4.0", "tensorflow", true, 2, true, "Keras 2.4.0 (tf.keras)"},
      {"2.15.0", "tensorflow", false, 2, true, "Keras 2.15.0 (tf.keras)"},
      {"2.2.4-tf", "tensorflow", true, 2, true, "Keras 2.2.4-tf (tf.keras)"},
      {"2.3.1", "tensorflow", true, 2, false, "Keras 2.3.1"},
      {"2.1.3", "theano", false, 2, false, "Keras 2.1.3 with theano"},
      {"1.2.2", "", true, 1, false, "Keras 1.2.2"},
      {"3.1.1", "tensorflow", true, 3, false, "Keras 3.1.1"},
      {"3.1.1", "jax", true, 3, false, "Keras 3.1.1 with jax"},
      {"4.0", "", true, 3, false, "Keras 4.0"},
      // kKeras2Model has units, a word of Keras 2.
      {"", "", true, 2, false, "Keras 2"},
  };
  const ScratchDirectory dir;
  for (const ProducerRow& row : rows) {
    Options options;
    options.version = row.version;
    options.backend = row.backend;
    options.at_root = row.at_root;
    WriteModel(dir / "a.h5", options);
    const auto file = ReadKerasH5(dir / "a.h5");
    ASSERT_TRUE(file) << file.error().ToString();
    EXPECT_EQ(file->version, row.version);
    EXPECT_EQ(file->backend, row.backend);
    EXPECT_EQ(file->generation, row.generation) << row.producer;
    EXPECT_EQ(file->tf_keras, row.tf_keras) << row.producer;
    EXPECT_EQ(file->Producer(), row.producer);
  }
}

TEST(ReadKerasH5, GenerationOfAFileWithoutVersion) {
  struct Row {
    const char* config;
    int generation;
  };
  const Row rows[] = {
      {R"({"class_name": "Sequential", "config": [{"class_name": "Dense",
           "config": {"output_dim": 4, "init": "normal"}}]})",
       1},
      {R"({"class_name": "Sequential", "config": [{"class_name": "Flatten",
           "config": {"name": "f"}}]})",
       1},
      {R"({"class_name": "Model", "config": {"layers": [{"config":
           {"filters": 4, "kernel_initializer": {}}}]}})",
       2},
      {R"({"class_name": "Sequential", "config": {"layers": [{"config":
           {"batch_shape": [null, 4]}}, {"config": {"units": 2}}]}})",
       3},
  };
  const ScratchDirectory dir;
  for (const Row& row : rows) {
    Options options;
    options.config = row.config;
    options.version = options.backend = "";
    WriteModel(dir / "a.h5", options);
    const auto file = ReadKerasH5(dir / "a.h5");
    ASSERT_TRUE(file) << file.error().ToString();
    EXPECT_EQ(file->generation, row.generation) << row.config;
  }
}

TEST(ReadKerasH5, WeightsAtTheRootBesideTheModel) {
  const ScratchDirectory dir;
  Options options;
  options.weights = "/";
  WriteModel(dir / "a.h5", options);
  const auto file = ReadKerasH5(dir / "a.h5");
  ASSERT_TRUE(file) << file.error().ToString();
  EXPECT_EQ(file->weights.size(), 3u);
}

TEST(ReadKerasH5, TopLevelWeightsOfTheModelItself) {
  const ScratchDirectory dir;
  WriteModel(dir / "a.h5", {});
  const std::string group = "model_weights/top_level_model_weights";
  auto append = [&](auto write) {
    const hid_t f = H5Fopen((dir / "a.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    write(f);
    H5Fclose(f);
  };
  append([&](hid_t f) {
    H5Gclose(
        H5Gcreate2(f, group.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  });
  auto file = ReadKerasH5(dir / "a.h5");
  ASSERT_TRUE(file) << file.error().ToString();
  EXPECT_EQ(file->weights.size(), 3u);

  append([&](hid_t f) {
    const hid_t scalar = H5Screate(H5S_SCALAR);
    const hid_t text = H5Tcopy(H5T_C_S1);
    const hid_t names =
        H5Acreate_by_name(f, group.c_str(), "weight_names", text, scalar,
                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(names, text, "w");
    H5Aclose(names);
    H5Dclose(H5Dcreate2(f, (group + "/w").c_str(), H5T_IEEE_F32LE, scalar,
                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  });
  file = ReadKerasH5(dir / "a.h5");
  ASSERT_TRUE(file) << file.error().ToString();
  ASSERT_EQ(file->weights.size(), 4u);
  EXPECT_EQ(file->weights[3].layer, "top_level_model_weights");
  EXPECT_EQ(file->weights[3].weights[0].shape, Shape());
}

// Deletes or adds something in a good file, and expects the message.
struct DamageRow {
  const char* what;
  void (*damage)(hid_t file);
  ErrorCode code;
  const char* message;  // without the path
};

void ReplaceWithText(hid_t file) {
  const char path[] = "model_weights/dense/dense/kernel:0";
  H5Ldelete(file, path, H5P_DEFAULT);
  const hid_t scalar = H5Screate(H5S_SCALAR);
  H5Dclose(H5Dcreate2(file, path, H5T_C_S1, scalar, H5P_DEFAULT, H5P_DEFAULT,
                      H5P_DEFAULT));
}

TEST(ReadKerasH5, WhatIsMissingIsNamed) {
  const DamageRow rows[] = {
      {"a weight",
       [](hid_t f) {
         H5Ldelete(f, "model_weights/dense/dense/bias:0", H5P_DEFAULT);
       },
       ErrorCode::kInvalidModel,
       "weights of layer 'dense': weight 'dense/bias:0' is listed but not "
       "stored; save the model again"},
      {"a weight's type", ReplaceWithText, ErrorCode::kUnsupported,
       "weights of layer 'dense': weight 'dense/kernel:0' is of a type "
       "(string) that no weight has; save the model again with "
       "model.save(...)"},
      {"a layer",
       [](hid_t f) { H5Ldelete(f, "model_weights/flatten", H5P_DEFAULT); },
       ErrorCode::kInvalidModel,
       "weights of layer 'flatten': the layer is listed but its group is not "
       "stored; save the model again"},
      {"the list of layers",
       [](hid_t f) {
         H5Adelete_by_name(f, "model_weights", "layer_names", H5P_DEFAULT);
       },
       ErrorCode::kInvalidModel,
       "the weights list no layers (no attribute layer_names); save the model "
       "again with model.save(...)"},
      {"the weights",
       [](hid_t f) { H5Ldelete(f, "model_weights", H5P_DEFAULT); },
       ErrorCode::kInvalidModel,
       "the weights list no layers (no attribute layer_names); save the model "
       "again with model.save(...)"},
      {"the model", [](hid_t f) { H5Adelete(f, "model_config"); },
       ErrorCode::kUnsupported,
       "holds weights but no model; save with model.save(...) instead of "
       "save_weights(...)"},
      {"everything of Keras",
       [](hid_t f) {
         H5Adelete(f, "model_config");
         H5Ldelete(f, "model_weights", H5P_DEFAULT);
       },
       ErrorCode::kUnsupported,
       "is an HDF5 file without a Keras model (no attribute model_config); "
       "save one with model.save(...)"},
  };
  const ScratchDirectory dir;
  const auto path = dir / "a.h5";
  for (const DamageRow& row : rows) {
    WriteModel(path, {});
    const hid_t opened = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    row.damage(opened);
    H5Fclose(opened);
    const auto file = ReadKerasH5(path);
    ASSERT_FALSE(file) << row.what;
    EXPECT_EQ(file.error().code, row.code) << row.what;
    EXPECT_EQ(file.error().ToString(), path.string() + ": " + row.message);
  }
}

TEST(ReadKerasH5, FilesOfSaveWeightsAreRefused) {
  const ScratchDirectory dir;
  Options options;
  options.config = "";
  options.weights = "/";
  WriteModel(dir / "a.h5", options);
  const auto file = ReadKerasH5(dir / "a.h5");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(file.error().message, HasSubstr("holds weights but no model"));
}

TEST(ReadKerasH5, BrokenConfigurations) {
  const std::pair<const char*, const char*> rows[] = {
      {"{\"class_name\": ", ": model_config: the JSON is damaged: parse error"},
      {"null", ": model_config: it is not {\"class_name\": …, \"config\": …}"},
      {"[]", ": model_config: it is not {"},
      {"{\"class_name\": 3, \"config\": {}}", ": model_config: it is not {"},
      {"{\"class_name\": \"Model\"}", ": model_config: it is not {"},
      {"{\"class_name\": \"Model\", \"config\": 3}",
       ": model_config: it is not {"},
  };
  const ScratchDirectory dir;
  for (const auto& [config, message] : rows) {
    Options options;
    options.config = config;
    WriteModel(dir / "a.h5", options);
    const auto file = ReadKerasH5(dir / "a.h5");
    ASSERT_FALSE(file) << config;
    EXPECT_EQ(file.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(file.error().ToString(),
                StartsWith((dir / "a.h5").string() + message));
  }
}

// --- Real models ------------------------------------------------------------

// $LITEFORGE_SHARED, else "shared" beside one of the directories that the test
// runs in (the build lies in the sources).
std::filesystem::path SharedModels() {
  const auto models = std::filesystem::path("models") / "h5";
  if (const char* given = std::getenv("LITEFORGE_SHARED")) {
    return given / models;
  }
  auto at = std::filesystem::current_path();
  while (!std::filesystem::exists(at / "shared" / models) &&
         at.has_relative_path()) {
    at = at.parent_path();
  }
  return at / "shared" / models;
}

struct SharedCase {
  std::filesystem::path model;
  nlohmann::json about;
};

std::map<std::string, SharedCase> SharedCases() {
  std::map<std::string, SharedCase> cases;
  std::error_code missing;
  for (const auto& entry :
       std::filesystem::directory_iterator(SharedModels(), missing)) {
    std::ifstream in(entry.path() / "case.json");
    nlohmann::json about = nlohmann::json::parse(in);
    const auto model = entry.path() / about["source"].get<std::string>();
    cases[entry.path().filename()] = {model, about};
  }
  return cases;
}

int64_t Parameters(const KerasFile& file) {
  int64_t sum = 0;
  for (const KerasLayerWeights& layer : file.weights) {
    for (const KerasWeight& weight : layer.weights) {
      EXPECT_EQ(static_cast<int64_t>(weight.data.size()),
                ByteSize(weight.type, weight.shape.elements()));
      sum += weight.shape.elements();
    }
  }
  return sum;
}

TEST(SharedModels, GoodOnesReadAndSayWhatTheyAre) {
  const auto cases = SharedCases();
  if (cases.empty()) GTEST_SKIP() << "no shared models at " << SharedModels();
  for (const auto& [name, entry] : cases) {
    if (entry.about["expect"] != "ok") continue;
    SCOPED_TRACE(name);
    const auto file = ReadKerasH5(entry.model);
    ASSERT_TRUE(file) << file.error().ToString();
    // "Sequential | keras 2.1.3 tensorflow | 2 layers: …", from h5py
    const std::string what = entry.about["what"];
    EXPECT_THAT(what, HasSubstr(file->model["class_name"].get<std::string>() +
                                " | keras " + file->version + " " +
                                file->backend + " | "));
    EXPECT_EQ(file->generation, file->version[0] - '0');
    EXPECT_GT(Parameters(*file), 0);
  }
}

// From h5py: the sum of the sizes of all datasets below /model_weights.
TEST(SharedModels, ParameterCounts) {
  const auto cases = SharedCases();
  if (cases.empty()) GTEST_SKIP() << "no shared models at " << SharedModels();
  const std::pair<const char*, int64_t> rows[] = {
      {"circuit_gru_model_h5", 38751},
      {"dl4j_h5_simple_lstm_th_keras_1_model", 10451},
      {"dl4j_h5_tfscope_model", 18690},
      {"mattn_xor_model_h5", 33},
      {"mlperf_ad01_h5", 269992},
      {"mlperf_pretrained_resnet_h5", 78666},
      {"mlperf_str_ww_ref_model_h5", 47707},
      {"mlperf_vww_96_h5", 221794},
      {"mltk_fingerprint_signature_generator_siamese_h5", 1750},
      {"mltk_keyword_spotting_h5", 24908},
      {"moonflower_mnist_model_h5", 34826},
      {"oarriaga_fer2013_mini_xception_102_0_66_h5", 58423},
      {"stackedae_autoencoder2_h5", 17866},
  };
  for (const auto& [name, parameters] : rows) {
    const auto file = ReadKerasH5(cases.at(name).model);
    ASSERT_TRUE(file) << file.error().ToString();
    EXPECT_EQ(Parameters(*file), parameters) << name;
  }
}

TEST(SharedModels, BadOnesAreRefusedWithTheReason) {
  const auto cases = SharedCases();
  if (cases.empty()) GTEST_SKIP() << "no shared models at " << SharedModels();
  const std::pair<const char*, const char*> rows[] = {
      {"truncated_xor_model_1",
       "is truncated: its header promises 21952 bytes, there are 14691"},
      {"flipped_xor_model_3", "model_config: the JSON is damaged"},
      {"flipped_xor_model_5", "model_config: the JSON is damaged"},
      {"mltk_test_model_weights_h5", "holds weights but no model"},
      {"dl4j_h5_simple_lstm_tf_keras_1_weights", "holds weights but no model"},
      {"dl4j_h5_simple_lstm_tf_keras_2_weights", "holds weights but no model"},
      {"dl4j_h5_simple_rnn_tf_keras_2_weights", "holds weights but no model"},
  };
  for (const auto& [name, message] : rows) {
    const auto file = ReadKerasH5(cases.at(name).model);
    ASSERT_FALSE(file) << name;
    EXPECT_THAT(file.error().ToString(), HasSubstr(message));
  }
}

}  // namespace liteforge::keras_file_test
