// SPDX-License-Identifier: Apache-2.0
// Elementwise operations and reductions.
#include <bit>

#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_arithmetic_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

//------------------------------------------------------------------- unary

template <double (*f)(double)>
void Unary(OpCase& c, double low, double high, double tolerance = 2e-6) {
  c.Expect(Map(c.Input(c.AnyShape(0), low, high), f), kF32, tolerance);
}

template <double (*f)(double)>
void Wide(OpCase& c) {
  Unary<f>(c, -4, 4);
}
template <double (*f)(double)>
void Positive(OpCase& c) {
  Unary<f>(c, 0.01, 8);
}
template <double (*f)(double)>
void Unit(OpCase& c) {
  Unary<f>(c, -0.95, 0.95);
}
template <double (*f)(double)>
void AboveOne(OpCase& c) {
  Unary<f>(c, 1.01, 8, 1e-5);
}
// Whole numbers and halves among others.
template <double (*f)(double)>
void Steps(OpCase& c) {
  const NdArray x =
      Map(c.Draw(c.AnyShape(), -12, 12, kI32), [](double v) { return v / 4; });
  c.Expect(Map(c.Given(x), f));
}
template <double (*f)(double)>
void Truth(OpCase& c) {
  c.Expect(Map(c.Input(c.AnyShape(), 0, 1, DataType::kBool), f),
           DataType::kBool);
}

double Square(double x) { return x * x; }
double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
double Reciprocal(double x) { return 1 / x; }
double Rsqrt(double x) { return 1 / std::sqrt(x); }
double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double Softplus(double x) { return std::log1p(std::exp(x)); }
double Softsign(double x) { return x / (1 + std::abs(x)); }
double Relu(double x) { return std::max(x, 0.0); }
double Relu6(double x) { return std::clamp(x, 0.0, 6.0); }
double Elu(double x) { return x > 0 ? x : std::expm1(x); }
double Selu(double x) {
  constexpr double kScale = 1.0507009873554805, kAlpha = 1.6732632423543772;
  return kScale * (x > 0 ? x : kAlpha * std::expm1(x));
}
double Same(double x) { return x; }
double Neg(double x) { return -x; }
double Not(double x) { return 1 - x; }

void LeakyRelu(OpCase& c) {
  const auto alpha = static_cast<float>(c.Real(0, 1));
  c.Attr("alpha", alpha);
  const NdArray x = c.Input(c.AnyShape(), -3, 3);
  c.Expect(Map(x, [=](double v) { return v > 0 ? v : alpha * v; }));
}

template <bool (*f)(double)>
void NumberTest(OpCase& c) {
  NdArray x = c.Draw(c.AnyShape(), -2, 2);
  for (double& v : x.v) {
    v = c.Pick({v, std::numeric_limits<double>::infinity(),
                -std::numeric_limits<double>::infinity(),
                std::numeric_limits<double>::quiet_NaN()});
  }
  c.Given(x);
  c.Expect(Map(x, [](double v) { return f(v) ? 1.0 : 0.0; }), DataType::kBool);
}
bool IsNan(double x) { return std::isnan(x); }
bool IsInf(double x) { return std::isinf(x); }
bool IsFinite(double x) { return std::isfinite(x); }

void Cast(OpCase& c) {
  const DataType from = c.Pick({kF32, kI32, kI64, DataType::kUInt8});
  const DataType to = c.Pick({kF32, kI32, kI64, DataType::kBool});
  c.Attr("SrcT", from);
  c.Attr("DstT", to);
  const NdArray x = c.Input(c.AnyShape(), 0, 9, from);
  c.Expect(Map(x,
               [=](double v) {
                 if (to == DataType::kBool) return v != 0 ? 1.0 : 0.0;
                 return to == kF32 ? v : std::trunc(v);
               }),
           to);
}

void Invert(OpCase& c) {
  c.Expect(Map(c.Input(c.AnyShape(), -99, 99, kI32),
               [](double v) { return -v - 1; }),
           kI32);
}

void Bucketize(OpCase& c) {
  tf::AttrValue list;
  std::vector<double> ends = {c.Real(-3, -1), c.Real(-1, 1), c.Real(1, 3)};
  for (double& end : ends) {
    list.mutable_list()->add_f(static_cast<float>(end));
    end = static_cast<float>(end);
  }
  c.Set("boundaries", list);
  const NdArray x = c.Input(c.AnyShape(), -4, 4);
  c.Expect(Map(x,
               [=](double v) {
                 return static_cast<double>(std::ranges::count_if(
                     ends, [&](double e) { return v >= e; }));
               }),
           kI32);
}

void Bitcast(OpCase& c) {
  c.Attr("type", kI32);
  const NdArray x = c.Input(c.AnyShape(), -4, 4);
  c.Expect(Map(x,
               [](double v) {
                 return static_cast<double>(
                     std::bit_cast<int32_t>(static_cast<float>(v)));
               }),
           kI32);
}

//------------------------------------------------------------------ binary

using Formula2 = double (*)(double, double);

// Two shapes that broadcast, in either order, one of them constant by chance.
template <Formula2 f>
void Binary(OpCase& c, double low, double high, DataType type, DataType result,
            double tolerance = 2e-6) {
  Shape a = c.AnyShape(1, 4), b = c.Narrower(a);
  if (c.Coin()) std::swap(a, b);
  const NdArray x = c.Draw(a, low, high, type), y = c.Draw(b, low, high, type);
  const bool first = c.Coin();
  if (first) {
    c.Given(x, type);
    c.Either(y, type);
  } else {
    c.Either(x, type);
    c.Given(y, type);
  }
  c.Expect(Combined(x, y, f), result, tolerance);
}

template <Formula2 f>
void AnyNumbers(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32, kI64});
  Binary<f>(c, -5, 5, type, type);
}
template <Formula2 f>
void Reals(OpCase& c) {
  Binary<f>(c, -5, 5, kF32, kF32, 1e-5);
}
template <Formula2 f>
void PositiveReals(OpCase& c) {
  Binary<f>(c, 0.1, 4, kF32, kF32, 1e-5);
}
// Whole, so that there are zeros.
template <Formula2 f>
void SmallReals(OpCase& c) {
  Shape a = c.AnyShape(1, 4);
  const NdArray x = c.Draw(a, 0, 2, kI32), y = c.Draw(a, 0, 2, kI32);
  c.Given(x);
  c.Given(y);
  c.Expect(Combined(x, y, f), kF32, 1e-6);
}
template <Formula2 f>
void Comparison(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32, kI64});
  Binary<f>(c, -2, 2, type, DataType::kBool);
}
template <Formula2 f>
void Logic(OpCase& c) {
  Binary<f>(c, 0, 1, DataType::kBool, DataType::kBool);
}
template <Formula2 f>
void Whole(OpCase& c) {
  Binary<f>(c, 1, 30, kI32, kI32);
}

double Plus(double a, double b) { return a + b; }
double Minus(double a, double b) { return a - b; }
double Times(double a, double b) { return a * b; }
double Over(double a, double b) { return a / b; }
double WholeOver(double a, double b) { return std::trunc(a / b); }
double FloorOver(double a, double b) { return std::floor(a / b); }
double FloorRest(double a, double b) { return a - b * std::floor(a / b); }
double Rest(double a, double b) { return std::fmod(a, b); }
double Larger(double a, double b) { return std::max(a, b); }
double Smaller(double a, double b) { return std::min(a, b); }
double SquaredDifference(double a, double b) { return (a - b) * (a - b); }
double OverNoNan(double a, double b) { return b == 0 ? 0 : a / b; }
double TimesNoNan(double a, double b) { return b == 0 ? 0 : a * b; }
double OverUnlessZero(double a, double b) { return a == 0 ? 0 : a / b; }
double TimesLog(double a, double b) { return a == 0 ? 0 : a * std::log(b); }
double IsEqual(double a, double b) { return a == b; }
double IsOther(double a, double b) { return a != b; }
double IsLess(double a, double b) { return a < b; }
double IsLessEqual(double a, double b) { return a <= b; }
double IsGreater(double a, double b) { return a > b; }
double IsGreaterEqual(double a, double b) { return a >= b; }
double Both(double a, double b) { return a * b; }
double Any(double a, double b) { return std::max(a, b); }
double Power(double a, double b) { return std::pow(a, b); }
double Angle(double a, double b) { return std::atan2(a, b); }
double Xor(double a, double b) {
  return static_cast<int>(a) ^ static_cast<int>(b);
}
double Shifted(double a, double b) {
  return static_cast<int>(a) >> static_cast<int>(b);
}

void FloorDiv(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(), -30, 30, kI32);
  const double by = c.Pick({-7, -2, 3, 5});
  c.Scalar(by);
  c.Expect(Map(x, [=](double v) { return FloorOver(v, by); }), kI32);
}
void Remainder(OpCase& c, Formula2 f) {
  const DataType type = c.Pick({kF32, kI32});
  const NdArray x = c.Input(c.AnyShape(), -30, 30, type);
  const double by = c.Pick({-7, -2, 3, 5});
  c.Scalar(by, type);
  c.Expect(Map(x, [=](double v) { return f(v, by); }), type, 1e-5);
}
void RightShift(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(), -99, 99, kI32);
  const NdArray n = c.Input(x.shape, 0, 4, kI32);
  c.Expect(Combined(x, n, Shifted), kI32);
}
void ApproximateEqual(OpCase& c) {
  const auto tolerance = static_cast<float>(c.Real(0.5, 2));
  c.Attr("tolerance", tolerance);
  const NdArray a = c.Input(c.AnyShape(), -3, 3);
  const NdArray b = c.Input(a.shape, -3, 3);
  c.Expect(Combined(a, b,
                    [=](double x, double y) {
                      return std::abs(x - y) < tolerance ? 1.0 : 0.0;
                    }),
           DataType::kBool);
}
void ClipByValue(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(), -5, 5);
  const float low = static_cast<float>(c.Real(-3, 0));
  const float high = static_cast<float>(c.Real(0, 3));
  c.Scalar(low, kF32);
  c.Scalar(high, kF32);
  c.Expect(Map(x, [=](double v) { return std::clamp<double>(v, low, high); }));
}
void AddN(OpCase& c) {
  const Shape shape = c.AnyShape();
  NdArray sum = Filled(shape, 0);
  for (int i = c.Int(1, 4); i >= 0; --i)
    sum = Combined(sum, c.Input(shape, -3, 3), Plus);
  c.Expect(sum);
}
void Select(OpCase& c) {
  const Shape shape = c.AnyShape();
  const NdArray which = c.Input(shape, 0, 1, DataType::kBool);
  const NdArray a = c.Input(shape, -3, 3), b = c.Input(shape, -3, 3);
  c.Expect(Made(shape, [&](const Position& at) {
    return which(at) != 0 ? a(at) : b(at);
  }));
}
// A vector chooses rows.
void SelectRows(OpCase& c) {
  const Shape shape = c.AnyShape(2, 3);
  const NdArray which = c.Input({shape[0]}, 0, 1, DataType::kBool);
  const NdArray a = c.Input(shape, -3, 3), b = c.Input(shape, -3, 3);
  c.Expect(Made(shape, [&](const Position& at) {
    return which({at[0]}) != 0 ? a(at) : b(at);
  }));
}
void SelectV2(OpCase& c) {
  const Shape shape = c.AnyShape();
  const NdArray which = c.Input(c.Narrower(shape), 0, 1, DataType::kBool);
  const NdArray a = c.Input(shape, -3, 3);
  const NdArray b = c.Input(c.Narrower(shape), -3, 3);
  c.Expect(Made(shape, [&](const Position& at) {
    return Spread(which, at) != 0 ? a(at) : Spread(b, at);
  }));
}
void BiasAdd(OpCase& c) {
  const bool nchw = c.Coin();
  const Shape shape = nchw ? c.AnyShape(4, 4) : c.AnyShape(2, 4);
  if (nchw) c.Attr("data_format", "NCHW");
  const int axis = nchw ? 1 : shape.rank() - 1;
  const NdArray x = c.Input(shape, -3, 3);
  const NdArray b = c.Floats(c.Draw({shape[axis]}, -3, 3));
  c.Expect(Made(shape, [&](const Position& at) {
    return x(at) + b({at[static_cast<size_t>(axis)]});
  }));
}
void BiasAddV1(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(2, 4), -3, 3);
  const NdArray b = c.Floats(c.Draw({x.dim(-1)}, -3, 3));
  c.Expect(Combined(x, b, Plus));
}

//-------------------------------------------------------------- reductions

// Reduces over random axes; `f` is given all elements that meet.
void Reduce(OpCase& c, DataType type,
            const std::function<double(const std::vector<double>&)>& f,
            double low = -3, double high = 3) {
  const Shape shape = c.AnyShape(1, 4);
  const NdArray x = c.Input(shape, low, high, type);
  std::vector<bool> gone(static_cast<size_t>(shape.rank()));
  Position axes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!c.Coin()) continue;
    gone[static_cast<size_t>(axis)] = true;
    axes.push_back(c.Coin() ? axis : axis - shape.rank());
  }
  if (axes.empty()) {
    gone[0] = true;
    axes.push_back(0);
  }
  const bool keep = c.Coin();
  if (keep) c.Attr("keep_dims", true);
  c.Ints(axes);
  Position dims, kept;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool away = gone[static_cast<size_t>(axis)];
    kept.push_back(away ? 1 : shape[axis]);
    if (!away || keep) dims.push_back(kept.back());
  }
  std::vector<std::vector<double>> groups(Count(ToShape(kept)));
  const NdArray places = Filled(ToShape(kept), 0);
  ForEachPosition(shape, [&](const Position& at) {
    Position own = at;
    for (size_t axis = 0; axis < own.size(); ++axis)
      if (gone[axis]) own[axis] = 0;
    groups[places.Offset(own)].push_back(x(at));
  });
  NdArray y = Filled(ToShape(dims), 0);
  std::ranges::transform(groups, y.v.begin(), f);
  c.Expect(y, type, 1e-5);
}

double SumOf(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum;
}
double ProductOf(const std::vector<double>& v) {
  double product = 1;
  for (const double x : v) product *= x;
  return product;
}
double LargestOf(const std::vector<double>& v) {
  return *std::ranges::max_element(v);
}
double SmallestOf(const std::vector<double>& v) {
  return *std::ranges::min_element(v);
}
double MeanOf(const std::vector<double>& v) {
  return SumOf(v) / static_cast<double>(v.size());
}
double NormOf(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

void Sum(OpCase& c) { Reduce(c, c.Pick({kF32, kI32}), SumOf); }
void Prod(OpCase& c) { Reduce(c, kF32, ProductOf, 0.5, 1.5); }
void Max(OpCase& c) { Reduce(c, c.Pick({kF32, kI32, kI64}), LargestOf); }
void Min(OpCase& c) { Reduce(c, c.Pick({kF32, kI32}), SmallestOf); }
void Mean(OpCase& c) { Reduce(c, kF32, MeanOf); }
void EuclideanNorm(OpCase& c) { Reduce(c, kF32, NormOf); }
void All(OpCase& c) { Reduce(c, DataType::kBool, SmallestOf); }
void AnyOf(OpCase& c) { Reduce(c, DataType::kBool, LargestOf); }

void L2Loss(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(), -2, 2);
  c.Expect({Shape(), {NormOf(x.v) * NormOf(x.v) / 2}}, kF32, 1e-5);
}

void Cumsum(OpCase& c) {
  const DataType type = c.Pick({kF32, kI32});
  const NdArray x = c.Input(c.AnyShape(1, 4, 5), -3, 3, type);
  const int axis = c.Axis(x.shape);
  const auto along = static_cast<size_t>(OpCase::Plain(axis, x.shape));
  const bool exclusive = c.Coin(), reverse = c.Coin();
  c.Attr("exclusive", exclusive);
  c.Attr("reverse", reverse);
  c.Scalar(axis);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  double sum = 0;
                  for (int i = 0; i < x.shape[static_cast<int>(along)]; ++i) {
                    const bool before = reverse ? i > at[along] : i < at[along];
                    if (!before && (exclusive || i != at[along])) continue;
                    Position from = at;
                    from[along] = i;
                    sum += x(from);
                  }
                  return sum;
                }),
           type, 1e-5);
}

void Softmax(OpCase& c, bool log) {
  const NdArray x = c.Input(c.AnyShape(1, 4, 5), -4, 4);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  double sum = 0;
                  for (int i = 0; i < x.dim(-1); ++i) {
                    Position from = at;
                    from.back() = i;
                    sum += std::exp(x(from));
                  }
                  return log ? x(at) - std::log(sum) : std::exp(x(at)) / sum;
                }),
           kF32, 1e-5);
}

constexpr OpRow kRows[] = {
    {"Abs", Wide<std::fabs>},
    {"AccumulateNV2", AddN},
    {"Acos", Unit<std::acos>},
    {"Acosh", AboveOne<std::acosh>},
    {"Add", AnyNumbers<Plus>},
    {"AddN", AddN},
    {"AddV2", AnyNumbers<Plus>},
    {"All", All},
    {"Any", AnyOf},
    {"ApproximateEqual", ApproximateEqual},
    {"Asin", Unit<std::asin>},
    {"Asinh", Wide<std::asinh>},
    {"Atan", Wide<std::atan>},
    {"Atan2", Reals<Angle>},
    {"Atanh", Unit<std::atanh>},
    {"BiasAdd", BiasAdd},
    {"BiasAddV1", BiasAddV1},
    {"Bitcast", Bitcast},
    {"BitwiseXor", Whole<Xor>},
    {"Bucketize", Bucketize},
    {"Cast", Cast},
    {"Ceil", Steps<std::ceil>},
    {"CheckNumerics", Wide<Same>},
    {"ClipByValue", ClipByValue},
    {"Copy", Wide<Same>},
    {"CopyHost", Wide<Same>},
    {"Cos", Wide<std::cos>},
    {"Cosh", Wide<std::cosh>},
    {"Cumsum", Cumsum},
    {"DebugIdentity", Wide<Same>},
    {"DeepCopy", Wide<Same>},
    {"Div", PositiveReals<Over>},
    {"DivNoNan", SmallReals<OverNoNan>},
    {"Elu", Wide<Elu>},
    {"EnsureShape", Wide<Same>},
    {"Equal", Comparison<IsEqual>},
    {"Erf", Wide<std::erf>},
    {"Erfc", Wide<std::erfc>},
    {"EuclideanNorm", EuclideanNorm},
    {"Exp", Wide<std::exp>},
    {"Expm1", Unit<std::expm1>},
    {"Floor", Steps<std::floor>},
    {"FloorDiv", FloorDiv},
    {"FloorMod", [](OpCase& c) { Remainder(c, FloorRest); }},
    {"Greater", Comparison<IsGreater>},
    {"GreaterEqual", Comparison<IsGreaterEqual>},
    {"GuaranteeConst", Wide<Same>},
    {"Identity", Wide<Same>},
    {"Inv", Positive<Reciprocal>},
    {"Invert", Invert},
    {"IsFinite", NumberTest<IsFinite>},
    {"IsInf", NumberTest<IsInf>},
    {"IsNan", NumberTest<IsNan>},
    {"L2Loss", L2Loss},
    {"LeakyRelu", LeakyRelu},
    {"Less", Comparison<IsLess>},
    {"LessEqual", Comparison<IsLessEqual>},
    {"Log", Positive<std::log>},
    {"Log1p", Positive<std::log1p>},
    {"LogSoftmax", [](OpCase& c) { Softmax(c, true); }},
    {"LogicalAnd", Logic<Both>},
    {"LogicalNot", Truth<Not>},
    {"LogicalOr", Logic<Any>},
    {"Max", Max},
    {"Maximum", AnyNumbers<Larger>},
    {"Mean", Mean},
    {"Min", Min},
    {"Minimum", AnyNumbers<Smaller>},
    {"Mod", [](OpCase& c) { Remainder(c, Rest); }},
    {"Mul", AnyNumbers<Times>},
    {"MulNoNan", SmallReals<TimesNoNan>},
    {"Neg", Wide<Neg>},
    {"NotEqual", Comparison<IsOther>},
    {"PlaceholderWithDefault", Wide<Same>},
    {"Pow", PositiveReals<Power>},
    {"PreventGradient", Wide<Same>},
    {"Print", Wide<Same>},
    {"Prod", Prod},
    {"RealDiv", PositiveReals<Over>},
    {"Reciprocal", Positive<Reciprocal>},
    {"Relu", Wide<Relu>},
    {"Relu6", [](OpCase& c) { Unary<Relu6>(c, -3, 9); }},
    {"RightShift", RightShift},
    {"Rint", Steps<std::nearbyint>},
    {"Round", Steps<std::nearbyint>},
    {"Rsqrt", Positive<Rsqrt>},
    {"Select", Select},
    {"Select", SelectRows},
    {"SelectV2", SelectV2},
    {"Selu", Wide<Selu>},
    {"Sigmoid", Wide<Sigmoid>},
    {"Sign", Steps<Sign>},
    {"Sin", Wide<std::sin>},
    {"Sinh", Wide<std::sinh>},
    {"Snapshot", Wide<Same>},
    {"Softmax", [](OpCase& c) { Softmax(c, false); }},
    {"Softplus", Wide<Softplus>},
    {"Softsign", Wide<Softsign>},
    {"Sqrt", Positive<std::sqrt>},
    {"Square", Wide<Square>},
    {"SquaredDifference", Reals<SquaredDifference>},
    {"StopGradient", Wide<Same>},
    {"Sub", AnyNumbers<Minus>},
    {"Sum", Sum},
    {"Tan", Unit<std::tan>},
    {"Tanh", Wide<std::tanh>},
    {"TruncateDiv", Whole<WholeOver>},
    {"TruncateMod", [](OpCase& c) { Remainder(c, Rest); }},
    {"Xdivy", PositiveReals<OverUnlessZero>},
    {"Xlogy", PositiveReals<TimesLog>},
};

}  // namespace lowered_arithmetic_test

std::span<const OpRow> ArithmeticRows() {
  return lowered_arithmetic_test::kRows;
}

TEST(LoweredOps, Arithmetic) { CheckRows(ArithmeticRows()); }

}  // namespace liteforge
