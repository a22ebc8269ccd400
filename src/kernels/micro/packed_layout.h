// SPDX-License-Identifier: Apache-2.0
// How weights are laid out for this machine, in the words of
// base/array_cache.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace liteforge {

// The functions that lay out weights: kinds of an ArrayRecipe.
enum class PackedKind : uint32_t {
  kFloatPanels = 1,
  kSignedBytePanels = 2,
  kUnsignedBytePanels = 3,
  kWinogradPanels = 4,
};

// What layouts depend on besides their recipes: the version of the functions,
// which counts up whenever one of them writes something else, and the
// instruction set.
std::string PackedLayout();

}  // namespace liteforge
