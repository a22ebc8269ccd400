// SPDX-License-Identifier: Apache-2.0
// SEGMENT_SUM and UNSORTED_SEGMENT_*: rows of data joined by their ids.
//   data [.., rest], ids: a prefix of data's shape -> [segments, rest]
// Source: tflite/kernels/segment_sum.cc, unsorted_segment.cc.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// [segments, data's axes behind those of the ids]
Result<Shape> SegmentedShape(const Shape& data, const Shape& ids,
                             int32_t segments) {
  if (!data.has_rank() || !ids.has_rank()) return Shape::UnknownRank();
  if (ids.rank() > data.rank()) {
    return InvalidModel("segment ids " + ids.ToString() +
                        " have more dimensions than data " + data.ToString());
  }
  for (int axis = 0; axis < ids.rank(); ++axis) {
    TRY(NeedEqual(data[axis], ids[axis], "the rows of data and segment ids"));
  }
  if (data.rank() - ids.rank() + 1 > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  Shape output{segments};
  for (int axis = ids.rank(); axis < data.rank(); ++axis) {
    output.Append(data[axis]);
  }
  return output;
}

// Ids must be sorted and leave none out: the last one counts the segments.
Result<void> SegmentSum(InferContext& c) {
  TRY(NeedRankAtLeast(c, 0, 1, "data"));
  TRY(NeedRank(c, 1, 1, "segment ids"));
  std::vector<int64_t> ids;
  int32_t segments = Shape::kUnknownDim;
  if (c.GetIntegers(1, ids)) {
    int64_t last = -1;
    for (const int64_t id : ids) {
      if (id < 0 || (id != last && id != last + 1)) {
        return InvalidModel("segment ids must rise from 0 in steps of 0 or 1");
      }
      last = id;
    }
    segments = static_cast<int32_t>(last + 1);
  }
  TRY_ASSIGN(const Shape shape,
             SegmentedShape(c.input(0).shape, c.input(1).shape, segments));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

// Negative ids are left out of the sum.
Result<void> UnsortedSegment(InferContext& c) {
  TRY(NeedInputs(c, 3));
  std::vector<int64_t> count, ids;
  int32_t segments = Shape::kUnknownDim;
  if (c.GetIntegers(2, count)) {
    if (count.size() != 1)
      return InvalidModel("num_segments must be one value");
    TRY_ASSIGN(segments, ToDim(count[0], "num_segments"));
    c.GetIntegers(1, ids);
    const auto largest = std::max_element(ids.begin(), ids.end());
    if (largest != ids.end() && *largest >= segments) {
      return InvalidModel("segment id " + std::to_string(*largest) +
                          " is not below num_segments " +
                          std::to_string(segments));
    }
  }
  TRY_ASSIGN(const Shape shape,
             SegmentedShape(c.input(0).shape, c.input(1).shape, segments));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

}  // namespace

std::span<const InferRule> SegmentRules() {
  static constexpr InferRule kRules[] = {
      {Op::kSegmentSum, SegmentSum},
      {Op::kUnsortedSegmentMax, UnsortedSegment},
      {Op::kUnsortedSegmentMin, UnsortedSegment},
      {Op::kUnsortedSegmentProd, UnsortedSegment},
      {Op::kUnsortedSegmentSum, UnsortedSegment},
  };
  return kRules;
}

}  // namespace liteforge
