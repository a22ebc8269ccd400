// SPDX-License-Identifier: Apache-2.0
// For tests: one layer, the operations that it becomes, and what shape comes
// out.
#pragma once

#include <string>
#include <vector>

#include "import/keras/keras_test_model.h"

namespace liteforge {

struct LayerCase {
  int generation;
  const char* class_name;
  const char* config;
  const char* input;  // without the batch
  std::vector<Shape> weights;
  const char* ops;
  const char* output;
};

inline void Check(const LayerCase& c) {
  SCOPED_TRACE(std::string(c.class_name) + " {" + c.config + "} on [?," +
               c.input + "]");
  std::vector<KerasWeight> weights;
  for (const Shape& shape : c.weights) {
    weights.push_back(
        CountingWeight("w" + std::to_string(weights.size()), shape));
  }
  const auto function = Imported(OneLayer(c.generation, c.class_name, c.config,
                                          c.input, std::move(weights)));
  EXPECT_EQ(OpsOf(function), c.ops);
  EXPECT_EQ(OutputShape(function), c.output);
}

}  // namespace liteforge
