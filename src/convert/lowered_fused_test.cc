// SPDX-License-Identifier: Apache-2.0
// Operations that are several at once, recurrent cells, and rows named by
// sparse tensors.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_fused_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;
using List = std::vector<int64_t>;

//--------------------------------------------------------------- normalization

struct Norm {
  NdArray mean, variance, offset, scale;
  double epsilon = 0.01;

  double At(double x, int channel) const {
    const Position at = {channel};
    return (x - mean(at)) / std::sqrt(variance(at) + epsilon) * scale(at) +
           offset(at);
  }
};

void GlobalNorm(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(4, 4, 3), -2, 2);
  const Shape channels = {x.dim(3)};
  Norm n;
  n.mean = c.Either(c.Draw(channels, -1, 1));
  n.variance = c.Either(c.Draw(channels, 0.5, 2));
  n.offset = c.Either(c.Draw(channels, -1, 1));
  n.scale = c.Either(c.Draw(channels, -2, 2));
  const bool scaled = c.Coin();
  if (!scaled) n.scale = Filled(channels, 1);
  c.Attr("variance_epsilon", 0.01f);
  c.Attr("scale_after_normalization", scaled);
  c.Expect(
      Made(x.shape, [&](const Position& at) { return n.At(x(at), at[3]); }),
      kF32, 1e-5);
}

// Operands scale, offset, mean, variance.
Norm DrawNorm(OpCase& c, int channels) {
  Norm n;
  n.scale = c.Floats(c.Draw({channels}, -2, 2));
  n.offset = c.Floats(c.Draw({channels}, -1, 1));
  n.mean = c.Floats(c.Draw({channels}, -1, 1));
  n.variance = c.Floats(c.Draw({channels}, 0.5, 2));
  c.Attr("epsilon", 0.01f);
  return n;
}

void FusedNorm(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(4, 4, 3), -2, 2);
  const Norm n = DrawNorm(c, x.dim(3));
  const bool side = c.Coin(), relu = c.Coin();
  c.Attr("is_training", false);
  c.Attr("num_side_inputs", side ? 1 : 0);
  c.Attr("activation_mode", relu ? "Relu" : "Identity");
  const NdArray more = side ? c.Input(x.shape, -2, 2) : Filled(x.shape, 0);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  const double y = n.At(x(at), at[3]) + more(at);
                  return relu ? std::max(y, 0.0) : y;
                }),
           kF32, 1e-5);
}

//-------------------------------------------------------------- fused products

// What stands behind a product: `fused_ops`, and its operands.
class Tail {
 public:
  Tail(OpCase& c, int channels, bool norms) {
    tf::AttrValue names;
    if (norms && c.Coin()) {
      norm_ = DrawNorm(c, channels);
      has_norm_ = true;
      names.mutable_list()->add_s("FusedBatchNorm");
    } else {
      bias_ = c.Floats(c.Draw({channels}, -1, 1));
      names.mutable_list()->add_s("BiasAdd");
    }
    const char* kActivations[] = {"", "Relu", "Relu6", "Elu", "LeakyRelu"};
    activation_ = kActivations[c.Int(0, 4)];
    if (!activation_.empty()) names.mutable_list()->add_s(activation_);
    c.Attr("leakyrelu_alpha", 0.25f);
    c.Set("fused_ops", names);
  }

  double At(double y, int channel) const {
    y = has_norm_ ? norm_.At(y, channel) : y + bias_({channel});
    if (activation_ == "Relu") return std::max(y, 0.0);
    if (activation_ == "Relu6") return std::clamp(y, 0.0, 6.0);
    if (activation_ == "Elu") return y < 0 ? std::expm1(y) : y;
    if (activation_ == "LeakyRelu") return y < 0 ? y / 4 : y;
    return y;
  }

 private:
  bool has_norm_ = false;
  Norm norm_;
  NdArray bias_;
  std::string activation_;
};

void FusedMatMul(OpCase& c) {
  const NdArray x = c.Input({c.Int(1, 3), c.Int(1, 4)}, -2, 2);
  const NdArray w = c.Floats(c.Draw({x.dim(1), c.Int(1, 4)}, -2, 2));
  const Tail tail(c, w.dim(1), false);
  c.Expect(Made({x.dim(0), w.dim(1)},
                [&](const Position& at) {
                  double sum = 0;
                  for (int i = 0; i < x.dim(1); ++i)
                    sum += x({at[0], i}) * w({i, at[1]});
                  return tail.At(sum, at[1]);
                }),
           kF32, 1e-5);
}

// VALID, stride 1. Depthwise: output channel ch * M + m.
double Convolved(const NdArray& x, const NdArray& w, const Position& at,
                 bool depthwise) {
  double sum = 0;
  ForEachPosition(w.shape, [&](const Position& k) {
    if (depthwise ? at[3] != k[2] * w.dim(3) + k[3] : at[3] != k[3]) return;
    sum += x({at[0], at[1] + k[0], at[2] + k[1], k[2]}) * w(k);
  });
  return sum;
}

Shape ConvolvedShape(const NdArray& x, const NdArray& w, bool depthwise) {
  return {x.dim(0), x.dim(1) - w.dim(0) + 1, x.dim(2) - w.dim(1) + 1,
          depthwise ? w.dim(2) * w.dim(3) : w.dim(3)};
}

void FusedConv(OpCase& c, bool depthwise) {
  const NdArray x = c.Input({1, c.Int(3, 5), c.Int(3, 5), c.Int(1, 3)}, -2, 2);
  const NdArray w = c.Floats(
      c.Draw({c.Int(1, 3), c.Int(1, 3), x.dim(3), c.Int(1, 3)}, -1, 1));
  const Shape shape = ConvolvedShape(x, w, depthwise);
  c.Attr("strides", List{1, 1, 1, 1});
  c.Attr("padding", "VALID");
  const Tail tail(c, shape[3], true);
  c.Expect(Made(shape,
                [&](const Position& at) {
                  return tail.At(Convolved(x, w, at, depthwise), at[3]);
                }),
           kF32, 1e-5);
}

// x with rows and columns mirrored outwards, the border once more or not.
NdArray Mirrored(const NdArray& x, const Position& amounts, bool symmetric) {
  const auto place = [&](int at, int before, int size) {
    const int i = at - before;
    if (i < 0) return symmetric ? -i - 1 : -i;
    if (i < size) return i;
    return symmetric ? 2 * size - 1 - i : 2 * size - 2 - i;
  };
  return Made({x.dim(0), x.dim(1) + amounts[0] + amounts[1],
               x.dim(2) + amounts[2] + amounts[3], x.dim(3)},
              [&](const Position& at) {
                return x({at[0], place(at[1], amounts[0], x.dim(1)),
                          place(at[2], amounts[2], x.dim(2)), at[3]});
              });
}

// Twice as large, with align_corners = false: between two pixels their mean.
NdArray Doubled(const NdArray& x) {
  return Made({x.dim(0), 2 * x.dim(1), 2 * x.dim(2), x.dim(3)},
              [&](const Position& at) {
                double sum = 0;
                for (int i = 0; i < 4; ++i) {
                  const int row = (at[1] + i % 2) / 2;
                  const int column = (at[2] + i / 2) / 2;
                  sum += x({at[0], std::min(row, x.dim(1) - 1),
                            std::min(column, x.dim(2) - 1), at[3]});
                }
                return sum / 4;
              });
}

void PadConv(OpCase& c, bool resizes) {
  NdArray x = c.Input({1, c.Int(2, 4), c.Int(2, 4), c.Int(1, 2)}, -2, 2);
  if (resizes) {
    c.Int32s({2 * x.dim(1), 2 * x.dim(2)});
    x = Doubled(x);
  }
  const Position p = {c.Int(0, 1), c.Int(0, 1), c.Int(0, 1), c.Int(0, 1)};
  c.Constant(
      {{4, 2}, {0, 0, 1.0 * p[0], 1.0 * p[1], 1.0 * p[2], 1.0 * p[3], 0, 0}},
      kI32);
  const bool symmetric = c.Coin();
  c.Attr("mode", symmetric ? "SYMMETRIC" : "REFLECT");
  c.Attr("strides", List{1, 1, 1, 1});
  c.Attr("padding", "VALID");
  c.Attr("resize_align_corners", false);
  x = Mirrored(x, p, symmetric);
  const NdArray w =
      c.Floats(c.Draw({c.Int(1, 2), c.Int(1, 2), x.dim(3), 2}, -1, 1));
  c.Expect(Made(ConvolvedShape(x, w, false),
                [&](const Position& at) { return Convolved(x, w, at, false); }),
           kF32, 1e-5);
}

//------------------------------------------------------------- recurrent cells

double Sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

// [x, h] W + b
NdArray Dense(const NdArray& x, const NdArray& h, const NdArray& w,
              const NdArray& b) {
  return Made({x.dim(0), w.dim(1)}, [&](const Position& at) {
    double sum = b({at[1]});
    for (int i = 0; i < w.dim(0); ++i)
      sum += w({i, at[1]}) *
             (i < x.dim(1) ? x({at[0], i}) : h({at[0], i - x.dim(1)}));
    return sum;
  });
}

struct LstmWeights {
  NdArray w, wci, wcf, wco, b;
  bool peephole;
  double forget_bias, clip;
  bool forget_second;
};

LstmWeights DrawLstm(OpCase& c, int inputs, int units, int version) {
  LstmWeights l;
  l.w = c.Floats(c.Draw({inputs + units, 4 * units}, -1, 1));
  l.wci = c.Floats(c.Draw({units}, -1, 1));
  l.wcf = c.Floats(c.Draw({units}, -1, 1));
  l.wco = c.Floats(c.Draw({units}, -1, 1));
  l.b = c.Floats(c.Draw({4 * units}, -1, 1));
  l.peephole = c.Coin();
  l.clip = c.Pick({-1.0, 0.5});
  l.forget_bias = version == 2 ? 0 : c.Pick({0.0, 1.0});
  l.forget_second = version == 2;
  c.Attr("use_peephole", l.peephole);
  c.Attr("cell_clip", static_cast<float>(l.clip));
  if (version == 1) c.Attr("forget_bias", static_cast<float>(l.forget_bias));
  return l;
}

// i, c', f, o, tanh(g), tanh(c'), h'
std::vector<NdArray> LstmStep(const LstmWeights& l, const NdArray& x,
                              const NdArray& cell, const NdArray& h) {
  const NdArray gates = Dense(x, h, l.w, l.b);
  const int units = cell.dim(1);
  std::vector<NdArray> y(7, Filled(cell.shape, 0));
  ForEachPosition(cell.shape, [&](const Position& at) {
    const auto gate = [&](int k) { return gates({at[0], k * units + at[1]}); };
    const auto peep = [&](const NdArray& w, double state) {
      return l.peephole ? w({at[1]}) * state : 0;
    };
    const double g = std::tanh(gate(l.forget_second ? 2 : 1));
    const double i = Sigmoid(gate(0) + peep(l.wci, cell(at)));
    const double f = Sigmoid(gate(l.forget_second ? 1 : 2) + l.forget_bias +
                             peep(l.wcf, cell(at)));
    double next = i * g + f * cell(at);
    if (l.clip > 0) next = std::clamp(next, -l.clip, l.clip);
    const double o = Sigmoid(gate(3) + peep(l.wco, next));
    const double all[] = {
        i, next, f, o, g, std::tanh(next), o * std::tanh(next)};
    for (size_t k = 0; k < 7; ++k) y[k](at) = all[k];
  });
  return y;
}

void LstmCell(OpCase& c) {
  const int batch = c.Int(1, 3), units = c.Int(1, 3);
  const NdArray x = c.Input({batch, c.Int(1, 3)}, -1, 1);
  const NdArray cell = c.Input({batch, units}, -1, 1);
  const NdArray h = c.Input({batch, units}, -1, 1);
  const LstmWeights l = DrawLstm(c, x.dim(1), units, 1);
  for (const NdArray& y : LstmStep(l, x, cell, h)) c.Expect(y, kF32, 1e-5);
}

// A few times; or more than are written out, a number that is not known, times
// that are left out.
template <int version>
void BlockLstm(OpCase& c) {
  const int kind = c.Int(0, 3);
  const int times = kind == 1 ? 300 : c.Int(1, 4);
  const int batch = c.Int(1, 2), units = c.Int(1, 3);
  const int used = kind == 3 ? times - 1 : times + c.Int(0, 1);
  c.Either({Shape(), {1.0 * used}}, kI64);
  const NdArray x = c.Draw({times, batch, c.Int(1, 3)}, -1, 1);
  c.Open(x, kind == 2 ? Shape{-1, batch, x.dim(2)} : x.shape);
  NdArray cell = c.Input({batch, units}, -1, 1);
  NdArray h = c.Input({batch, units}, -1, 1);
  const LstmWeights l = DrawLstm(c, x.dim(2), units, version);
  std::vector<NdArray> all(7, Filled({times, batch, units}, 0));
  for (int t = 0; t < std::min(times, used); ++t) {
    const NdArray now = Made({batch, x.dim(2)}, [&](const Position& at) {
      return x({t, at[0], at[1]});
    });
    const auto step = LstmStep(l, now, cell, h);
    for (size_t k = 0; k < 7; ++k) {
      ForEachPosition(cell.shape, [&](const Position& at) {
        all[k]({t, at[0], at[1]}) = step[k](at);
      });
    }
    cell = step[1];
    h = step[6];
  }
  for (const NdArray& y : all) c.Expect(y, kF32, 1e-5);
}

void GruCell(OpCase& c) {
  const int batch = c.Int(1, 3), units = c.Int(1, 3);
  const NdArray x = c.Input({batch, c.Int(1, 3)}, -1, 1);
  const NdArray h = c.Input({batch, units}, -1, 1);
  const int inputs = x.dim(1) + units;
  const NdArray w_ru = c.Floats(c.Draw({inputs, 2 * units}, -1, 1));
  const NdArray w_c = c.Floats(c.Draw({inputs, units}, -1, 1));
  const NdArray b_ru = c.Floats(c.Draw({2 * units}, -1, 1));
  const NdArray b_c = c.Floats(c.Draw({units}, -1, 1));
  const NdArray both = Map(Dense(x, h, w_ru, b_ru), Sigmoid);
  const auto part = [&](int k) {
    return Made(h.shape, [&](const Position& at) {
      return both({at[0], k * units + at[1]});
    });
  };
  const NdArray r = part(0), u = part(1);
  const NdArray candidate =
      Map(Dense(x, Combined(r, h, std::multiplies<>()), w_c, b_c),
          [](double v) { return std::tanh(v); });
  c.Expect(r, kF32, 1e-5);
  c.Expect(u, kF32, 1e-5);
  c.Expect(candidate, kF32, 1e-5);
  c.Expect(Made(h.shape,
                [&](const Position& at) {
                  return (1 - u(at)) * candidate(at) + u(at) * h(at);
                }),
           kF32, 1e-5);
}

//---------------------------------------------------------------- sparse rows

void SparseMatMul(OpCase& c) {
  const int rows = c.Int(1, 4), inner = c.Int(1, 4), columns = c.Int(1, 3);
  const bool ta = c.Coin(), tb = c.Coin();
  c.Attr("adjoint_a", ta);
  c.Attr("adjoint_b", tb);
  const int count = c.Int(1, 6);
  const Shape a = ta ? Shape{inner, rows} : Shape{rows, inner};
  const NdArray at = Made(
      {count, 2}, [&](const Position& p) { return c.Int(0, a[p[1]] - 1); });
  c.Given(at, kI64);
  const NdArray v = c.Input({count}, -2, 2);
  c.Constant({{2}, {1.0 * a[0], 1.0 * a[1]}}, kI64);
  const NdArray b =
      c.Input(tb ? Shape{columns, inner} : Shape{inner, columns}, -2, 2);
  NdArray y = Filled({rows, columns}, 0);
  for (int n = 0; n < count; ++n) {
    const auto row = static_cast<int>(at({n, ta ? 1 : 0}));
    const auto k = static_cast<int>(at({n, ta ? 0 : 1}));
    for (int j = 0; j < columns; ++j)
      y({row, j}) += v({n}) * b(tb ? Position{j, k} : Position{k, j});
  }
  c.Expect(y, kF32, 1e-5);
}

enum class Kind { kSum, kMean, kSqrtN };

template <Kind kind, bool counted>
void SparseSegment(OpCase& c) {
  const NdArray x = c.Input(c.AnyShape(1, 3, 5), -2, 2);
  const int count = c.Int(1, 6);
  const NdArray rows =
      c.Either(c.Draw({count}, 0, x.dim(0) - 1, kI32), c.Pick({kI32, kI64}));
  NdArray ids = Filled({count}, 0);
  for (size_t i = 1; i < ids.size(); ++i) ids.v[i] = ids.v[i - 1] + c.Int(0, 2);
  c.Either(ids, c.Pick({kI32, kI64}));
  int segments = static_cast<int>(ids.v.back()) + 1;
  if (counted) {
    segments += c.Int(0, 2);
    c.Scalar(segments);
  }
  Position dims = Dims(x.shape);
  dims[0] = segments;
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  double sum = 0, own = 0;
                  for (int i = 0; i < count; ++i) {
                    if (ids({i}) != at[0]) continue;
                    Position from = at;
                    from[0] = static_cast<int>(rows({i}));
                    sum += x(from);
                    ++own;
                  }
                  if (own == 0 || kind == Kind::kSum) return sum;
                  return sum / (kind == Kind::kMean ? own : std::sqrt(own));
                }),
           kF32, 1e-5);
}

void GreedyDecoder(OpCase& c) {
  const int times = c.Int(1, 7), batch = c.Int(1, 3), classes = c.Int(2, 3);
  const NdArray x = c.Input({times, batch, classes}, -3, 3);
  // The last row is whole and one class only, so that something is found.
  NdArray lengths = c.Draw({batch}, 1, times, kI32);
  c.Given(lengths, kI32);
  const bool merges = c.Coin();
  c.Attr("merge_repeated", merges);
  const int named = c.Pick({-1, 0});
  c.Attr("blank_index", named);
  const int blank = named < 0 ? classes - 1 : 0;
  std::vector<double> places, values;
  NdArray sum = Filled({batch, 1}, 0);
  int longest = 0;
  for (int b = 0; b < batch; ++b) {
    int before = -1, found = 0;
    for (int t = 0; t < lengths({b}); ++t) {
      int best = 0;
      for (int k = 1; k < classes; ++k) {
        if (x({t, b, k}) > x({t, b, best})) best = k;
      }
      sum({b, 0}) -= x({t, b, best});
      if (best != blank && !(merges && best == before)) {
        places.insert(places.end(), {1.0 * b, 1.0 * found++});
        values.push_back(best);
      }
      before = best;
    }
    longest = std::max(longest, found);
  }
  const auto count = static_cast<int32_t>(values.size());
  c.Expect({{count, 2}, places}, kI64);
  c.Expect({{count}, values}, kI64);
  c.Expect({{2}, {1.0 * batch, 1.0 * longest}}, kI64);
  c.Expect(sum);
}

constexpr OpRow kRows[] = {
    {"BatchNormWithGlobalNormalization", GlobalNorm},
    {"BlockLSTM", BlockLstm<1>},
    {"BlockLSTMV2", BlockLstm<2>},
    {"CTCGreedyDecoder", GreedyDecoder},
    {"FusedPadConv2D", [](OpCase& c) { PadConv(c, false); }},
    {"FusedResizeAndPadConv2D", [](OpCase& c) { PadConv(c, true); }},
    {"GRUBlockCell", GruCell},
    {"LSTMBlockCell", LstmCell},
    {"SparseSegmentMean", SparseSegment<Kind::kMean, false>},
    {"SparseSegmentMeanWithNumSegments", SparseSegment<Kind::kMean, true>},
    {"SparseSegmentSqrtN", SparseSegment<Kind::kSqrtN, false>},
    {"SparseSegmentSqrtNWithNumSegments", SparseSegment<Kind::kSqrtN, true>},
    {"SparseSegmentSum", SparseSegment<Kind::kSum, false>},
    {"SparseSegmentSumWithNumSegments", SparseSegment<Kind::kSum, true>},
    {"SparseTensorDenseMatMul", SparseMatMul},
    {"_FusedBatchNormEx", FusedNorm},
    {"_FusedConv2D", [](OpCase& c) { FusedConv(c, false); }},
    {"_FusedDepthwiseConv2dNative", [](OpCase& c) { FusedConv(c, true); }},
    {"_FusedMatMul", FusedMatMul},
};

}  // namespace lowered_fused_test

std::span<const OpRow> FusedRows() { return lowered_fused_test::kRows; }

TEST(LoweredOps, Fused) { CheckRows(FusedRows()); }

}  // namespace liteforge
