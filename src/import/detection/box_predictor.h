// SPDX-License-Identifier: Apache-2.0
// From feature maps to box encodings and class logits.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "import/detection/network.h"

namespace liteforge {

struct Predictions {
  Tensor encodings;  // [1, A, code_size]: y x h w
  Tensor logits;     // [1, A, columns]
};

struct PredictorLayout {
  int32_t background = 1;         // columns before the first class: 0 or 1
  int32_t columns = 0;            // classes, background included
  std::vector<int32_t> per_cell;  // boxes in a cell of each map
};

// `path` is "model/_box_predictor". A class head that was trained on
// another number of classes gets advice with that number. kUnsupported for
// predictors other than convolutional_box_predictor and
// weight_shared_convolutional_box_predictor.
Result<Predictions> PredictBoxes(const Network& net,
                                 std::span<const Tensor> maps,
                                 std::string_view path,
                                 const od::BoxPredictor& config,
                                 const PredictorLayout& layout);

}  // namespace liteforge
