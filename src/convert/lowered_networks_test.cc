// SPDX-License-Identifier: Apache-2.0
// Products, convolutions, pools, normalization and losses.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_networks_test {

constexpr DataType kF32 = DataType::kFloat32;
using List = std::vector<int64_t>;

// Types that matrices are multiplied in, floats half of the time.
DataType ProductType(OpCase& c) {
  return c.Pick(
      {kF32, kF32, kF32, DataType::kInt32, DataType::kInt64, DataType::kInt8});
}

//------------------------------------------------------------------ products

void MatMul(OpCase& c) {
  const int m = c.Int(1, 4), k = c.Int(1, 5), n = c.Int(1, 4);
  const bool ta = c.Coin(), tb = c.Coin();
  c.Attr("transpose_a", ta);
  c.Attr("transpose_b", tb);
  const DataType type = ProductType(c);
  const NdArray a = c.Input(ta ? Shape{k, m} : Shape{m, k}, -2, 2, type);
  const NdArray b =
      c.Either(c.Draw(tb ? Shape{n, k} : Shape{k, n}, -2, 2, type), type);
  c.Expect(Made({m, n},
                [&](const Position& at) {
                  double sum = 0;
                  for (int i = 0; i < k; ++i)
                    sum += a(ta ? Position{i, at[0]} : Position{at[0], i}) *
                           b(tb ? Position{at[1], i} : Position{i, at[1]});
                  return sum;
                }),
           type, 1e-5);
}

void BatchMatMul(OpCase& c, bool broadcasts) {
  const int m = c.Int(1, 4), k = c.Int(1, 5), n = c.Int(1, 4);
  const bool ta = c.Coin(), tb = c.Coin();
  c.Attr("adj_x", ta);
  c.Attr("adj_y", tb);
  const Shape batch = c.AnyShape(1, 2, 3);
  Position da = Dims(batch), db = Dims(batch);
  if (broadcasts && c.Coin()) db[0] = 1;
  for (const int dim : ta ? Position{k, m} : Position{m, k}) da.push_back(dim);
  for (const int dim : tb ? Position{n, k} : Position{k, n}) db.push_back(dim);
  const DataType type = ProductType(c);
  const NdArray a = c.Input(ToShape(da), -2, 2, type);
  const NdArray b = c.Either(c.Draw(ToShape(db), -2, 2, type), type);
  Position dims = Dims(batch);
  dims.push_back(m);
  dims.push_back(n);
  c.Expect(Made(ToShape(dims),
                [&](const Position& at) {
                  double sum = 0;
                  const int row = at[at.size() - 2], column = at.back();
                  Position ia(at.begin(), at.end() - 2), ib = ia;
                  if (db[0] == 1) ib[0] = 0;
                  ia.resize(at.size());
                  ib.resize(at.size());
                  for (int i = 0; i < k; ++i) {
                    ia[ia.size() - 2] = ta ? i : row;
                    ia.back() = ta ? row : i;
                    ib[ib.size() - 2] = tb ? column : i;
                    ib.back() = tb ? i : column;
                    sum += a(ia) * b(ib);
                  }
                  return sum;
                }),
           type, 1e-5);
}

// The sum over every letter that the result has not.
void Einsum(OpCase& c, bool takes_two) {
  const char* kEquations[] = {"ab,bc->ac",     "abc,cd->abd",  "abc,bcd->ad",
                              "ab,ab->a",      "abc,acd->abd", "abc,bd->acd",
                              "abcd,cde->abe", "ab,c->abc",    "abc,abd->acd",
                              "ab->ba",        "abc->ac",      "ij,jk->ki",
                              "aab->ba",       "aba,bc->ac",   "abab->ab"};
  const int operands = takes_two ? c.Int(0, 8) : c.Int(0, 14);
  const char* equation = kEquations[operands];
  c.Attr("equation", equation);
  const std::string text = equation;
  const size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow), out = text.substr(arrow + 2);
  int sizes[128] = {};
  std::string letters;
  for (const char l : left) {
    if (l == ',' || sizes[static_cast<int>(l)] > 0) continue;
    sizes[static_cast<int>(l)] = c.Int(1, 4);
    letters += l;
  }
  const auto shape_of = [&](const std::string& of) {
    Position dims;
    for (const char l : of) dims.push_back(sizes[static_cast<int>(l)]);
    return ToShape(dims);
  };
  std::vector<std::string> terms;
  for (size_t begin = 0; begin <= left.size();) {
    const size_t end = std::min(left.find(',', begin), left.size());
    terms.push_back(left.substr(begin, end - begin));
    begin = end + 1;
  }
  const DataType type = ProductType(c);
  std::vector<NdArray> xs;
  for (const std::string& term : terms)
    xs.push_back(c.Input(shape_of(term), -2, 2, type));
  c.Attr("N", static_cast<int>(xs.size()));
  NdArray y = Filled(shape_of(out), 0);
  ForEachPosition(shape_of(letters), [&](const Position& at) {
    const auto own = [&](const std::string& of) {
      Position index;
      for (const char l : of) index.push_back(at[letters.find(l)]);
      return index;
    };
    double product = 1;
    for (size_t i = 0; i < xs.size(); ++i) product *= xs[i](own(terms[i]));
    y(own(out)) += product;
  });
  c.Expect(y, type, 1e-5);
}

//------------------------------------------------------------------- windows

// A window along one axis.
struct Axis {
  int input = 1, size = 1, stride = 1, rate = 1, output = 1, before = 0;

  int Place(int out, int k) const { return out * stride + k * rate - before; }
  bool Has(int place) const { return place >= 0 && place < input; }
};

Axis AxisOf(int input, int size, int stride, int rate, bool same) {
  Axis a{input, size, stride, rate};
  const int reach = (size - 1) * rate + 1;
  a.output =
      same ? (input + stride - 1) / stride : (input - reach) / stride + 1;
  if (same) a.before = std::max(0, (a.output - 1) * stride + reach - input) / 2;
  return a;
}

// Channels first, if asked for.
NdArray Laid(const NdArray& x, bool first) {
  if (!first) return x;
  Position dims = Dims(x.shape);
  dims.insert(dims.begin() + 1, dims.back());
  dims.pop_back();
  return Made(ToShape(dims), [&](const Position& at) {
    Position from = at;
    from.push_back(from[1]);
    from.erase(from.begin() + 1);
    return x(from);
  });
}
List Spatial(const List& own, bool first) {
  List list = {1};
  list.insert(list.end(), own.begin(), own.end());
  list.insert(first ? list.begin() + 1 : list.end(), 1);
  return list;
}

struct Window {
  Axis h, w;
  bool first;
};

// Random strides, dilations, padding and layout for a window on [_, H, W, _].
Window DrawWindow(OpCase& c, int kh, int kw, bool dilates) {
  const int sh = c.Int(1, 3), sw = c.Coin() ? sh : c.Int(1, 3);
  const bool spread = dilates && sh == 1 && sw == 1 && c.Coin();
  const int rate = spread ? 2 : 1;
  const bool same = c.Coin(), first = c.Coin();
  const int h = c.Int(rate * kh, 8), w = c.Int(rate * kw, 8);
  c.Attr("strides", Spatial({sh, sw}, first));
  if (dilates) c.Attr("dilations", Spatial({rate, rate}, first));
  c.Attr("padding", same ? "SAME" : "VALID");
  c.Attr("data_format", first ? "NCHW" : "NHWC");
  return {AxisOf(h, kh, sh, rate, same), AxisOf(w, kw, sw, rate, same), first};
}

void Conv2D(OpCase& c) {
  const int kh = c.Int(1, 3), kw = c.Int(1, 3), out = c.Int(1, 4);
  const Window s = DrawWindow(c, kh, kw, true);
  const int in = c.Int(1, 4);
  const NdArray x = c.Draw({c.Int(1, 2), s.h.input, s.w.input, in}, -2, 2);
  c.Given(Laid(x, s.first));
  const NdArray k = c.Floats(c.Draw({kh, kw, in, out}, -1, 1));
  c.Expect(Laid(Made({x.dim(0), s.h.output, s.w.output, out},
                     [&](const Position& at) {
                       double sum = 0;
                       ForEachPosition({kh, kw, in}, [&](const Position& i) {
                         const int row = s.h.Place(at[1], i[0]);
                         const int column = s.w.Place(at[2], i[1]);
                         if (s.h.Has(row) && s.w.Has(column))
                           sum += x({at[0], row, column, i[2]}) *
                                  k({i[0], i[1], i[2], at[3]});
                       });
                       return sum;
                     }),
                s.first),
           kF32, 1e-5);
}

void Depthwise(OpCase& c) {
  const int kh = c.Int(1, 3), kw = c.Int(1, 3), times = c.Int(1, 2);
  Window s = DrawWindow(c, kh, kw, true);
  // TensorFlow's own has one stride.
  const int in = c.Int(1, 4);
  const NdArray x = c.Draw({c.Int(1, 2), s.h.input, s.w.input, in}, -2, 2);
  c.Given(Laid(x, s.first));
  const NdArray k = c.Floats(c.Draw({kh, kw, in, times}, -1, 1));
  c.Expect(Laid(Made({x.dim(0), s.h.output, s.w.output, in * times},
                     [&](const Position& at) {
                       double sum = 0;
                       const int channel = at[3] / times;
                       ForEachPosition({kh, kw}, [&](const Position& i) {
                         const int row = s.h.Place(at[1], i[0]);
                         const int column = s.w.Place(at[2], i[1]);
                         if (s.h.Has(row) && s.w.Has(column))
                           sum += x({at[0], row, column, channel}) *
                                  k({i[0], i[1], channel, at[3] % times});
                       });
                       return sum;
                     }),
                s.first),
           kF32, 1e-5);
}

// Every input adds itself, weighted, where a convolution would have read it.
void Transposed(OpCase& c) {
  const int kh = c.Int(1, 3), kw = c.Int(1, 3), out = c.Int(1, 3);
  const Window s = DrawWindow(c, kh, kw, false);
  const int in = c.Int(1, 3), n = c.Int(1, 2);
  const Shape shape{n, s.h.input, s.w.input, out};
  c.Int32s(s.first ? Position{n, out, s.h.input, s.w.input} : Dims(shape));
  const NdArray k = c.Floats(c.Draw({kh, kw, out, in}, -1, 1));
  const NdArray x = c.Draw({n, s.h.output, s.w.output, in}, -2, 2);
  c.Given(Laid(x, s.first));
  NdArray y = Filled(shape, 0);
  ForEachPosition(x.shape, [&](const Position& at) {
    ForEachPosition({kh, kw, out}, [&](const Position& i) {
      const int row = s.h.Place(at[1], i[0]), column = s.w.Place(at[2], i[1]);
      if (s.h.Has(row) && s.w.Has(column))
        y({at[0], row, column, i[2]}) += x(at) * k({i[0], i[1], i[2], at[3]});
    });
  });
  c.Expect(Laid(y, s.first), kF32, 1e-5);
}

void Pool(OpCase& c, bool largest, bool sizes_given) {
  const int kh = c.Int(1, 3), kw = c.Int(1, 3);
  Window s;
  if (sizes_given) {
    const int sh = c.Int(1, 2), sw = c.Int(1, 2);
    const bool same = c.Coin();
    s = {AxisOf(c.Int(3, 7), kh, sh, 1, same),
         AxisOf(c.Int(3, 7), kw, sw, 1, same), false};
    c.Attr("padding", same ? "SAME" : "VALID");
  } else {
    s = DrawWindow(c, kh, kw, false);
    c.Attr("ksize", Spatial({kh, kw}, s.first));
  }
  const NdArray x =
      c.Draw({c.Int(1, 2), s.h.input, s.w.input, c.Int(1, 3)}, -2, 2);
  c.Given(Laid(x, s.first));
  if (sizes_given) {
    c.Int32s({1, kh, kw, 1});
    c.Int32s({1, s.h.stride, s.w.stride, 1});
  }
  c.Expect(Laid(Made({x.dim(0), s.h.output, s.w.output, x.dim(3)},
                     [&](const Position& at) {
                       double best = -99, sum = 0;
                       int count = 0;
                       ForEachPosition({kh, kw}, [&](const Position& i) {
                         const int row = s.h.Place(at[1], i[0]);
                         const int column = s.w.Place(at[2], i[1]);
                         if (!s.h.Has(row) || !s.w.Has(column)) return;
                         const double v = x({at[0], row, column, at[3]});
                         best = std::max(best, v);
                         sum += v;
                         ++count;
                       });
                       return largest ? best : sum / count;
                     }),
                s.first),
           kF32, 1e-5);
}

struct Volume {
  Axis d, h, w;
  bool first;
};

Volume DrawVolume(OpCase& c, const Position& k) {
  const int stride = c.Int(1, 2);
  const bool same = c.Coin(), first = c.Coin();
  c.Attr("strides", Spatial({stride, stride, stride}, first));
  c.Attr("padding", same ? "SAME" : "VALID");
  c.Attr("data_format", first ? "NCDHW" : "NDHWC");
  const auto axis = [&](int size) {
    return AxisOf(c.Int(size, 5), size, stride, 1, same);
  };
  return {axis(k[0]), axis(k[1]), axis(k[2]), first};
}

Position DrawSizes(OpCase& c) {
  return {c.Int(1, 2), c.Int(1, 3), c.Int(1, 2)};
}

// Calls `f` with each place that a window sees, and the place within it.
void ForWindow(const Volume& s, const Position& k, const Position& at,
               const std::function<void(const Position&, const Position&)>& f) {
  ForEachPosition(ToShape(k), [&](const Position& i) {
    const int d = s.d.Place(at[1], i[0]), h = s.h.Place(at[2], i[1]);
    const int w = s.w.Place(at[3], i[2]);
    if (s.d.Has(d) && s.h.Has(h) && s.w.Has(w)) f({d, h, w}, i);
  });
}

void Conv3D(OpCase& c) {
  const Position k = DrawSizes(c);
  const Volume s = DrawVolume(c, k);
  const int in = c.Int(1, 2), out = c.Int(1, 3);
  const NdArray x =
      c.Draw({c.Int(1, 2), s.d.input, s.h.input, s.w.input, in}, -2, 2);
  c.Given(Laid(x, s.first));
  const NdArray f = c.Floats(c.Draw({k[0], k[1], k[2], in, out}, -1, 1));
  c.Expect(Laid(Made({x.dim(0), s.d.output, s.h.output, s.w.output, out},
                     [&](const Position& at) {
                       double sum = 0;
                       ForWindow(s, k, at,
                                 [&](const Position& p, const Position& i) {
                                   for (int j = 0; j < in; ++j)
                                     sum += x({at[0], p[0], p[1], p[2], j}) *
                                            f({i[0], i[1], i[2], j, at[4]});
                                 });
                       return sum;
                     }),
                s.first),
           kF32, 1e-5);
}

void Transposed3D(OpCase& c) {
  const Position k = DrawSizes(c);
  const Volume s = DrawVolume(c, k);
  const int in = c.Int(1, 2), out = c.Int(1, 3), n = c.Int(1, 2);
  const Shape shape{n, s.d.input, s.h.input, s.w.input, out};
  c.Int32s(s.first ? Position{n, out, s.d.input, s.h.input, s.w.input}
                   : Dims(shape));
  const NdArray f = c.Floats(c.Draw({k[0], k[1], k[2], out, in}, -1, 1));
  const NdArray x = c.Draw({n, s.d.output, s.h.output, s.w.output, in}, -2, 2);
  c.Given(Laid(x, s.first));
  NdArray y = Filled(shape, 0);
  ForEachPosition(x.shape, [&](const Position& at) {
    ForWindow(s, k, at, [&](const Position& p, const Position& i) {
      for (int j = 0; j < out; ++j)
        y({at[0], p[0], p[1], p[2], j}) +=
            x(at) * f({i[0], i[1], i[2], j, at[4]});
    });
  });
  c.Expect(Laid(y, s.first), kF32, 1e-5);
}

void Pool3D(OpCase& c, bool largest) {
  const Position k = DrawSizes(c);
  const Volume s = DrawVolume(c, k);
  c.Attr("ksize", Spatial({k[0], k[1], k[2]}, s.first));
  const NdArray x = c.Draw(
      {c.Int(1, 2), s.d.input, s.h.input, s.w.input, c.Int(1, 2)}, -2, 2);
  c.Given(Laid(x, s.first));
  c.Expect(
      Laid(Made({x.dim(0), s.d.output, s.h.output, s.w.output, x.dim(4)},
                [&](const Position& at) {
                  double best = -99, sum = 0;
                  int count = 0;
                  ForWindow(s, k, at, [&](const Position& p, const Position&) {
                    const double v = x({at[0], p[0], p[1], p[2], at[4]});
                    best = std::max(best, v);
                    sum += v;
                    ++count;
                  });
                  return largest ? best : sum / count;
                }),
           s.first),
      kF32, 1e-5);
}

//------------------------------------------------------------- normalization

void BatchNorm(OpCase& c) {
  const bool first = c.Coin();
  const NdArray x = c.Draw(c.AnyShape(4, 4), -2, 2);
  const Shape channels{x.dim(3)};
  const auto epsilon = static_cast<float>(c.Real(1e-4, 1e-2));
  c.Attr("epsilon", epsilon);
  c.Attr("is_training", false);
  c.Attr("data_format", first ? "NCHW" : "NHWC");
  c.Given(Laid(x, first));
  const NdArray scale = c.Floats(c.Draw(channels, 0.5, 2));
  const NdArray offset = c.Floats(c.Draw(channels, -1, 1));
  const NdArray mean = c.Floats(c.Draw(channels, -1, 1));
  const NdArray variance = c.Floats(c.Draw(channels, 0.1, 2));
  c.Expect(Laid(Made(x.shape,
                     [&](const Position& at) {
                       const Position k = {at[3]};
                       return (x(at) - mean(k)) /
                                  std::sqrt(variance(k) + epsilon) * scale(k) +
                              offset(k);
                     }),
                first),
           kF32, 1e-5);
}

// By mean and variance of each channel of the input itself.
void BatchNormOfBatch(OpCase& c) {
  const bool first = c.Coin();
  const NdArray x = c.Draw(c.AnyShape(4, 4), -2, 2);
  const Shape channels{x.dim(3)};
  const auto epsilon = static_cast<float>(c.Real(1e-2, 1));
  c.Attr("epsilon", epsilon);
  c.Attr("is_training", true);
  c.Attr("data_format", first ? "NCHW" : "NHWC");
  c.Given(Laid(x, first));
  const NdArray scale = c.Floats(c.Draw(channels, 0.5, 2));
  const NdArray offset = c.Floats(c.Draw(channels, -1, 1));
  for (int i = 0; i < 2; ++i) c.Floats({{0}, {}});
  const double count = x.dim(0) * x.dim(1) * x.dim(2);
  NdArray mean = Filled(channels, 0), variance = mean;
  ForEachPosition(x.shape,
                  [&](const Position& at) { mean({at[3]}) += x(at) / count; });
  ForEachPosition(x.shape, [&](const Position& at) {
    variance({at[3]}) += std::pow(x(at) - mean({at[3]}), 2) / count;
  });
  c.Expect(Laid(Made(x.shape,
                     [&](const Position& at) {
                       const Position k = {at[3]};
                       return (x(at) - mean(k)) /
                                  std::sqrt(variance(k) + epsilon) * scale(k) +
                              offset(k);
                     }),
                first),
           kF32, 1e-5);
  c.Expect(mean, kF32, 1e-5);
  c.Expect(Map(variance,
               [&](double v) { return v * count / std::max(1.0, count - 1); }),
           kF32, 1e-5);
}

// One of 2^bits - 1 (narrow: - 2) steps, of which 0 is one.
double Stepped(double x, double min, double max, int bits, bool narrow) {
  const double low = narrow ? 1 : 0, high = (1 << bits) - 1;
  const double scale = (max - min) / (high - low);
  const double zero = std::clamp(std::round(low - min / scale), low, high);
  const double from = (low - zero) * scale, to = (high - zero) * scale;
  return std::floor((std::clamp(x, from, to) - from) / scale + 0.5) * scale +
         from;
}

// Inputs lie in the middle between two steps, so that rounding to float32 on
// the way does not change which is nearest: x = step + scale / 4.
void FakeQuant(OpCase& c, bool attributes, bool per_channel) {
  const int bits = c.Int(4, 8);
  const bool narrow = c.Coin();
  c.Attr("num_bits", bits);
  c.Attr("narrow_range", narrow);
  const Shape shape = c.AnyShape(1, 4);
  const int count = per_channel ? shape[shape.rank() - 1] : 1;
  const NdArray min = c.Draw({count}, -3, -0.5), max = c.Draw({count}, 0.5, 3);
  const auto channel = [&](const Position& at) {
    return Position{per_channel ? at.back() : 0};
  };
  const NdArray x = Made(shape, [&](const Position& at) {
    const Position k = channel(at);
    const double scale =
        (max(k) - min(k)) / ((1 << bits) - 1 - (narrow ? 1 : 0));
    const double step = Stepped(c.Real(-4, 4), min(k), max(k), bits, narrow);
    return static_cast<double>(static_cast<float>(step + scale / 4));
  });
  c.Given(x);
  if (attributes) {
    c.Attr("min", static_cast<float>(min.v[0]));
    c.Attr("max", static_cast<float>(max.v[0]));
  } else {
    for (const NdArray& end : {min, max}) {
      c.Constant(per_channel ? end : NdArray{Shape(), end.v}, kF32);
    }
  }
  c.Expect(Made(shape,
                [&](const Position& at) {
                  const Position k = channel(at);
                  return Stepped(x(at), min(k), max(k), bits, narrow);
                }),
           kF32, 1e-5);
}

//-------------------------------------------------------------------- losses

void CrossEntropy(OpCase& c, bool sparse) {
  const NdArray x = c.Input({c.Int(1, 3), c.Int(2, 5)}, -3, 3);
  NdArray labels = Filled(x.shape, 0);
  if (sparse) {
    const NdArray own = c.Input({x.dim(0)}, 0, x.dim(1) - 1, DataType::kInt32);
    for (int row = 0; row < x.dim(0); ++row)
      labels({row, static_cast<int>(own({row}))}) = 1;
  } else {
    labels = c.Input(x.shape, 0, 1);
  }
  const auto softmax = [&](int row, int column) {
    double sum = 0;
    for (int i = 0; i < x.dim(1); ++i) sum += std::exp(x({row, i}));
    return std::exp(x({row, column})) / sum;
  };
  c.Expect(Made({x.dim(0)},
                [&](const Position& at) {
                  double loss = 0;
                  for (int i = 0; i < x.dim(1); ++i)
                    loss -= labels({at[0], i}) * std::log(softmax(at[0], i));
                  return loss;
                }),
           kF32, 1e-5);
  c.Expect(Made(x.shape,
                [&](const Position& at) {
                  return softmax(at[0], at[1]) - labels(at);
                }),
           kF32, 1e-5);
}

constexpr OpRow kRows[] = {
    {"AvgPool", [](OpCase& c) { Pool(c, false, false); }},
    {"AvgPool3D", [](OpCase& c) { Pool3D(c, false); }},
    {"BatchMatMul", [](OpCase& c) { BatchMatMul(c, false); }},
    {"BatchMatMulV2", [](OpCase& c) { BatchMatMul(c, true); }},
    {"BatchMatMulV3", [](OpCase& c) { BatchMatMul(c, true); }},
    {"Conv2D", Conv2D},
    {"Conv2DBackpropInput", Transposed},
    {"Conv3D", Conv3D},
    {"Conv3DBackpropInputV2", Transposed3D},
    {"DepthwiseConv2dNative", Depthwise},
    {"Einsum", [](OpCase& c) { Einsum(c, false); }},
    {"FakeQuantWithMinMaxArgs", [](OpCase& c) { FakeQuant(c, true, false); }},
    {"FakeQuantWithMinMaxVars", [](OpCase& c) { FakeQuant(c, false, false); }},
    {"FakeQuantWithMinMaxVarsPerChannel",
     [](OpCase& c) { FakeQuant(c, false, true); }},
    {"FusedBatchNorm", BatchNorm},
    {"FusedBatchNormV2", BatchNorm},
    {"FusedBatchNormV3", BatchNorm},
    {"FusedBatchNormV3", BatchNormOfBatch},
    {"MatMul", MatMul},
    {"MaxPool", [](OpCase& c) { Pool(c, true, false); }},
    {"MaxPool3D", [](OpCase& c) { Pool3D(c, true); }},
    {"MaxPoolV2", [](OpCase& c) { Pool(c, true, true); }},
    {"SoftmaxCrossEntropyWithLogits",
     [](OpCase& c) { CrossEntropy(c, false); }},
    {"SparseSoftmaxCrossEntropyWithLogits",
     [](OpCase& c) { CrossEntropy(c, true); }},
    {"XlaEinsum", [](OpCase& c) { Einsum(c, true); }},
};

}  // namespace lowered_networks_test

std::span<const OpRow> NetworkRows() { return lowered_networks_test::kRows; }

TEST(LoweredOps, Networks) { CheckRows(NetworkRows()); }

}  // namespace liteforge
