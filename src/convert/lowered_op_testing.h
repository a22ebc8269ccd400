// SPDX-License-Identifier: Apache-2.0
// For tests of lowered operations, one row each: an operation with random
// attributes and inputs, and what it gives by its formula, computed here in
// double. The row is converted and run.
//
//   {"Elu", [](OpCase& c) {
//      const NdArray x = c.Input(c.AnyShape(), -3, 3);
//      c.Expect(Map(x, [](double v) { return v > 0 ? v : std::expm1(v); }));
//    }},
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "lower/test_function.h"

namespace liteforge {

using Position = std::vector<int>;

struct NdArray {
  Shape shape;
  std::vector<double> v;

  int rank() const { return shape.rank(); }
  int dim(int axis) const { return shape[axis < 0 ? axis + rank() : axis]; }
  size_t size() const { return v.size(); }
  size_t Offset(const Position& at) const {
    size_t offset = 0;
    for (int axis = 0; axis < rank(); ++axis)
      offset = offset * static_cast<size_t>(shape[axis]) +
               static_cast<size_t>(at[static_cast<size_t>(axis)]);
    return offset;
  }
  double& operator()(const Position& at) { return v[Offset(at)]; }
  double operator()(const Position& at) const { return v[Offset(at)]; }
};

inline size_t Count(const Shape& shape) {
  return static_cast<size_t>(shape.elements());
}
inline NdArray Filled(const Shape& shape, double value) {
  return {shape, std::vector<double>(Count(shape), value)};
}
inline Shape ToShape(const Position& dims) {
  Shape shape;
  for (const int dim : dims) shape.Append(dim);
  return shape;
}
inline Position Dims(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

// Calls `f` with every index of the shape, the last axis fastest.
inline void ForEachPosition(const Shape& shape,
                            const std::function<void(const Position&)>& f) {
  Position at(static_cast<size_t>(shape.rank()));
  for (size_t i = 0; i < Count(shape); ++i) {
    size_t rest = i;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const auto dim = static_cast<size_t>(shape[axis]);
      at[static_cast<size_t>(axis)] = static_cast<int>(rest % dim);
      rest /= dim;
    }
    f(at);
  }
}

// An array computed element by element.
inline NdArray Made(const Shape& shape,
                    const std::function<double(const Position&)>& f) {
  NdArray y = Filled(shape, 0);
  ForEachPosition(shape, [&](const Position& at) { y(at) = f(at); });
  return y;
}

inline NdArray Map(NdArray x, const std::function<double(double)>& f) {
  std::ranges::transform(x.v, x.v.begin(), f);
  return x;
}

// The element of `x` that stands at `at` of a shape it is broadcast to.
inline double Spread(const NdArray& x, const Position& at) {
  Position own;
  const size_t skipped = at.size() - static_cast<size_t>(x.rank());
  for (int axis = 0; axis < x.rank(); ++axis) {
    const int i = at[skipped + static_cast<size_t>(axis)];
    own.push_back(x.dim(axis) == 1 ? 0 : i);
  }
  return x(own);
}

inline Shape BroadcastShape(const Shape& a, const Shape& b) {
  Position dims;
  for (int i = 1; i <= std::max(a.rank(), b.rank()); ++i) {
    const int left = i <= a.rank() ? a[a.rank() - i] : 1;
    const int right = i <= b.rank() ? b[b.rank() - i] : 1;
    dims.insert(dims.begin(), left == 1 ? right : left);
  }
  return ToShape(dims);
}

inline NdArray Combined(const NdArray& a, const NdArray& b,
                        const std::function<double(double, double)>& f) {
  return Made(BroadcastShape(a.shape, b.shape), [&](const Position& at) {
    return f(Spread(a, at), Spread(b, at));
  });
}

class OpCase {
 public:
  explicit OpCase(uint32_t seed) : random_(seed) {}

  //------------------------------------------------------------- randomness
  int Int(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }
  double Real(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  bool Coin() { return Int(0, 1) == 1; }
  template <class T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Int(0, static_cast<int>(choices.size()) - 1));
  }
  Shape AnyShape(int low_rank = 1, int high_rank = 4, int most = 4) {
    Position dims(static_cast<size_t>(Int(low_rank, high_rank)));
    for (int& dim : dims) dim = Int(1, most);
    return ToShape(dims);
  }
  // A shape that broadcasts with this one, to it.
  Shape Narrower(const Shape& shape) {
    Position dims = Dims(shape);
    for (int& dim : dims) {
      if (Int(0, 3) == 0) dim = 1;
    }
    dims.erase(dims.begin(), dims.begin() + Int(0, shape.rank()));
    return ToShape(dims);
  }
  int Axis(const Shape& shape) { return Int(-shape.rank(), shape.rank() - 1); }
  static int Plain(int axis, const Shape& shape) {
    return axis < 0 ? axis + shape.rank() : axis;
  }

  //---------------------------------------------------------------- operands
  // Evenly from [low, high]; whole numbers for types that are.
  NdArray Draw(const Shape& shape, double low, double high,
               DataType type = DataType::kFloat32) {
    NdArray x = Filled(shape, 0);
    for (double& value : x.v) {
      value = Real(low, high);
      value = type == DataType::kFloat32
                  ? static_cast<double>(static_cast<float>(value))
                  : std::floor(value + 0.5);
      if (type == DataType::kBool) value = Coin() ? 1 : 0;
    }
    return x;
  }
  NdArray Input(const Shape& shape, double low, double high,
                DataType type = DataType::kFloat32) {
    return Given(Draw(shape, low, high, type), type);
  }
  // Computed at run time.
  NdArray Given(NdArray x, DataType type = DataType::kFloat32) {
    return Open(x, x.shape, type);
  }
  // Of this shape while converting, which may have unknown dimensions.
  NdArray Open(NdArray x, const Shape& declared,
               DataType type = DataType::kFloat32) {
    const std::string name = "x" + std::to_string(operands_.size());
    operands_.push_back(name);
    f_.Input(name, declared, type);
    inputs_.push_back({x, type, declared != x.shape});
    return x;
  }
  NdArray Constant(NdArray x, DataType type) {
    const std::string name = "c" + std::to_string(operands_.size());
    operands_.push_back(name);
    AddConstant(name, x, type);
    return x;
  }
  NdArray Floats(NdArray x) {
    return Constant(std::move(x), DataType::kFloat32);
  }
  // int32, or int64 by chance.
  void Ints(const Position& values) {
    Constant(
        {{static_cast<int32_t>(values.size())}, {values.begin(), values.end()}},
        Coin() ? DataType::kInt32 : DataType::kInt64);
  }
  void Int32s(const Position& values) {
    Constant(
        {{static_cast<int32_t>(values.size())}, {values.begin(), values.end()}},
        DataType::kInt32);
  }
  void Scalar(double value, DataType type = DataType::kInt32) {
    Constant({Shape(), {value}}, type);
  }
  // A constant or an input, by chance.
  NdArray Either(const NdArray& x, DataType type = DataType::kFloat32) {
    return Coin() ? Given(x, type) : Constant(x, type);
  }

  void Attr(const char* name, TestAttribute value) {
    attributes_.emplace_back(name, std::move(value));
  }
  void Set(const char* name, tf::AttrValue value) {
    protos_.emplace_back(name, std::move(value));
  }

  // What an attribute calls: its inputs and outputs stand in their order.
  void Function(const char* name, TestFunction called) {
    f_.function().functions[name] =
        std::make_shared<ConcreteFunction>(called.function());
    tf::AttrValue value;
    value.mutable_func()->set_name(name);
    Set(name, std::move(value));
  }
  // A function of two scalars that is one operation.
  void Function(const char* name, const char* op, DataType type) {
    TestFunction called;
    called.Input("a", {}, type).Input("b", {}, type);
    called.Node(op, "y", {"a", "b"}).Output("y", "y");
    Function(name, std::move(called));
  }

  //---------------------------------------------------------------- results
  // The tolerance is relative to the larger of 1 and the value.
  void Expect(NdArray y, DataType type = DataType::kFloat32,
              double tolerance = 2e-6) {
    wanted_.push_back({std::move(y), type, tolerance});
  }

  struct Wanted {
    NdArray y;
    DataType type;
    double tolerance;
  };
  struct Fed {
    NdArray x;
    DataType type;
    bool is_open;
  };
  const std::vector<Wanted>& wanted() const { return wanted_; }
  const std::vector<Fed>& inputs() const { return inputs_; }

  // Whose outputs are "0", "1", ….
  ConcreteFunction& FunctionOf(const std::string& op);

 private:
  void AddConstant(const std::string& name, const NdArray& x, DataType type);

  std::mt19937 random_;
  TestFunction f_;
  std::vector<std::string> operands_;
  std::vector<Fed> inputs_;
  TestAttributes attributes_;
  std::vector<std::pair<std::string, tf::AttrValue>> protos_;
  std::vector<Wanted> wanted_;
};

struct OpRow {
  const char* op;
  void (*make)(OpCase& c);
};

// Converts and runs each row with several seeds, which failures name.
void CheckRows(std::span<const OpRow> rows);

// One table per file lowered_<family>_test.cc.
std::span<const OpRow> ArithmeticRows();
std::span<const OpRow> ArrayRows();
std::span<const OpRow> AudioRows();
std::span<const OpRow> BlockRows();
std::span<const OpRow> FusedRows();
std::span<const OpRow> ImageRows();
std::span<const OpRow> IndexRows();
std::span<const OpRow> NetworkRows();
std::span<const OpRow> NumberRows();
std::span<const OpRow> ResamplingRows();
std::span<const OpRow> SliceRows();
std::span<const OpRow> SuppressionRows();
std::span<const OpRow> XlaArrayRows();
std::span<const OpRow> XlaIndexRows();

}  // namespace liteforge
