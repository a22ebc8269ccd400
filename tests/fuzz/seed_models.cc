// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/seed_models.h"

#include <numeric>
#include <random>

#include "kernels/kernel.h"
#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge {
namespace {

using Type = DataType;

void Quantize(TestModel& model, int tensor, float scale, int zero_point) {
  auto& quantization = model.tensor(tensor).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {scale};
  quantization->zero_point = {zero_point};
}

std::vector<float> Ramp(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), -2.0f);
  return values;
}

Conv2DOptions Stride1() {
  Conv2DOptions options;
  options.stride_w = options.stride_h = 1;
  return options;
}

// conv → pool → reshape → dense → softmax, [?,4,4,1] → [?,2]
TestModel FloatNetwork() {
  TestModel model;
  model.Tensor("image", Type::kFloat32, {1, 4, 4, 1}, {-1, 4, 4, 1});
  model.Constant("filter", Type::kFloat32, {2, 3, 3, 1}, Ramp(18));
  model.Constant("bias", Type::kFloat32, {2}, Ramp(2));
  model.Tensor("conv", Type::kFloat32, {1, 4, 4, 2}, {-1, 4, 4, 2});
  model.Tensor("pool", Type::kFloat32, {1, 2, 2, 2}, {-1, 2, 2, 2});
  model.Constant<int32_t>("shape", Type::kInt32, {2}, {-1, 8});
  model.Tensor("flat", Type::kFloat32, {1, 8}, {-1, 8});
  model.Constant("weights", Type::kFloat32, {2, 8}, Ramp(16));
  model.Tensor("dense", Type::kFloat32, {1, 2}, {-1, 2});
  model.Tensor("scores", Type::kFloat32, {1, 2}, {-1, 2});
  Pool2DOptions pool;
  pool.stride_w = pool.stride_h = pool.filter_width = pool.filter_height = 2;
  SoftmaxOptions softmax;
  softmax.beta = 1;
  model.Node(Op::kConv2D, Stride1(), {0, 1, 2}, {3});
  model.Node(Op::kMaxPool2D, pool, {3}, {4});
  model.Node(Op::kReshape, ReshapeOptions{}, {4, 5}, {6});
  model.Node(Op::kFullyConnected, FullyConnectedOptions{}, {6, 7, -1}, {8});
  model.Node(Op::kSoftmax, softmax, {8}, {9});
  model.Border({0}, {9});
  model.Signature("serve", {{"image", 0}}, {{"scores", 9}});
  return model;
}

// The same first layer in int8, per channel.
TestModel QuantizedConvolution() {
  TestModel model;
  model.Tensor("x", Type::kInt8, {1, 4, 4, 1});
  model.Constant<int8_t>("filter", Type::kInt8, {2, 3, 3, 1},
                         std::vector<int8_t>(18, 5));
  model.Constant<int32_t>("bias", Type::kInt32, {2}, {7, -7});
  model.Tensor("y", Type::kInt8, {1, 4, 4, 2});
  Quantize(model, 0, 0.5f, 3);
  Quantize(model, 1, 0.25f, 0);
  model.tensor(1).quantization->scale = {0.25f, 0.125f};
  model.tensor(1).quantization->zero_point = {0, 0};
  Quantize(model, 2, 0.125f, 0);
  model.tensor(2).quantization->scale = {0.125f, 0.0625f};
  model.tensor(2).quantization->zero_point = {0, 0};
  Quantize(model, 3, 2, -1);
  model.Node(Op::kConv2D, Stride1(), {0, 1, 2}, {3});
  model.Border({0}, {3});
  return model;
}

TestModel DepthwiseConvolution() {
  TestModel model;
  model.Tensor("x", Type::kFloat32, {1, 5, 5, 2});
  model.Constant("filter", Type::kFloat32, {1, 3, 3, 4}, Ramp(36));
  model.Constant("bias", Type::kFloat32, {4}, Ramp(4));
  model.Tensor("y", Type::kFloat32, {1, 3, 3, 4});
  DepthwiseConv2DOptions options;
  options.stride_w = options.stride_h = 2;
  options.depth_multiplier = 2;
  model.Node(Op::kDepthwiseConv2D, options, {0, 1, 2}, {3});
  model.Border({0}, {3});
  return model;
}

TestModel ShapeGivenAtRunTime() {
  TestModel model;
  model.Tensor("x", Type::kFloat32, {6});
  model.Tensor("shape", Type::kInt32, {2});
  model.Tensor("y", Type::kFloat32, {1, 1}, {-1, -1});
  model.Tensor("z", Type::kFloat32, {1, 1}, {-1, -1});
  model.Node(Op::kReshape, ReshapeOptions{}, {0, 1}, {2});
  model.Node(Op::kRelu, {}, {2}, {3});
  model.Border({0, 1}, {3});
  return model;
}

TestModel VariableAndTwoSubgraphs() {
  TestModel model;
  model.Tensor("state", Type::kFloat32, {2});
  model.tensor(0).is_variable = true;
  model.Tensor("x", Type::kFloat32, {2});
  model.Tensor("y", Type::kFloat32, {2});
  model.Node(Op::kAdd, AddOptions{}, {0, 1}, {2});
  model.Border({1}, {2});
  model.Signature("first", {{"x", 1}}, {{"y", 2}});
  model.model().subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  model.Tensor("a", Type::kInt32, {3});
  model.Tensor("b", Type::kInt32, {3});
  model.Node(Op::kNeg, {}, {0}, {1});
  model.Border({0}, {1});
  model.Signature("second", {{"a", 0}}, {{"b", 1}});
  model.model().signature_defs.back()->subgraph_index = 1;
  return model;
}

TestModel Slicing() {
  TestModel model;
  model.Tensor("x", Type::kInt32, {4, 5});
  model.Constant<int32_t>("begin", Type::kInt32, {2}, {0, 1});
  model.Constant<int32_t>("end", Type::kInt32, {2}, {4, 5});
  model.Constant<int32_t>("strides", Type::kInt32, {2}, {2, 1});
  model.Tensor("part", Type::kInt32, {2, 4});
  model.Constant<int32_t>("axis", Type::kInt32, {1}, {1});
  model.Tensor("sum", Type::kInt32, {2});
  model.Tensor("indices", Type::kInt32, {3});
  model.Tensor("picked", Type::kInt32, {3});
  model.Node(Op::kStridedSlice, StridedSliceOptions{}, {0, 1, 2, 3}, {4});
  model.Node(Op::kSum, ReducerOptions{}, {4, 5}, {6});
  model.Node(Op::kGather, GatherOptions{}, {6, 7}, {8});
  model.Border({0, 7}, {8});
  return model;
}

//------------------------------------------------------------- found by trying

class Trial {
 public:
  explicit Trial(Op op) : op_(op), random_(static_cast<unsigned>(op) + 1) {}

  TestModel Make() {
    TestModel model;
    const int inputs = Below(4) + 1;
    const int outputs = Below(8) == 0 ? 2 : 1;
    const Type type = AnyType();
    const std::vector<int32_t> shape = AnyShape();
    std::vector<int32_t> from, to, border;
    for (int i = 0; i < inputs; ++i) {
      const bool alike = Below(3) > 0;
      from.push_back(Add(model, alike ? type : AnyType(),
                         alike ? shape : AnyShape(), border));
    }
    for (int i = 0; i < outputs; ++i) {
      to.push_back(model.Tensor("y" + std::to_string(i),
                                Below(2) == 0 ? type : AnyType(), shape,
                                std::vector<int32_t>(shape.size(), -1)));
      MayQuantize(model, to.back());
    }
    model.Node(op_, {}, from, to);
    model.Border(border, to);
    return model;
  }

 private:
  int Below(int bound) {
    return static_cast<int>(random_() % static_cast<unsigned>(bound));
  }
  Type AnyType() {
    constexpr Type kTypes[] = {Type::kFloat32, Type::kFloat32,   Type::kInt32,
                               Type::kInt32,   Type::kInt8,      Type::kInt64,
                               Type::kBool,    Type::kInt16,     Type::kUInt8,
                               Type::kString,  Type::kComplex64, Type::kFloat16,
                               Type::kUInt32};
    return kTypes[Below(std::size(kTypes))];
  }
  std::vector<int32_t> AnyShape() {
    std::vector<int32_t> shape(static_cast<size_t>(Below(5)));
    for (int32_t& dim : shape) dim = Below(3) + 1;
    return shape;
  }
  void MayQuantize(TestModel& model, int tensor) {
    const auto type = static_cast<Type>(model.tensor(tensor).type);
    if (type == Type::kInt8 || type == Type::kUInt8 || type == Type::kInt16)
      Quantize(model, tensor, 0.5f, 0);
  }
  // An input of the model, or a small constant.
  int Add(TestModel& model, Type type, const std::vector<int32_t>& shape,
          std::vector<int32_t>& border) {
    const std::string name = "x" + std::to_string(model.graph().tensors.size());
    int index;
    if (type == Type::kInt32 && Below(2) == 0) {
      size_t count = 1;
      for (const int32_t dim : shape) count *= static_cast<size_t>(dim);
      std::vector<int32_t> values(count);
      for (int32_t& value : values) value = Below(4);
      index = model.Constant(name, type, shape, values);
    } else {
      index = model.Tensor(name, type, shape);
      border.push_back(index);
    }
    MayQuantize(model, index);
    return index;
  }

  Op op_;
  std::mt19937 random_;
};

bool Runs(const std::vector<std::byte>& bytes) {
  auto interpreter =
      Interpreter::FromBuffer(bytes, {.max_memory_bytes = 1 << 20});
  return interpreter && interpreter->AllocateTensors() && interpreter->Invoke();
}

}  // namespace

std::vector<SeedModel> HandMadeModels() {
  return {{"float_network", FloatNetwork().Pack()},
          {"quantized_convolution", QuantizedConvolution().Pack()},
          {"depthwise_convolution", DepthwiseConvolution().Pack()},
          {"shape_given_at_run_time", ShapeGivenAtRunTime().Pack()},
          {"variable_and_two_subgraphs", VariableAndTwoSubgraphs().Pack()},
          {"slicing", Slicing().Pack()}};
}

std::vector<SeedModel> OneOperatorModels() {
  constexpr int kWanted = 3;
  constexpr int kTrials = 400;
  std::vector<SeedModel> models;
  for (const Kernel* kernel : AllKernels()) {
    if (kernel->op == Op::kCustom) continue;
    Trial trial(kernel->op);fprintf(stderr,"%s\n",std::string(Name(kernel->op)).c_str());
    int found = 0;
    for (int i = 0; i < kTrials && found < kWanted; ++i) {
      auto bytes = trial.Make().Pack();
      if (!Runs(bytes)) continue;
      models.push_back(
          {std::string(Name(kernel->op)) + "_" + std::to_string(++found),
           std::move(bytes)});
    }
  }
  return models;
}

}  // namespace liteforge
