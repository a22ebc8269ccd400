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

}  // namespace

const KerasLayer kIdentityLayer{"Identity", BuildIdentity, nullptr,
                                Masking::kPasses};

}  // namespace liteforge
