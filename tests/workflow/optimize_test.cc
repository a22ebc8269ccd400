// SPDX-License-Identifier: Apache-2.0
// Quantizing, pruning, comparing and evaluating the example model from the
// command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "liteforge/converter.h"
#include "liteforge/function.h"
#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using liteforge::DataType;
using liteforge::NpyArray;
using liteforge::Shape;
using testing::HasSubstr;

const fs::path kDigits = fs::path(LITEFORGE_SOURCE_DIR) / "examples/digits";

class Optimized : public testing::Test {
 protected:
  std::string Do(const std::string& arguments) {
    const auto result =
        liteforge_tests::RunLiteforge(arguments, folder_.path());
    EXPECT_EQ(result.exit_status, 0) << arguments << "\n" << result.err;
    notes_ = result.err;
    return result.out;
  }
  std::string Fail(const std::string& arguments) {
    const auto result =
        liteforge_tests::RunLiteforge(arguments, folder_.path());
    EXPECT_EQ(result.exit_status, 1) << arguments;
    EXPECT_FALSE(fs::exists(folder_.path() / "bad.tflite"));
    return result.err;
  }
  nlohmann::json Json(const std::string& arguments) {
    return nlohmann::json::parse(Do(arguments));
  }
  void WriteFloats(const std::string& file, const Shape& shape,
                   const std::vector<float>& values) {
    ASSERT_TRUE(liteforge::WriteNpy(folder_.path() / file, DataType::kFloat32,
                                    shape, std::as_bytes(std::span(values))));
  }
  // The SavedModel `model` of the signatures wide and narrow, and an example
  // for each.
  void MakeTwoSignatures() {
    using liteforge::Tensor;
    const liteforge::TensorSpec spec{DataType::kFloat32, {1, 4}, "x"};
    auto converter = liteforge::Converter::FromConcreteFunctions(
        {liteforge::Trace("wide", {spec},
                          [](Tensor x) { return Tanh(x * x + x); }),
         liteforge::Trace("narrow", {spec},
                          [](Tensor x) { return Tanh(x * x + x); })});
    ASSERT_TRUE(converter) << converter.error().ToString();
    ASSERT_TRUE(converter->ConvertToSavedModel(folder_.path() / "model"));
    WriteFloats("wide.npy", Shape{1, 4}, {-8, -2, 3, 8});
    WriteFloats("narrow.npy", Shape{1, 4}, {-0.5f, 0.25f, 0, 0.5f});
  }
  void WriteText(const std::string& file, const std::string& text) {
    std::ofstream(folder_.path() / file) << text;
  }
  int64_t Size(const std::string& file) {
    return static_cast<int64_t>(fs::file_size(folder_.path() / file));
  }

  liteforge_tests::TemporaryFolder folder_;
  std::string notes_;
  const std::string h5_ = (kDigits / "digits.h5").string();
  const std::string samples_ = (kDigits / "samples").string();
};

TEST_F(Optimized, Int8AgreesWithFloatOnTheSamples) {
  Do("convert " + h5_ + " -o f.tflite");
  Do("convert " + h5_ + " -o q.tflite --optimize int8 --strict-int8 " +
     "--representative-data " + samples_);
  const auto q = Json("inspect q.tflite --json");
  EXPECT_EQ(q["inputs"][0]["dtype"], "float32");
  const auto compared =
      Json("compare f.tflite q.tflite --json --per-layer --data " + samples_);
  EXPECT_EQ(compared["examples"], 10);
  EXPECT_EQ(compared["same_top1"], 1.0);
  EXPECT_LT(compared["outputs"][0]["max_abs"], 0.1);
  // Every layer by name, each far above the noise.
  ASSERT_GE(compared["layers"].size(), 5u);
  for (const auto& layer : compared["layers"]) {
    // null: equal.
    EXPECT_GT(
        layer["sqnr_db"].is_null() ? 99.0 : layer["sqnr_db"].get<double>(), 15)
        << layer;
  }
}

TEST_F(Optimized, ModesAndTypesAreWhatWasAskedFor) {
  Do("convert " + h5_ + " -o f.tflite");
  for (const std::string type : {"int8", "uint8", "int16"}) {
    const std::string mode = type == "int16" ? "int16x8" : "int8";
    Do("convert f.tflite -o q.tflite --optimize " + mode + " --input-type " +
       type + " --output-type " + type + " --representative-data " + samples_);
    const auto model = Json("inspect q.tflite --json");
    EXPECT_EQ(model["inputs"][0]["dtype"], type);
    EXPECT_EQ(model["outputs"][0]["dtype"], type);
    EXPECT_EQ(Json("compare f.tflite q.tflite --json --data " +
                   samples_)["same_top1"],
              1.0);
  }
  for (const std::string mode : {"default", "float16", "int4"}) {
    Do("convert f.tflite -o q.tflite --optimize " + mode);
    EXPECT_EQ(Json("inspect q.tflite --json")["inputs"][0]["dtype"], "float32");
    EXPECT_EQ(Json("compare f.tflite q.tflite --json --data " +
                   samples_)["same_top1"],
              1.0)
        << mode;
  }
}

TEST_F(Optimized, EveryCalibrationGivesAModelThatAgrees) {
  for (const std::string method :
       {"minmax", "average", "percentile", "mse", "kl"}) {
    Do("convert " + h5_ + " -o q.tflite --optimize int8 --calibration " +
       method + " --bias-correction --representative-data " + samples_);
    EXPECT_GE(Json("compare " + h5_ + " q.tflite --json --data " +
                   samples_)["same_top1"],
              0.9)
        << method;
  }
  EXPECT_THAT(Fail("convert " + h5_ +
                   " -o bad.tflite --optimize int8 --calibration best "
                   "--representative-data " +
                   samples_),
              HasSubstr("calibration 'best' is not known"));
}

TEST_F(Optimized, ShardsJoinToTheWhole) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kDigits / "samples")) {
    if (entry.path().extension() == ".npy") files.push_back(entry.path());
  }
  std::string parts;
  for (size_t shard = 0; shard < 3; ++shard) {
    const std::string name = "shard" + std::to_string(shard);
    fs::create_directory(folder_.path() / name);
    for (size_t i = shard; i < files.size(); i += 3)
      fs::copy(files[i], folder_.path() / name);
    Do("convert " + h5_ + " -o part.tflite --calibration-out " + name +
       ".json --representative-data " + name);
    parts += " " + name + ".json";
  }
  Do("merge-calibration" + parts + " -o all.json");
  for (const std::string method : {"minmax", "mse"}) {
    const std::string common = " --optimize int8 --calibration " + method + " ";
    Do("convert " + h5_ + " -o joined.tflite" + common +
       "--calibration-in all.json");
    Do("convert " + h5_ + " -o whole.tflite" + common +
       "--representative-data " + samples_);
    EXPECT_EQ(Json("compare whole.tflite joined.tflite --json --data " +
                   samples_)["outputs"][0]["max_abs"],
              0)
        << method;
  }
}

// examples/calibrate_shards under GNU parallel, where that is installed: the
// same model, byte for byte, as one run over all examples makes.
TEST_F(Optimized, ShardsUnderParallel) {
  if (std::system("parallel --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "GNU parallel is not installed";
  const std::string script = std::string(LITEFORGE_SOURCE_DIR) +
                             "/examples/calibrate_shards/parallel.sh";
  const std::string command =
      "cd " + folder_.path().string() +
      " && PATH=" + fs::path(LITEFORGE_EXECUTABLE).parent_path().string() +
      ":$PATH JOBS=2 " + script + " " + h5_ + " joined.tflite " + samples_ +
      "/*.npy > log 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  Do("convert " + h5_ + " -o whole.tflite --optimize int8 " +
     "--representative-data " + samples_);
  EXPECT_TRUE(liteforge_tests::ReadText(folder_.path() / "joined.tflite") ==
              liteforge_tests::ReadText(folder_.path() / "whole.tflite"));
}

TEST_F(Optimized, LayersCanBeKeptOrChosen) {
  Do("convert " + h5_ + " -o q.tflite --optimize int8 --keep-float dense* " +
     "--representative-data " + samples_);
  EXPECT_THAT(notes_, HasSubstr("stays float32: it is to stay so"));
  WriteText("recipe.json",
            R"({"default": "int8", "layers": {"dense*": "int16x8"}})");
  Do("convert " + h5_ + " -o r.tflite --recipe recipe.json " +
     "--representative-data " + samples_);
  EXPECT_GT(Json("inspect r.tflite --json")["operator_sequence"].size(),
            Json("inspect q.tflite --json")["operator_sequence"].size() - 2);
  WriteText("recipe.json", R"({"layers": {"dense": "int9"}})");
  EXPECT_THAT(
      Fail("convert " + h5_ + " -o bad.tflite --recipe recipe.json"),
      HasSubstr("recipe.json: layers: 'dense': is \"int9\"; modes are"));
  EXPECT_THAT(Fail("convert " + h5_ +
                   " -o bad.tflite --optimize int8 --keep-float cellar "
                   "--representative-data " +
                   samples_),
              HasSubstr("has no layer 'cellar'"));
}

TEST_F(Optimized, PrunedAndClustered) {
  Do("convert " + h5_ + " -o f.tflite");
  Do("convert " + h5_ + " -o plain.tflite --prune 0.5,layer");
  Do("convert " + h5_ +
     " -o fitted.tflite --prune 0.5,layer --representative-data " + samples_);
  EXPECT_THAT(notes_, HasSubstr("layers were fitted anew"));
  const auto error = [&](const std::string& model) {
    return Json("compare f.tflite " + model + " --json --data " +
                samples_)["outputs"][0]["rmse"]
        .get<double>();
  };
  EXPECT_LT(error("fitted.tflite"), error("plain.tflite"));
  Do("convert " + h5_ +
     " -o both.tflite --prune 0.5,2:4 --cluster 16 --optimize default");
  EXPECT_THAT(notes_, HasSubstr("at most 16 different weights"));
  EXPECT_THAT(Fail("convert " + h5_ + " -o bad.tflite --prune 1.5"),
              HasSubstr("between 0 and 1"));
  EXPECT_THAT(Fail("convert " + h5_ + " -o bad.tflite --prune 0.5,stripes"),
              HasSubstr("pruning pattern 'stripes' is not known"));
}

// Stored sparse or not, the numbers are the same, and a sparse file can be
// read again.
TEST_F(Optimized, PrunedWeightsAreStoredSparse) {
  for (const std::string pattern : {"0.8", "0.75,block", "0.8,layer"}) {
    Do("convert " + h5_ + " -o sparse.tflite --prune " + pattern);
    EXPECT_THAT(notes_, HasSubstr("stored sparse of"));
    Do("convert " + h5_ + " -o dense.tflite --no-sparse --prune " + pattern);
    EXPECT_LT(fs::file_size(folder_.path() / "sparse.tflite"),
              fs::file_size(folder_.path() / "dense.tflite"));
    EXPECT_EQ(Json("compare dense.tflite sparse.tflite --json --data " +
                   samples_)["outputs"][0]["max_abs"],
              0.0);
    Do("convert sparse.tflite -o again.tflite --optimize default");
  }
}

TEST_F(Optimized, EvaluateCounts) {
  // Samples are named digit_D_KK: a folder for each class.
  for (const auto& entry : fs::directory_iterator(kDigits / "samples")) {
    if (entry.path().extension() != ".npy") continue;
    const std::string digit(1, entry.path().filename().string()[6]);
    fs::create_directories(folder_.path() / "set" / digit);
    fs::copy(entry.path(), folder_.path() / "set" / digit);
  }
  const auto report = Json("evaluate " + h5_ + " --dataset set --json");
  EXPECT_EQ(report["examples"], 10);
  EXPECT_EQ(report["top1"], 1.0);
  ASSERT_EQ(report["classes"].size(), 10u);
  EXPECT_EQ(report["classes"][3]["right"], 1);
  // The same pictures under the next digit's name are all wrong.
  for (int digit = 9; digit >= 0; --digit)
    fs::rename(folder_.path() / "set" / std::to_string(digit),
               folder_.path() / "set" / ("class" + std::to_string(digit)));
  std::string labels;
  for (int i = 0; i < 10; ++i)
    labels += "class" + std::to_string((i + 9) % 10) + "\n";
  WriteText("labels.txt", labels);
  EXPECT_EQ(Json("evaluate " + h5_ +
                 " --dataset set --labels labels.txt --json")["top1"],
            0.0);
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THAT(Fail("evaluate " + h5_ + " --dataset empty"),
              HasSubstr("empty: holds neither a folder for each class"));
}

TEST_F(Optimized, BadRepresentativeDataIsNamed) {
  const std::string start =
      "convert " + h5_ + " -o bad.tflite --optimize int8 ";
  EXPECT_THAT(Fail(start), HasSubstr("give --representative-data"));
  EXPECT_THAT(Fail(start + "--representative-data nowhere"),
              HasSubstr("nowhere: there is no such file"));
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THAT(Fail(start + "--representative-data empty"),
              HasSubstr("empty: holds no .npy or .npz file"));
  WriteFloats("wide.npy", Shape{1, 9, 8, 1}, std::vector<float>(72));
  EXPECT_THAT(Fail(start + "--representative-data wide.npy"),
              HasSubstr("holds [1,9,8,1], input"));
  std::vector<float> bad(64, 0.5f);
  bad[7] = std::numeric_limits<float>::quiet_NaN();
  WriteFloats("nan.npy", Shape{1, 8, 8, 1}, bad);
  EXPECT_THAT(Fail(start + "--representative-data nan.npy"),
              HasSubstr("not finite numbers"));
  bad[7] = std::numeric_limits<float>::infinity();
  WriteFloats("inf.npy", Shape{1, 8, 8, 1}, bad);
  EXPECT_THAT(Fail(start + "--representative-data inf.npy"),
              HasSubstr("not finite numbers"));
  WriteText("text.npy", "no numbers at all");
  EXPECT_THAT(Fail(start + "--representative-data text.npy"),
              HasSubstr("text.npy: "));
  EXPECT_THAT(Fail("convert " + h5_ + " -o bad.tflite --input-type int8"),
              HasSubstr("need quantized activations"));
  EXPECT_THAT(Fail(start + "--calibration-in " + h5_),
              HasSubstr("is no calibration file"));
}

TEST_F(Optimized, RepresentativeDataOfOtherTypesIsNamed) {
  const std::string start = "convert " + h5_ +
                            " -o bad.tflite --optimize int8 "
                            "--representative-data ";
  // Letters of one code unit each, as numpy stores them.
  const std::string letters("ab\0\0\0\0\0\0", 8);
  std::string header =
      "{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }";
  header.resize(118, ' ');
  header[117] = '\n';
  WriteText("words.npy",
            std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + letters);
  EXPECT_THAT(Fail(start + "words.npy"),
              HasSubstr("words.npy: has element type '<U1'"));
  // Whole numbers of any type are numbers.
  const std::vector<int64_t> whole(64, 1);
  ASSERT_TRUE(liteforge::WriteNpy(folder_.path() / "whole.npy",
                                  DataType::kInt64, Shape{1, 8, 8, 1},
                                  std::as_bytes(std::span(whole))));
  Do("convert " + h5_ +
     " -o q.tflite --optimize int8 --representative-data whole.npy");
  // One input of two is missing from the file.
  WriteText("two.pbtxt", R"(
      node { name: "x" op: "Placeholder" attr { key: "dtype"
        value { type: DT_FLOAT } } attr { key: "shape" value { shape {
          dim { size: 1 } dim { size: 4 } } } } }
      node { name: "z" op: "Placeholder" attr { key: "dtype"
        value { type: DT_FLOAT } } attr { key: "shape" value { shape {
          dim { size: 1 } dim { size: 4 } } } } }
      node { name: "y" op: "AddV2" input: "x" input: "z" })");
  WriteFloats("one.npy", Shape{1, 4}, {1, 2, 3, 4});
  EXPECT_THAT(Fail("convert two.pbtxt -o bad.tflite --optimize int8 "
                   "--representative-data one.npy"),
              HasSubstr("one.npy: holds 1 arrays, the model has 2 inputs"));
}

// log(x) of what the examples hold is no number, although they are.
TEST_F(Optimized, ActivationsThatAreNoNumbersAreNamed) {
  WriteText("log.pbtxt", R"(
      node { name: "x" op: "Placeholder" attr { key: "dtype"
        value { type: DT_FLOAT } } attr { key: "shape" value { shape {
          dim { size: 1 } dim { size: 2 } } } } }
      node { name: "logarithm" op: "Log" input: "x" }
      node { name: "y" op: "Relu" input: "logarithm" })");
  WriteFloats("negative.npy", Shape{1, 2}, {1, -1});
  EXPECT_THAT(Fail("convert log.pbtxt -o bad.tflite --optimize int8 "
                   "--representative-data negative.npy"),
              HasSubstr("negative.npy: example 0: tensor 'logarithm': holds "
                        "values that are not finite numbers"));
  WriteFloats("zero.npy", Shape{1, 2}, {1, 0});
  EXPECT_THAT(Fail("convert log.pbtxt -o bad.tflite --optimize int8 "
                   "--representative-data zero.npy"),
              HasSubstr("not finite numbers"));
}

// y = W x + b, the first output's weights all zero: it is its bias.
TEST_F(Optimized, ChannelsOfZerosDivideByNoZero) {
  for (const std::string mode : {"int8", "int16x8", "default"}) {
    WriteText("zeros.pbtxt", R"(
        node { name: "x" op: "Placeholder" attr { key: "dtype"
          value { type: DT_FLOAT } } attr { key: "shape" value { shape {
            dim { size: 1 } dim { size: 1 } dim { size: 1 } dim { size: 2 }
            } } } }
        node { name: "w" op: "Const" attr { key: "dtype"
          value { type: DT_FLOAT } } attr { key: "value" value { tensor {
            dtype: DT_FLOAT tensor_shape { dim { size: 1 } dim { size: 1 }
            dim { size: 2 } dim { size: 2 } }
            float_val: 0 float_val: 0.5 float_val: 0 float_val: -0.25 } } } }
        node { name: "b" op: "Const" attr { key: "dtype"
          value { type: DT_FLOAT } } attr { key: "value" value { tensor {
            dtype: DT_FLOAT tensor_shape { dim { size: 2 } }
            float_val: 0.75 float_val: 0 } } } }
        node { name: "conv" op: "Conv2D" input: "x" input: "w"
          attr { key: "T" value { type: DT_FLOAT } }
          attr { key: "padding" value { s: "VALID" } }
          attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } } }
        node { name: "y" op: "BiasAdd" input: "conv" input: "b" })");
    WriteFloats("x.npy", Shape{1, 1, 1, 2}, {1, -1});
    Do("convert zeros.pbtxt -o q.tflite --optimize " + mode +
       " --representative-data x.npy");
    const auto values =
        Json("run q.tflite --json --input x.npy")["outputs"][0]["first_values"];
    // Of a range of [0, 0.75] in 255 steps.
    EXPECT_NEAR(values[0].get<double>(), 0.75, 0.75 / 255) << mode;
    EXPECT_NEAR(values[1].get<double>(), 0.75, 0.75 / 255) << mode;
  }
}

// A constant input has no width, and still the model quantizes and runs.
TEST_F(Optimized, ConstantActivationsDivideByNoZero) {
  WriteFloats("zeros.npy", Shape{4, 8, 8, 1}, std::vector<float>(256));
  Do("convert " + h5_ +
     " -o q.tflite --optimize int8 --representative-data zeros.npy");
  const auto report = Json("run q.tflite --json --input zeros.npy");
  for (const double score : report["outputs"][0]["first_values"])
    EXPECT_TRUE(std::isfinite(score));
}

// Two functions of their own inputs: each is quantized by its own examples.
TEST_F(Optimized, EverySignatureHasItsExamples) {
  MakeTwoSignatures();
  const std::string start =
      "convert model -o q.tflite --optimize int8 "
      "--input-type int8 --strict-int8 ";
  Do(start +
     "--representative-data wide=wide.npy --representative-data "
     "narrow=narrow.npy");
  const auto model = Json("inspect q.tflite --json");
  ASSERT_EQ(model["signatures"].size(), 2u);
  const auto width = [&](const std::string& key) {
    for (const auto& signature : model["signatures"]) {
      if (signature["key"] != key) continue;
      for (const auto& graph : model["subgraphs"]) {
        const auto& input = graph["tensors"][0];
        const double scale = input["quantization"]["scale"][0];
        if ((scale > 0.01) == (key == "wide")) return scale * 255;
      }
    }
    return 0.0;
  };
  EXPECT_NEAR(width("wide"), 16, 1e-4);
  EXPECT_NEAR(width("narrow"), 1, 1e-5);
  // Those without examples are left out, and it is said.
  Do(start + "--representative-data wide=wide.npy");
  EXPECT_THAT(notes_, HasSubstr("signatures 'narrow' are left out"));
  EXPECT_EQ(Json("inspect q.tflite --json")["signatures"].size(), 1u);
  EXPECT_THAT(Fail("convert model -o bad.tflite --optimize int8 "
                   "--representative-data broad=wide.npy"),
              HasSubstr("has no signature 'broad' to show examples to; there "
                        "are 'narrow', 'wide'"));
}

// What was seen of each apart, joined: the same file.
TEST_F(Optimized, SignaturesAreCalibratedApart) {
  MakeTwoSignatures();
  const std::string apart = "convert model -o c.tflite --calibration-out ";
  Do(apart + "wide.json --representative-data wide=wide.npy");
  Do(apart + "narrow.json --representative-data narrow=narrow.npy");
  Do("merge-calibration wide.json narrow.json -o both.json");
  const std::string int8 = " --optimize int8 --input-type int8 --strict-int8 ";
  Do("convert model -o joined.tflite" + int8 + "--calibration-in both.json");
  EXPECT_EQ(Json("inspect joined.tflite --json")["signatures"].size(), 2u);
  Do("convert model -o whole.tflite" + int8 +
     "--representative-data wide=wide.npy "
     "--representative-data narrow=narrow.npy");
  EXPECT_TRUE(liteforge_tests::ReadText(folder_.path() / "joined.tflite") ==
              liteforge_tests::ReadText(folder_.path() / "whole.tflite"));
  Do("convert model -o one.tflite" + int8 + "--calibration-in wide.json");
  EXPECT_THAT(notes_, HasSubstr("signatures 'narrow' are left out"));
  // One by its file, the other by its examples.
  Do("convert model -o mixed.tflite" + int8 +
     "--calibration-in wide.json --representative-data narrow=narrow.npy");
  EXPECT_TRUE(liteforge_tests::ReadText(folder_.path() / "mixed.tflite") ==
              liteforge_tests::ReadText(folder_.path() / "whole.tflite"));
  Do("convert " + h5_ +
     " -o c.tflite --calibration-out digits.json "
     "--representative-data " +
     samples_);
  EXPECT_THAT(Fail("convert model -o bad.tflite" + int8 +
                   "--calibration-in digits.json"),
              HasSubstr("knows none of its signatures 'narrow', 'wide'"));
}

// Numbers of rows that come as floats stay what they are.
TEST_F(Optimized, CastsAtTheBorderAreStrictEnough) {
  WriteText("rows.pbtxt", R"(
      node { name: "x" op: "Placeholder" attr { key: "dtype"
        value { type: DT_FLOAT } } attr { key: "shape" value { shape {
          dim { size: 3 } } } } }
      node { name: "rows" op: "Cast" input: "x"
        attr { key: "SrcT" value { type: DT_FLOAT } }
        attr { key: "DstT" value { type: DT_INT32 } } }
      node { name: "table" op: "Const"
        attr { key: "dtype" value { type: DT_FLOAT } }
        attr { key: "value" value { tensor { dtype: DT_FLOAT
          tensor_shape { dim { size: 4 } dim { size: 1 } }
          float_val: [0.25, 0.5, 0.75, 1] } } } }
      node { name: "axis" op: "Const"
        attr { key: "dtype" value { type: DT_INT32 } }
        attr { key: "value" value { tensor { dtype: DT_INT32
          tensor_shape {} int_val: 0 } } } }
      node { name: "row" op: "GatherV2" input: "table" input: "rows"
        input: "axis" }
      node { name: "y" op: "AddV2" input: "row" input: "row" })");
  WriteFloats("x.npy", Shape{3}, {3, 0, 2});
  const std::string start =
      "convert rows.pbtxt -o q.tflite --optimize int8 --strict-int8 "
      "--representative-data x.npy ";
  for (const std::string types :
       {"", "--input-type int8", "--input-type uint8"}) {
    Do(start + types);
    EXPECT_LT(Json("compare rows.pbtxt q.tflite --json --data x.npy")
                  ["outputs"][0]["max_abs"]
                      .get<double>(),
              2.0 / 255)
        << types;
  }
}

TEST(OptimizeApi, TakesAGenerator) {
  auto converter = liteforge::Converter::FromKerasModel(kDigits / "digits.h5");
  ASSERT_TRUE(converter);
  auto& optimize = converter->options().optimize;
  optimize.mode = liteforge::Optimize::kInt8;
  int given = 0;
  optimize.representative_dataset =
      [&](std::vector<NpyArray>& example) -> liteforge::Result<bool> {
    if (given == 3) return false;
    std::vector<float> pixels(64, static_cast<float>(++given) / 3);
    NpyArray array{DataType::kFloat32, Shape{1, 8, 8, 1}, {}};
    array.data.resize(256);
    std::memcpy(array.data.data(), pixels.data(), 256);
    example = {array};
    return true;
  };
  auto bytes = converter->Convert();
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  EXPECT_EQ(given, 3);
  auto interpreter = liteforge::Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter);
  int quantized = 0;
  for (const auto& tensor : interpreter->AllTensorDetails())
    quantized += tensor.dtype == DataType::kInt8;
  EXPECT_GT(quantized, 10);
}

}  // namespace
