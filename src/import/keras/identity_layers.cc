// SPDX-License-Identifier: Apache-2.0
// Layers that do nothing once a model is trained: y = x.
#include "base/try.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

LayerOutputs BuildIdentity(LayerContext& c) {
  TRY_ASSIGN(Tensor x, c.Input());
  return One(x);
}

LayerOutputs BuildSkipped(LayerContext& c) {
  if (c.inputs.empty()) return InvalidModel("it is given no input to pass on");
  return One(c.inputs[0]);
}

}  // namespace

const KerasLayer kIdentityLayer{"Identity", BuildIdentity, nullptr,
                                Masking::kPasses};

// What the user asks to leave out, whatever it is called with.
const KerasLayer kSkippedLayer{"Identity", BuildSkipped, nullptr,
                               Masking::kPasses, "*"};

}  // namespace liteforge
