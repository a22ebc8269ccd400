// SPDX-License-Identifier: Apache-2.0
// HASHTABLE_LOOKUP: output[i, …] = values[at, …] where keys[at] == lookup[i],
// keys sorted, all i32; zero (an empty string) where there is no such key.
// hits[i] (u8) says whether there is. Values of every type.
// Source: tflite/kernels/hashtable_lookup.cc.
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "kernels/move_elements.h"
#include "kernels/string_tensor.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != DataType::kInt32 ||
      k.Input(1).type != DataType::kInt32) {
    return InvalidModel("lookup and keys must be int32");
  }
  if (k.output_count() != 2) return InvalidModel("it must have two outputs");
  if (k.Input(2).type == DataType::kString && k.Input(2).shape.rank() != 1) {
    return InvalidModel("values that are strings must have one dimension");
  }
  return CheckWhole(k.Input(2));
}

// The row of the key that lookup[i] asks for; -1 when there is none.
int64_t Find(KernelContext& k, int64_t i) {
  const auto* keys = k.Input(1).Data<int32_t>();
  const int32_t wanted = k.Input(0).Data<int32_t>()[i];
  const auto* end = keys + k.Input(1).elements();
  const auto* found = std::lower_bound(keys, end, wanted);
  return found != end && *found == wanted ? found - keys : -1;
}

void LookUpStrings(KernelContext& k) {
  try {
    const int32_t count = StringCount(k.Input(2));
    std::vector<std::string_view> strings;
    for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
      const int64_t row = Find(k, i);
      strings.push_back(row >= 0 && row < count
                            ? StringAt(k.Input(2), static_cast<int32_t>(row))
                            : std::string_view());
    }
    SetStrings(k, k.Output(0), strings);
  } catch (const std::bad_alloc&) {
    k.FailEval("not enough memory for its strings");
  }
}

void LookUpRows(KernelContext& k) {
  const Shape& values = k.Input(2).shape;
  auto bytes = static_cast<int64_t>(ElementBytes(k.Input(2)));
  for (int axis = 1; axis < values.rank(); ++axis) bytes *= values[axis];
  if (bytes == 0) return;
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    std::byte* to = k.Output(0).data + i * bytes;
    const int64_t row = Find(k, i);
    if (row < 0) {
      std::memset(to, 0, static_cast<size_t>(bytes));
    } else {
      std::memcpy(to, k.Input(2).data + row * bytes,
                  static_cast<size_t>(bytes));
    }
  }
}

void Eval(KernelContext& k) noexcept {
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    k.Output(1).MutableData<uint8_t>()[i] = Find(k, i) < 0 ? 0 : 1;
  }
  const bool strings = k.Input(2).type == DataType::kString;
  strings ? LookUpStrings(k) : LookUpRows(k);
}

}  // namespace

extern const Kernel kHashtableLookup{Op::kHashtableLookup, kEveryWholeType, Prepare,
                                     Eval};

}  // namespace liteforge
