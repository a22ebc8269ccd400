// SPDX-License-Identifier: Apache-2.0
#include "quantize/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"

namespace liteforge::quantize_test {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

constexpr const char* kNetwork =
    "graph main(%x: float32[1,4,4,2]) {\n"
    "%c = CONV_2D(%x, @w: float32[3,1,1,2] = [1,2,-3,4,0,0],"
    " @b: float32[3] = [1,-1,2])"
    " {stride_w=1 stride_h=1 fused_activation_function=1}\n"
    "%p = MAX_POOL_2D(%c) {padding=1 stride_w=2 stride_h=2 filter_width=2"
    " filter_height=2}\n"
    "%r = RESHAPE(%p, @d: int32[2] = [1,12])\n"
    "%s = SOFTMAX(%r) {beta=1}\n"
    " return %s }";

struct Case {
  ir::Module module;
  Calibration calibration;

  explicit Case(const char* text) {
    auto graph = ir::Parse(text);
    EXPECT_TRUE(graph) << graph.error().ToString();
    module.graphs.push_back(*std::move(graph));
    NameUniquely(module);
  }
  ir::Graph& graph() { return *module.graphs[0]; }
  void See(const std::string& name, std::vector<float> values) {
    ASSERT_TRUE(calibration.At(graph().name, name)
                    .Add(values, static_cast<int64_t>(values.size())));
  }
  QuantizeReport Apply(const QuantizeSettings& settings) {
    auto report = Quantize(module, calibration, settings);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : QuantizeReport();
  }
  std::string Ops() {
    std::string ops;
    for (const auto& node : graph().nodes())
      ops +=
          std::string(ops.empty() ? "" : " ") + std::string(Name(node->op()));
    return ops;
  }
  ir::Node* Find(Op op) {
    for (const auto& node : graph().nodes()) {
      if (node->op() == op) return node.get();
    }
    return nullptr;
  }
};

Case SeenNetwork() {
  Case c(kNetwork);
  c.See("x", {-1, 1});
  c.See("c", {0, 6});
  c.See("p", {0, 6});
  c.See("r", {0, 6});
  c.See("s", {0, 1});
  return c;
}

TEST(Quantize, Int8ThroughoutWithFloatBorders) {
  Case c = SeenNetwork();
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  const QuantizeReport report = c.Apply(settings);
  EXPECT_EQ(c.Ops(), "QUANTIZE CONV_2D MAX_POOL_2D RESHAPE SOFTMAX DEQUANTIZE");
  EXPECT_EQ(report.quantized, 4);
  EXPECT_TRUE(report.left_float.empty());
  // The output keeps its name, and the kernel's own scale.
  EXPECT_EQ(c.graph().outputs()[0]->name, "s");
  EXPECT_EQ(c.graph().outputs()[0]->type, DataType::kFloat32);
  const ir::Value* s = c.Find(Op::kSoftmax)->output();
  EXPECT_EQ(s->quantization.scale[0], 1.0f / 256);
  EXPECT_EQ(s->quantization.zero_point[0], -128);
}

// Source: real = scale * (quantized - zero_point); bias scale = input scale *
// weight scale, of each channel.
TEST(Quantize, ConstantsAreStoredInTheirTerms) {
  Case c = SeenNetwork();
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  c.Apply(settings);
  const ir::Node* conv = c.Find(Op::kConv2D);
  const ir::Value& w = *conv->input(1);
  EXPECT_THAT(w.ToVector<int8_t>(), ElementsAre(64, 127, -95, 127, 0, 0));
  EXPECT_NEAR(w.quantization.scale[0], 2.0 / 127, 1e-7);
  EXPECT_NEAR(w.quantization.scale[1], 4.0 / 127, 1e-7);
  const ir::Value& b = *conv->input(2);
  const float input = conv->input(0)->quantization.scale[0];
  EXPECT_NEAR(input, 2.0 / 255, 1e-8);
  const std::vector<float> bias = {1, -1, 2};
  const auto stored = b.ToVector<int32_t>();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_FLOAT_EQ(b.quantization.scale[i], input * w.quantization.scale[i]);
    EXPECT_NEAR(static_cast<float>(stored[i]) * b.quantization.scale[i],
                bias[i], 1e-3)
        << "channel " << i << ", of which the third has no weights";
  }
}

TEST(Quantize, OneScaleThroughWhatOnlyMovesNumbers) {
  Case c = SeenNetwork();
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  c.Apply(settings);
  const Quantization& conv = c.Find(Op::kConv2D)->output()->quantization;
  EXPECT_EQ(c.Find(Op::kMaxPool2D)->output()->quantization, conv);
  EXPECT_EQ(c.Find(Op::kReshape)->output()->quantization, conv);
}

TEST(Quantize, SixteenBitsAreSymmetricWithLongBiases) {
  Case c = SeenNetwork();
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt16x8;
  c.Apply(settings);
  const ir::Node* conv = c.Find(Op::kConv2D);
  EXPECT_EQ(conv->input(0)->type, DataType::kInt16);
  EXPECT_EQ(conv->input(1)->type, DataType::kInt8);
  EXPECT_EQ(conv->input(2)->type, DataType::kInt64);
  EXPECT_EQ(conv->output()->quantization.zero_point[0], 0);
}

TEST(Quantize, BorderTypes) {
  for (const DataType type :
       {DataType::kInt8, DataType::kUInt8, DataType::kInt16}) {
    Case c = SeenNetwork();
    QuantizeSettings settings;
    settings.mode = QuantizeMode::kInt8;
    settings.input_type = type;
    settings.output_type = type;
    c.Apply(settings);
    EXPECT_EQ(c.graph().inputs()[0]->type, type);
    EXPECT_EQ(c.graph().outputs()[0]->type, type);
    EXPECT_EQ(c.graph().outputs()[0]->name, "s");
    EXPECT_EQ(c.graph().inputs()[0]->name, "x");
    EXPECT_EQ(c.Ops(), type == DataType::kInt8
                           ? "CONV_2D MAX_POOL_2D RESHAPE SOFTMAX"
                           : "QUANTIZE CONV_2D MAX_POOL_2D RESHAPE SOFTMAX "
                             "QUANTIZE");
  }
}

TEST(Quantize, ConcatenatedValuesTakeOneScale) {
  Case c(
      "graph main(%x: float32[1,2], %y: float32[1,2]) {\n"
      "%a = ADD(%x, %x)\n%b = MUL(%y, %y)\n%l = LOGISTIC(%x)\n"
      "%j = CONCATENATION(%a, %b, %l, @k: float32[1,1] = [9]) {axis=1}\n"
      " return %j }");
  c.See("x", {-1, 1});
  c.See("y", {0, 2});
  c.See("a", {-2, 2});
  c.See("b", {0, 4});
  c.See("l", {0, 1});
  c.See("j", {-2, 9});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  c.Apply(settings);
  const ir::Node* join = c.Find(Op::kConcatenation);
  const Quantization& out = join->output()->quantization;
  EXPECT_NEAR(out.scale[0], 11.0 / 255, 1e-7);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(join->input(i)->quantization.scale, out.scale) << i;
  // LOGISTIC computes in terms of its own: a QUANTIZE comes between.
  EXPECT_EQ(join->input(2)->producer()->op(), Op::kQuantize);
  EXPECT_EQ(join->input(0)->producer()->op(), Op::kAdd);
}

TEST(Quantize, WhatHasNoKernelStaysFloatAndSaysSo) {
  Case c(
      "graph main(%x: float32[1,2]) {\n"
      "%a = ADD(%x, %x)\n%e = COS(%a)\n%f = ADD(%e, %e)\n return %f }");
  for (const char* name : {"x", "a", "e", "f"}) c.See(name, {-1, 1});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  const QuantizeReport report = c.Apply(settings);
  EXPECT_EQ(c.Ops(), "QUANTIZE ADD DEQUANTIZE COS QUANTIZE ADD DEQUANTIZE");
  ASSERT_EQ(report.left_float.size(), 1u);
  EXPECT_EQ(report.left_float[0].op, "COS");
  EXPECT_EQ(report.left_float[0].reason, "there is no int8 COS");

  Case strict(
      "graph main(%x: float32[1,2]) {\n"
      "%a = ADD(%x, %x)\n%e = COS(%a)\n return %e }");
  for (const char* name : {"x", "a", "e"}) strict.See(name, {-1, 1});
  settings.strict = true;
  const auto refused = Quantize(strict.module, strict.calibration, settings);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("COS 'e'"));
}

TEST(Quantize, MovingFloatsAboutIsNoReasonToQuantize) {
  Case c(
      "graph main(%x: float32[1,2]) {\n"
      "%c = COS(%x)\n%r = RESHAPE(%c, @d: int32[2] = [2,1])\n%s = SIN(%r)\n"
      " return %s }");
  for (const char* name : {"x", "c", "r", "s"}) c.See(name, {-1, 1});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  c.Apply(settings);
  EXPECT_EQ(c.Ops(), "COS RESHAPE SIN");
}

TEST(Quantize, LayersMayHaveModesOfTheirOwn) {
  Case c(
      "graph main(%x: float32[1,2]) {\n"
      "%a = ADD(%x, %x)\n%head/e = ADD(%a, %a)\n%f = ADD(%head/e, %a)\n"
      " return %f }");
  for (const char* name : {"x", "a", "head/e", "f"}) c.See(name, {-1, 1});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  settings.layers = {{"head", QuantizeMode::kFloat},
                     {"f*", QuantizeMode::kInt16x8}};
  const QuantizeReport report = c.Apply(settings);
  EXPECT_EQ(report.left_float.size(), 1u);
  EXPECT_EQ(c.graph().outputs()[0]->producer()->input(0)->type,
            DataType::kInt16);
  settings.layers = {{"nowhere", QuantizeMode::kFloat}};
  Case again(kNetwork);
  const auto refused = Quantize(again.module, again.calibration, settings);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no layer 'nowhere'"));
}

TEST(Quantize, FakeQuantGivesTheRange) {
  Case c(
      "graph main(%x: float32[1,2]) {\n"
      "%q = FAKE_QUANT(%x) {min=-1 max=3 num_bits=8}\n"
      "%a = ADD(%q, %q)\n"
      "%f = FAKE_QUANT(%a) {min=-2 max=6 num_bits=8}\n return %f }");
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  c.Apply(settings);
  EXPECT_EQ(c.Ops(), "QUANTIZE ADD DEQUANTIZE");
  const ir::Node* add = c.Find(Op::kAdd);
  EXPECT_NEAR(add->input(0)->quantization.scale[0], 4.0 / 255, 1e-7);
  EXPECT_NEAR(add->output()->quantization.scale[0], 8.0 / 255, 1e-7);
  EXPECT_EQ(c.graph().outputs()[0]->name, "f");
}

// What bias correction promises: with inputs at their mean, the stored weights
// and the corrected bias give what the float layer gives, to a step of the
// bias.
TEST(Quantize, BiasTakesBackTheMeanErrorOfTheWeights) {
  Case c(
      "graph main(%x: float32[1,4]) {\n"
      "%y = FULLY_CONNECTED(%x, @w: float32[2,4] ="
      " [1,0.013,0.027,0.031,-0.019,2,0.044,0.055], @b: float32[2] = [0.5,1])\n"
      " return %y }");
  c.See("x", {1, 2, 3, 4});
  c.See("y", {0, 9});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  settings.bias_correction = true;
  c.Apply(settings);
  const ir::Node* fc = c.Find(Op::kFullyConnected);
  const auto w = fc->input(1)->ToVector<int8_t>();
  const auto b = fc->input(2)->ToVector<int32_t>();
  const float ws = fc->input(1)->quantization.scale[0];
  const float bs = fc->input(2)->quantization.scale[0];
  const double mean[] = {1, 2, 3, 4};
  const double exact[2][4] = {{1, 0.013, 0.027, 0.031},
                              {-0.019, 2, 0.044, 0.055}};
  const double bias[] = {0.5, 1};
  for (size_t o = 0; o < 2; ++o) {
    double got = static_cast<double>(b[o]) * static_cast<double>(bs);
    double want = bias[o];
    for (size_t i = 0; i < 4; ++i) {
      got += static_cast<double>(ws) * w[o * 4 + i] * mean[i];
      want += exact[o][i] * mean[i];
    }
    EXPECT_NEAR(got, want, static_cast<double>(bs));
  }
}

constexpr const char* kDense =
    "graph main(%x: float32[1,64]) {\n"
    "%y = FULLY_CONNECTED(%x, @w: float32[32,64], @b: float32[32])\n"
    "%z = FULLY_CONNECTED(%y, @v: float32[2,32], none)\n return %z }";

TEST(CompressWeights, LargeWeightsBecomeInt8) {
  Case c(kDense);
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kDynamic;
  const QuantizeReport report = c.Apply(settings);
  EXPECT_EQ(report.weights, 1);
  EXPECT_EQ(c.Ops(), "FULLY_CONNECTED FULLY_CONNECTED");
  const ir::Node* dense = c.Find(Op::kFullyConnected);
  EXPECT_EQ(dense->input(1)->type, DataType::kInt8);
  EXPECT_EQ(dense->input(2)->type, DataType::kFloat32);
  EXPECT_TRUE(
      dense->Options<FullyConnectedOptions>().asymmetric_quantize_inputs);
  // 64 weights are too few.
  EXPECT_EQ(c.graph().outputs()[0]->producer()->input(1)->type,
            DataType::kFloat32);
}

TEST(CompressWeights, HalvesAreDequantized) {
  Case c(kDense);
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kFloat16;
  c.Apply(settings);
  EXPECT_EQ(c.Ops(), "DEQUANTIZE DEQUANTIZE FULLY_CONNECTED FULLY_CONNECTED");
  EXPECT_EQ(c.Find(Op::kDequantize)->input(0)->type, DataType::kFloat16);
}

TEST(CompressWeights, FourBits) {
  Case c(kDense);
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt4;
  c.Apply(settings);
  const ir::Value& w = *c.Find(Op::kFullyConnected)->input(1);
  EXPECT_EQ(w.type, DataType::kInt4);
  EXPECT_EQ(w.data().size(), 32u * 64 / 2);
}

TEST(CompressWeights, TablesAreGatheredInInt8) {
  Case c(
      "graph main(%i: int32[3]) {\n"
      "%g = GATHER(@t: float32[64,32], %i) {axis=0}\n"
      "%n = NEG(%g)\n return %n, %g }");
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kDynamic;
  c.Apply(settings);
  EXPECT_EQ(c.Ops(), "GATHER DEQUANTIZE NEG");
  EXPECT_EQ(c.graph().outputs()[1]->type, DataType::kFloat32);
  EXPECT_EQ(c.graph().outputs()[1]->name, "g");
}

// TensorFlow Lite's versions sum in 32 or in 64 bits where there is none.
TEST(Quantize, Int16DenseLayersHaveABias) {
  Case c(
      "graph main(%x: float32[1,2]) {\n"
      "%y = FULLY_CONNECTED(%x, @w: float32[3,2] = [1,2,3,4,5,6], none)\n"
      " return %y }");
  for (const char* name : {"x", "y"}) c.See(name, {-1, 1});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt16x8;
  c.Apply(settings);
  const ir::Value* bias = c.Find(Op::kFullyConnected)->input(2);
  ASSERT_NE(bias, nullptr);
  EXPECT_EQ(bias->type, DataType::kInt64);
  EXPECT_THAT(bias->ToVector<int64_t>(), ElementsAre(0, 0, 0));
}

// Numbers of rows that come as floats, and a number that leaves as one.
constexpr const char* kCasts =
    "graph main(%x: float32[3]) {\n"
    "%i: int32[3] = CAST(%x)\n"
    "%g = GATHER(@t: float32[4,2] = [1,2,3,4,-5,6,7,8], %i) {axis=0}\n"
    "%y = ADD(%g, %g)\n"
    "%n: int64[3] = ARG_MAX(%y, @a: int32[] = [1]) {output_type=4}\n"
    "%f: float32[3] = CAST(%n)\n"
    " return %y, %f }";

TEST(Quantize, CastsAtTheBorderStay) {
  Case c(kCasts);
  c.See("x", {0, 3});
  c.See("f", {0, 1});
  for (const char* name : {"g", "y"}) c.See(name, {-16, 16});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  settings.strict = true;
  EXPECT_TRUE(c.Apply(settings).left_float.empty());
  EXPECT_EQ(c.Ops(), "CAST GATHER ADD ARG_MAX CAST DEQUANTIZE");
  EXPECT_EQ(c.Find(Op::kCast)->input(0)->type, DataType::kFloat32);
}

TEST(Quantize, InputsThatBecomeIntegersAreTakenAsTheyAre) {
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  settings.strict = true;
  for (const DataType type :
       {DataType::kInt8, DataType::kUInt8, DataType::kInt16}) {
    Case c(kCasts);
    c.See("x", {0, 3});
    c.See("f", {0, 1});
    for (const char* name : {"g", "y"}) c.See(name, {-16, 16});
    settings.input_type = type;
    c.Apply(settings);
    const ir::Value& input = *c.graph().inputs()[0];
    EXPECT_EQ(input.type, type);
    EXPECT_THAT(input.quantization.scale, ElementsAre(1));
    EXPECT_THAT(input.quantization.zero_point, ElementsAre(0));
    EXPECT_EQ(c.Find(Op::kCast)->input(0), &input);
  }
  Case many(kCasts);
  many.See("x", {0, 300});
  many.See("f", {0, 1});
  for (const char* name : {"g", "y"}) many.See(name, {-16, 16});
  settings.input_type = DataType::kUInt8;
  const auto refused = Quantize(many.module, many.calibration, settings);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("input 'x' cannot be uint8: it becomes integers, of "
                        "which the representative data has 0 to 300"));
}

TEST(Quantize, CastsBetweenOthersAreLeftFloat) {
  Case c(
      "graph main(%x: float32[2]) {\n"
      "%a = ADD(%x, %x)\n%i: int32[2] = CAST(%a)\n"
      "%f: float32[2] = CAST(%i)\n%y = ADD(%f, %a)\n return %y }");
  for (const char* name : {"x", "a", "f", "y"}) c.See(name, {-4, 4});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  ASSERT_EQ(c.Apply(settings).left_float.size(), 2u);
}

// Rows of a table that a sum reads, and that zeros of their number are made by:
// the latter stay float32, and no reason for the table to.
TEST(Quantize, WhoReadsShapesAloneDoesNotCount) {
  Case c(
      "graph main(%i: int32[3], %x: float32[3,2]) {\n"
      "%g = GATHER(@t: float32[4,2], %i) {axis=0}\n"
      "%z = ZEROS_LIKE(%g)\n"
      "%y = ADD(%g, %x)\n return %y, %z }");
  for (const char* name : {"x", "g", "y"}) c.See(name, {-1, 1});
  QuantizeSettings settings;
  settings.mode = QuantizeMode::kInt8;
  settings.strict = true;
  EXPECT_TRUE(c.Apply(settings).left_float.empty());
  EXPECT_EQ(c.Find(Op::kGather)->input(0)->type, DataType::kInt8);
  EXPECT_EQ(c.Find(Op::kZerosLike)->output()->type, DataType::kFloat32);
}

}  // namespace liteforge::quantize_test
