// SPDX-License-Identifier: Apache-2.0
// Every row of quantize/rules.cc on a graph of that one operator: what the
// quantized graph gives, against a float32 graph of the same stored numbers
// (weights as they were rounded, inputs that lie on the quantized input's
// grid), in quanta of the output's scale. What is left is the kernel's own
// rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "convert/calibrate.h"
#include "convert/examples.h"
#include "emit/emit.h"
#include "ir/parse.h"
#include "quantize/parameters.h"
#include "quantize/quantize.h"
#include "quantize/rules.h"

namespace liteforge::quantize_rules_test {

// A result rounded once is off by half a quantum. Fixed-point multipliers round
// twice: a product to a fraction of a quantum, and that to a quantum; SQRT cuts
// fractions off. (And a little for float32, which is rounded as well.)
constexpr double kRounded = 0.51;
constexpr double kFixedPoint = 1.01;
// Two such steps, or one and a rounding.
constexpr double kTwice = kFixedPoint + kRounded;
// HARD_SWISH works in 16 bits: x and relu6(x + 3) / 6 are rounded to 2^-7 and
// 2^-15, their product to 2^-15 of the result before the last shift.
constexpr double kHardSwish = 1.5;
// Tables for 16 bits (kernels/lookup_table.h): sample, middle, bias and result
// are rounded, and their gain is off by 2^-16. With 512 steps of h the chord is
// off by h^2 / 8 |f''|, half of which the bias takes back; steps of 65535 / 512
// instead of 128 move the argument by one quantum at the most.
constexpr double kTable = 2.5;
// LOGISTIC reads 256 steps of 10.7 / 256, of 16 bits: h^2 / 8 max |f''| is
// 0.7 quanta; with the rounding of entry, argument and result, 2. TANH is
// twice that of 2 x, less 1.
constexpr double kLogistic16 = 2;
constexpr double kTanh16 = 4;
// SOFTMAX: each exponential is off by a relative 1.6e-4 at the most (chord
// 4.8e-5, argument rounded to 10 / 65535, entry and result to 2^-16), and so is
// their sum.
constexpr double kSoftmax16 = 2 * 1.6e-4 * 32768;

struct RuleCase {
  Op op;
  const char* graph;
  // int8 and int16x8: how far from float32, in quanta.
  double quanta = kFixedPoint;
  double quanta16 = kFixedPoint;
  // Inputs are drawn from here.
  float low = -2, high = 2;
  // The largest |f'| and |f''|, of functions that int16 kernels read from a
  // table.
  double slope = 0, curvature = 0;
};

// clang-format off
constexpr RuleCase kCases[] = {
    {Op::kAbs, "(%x: float32[2,9]) { %y = ABS(%x) return %y }"},
    {Op::kAdd, "(%x: float32[2,9], %z: float32[1,9]) { %y = ADD(%x, %z) return %y }"},
    {Op::kArgMax, "(%x: float32[4,9]) { %a = RELU(%x) %y = ARG_MAX(%a, @d: int32[] = [1]) {output_type=2} return %y }"},
    {Op::kArgMin, "(%x: float32[4,9]) { %a = RELU_N1_TO_1(%x) %y = ARG_MIN(%a, @d: int32[] = [1]) {output_type=2} return %y }"},
    {Op::kAveragePool2D, "(%x: float32[1,4,4,3]) { %a = ADD(%x, %x) %y = AVERAGE_POOL_2D(%a) {padding=1 stride_w=2 stride_h=2 filter_width=2 filter_height=2} return %y }", kTwice, kTwice},
    {Op::kBatchMatMul, "(%x: float32[2,3,8], %z: float32[2,8,5]) { %y = BATCH_MATMUL(%x, %z) return %y }"},
    {Op::kBatchToSpaceND, "(%x: float32[4,2,2,1]) { %a = ADD(%x, %x) %y = BATCH_TO_SPACE_ND(%a, @b: int32[2] = [2,2], @c: int32[2,2] = [0,0,0,0]) return %y }"},
    {Op::kBroadcastTo, "(%x: float32[1,3]) { %a = ADD(%x, %x) %y = BROADCAST_TO(%a, @s: int32[2] = [2,3]) return %y }"},
    {Op::kConcatenation, "(%x: float32[2,3], %z: float32[2,4]) { %a = ADD(%x, %x) %y = CONCATENATION(%a, %z) {axis=1} return %y }"},
    {Op::kConv2D, "(%x: float32[1,5,5,3]) { %y = CONV_2D(%x, @w: float32[4,3,3,3], @b: float32[4]) {padding=0 stride_w=1 stride_h=1} return %y }"},
    {Op::kDepthToSpace, "(%x: float32[1,2,2,4]) { %a = ADD(%x, %x) %y = DEPTH_TO_SPACE(%a) {block_size=2} return %y }"},
    {Op::kDepthwiseConv2D, "(%x: float32[1,5,5,4]) { %y = DEPTHWISE_CONV_2D(%x, @w: float32[1,3,3,4], @b: float32[4]) {padding=0 stride_w=1 stride_h=1 depth_multiplier=1} return %y }"},
    {Op::kDynamicUpdateSlice, "(%x: float32[3,4], %z: float32[1,2]) { %a = ADD(%x, %x) %y = DYNAMIC_UPDATE_SLICE(%a, %z, @s: int32[2] = [1,2]) return %y }"},
    {Op::kElu, "(%x: float32[2,9]) { %y = ELU(%x) return %y }", kRounded},
    {Op::kEqual, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = EQUAL(%a, %c) return %y }"},
    {Op::kExp, "(%x: float32[2,9]) { %y = EXP(%x) return %y }", kRounded, kTable, -2, 2, 7.4, 7.4},
    {Op::kExpandDims, "(%x: float32[2,3]) { %a = ADD(%x, %x) %y = EXPAND_DIMS(%a, @d: int32[] = [1]) return %y }"},
    {Op::kFullyConnected, "(%x: float32[2,24]) { %y = FULLY_CONNECTED(%x, @w: float32[5,24], @b: float32[5]) return %y }"},
    {Op::kGather, "(%x: float32[5,3]) { %a = ADD(%x, %x) %y = GATHER(%a, @i: int32[2] = [4,0]) {axis=0} return %y }"},
    {Op::kGatherNd, "(%x: float32[5,3]) { %a = ADD(%x, %x) %y = GATHER_ND(%a, @i: int32[2,2] = [4,0,1,2]) return %y }"},
    {Op::kGelu, "(%x: float32[2,9]) { %y = GELU(%x) return %y }", kRounded},
    {Op::kGreater, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = GREATER(%a, %c) return %y }"},
    {Op::kGreaterEqual, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = GREATER_EQUAL(%a, %c) return %y }"},
    {Op::kHardSwish, "(%x: float32[2,9]) { %y = HARD_SWISH(%x) return %y }", kHardSwish, kFixedPoint, -4, 4},
    {Op::kL2Normalization, "(%x: float32[2,9]) { %y = L2_NORMALIZATION(%x) return %y }"},
    {Op::kLeakyRelu, "(%x: float32[2,9]) { %y = LEAKY_RELU(%x) {alpha=0.25} return %y }"},
    {Op::kLess, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = LESS(%a, %c) return %y }"},
    {Op::kLessEqual, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = LESS_EQUAL(%a, %c) return %y }"},
    {Op::kLog, "(%x: float32[2,9]) { %y = LOG(%x) return %y }", kRounded, kTable, 0.5, 4, 2, 4},
    {Op::kLogSoftmax, "(%x: float32[2,9]) { %y = LOG_SOFTMAX(%x) return %y }"},
    {Op::kLogistic, "(%x: float32[2,9]) { %y = LOGISTIC(%x) return %y }", kFixedPoint, kLogistic16, -6, 6},
    {Op::kMaxPool2D, "(%x: float32[1,4,4,3]) { %a = ADD(%x, %x) %y = MAX_POOL_2D(%a) {padding=1 stride_w=2 stride_h=2 filter_width=2 filter_height=2} return %y }"},
    {Op::kMaximum, "(%x: float32[2,9], %z: float32[2,9]) { %a = ADD(%x, %x) %y = MAXIMUM(%a, %z) return %y }"},
    {Op::kMean, "(%x: float32[2,9]) { %y = MEAN(%x, @d: int32[1] = [1]) return %y }"},
    {Op::kMinimum, "(%x: float32[2,9], %z: float32[2,9]) { %a = ADD(%x, %x) %y = MINIMUM(%a, %z) return %y }"},
    {Op::kMirrorPad, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = MIRROR_PAD(%a, @p: int32[2,2] = [1,0,2,2]) return %y }"},
    {Op::kMul, "(%x: float32[2,9], %z: float32[1,9]) { %y = MUL(%x, %z) return %y }"},
    {Op::kNotEqual, "(%x: float32[2,9], %z: float32[2,9]) { %a = RELU(%x) %c = RELU(%z) %y = NOT_EQUAL(%a, %c) return %y }"},
    {Op::kPack, "(%x: float32[2,3], %z: float32[2,3]) { %a = ADD(%x, %x) %y = PACK(%a, %z) {values_count=2 axis=1} return %y }"},
    {Op::kPad, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = PAD(%a, @p: int32[2,2] = [1,0,2,2]) return %y }"},
    {Op::kPadV2, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = PADV2(%a, @p: int32[2,2] = [1,0,2,2], @v: float32[] = [1.5]) return %y }"},
    {Op::kPrelu, "(%x: float32[2,9]) { %y = PRELU(%x, @a: float32[9]) return %y }"},
    {Op::kReduceMax, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = REDUCE_MAX(%a, @d: int32[1] = [1]) return %y }"},
    {Op::kReduceMin, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = REDUCE_MIN(%a, @d: int32[1] = [1]) return %y }"},
    {Op::kRelu, "(%x: float32[2,9]) { %y = RELU(%x) return %y }"},
    {Op::kRelu6, "(%x: float32[2,9]) { %y = RELU6(%x) return %y }", kFixedPoint, kFixedPoint, -8, 8},
    {Op::kReluN1To1, "(%x: float32[2,9]) { %y = RELU_N1_TO_1(%x) return %y }"},
    {Op::kReshape, "(%x: float32[2,6]) { %a = ADD(%x, %x) %y = RESHAPE(%a, @s: int32[2] = [3,4]) return %y }"},
    {Op::kResizeBilinear, "(%x: float32[1,3,3,2]) { %a = ADD(%x, %x) %y = RESIZE_BILINEAR(%a, @s: int32[2] = [6,6]) return %y }", kTwice, kTwice},
    {Op::kResizeNearestNeighbor, "(%x: float32[1,3,3,2]) { %a = ADD(%x, %x) %y = RESIZE_NEAREST_NEIGHBOR(%a, @s: int32[2] = [6,6]) return %y }"},
    {Op::kReverseV2, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = REVERSE_V2(%a, @d: int32[1] = [1]) return %y }"},
    {Op::kRsqrt, "(%x: float32[2,9]) { %y = RSQRT(%x) return %y }", kFixedPoint, kFixedPoint, 0.5, 4},
    {Op::kSelect, "(%x: float32[2,9], %z: float32[2,9]) { %c = GREATER(%x, %z) %a = ADD(%x, %x) %d = ADD(%z, %z) %y = SELECT(%c, %a, %d) return %y }"},
    {Op::kSelectV2, "(%x: float32[2,9], %z: float32[2,9]) { %c = GREATER(%x, %z) %a = ADD(%x, %x) %d = ADD(%z, %z) %y = SELECT_V2(%c, %a, %d) return %y }"},
    {Op::kSlice, "(%x: float32[4,9]) { %a = ADD(%x, %x) %y = SLICE(%a, @b: int32[2] = [1,2], @s: int32[2] = [2,5]) return %y }"},
    {Op::kSoftmax, "(%x: float32[2,9]) { %y = SOFTMAX(%x) {beta=1} return %y }", kFixedPoint, kSoftmax16},
    {Op::kSpaceToBatchND, "(%x: float32[1,4,4,1]) { %a = ADD(%x, %x) %y = SPACE_TO_BATCH_ND(%a, @b: int32[2] = [2,2], @p: int32[2,2] = [0,0,0,0]) return %y }"},
    {Op::kSpaceToDepth, "(%x: float32[1,4,4,2]) { %a = ADD(%x, %x) %y = SPACE_TO_DEPTH(%a) {block_size=2} return %y }"},
    {Op::kSplit, "(%x: float32[4,6]) { %a = ADD(%x, %x) %y, %z = SPLIT(@d: int32[] = [0], %a) {num_splits=2} return %y, %z }"},
    {Op::kSplitV, "(%x: float32[4,6]) { %a = ADD(%x, %x) %y, %z = SPLIT_V(%a, @s: int32[2] = [1,3], @d: int32[] = [0]) {num_splits=2} return %y, %z }"},
    {Op::kSqrt, "(%x: float32[2,9]) { %y = SQRT(%x) return %y }", kFixedPoint, kFixedPoint, 0.5, 4},
    {Op::kSquaredDifference, "(%x: float32[2,9], %z: float32[2,9]) { %y = SQUARED_DIFFERENCE(%x, %z) return %y }"},
    {Op::kSqueeze, "(%x: float32[1,9]) { %a = ADD(%x, %x) %y = SQUEEZE(%a) return %y }"},
    {Op::kStridedSlice, "(%x: float32[4,9]) { %a = ADD(%x, %x) %y = STRIDED_SLICE(%a, @b: int32[2] = [0,1], @e: int32[2] = [4,8], @s: int32[2] = [2,3]) return %y }"},
    {Op::kSub, "(%x: float32[2,9], %z: float32[1,9]) { %y = SUB(%x, %z) return %y }"},
    {Op::kSum, "(%x: float32[2,9]) { %y = SUM(%x, @d: int32[1] = [1]) return %y }"},
    {Op::kTanh, "(%x: float32[2,9]) { %y = TANH(%x) return %y }", kFixedPoint, kTanh16},
    {Op::kTile, "(%x: float32[2,3]) { %a = ADD(%x, %x) %y = TILE(%a, @m: int32[2] = [2,1]) return %y }"},
    {Op::kTopKV2, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y, %i = TOPK_V2(%a, @k: int32[] = [3]) return %y }"},
    {Op::kTranspose, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y = TRANSPOSE(%a, @p: int32[2] = [1,0]) return %y }"},
    {Op::kTransposeConv, "(%x: float32[1,3,3,2]) { %y = TRANSPOSE_CONV(@s: int32[4] = [1,6,6,3], @w: float32[3,2,2,2], %x) {padding=1 stride_w=2 stride_h=2} return %y }"},
    {Op::kUnpack, "(%x: float32[2,9]) { %a = ADD(%x, %x) %y, %z = UNPACK(%a) {num=2 axis=0} return %y, %z }"},
};

// Weights alone. `terms`: how many products an output sums, each of an input
// from -1 to 1 and one of ir::Parse's weights, evenly spread up to 1.5; `slope`:
// of what is made of the sum.
struct HybridCase {
  Op op;
  const char* graph;
  int terms;
  double slope = 1;
};
constexpr HybridCase kHybridCases[] = {
    {Op::kBatchMatMul, "(%x: float32[3,64]) { %y = BATCH_MATMUL(%x, @w: float32[64,20]) return %y }", 64},
    {Op::kConv2D, "(%x: float32[1,6,6,8]) { %y = CONV_2D(%x, @w: float32[16,3,3,8], @b: float32[16]) {padding=0 stride_w=1 stride_h=1} return %y }", 72},
    {Op::kDepthwiseConv2D, "(%x: float32[1,6,6,128]) { %y = DEPTHWISE_CONV_2D(%x, @w: float32[1,3,3,128], @b: float32[128]) {padding=0 stride_w=1 stride_h=1 depth_multiplier=1} return %y }", 9},
    {Op::kEmbeddingLookup, "(%i: int32[3]) { %y = EMBEDDING_LOOKUP(%i, @t: float32[64,20]) return %y }", 1},
    {Op::kFullyConnected, "(%x: float32[2,64]) { %y = FULLY_CONNECTED(%x, @w: float32[20,64], @b: float32[20]) return %y }", 64},
    {Op::kSvdf, "(%x: float32[1,64], %s: float32[1,60]) { %y = SVDF(%x, @f: float32[20,64], @t: float32[20,3], @b: float32[20], %s) {rank=1} return %y }", 64, 1.5},
    {Op::kRnn, "(%x: float32[1,64], %h: float32[1,20]) { %y = RNN(%x, @w: float32[20,64], @r: float32[20,20], @b: float32[20], %h) {fused_activation_function=4} return %y }", 84},
    {Op::kUnidirectionalSequenceRnn, "(%x: float32[1,3,64], %h: float32[1,20]) { %y = UNIDIRECTIONAL_SEQUENCE_RNN(%x, @w: float32[20,64], @r: float32[20,20], @b: float32[20], %h) {fused_activation_function=4} return %y }", 84, 3},
};
// clang-format on

constexpr int kSeen = 40, kCompared = 10;

std::string Named(const char* graph) {
  return std::string("graph main") + graph;
}

// One statement a line, as Parse() wants it.
std::string Lines(std::string text) {
  const size_t body = text.find('{') + 1;
  std::string lines = text.substr(0, body) + "\n";
  bool options = false;
  for (size_t i = body; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (text[i] == '{') options = true;
    if (text[i] == '}') options = false;
    const bool statement = rest.starts_with(" %") && !options &&
                           rest.find(" = ") < rest.find('(') &&
                           text[i - 1] != ',';
    if (statement || rest.starts_with(" return")) lines += "\n";
    lines += text[i];
  }
  return lines;
}

class OneOperator {
 public:
  OneOperator(const char* graph, float low, float high)
      : low_(low), high_(high) {
    auto parsed = ir::Parse(Lines(Named(graph)));
    if (!parsed) {
      ADD_FAILURE() << parsed.error().ToString() << "\n" << Lines(Named(graph));
      return;
    }
    module_.graphs.push_back(*std::move(parsed));
    NameUniquely(module_);
    for (ir::Value* input : module_.graphs[0]->inputs())
      input->is_variable = input->name == "h" || input->name == "s";
    sound_ = true;
  }
  bool sound() const { return sound_; }
  ir::Graph& graph() { return *module_.graphs[0]; }

  // Examples of the inputs, from one sequence.
  RepresentativeDataset Draw(int count, uint32_t seed) {
    auto generator = std::make_shared<std::mt19937>(seed);
    auto left = std::make_shared<int>(count);
    const std::vector<TensorDetails> inputs = InputsOf(module_);
    return [=, this](std::vector<NpyArray>& example) -> Result<bool> {
      if ((*left)-- == 0) return false;
      example.clear();
      for (const TensorDetails& input : inputs)
        example.push_back(Array(input, *generator));
      return true;
    };
  }

  // What the outputs are on examples, as real numbers.
  std::vector<float> Outputs(uint32_t seed) {
    std::vector<float> all;
    std::set<std::string> names;
    for (const ir::Value* output : graph().outputs())
      names.insert(output->name);
    const auto ran = RunExamples(
        module_, Draw(kCompared, seed),
        [&](const ir::Graph&, const ObservedTensor& tensor) -> Result<void> {
          if (!names.contains(std::string(tensor.name))) return {};
          Append(tensor, all);
          return {};
        });
    EXPECT_TRUE(ran) << ran.error().ToString();
    return all;
  }

  QuantizeReport Quantize(QuantizeMode mode) {
    QuantizeSettings settings;
    settings.mode = mode;
    settings.method = CalibrationMethod::kMinMax;
    Calibration calibration;
    if (QuantizesActivations(mode)) {
      auto seen = Calibrate(module_, Draw(kSeen, 1));
      EXPECT_TRUE(seen) << seen.error().ToString();
      if (seen) calibration = *std::move(seen);
    }
    auto report = liteforge::Quantize(module_, calibration, settings);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : QuantizeReport();
  }

  // Where `quantized` stores a constant anew, what it stands for; and its
  // inputs' grids, which drawn inputs lie on from here on.
  void TakeNumbersOf(OneOperator& quantized) {
    std::map<std::string, const ir::Value*> stored;
    for (const auto& node : quantized.graph().nodes()) {
      for (const ir::Value* value : node->inputs()) {
        if (value != nullptr && value->is_constant() &&
            !value->quantization.empty())
          stored[value->name] = value;
      }
    }
    for (const auto& value : graph().values()) {
      const auto found = stored.find(value->name);
      if (found == stored.end()) continue;
      const ir::Value& from = *found->second;
      value->SetConstant(Blob::Own(RealValues(
          from.type, from.quantization, from.shape, from.data().bytes())));
    }
    grids_ = quantized.Grids();
  }

  // Of each input; float32 for one that is not quantized.
  std::vector<Parameters> Grids() {
    std::vector<Parameters> grids;
    for (const ir::Value* input : graph().inputs()) {
      grids.emplace_back();
      for (const ir::Node* user : input->users()) {
        if (user->op() != Op::kQuantize) continue;
        const ir::Value& to = *user->output();
        grids.back() = {to.type, to.quantization.scale[0],
                        to.quantization.zero_point[0]};
      }
    }
    return grids;
  }
  void TakeGrids(std::vector<Parameters> grids) { grids_ = std::move(grids); }

  // Of the first output; of scale 0 where it is no quantized number.
  Parameters OutputTerms() {
    const ir::Node* last = graph().outputs()[0]->producer();
    if (last == nullptr || last->op() != Op::kDequantize) return {};
    const ir::Value& from = *last->input(0);
    return {from.type, from.quantization.scale[0],
            from.quantization.zero_point[0]};
  }
  const ir::Node* Find(Op op) {
    for (const auto& node : graph().nodes()) {
      if (node->op() == op) return node.get();
    }
    return nullptr;
  }

 private:
  NpyArray Array(const TensorDetails& input, std::mt19937& generator) const {
    NpyArray array{input.dtype, input.shape, {}};
    const auto count = static_cast<size_t>(input.shape.elements());
    array.data.resize(count * 4);
    // All pairs of ends are seen at once, so that nothing is cut off.
    const float ends[2][4] = {{low_, high_, low_, high_},
                              {high_, low_, low_, high_}};
    std::uniform_real_distribution<float> real(low_, high_);
    for (size_t i = 0; i < count; ++i) {
      const float value =
          OnGrid(i < 4 ? ends[input.index % 2][i] : real(generator),
                 static_cast<size_t>(input.index));
      const auto index = static_cast<int32_t>(generator() % 64);
      if (input.dtype == DataType::kFloat32)
        std::memcpy(array.data.data() + i * 4, &value, 4);
      else
        std::memcpy(array.data.data() + i * 4, &index, 4);
    }
    return array;
  }

  float OnGrid(float value, size_t input) const {
    if (input >= grids_.size() || grids_[input].type == DataType::kFloat32)
      return value;
    const Parameters& grid = grids_[input];
    const Blob stored = QuantizeValues(std::span(&value, 1), grid);
    return RealValues(grid.type, grid.ToQuantization(), Shape{1},
                      stored.bytes())[0];
  }

  static void Append(const ObservedTensor& tensor, std::vector<float>& all) {
    const auto* bytes = tensor.data.data();
    for (int64_t i = 0; i < tensor.shape.elements(); ++i) {
      if (tensor.dtype == DataType::kFloat32) {
        float value;
        std::memcpy(&value, bytes + i * 4, 4);
        all.push_back(value);
      } else if (tensor.dtype == DataType::kInt32) {
        int32_t value;
        std::memcpy(&value, bytes + i * 4, 4);
        all.push_back(static_cast<float>(value));
      } else {
        all.push_back(static_cast<float>(static_cast<uint8_t>(bytes[i])));
      }
    }
  }

  ir::Module module_;
  std::vector<Parameters> grids_;
  float low_, high_;
  bool sound_ = false;
};

// What a table over the input's range is off by beside rounding, in quanta.
double TableError(const RuleCase& c, const Parameters& input, double scale) {
  const double quantum = static_cast<double>(input.scale);
  const double step = 128 * quantum;
  return (quantum * c.slope + step * step / 16 * c.curvature) / scale;
}

// What the output can hold of a number.
double Saturated(float value, const Parameters& output) {
  const bool bytes = output.type == DataType::kInt8;
  const double low = bytes ? -128 : -32768, high = bytes ? 127 : 32767;
  const auto scale = static_cast<double>(output.scale);
  const auto zero = static_cast<double>(output.zero_point);
  return std::clamp(static_cast<double>(value), (low - zero) * scale,
                    (high - zero) * scale);
}

void ExpectNear(const RuleCase& c, QuantizeMode mode) {
  SCOPED_TRACE(std::string(Name(c.op)) +
               (mode == QuantizeMode::kInt8 ? " int8" : " int16x8"));
  OneOperator one(c.graph, c.low, c.high), exact(c.graph, c.low, c.high);
  ASSERT_TRUE(one.sound() && exact.sound());
  const QuantizeReport report = one.Quantize(mode);
  for (const FloatOperator& left : report.left_float)
    EXPECT_NE(left.op, Name(c.op)) << "stays float: " << left.reason;
  ASSERT_NE(one.Find(c.op), nullptr);
  exact.TakeNumbersOf(one);
  one.TakeGrids(one.Grids());
  const std::vector<float> wanted = exact.Outputs(2), got = one.Outputs(2);
  ASSERT_EQ(got.size(), wanted.size());
  const Parameters output = one.OutputTerms();
  if (output.scale == 0) {
    EXPECT_EQ(got, wanted);  // numbers of places, and truths
    return;
  }
  const auto scale = static_cast<double>(output.scale);
  double quanta = c.quanta;
  if (mode == QuantizeMode::kInt16x8)
    quanta = c.quanta16 + TableError(c, one.Grids()[0], scale);
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(got[i]) -
                                     Saturated(wanted[i], output)));
  EXPECT_LE(worst / scale, quanta);
}

TEST(QuantizeRules, EveryRowHasACase) {
  std::set<Op> quantized, hybrid;
  for (const RuleCase& c : kCases) EXPECT_TRUE(quantized.insert(c.op).second);
  for (const HybridCase& c : kHybridCases) hybrid.insert(c.op);
  // LSTMs have their own tests: lstm_quantization_test.cc.
  const std::set<Op> elsewhere = {Op::kLstm, Op::kUnidirectionalSequenceLstm,
                                  Op::kBidirectionalSequenceLstm,
                                  Op::kBidirectionalSequenceRnn};
  for (const QuantizeRule& rule : QuantizeRules()) {
    if (elsewhere.contains(rule.op)) continue;
    EXPECT_EQ(quantized.contains(rule.op), !rule.operands.empty())
        << Name(rule.op);
    EXPECT_EQ(hybrid.contains(rule.op), !rule.hybrid.empty()) << Name(rule.op);
  }
}

TEST(QuantizeRules, Int8IsNearFloat) {
  for (const RuleCase& c : kCases) ExpectNear(c, QuantizeMode::kInt8);
}

TEST(QuantizeRules, Int16x8IsNearFloat) {
  for (const RuleCase& c : kCases) {
    if (FindQuantizeRule(c.op)->int16) ExpectNear(c, QuantizeMode::kInt16x8);
  }
}

// A product of a weight up to 1.5 and an input up to 1, of which each is off by
// up to 1/254 of its largest: the root mean square, of evenly spread ones.
constexpr double kTermError =
    1.5 / 254 * 0.8165 / 1.7321;  // sqrt(2/3), sqrt(3)

TEST(QuantizeRules, Int8WeightsAloneAreNearFloat) {
  for (const HybridCase& c : kHybridCases) {
    SCOPED_TRACE(std::string(Name(c.op)));
    OneOperator one(c.graph, -1, 1);
    ASSERT_TRUE(one.sound());
    const std::vector<float> exact = one.Outputs(2);
    EXPECT_GT(one.Quantize(QuantizeMode::kDynamic).weights, 0);
    const ir::Node* node = one.Find(c.op);
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(node->input(1)->type, DataType::kInt8);
    const std::vector<float> got = one.Outputs(2);
    ASSERT_EQ(got.size(), exact.size());
    // Five times the standard deviation of the sum of what its terms err by.
    const double limit = 5 * std::sqrt(c.terms) * kTermError * c.slope;
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_NEAR(got[i], exact[i], limit) << i;
  }
}

}  // namespace liteforge::quantize_rules_test
