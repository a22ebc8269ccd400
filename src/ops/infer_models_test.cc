// SPDX-License-Identifier: Apache-2.0
// The rules against what TensorFlow Lite itself made: its kernel tests stored
// as models, whose output shapes are those of the recorded outputs, and whole
// networks, whose converters wrote down the shape of every tensor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/tflite/model_reader.h"
#include "formats/tflite/test_models.h"
#include "liteforge/npy.h"
#include "ops/infer.h"
#include "ops/options_flatbuffers.h"

namespace liteforge::infer_models_test {

namespace fs = std::filesystem;

// Every tensor of the first subgraph, as far as it is known so far.
struct Tensor {
  std::string name;
  TensorInfo info;
  bool is_constant = false;
  Blob data;
  Quantization quantization;
};

struct OpenModel {
  TfliteModel model;
  std::vector<Tensor> tensors;
  std::vector<Blob> values;  // keeps read inputs alive

  const tflite::SubGraph& subgraph() const {
    return *model->subgraphs()->Get(0);
  }
};

Tensor Describe(const TfliteModel& model, const tflite::Tensor& from) {
  Tensor tensor;
  tensor.name = Text(from.name());
  tensor.info.type = static_cast<DataType>(from.type());
  tensor.info.shape = Shape(Elements(from.shape()));
  tensor.is_constant = model.IsConstant(from);
  tensor.data = model.ConstantData(from);
  if (from.quantization() != nullptr) {
    const auto scale = Elements(from.quantization()->scale());
    tensor.quantization.scale.assign(scale.begin(), scale.end());
  }
  return tensor;
}

OpenModel Load(const fs::path& path) {
  auto opened = TfliteModel::Open(path);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().ToString());
  OpenModel result{*std::move(opened), {}, {}};
  const tflite::SubGraph& subgraph = *result.model->subgraphs()->Get(0);
  for (const tflite::Tensor* from : *subgraph.tensors()) {
    result.tensors.push_back(Describe(result.model, *from));
  }
  for (Tensor& tensor : result.tensors) {
    tensor.info.quantization = &tensor.quantization;
    // A constant of no elements has no bytes, but is known.
    static constexpr std::byte kNothing[8] = {};
    if (!tensor.is_constant) continue;
    tensor.info.data = tensor.data.empty() ? kNothing : tensor.data.data();
  }
  return result;
}

std::optional<NpyArray> ReadIfPresent(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  auto array = ReadNpy(path);
  EXPECT_TRUE(array) << path;
  return array ? std::optional(*std::move(array)) : std::nullopt;
}

// The recorded inputs, as known values.
void SetInputs(OpenModel& m, const fs::path& folder) {
  const auto inputs = Elements(m.subgraph().inputs());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto array =
        ReadIfPresent(folder / ("input_" + std::to_string(i) + ".npy"));
    Tensor& tensor = m.tensors[static_cast<size_t>(inputs[i])];
    if (!array || tensor.info.type == DataType::kString) continue;
    tensor.info.shape = array->shape;
    m.values.push_back(Blob::Copy(array->data));
    tensor.info.data = m.values.back().data();
  }
}

struct Inferred {
  std::vector<InferContext::Output> outputs;
  std::string op;
  std::string error;
  bool no_rule = false;
};

Inferred InferOperator(OpenModel& m, const tflite::Operator& from) {
  const auto op = static_cast<Op>(m.model.OperatorNumber(from.opcode_index()));
  const auto* code = m.model->operator_codes()->Get(from.opcode_index());
  const OpOptions options =
      OptionsFromFlatBuffer(op, from, Text(code->custom_code()));
  std::vector<TensorInfo> inputs, declared;
  for (int32_t i : Elements(from.inputs())) {
    inputs.push_back(i < 0 ? TensorInfo{}
                           : m.tensors[static_cast<size_t>(i)].info);
  }
  for (int32_t i : Elements(from.outputs())) {
    declared.push_back({m.tensors[static_cast<size_t>(i)].info.type, {}, {}});
  }
  InferContext context(op, options, inputs, declared);
  auto done = InferOutputs(context);
  Inferred result{context.outputs(), std::string(Name(op)), {}, false};
  if (done) return result;
  result.error = done.error().ToString();
  result.no_rule = done.error().code == ErrorCode::kUnsupported;
  return result;
}

bool Agrees(const Shape& inferred, const Shape& actual) {
  if (!inferred.has_rank()) return true;
  if (inferred.rank() != actual.rank()) return false;
  for (int axis = 0; axis < actual.rank(); ++axis) {
    if (inferred[axis] >= 0 && inferred[axis] != actual[axis]) return false;
  }
  return true;
}

class InferModels : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(SharedFolder() / "models" / "kernels")) {
      GTEST_SKIP() << "no shared models";
    }
  }
};

// Operators that learn the size of their output only while they run.
bool SizesItself(const std::string& op) {
  return op == "WHERE" || op == "UNIQUE";
}

// Kernel tests that liteforge refuses, and why.
bool IsRefused(const std::string& name) {
  static const std::vector<std::string> kRefused = {
      // Reads memory behind the input; the recorded output is what lay there.
      "StrideOutOfBounds",
  };
  return std::any_of(kRefused.begin(), kRefused.end(),
                     [&](const std::string& part) {
                       return name.find(part) != std::string::npos;
                     });
}

// Compares each output of a one-operator model with the recorded one; counts
// those it compared.
int CompareOutputs(OpenModel& m, const Inferred& inferred,
                   const fs::path& folder) {
  int compared = 0;
  const auto outputs = Elements(m.subgraph().outputs());
  const auto written = Elements(m.subgraph().operators()->Get(0)->outputs());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto golden =
        ReadIfPresent(folder / ("output_" + std::to_string(i) + ".npy"));
    const auto at = std::find(written.begin(), written.end(), outputs[i]);
    if (!golden || at == written.end()) continue;
    const auto& output =
        inferred.outputs[static_cast<size_t>(at - written.begin())];
    EXPECT_TRUE(Agrees(output.shape, golden->shape))
        << inferred.op << ": " << output.shape.ToString() << " for "
        << golden->shape.ToString();
    EXPECT_TRUE(output.shape.IsStatic() || SizesItself(inferred.op))
        << inferred.op << ": " << output.shape.ToString();
    EXPECT_EQ(Name(output.type),
              Name(m.tensors[static_cast<size_t>(outputs[i])].info.type))
        << inferred.op;
    ++compared;
  }
  return compared;
}

TEST_F(InferModels, ShapesOfTensorFlowLitesOwnKernelTests) {
  std::map<std::string, int> without_rule;
  int compared = 0;
  for (const fs::path& path : SharedModels("kernels")) {
    const fs::path folder = path.parent_path();
    SCOPED_TRACE(folder.filename());
    OpenModel m = Load(path);
    if (Count(m.subgraph().operators()) != 1) continue;
    SetInputs(m, folder);
    const Inferred inferred =
        InferOperator(m, *m.subgraph().operators()->Get(0));
    if (inferred.no_rule) {
      ++without_rule[inferred.op];
      continue;
    }
    EXPECT_EQ(!inferred.error.empty(), IsRefused(folder.filename()))
        << inferred.op << ": " << inferred.error;
    if (inferred.error.empty()) compared += CompareOutputs(m, inferred, folder);
  }
  EXPECT_GT(compared, 1400);
  std::string missing;
  for (const auto& [op, count] : without_rule) missing += op + " ";
  EXPECT_EQ(missing, "CUSTOM ");
}

struct Network {
  int operators = 0;
  int known = 0;
};

// A shape of no dimensions says nothing: converters write it where they did
// not know the rank. Likewise float32, of a tensor inside.
void CompareWithDeclared(const Inferred& inferred, size_t i,
                         const Tensor& tensor) {
  const auto& output = inferred.outputs[i];
  EXPECT_TRUE(tensor.info.shape.rank() == 0 ||
              Agrees(output.shape, tensor.info.shape))
      << inferred.op << " '" << tensor.name << "': " << output.shape.ToString()
      << " for " << tensor.info.shape.ToString();
  EXPECT_TRUE(output.type == tensor.info.type ||
              tensor.info.type == DataType::kFloat32)
      << inferred.op << " '" << tensor.name << "': " << Name(output.type)
      << " for " << Name(tensor.info.type);
}

void WalkNetwork(OpenModel& m, Network& count) {
  for (const tflite::Operator* from : *m.subgraph().operators()) {
    const Inferred inferred = InferOperator(m, *from);
    if (inferred.no_rule) continue;
    ASSERT_EQ(inferred.error, "") << inferred.op;
    const auto written = Elements(from->outputs());
    ++count.operators;
    for (size_t i = 0; i < written.size(); ++i) {
      Tensor& tensor = m.tensors[static_cast<size_t>(written[i])];
      CompareWithDeclared(inferred, i, tensor);
      tensor.info.shape = inferred.outputs[i].shape;
      tensor.info.type = inferred.outputs[i].type;
      if (tensor.info.shape.IsStatic()) ++count.known;
    }
  }
}

TEST_F(InferModels, ShapesInRealNetworks) {
  Network count;
  for (const fs::path& path : SharedModels("tflite")) {
    SCOPED_TRACE(path.parent_path().filename());
    OpenModel m = Load(path);
    WalkNetwork(m, count);
  }
  EXPECT_GT(count.operators, 3000);
  RecordProperty("operators", count.operators);
  RecordProperty("known", count.known);
}

}  // namespace liteforge::infer_models_test
