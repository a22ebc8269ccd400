// SPDX-License-Identifier: Apache-2.0
// Functions that compute: elementwise, activations, reductions, products.
// Names: keras/src/ops/{numpy,nn,math}.py, TensorFlow's API, its operations.
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/axes.h"
#include "import/keras/function_call.h"

namespace liteforge {
namespace {

constexpr std::string_view kX = "x features input inputs logits tensor value a";
constexpr std::string_view kAxis = "axis axes dim reduction_indices";
constexpr std::string_view kKeep = "keepdims keep_dims";

//--------------------------------------------------------------- elementwise

template <Tensor (*kOp)(Tensor, Tensor)>
LayerOutputs Binary(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  return One(kOp(x.a, x.b));
}

template <Tensor (*kOp)(Tensor, Tensor)>
LayerOutputs FloatBinary(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  return One(kOp(Cast(x.a, DataType::kFloat32), Cast(x.b, DataType::kFloat32)));
}

template <Tensor (*kOp)(Tensor, Tensor)>
LayerOutputs Logical(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  return One(kOp(Cast(x.a, DataType::kBool), Cast(x.b, DataType::kBool)));
}

LayerOutputs DivideNoNan(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  const Tensor a = Cast(x.a, DataType::kFloat32);
  const Tensor b = Cast(x.b, DataType::kFloat32);
  const Tensor zero = call.c.Scalar(0);
  return One(Select(Equal(b, zero), zero, Div(a, b)));
}

template <Tensor (*kOp)(Tensor)>
LayerOutputs Unary(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kX));
  return One(kOp(x));
}

template <Tensor (*kOp)(Tensor)>
LayerOutputs FloatUnary(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  return One(kOp(x));
}

LayerOutputs Not(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kX));
  return One(LogicalNot(Cast(x, DataType::kBool)));
}

LayerOutputs Reciprocal(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  return One(Div(call.c.Scalar(1), x));
}

LayerOutputs RoundTo(const FunctionCall& call) {
  TRY_ASSIGN(const int32_t decimals, call.Int(1, "decimals", 0));
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  if (decimals == 0) return One(Round(x));
  const Tensor scale = call.c.Scalar(std::pow(10.0, decimals));
  return One(Div(Round(Mul(x, scale)), scale));
}

LayerOutputs Clip(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x t"));
  TRY_ASSIGN(const Tensor low, call.Operand(1, "x_min clip_value_min", x));
  TRY_ASSIGN(const Tensor high, call.Operand(2, "x_max clip_value_max", x));
  if (low.type() == x.type() && high.type() == x.type())
    return One(Minimum(Maximum(x, low), high));
  const auto f = [](const Tensor& t) { return Cast(t, DataType::kFloat32); };
  return One(Minimum(Maximum(f(x), f(low)), f(high)));
}

LayerOutputs Where(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor condition, call.Operand(0, "condition"));
  if (call.Find(1, "x1 x") == nullptr || call.Find(2, "x2 y") == nullptr)
    return Unsupported("the places of true values are not supported");
  TRY_ASSIGN(Tensor a, call.Operand(1, "x1 x"));
  TRY_ASSIGN(Tensor b, call.Operand(2, "x2 y", a));
  TRY_ASSIGN(a, call.Operand(1, "x1 x", b));
  if (a.type() != b.type()) {
    a = Cast(a, DataType::kFloat32);
    b = Cast(b, DataType::kFloat32);
  }
  return One(Select(Cast(condition, DataType::kBool), a, b));
}

LayerOutputs CastTo(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, kX));
  TRY_ASSIGN(const DataType type, call.Type(1, "dtype DstT", x.type()));
  return One(Cast(x, type));
}

LayerOutputs Same(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x variable input value inputs"));
  TRY_ASSIGN(const DataType type, call.Type(1, "dtype", x.type()));
  return One(Cast(x, type));
}

template <Tensor (*kOp)(Tensor)>
LayerOutputs Like(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input tensor"));
  TRY_ASSIGN(const DataType type, call.Type(1, "dtype", x.type()));
  return One(kOp(Cast(x, type)));
}

LayerOutputs AddAll(const FunctionCall& call) {
  TRY_ASSIGN(const auto all, call.List(0, "inputs"));
  Tensor sum = all[0];
  for (size_t i = 1; i < all.size(); ++i) sum = Add(sum, all[i]);
  return One(sum);
}

//--------------------------------------------------------------- activations

// A function of activations.cc by its name there.
template <const char* kName>
LayerOutputs Activate(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  TRY_ASSIGN(const Tensor y, ApplyActivationNamed(call.c, x, kName));
  return One(y);
}

constexpr char kHardSigmoid[] = "hard_sigmoid", kHardSilu[] = "hard_silu",
               kHardTanh[] = "hard_tanh", kLogSigmoid[] = "log_sigmoid",
               kMish[] = "mish", kSilu[] = "silu",
               kSparsePlus[] = "sparse_plus",
               kSparseSigmoid[] = "sparse_sigmoid",
               kTanhShrink[] = "tanh_shrink";

// TensorFlow's default is the exact one, Keras 3's function the approximation.
LayerOutputs GeluOf(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  const bool newer = call.c.config.generation() >= 3;
  TRY_ASSIGN(const bool approximate, call.Bool(1, "approximate", newer));
  if (!approximate) {
    TRY_ASSIGN(const Tensor y, ApplyActivationNamed(call.c, x, "gelu"));
    return One(y);
  }
  LayerContext& c = call.c;
  const Tensor cube = Mul(Mul(x, x), x);
  const Tensor inner = Mul(Add(x, Mul(cube, c.Scalar(0.044715))),
                           c.Scalar(std::sqrt(2 / 3.14159265358979323846)));
  return One(Mul(Mul(x, c.Scalar(0.5)), Add(Tanh(inner), c.Scalar(1))));
}

LayerOutputs EluOf(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  TRY_ASSIGN(const double alpha, call.Float(1, "alpha", 1));
  const Tensor y = Elu(x);
  if (alpha == 1) return One(y);
  LayerContext& c = call.c;
  return One(Select(Greater(x, c.Scalar(0)), y, Mul(c.Scalar(alpha), y)));
}

LayerOutputs LeakyReluOf(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  TRY_ASSIGN(const double slope, call.Float(1, "alpha negative_slope", 0.2));
  return One(LeakyRelu(x, static_cast<float>(slope)));
}

LayerOutputs SoftmaxAlong(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  if (call.Find(1, kAxis) == nullptr) return One(Softmax(x));
  TRY_ASSIGN(auto axes, call.Axes(1, kAxis, x.rank()));
  return One(SoftmaxOver(x, std::move(axes)));
}

LayerOutputs LogSoftmaxAlong(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, kX));
  TRY_ASSIGN(int32_t axis, call.Int(1, kAxis, -1));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  if (axis == x.rank() - 1) return One(LogSoftmax(x));
  return One(Log(SoftmaxOver(x, {axis})));
}

//---------------------------------------------------------------- reductions

using Reduction = Tensor (*)(Tensor, std::vector<int32_t>, bool);

LayerOutputs Reduced(const FunctionCall& call, const Tensor& x,
                     Reduction reduce) {
  TRY_ASSIGN(auto axes, call.Axes(1, kAxis, x.rank()));
  TRY_ASSIGN(const bool keep, call.Bool(2, kKeep, false));
  return One(reduce(x, std::move(axes), keep));
}

template <Reduction kReduce>
LayerOutputs Reduce(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input_tensor input a"));
  return Reduced(call, x, kReduce);
}

template <Reduction kReduce>
LayerOutputs FloatReduce(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, "x input_tensor input a"));
  return Reduced(call, x, kReduce);
}

template <Reduction kReduce>
LayerOutputs LogicalReduce(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input_tensor input"));
  return Reduced(call, Cast(x, DataType::kBool), kReduce);
}

Tensor Variance(Tensor x, std::vector<int32_t> axes, bool keep) {
  const Tensor mean = Mean(x, axes, /*keep_dims=*/true);
  return Mean(SquaredDifference(x, mean), std::move(axes), keep);
}

Tensor Deviation(Tensor x, std::vector<int32_t> axes, bool keep) {
  return Sqrt(Variance(x, std::move(axes), keep));
}

Tensor LogSumExp(Tensor x, std::vector<int32_t> axes, bool keep) {
  const Tensor largest = Max(x, axes, /*keep_dims=*/true);
  const Tensor sum = Log(Sum(Exp(Sub(x, largest)), axes, keep));
  return Add(sum, Max(x, std::move(axes), keep));
}

template <Tensor (*kOp)(Tensor, int32_t, DataType)>
LayerOutputs Extreme(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input"));
  if (call.Find(1, "axis dimension") == nullptr)
    return Unsupported("without an axis");
  TRY_ASSIGN(int32_t axis, call.Int(1, "axis dimension"));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  const bool newer = call.c.config.generation() >= 3;
  TRY_ASSIGN(
      const DataType type,
      call.Type(2, "output_type", newer ? DataType::kInt32 : DataType::kInt64));
  TRY_ASSIGN(const bool keep, call.Bool(2, "keepdims", false));
  const Tensor y = kOp(x, axis, type);
  return One(keep ? ExpandDims(y, axis) : y);
}

LayerOutputs RunningSum(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x"));
  TRY_ASSIGN(int32_t axis, call.Int(1, "axis", 0));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  TRY_ASSIGN(const bool exclusive, call.Bool(2, "exclusive", false));
  TRY_ASSIGN(const bool reverse, call.Bool(3, "reverse", false));
  return One(Cumsum(x, axis, exclusive, reverse));
}

LayerOutputs L2Normalized(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, "x"));
  TRY_ASSIGN(const auto axes, call.Axes(1, "axis dim", x.rank()));
  TRY_ASSIGN(const double epsilon, call.Float(2, "epsilon", 1e-12));
  const Tensor sum = Sum(Square(x), axes, /*keep_dims=*/true);
  return One(Mul(x, Rsqrt(Maximum(sum, call.c.Scalar(epsilon)))));
}

// keras.ops.normalize: by the norm of some order, at least epsilon.
LayerOutputs Normalized(const FunctionCall& call) {
  TRY_ASSIGN(const int32_t order, call.Int(2, "order", 2));
  if (order != 2) return Unsupported("an order other than 2");
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, "x"));
  TRY_ASSIGN(int32_t axis, call.Int(1, "axis", -1));
  TRY_ASSIGN(axis, WrapAxis(axis, x.rank(), "axis"));
  TRY_ASSIGN(const double epsilon, call.Float(3, "epsilon", 1e-7));
  const Tensor sum = Sum(Square(x), {axis}, /*keep_dims=*/true);
  const Tensor least = call.c.Scalar(epsilon * epsilon);
  return One(Mul(x, Rsqrt(Maximum(sum, least))));
}

//------------------------------------------------------------------ products

LayerOutputs MatrixProduct(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  TRY_ASSIGN(const bool turn_a,
             call.Bool(2, "transpose_a adjoint_a adj_x", false));
  TRY_ASSIGN(const bool turn_b,
             call.Bool(3, "transpose_b adjoint_b adj_y", false));
  if (x.a.rank() < 2 || x.b.rank() < 2)
    return Unsupported("products of vectors, " + x.a.shape().ToString() +
                       " and " + x.b.shape().ToString() +
                       "; give them two dimensions");
  if (x.a.rank() == 2 && x.b.rank() == 2)
    return One(MatMul(x.a, x.b, turn_a, turn_b));
  return One(BatchMatMul(x.a, x.b, turn_a, turn_b));
}

// The last axis of a and the last but one of b, as MatMul has it for b of two
// dimensions.
LayerOutputs DotProduct(const FunctionCall& call) {
  TRY_ASSIGN(const auto x, call.Operands());
  TRY_ASSIGN(const auto axes, call.Ints(2, "axes"));
  const bool one = axes.empty() || (axes.size() == 1 && axes[0] == 1);
  if (!one || x.b.rank() != 2)
    return Unsupported("only a product with a matrix, over one axis");
  return MatrixProduct(call);
}

LayerOutputs EinsumOf(const FunctionCall& call) {
  TRY_ASSIGN(const std::string equation, call.String(9, "subscripts", ""));
  TRY_ASSIGN(const auto x, call.Operands());
  TRY_ASSIGN(const Shape shape, EinsumShape(equation, x.a, x.b));
  return One(Einsum(equation, x.a, x.b, shape));
}

LayerOutputs AddBias(const FunctionCall& call) {
  TRY_ASSIGN(const Tensor x, call.FloatOperand(0, "value"));
  TRY_ASSIGN(const Tensor bias, call.FloatOperand(1, "bias"));
  return One(BiasAdd(x, bias));
}

}  // namespace

std::span<const KerasFunction> MathFunctions() {
  static constexpr KerasFunction kFunctions[] = {
      {"Abs Absolute abs absolute", Unary<Abs>},
      {"Add AddV2 add", Binary<Add>},
      {"AddN add_n", AddAll},
      {"All reduce_all", LogicalReduce<All>},
      {"Any reduce_any", LogicalReduce<Any>},
      {"ArgMax Argmax argmax", Extreme<ArgMax>},
      {"ArgMin Argmin argmin", Extreme<ArgMin>},
      {"BatchMatMul BatchMatMulV2 MatMul Matmul matmul", MatrixProduct},
      {"BiasAdd bias_add", AddBias},
      {"Cast cast", CastTo},
      {"Ceil ceil", Unary<Ceil>},
      {"Clip ClipByValue clip_by_value", Clip},
      {"ConvertToTensor Copy Identity StopGradient convert_to_tensor identity "
       "stop_gradient",
       Same},
      {"Cos cos", FloatUnary<Cos>},
      {"Cumsum cumsum", RunningSum},
      {"DivNoNan DivideNoNan divide_no_nan", DivideNoNan},
      {"Divide RealDiv TrueDivide divide truediv", FloatBinary<Div>},
      {"Dot Tensordot dot tensordot", DotProduct},
      {"Einsum", EinsumOf},
      {"Elu elu", EluOf},
      {"Equal equal", Binary<Equal>},
      {"Erf erf", FloatUnary<Erf>},
      {"Exp exp", FloatUnary<Exp>},
      {"Floor floor", Unary<Floor>},
      {"FloorDiv FloorDivide floordiv", Binary<FloorDiv>},
      {"FloorMod Mod floormod mod", Binary<FloorMod>},
      {"Gelu gelu", GeluOf},
      {"Greater greater", Binary<Greater>},
      {"GreaterEqual greater_equal", Binary<GreaterEqual>},
      {"HardSigmoid hard_sigmoid", Activate<kHardSigmoid>},
      {"HardSilu hard_silu", Activate<kHardSilu>},
      {"HardTanh hard_tanh", Activate<kHardTanh>},
      {"LeakyRelu leaky_relu", LeakyReluOf},
      {"Less less", Binary<Less>},
      {"LessEqual less_equal", Binary<LessEqual>},
      {"Log log", FloatUnary<Log>},
      {"Log1p log1p", FloatUnary<Log1p>},
      {"LogSigmoid log_sigmoid", Activate<kLogSigmoid>},
      {"LogSoftmax log_softmax", LogSoftmaxAlong},
      {"LogicalAnd logical_and", Logical<LogicalAnd>},
      {"LogicalNot logical_not", Not},
      {"LogicalOr logical_or", Logical<LogicalOr>},
      {"Logsumexp reduce_logsumexp", FloatReduce<LogSumExp>},
      {"Amax Max reduce_max", Reduce<Max>},
      {"Maximum maximum", Binary<Maximum>},
      {"Mean reduce_mean", FloatReduce<Mean>},
      {"Amin Min reduce_min", Reduce<Min>},
      {"Minimum minimum", Binary<Minimum>},
      {"Mish mish", Activate<kMish>},
      {"Mul Multiply multiply mul", Binary<Mul>},
      {"Neg Negative negative neg", Unary<Neg>},
      {"Normalize", Normalized},
      {"NotEqual not_equal", Binary<NotEqual>},
      {"OnesLike ones_like", Like<OnesLike>},
      {"Pow Power pow", Binary<Pow>},
      {"Prod reduce_prod", Reduce<Prod>},
      {"Reciprocal reciprocal", Reciprocal},
      {"Relu relu", FloatUnary<Relu>},
      {"Relu6 relu6", FloatUnary<Relu6>},
      {"Round Rint round", RoundTo},
      {"Rsqrt rsqrt", FloatUnary<Rsqrt>},
      {"Select SelectV2 Where where where_v2", Where},
      {"Selu selu", FloatUnary<Selu>},
      {"Sigmoid sigmoid", FloatUnary<Sigmoid>},
      {"Sign sign", Unary<Sign>},
      {"Silu silu swish", Activate<kSilu>},
      {"Sin sin", FloatUnary<Sin>},
      {"Softmax softmax softmax_v2", SoftmaxAlong},
      {"Softplus softplus", FloatUnary<Softplus>},
      {"Softsign softsign", FloatUnary<Softsign>},
      {"SparsePlus sparse_plus", Activate<kSparsePlus>},
      {"SparseSigmoid sparse_sigmoid", Activate<kSparseSigmoid>},
      {"Sqrt sqrt", FloatUnary<Sqrt>},
      {"Square square", Unary<Square>},
      {"SquaredDifference squared_difference", Binary<SquaredDifference>},
      {"Std reduce_std", FloatReduce<Deviation>},
      {"Sub Subtract subtract sub", Binary<Sub>},
      {"Sum reduce_sum", Reduce<Sum>},
      {"Tanh tanh", FloatUnary<Tanh>},
      {"TanhShrink tanh_shrink", Activate<kTanhShrink>},
      {"Var reduce_variance", FloatReduce<Variance>},
      {"ZerosLike zeros_like", Like<ZerosLike>},
      {"l2_normalize", L2Normalized},
  };
  return kFunctions;
}

}  // namespace liteforge
