// SPDX-License-Identifier: Apache-2.0
// PAD, PADV2 and MIRROR_PAD against the place each output element comes from.
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::pad_test {

struct Padding {
  Shape shape;
  std::vector<int32_t> before_after;  // two numbers an axis
};

Shape PaddedShape(const Padding& p) {
  Shape output = p.shape;
  for (int axis = 0; axis < output.rank(); ++axis) {
    const auto at = static_cast<size_t>(2 * axis);
    output.set_dim(axis,
                   p.shape[axis] + p.before_after[at] + p.before_after[at + 1]);
  }
  return output;
}

// The input element under each output element by source(position, size);
// -1 where an axis has none.
template <class Source>
std::vector<int> Sources(const Padding& p, const Source& source) {
  const Shape output = PaddedShape(p);
  std::vector<int> places;
  for (int64_t i = 0; i < output.elements(); ++i) {
    int64_t rest = i, place = 0, stride = 1;
    bool outside = false;
    for (int axis = output.rank() - 1; axis >= 0; --axis) {
      const int before = p.before_after[static_cast<size_t>(2 * axis)];
      const int at =
          source(static_cast<int>(rest % output[axis]) - before, p.shape[axis]);
      outside |= at < 0;
      place += at * stride;
      stride *= p.shape[axis];
      rest /= output[axis];
    }
    places.push_back(outside ? -1 : static_cast<int>(place));
  }
  return places;
}

template <class T>
std::vector<T> Numbered(const Shape& shape) {
  std::vector<T> values(static_cast<size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), T{1});
  return values;
}

template <class T, class Index = int32_t>
KernelCase PadCase(Op op, const Padding& p) {
  KernelCase k{op};
  k.inputs = {
      KernelTensor::Of<T>(p.shape, Numbered<T>(p.shape)),
      KernelTensor::Of<Index>({p.shape.rank(), 2},
                              {p.before_after.begin(), p.before_after.end()})};
  return k;
}

int BeyondIsOutside(int at, int size) {
  return at < size ? std::max(at, -1) : -1;
}

template <class T>
std::vector<T> Expected(const Padding& p, T fill) {
  std::vector<T> values;
  for (const int place : Sources(p, BeyondIsOutside))
    values.push_back(place < 0 ? fill : static_cast<T>(place + 1));
  return values;
}

const Padding kPaddings[] = {{{3}, {2, 1}},
                             {{2, 3}, {0, 0, 1, 2}},
                             {{2, 3}, {0, 0, 0, 0}},
                             {{1, 2, 3, 2}, {0, 0, 1, 1, 2, 0, 0, 0}},
                             {{2, 1, 2, 1, 2}, {1, 0, 0, 1, 1, 1, 2, 0, 0, 3}},
                             {{0, 2}, {1, 1, 0, 1}},
                             {{}, {}}};

template <class Index>
void ExpectPaddedBy() {
  for (const Padding& p : kPaddings) {
    ExpectValues(PadCase<float, Index>(Op::kPad, p), Expected<float>(p, 0),
                 PaddedShape(p));
    KernelCase k = PadCase<float, Index>(Op::kPadV2, p);
    k.inputs.push_back(KernelTensor::Of<float>({}, {-7}));
    ExpectValues(k, Expected<float>(p, -7), PaddedShape(p));
    k.inputs[1].is_constant = true;
    ExpectValues(k, Expected<float>(p, -7), PaddedShape(p));
  }
}

TEST(Pad, PaddingsOfEveryInteger) {
  ExpectPaddedBy<int8_t>();
  ExpectPaddedBy<int16_t>();
  ExpectPaddedBy<int32_t>();
  ExpectPaddedBy<int64_t>();
}

// Where places of -1 take the element behind the last.
std::vector<int64_t> Filled(const std::vector<int>& places, int64_t last) {
  std::vector<int64_t> filled;
  for (const int place : places) filled.push_back(place < 0 ? last : place);
  return filled;
}

TEST(Pad, ElementsOfEveryType) {
  for (const DataType type : kFixedTypes) {
    for (const Padding& p : kPaddings) {
      const KernelTensor input = Labelled(type, p.shape);
      const std::vector<int> places = Sources(p, BeyondIsOutside);
      KernelCase k = PadCase<float>(Op::kPad, p);
      k.inputs[0] = input;
      ExpectPicked(k, input, {places.begin(), places.end()}, PaddedShape(p));
      k.op = Op::kPadV2;
      k.inputs.push_back(Labelled(type, {}, /*salt=*/1));
      ExpectPicked(k, EndToEnd({input, k.inputs[2]}),
                   Filled(places, p.shape.elements()), PaddedShape(p));
    }
  }
}

// 0 is the zero point of 8- and 16-bit types only.
TEST(Pad, QuantizedZero) {
  const Padding& p = kPaddings[3];
  const auto quantized = [&](KernelCase k, int zero) {
    k.inputs[0].quantization = Steps(0.5f, zero);
    k.outputs = {KernelTensor::Output(k.inputs[0].type, Steps(0.5f, zero))};
    return k;
  };
  ExpectValues(quantized(PadCase<int8_t>(Op::kPad, p), -7),
               Expected<int8_t>(p, -7));
  ExpectValues(quantized(PadCase<uint8_t>(Op::kPad, p), 200),
               Expected<uint8_t>(p, 200));
  ExpectValues(quantized(PadCase<int16_t>(Op::kPad, p), -300),
               Expected<int16_t>(p, -300));
  ExpectValues(quantized(PadCase<int32_t>(Op::kPad, p), 7),
               Expected<int32_t>(p, 0));
}

std::vector<int> MirroredPlaces(MirrorPadMode mode, const Padding& p) {
  const int border = mode == MirrorPadMode::kReflect ? 1 : 0;
  return Sources(p, [&](int at, int size) {
    if (at < 0) return -at - 1 + border;
    return at < size ? at : 2 * size - 1 - at - border;
  });
}

template <class Index>
void ExpectMirrored(MirrorPadMode mode, const Padding& p) {
  std::vector<int32_t> expected;
  for (const int place : MirroredPlaces(mode, p)) expected.push_back(place + 1);
  KernelCase k = PadCase<int32_t, Index>(Op::kMirrorPad, p);
  k.options = MirrorPadOptions{.mode = mode};
  ExpectValues(k, expected, PaddedShape(p));
}

TEST(Pad, Mirrored) {
  for (const auto mode : {MirrorPadMode::kReflect, MirrorPadMode::kSymmetric}) {
    for (const Padding& p :
         {Padding{{3}, {2, 1}}, Padding{{2, 3}, {1, 0, 2, 2}},
          Padding{{2, 2, 3, 2}, {0, 1, 1, 1, 2, 0, 0, 0}}}) {
      ExpectMirrored<int8_t>(mode, p);
      ExpectMirrored<int32_t>(mode, p);
      ExpectMirrored<int64_t>(mode, p);
    }
  }
  ExpectMirrored<int32_t>(MirrorPadMode::kSymmetric, {{3}, {3, 3}});
}

TEST(Pad, MirroredElementsOfEveryType) {
  const Padding p{{2, 3}, {1, 0, 2, 2}};
  for (const DataType type : kFixedTypes) {
    for (const auto mode :
         {MirrorPadMode::kReflect, MirrorPadMode::kSymmetric}) {
      const std::vector<int> places = MirroredPlaces(mode, p);
      KernelCase k = PadCase<float>(Op::kMirrorPad, p);
      k.options = MirrorPadOptions{.mode = mode};
      k.inputs[0] = Labelled(type, p.shape);
      ExpectPicked(k, k.inputs[0], {places.begin(), places.end()},
                   PaddedShape(p));
    }
  }
}

TEST(Pad, RefusesWhatDoesNotGoTogether) {
  ExpectRefused(PadCase<float>(Op::kPad, {{2}, {-1, 0}}), "", "negative");
  KernelCase unsigned_paddings =
      PadCase<float, uint8_t>(Op::kPad, {{2}, {1, 0}});
  ExpectRefused(unsigned_paddings, "", "");
  KernelCase k = PadCase<float>(Op::kPadV2, {{2}, {1, 0}});
  k.inputs.push_back(KernelTensor::Of<int32_t>({}, {1}));
  ExpectRefused(k, "prepare", "one of the input's type");
  k.inputs.back() = KernelTensor::Of<float>({0}, {});
  ExpectRefused(k, "prepare", "one of the input's type");
  KernelCase mirror = PadCase<float>(Op::kMirrorPad, {{2}, {2, 0}});
  mirror.options = MirrorPadOptions{.mode = MirrorPadMode::kReflect};
  ExpectRefused(mirror, "", "larger than");
}

}  // namespace liteforge::pad_test
