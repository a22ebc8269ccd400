// SPDX-License-Identifier: Apache-2.0
// Symbolic tensors, and TensorFlow's operations on them.
//
//   Tensor y = Relu(x * w + 1);
//
// A tensor stands for one output of one node of the graph that is being
// written (function.h). Operations add nodes and give their results, with the
// type and shape that TensorFlow infers; unknown dimensions stay unknown.
// Nothing throws: what TensorFlow would refuse is kept as the function's first
// error, naming the operation, and gives an empty tensor, which later
// operations pass on.
//
// Data layout is [N, H, W, C] and filters [H, W, in, out] unless an argument
// says otherwise. Source of each meaning: tensorflow/core/ops/*.cc and
// tensorflow/core/framework/common_shape_fns.cc.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "liteforge/types.h"

namespace liteforge {

class FunctionBuilder;

// A value. It may be copied, and is of no use once its function is finished.
class Tensor {
 public:
  Tensor() = default;  // what a failed operation returns

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int32_t dim(int axis) const {  // negative axes count from the end
    return shape_[axis < 0 ? axis + shape_.rank() : axis];
  }
  // "conv1/Conv2D" or "split:1": what a NodeDef's input list holds.
  const std::string& name() const { return name_; }
  // Who writes the graph; null for an empty tensor, and when it is finished.
  FunctionBuilder* builder() const { return owner_ ? *owner_ : nullptr; }
  bool empty() const { return builder() == nullptr; }

 private:
  friend class FunctionBuilder;
  std::shared_ptr<FunctionBuilder*> owner_;
  std::string name_;
  DataType type_ = DataType::kNone;
  Shape shape_;
};

// What the spatial operations share. Vectors are of spatial rank.
struct WindowAttributes {
  std::vector<int32_t> strides;
  std::vector<int32_t> dilations;         // empty: all 1
  std::string_view padding = "VALID";     // "SAME" or "VALID"
  std::string_view data_format = "NHWC";  // or "NCHW"
};

//------------------------------------------------------------ neural network
Tensor Conv2D(Tensor input, Tensor filter, const WindowAttributes& window);
// filter [H, W, C, multiplier]
Tensor DepthwiseConv2D(Tensor input, Tensor filter,
                       const WindowAttributes& window);
// Conv2D's gradient: filter [H, W, out, in]. Height and width become
//   SAME   in * stride
//   VALID  in * stride + max(0, filter - stride)
Tensor Conv2DTranspose(Tensor input, Tensor filter,
                       const WindowAttributes& window);
Tensor BiasAdd(Tensor value, Tensor bias,
               std::string_view data_format = "NHWC");
// Inference form; scale, offset, mean and variance of shape [C].
Tensor FusedBatchNorm(Tensor x, Tensor scale, Tensor offset, Tensor mean,
                      Tensor variance, float epsilon,
                      std::string_view data_format = "NHWC");
Tensor MatMul(Tensor a, Tensor b, bool transpose_a = false,
              bool transpose_b = false);
Tensor BatchMatMul(Tensor a, Tensor b, bool adj_a = false, bool adj_b = false);
// One or two operands, "bij,bjk->bik"; the result's labels must be given.
Tensor Einsum(std::string_view equation, std::vector<Tensor> operands);
Tensor MaxPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window);
Tensor AvgPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window);
Tensor Softmax(Tensor x);     // over the last axis
Tensor LogSoftmax(Tensor x);  // over the last axis
Tensor Softmax(Tensor x, int32_t axis);

//--------------------------------------------------------------- elementwise
Tensor Relu(Tensor x);
Tensor Relu6(Tensor x);
Tensor LeakyRelu(Tensor x, float alpha);
Tensor Elu(Tensor x);
Tensor Selu(Tensor x);
Tensor Sigmoid(Tensor x);
Tensor Silu(Tensor x);  // x sigmoid(x)
// x Phi(x), or its approximation by tanh.
Tensor Gelu(Tensor x, bool approximate = false);
Tensor Clip(Tensor x, float low, float high);
Tensor Tanh(Tensor x);
Tensor Softplus(Tensor x);
Tensor Softsign(Tensor x);
Tensor Exp(Tensor x);
Tensor Log(Tensor x);
Tensor Sqrt(Tensor x);
Tensor Rsqrt(Tensor x);
Tensor Square(Tensor x);
Tensor Reciprocal(Tensor x);
Tensor Abs(Tensor x);
Tensor Neg(Tensor x);
Tensor Sign(Tensor x);
Tensor Erf(Tensor x);
Tensor Floor(Tensor x);
Tensor Ceil(Tensor x);
Tensor Round(Tensor x);  // halves to even
Tensor Sin(Tensor x);
Tensor Cos(Tensor x);
Tensor Log1p(Tensor x);
Tensor LogicalNot(Tensor x);
Tensor ZerosLike(Tensor x);
Tensor OnesLike(Tensor x);
Tensor Cast(Tensor x, DataType type);
Tensor Identity(Tensor x);

// With numpy's broadcasting; both sides of one type.
Tensor Add(Tensor a, Tensor b);
Tensor Sub(Tensor a, Tensor b);
Tensor Mul(Tensor a, Tensor b);
Tensor Div(Tensor a, Tensor b);
Tensor Maximum(Tensor a, Tensor b);
Tensor Minimum(Tensor a, Tensor b);
Tensor Pow(Tensor a, Tensor b);
Tensor FloorDiv(Tensor a, Tensor b);
Tensor FloorMod(Tensor a, Tensor b);
Tensor SquaredDifference(Tensor a, Tensor b);
Tensor Greater(Tensor a, Tensor b);
Tensor GreaterEqual(Tensor a, Tensor b);
Tensor Less(Tensor a, Tensor b);
Tensor LessEqual(Tensor a, Tensor b);
Tensor Equal(Tensor a, Tensor b);
Tensor NotEqual(Tensor a, Tensor b);
Tensor LogicalAnd(Tensor a, Tensor b);
Tensor LogicalOr(Tensor a, Tensor b);
Tensor Select(Tensor condition, Tensor a, Tensor b);

// A scalar of the type of `like`.
Tensor ScalarLike(const Tensor& like, double value);

Tensor operator-(Tensor x);
#define LITEFORGE_OPERATOR(symbol, Function)                               \
  inline Tensor operator symbol(Tensor a, Tensor b) {                      \
    return Function(std::move(a), std::move(b));                           \
  }                                                                        \
  template <class Number>                                                  \
  requires std::is_arithmetic_v<Number> Tensor operator symbol(Tensor a,   \
                                                               Number b) { \
    const Tensor scalar = ScalarLike(a, static_cast<double>(b));           \
    return Function(std::move(a), scalar);                                 \
  }                                                                        \
  template <class Number>                                                  \
  requires std::is_arithmetic_v<Number> Tensor operator symbol(Number a,   \
                                                               Tensor b) { \
    const Tensor scalar = ScalarLike(b, static_cast<double>(a));           \
    return Function(scalar, std::move(b));                                 \
  }
LITEFORGE_OPERATOR(+, Add)
LITEFORGE_OPERATOR(-, Sub)
LITEFORGE_OPERATOR(*, Mul)
LITEFORGE_OPERATOR(/, Div)
LITEFORGE_OPERATOR(%, FloorMod)
LITEFORGE_OPERATOR(<, Less)
LITEFORGE_OPERATOR(<=, LessEqual)
LITEFORGE_OPERATOR(>, Greater)
LITEFORGE_OPERATOR(>=, GreaterEqual)
#undef LITEFORGE_OPERATOR

//--------------------------------------------------------------- reductions
// Axes may be negative.
Tensor Mean(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Sum(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Max(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Min(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Prod(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Any(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor All(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
// Running sums along one axis.
Tensor Cumsum(Tensor x, int32_t axis, bool exclusive = false,
              bool reverse = false);
// The place of the largest (smallest) value along one axis, which disappears.
Tensor ArgMax(Tensor x, int32_t axis, DataType type);
Tensor ArgMin(Tensor x, int32_t axis, DataType type);

//------------------------------------------------------------ shape and data
// One entry of `dims` may be -1, found from the element count.
Tensor Reshape(Tensor x, std::vector<int32_t> dims);
Tensor Reshape(Tensor x, Tensor dims);  // int32 [rank]
Tensor ShapeOf(Tensor x);               // int32 [rank]
Tensor Transpose(Tensor x, std::vector<int32_t> permutation);
Tensor ExpandDims(Tensor x, int32_t axis);
Tensor Squeeze(Tensor x, std::vector<int32_t> axes);
Tensor Concat(std::span<const Tensor> values, int32_t axis);
Tensor Pack(std::span<const Tensor> values, int32_t axis);
inline Tensor Concat(std::initializer_list<Tensor> values, int32_t axis) {
  return Concat(std::span(values.begin(), values.size()), axis);
}
inline Tensor Pack(std::initializer_list<Tensor> values, int32_t axis) {
  return Pack(std::span(values.begin(), values.size()), axis);
}
// The slices along one axis, which must be known; the axis disappears.
std::vector<Tensor> Unpack(Tensor x, int32_t axis);
std::vector<Tensor> Split(Tensor x, int32_t axis, int32_t count);
// paddings: {before, after} per axis
Tensor Pad(Tensor x, std::vector<std::pair<int32_t, int32_t>> paddings,
           float value = 0.0f);
// Mirrored at the borders, which are repeated or not.
enum class Mirror : uint8_t { kReflect, kSymmetric };
Tensor MirrorPad(Tensor x, std::vector<std::pair<int32_t, int32_t>> paddings,
                 Mirror mirror);
// `size` elements from `begin` on; -1: all that remain.
Tensor Slice(Tensor x, std::vector<int32_t> begin, std::vector<int32_t> size);
// x[begin : end : stride] per axis; a full axis is {0, kToEnd, 1}.
struct Range {
  static constexpr int32_t kToEnd = INT32_MAX;
  int32_t begin = 0;
  int32_t end = kToEnd;
  int32_t stride = 1;
};
Tensor StridedSlice(Tensor x, std::vector<Range> ranges);
// x[i] along one axis, which disappears.
Tensor Index(Tensor x, int32_t axis, int32_t i);
Tensor BroadcastTo(Tensor x, std::vector<int32_t> dims);
Tensor Tile(Tensor x, std::vector<int32_t> multiples);
Tensor Gather(Tensor params, Tensor indices, int32_t axis);
// params[indices[i, 0], indices[i, 1], …] for the last axis of `indices`.
Tensor GatherNd(Tensor params, Tensor indices);
// `on` at the place that the index says of a new last axis, `off` elsewhere.
Tensor OneHot(Tensor indices, int32_t depth, float on = 1, float off = 0);
// Zeros of `dims` with updates[i, …] added at indices[i, …], as in GatherNd.
Tensor ScatterNd(Tensor indices, Tensor updates, std::vector<int32_t> dims);
// Where it is not zero: int64 [n, rank].
Tensor Where(Tensor condition);
// [N, H, W, C] <-> [N, H * block, W * block, C / block^2]
Tensor DepthToSpace(Tensor x, int32_t block);
Tensor SpaceToDepth(Tensor x, int32_t block);
// Along the last axis, the k largest and where they stand (int32).
struct TopKResult {
  Tensor values;
  Tensor indices;
};
TopKResult TopK(Tensor x, int32_t k);
Tensor ResizeNearest(Tensor images, int32_t height, int32_t width,
                     bool half_pixel_centers);
Tensor ResizeBilinear(Tensor images, int32_t height, int32_t width,
                      bool half_pixel_centers);
Tensor Reverse(Tensor x, int32_t axis);

}  // namespace liteforge
