// SPDX-License-Identifier: Apache-2.0
// SELECT, SELECT_V2: condition ? a : b, elementwise. SELECT_V2 broadcasts all
// three; SELECT takes a condition of the operands' shape, of one element, or
// of one element per row of the first axis.
// Source: TFLite schema SelectOptions, SelectV2Options; kernels/select.cc.
#include <array>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

struct State {
  std::array<int64_t, Shape::kMaxRank> condition{};
};

// Elements between neighbours of an operand under each output axis.
std::array<int64_t, Shape::kMaxRank> StridesUnder(const Shape& operand,
                                                  const Shape& output) {
  const auto own = RowMajorStrides(operand);
  std::array<int64_t, Shape::kMaxRank> strides{};
  const int lead = output.rank() - operand.rank();
  for (int axis = lead; axis < output.rank(); ++axis) {
    const int source = axis - lead;
    if (source < 0 || operand[source] == 1) continue;
    strides[static_cast<size_t>(axis)] = own[static_cast<size_t>(source)];
  }
  return strides;
}

Result<void> Prepare(KernelContext& k) {
  const Shape& condition = k.Input(0).shape;
  const Shape& output = k.Output(0).shape;
  if (k.Input(0).type != DataType::kBool) {
    return InvalidModel("the condition must be bool");
  }
  if (k.Input(1).type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  TRY(CheckWhole(k.Input(1)));
  State& s = k.NewState<State>();
  s.condition = StridesUnder(condition, output);
  const bool per_row = k.op() == Op::kSelect && condition.rank() == 1 &&
                       output.rank() > 1 && condition.elements() != 1;
  if (per_row) {
    s.condition = {};
    s.condition[0] = 1;
  }
  return {};
}

template <class T>
void Choose(KernelContext& k) {
  const Shape& output = k.Output(0).shape;
  const auto a = StridesUnder(k.Input(1).shape, output);
  const auto b = StridesUnder(k.Input(2).shape, output);
  const auto& c = k.State<State>().condition;
  const bool* condition = k.Input(0).Data<bool>();
  const T* from_a = k.Input(1).Data<T>();
  const T* from_b = k.Input(2).Data<T>();
  T* to = k.Output(0).MutableData<T>();
  int32_t at[Shape::kMaxRank] = {};
  int64_t in_a = 0, in_b = 0, in_c = 0;
  for (int64_t i = 0; i < output.elements(); ++i) {
    to[i] = condition[in_c] ? from_a[in_a] : from_b[in_b];
    for (int axis = output.rank() - 1; axis >= 0; --axis) {
      const auto x = static_cast<size_t>(axis);
      in_a += a[x];
      in_b += b[x];
      in_c += c[x];
      if (++at[axis] < output[axis]) break;
      in_a -= a[x] * output[axis];
      in_b -= b[x] * output[axis];
      in_c -= c[x] * output[axis];
      at[axis] = 0;
    }
  }
}

struct Bytes16 {
  uint64_t low, high;
};

void Eval(KernelContext& k) noexcept {
  switch (ElementBytes(k.Output(0))) {
    case 1:
      return Choose<uint8_t>(k);
    case 2:
      return Choose<uint16_t>(k);
    case 4:
      return Choose<uint32_t>(k);
    case 8:
      return Choose<uint64_t>(k);
    default:
      return Choose<Bytes16>(k);
  }
}

constexpr const char* kTypes =
    "f32 f16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64";

}  // namespace

extern const Kernel kSelect{Op::kSelect, kTypes, Prepare, Eval};
extern const Kernel kSelectV2{Op::kSelectV2, kTypes, Prepare, Eval};

}  // namespace liteforge
