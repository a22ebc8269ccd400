// SPDX-License-Identifier: Apache-2.0
// STRIDED_SLICE against Python's slices, index by index, under every mask.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kernels/index_testing.h"

namespace liteforge::strided_slice_test {

struct Slice {
  Shape input;
  std::vector<int64_t> begin, end, strides;
  StridedSliceOptions options = {};
};

bool Has(int32_t mask, size_t i) { return mask >> i & 1; }

KernelCase SliceCase(const Slice& s, DataType type = DataType::kInt32,
                     DataType index = DataType::kInt32) {
  KernelCase k{Op::kStridedSlice, s.options};
  k.inputs = {Labelled(type, s.input), IntegersOf(index, s.begin),
              IntegersOf(index, s.end), IntegersOf(index, s.strides)};
  return k;
}

// What range(size)[begin:end:stride] holds; begin and end may be open.
std::vector<int64_t> Indices(int64_t size, int64_t begin, bool open_begin,
                             int64_t end, bool open_end, int64_t stride) {
  const auto from_the_back = [&](int64_t at) {
    return at < 0 ? at + size : at;
  };
  const bool up = stride > 0;
  begin = from_the_back(begin);
  end = from_the_back(end);
  // Past either end counts as just past it.
  if (open_begin || (up ? begin < 0 : begin >= size)) begin = up ? 0 : size - 1;
  std::vector<int64_t> indices;
  for (int64_t i = begin; i >= 0 && i < size; i += stride) {
    if (!open_end && (up ? i >= end : i <= end)) break;
    indices.push_back(i);
  }
  return indices;
}

struct Taken {
  Shape shape;
  std::vector<std::vector<int64_t>> indices;  // for each axis of the input
  std::vector<int> axis_of;  // for each axis of the output; -1: a new one
};

Taken Take(const Slice& s) {
  const StridedSliceOptions& o = s.options;
  int named = 0;
  for (size_t i = 0; i < s.begin.size(); ++i)
    named += !Has(o.ellipsis_mask, i) && !Has(o.new_axis_mask, i);
  Taken taken;
  const auto keep = [&](std::vector<int64_t> indices) {
    taken.shape.Append(static_cast<int32_t>(indices.size()));
    taken.axis_of.push_back(static_cast<int>(taken.indices.size()));
    taken.indices.push_back(std::move(indices));
  };
  const auto size = [&] {
    return s.input[static_cast<int>(taken.indices.size())];
  };
  for (size_t i = 0; i < s.begin.size(); ++i) {
    if (Has(o.ellipsis_mask, i)) {
      for (int n = named; n < s.input.rank(); ++n)
        keep(Indices(size(), 0, true, 0, true, 1));
    } else if (Has(o.new_axis_mask, i)) {
      taken.shape.Append(1);
      taken.axis_of.push_back(-1);
    } else if (Has(o.shrink_axis_mask, i)) {
      const int64_t at = Has(o.begin_mask, i) ? 0 : s.begin[i];
      taken.indices.push_back({at < 0 ? at + size() : at});
    } else {
      keep(Indices(size(), s.begin[i], Has(o.begin_mask, i), s.end[i],
                   Has(o.end_mask, i), s.strides[i]));
    }
  }
  while (static_cast<int>(taken.indices.size()) < s.input.rank())
    keep(Indices(size(), 0, true, 0, true, 1));
  return taken;
}

void ExpectTaken(const Slice& s, const KernelCase& k) {
  const Taken taken = Take(s);
  const auto places =
      PlacesFrom(s.input, taken.shape, [&](const Coordinates& at) {
        Coordinates from;
        for (const auto& indices : taken.indices)
          from.push_back(indices.empty() ? 0 : indices[0]);
        for (size_t axis = 0; axis < at.size(); ++axis) {
          if (taken.axis_of[axis] < 0) continue;
          const auto source = static_cast<size_t>(taken.axis_of[axis]);
          from[source] = taken.indices[source][static_cast<size_t>(at[axis])];
        }
        return from;
      });
  ExpectPicked(k, k.inputs[0], places, taken.shape);
}

TEST(StridedSlice, EveryRangeOfAVector) {
  for (int64_t begin = -6; begin <= 6; ++begin) {
    for (int64_t end = -6; end <= 6; ++end) {
      for (const int64_t stride : {1, 2, 5, -1, -2, -5}) {
        const Slice s{{4}, {begin}, {end}, {stride}};
        ExpectTaken(s, SliceCase(s));
        ExpectTaken(s, WithConstants(SliceCase(s)));
      }
    }
  }
}

TEST(StridedSlice, OpenEnds) {
  for (const int32_t begin_mask : {0, 1}) {
    for (const int32_t end_mask : {0, 1}) {
      for (const int64_t stride : {1, 3, -1, -2}) {
        Slice s{{5}, {2}, {3}, {stride}};
        s.options.begin_mask = begin_mask;
        s.options.end_mask = end_mask;
        ExpectTaken(s, SliceCase(s));
      }
    }
  }
}

// Entries in any mixture. Indices that drop their axis must exist, and TFLite
// takes them only with a positive stride.
Slice RandomSlice(std::mt19937& random) {
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  Slice s;
  s.input = Shape();
  const int rank = draw(1, 5);
  while (s.input.rank() < rank) s.input.Append(draw(1, 4));
  StridedSliceOptions& o = s.options;
  int axis = 0;
  bool ellipsis = false;
  for (int i = 0; i < 6; ++i) {
    const int32_t bit = 1 << i;
    const int kind = draw(0, 9);
    int64_t begin = draw(-5, 5);
    int64_t stride = draw(0, 1) != 0 ? draw(1, 3) : -draw(1, 3);
    if (kind == 0 && !ellipsis) {
      ellipsis = true;
      o.ellipsis_mask |= bit;
    } else if (kind <= 2) {
      o.new_axis_mask |= bit;
    } else if (axis == rank) {
      continue;
    } else {
      // With an ellipsis the axis is another one: an index of all of them.
      if (kind <= 4) {
        o.shrink_axis_mask |= bit;
        begin = draw(-1, 0);
        stride = draw(1, 2);
      }
      if (draw(0, 2) == 0) o.begin_mask |= bit;
      if (draw(0, 2) == 0) o.end_mask |= bit;
      ++axis;
    }
    if (static_cast<int>(s.begin.size()) != i) break;
    s.begin.push_back(begin);
    s.end.push_back(draw(-5, 5));
    s.strides.push_back(stride);
  }
  const auto entries = static_cast<int32_t>((1 << s.begin.size()) - 1);
  for (int32_t* mask : {&o.begin_mask, &o.end_mask, &o.ellipsis_mask,
                        &o.new_axis_mask, &o.shrink_axis_mask})
    *mask &= entries;
  return s;
}

TEST(StridedSlice, MasksInAnyMixture) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const Slice s = RandomSlice(random);
    SCOPED_TRACE(i);
    ExpectTaken(s, SliceCase(s));
    if (i % 4 == 0) ExpectTaken(s, WithConstants(SliceCase(s)));
  }
}

TEST(StridedSlice, EveryType) {
  Slice s{{2, 3, 4}, {1, 2, 3}, {2, -4, 0}, {1, -1, -2}};
  for (const DataType type : kMovedTypes) {
    for (const DataType index : kIndexTypes)
      ExpectTaken(s, SliceCase(s, type, index));
  }
  s.options.shrink_axis_mask = 1;
  ExpectTaken(s, SliceCase(s, DataType::kString));
  ExpectTaken(s, SliceCase(s, DataType::kInt8, DataType::kInt16));
}

TEST(StridedSlice, NothingToTake) {
  for (const Slice& s :
       {Slice{{0}, {0}, {3}, {1}}, Slice{{3}, {2}, {1}, {1}},
        Slice{{0, 3}, {0, 1}, {5, 2}, {1, 1}}, Slice{{}, {}, {}, {}}})
    ExpectTaken(s, SliceCase(s));
}

// With `offset` the end counts from where the slice begins.
TEST(StridedSlice, EndsCountedFromTheBegin) {
  for (int64_t begin = -5; begin < 5; ++begin) {
    for (int64_t count = 0; count <= 3; ++count) {
      const int64_t first = begin < 0 ? begin + 5 : begin;
      if (first + count > 5) continue;
      Slice s{{5}, {begin}, {count}, {1}};
      s.options.offset = true;
      const Slice same{{5}, {first}, {first + count}, {1}};
      ExpectTaken(same, SliceCase(s));
      ExpectTaken(same, WithConstants(SliceCase(s)));
    }
  }
}

// More axes are named than there are: TFLite's ellipsis stands for one, and
// entries without an axis are ignored.
TEST(StridedSlice, EllipsisAmongTooManyEntries) {
  Slice s{{2, 3}, {1, 0, 0, 0}, {2, 0, 1, 1}, {1, 1, 1, 1}};
  s.options.ellipsis_mask = 2;
  const Slice same{{2, 3}, {1}, {2}, {1}};
  ExpectTaken(same, SliceCase(s));
}

TEST(StridedSlice, RefusesWhatHasNoMeaning) {
  ExpectRefused(SliceCase({{3}, {0}, {1}, {0}}), "", "a stride is 0");
  ExpectRefused(SliceCase({{3}, {0, 0}, {1, 1}, {1, 1}}), "",
                "more axes are sliced than input [3] has");
  ExpectRefused(SliceCase({{3}, {0, 0}, {1}, {1}}), "", "differ in length");
  Slice s{{3}, {3}, {4}, {1}};
  s.options.shrink_axis_mask = 1;
  ExpectRefused(SliceCase(s), "eval", "an index lies outside the input");
  ExpectRefused(WithConstants(SliceCase(s)), "", "index 3 is out of range");
  s.begin = {-4};
  ExpectRefused(WithConstants(SliceCase(s)), "", "index -4 is out of range");
  KernelCase k = SliceCase({{3}, {0}, {1}, {1}});
  k.inputs[1] = KernelTensor::Of<float>({1}, {0});
  ExpectRefused(k, "", "");
}

}  // namespace liteforge::strided_slice_test
