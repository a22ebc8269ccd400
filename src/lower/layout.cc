// SPDX-License-Identifier: Apache-2.0
#include "lower/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace liteforge {
namespace {

constexpr std::array<int32_t, 4> kToNhwc = {0, 2, 3, 1};
constexpr std::array<int32_t, 4> kToNchw = {0, 3, 1, 2};

// The operand of the TRANSPOSE that made x, when that is the inverse of
// `permutation`; nullptr otherwise.
Value* Undo(const Value* x, std::span<const int32_t> permutation) {
  const ir::Node* producer = x->producer();
  if (producer == nullptr || producer->op() != Op::kTranspose) return nullptr;
  const auto order = ConstantIntegers(*producer->input(1));
  if (!order || order->size() != permutation.size()) return nullptr;
  for (size_t i = 0; i < permutation.size(); ++i) {
    const auto axis = static_cast<size_t>(permutation[i]);
    if ((*order)[axis] != static_cast<int64_t>(i)) return nullptr;
  }
  return producer->input(0);
}

Result<Value*> Permute(IrBuilder& ir, Value* x,
                       std::span<const int32_t> permutation) {
  if (Value* before = Undo(x, permutation)) return before;
  if (x->shape.has_rank() && x->shape.rank() != 4) {
    return InvalidModel(fmt::format("a 4-D image is needed, the input is {}",
                                    x->shape.ToString()));
  }
  return ir.Transpose(x, permutation);
}

}  // namespace

Result<bool> IsNchw(const LowerContext& c) {
  static constexpr std::string_view kFormats[] = {"NHWC", "NCHW"};
  TRY_ASSIGN(const size_t format, c.Choice("data_format", kFormats, 0));
  return format == 1;
}

Result<Value*> NchwToNhwc(IrBuilder& ir, Value* x) {
  return Permute(ir, x, kToNhwc);
}
Result<Value*> NhwcToNchw(IrBuilder& ir, Value* x) {
  return Permute(ir, x, kToNchw);
}

Result<Value*> EnterNhwc(IrBuilder& ir, Value* x, bool nchw) {
  return nchw ? NchwToNhwc(ir, x) : Result<Value*>(x);
}
Result<Value*> LeaveNhwc(IrBuilder& ir, Value* x, bool nchw) {
  return nchw ? NhwcToNchw(ir, x) : Result<Value*>(x);
}

Result<HeightWidth> SpatialOf(const std::vector<int64_t>& values,
                              const char* name, bool nchw) {
  if (values.size() != 4) {
    return InvalidModel(
        fmt::format("'{}' has {} entries, not 4", name, values.size()));
  }
  const bool in_range =
      std::all_of(values.begin(), values.end(), [](int64_t v) {
        return v >= 1 && v <= std::numeric_limits<int32_t>::max();
      });
  if (!in_range)
    return InvalidModel(fmt::format("'{}' has an entry below 1", name));
  if (values[0] != 1 || values[nchw ? 1 : 3] != 1) {
    return Unsupported(fmt::format(
        "'{}' acts on the batch or channel dimension, which TFLite cannot",
        name));
  }
  const size_t h = nchw ? 2 : 1;
  return HeightWidth{static_cast<int32_t>(values[h]),
                     static_cast<int32_t>(values[h + 1])};
}

Result<HeightWidth> SpatialAttribute(const LowerContext& c, const char* name,
                                     bool nchw, bool required) {
  using List = std::vector<int64_t>;
  if (required) {
    TRY_ASSIGN(const List values, c.Attribute<List>(name));
    return SpatialOf(values, name, nchw);
  }
  TRY_ASSIGN(const List values, c.Attribute<List>(name, {1, 1, 1, 1}));
  if (values.empty()) return HeightWidth{};
  return SpatialOf(values, name, nchw);
}

Result<WindowPaddingAttribute> PaddingAttribute(const LowerContext& c,
                                                bool nchw) {
  static constexpr std::string_view kPaddings[] = {"SAME", "VALID", "EXPLICIT"};
  TRY_ASSIGN(const size_t padding, c.Choice("padding", kPaddings));
  WindowPaddingAttribute result;
  if (padding == 0) result.padding = Padding::kSame;
  if (padding <= 1) return result;
  TRY_ASSIGN(const auto amounts,
             c.Attribute<std::vector<int64_t>>("explicit_paddings"));
  if (amounts.size() != 8)
    return InvalidModel("'explicit_paddings' does not have 8 entries");
  const size_t h = nchw ? 4 : 2;  // {before, after} of the height
  for (size_t i = 0; i < 8; ++i) {
    if (amounts[i] < 0 || amounts[i] > std::numeric_limits<int32_t>::max())
      return InvalidModel("'explicit_paddings' has an entry out of range");
    if (i >= h && i < h + 4)
      result.amounts[i - h] = static_cast<int32_t>(amounts[i]);
    else if (amounts[i] != 0)
      return InvalidModel("'explicit_paddings' pads batch or channels");
  }
  result.is_explicit = true;
  return result;
}

Result<Value*> PadSpatial(IrBuilder& ir, Value* x,
                          const WindowPaddingAttribute& padding) {
  if (!padding.any()) return x;
  const auto& p = padding.amounts;
  Value* amounts = ir.Constant(
      DataType::kInt32, {4, 2},
      Blob::Own(std::vector<int32_t>{0, 0, p[0], p[1], p[2], p[3], 0, 0}),
      "paddings");
  return ir.Emit(Op::kPad, PadOptions{}, {x, amounts});
}

}  // namespace liteforge
