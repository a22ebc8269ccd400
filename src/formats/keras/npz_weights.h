// SPDX-License-Identifier: Apache-2.0
// model.weights.npz of a .keras archive, which Keras writes where h5py is
// missing.
#pragma once

#include <filesystem>

#include "formats/keras/h5.h"
#include "liteforge/result.h"

namespace liteforge {

// As the tree that model.weights.h5 holds: the variables of layers/dense in
// layers/dense/vars. Errors, which do not name the file: kInvalidModel for
// what is no .npz or a damaged one; as ReadPickledArrays().
Result<H5Group> ReadNpzWeights(const std::filesystem::path& path);

}  // namespace liteforge
