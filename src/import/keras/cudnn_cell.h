// SPDX-License-Identifier: Apache-2.0
// CuDNNLSTM and CuDNNGRU as the LSTM and GRU that compute the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/keras/layer.h"

namespace liteforge {

struct PlainCell {
  std::string_view class_name;  // "LSTM"
  nlohmann::json config;
  std::vector<KerasWeight> weights;
};

// The same layer in plain words; errors when its weights do not fit its units.
Result<PlainCell> FromCudnn(std::string_view class_name,
                            const nlohmann::json& config,
                            const std::vector<const KerasWeight*>& weights);

// Whether it is the name of such a layer.
bool IsCudnn(std::string_view class_name);

}  // namespace liteforge
