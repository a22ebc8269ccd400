// SPDX-License-Identifier: Apache-2.0
// Layers that normalize by the values at hand, against their definitions.
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::normalization_layers_test {

struct Moments {
  double mean = 0, variance = 0, square = 0, sum_of_squares = 0;
};

// Over all elements of x for which `with` is true.
Moments MomentsOf(const Array& x,
                  const std::function<bool(const Indices&)>& with) {
  Moments m;
  int count = 0;
  ForEach(x.dims, [&](const Indices& at) {
    if (!with(at)) return;
    m.mean += x[at];
    m.sum_of_squares += x[at] * x[at];
    ++count;
  });
  m.mean /= count;
  m.square = m.sum_of_squares / count;
  ForEach(x.dims, [&](const Indices& at) {
    if (with(at)) m.variance += (x[at] - m.mean) * (x[at] - m.mean) / count;
  });
  return m;
}

bool Same(const Indices& a, const Indices& b, const Indices& axes) {
  for (const int axis : axes)
    if (a[static_cast<size_t>(axis)] != b[static_cast<size_t>(axis)])
      return false;
  return true;
}

TEST(NormalizationLayers, LayerNormalizationOverOneAxisOrSeveral) {
  const Array x = Draw({2, 3, 4, 5}, 1);
  struct Row {
    const char* axis;
    Indices reduced, kept;
  };
  for (const Row& row : {Row{"-1", {3}, {0, 1, 2}},
                         {"[3]", {3}, {0, 1, 2}},
                         {"[2,3]", {2, 3}, {0, 1}},
                         {"[-1,1]", {1, 3}, {0, 2}},
                         {"1", {1}, {0, 2, 3}}}) {
    SCOPED_TRACE(row.axis);
    Indices dims;
    for (const int axis : row.reduced)
      dims.push_back(x.dims[static_cast<size_t>(axis)]);
    const Array gamma = Draw(dims, 2), beta = Draw(dims, 3);
    const auto weight_at = [&](const Indices& at) {
      Indices own;
      for (const int axis : row.reduced)
        own.push_back(at[static_cast<size_t>(axis)]);
      return own;
    };
    const Array y = Filled(x.dims, [&](const Indices& at) {
      const Moments m = MomentsOf(
          x, [&](const Indices& other) { return Same(at, other, row.kept); });
      return gamma[weight_at(at)] * (x[at] - m.mean) /
                 std::sqrt(m.variance + 0.01) +
             beta[weight_at(at)];
    });
    ExpectRuns(
        OneLayer(2, "LayerNormalization",
                 R"("epsilon":0.01,"axis":)" + std::string(row.axis),
                 ShapeText(x), {Weight("gamma", gamma), Weight("beta", beta)}),
        {x}, y, 2e-5);
  }
}

TEST(NormalizationLayers, LayerNormalizationWithoutScaleOrShift) {
  const Array x = Draw({3, 6}, 4), beta = Draw({6}, 5);
  const Array y = Filled(x.dims, [&](const Indices& at) {
    const Moments m = MomentsOf(
        x, [&](const Indices& other) { return Same(at, other, {0}); });
    return (x[at] - m.mean) / std::sqrt(m.variance + 1e-3) + beta[{at[1]}];
  });
  ExpectRuns(OneLayer(2, "LayerNormalization", R"("axis":-1,"scale":false)",
                      "6", {Weight("beta", beta)}),
             {x}, y, 2e-5);
}

TEST(NormalizationLayers, RmsScalingOfLayerNormalization) {
  const Array x = Draw({3, 6}, 14), gamma = Draw({6}, 15);
  const Array y = Filled(x.dims, [&](const Indices& at) {
    const Moments m = MomentsOf(
        x, [&](const Indices& other) { return Same(at, other, {0}); });
    return gamma[{at[1]}] * x[at] / std::sqrt(m.variance + 1e-3);
  });
  ExpectRuns(OneLayer(3, "LayerNormalization", R"("rms_scaling":true)", "6",
                      {Weight("gamma", gamma)}),
             {x}, y, 2e-5);
}

TEST(NormalizationLayers, GroupNormalization) {
  const Array x = Draw({2, 3, 4, 6}, 6);
  const Array gamma = Draw({6}, 7), beta = Draw({6}, 8);
  for (const int groups : {-1, 1, 2, 3, 6}) {
    SCOPED_TRACE(groups);
    const int size = groups == -1 ? 1 : 6 / groups;
    const Array y = Filled(x.dims, [&](const Indices& at) {
      const Moments m = MomentsOf(x, [&](const Indices& other) {
        return at[0] == other[0] && at[3] / size == other[3] / size;
      });
      return gamma[{at[3]}] * (x[at] - m.mean) / std::sqrt(m.variance + 1e-3) +
             beta[{at[3]}];
    });
    const std::string config = R"("groups":)" + std::to_string(groups);
    const std::vector<KerasWeight> weights = {Weight("gamma", gamma),
                                              Weight("beta", beta)};
    ExpectRuns(OneLayer(2, "GroupNormalization", config + R"(,"axis":-1)",
                        "3,4,6", weights),
               {x}, y, 2e-5);
    ExpectRuns(
        OneLayer(2, "GroupNormalization", config, "null,null,6", weights), {x},
        y, 2e-5);
    ExpectRuns(OneLayer(2, "GroupNormalization", config + R"(,"axis":1)",
                        "6,3,4", weights),
               {ToChannelsFirst(x)}, ToChannelsFirst(y), 2e-5);
  }
}

TEST(NormalizationLayers, RmsAndUnitNormalization) {
  const Array x = Draw({2, 3, 5}, 9), scale = Draw({5}, 10);
  const auto of_row = [&](const Indices& at) {
    return MomentsOf(x, [&](const Indices& other) {
      return Same(at, other, {0, 1});
    });
  };
  ExpectRuns(OneLayer(3, "RMSNormalization", R"("axis":-1,"epsilon":0.001)",
                      "3,5", {Weight("scale", scale)}),
             {x}, Filled(x.dims, [&](const Indices& at) {
               return scale[{at[2]}] * x[at] /
                      std::sqrt(of_row(at).square + 1e-3);
             }));
  ExpectRuns(OneLayer(2, "UnitNormalization", R"("axis":-1)", "3,5"), {x},
             Filled(x.dims, [&](const Indices& at) {
               return x[at] / std::sqrt(of_row(at).sum_of_squares);
             }));
  ExpectRuns(OneLayer(2, "UnitNormalization", R"("axis":[1,2])", "3,5"), {x},
             Filled(x.dims, [&](const Indices& at) {
               const Moments m = MomentsOf(
                   x, [&](const Indices& other) { return at[0] == other[0]; });
               return x[at] / std::sqrt(m.sum_of_squares);
             }));
}

}  // namespace liteforge::normalization_layers_test
