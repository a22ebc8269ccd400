// SPDX-License-Identifier: Apache-2.0
// GATHER: output[b…, p…, i…, q…] = params[b…, p…, indices[b…, i…], q…]
// with b the batch_dims axes, p those before `axis`, q those after it.
// GATHER_ND: output[i…, q…] = params[indices[i…, :], q…].
//   indices: i16 | i32 | i64
// An index out of range stops the invocation.
// Source: TFLite schema GatherOptions, GatherNdOptions.
#include <cstring>
#include <new>
#include <vector>

#include "kernels/move_elements.h"
#include "kernels/packed_elements.h"

namespace liteforge {
namespace {

int64_t Product(const Shape& shape, int begin, int end) {
  int64_t product = 1;
  for (int axis = begin; axis < end; ++axis) product *= shape[axis];
  return product;
}

Result<void> Prepare(KernelContext& k) {
  const DataType type = k.Input(1).type;
  if (!IsIndexType(type) && type != DataType::kInt16) {
    return InvalidModel("indices must be int16, int32 or int64, not " +
                        std::string(Name(type)));
  }
  return CheckMovable(k.Input(0));
}

// Calls move(to, from) for each run of `run` elements that belongs together.
// Returns whether every index was in range.
template <class Move>
bool WalkGather(KernelContext& k, int64_t& run, Move move) {
  const Shape& params = k.Input(0).shape;
  const Shape& indices = k.Input(1).shape;
  const auto& options = k.options<GatherOptions>();
  const int batch_dims = options.batch_dims < 0
                             ? options.batch_dims + indices.rank()
                             : options.batch_dims;
  const int axis =
      options.axis < 0 ? options.axis + params.rank() : options.axis;
  const int64_t batches = Product(params, 0, batch_dims);
  const int64_t outer = Product(params, batch_dims, axis);
  const int64_t size = params[axis];
  const int64_t per_batch = Product(indices, batch_dims, indices.rank());
  run = Product(params, axis + 1, params.rank());
  int64_t to = 0;
  for (int64_t b = 0; b < batches; ++b) {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < per_batch; ++i, to += run) {
        const int64_t index = IntegerAt(k.Input(1), b * per_batch + i);
        if (index < 0 || index >= size) return false;
        move(to, ((b * outer + o) * size + index) * run);
      }
    }
  }
  return true;
}

template <class Move>
bool WalkGatherNd(KernelContext& k, int64_t& run, Move move) {
  const Shape& params = k.Input(0).shape;
  const Shape& indices = k.Input(1).shape;
  const int depth = indices[indices.rank() - 1];
  const int64_t points = Product(indices, 0, indices.rank() - 1);
  const auto strides = RowMajorStrides(params);
  run = Product(params, depth, params.rank());
  for (int64_t point = 0; point < points; ++point) {
    int64_t from = 0;
    for (int axis = 0; axis < depth; ++axis) {
      const int64_t index = IntegerAt(k.Input(1), point * depth + axis);
      if (index < 0 || index >= params[axis]) return false;
      from += index * strides[static_cast<size_t>(axis)];
    }
    move(point * run, from);
  }
  return true;
}

template <class Move>
bool Walk(KernelContext& k, int64_t& run, Move move) {
  return k.op() == Op::kGather ? WalkGather(k, run, move)
                               : WalkGatherNd(k, run, move);
}

bool GatherStrings(KernelContext& k) {
  try {
    std::vector<int32_t> places(static_cast<size_t>(k.Output(0).elements()));
    int64_t run = 0;
    const bool in_range = Walk(k, run, [&](int64_t to, int64_t from) {
      for (int64_t i = 0; i < run; ++i) {
        places[static_cast<size_t>(to + i)] = static_cast<int32_t>(from + i);
      }
    });
    if (in_range) MoveStrings(k, k.Input(0), places, k.Output(0));
    return in_range;
  } catch (const std::bad_alloc&) {
    k.FailEval("not enough memory for its strings");
    return true;
  }
}

bool GatherFixed(KernelContext& k) {
  const auto bytes = static_cast<int64_t>(ElementBytes(k.Input(0)));
  const std::byte* params = k.Input(0).data;
  std::byte* output = k.Output(0).data;
  int64_t run = 0;
  if (IsPacked(k.Input(0).type)) {
    return Walk(k, run, [&](int64_t to, int64_t from) {
      StridedBox box;
      box.AddAxis(static_cast<int32_t>(run), 1, 1);
      MoveBox(k, box, k.Input(0), from, k.Output(0), to);
    });
  }
  return Walk(k, run, [&](int64_t to, int64_t from) {
    if (run == 0) return;
    std::memcpy(output + to * bytes, params + from * bytes,
                static_cast<size_t>(run * bytes));
  });
}

void Eval(KernelContext& k) noexcept {
  const bool in_range =
      k.Input(0).type == DataType::kString ? GatherStrings(k) : GatherFixed(k);
  if (!in_range) k.FailEval("an index is out of range");
}

}  // namespace

extern const Kernel kGather{Op::kGather, kEveryType, Prepare, Eval};
extern const Kernel kGatherNd{Op::kGatherNd, kEveryType, Prepare, Eval};

}  // namespace liteforge
