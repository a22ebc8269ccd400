// SPDX-License-Identifier: Apache-2.0
// REDUCE_WINDOW: each output folds the elements under its window.
// STABLEHLO_REDUCE_WINDOW runs a subgraph and is tested in runtime/.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::reduce_window_test {

using Numbers = std::vector<int64_t>;
using Function = ReduceWindowFunction;

struct Window {
  Shape input;
  Numbers size, stride, dilation;
};
const Window kWindows[] = {
    {{5}, {1}, {1}, {1}},
    {{7}, {3}, {2}, {1}},
    {{7}, {2}, {1}, {3}},
    {{2}, {3}, {1}, {1}},
    {{4, 5}, {2, 3}, {1, 1}, {1, 1}},
    {{5, 6}, {2, 2}, {2, 3}, {2, 1}},
    {{2, 5, 4, 3}, {1, 2, 2, 1}, {1, 2, 1, 1}, {1, 1, 2, 1}},
    {{0, 3}, {1, 2}, {1, 1}, {1, 1}},
    {{}, {}, {}, {}}};

template <class Stored>
KernelCase WindowCase(Function function, DataType type, const Window& w,
                      const std::vector<Stored>& values, Stored init) {
  KernelCase k{Op::kReduceWindow,
               ReduceWindowOptions{.reduce_function = function}};
  k.inputs = {KernelTensor::OfType(type, w.input, values),
              KernelTensor::OfType<Stored>(type, {}, {init}),
              IntegersOf(DataType::kInt64, w.size),
              IntegersOf(DataType::kInt64, w.stride),
              IntegersOf(DataType::kInt64, w.dilation)};
  return k;
}

template <class Stored>
void ExpectFolded(Function function, DataType type, Stored init,
                  const std::function<Stored(Stored, Stored)>& fold) {
  for (const Window& w : kWindows) {
    std::vector<Stored> values;
    for (const int x : RandomIntegers<int>(w.input, -9, 9, 1))
      values.push_back(type == DataType::kBool
                           ? static_cast<Stored>(x > 2 ? 1 : 0)
                           : static_cast<Stored>(x));
    Shape output = w.input, window;
    for (int a = 0; a < w.input.rank(); ++a) {
      const auto at = static_cast<size_t>(a);
      const int64_t reach = (w.size[at] - 1) * w.dilation[at] + 1;
      int32_t count = 0;
      for (int64_t first = 0; first + reach <= w.input[a];
           first += w.stride[at])
        ++count;
      output.set_dim(a, count);
      window.Append(static_cast<int32_t>(w.size[at]));
    }
    std::vector<Stored> expected;
    for (int64_t i = 0; i < output.elements(); ++i) {
      const auto at = CoordinatesOf(output, i);
      Stored folded = init;
      for (int64_t j = 0; j < window.elements(); ++j) {
        Coordinates from = CoordinatesOf(window, j);
        for (size_t a = 0; a < from.size(); ++a)
          from[a] = at[a] * w.stride[a] + from[a] * w.dilation[a];
        folded =
            fold(folded, values[static_cast<size_t>(PlaceOf(w.input, from))]);
      }
      expected.push_back(folded);
    }
    const KernelCase k = WindowCase(function, type, w, values, init);
    ExpectValues(k, expected, output);
    ExpectValues(WithConstants(k), expected, output);
  }
}

// Integers wrap; booleans are 0 and 1.
template <class T>
void ExpectNumbers(DataType type) {
  using Wide = std::conditional_t<std::is_integral_v<T>, int64_t, T>;
  ExpectFolded<T>(Function::kAdd, type, T{3}, [](T a, T b) {
    return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
  });
  ExpectFolded<T>(Function::kMul, type, T{2}, [](T a, T b) {
    return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
  });
  ExpectFolded<T>(Function::kMinimum, type, T{4},
                  [](T a, T b) { return std::min(a, b); });
  ExpectFolded<T>(Function::kMaximum, type, T{4},
                  [](T a, T b) { return std::max(a, b); });
}

TEST(ReduceWindow, NumbersOfEveryType) {
  ExpectNumbers<float>(DataType::kFloat32);
  ExpectNumbers<double>(DataType::kFloat64);
  ExpectNumbers<int8_t>(DataType::kInt8);
  ExpectNumbers<int16_t>(DataType::kInt16);
  ExpectNumbers<int32_t>(DataType::kInt32);
  ExpectNumbers<int64_t>(DataType::kInt64);
  ExpectNumbers<uint8_t>(DataType::kUInt8);
}

TEST(ReduceWindow, Bools) {
  const DataType type = DataType::kBool;
  ExpectFolded<uint8_t>(Function::kAll, type, 1, [](uint8_t a, uint8_t b) {
    return static_cast<uint8_t>(a & b);
  });
  ExpectFolded<uint8_t>(Function::kAny, type, 0, [](uint8_t a, uint8_t b) {
    return static_cast<uint8_t>(a | b);
  });
}

TEST(ReduceWindow, RefusesWhatDoesNotFit) {
  const auto refused = [](Function function, const Window& w,
                          const std::string& message) {
    const std::vector<float> values(static_cast<size_t>(w.input.elements()));
    ExpectRefused(WindowCase<float>(function, DataType::kFloat32, w, values, 0),
                  "", message);
  };
  refused(Function::kUnsupported, {{2}, {1}, {1}, {1}}, "reduce_function");
  refused(Function::kAdd, {{2}, {0}, {1}, {1}}, "window dimensions holds 0");
  refused(Function::kAdd, {{2}, {1}, {0}, {1}}, "window strides holds 0");
  refused(Function::kAdd, {{2}, {1}, {1}, {-1}}, "window dilations holds -1");
  refused(Function::kAdd, {{2}, {1, 1}, {1}, {1}}, "must have 1 values");
  KernelCase k = WindowCase<float>(Function::kAdd, DataType::kFloat32,
                                   {{2}, {1}, {1}, {1}}, {1, 2}, 0);
  k.inputs[1] = KernelTensor::Of<int32_t>({}, {0});
  ExpectRefused(k, "prepare", "input's type");
  k = WindowCase<float>(Function::kAdd, DataType::kFloat32,
                        {{2}, {1}, {1}, {1}}, {1, 2}, 0);
  k.inputs[2] = KernelTensor::Of<int32_t>({1}, {1});
  ExpectRefused(k, "prepare", "must be int64");
  ExpectRefused(WindowCase<uint16_t>(Function::kAdd, DataType::kUInt16,
                                     {{1}, {1}, {1}, {1}}, {1}, 0),
                "prepare", "uint16 is not supported");
}

}  // namespace liteforge::reduce_window_test
