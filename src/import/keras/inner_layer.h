// SPDX-License-Identifier: Apache-2.0
// The layer that a layer holds in its configuration:
//   "layer": {"class_name": …, "config": {…}}
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/keras/layer.h"

namespace liteforge {

struct Inner {
  std::string class_name;
  nlohmann::json config;  // the holder's own copy
  const KerasLayer* kind = nullptr;
  std::vector<WeightSpec> specs;
};

// Under `key` of the holder's configuration. Errors: kUnsupported for a class
// that is not known.
Result<Inner> InnerOf(const LayerConfig& config, std::string_view key);
// The layers of a list under `key`.
Result<std::vector<Inner>> InnerListOf(const LayerConfig& config,
                                       std::string_view key);

struct InnerOutputs {
  std::vector<Tensor> tensors;
  Tensor mask;
};

// One call of it, with these weights.
Result<InnerOutputs> CallInner(LayerContext& c, const Inner& inner,
                               std::vector<const KerasWeight*> weights,
                               std::span<const Tensor> inputs,
                               const Tensor& mask);

}  // namespace liteforge
