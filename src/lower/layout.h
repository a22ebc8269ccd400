// SPDX-License-Identifier: Apache-2.0
// TensorFlow's data_format attribute. TFLite knows channels-last only:
// operators on NCHW are emitted in NHWC between two TRANSPOSEs, and where the
// value just came out of such a TRANSPOSE its operand is taken instead, so
// chains of NCHW operators meet in NHWC.
#pragma once

#include <array>
#include <cstdint>

#include "lower/context.h"

namespace liteforge {

// The attribute of an operation on 4-D images: whether it is NCHW. Absent:
// NHWC. kUnsupported for the vectorized layouts.
Result<bool> IsNchw(const LowerContext& c);

// Brings an NCHW value to NHWC, and back.
Result<Value*> NchwToNhwc(IrBuilder& ir, Value* x);
Result<Value*> NhwcToNchw(IrBuilder& ir, Value* x);

// The value in NHWC, whichever way it lies; and the inverse.
Result<Value*> EnterNhwc(IrBuilder& ir, Value* x, bool nchw);
Result<Value*> LeaveNhwc(IrBuilder& ir, Value* x, bool nchw);

// Per-dimension attributes (strides, ksize, dilations) as {height, width}.
struct HeightWidth {
  int32_t h = 1;
  int32_t w = 1;
};
// An attribute of four positive integers whose batch and channel entries are
// 1. `otherwise` is used when the attribute is absent; without it the
// attribute must be there.
Result<HeightWidth> SpatialAttribute(const LowerContext& c, const char* name,
                                     bool nchw, bool required = true);
// The same of a list already at hand.
Result<HeightWidth> SpatialOf(const std::vector<int64_t>& values,
                              const char* name, bool nchw);

// The padding attribute: SAME, VALID, or EXPLICIT with the amounts
// {before, after} of height and width.
struct WindowPaddingAttribute {
  Padding padding = Padding::kValid;
  bool is_explicit = false;
  std::array<int32_t, 4> amounts{};  // top, bottom, left, right

  bool any() const { return amounts != std::array<int32_t, 4>{}; }
};
Result<WindowPaddingAttribute> PaddingAttribute(const LowerContext& c,
                                                bool nchw);

// PAD of an NHWC value by explicit amounts, with zeros; x when they are all 0.
Result<Value*> PadSpatial(IrBuilder& ir, Value* x,
                          const WindowPaddingAttribute& padding);

}  // namespace liteforge
