// SPDX-License-Identifier: Apache-2.0
// A subgraph that combines two values, as the regions of STABLEHLO_SCATTER and
// STABLEHLO_REDUCE_WINDOW do. It is written for scalars and works on each
// element by itself, so it is run on vectors.
#pragma once

#include "kernels/kernel.h"

namespace liteforge {

class ScalarFunction {
 public:
  ScalarFunction(KernelContext& k, int subgraph_index)
      : graph_(k.host().graph(subgraph_index)) {}

  // Whether it takes two values of `type` and gives one, element by element.
  Result<void> Check(DataType type);

  // a[i] = f(a[i], b[i]) for `count` elements of `type`.
  Result<void> Run(DataType type, int64_t count, std::byte* a, std::byte* b);

 private:
  CallableGraph& graph_;
};

}  // namespace liteforge
