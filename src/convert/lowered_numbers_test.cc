// SPDX-License-Identifier: Apache-2.0
// Bits, functions without an operator of their own, scans, counting.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_numbers_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;

//---------------------------------------------------------------------- bits

template <int64_t (*f)(int64_t, int64_t)>
double OnBits(double a, double b) {
  return static_cast<double>(
      f(static_cast<int64_t>(a), static_cast<int64_t>(b)));
}

template <double (*f)(double, double)>
void Bits(OpCase& c) {
  const DataType type = c.Pick({kI32, kI64, DataType::kInt8});
  const NdArray a = c.Input(c.AnyShape(), -99, 99, type);
  const NdArray b = c.Input(c.Narrower(a.shape), -99, 99, type);
  c.Expect(Combined(a, b, f), type);
}
int64_t And(int64_t a, int64_t b) { return a & b; }
int64_t Or(int64_t a, int64_t b) { return a | b; }

void LeftShift(OpCase& c) {
  const NdArray a = c.Input(c.AnyShape(), -99, 99, kI32);
  const NdArray b = c.Input(c.Narrower(a.shape), 0, 9, kI32);
  c.Expect(Combined(a, b, [](double x, double n) { return std::ldexp(x, n); }),
           kI32);
}

//---------------------------------------------------------- special functions

// By bisection of the rising function `f` between `low` and `high`.
double Inverted(double y, double (*f)(double), double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) < y ? low : high) = middle;
  }
  return low;
}
double NormalShare(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

void Erfinv(OpCase& c) {
  c.Expect(Map(c.Input(c.AnyShape(), -0.999, 0.999),
               [](double y) {
                 return Inverted(
                     y, [](double x) { return std::erf(x); }, -6, 6);
               }),
           kF32, 1e-5);
}
void Ndtri(OpCase& c) {
  c.Expect(Map(c.Input(c.AnyShape(), 0.001, 0.999),
               [](double p) { return Inverted(p, NormalShare, -9, 9); }),
           kF32, 2e-5);
}
void Lgamma(OpCase& c) {
  c.Expect(Map(c.Input(c.AnyShape(), -0.9, 12),
               [](double x) { return std::lgamma(x); }),
           kF32, 2e-5);
}

//--------------------------------------------------------------------- scans

template <double (*combine)(double, double)>
void Scan(OpCase& c, double neutral) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -2, 2);
  const int axis = c.Axis(x.shape);
  const auto along = static_cast<size_t>(OpCase::Plain(axis, x.shape));
  c.Scalar(axis);
  const bool exclusive = c.Coin(), reverse = c.Coin();
  c.Attr("exclusive", exclusive);
  c.Attr("reverse", reverse);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  double y = neutral;
                  for (int i = 0; i < x.shape[static_cast<int>(along)]; ++i) {
                    const int gone = reverse ? i - at[along] : at[along] - i;
                    if (gone < (exclusive ? 1 : 0)) continue;
                    Position from = at;
                    from[along] = i;
                    y = combine(y, x(from));
                  }
                  return y;
                }),
           kF32, 1e-5);
}
double Product(double a, double b) { return a * b; }
double LogSum(double a, double b) {
  const double most = std::max(a, b);
  return most + std::log(std::exp(a - most) + std::exp(b - most));
}

//------------------------------------------------------------------ searching

void NthElement(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 6), -9, 9);
  const bool reverse = c.Coin();
  const int n = c.Int(0, x.dim(-1) - 1);
  c.Attr("reverse", reverse);
  c.Scalar(n);
  Position dims = Dims(x.shape);
  dims.pop_back();
  c.Expect(Made(ToShape(dims), [&](const Position& at) {
    std::vector<double> row;
    for (int i = 0; i < x.dim(-1); ++i) {
      Position from = at;
      from.push_back(i);
      row.push_back(x(from));
    }
    std::ranges::sort(row);
    if (reverse) std::ranges::reverse(row);
    return row[static_cast<size_t>(n)];
  }));
}

void UnravelIndex(OpCase& c) {
  const Shape shape = c.AnyShape(1, 3, 5);
  const DataType type = c.Pick({kI32, kI64});
  const NdArray x =
      c.Input({c.Int(1, 5)}, 0, static_cast<double>(Count(shape)) - 1, type);
  const Position dims = Dims(shape);
  c.Constant({{shape.rank()}, {dims.begin(), dims.end()}}, type);
  c.Expect(Made({shape.rank(), x.dim(0)},
                [&](const Position& at) {
                  auto left = static_cast<int>(x({at[1]}));
                  int place = 0;
                  for (int axis = shape.rank() - 1; axis >= at[0]; --axis) {
                    place = left % shape[axis];
                    left /= shape[axis];
                  }
                  return place;
                }),
           type);
}

void InTopK(OpCase& c) {
  const NdArray x = c.Input({c.Int(1, 3), c.Int(2, 5)}, -9, 9);
  const NdArray target = c.Input({x.dim(0)}, 0, x.dim(1) - 1, kI32);
  const int k = c.Int(1, 3);
  c.Attr("k", k);
  c.Expect(Made({x.dim(0)},
                [&](const Position& at) {
                  int above = 0;
                  const double own = x({at[0], static_cast<int>(target(at))});
                  for (int i = 0; i < x.dim(1); ++i)
                    above += x({at[0], i}) > own ? 1 : 0;
                  return above < k ? 1 : 0;
                }),
           DataType::kBool);
}

void DenseBincount(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 2, 6), 0, 6, kI32);
  const int size = c.Int(3, 7);
  c.Scalar(size);
  const bool weighted = c.Coin(), binary = c.Coin();
  c.Attr("binary_output", binary);
  const NdArray weights = weighted ? c.Input(x.shape, -2, 2) : NdArray{{0}, {}};
  if (!weighted) c.Floats(weights);
  Position dims = Dims(x.shape);
  dims.back() = size;
  NdArray y = Filled(ToShape(dims), 0);
  ForEachPosition(x.shape, [&](const Position& at) {
    if (x(at) >= size) return;
    Position to = at;
    to.back() = static_cast<int>(x(at));
    if (binary) {
      y(to) = 1;
    } else {
      y(to) += weighted ? weights(at) : 1;
    }
  });
  c.Expect(y);
}

//------------------------------------------------------------------ the rest

void Cross(OpCase& c) {
  Position dims = Dims(c.AnyShape(1, 3));
  dims.back() = 3;
  const NdArray a = c.Input(ToShape(dims), -3, 3);
  const NdArray b = c.Input(a.shape, -3, 3);
  c.Expect(Made(a.shape,
                [&](const Position& at) {
                  Position j = at, k = at;
                  j.back() = (at.back() + 1) % 3;
                  k.back() = (at.back() + 2) % 3;
                  return a(j) * b(k) - a(k) * b(j);
                }),
           kF32, 1e-5);
}

const char* const kFormats[] = {"NHWC", "NCHW", "HWNC"};

struct Formats {
  std::string from, to;
};
Formats DrawFormats(OpCase& c) {
  const char* from = kFormats[c.Int(0, 2)];
  const char* to = kFormats[c.Int(0, 2)];
  c.Attr("src_format", from);
  c.Attr("dst_format", to);
  return {from, to};
}

void DataFormatDimMap(OpCase& c) {
  const Formats f = DrawFormats(c);
  c.Expect(Map(c.Input(c.AnyShape(0, 2), -4, 3, kI32),
               [&](double axis) {
                 const auto at =
                     static_cast<size_t>(axis < 0 ? axis + 4 : axis);
                 return static_cast<double>(f.to.find(f.from[at]));
               }),
           kI32);
}

void DataFormatVecPermute(OpCase& c) {
  Formats f = DrawFormats(c);
  const bool spatial = c.Coin();
  const NdArray x =
      c.Input(c.Coin() ? Shape{spatial ? 2 : 4} : Shape{spatial ? 2 : 4, 2}, -9,
              9, kI32);
  const auto is_other = [](char l) { return l == 'N' || l == 'C'; };
  if (spatial) {
    std::erase_if(f.from, is_other);
    std::erase_if(f.to, is_other);
  }
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  Position from = at;
                  from[0] = static_cast<int>(
                      f.from.find(f.to[static_cast<size_t>(at[0])]));
                  return x(from);
                }),
           kI32);
}

void ConjugateTranspose(OpCase& c) {
  const NdArray x = c.Input({c.Int(1, 4), c.Int(1, 4)}, -9, 9);
  c.Int32s({1, 0});
  c.Expect(Made({x.dim(1), x.dim(0)}, [&](const Position& at) {
    return x({at[1], at[0]});
  }));
}

void QuantizeAndDequantize(OpCase& c, bool bits_given) {
  const NdArray x = c.Input(c.AnyShape(), -5, 5);
  const double min = -c.Real(0.5, 4), max = c.Real(0.5, 4);
  c.Scalar(static_cast<float>(min), kF32);
  c.Scalar(static_cast<float>(max), kF32);
  const int bits = c.Int(3, 9);
  const bool with_sign = c.Coin(), narrow = c.Coin(), up = c.Coin();
  if (bits_given) {
    c.Scalar(bits);
  } else {
    c.Attr("num_bits", bits);
    c.Attr("round_mode", up ? "HALF_UP" : "HALF_TO_EVEN");
  }
  c.Attr("signed_input", with_sign);
  c.Attr("narrow_range", narrow);
  c.Attr("range_given", true);
  const double high = with_sign ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  const double low = !with_sign ? 0 : narrow ? -high : -high - 1;
  double scale = high / max;
  if (low < 0) scale = std::min(scale, low / min);
  const double ends[] = {low < 0 && scale < low / min ? low / scale : min,
                         scale < high / max ? high / scale : max};
  const double from = low == 0 ? 0 : ends[0], to = ends[1];
  c.Expect(Map(x,
               [&](double v) {
                 const double held = std::clamp(v, from, to) * scale;
                 return (up && !bits_given ? std::floor(held + 0.5)
                                           : std::nearbyint(held)) /
                        scale;
               }),
           kF32, 1e-5);
}

constexpr OpRow kRows[] = {
    {"BitwiseAnd", Bits<OnBits<And>>},
    {"BitwiseOr", Bits<OnBits<Or>>},
    {"ConjugateTranspose", ConjugateTranspose},
    {"Cross", Cross},
    {"Cumprod", [](OpCase& c) { Scan<Product>(c, 1); }},
    {"CumulativeLogsumexp",
     [](OpCase& c) { Scan<LogSum>(c, std::numeric_limits<float>::lowest()); }},
    {"DataFormatDimMap", DataFormatDimMap},
    {"DataFormatVecPermute", DataFormatVecPermute},
    {"DenseBincount", DenseBincount},
    {"Erfinv", Erfinv},
    {"InTopK", InTopK},
    {"LeftShift", LeftShift},
    {"Lgamma", Lgamma},
    {"Ndtri", Ndtri},
    {"NthElement", NthElement},
    {"QuantizeAndDequantizeV2",
     [](OpCase& c) { QuantizeAndDequantize(c, false); }},
    {"QuantizeAndDequantizeV3",
     [](OpCase& c) { QuantizeAndDequantize(c, true); }},
    {"QuantizeAndDequantizeV4",
     [](OpCase& c) { QuantizeAndDequantize(c, false); }},
    {"UnravelIndex", UnravelIndex},
};

}  // namespace lowered_numbers_test

std::span<const OpRow> NumberRows() { return lowered_numbers_test::kRows; }

TEST(LoweredOps, Numbers) { CheckRows(NumberRows()); }

}  // namespace liteforge
