// SPDX-License-Identifier: Apache-2.0
// Attention, and layers that multiply tensors, against their definitions.
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::attention_layers_test {

// exp(scores) / sum over the last of three axes.
Array SoftmaxOf(const Array& scores) {
  return Filled(scores.dims, [&](const Indices& at) {
    double sum = 0;
    for (int k = 0; k < scores.dims[2]; ++k)
      sum += std::exp(scores[{at[0], at[1], k}]);
    return std::exp(scores[at]) / sum;
  });
}

// weights [N, Tq, Tv], value [N, Tv, D]
Array Weighted(const Array& weights, const Array& value) {
  return Filled(
      {weights.dims[0], weights.dims[1], value.dims[2]},
      [&](const Indices& at) {
        double sum = 0;
        for (int t = 0; t < weights.dims[2]; ++t)
          sum += weights[{at[0], at[1], t}] * value[{at[0], t, at[2]}];
        return sum;
      });
}

Array DotScores(const Array& query, const Array& key, double scale) {
  return Filled({query.dims[0], query.dims[1], key.dims[1]},
                [&](const Indices& at) {
                  double sum = 0;
                  for (int d = 0; d < query.dims[2]; ++d)
                    sum += query[{at[0], at[1], d}] * key[{at[0], at[2], d}];
                  return sum * scale;
                });
}

// sum over d of scale[d] tanh(query + key)
Array AdditiveScores(const Array& query, const Array& key, const Array& scale) {
  return Filled(
      {query.dims[0], query.dims[1], key.dims[1]}, [&](const Indices& at) {
        double sum = 0;
        for (int d = 0; d < query.dims[2]; ++d)
          sum += scale[{d}] *
                 std::tanh(query[{at[0], at[1], d}] + key[{at[0], at[2], d}]);
        return sum;
      });
}

const Array kQuery = Draw({2, 3, 4}, 1), kValue = Draw({2, 5, 4}, 2),
            kKey = Draw({2, 5, 4}, 3);
const std::vector<std::string> kTwo = {"3,4", "5,4"};
const std::vector<std::string> kThree = {"3,4", "5,4", "5,4"};

TEST(AttentionLayers, Attention) {
  ExpectRuns(ManyInputs(2, "Attention", "", kTwo), {kQuery, kValue},
             Weighted(SoftmaxOf(DotScores(kQuery, kValue, 1)), kValue));
  Array scale = Zeros({});
  scale.values = {1.7};
  ExpectRuns(ManyInputs(2, "Attention", R"("use_scale":true)", kThree,
                        {Weight("scale", scale)}),
             {kQuery, kValue, kKey},
             Weighted(SoftmaxOf(DotScores(kQuery, kKey, 1.7)), kValue));
  ExpectRuns(ManyInputs(2, "Attention", "", {"null,4", "null,4"}),
             {kQuery, kValue},
             Weighted(SoftmaxOf(DotScores(kQuery, kValue, 1)), kValue));
}

TEST(AttentionLayers, AttentionByConcatenation) {
  Array scale = Zeros({}), weight = Zeros({});
  scale.values = {0.6};
  weight.values = {1.3};
  Array query = kQuery, key = kKey;
  for (double& v : query.values) v *= 0.6;
  for (double& v : key.values) v *= 0.6;
  const Array all = Filled({4}, [](const Indices&) { return 1.3; });
  ExpectRuns(
      ManyInputs(
          2, "Attention", R"("use_scale":true,"score_mode":"concat")", kThree,
          {Weight("scale", scale), Weight("concat_score_weight", weight)}),
      {kQuery, kValue, kKey},
      Weighted(SoftmaxOf(AdditiveScores(query, key, all)), kValue));
}

TEST(AttentionLayers, AdditiveAttention) {
  const Array scale = Draw({4}, 4);
  ExpectRuns(
      ManyInputs(2, "AdditiveAttention", "", kThree, {Weight("scale", scale)}),
      {kQuery, kValue, kKey},
      Weighted(SoftmaxOf(AdditiveScores(kQuery, kKey, scale)), kValue));
  const Array ones = Filled({4}, [](const Indices&) { return 1.0; });
  ExpectRuns(ManyInputs(2, "AdditiveAttention", R"("use_scale":false)", kTwo),
             {kQuery, kValue},
             Weighted(SoftmaxOf(AdditiveScores(kQuery, kValue, ones)), kValue));
}

//------------------------------------------------------- MultiHeadAttention

// x [N, T, D] by kernel [D, heads, size], of one head.
Array Projected(const Array& x, const Array& kernel, const Array& bias,
                int head) {
  return Filled({x.dims[0], x.dims[1], kernel.dims[2]}, [&](const Indices& at) {
    double sum = bias[{head, at[2]}];
    for (int d = 0; d < x.dims[2]; ++d)
      sum += x[{at[0], at[1], d}] * kernel[{d, head, at[2]}];
    return sum;
  });
}

struct Heads {
  Array kernels[4], biases[4];  // query, key, value, output
};

Heads DrawHeads(int heads, int key_dim, int value_dim, int features) {
  Heads h;
  for (uint32_t i = 0; i < 3; ++i) {
    const int size = i == 2 ? value_dim : key_dim;
    h.kernels[i] = Draw({4, heads, size}, 10 + i);
    h.biases[i] = Draw({heads, size}, 20 + i);
  }
  h.kernels[3] = Draw({heads, value_dim, features}, 30);
  h.biases[3] = Draw({features}, 31);
  return h;
}

Array MultiHead(const Heads& h, const Array& query, const Array& value,
                const Array& key) {
  const int heads = h.kernels[0].dims[1], size = h.kernels[0].dims[2];
  const int features = h.kernels[3].dims[2];
  Array y = Filled({query.dims[0], query.dims[1], features},
                   [&](const Indices& at) { return h.biases[3][{at[2]}]; });
  for (int head = 0; head < heads; ++head) {
    const Array q = Projected(query, h.kernels[0], h.biases[0], head);
    const Array k = Projected(key, h.kernels[1], h.biases[1], head);
    const Array v = Projected(value, h.kernels[2], h.biases[2], head);
    const Array seen =
        Weighted(SoftmaxOf(DotScores(q, k, 1 / std::sqrt(size))), v);
    ForEach(y.dims, [&](const Indices& at) {
      for (int d = 0; d < seen.dims[2]; ++d)
        y[at] += seen[{at[0], at[1], d}] * h.kernels[3][{head, d, at[2]}];
    });
  }
  return y;
}

std::vector<KerasWeight> WeightsOf(const Heads& h) {
  std::vector<KerasWeight> weights;
  for (int i = 0; i < 4; ++i) {
    weights.push_back(Weight("kernel", h.kernels[i]));
    weights.push_back(Weight("bias", h.biases[i]));
  }
  return weights;
}

TEST(AttentionLayers, MultiHeadAttention) {
  const Heads h = DrawHeads(2, 3, 5, 4);
  const std::string config = R"("num_heads":2,"key_dim":3,"value_dim":5)";
  ExpectRuns(ManyInputs(2, "MultiHeadAttention", config, kTwo, WeightsOf(h)),
             {kQuery, kValue}, MultiHead(h, kQuery, kValue, kValue));
  ExpectRuns(ManyInputs(2, "MultiHeadAttention", config, kThree, WeightsOf(h)),
             {kQuery, kValue, kKey}, MultiHead(h, kQuery, kValue, kKey));
  ExpectRuns(ManyInputs(2, "MultiHeadAttention", config, {"null,4", "null,4"},
                        WeightsOf(h)),
             {kQuery, kValue}, MultiHead(h, kQuery, kValue, kValue));
}

// Head h of the queries goes with head h / 2 of keys and values.
TEST(AttentionLayers, GroupedQueryAttention) {
  Heads h = DrawHeads(4, 3, 3, 4);
  for (const int i : {1, 2}) {
    h.kernels[i] = Draw({4, 2, 3}, 40 + static_cast<uint32_t>(i));
    h.biases[i] = Draw({2, 3}, 50 + static_cast<uint32_t>(i));
  }
  Heads whole = h;
  for (const int i : {1, 2}) {
    whole.kernels[i] = Filled({4, 4, 3}, [&](const Indices& at) {
      return h.kernels[i][{at[0], at[1] / 2, at[2]}];
    });
    whole.biases[i] = Filled({4, 3}, [&](const Indices& at) {
      return h.biases[i][{at[0] / 2, at[1]}];
    });
  }
  ExpectRuns(
      ManyInputs(3, "GroupedQueryAttention",
                 R"("num_query_heads":4,"num_key_value_heads":2,"head_dim":3)",
                 kTwo, WeightsOf(h)),
      {kQuery, kValue}, MultiHead(whole, kQuery, kValue, kValue));
}

// How Keras 2 stores a call with value= and key=, and how Keras 3 does.
TEST(AttentionLayers, MultiHeadAttentionByNamedArguments) {
  const Heads h = DrawHeads(2, 3, 3, 6);
  const std::string layer =
      R"({"class_name":"MultiHeadAttention","name":"l","config":{"name":"l",
          "num_heads":2,"key_dim":3,"value_dim":3,"output_shape":[6]},
          "inbound_nodes":)";
  const std::vector<std::string> inputs = {
      InputLayer("a", "3,4"), InputLayer("b", "5,4"), InputLayer("c", "5,4")};
  const Array want = MultiHead(h, kQuery, kValue, kKey);
  ExpectRuns(
      FunctionalModel(
          2, inputs,
          {layer + R"([[["a",0,0,{"value":["b",0,0],"key":["c",0,0]}]]]})"},
          "l", {{"l", WeightsOf(h)}}),
      {kQuery, kValue, kKey}, want);
  const auto tensor = [](const std::string& name) {
    return R"({"class_name":"__keras_tensor__","config":{"keras_history":[")" +
           name + R"(",0,0]}})";
  };
  ExpectRuns(
      FunctionalModel(3, inputs,
                      {layer + R"([{"args":[)" + tensor("a") +
                       R"(],"kwargs":{"key":)" + tensor("c") + R"(,"value":)" +
                       tensor("b") + R"(,"training":false}}]})"},
                      "l", {{"l", WeightsOf(h)}}),
      {kQuery, kValue, kKey}, want);
}

//------------------------------------------------------------------ products

TEST(AttentionLayers, EinsumDense) {
  const Array x = Draw({2, 3, 4}, 40);
  const Array kernel = Draw({4, 2, 5}, 41), bias = Draw({2, 5}, 42);
  const Array y = Filled({2, 3, 2, 5}, [&](const Indices& at) {
    double sum = bias[{at[2], at[3]}];
    for (int d = 0; d < 4; ++d)
      sum += x[{at[0], at[1], d}] * kernel[{d, at[2], at[3]}];
    return std::max(sum, 0.0);
  });
  ExpectRuns(OneLayer(2, "EinsumDense",
                      R"("equation":"abc,cde->abde","bias_axes":"de",
                         "output_shape":[null,2,5],"activation":"relu")",
                      "3,4", {Weight("kernel", kernel), Weight("bias", bias)}),
             {x}, y);
  const Array matrix = Draw({4, 6}, 43);
  const Array dense = Filled({2, 3, 6}, [&](const Indices& at) {
    double sum = 0;
    for (int d = 0; d < 4; ++d)
      sum += x[{at[0], at[1], d}] * matrix[{d, at[2]}];
    return sum;
  });
  ExpectRuns(OneLayer(2, "EinsumDense", R"("equation":"...x,xy->...y")", "3,4",
                      {Weight("kernel", matrix)}),
             {x}, dense);
}

// A bias over an axis that is not the last is spread along those behind it.
TEST(AttentionLayers, EinsumDenseWithABiasInTheMiddle) {
  const Array x = Draw({2, 3, 4}, 44), kernel = Draw({4, 5}, 45);
  const Array bias = Draw({3, 1}, 46);
  ExpectRuns(
      OneLayer(2, "EinsumDense", R"("equation":"abc,cd->abd","bias_axes":"b")",
               "3,4", {Weight("kernel", kernel), Weight("bias", bias)}),
      {x}, Filled({2, 3, 5}, [&](const Indices& at) {
        double sum = bias[{at[1], 0}];
        for (int d = 0; d < 4; ++d)
          sum += x[{at[0], at[1], d}] * kernel[{d, at[2]}];
        return sum;
      }));
}

TEST(AttentionLayers, Dot) {
  const Array a = Draw({2, 5}, 50), b = Draw({2, 5}, 51);
  const auto cosine = [&](int n, bool normalize) {
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < 5; ++i) {
      ab += a[{n, i}] * b[{n, i}];
      aa += a[{n, i}] * a[{n, i}];
      bb += b[{n, i}] * b[{n, i}];
    }
    return normalize ? ab / std::sqrt(aa * bb) : ab;
  };
  for (const bool normalize : {false, true}) {
    ExpectRuns(ManyInputs(2, "Dot",
                          std::string(R"("axes":1,"normalize":)") +
                              (normalize ? "true" : "false"),
                          {"5", "5"}),
               {a, b}, Filled({2, 1}, [&](const Indices& at) {
                 return cosine(at[0], normalize);
               }));
  }
  const Array x = Draw({2, 3, 4}, 52), y = Draw({2, 4, 6}, 53);
  ExpectRuns(ManyInputs(2, "Dot", R"("axes":[2,1])", {"3,4", "4,6"}), {x, y},
             Filled({2, 3, 6}, [&](const Indices& at) {
               double sum = 0;
               for (int d = 0; d < 4; ++d)
                 sum += x[{at[0], at[1], d}] * y[{at[0], d, at[2]}];
               return sum;
             }));
  ExpectRuns(ManyInputs(2, "Dot", R"("axes":-1)", {"3,4", "5,4"}),
             {x, Permuted(Draw({2, 4, 5}, 54), {0, 2, 1})},
             Filled({2, 3, 5}, [&](const Indices& at) {
               const Array z = Draw({2, 4, 5}, 54);
               double sum = 0;
               for (int d = 0; d < 4; ++d)
                 sum += x[{at[0], at[1], d}] * z[{at[0], d, at[2]}];
               return sum;
             }));
}

}  // namespace liteforge::attention_layers_test
