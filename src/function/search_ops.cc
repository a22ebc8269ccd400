// SPDX-License-Identifier: Apache-2.0
#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {

Tensor GatherNd(Tensor params, Tensor indices) {
  if (!AllPresent({params, indices})) return {};
  if (!params.shape().has_rank() || !indices.shape().has_rank() ||
      indices.rank() < 1 || indices.dim(-1) < 0 ||
      indices.dim(-1) > params.rank()) {
    return FailOp(params, "GatherNd",
                  "indices " + indices.shape().ToString() + " do not address " +
                      params.shape().ToString());
  }
  Shape shape(
      indices.shape().dims().first(static_cast<size_t>(indices.rank() - 1)));
  for (int axis = indices.dim(-1); axis < params.rank(); ++axis)
    shape.Append(params.dim(axis));
  return params.builder()->AddNode("GatherNd", {params, indices},
                                   Attributes()
                                       .Type("Tparams", params.type())
                                       .Type("Tindices", indices.type()),
                                   params.type(), shape);
}

TopKResult TopK(Tensor x, int32_t k) {
  if (x.empty()) return {};
  if (!x.shape().has_rank() || x.rank() < 1 || k < 0 ||
      (x.dim(-1) >= 0 && k > x.dim(-1))) {
    FailOp(x, "TopKV2",
           std::to_string(k) + " values cannot be the largest of " +
               x.shape().ToString());
    return {};
  }
  Shape shape = x.shape();
  shape.set_dim(shape.rank() - 1, k);
  const Tensor count = x.builder()->Constant(IntScalar(k), "TopKV2/k");
  const Tensor inputs[] = {x, count};
  const FunctionBuilder::OutputType outputs[] = {{x.type(), shape},
                                                 {DataType::kInt32, shape}};
  const auto results = x.builder()->AddNode(
      "TopKV2", inputs, Attributes().Type("T", x.type()).Bool("sorted", true),
      outputs);
  return {results[0], results[1]};
}

}  // namespace liteforge
