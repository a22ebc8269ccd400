// SPDX-License-Identifier: Apache-2.0
// StableHLO's operators that run a subgraph (scatter, reduce_window, case) by
// the steps of the specification.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"
#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::stablehlo_test {

using testing::ElementsAre;
using testing::HasSubstr;

using Axes = std::vector<int64_t>;

constexpr DataType kI32 = DataType::kInt32;

Interpreter Open(const TestModel& model) {
  auto interpreter = Interpreter::FromBuffer(model.Pack());
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  return *std::move(interpreter);
}

template <class T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "no error" : result.error().ToString();
}

template <class T>
void Set(Interpreter& interpreter, int index, const std::vector<T>& values) {
  const auto done = interpreter.SetTensor(index, std::span<const T>(values));
  ASSERT_TRUE(done) << done.error().ToString();
}

std::vector<int32_t> DimsOf(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

// f(a, b) as subgraph 1: one operator, or the second input itself.
template <class T>
struct Body {
  std::function<T(T, T)> f;
  std::function<void(TestModel&)> add;
};

template <class T>
Body<T> Named(Op op, std::function<T(T, T)> f) {
  return {std::move(f), [op](TestModel& model) {
            model.Subgraph();
            model.Tensor("a", TypeOf<T>(), {});
            model.Tensor("b", TypeOf<T>(), {});
            model.Tensor("c", TypeOf<T>(), {});
            model.Node(op, {}, {0, 1}, {2});
            model.Border({0, 1}, {2});
          }};
}

template <class T>
Body<T> Second() {
  return {[](T, T b) { return b; },
          [](TestModel& model) {
            model.Subgraph();
            model.Tensor("a", TypeOf<T>(), {});
            model.Tensor("b", TypeOf<T>(), {});
            model.Border({0, 1}, {1});
          }};
}

template <class T>
std::vector<Body<T>> Bodies() {
  return {
      Named<T>(Op::kStablehloAdd,
               [](T a, T b) { return static_cast<T>(a + b); }),
      Named<T>(Op::kStablehloMaximum, [](T a, T b) { return a > b ? a : b; }),
      Named<T>(Op::kStablehloMinimum, [](T a, T b) { return a < b ? a : b; }),
      Second<T>()};
}

//------------------------------------------------------------------ scatter

struct Scatter {
  Shape operand, indices, updates;
  Axes windows, inserted, to_operand;
  int64_t vector_dim;
};

TestModel ScatterModel(const Scatter& s, DataType type, DataType index) {
  StablehloScatterOptions o;
  o.update_window_dims = s.windows;
  o.inserted_window_dims = s.inserted;
  o.scatter_dims_to_operand_dims = s.to_operand;
  o.index_vector_dim = s.vector_dim;
  o.update_computation_subgraph_index = 1;
  TestModel model;
  model.Tensor("operand", type, DimsOf(s.operand));
  model.Tensor("indices", index, DimsOf(s.indices));
  model.Tensor("updates", type, DimsOf(s.updates));
  model.Tensor("output", type, DimsOf(s.operand));
  model.Node(Op::kStablehloScatter, o, {0, 1, 2}, {3});
  model.Border({0, 1, 2}, {3});
  return model;
}

bool Contains(const Axes& axes, size_t axis) {
  return std::ranges::count(axes, static_cast<int64_t>(axis)) > 0;
}

// Where update `i` goes; -1 when that is outside.
int64_t TargetOf(const Scatter& s, const Axes& indices, int64_t i) {
  const auto at = CoordinatesOf(s.updates, i);
  Coordinates batch, window;
  for (size_t a = 0; a < at.size(); ++a)
    (Contains(s.windows, a) ? window : batch).push_back(at[a]);
  Coordinates to(static_cast<size_t>(s.operand.rank()));
  for (size_t k = 0; k < s.to_operand.size(); ++k) {
    Coordinates where = batch;
    if (s.vector_dim < s.indices.rank())
      where.insert(where.begin() + s.vector_dim, static_cast<int64_t>(k));
    to[static_cast<size_t>(s.to_operand[k])] =
        indices[static_cast<size_t>(PlaceOf(s.indices, where))];
  }
  size_t next = 0;
  for (size_t axis = 0; axis < to.size(); ++axis) {
    if (!Contains(s.inserted, axis)) to[axis] += window[next++];
  }
  return PlaceOf(s.operand, to);
}

const Scatter kScatters[] = {
    // Rows of a matrix; the vectors' axis there and left out.
    {{5, 3}, {4, 1}, {4, 3}, {1}, {0}, {0}, 1},
    {{5, 3}, {4}, {4, 3}, {1}, {0}, {0}, 1},
    // Single elements, and the index vectors the other way.
    {{5, 3}, {4, 2}, {4}, {}, {0, 1}, {0, 1}, 1},
    {{5, 3}, {4, 2}, {4}, {}, {0, 1}, {1, 0}, 1},
    {{5, 3}, {2, 4}, {4}, {}, {0, 1}, {0, 1}, 0},
    // Windows in front of and behind the batches; they may reach outside.
    {{5, 4, 3}, {2, 3, 2}, {2, 2, 3, 3}, {0, 3}, {1}, {0, 1}, 2},
    {{5, 4, 3}, {2, 2}, {2, 3, 4, 2}, {1, 2, 3}, {}, {0, 2}, 1},
    {{5, 4}, {2}, {2, 3}, {0, 1}, {}, {0, 1}, 0},
    // Nothing to put.
    {{5, 3}, {0, 1}, {0, 3}, {1}, {0}, {0}, 1},
    {{5, 3}, {4, 1}, {0, 3, 4}, {0, 1}, {}, {0}, 1},
};

template <class T>
void ExpectScattered(const Scatter& s, const Body<T>& body, DataType index) {
  TestModel model = ScatterModel(s, TypeOf<T>(), index);
  body.add(model);
  Interpreter interpreter = Open(model);
  const auto allocated = interpreter.AllocateTensors();
  ASSERT_TRUE(allocated) << allocated.error().ToString();
  const auto operand = RandomIntegers<T>(s.operand, -9, 9, 1);
  const auto indices = RandomIntegers<int64_t>(s.indices, -2, 5, 2);
  const auto updates = RandomIntegers<T>(s.updates, -9, 9, 3);
  std::vector<T> expected = operand;
  for (int64_t i = 0; i < s.updates.elements(); ++i) {
    const int64_t place = TargetOf(s, indices, i);
    if (place < 0) continue;
    T& value = expected[static_cast<size_t>(place)];
    value = body.f(value, updates[static_cast<size_t>(i)]);
  }
  Set<T>(interpreter, 0, operand);
  if (index == kI32) {
    Set<int32_t>(interpreter, 1, {indices.begin(), indices.end()});
  } else {
    Set<int64_t>(interpreter, 1, indices);
  }
  Set<T>(interpreter, 2, updates);
  for (int again = 0; again < 2; ++again) {
    const auto done = interpreter.Invoke();
    ASSERT_TRUE(done) << done.error().ToString();
    EXPECT_THAT(interpreter.Tensor<T>(3), testing::ElementsAreArray(expected));
  }
}

template <class T>
void ExpectScatteredEverywhere() {
  for (const Scatter& s : kScatters) {
    SCOPED_TRACE(&s - kScatters);
    for (const Body<T>& body : Bodies<T>()) {
      ExpectScattered<T>(s, body, kI32);
      ExpectScattered<T>(s, body, DataType::kInt64);
    }
  }
}

TEST(StablehloScatter, CombinesUpdatesOfEveryType) {
  ExpectScatteredEverywhere<float>();
  ExpectScatteredEverywhere<int8_t>();
  ExpectScatteredEverywhere<int32_t>();
  ExpectScatteredEverywhere<int64_t>();
}

// The error of allocating.
std::string Refusal(const TestModel& model) {
  auto interpreter = Interpreter::FromBuffer(model.Pack());
  return interpreter ? ErrorOf(interpreter->AllocateTensors())
                     : ErrorOf(interpreter);
}

std::string ScatterRefusal(const Scatter& s) {
  TestModel model = ScatterModel(s, DataType::kFloat32, kI32);
  Second<float>().add(model);
  return Refusal(model);
}

TEST(StablehloScatter, RefusesWhatDoesNotFit) {
  Scatter s = kScatters[0];
  s.updates = {3, 3};
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("do not fit the indices"));
  s = kScatters[0];
  s.updates = {4, 3, 1};
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("do not fit operand"));
  s = kScatters[0];
  s.to_operand = {0, 1};
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("1 numbers for 2 axes"));
  s = kScatters[0];
  s.vector_dim = 3;
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("index_vector_dim"));
  s = kScatters[0];
  s.windows = {2};
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("update_window_dims"));
  s = kScatters[0];
  s.inserted = {1, 0};
  EXPECT_THAT(ScatterRefusal(s), HasSubstr("inserted_window_dims"));
}

TEST(StablehloScatter, RefusesABodyOfAnotherForm) {
  TestModel model = ScatterModel(kScatters[0], DataType::kFloat32, kI32);
  Second<int32_t>().add(model);
  EXPECT_THAT(Refusal(model), HasSubstr("must take two values of float32"));
  model = ScatterModel(kScatters[0], DataType::kFloat32, kI32);
  Second<float>().add(model);
  model.Border({0}, {0});
  EXPECT_THAT(Refusal(model), HasSubstr("two inputs and one output"));
}

//------------------------------------------------------------ reduce_window

struct Window {
  Shape input;
  Axes size, stride, base, dilation, padding;
};

const Window kWindows[] = {
    {{5}, {2}, {}, {}, {}, {}},
    {{7}, {3}, {2}, {1}, {1}, {0, 0}},
    {{7}, {2}, {1}, {1}, {3}, {2, 1}},
    {{4}, {3}, {2}, {2}, {1}, {1, 2}},
    {{4}, {2}, {1}, {3}, {2}, {-1, 1}},
    {{4, 5}, {2, 3}, {1, 2}, {1, 1}, {1, 1}, {0, 1, 2, 0}},
    {{3, 4}, {3, 2}, {2, 1}, {2, 1}, {1, 2}, {1, 1, 0, 2}},
    {{2, 3, 4}, {1, 2, 2}, {}, {1, 2, 1}, {}, {0, 0, 1, 1, 0, 1}},
    {{2}, {5}, {}, {}, {}, {}},
};

template <class T>
void ExpectReduced(const Window& w, const Body<T>& body, T init) {
  const auto value = [](const Axes& list, size_t at, int64_t absent) {
    return list.empty() ? absent : list[at];
  };
  Shape output = w.input, window;
  for (int axis = 0; axis < w.input.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    const int64_t spread = (w.input[axis] - 1) * value(w.base, a, 1) + 1 +
                           value(w.padding, 2 * a, 0) +
                           value(w.padding, 2 * a + 1, 0);
    const int64_t reach = (w.size[a] - 1) * value(w.dilation, a, 1) + 1;
    int32_t count = 0;
    for (int64_t at = 0; at + reach <= spread; at += value(w.stride, a, 1))
      ++count;
    output.set_dim(axis, count);
    window.Append(static_cast<int32_t>(w.size[a]));
  }
  const auto input = RandomIntegers<T>(w.input, -9, 9, 1);
  std::vector<T> expected;
  for (int64_t i = 0; i < output.elements(); ++i) {
    const auto at = CoordinatesOf(output, i);
    T folded = init;
    for (int64_t j = 0; j < window.elements(); ++j) {
      Coordinates from = CoordinatesOf(window, j);
      for (size_t a = 0; a < from.size(); ++a) {
        const int64_t place = at[a] * value(w.stride, a, 1) +
                              from[a] * value(w.dilation, a, 1) -
                              value(w.padding, 2 * a, 0);
        const int64_t base = value(w.base, a, 1);
        from[a] = place >= 0 && place % base == 0 ? place / base : -1;
      }
      const int64_t place = PlaceOf(w.input, from);
      folded =
          body.f(folded, place < 0 ? init : input[static_cast<size_t>(place)]);
    }
    expected.push_back(folded);
  }
  StablehloReduceWindowOptions o;
  o.window_dimensions = w.size;
  o.window_strides = w.stride;
  o.base_dilations = w.base;
  o.window_dilations = w.dilation;
  o.padding = w.padding;
  o.body_subgraph_index = 1;
  TestModel model;
  model.Tensor("input", TypeOf<T>(), DimsOf(w.input));
  model.Tensor("init", TypeOf<T>(), {});
  model.Tensor("output", TypeOf<T>(), DimsOf(output));
  model.Node(Op::kStablehloReduceWindow, o, {0, 1}, {2});
  model.Border({0, 1}, {2});
  body.add(model);
  Interpreter interpreter = Open(model);
  const auto allocated = interpreter.AllocateTensors();
  ASSERT_TRUE(allocated) << allocated.error().ToString();
  Set<T>(interpreter, 0, input);
  Set<T>(interpreter, 1, {init});
  const auto done = interpreter.Invoke();
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(interpreter.OutputDetails()[0].shape, output);
  EXPECT_THAT(interpreter.Tensor<T>(2), testing::ElementsAreArray(expected));
}

template <class T>
void ExpectReducedEverywhere() {
  for (const Window& w : kWindows) {
    SCOPED_TRACE(&w - kWindows);
    for (const Body<T>& body : Bodies<T>()) ExpectReduced<T>(w, body, T{2});
  }
}

TEST(StablehloReduceWindow, FoldsNumbersOfEveryType) {
  ExpectReducedEverywhere<float>();
  ExpectReducedEverywhere<double>();
  ExpectReducedEverywhere<int8_t>();
  ExpectReducedEverywhere<int16_t>();
  ExpectReducedEverywhere<int32_t>();
  ExpectReducedEverywhere<int64_t>();
}

TEST(StablehloReduceWindow, RefusesWhatDoesNotFit) {
  const auto refusal = [](const Axes& size, const Axes& padding) {
    StablehloReduceWindowOptions o;
    o.window_dimensions = size;
    o.padding = padding;
    o.body_subgraph_index = 1;
    TestModel model;
    model.Tensor("input", kI32, {4});
    model.Tensor("init", kI32, {});
    model.Tensor("output", kI32, {4});
    model.Node(Op::kStablehloReduceWindow, o, {0, 1}, {2});
    model.Border({0, 1}, {2});
    Second<int32_t>().add(model);
    return Refusal(model);
  };
  EXPECT_THAT(refusal({0}, {}), HasSubstr("window dimensions holds 0"));
  EXPECT_THAT(refusal({1, 1}, {}), HasSubstr("must have 1 values"));
  EXPECT_THAT(refusal({1}, {0}), HasSubstr("must have 2 values"));
}

//--------------------------------------------------------------------- case

// y = x + 1, x + 2, x + 3: one branch for each
TestModel Cases(DataType index, int count) {
  StablehloCaseOptions o;
  for (int i = 1; i <= count; ++i) o.branch_subgraph_indices.push_back(i);
  TestModel model;
  model.Tensor("index", index, {});
  model.Tensor("x", kI32, {2}, {-1});
  model.Tensor("y", kI32, {2}, {-1});
  model.Node(Op::kStablehloCase, o, {0, 1}, {2});
  model.Border({0, 1}, {2});
  for (int i = 1; i <= count; ++i) {
    model.Subgraph();
    model.Tensor("a", kI32, {2}, {-1});
    model.Constant<int32_t>("b", kI32, {}, {i});
    model.Tensor("c", kI32, {2}, {-1});
    model.Node(Op::kAdd, {}, {0, 1}, {2});
    model.Border({0}, {2});
  }
  return model;
}

TEST(StablehloCase, TakesTheLastBranchForAnyOtherIndex) {
  Interpreter interpreter = Open(Cases(kI32, 3));
  ASSERT_TRUE(interpreter.ResizeInputTensor(1, Shape({3})));
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<int32_t>(interpreter, 1, {10, 20, 30});
  const std::pair<int32_t, int32_t> rows[] = {
      {0, 1}, {1, 2}, {2, 3}, {3, 3}, {-1, 3}, {1000000, 3}, {0, 1}};
  for (const auto& [index, added] : rows) {
    Set<int32_t>(interpreter, 0, {index});
    const auto done = interpreter.Invoke();
    ASSERT_TRUE(done) << done.error().ToString();
    EXPECT_THAT(interpreter.Tensor<int32_t>(2),
                ElementsAre(10 + added, 20 + added, 30 + added));
  }
}

TEST(StablehloCase, RefusesWhatDoesNotFitItsBranches) {
  EXPECT_THAT(Refusal(Cases(DataType::kInt64, 2)),
              HasSubstr("the branch index must be one int32"));
  EXPECT_THAT(Refusal(Cases(kI32, 0)), HasSubstr("no branches"));
  TestModel model = Cases(kI32, 2);
  model.model().subgraphs[2]->tensors[0]->type = tflite::TensorType::FLOAT32;
  EXPECT_THAT(Refusal(model), HasSubstr("is int32, the subgraph"));
}

}  // namespace liteforge::stablehlo_test
