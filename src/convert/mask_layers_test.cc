// SPDX-License-Identifier: Apache-2.0
// Masks, from the layers that make them to those that look at them.
#include <algorithm>
#include <string>
#include <vector>

#include "convert/recurrent_testing.h"

namespace liteforge::mask_layers_test {

constexpr int kTime = 5, kIn = 3, kUnits = 4;
using Mask = std::vector<std::vector<bool>>;  // [N, T]
const Mask kMask = {{true, true, false, true, false},
                    {false, true, true, false, false},
                    {true, true, true, true, true}};

// x with masked steps as zeros.
Array Masked(const Mask& mask, uint32_t seed) {
  Array x = Draw({static_cast<int>(mask.size()), kTime, kIn}, seed);
  ForEach(x.dims, [&](const Indices& at) {
    if (!mask[static_cast<size_t>(at[0])][static_cast<size_t>(at[1])])
      x[at] = 0;
  });
  return x;
}

struct Way {
  bool backwards = false;
  bool zeros = false;         // outputs of masked steps are 0
  std::vector<double> first;  // the state at first; empty: zeros
};

// [N, T, units], the steps in the order they are run.
Array MaskedOutputs(Step step, const Cell& cell, const Array& x,
                    const Mask& mask, const Way& o) {
  Array y = Zeros({x.dims[0], kTime, cell.units});
  for (int n = 0; n < x.dims[0]; ++n) {
    const std::vector<double> none(static_cast<size_t>(cell.units));
    State state{o.first.empty() ? none : o.first, none};
    std::vector<double> last = none;
    for (int i = 0; i < kTime; ++i) {
      const int t = o.backwards ? kTime - 1 - i : i;
      std::vector<double> row;
      for (int d = 0; d < x.dims[2]; ++d) row.push_back(x[{n, t, d}]);
      const bool counts = mask[static_cast<size_t>(n)][static_cast<size_t>(t)];
      if (counts) {
        state = step(cell, row, state);
        last = state.h;
      } else if (o.zeros) {
        last = none;
      }
      for (int j = 0; j < cell.units; ++j)
        y[{n, i, j}] = last[static_cast<size_t>(j)];
    }
  }
  return y;
}

Array LastOf(const Array& y) {
  return Filled({y.dims[0], y.dims[2]}, [&](const Indices& at) {
    return y[{at[0], y.dims[1] - 1, at[1]}];
  });
}

// Masking, then the layers.
KerasFile AfterMasking(const std::string& shape,
                       const std::vector<std::string>& layers,
                       std::vector<KerasLayerWeights> weights) {
  std::string all =
      R"({"class_name":"Masking","config":{"name":"m","mask_value":0.0,
          "batch_input_shape":[null,)" +
      shape + "]}}";
  for (const std::string& layer : layers) all += "," + layer;
  return TestFile(2, R"({"class_name":"Sequential","config":[)" + all + "]}",
                  std::move(weights));
}

std::string Layer(const std::string& class_name, const std::string& name,
                  const std::string& config) {
  return R"({"class_name":")" + class_name + R"(","config":{"name":")" + name +
         "\"" + (config.empty() ? "" : "," + config) + "}}";
}

TEST(MaskLayers, RecurrentLayersKeepTheirStateWhereMasked) {
  const Array x = Masked(kMask, 1);
  for (const Kind& kind : kKinds) {
    const Cell cell = MakeCell(kIn, kUnits, kind.gates, kind.biases, 7);
    for (int bits = 0; bits < 16; ++bits) {
      const bool sequences = bits & 1, backwards = bits & 2, unroll = bits & 4;
      SCOPED_TRACE(std::string(kind.name) + kind.more + " " +
                   std::to_string(bits));
      const Array y =
          MaskedOutputs(kind.step, cell, x, kMask, {backwards, false, {}});
      ExpectRuns(
          AfterMasking(bits & 8 ? "null,3" : "5,3",
                       {Layer(kind.name, "l",
                              Options(kUnits, sequences, backwards, unroll) +
                                  kind.more)},
                       {{"l", WeightsOf(cell)}}),
          {x}, sequences ? y : LastOf(y), 2e-5);
    }
  }
}

TEST(MaskLayers, MasksPassThroughLayers) {
  const Array x = Masked(kMask, 2);
  const Cell low = MakeCell(kIn, kUnits, 4, 1, 8);
  const Cell high = MakeCell(kUnits, 2, 3, 1, 9);
  const Array middle = MaskedOutputs(StepLstm, low, x, kMask, {});
  const Array y = MaskedOutputs(StepGru, high, middle, kMask, {});
  ExpectRuns(AfterMasking("5,3",
                          {Layer("LSTM", "a", Options(4, true, false, false)),
                           Layer("Dropout", "d", R"("rate":0.5)"),
                           Layer("Activation", "x", R"("activation":"linear")"),
                           Layer("GRU", "b",
                                 Options(2, false, false, false) +
                                     R"(,"reset_after":false)")},
                          {{"a", WeightsOf(low)}, {"b", WeightsOf(high)}}),
             {x}, LastOf(y), 2e-5);
}

TEST(MaskLayers, ReshapeEndsAMask) {
  const Array x = Masked(kMask, 3);
  const Cell cell = MakeCell(kIn, kUnits, 1, 1, 10);
  Mask all = kMask;
  for (auto& row : all) row.assign(kTime, true);
  ExpectRuns(
      AfterMasking("5,3",
                   {Layer("Permute", "p", R"("dims":[1,2])"),
                    Layer("SimpleRNN", "l", Options(4, true, false, false))},
                   {{"l", WeightsOf(cell)}}),
      {x}, MaskedOutputs(StepSimple, cell, x, all, {}), 2e-5);
}

TEST(MaskLayers, Bidirectional) {
  const Array x = Masked(kMask, 4);
  const Cell ahead = MakeCell(kIn, 2, 4, 1, 11),
             back = MakeCell(kIn, 2, 4, 1, 12);
  std::vector<KerasWeight> weights = WeightsOf(ahead);
  for (KerasWeight& weight : WeightsOf(back)) weights.push_back(weight);
  for (const bool sequences : {true, false}) {
    SCOPED_TRACE(sequences);
    const Array a =
        MaskedOutputs(StepLstm, ahead, x, kMask, {false, sequences, {}});
    const Array b =
        MaskedOutputs(StepLstm, back, x, kMask, {true, sequences, {}});
    const Indices dims = sequences ? Indices{3, kTime, 4} : Indices{3, 4};
    const Array want = Filled(dims, [&](const Indices& at) {
      const int t = sequences ? at[1] : kTime - 1;
      const int j = at.back();
      return j < 2 ? a[{at[0], t, j}]
                   : b[{at[0], sequences ? kTime - 1 - t : t, j - 2}];
    });
    ExpectRuns(AfterMasking(
                   "5,3",
                   {Layer("Bidirectional", "l",
                          R"("merge_mode":"concat","layer":{"class_name":"LSTM",
                             "config":{)" +
                              Options(2, sequences, false, false) + "}}")},
                   {{"l", weights}}),
               {x}, want, 2e-5);
  }
}

// The output stays 0 until a step counts; the state is the given one.
TEST(MaskLayers, InitialStateAndExplicitMask) {
  const Array x = Draw({3, kTime, kIn}, 5);
  const Cell cell = MakeCell(kIn, 2, 3, 1, 13);
  Array first = Zeros({3, 2}), mask = Zeros({3, kTime});
  for (int n = 0; n < 3; ++n) {
    first[{n, 0}] = 0.25;
    first[{n, 1}] = -0.5;
    for (int t = 0; t < kTime; ++t)
      mask[{n, t}] =
          kMask[static_cast<size_t>(n)][static_cast<size_t>(t)] ? 1 : 0;
  }
  const auto tensor = [](const std::string& name) {
    return R"({"class_name":"__keras_tensor__","config":{"keras_history":[")" +
           name + R"(",0,0]}})";
  };
  const KerasFile file = FunctionalModel(
      3,
      {InputLayer("a", "5,3"), InputLayer("b", "2"),
       InputLayer("c", "5", "int32")},
      {R"({"class_name":"GRU","name":"l","config":{"name":"l",)" +
       Options(2, true, false, false) +
       R"(,"reset_after":false},"inbound_nodes":[{"args":[)" + tensor("a") +
       R"(],"kwargs":{"initial_state":)" + tensor("b") + R"(,"mask":)" +
       tensor("c") + "}}]}"},
      "l", {{"l", WeightsOf(cell)}});
  ExpectRuns(
      file, {x, first, mask},
      MaskedOutputs(StepGru, cell, x, kMask, {false, false, {0.25, -0.5}}),
      2e-5);
}

TEST(MaskLayers, EmbeddingOfZeroAndAverageOverTime) {
  const Array table = Draw({6, 4}, 14);
  Array x = Zeros({2, 4});
  x.values = {3, 0, 5, 0, 1, 2, 0, 4};
  const KerasFile file = TestFile(
      2,
      R"({"class_name":"Sequential","config":[{"class_name":"Embedding",
         "config":{"name":"e","batch_input_shape":[null,null],"dtype":"float32",
         "input_dim":6,"output_dim":4,"mask_zero":true}},
         {"class_name":"GlobalAveragePooling1D","config":{"name":"g"}}]})",
      {{"e", {Weight("embeddings", table)}}});
  ExpectRuns(file, {x}, Filled({2, 4}, [&](const Indices& at) {
               double sum = 0;
               int count = 0;
               for (int t = 0; t < 4; ++t) {
                 const int row = static_cast<int>(x[{at[0], t}]);
                 if (row == 0) continue;
                 sum += table[{row, at[1]}];
                 ++count;
               }
               return sum / count;
             }));
}

TEST(MaskLayers, MergedMasks) {
  // Two masked inputs added: Keras 2 counts a step where both do, Keras 3
  // where any does.
  const Mask other = {{true, false, false, true, true},
                      {true, true, false, false, false},
                      {false, true, true, true, true}};
  const Array a = Masked(kMask, 6), b = Masked(other, 7);
  for (const int generation : {2, 3}) {
    SCOPED_TRACE(generation);
    const auto masking = [](const std::string& name, const std::string& from) {
      return R"({"class_name":"Masking","name":")" + name +
             R"(","config":{"name":")" + name + R"("},"inbound_nodes":[[[")" +
             from + R"(",0,0,{}]]]})";
    };
    const KerasFile file = FunctionalModel(
        generation, {InputLayer("a", "5,3"), InputLayer("b", "5,3")},
        {masking("ma", "a"), masking("mb", "b"),
         R"({"class_name":"Add","name":"s","config":{"name":"s"},
             "inbound_nodes":[[["ma",0,0,{}],["mb",0,0,{}]]]})",
         R"({"class_name":"GlobalAveragePooling1D","name":"l",
             "config":{"name":"l"},"inbound_nodes":[[["s",0,0,{}]]]})"},
        "l");
    ExpectRuns(file, {a, b}, Filled({3, kIn}, [&](const Indices& at) {
                 double sum = 0;
                 int count = 0;
                 for (size_t t = 0; t < kTime; ++t) {
                   const auto n = static_cast<size_t>(at[0]);
                   const bool both = kMask[n][t] && other[n][t];
                   const bool any = kMask[n][t] || other[n][t];
                   if (generation == 2 ? !both : !any) continue;
                   const int step = static_cast<int>(t);
                   sum += a[{at[0], step, at[1]}] + b[{at[0], step, at[1]}];
                   ++count;
                 }
                 return sum / count;
               }));
  }
}

//---------------------------------------------------------------- attention

// Attention of a query on a value, with the places it may look at.
Array Attended(const Array& query, const Array& value,
               const std::function<bool(int n, int q, int v)>& seen) {
  return Filled(query.dims, [&](const Indices& at) {
    double sum = 0, total = 0;
    for (int v = 0; v < value.dims[1]; ++v) {
      if (!seen(at[0], at[1], v)) continue;
      double score = 0;
      for (int d = 0; d < kIn; ++d)
        score += query[{at[0], at[1], d}] * value[{at[0], v, d}];
      total += std::exp(score);
      sum += std::exp(score) * value[{at[0], v, at[2]}];
    }
    return sum / total;
  });
}

TEST(MaskLayers, AttentionLooksAtWhatCounts) {
  const Array x = Masked(kMask, 8);
  const std::string attention =
      R"({"class_name":"Attention","name":"l","config":{"name":"l"},
          "inbound_nodes":[[["m",0,0,{}],["m",0,0,{}]]]})";
  const std::string masking =
      R"({"class_name":"Masking","name":"m","config":{"name":"m"},
          "inbound_nodes":[[["a",0,0,{}]]]})";
  const KerasFile file =
      FunctionalModel(2, {InputLayer("a", "5,3")}, {masking, attention}, "l");
  const auto counts = [](int n, int t) {
    return kMask[static_cast<size_t>(n)][static_cast<size_t>(t)];
  };
  Array want = Attended(x, x, [&](int n, int, int v) { return counts(n, v); });
  ForEach(want.dims, [&](const Indices& at) {
    if (!counts(at[0], at[1])) want[at] = 0;  // the query is masked
  });
  ExpectRuns(file, {x}, want);
}

TEST(MaskLayers, CausalAttention) {
  const Array x = Draw({2, kTime, kIn}, 9), y = Draw({2, kTime, kIn}, 10);
  const Array want = Attended(x, y, [](int, int q, int v) { return v <= q; });
  for (const char* shape : {"5,3", "null,3"}) {
    ExpectRuns(ManyInputs(2, "Attention", R"("causal":true)", {shape, shape}),
               {x, y}, want);
    const std::string call =
        R"({"class_name":"Attention","name":"l","config":{"name":"l"},
            "inbound_nodes":[[["a",0,0,{"use_causal_mask":true}],
                              ["b",0,0,{"use_causal_mask":true}]]]})";
    ExpectRuns(
        FunctionalModel(2, {InputLayer("a", shape), InputLayer("b", shape)},
                        {call}, "l"),
        {x, y}, want);
  }
}

// One head whose projections are the identity.
TEST(MaskLayers, AttentionMaskOfMultiHeadAttention) {
  const Array x = Draw({2, kTime, kIn}, 11);
  Array mask = Filled({2, kTime, kTime}, [](const Indices& at) {
    const bool some = (at[0] + at[1] * 2 + at[2]) % 3 != 0;
    return some || at[1] == at[2] ? 1.0 : 0.0;
  });
  const Array one = Filled(
      {3, 1, 3}, [](const Indices& at) { return at[0] == at[2] ? 1.0 : 0.0; });
  // The scores are divided by the root of the size.
  Array root = one;
  for (double& v : root.values) v *= std::sqrt(3.0);
  Array out = one;
  out.dims = {1, 3, 3};
  out = Filled(out.dims,
               [](const Indices& at) { return at[1] == at[2] ? 1.0 : 0.0; });
  for (const bool causal : {false, true}) {
    SCOPED_TRACE(causal);
    const std::string layer =
        R"({"class_name":"MultiHeadAttention","name":"l","config":{"name":"l",
            "num_heads":1,"key_dim":3,"use_bias":false},"inbound_nodes":
            [[["a",0,0,{"value":["a",0,0],"attention_mask":["b",0,0])" +
        std::string(causal ? R"(,"use_causal_mask":true)" : "") + "}]]]}";
    const KerasFile file = FunctionalModel(
        2, {InputLayer("a", "5,3"), InputLayer("b", "5,5", "int32")}, {layer},
        "l",
        {{"l",
          {Weight("q", root), Weight("k", one), Weight("v", one),
           Weight("o", out)}}});
    ExpectRuns(file, {x, mask},
               Attended(x, x,
                        [&](int n, int q, int v) {
                          return mask[{n, q, v}] != 0 && (!causal || v <= q);
                        }),
               2e-5);
  }
}

}  // namespace liteforge::mask_layers_test
