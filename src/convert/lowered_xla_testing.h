// SPDX-License-Identifier: Apache-2.0
// For tests of XLA's operations.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "convert/lowered_op_testing.h"
#include "formats/tensorflow/xla.pb.h"

namespace liteforge {

// Sets the attribute that says which dimensions mean what.
template <class Message>
void SetDimensions(OpCase& c, const Message& dims) {
  tf::AttrValue value;
  value.set_s(dims.SerializeAsString());
  c.Set("dimension_numbers", std::move(value));
}

inline void AddAll(google::protobuf::RepeatedField<int64_t>& field,
                   const Position& axes) {
  for (const int axis : axes) field.Add(axis);
}

inline bool Has(const Position& axes, int axis) {
  return std::ranges::find(axes, axis) != axes.end();
}

// 0 … count - 1 in any order.
inline Position Shuffled(OpCase& c, int count) {
  Position axes(static_cast<size_t>(count));
  std::iota(axes.begin(), axes.end(), 0);
  for (int i = count - 1; i > 0; --i)
    std::swap(axes[static_cast<size_t>(i)],
              axes[static_cast<size_t>(c.Int(0, i))]);
  return axes;
}

// x with dimension i at place order[i].
inline NdArray Placed(const NdArray& x, const Position& order) {
  Position dims(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    dims[static_cast<size_t>(order[i])] = x.dim(static_cast<int>(i));
  return Made(ToShape(dims), [&](const Position& at) {
    Position own;
    for (const int place : order) own.push_back(at[static_cast<size_t>(place)]);
    return x(own);
  });
}

}  // namespace liteforge
