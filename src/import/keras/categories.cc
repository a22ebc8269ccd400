// SPDX-License-Identifier: Apache-2.0
// Numbers to categories and categories to vectors:
//   Discretization    how many of bin_boundaries are not above x
//   CategoryEncoding  of numbers below num_tokens, by output_mode:
//                     one_hot    each as a vector
//                     multi_hot  1 for every number that occurs in an example
//                     count      how often it does
// Discretization encodes its result in the same modes, or with "int" leaves
// it. Source: keras/src/utils/numerical_utils.py.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

Tensor OneHot(LayerContext& c, const Tensor& x, int32_t depth) {
  Shape shape = x.shape();
  shape.Append(depth);
  return c.f.AddNode(
      "OneHot", {x, c.f.Constant(IntScalar(depth)), c.Scalar(1), c.Scalar(0)},
      Attributes()
          .Type("T", DataType::kFloat32)
          .Type("TI", x.type())
          .Int("axis", -1),
      DataType::kFloat32, shape);
}

// x int32.
LayerOutputs Encode(LayerContext& c, Tensor x, int32_t depth,
                    const std::string& mode) {
  if (mode == "int") return One(Cast(x, DataType::kInt64));
  if (mode == "one_hot") {
    if (x.rank() > 1 && x.dim(-1) == 1) x = Squeeze(x, {x.rank() - 1});
    return One(OneHot(c, x, depth));
  }
  if (x.rank() == 1) x = ExpandDims(x, 1);
  const Tensor vectors = OneHot(c, x, depth);
  if (mode == "multi_hot") return One(Max(vectors, {1}));
  if (mode == "count") return One(Sum(vectors, {1}));
  return InvalidModel("output_mode '" + mode +
                      "' is none of int, one_hot, multi_hot, count");
}

LayerOutputs BuildCategoryEncoding(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.Input());
  TRY_ASSIGN(const int32_t tokens, c.config.Int("num_tokens"));
  TRY_ASSIGN(const std::string mode,
             c.config.String("output_mode", "multi_hot"));
  if (tokens < 1) return InvalidModel("'num_tokens' must be positive");
  if (x.rank() < 1 || x.rank() >= Shape::kMaxRank)
    return InvalidModel("its input has no batch dimension");
  return Encode(c, Cast(x, DataType::kInt32), tokens, mode);
}

LayerOutputs BuildDiscretization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(std::vector<float> bounds, c.config.Floats("bin_boundaries"));
  TRY_ASSIGN(const std::string mode, c.config.String("output_mode", "int"));
  if (x.rank() < 1 || x.rank() + 1 >= Shape::kMaxRank)
    return InvalidModel("its input has no batch dimension");
  const auto count = static_cast<int32_t>(bounds.size());
  const Tensor boundaries =
      c.f.Constant(FloatConstant({count}, std::move(bounds)));
  const Tensor above = GreaterEqual(ExpandDims(x, x.rank()), boundaries);
  const Tensor bins = Sum(Cast(above, DataType::kInt32), {x.rank()});
  return Encode(c, bins, count + 1, mode);
}

}  // namespace

const KerasLayer kCategoryEncodingLayer{"CategoryEncoding",
                                        BuildCategoryEncoding};
const KerasLayer kDiscretizationLayer{"Discretization", BuildDiscretization};

}  // namespace liteforge
