// SPDX-License-Identifier: Apache-2.0
// SEGMENT_SUM and UNSORTED_SEGMENT_*: each output folded from the data whose
// id it is.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::segment_test {

// num_segments < 0: SEGMENT_SUM, which has no such input.
template <class T>
KernelCase SegmentCase(Op op, const Shape& shape, const std::vector<T>& data,
                       const Shape& of_ids, const std::vector<int32_t>& ids,
                       int32_t segments = -1) {
  KernelCase k{op};
  k.inputs = {KernelTensor::Of<T>(shape, data),
              KernelTensor::Of<int32_t>(of_ids, ids)};
  if (segments >= 0)
    k.inputs.push_back(KernelTensor::Of<int32_t>({}, {segments}));
  return k;
}

template <class T>
struct Folding {
  Op op;
  T start;
  std::function<T(T, T)> fold;
};

template <class T>
std::vector<Folding<T>> Foldings() {
  using Limits = std::numeric_limits<T>;
  return {{Op::kUnsortedSegmentSum, 0, [](T a, T b) { return a + b; }},
          {Op::kUnsortedSegmentProd, 1, [](T a, T b) { return a * b; }},
          {Op::kUnsortedSegmentMax, Limits::lowest(),
           [](T a, T b) { return a > b ? a : b; }},
          {Op::kUnsortedSegmentMin, Limits::max(),
           [](T a, T b) { return a < b ? a : b; }}};
}

template <class T>
void ExpectFolded(const Folding<T>& folding, const Shape& shape,
                  const Shape& of_ids, const std::vector<int32_t>& ids,
                  int32_t segments, bool sorted = false) {
  std::vector<T> data;
  for (const float x : RandomEighths(shape, 1))
    data.push_back(static_cast<T>(std::is_integral_v<T> ? 8 * x : x));
  Shape output{segments};
  for (int axis = of_ids.rank(); axis < shape.rank(); ++axis)
    output.Append(shape[axis]);
  std::vector<T> expected(static_cast<size_t>(output.elements()),
                          folding.start);
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const auto at = CoordinatesOf(shape, i);
    const Coordinates row(at.begin(), at.begin() + of_ids.rank());
    const int32_t id = ids[static_cast<size_t>(PlaceOf(of_ids, row))];
    if (id < 0) continue;
    Coordinates to = {id};
    to.insert(to.end(), at.begin() + of_ids.rank(), at.end());
    T& value = expected[static_cast<size_t>(PlaceOf(output, to))];
    value = folding.fold(value, data[static_cast<size_t>(i)]);
  }
  const KernelCase k =
      SegmentCase(folding.op, shape, data, of_ids, ids, sorted ? -1 : segments);
  ExpectValues(k, expected, output);
  ExpectValues(WithConstants(k), expected, output);
}

template <class T>
void ExpectSegments() {
  const Folding<T> sum{Op::kSegmentSum, 0, [](T a, T b) { return a + b; }};
  ExpectFolded<T>(sum, {4}, {4}, {0, 0, 1, 2}, 3, true);
  ExpectFolded<T>(sum, {4, 3}, {4}, {0, 1, 1, 1}, 2, true);
  ExpectFolded<T>(sum, {3, 2, 2}, {3}, {0, 0, 0}, 1, true);
  ExpectFolded<T>(sum, {0, 2}, {0}, {}, 0, true);
  for (const Folding<T>& folding : Foldings<T>()) {
    ExpectFolded<T>(folding, {4}, {4}, {2, 0, 2, 1}, 3);
    ExpectFolded<T>(folding, {5, 3}, {5}, {3, -1, 3, 0, -5}, 5);
    ExpectFolded<T>(folding, {2, 3}, {2, 3}, {0, 1, 2, 2, 1, 0}, 3);
    ExpectFolded<T>(folding, {2, 3, 2}, {2, 3}, {1, 1, 4, 0, 1, -1}, 5);
    ExpectFolded<T>(folding, {0, 2}, {0}, {}, 2);
    ExpectFolded<T>(folding, {2, 2}, {2}, {-1, -1}, 0);
  }
}

TEST(Segment, FloatsAndIntegers) {
  ExpectSegments<float>();
  ExpectSegments<int32_t>();
}

TEST(Segment, IntegersWrap) {
  constexpr auto kMost = std::numeric_limits<int32_t>::max();
  ExpectValues<int32_t>(SegmentCase<int32_t>(Op::kUnsortedSegmentSum, {2},
                                             {kMost, 2}, {2}, {0, 0}, 1),
                        {-kMost});
  ExpectValues<int32_t>(
      SegmentCase<int32_t>(Op::kUnsortedSegmentProd, {2}, {1 << 20, 1 << 15},
                           {2}, {0, 0}, 1),
      {0});
}

TEST(Segment, RefusesIdsThatDoNotFit) {
  const auto sorted = [](const std::vector<int32_t>& ids) {
    const auto count = static_cast<int32_t>(ids.size());
    return SegmentCase<float>(Op::kSegmentSum, {count},
                              std::vector<float>(ids.size()), {count}, ids);
  };
  for (const auto& ids :
       std::vector<std::vector<int32_t>>{{1, 2}, {0, 2}, {0, 1, 0}, {-1, 0}}) {
    ExpectRefused(sorted(ids), "", "rise from 0");
    ExpectRefused(WithConstants(sorted(ids)), "infer", "rise from 0");
  }
  const auto unsorted = [](const std::vector<int32_t>& ids) {
    return SegmentCase<float>(Op::kUnsortedSegmentSum, {2}, {1, 2}, {2}, ids,
                              2);
  };
  ExpectRefused(unsorted({0, 2}), "", "is not below num_segments");
  ExpectRefused(SegmentCase<float>(Op::kUnsortedSegmentMax, {2}, {1, 2}, {3},
                                   {0, 0, 0}, 1),
                "infer", "the rows of data and segment ids");
  ExpectRefused(SegmentCase<float>(Op::kUnsortedSegmentMax, {2}, {1, 2}, {2, 1},
                                   {0, 0}, 1),
                "infer", "more dimensions");
  ExpectRefused(
      SegmentCase<int64_t>(Op::kUnsortedSegmentMin, {1}, {1}, {1}, {0}, 1),
      "prepare", "int64 is not supported");
  KernelCase k = unsorted({0, 1});
  k.inputs[1] = KernelTensor::Of<int64_t>({2}, {0, 1});
  ExpectRefused(k, "prepare", "must be int32");
}

}  // namespace liteforge::segment_test
