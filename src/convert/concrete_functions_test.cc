// SPDX-License-Identifier: Apache-2.0
// Functions written in C++, converted and run; expected values are computed by
// hand or by plain C++ here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "convert/compile.h"
#include "convert/self_check.h"
#include "emit/emit.h"
#include "function/trace.h"
#include "liteforge/function.h"
#include "liteforge/interpreter.h"

namespace liteforge::concrete_functions_test {

using enum DataType;
using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Floats = std::vector<float>;

// What becomes of the functions.
class Model {
 public:
  explicit Model(std::initializer_list<Function> functions) {
    auto model =
        FunctionsOfModel(std::span(functions.begin(), functions.end()));
    if (model) {
      Load(*model);
    } else {
      error_ = model.error().ToString();
    }
  }

  const std::string& error() const { return error_; }
  Interpreter& interpreter() { return *interpreter_; }
  size_t bytes() const { return bytes_; }

  // One output of the signature, for inputs by name.
  Floats Run(const std::string& signature,
             const std::map<std::string, Floats>& inputs,
             const std::string& output = "output_0",
             const std::map<std::string, Shape>& shapes = {}) {
    EXPECT_EQ(error_, "");
    if (!interpreter_) return {};
    auto runner = interpreter_->Signature(signature);
    EXPECT_TRUE(runner) << runner.error().ToString();
    if (!runner) return {};
    for (const auto& [name, shape] : shapes)
      EXPECT_TRUE(runner->ResizeInput(name, shape));
    // Allocating anew would forget what variables hold.
    if (allocated_.insert(signature).second || !shapes.empty()) {
      EXPECT_TRUE(runner->AllocateTensors());
    }
    for (const auto& [name, values] : inputs) {
      const auto set = runner->SetInput(name, std::span<const float>(values));
      EXPECT_TRUE(set) << set.error().ToString();
    }
    const auto done = runner->Invoke();
    EXPECT_TRUE(done) << done.error().ToString();
    return runner->Values<float>(output);
  }

 private:
  void Load(const std::vector<ConcreteFunction>& functions) {
    SelfCheck check;
    auto module = CompileModule(functions, false, [&](ir::Module& lowered) {
      check.RunSource(lowered);
    });
    if (!module) {
      error_ = module.error().ToString();
      return;
    }
    const auto bytes = Emit(**module);
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    const auto report = check.Compare(*bytes, true);
    ASSERT_TRUE(report) << report.error().ToString();
    EXPECT_EQ(report->skipped, "");
    bytes_ = bytes->size();
    auto interpreter = Interpreter::FromBuffer(*bytes);
    ASSERT_TRUE(interpreter) << interpreter.error().ToString();
    interpreter_ = std::make_unique<Interpreter>(*std::move(interpreter));
  }

  std::string error_;
  std::unique_ptr<Interpreter> interpreter_;
  std::set<std::string> allocated_;
  size_t bytes_ = 0;
};

TEST(Trace, ASquare) {
  const auto squared = Trace("squared", {TensorSpec{kFloat32, {}}},
                             [](Tensor x) { return Square(x); });
  EXPECT_EQ(squared.name(), "squared");
  EXPECT_EQ(squared.inputs()[0].name, "args_0");
  EXPECT_EQ(squared.outputs()[0].name, "output_0");
  Model model({squared});
  EXPECT_THAT(model.Run("squared", {{"args_0", {3}}}), ElementsAre(9));
}

TEST(Trace, OperatorsAndNumbers) {
  Model model({Trace("f", {{kFloat32, {4}, "x"}, {kFloat32, {4}, "y"}},
                     [](Tensor x, Tensor y) {
                       return Outputs{{"sum", 1 + x + y * 2},
                                      {"rest", -(x - y) / 4.0f % 3},
                                      {"less", Cast(x < y, kFloat32)},
                                      {"most", Cast(x >= 2, kFloat32)}};
                     })});
  const std::map<std::string, Floats> in = {{"x", {1, 2, 3, -4}},
                                            {"y", {2, 2, 1, 0.5f}}};
  EXPECT_THAT(model.Run("f", in, "sum"), ElementsAre(6, 7, 6, -2));
  EXPECT_THAT(model.Run("f", in, "rest"), ElementsAre(0.25f, 0, 2.5f, 1.125f));
  EXPECT_THAT(model.Run("f", in, "less"), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(model.Run("f", in, "most"), ElementsAre(0, 1, 1, 0));
}

TEST(Trace, UnknownDimensionsStayUnknown) {
  const auto f = Trace("f", {{kFloat32, {-1, 3}, "x"}},
                       [](Tensor x) { return Sum(x * x, {1}); });
  EXPECT_TRUE(f.outputs()[0].shape == Shape{-1});
  Model model({f});
  EXPECT_THAT(
      model.Run("f", {{"x", {1, 2, 3, 4, 5, 6}}}, "output_0", {{"x", {2, 3}}}),
      ElementsAre(14, 77));
}

TEST(Trace, VectorsOfTensorsInAndOut) {
  Model model({Trace("f", {{kFloat32, {2}, "a"}, {kFloat32, {2}, "b"}},
                     [](const std::vector<Tensor>& t) {
                       return std::vector<Tensor>{t[1], t[0] + t[1]};
                     })});
  const std::map<std::string, Floats> in = {{"a", {1, 2}}, {"b", {3, 4}}};
  EXPECT_THAT(model.Run("f", in, "output_0"), ElementsAre(3, 4));
  EXPECT_THAT(model.Run("f", in, "output_1"), ElementsAre(4, 6));
}

//------------------------------------------------------------------ variables

TEST(Trace, AVariableThatNobodyAssignsIsAConstantSharedByAll) {
  Floats weights(40 * 40);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(i % 7);
  const Variable w("weights", ArrayOf(weights, {40, 40}));
  const auto product = Trace("product", {{kFloat32, {1, 40}, "x"}},
                             [&](Tensor x) { return MatMul(x, w); });
  const auto clipped = Trace("clipped", {{kFloat32, {1, 40}, "x"}},
                             [&](Tensor x) { return Relu(MatMul(x, w) - 1); });
  Model one({product});
  Model both({product, clipped});
  const Floats ones(40, 1);
  const Floats y = both.Run("product", {{"x", ones}});
  ASSERT_EQ(y.size(), 40u);
  float wanted = 0;
  for (size_t r = 0; r < 40; ++r) wanted += weights[r * 40 + 3];
  EXPECT_FLOAT_EQ(y[3], wanted);
  EXPECT_FLOAT_EQ(both.Run("clipped", {{"x", ones}})[3], wanted - 1);
  EXPECT_LT(both.bytes(), one.bytes() + weights.size());
}

TEST(Trace, AnAssignedVariableKeepsItsValueBetweenCallsAndSignatures) {
  const Variable total("total", ArrayOf(Floats{10, 20}, {2}));
  const auto add = Trace("add", {{kFloat32, {2}, "x"}}, [&](Tensor x) {
    const Tensor before = total.Read();
    total.AssignAdd(x);
    return Outputs{{"before", before}, {"after", total.Read()}};
  });
  const auto get = Trace("get", {}, [&] { return total.Read() * 1; });
  Model model({add, get});
  EXPECT_THAT(model.Run("add", {{"x", {1, 2}}}, "after"), ElementsAre(11, 22));
  EXPECT_THAT(model.Run("get", {}), ElementsAre(11, 22));
  EXPECT_THAT(model.Run("add", {{"x", {1, 1}}}, "before"), ElementsAre(11, 22));
  EXPECT_THAT(model.Run("get", {}), ElementsAre(12, 23));
}

//--------------------------------------------------------------- control flow

TEST(Trace, ALoopReadsWhatIsAroundIt) {
  // x^n by n products.
  Model model({Trace("power", {{kFloat32, {2}, "x"}, {kFloat32, {}, "n"}},
                     [](Tensor x, Tensor n) {
                       const Tensor count = Cast(n, kInt32);
                       const auto end = While(
                           {Constant(0), OnesLike(x)},
                           [&](Tensor i, Tensor) { return i < count; },
                           [&](Tensor i, Tensor y) {
                             return std::tuple(i + 1, y * x);
                           });
                       return end[1];
                     })});
  EXPECT_THAT(model.Run("power", {{"x", {2, 3}}, {"n", {4}}}),
              ElementsAre(16, 81));
  EXPECT_THAT(model.Run("power", {{"x", {2, 3}}, {"n", {0}}}),
              ElementsAre(1, 1));
}

TEST(Trace, ALoopWithinALoopReadsThroughBoth) {
  // The sum over i < 3 and j <= i of x j + 2.
  Model model({Trace("f", {{kFloat32, {}, "x"}}, [](Tensor x) {
    const Tensor two = Constant(2.0f);
    return While(
        {Constant(0), ZerosLike(x)}, [](Tensor i, Tensor) { return i < 3; },
        [&](Tensor i, Tensor sum) {
          const auto row = While(
              {Constant(0), sum}, [&](Tensor j, Tensor) { return j <= i; },
              [&](Tensor j, Tensor s) {
                return std::tuple(j + 1, s + x * Cast(j, kFloat32) + two);
              });
          return std::tuple(i + 1, row[1]);
        })[1];
  })});
  EXPECT_THAT(model.Run("f", {{"x", {5}}}), ElementsAre(32));
}

TEST(Trace, ALoopWhoseValuesGrow) {
  Model model({Trace("grow", {{kFloat32, {1}, "x"}}, [](Tensor x) {
    const auto end = While(
        {Constant(0), x}, [](Tensor i, Tensor) { return i < 3; },
        [](Tensor i, Tensor y) {
          return std::tuple(i + 1, Concat({y, y + 1}, 0));
        });
    return end[1];
  })});
  EXPECT_THAT(model.Run("grow", {{"x", {5}}}),
              ElementsAre(5, 6, 6, 7, 6, 7, 7, 8));
}

TEST(Trace, BranchesReadWhatIsAroundThem) {
  Model model({Trace("f", {{kFloat32, {3}, "x"}}, [](Tensor x) {
    const Tensor sum = Sum(x, {0});
    return If(
        sum > 0, [&] { return x * sum; }, [&] { return Abs(x); });
  })});
  EXPECT_THAT(model.Run("f", {{"x", {1, 2, -1}}}), ElementsAre(2, 4, -2));
  EXPECT_THAT(model.Run("f", {{"x", {1, -2, -1}}}), ElementsAre(1, 2, 1));
}

TEST(Trace, ABranchWithinALoopAssigns) {
  // Counts in a variable how often the sum of the first i numbers is even.
  const Variable evens("evens", ArrayOf(Floats{0}, {}));
  const auto count = Trace("count", {{kFloat32, {}, "n"}}, [&](Tensor n) {
    const auto end = While(
        {Constant(1.0f), Constant(0.0f)},
        [&](Tensor i, Tensor) { return i <= n; },
        [&](Tensor i, Tensor sum) {
          const Tensor next = sum + i;
          If(
              Less(next % 2, Constant(0.5f)),
              [&] {
                evens.AssignAdd(Constant(1.0f));
                return next;
              },
              [&] { return next; });
          return std::tuple(i + 1, next);
        });
    return Outputs{{"sum", end[1]}, {"evens", evens.Read()}};
  });
  Model model({count});
  // 1 3 6 10 15 21 28
  EXPECT_THAT(model.Run("count", {{"n", {7}}}, "evens"), ElementsAre(3));
  EXPECT_THAT(model.Run("count", {{"n", {4}}}, "sum"), ElementsAre(10));
  EXPECT_THAT(model.Run("count", {{"n", {0}}}, "evens"),
              ElementsAre(5 + 2 - 2));
}

//------------------------------------------------------------------ operations

// Functions of x = {1, 2, …, 12} as [3, 4].
void ExpectOf(const TensorFunction& function, const Floats& wanted) {
  Model model({Trace("f", {{kFloat32, {3, 4}, "x"}}, function)});
  Floats x(12);
  for (size_t i = 0; i < 12; ++i) x[i] = static_cast<float>(i + 1);
  EXPECT_THAT(model.Run("f", {{"x", x}}), Pointwise(FloatNear(1e-5f), wanted));
}

TEST(TracedOperations, Einsum) {
  ExpectOf(
      [](Tensor x) {
        return Einsum("ij,kj->ik", {x, x});
      },
      {30, 70, 110, 70, 174, 278, 110, 278, 446});
  ExpectOf([](Tensor x) { return Einsum("ij->ji", {x}); },
           {1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12});
}

TEST(TracedOperations, SlicesAndPlaces) {
  ExpectOf([](Tensor x) { return Slice(x, {1, 0}, {1, -1}); }, {5, 6, 7, 8});
  ExpectOf([](Tensor x) { return Unpack(x, 0)[2]; }, {9, 10, 11, 12});
  ExpectOf([](Tensor x) { return OneHot(ArgMax(x, 1, kInt32), 4); },
           {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1});
  ExpectOf(
      [](Tensor x) {
        return BroadcastTo(Sum(x, {0, 1}), {2, 2});
      },
      {78, 78, 78, 78});
  ExpectOf(
      [](Tensor x) {
        return ScatterNd(Constant(std::vector<int32_t>{2, 0, 1}, {3, 1}),
                         Sum(x, {1}), {4});
      },
      {26, 42, 10, 0});
  ExpectOf(
      [](Tensor x) {
        return MirrorPad(x, {{0, 0}, {1, 0}}, Mirror::kReflect);
      },
      {2, 1, 2, 3, 4, 6, 5, 6, 7, 8, 10, 9, 10, 11, 12});
  ExpectOf(
      [](Tensor x) {
        return DepthToSpace(Reshape(x, {1, 1, 3, 4}), 2);
      },
      {1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12});
  ExpectOf(
      [](Tensor x) {
        return Reshape(x, Pack({Constant(4), Constant(3)}, 0));
      },
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST(TracedOperations, Activations) {
  const auto each = [](float (*f)(float)) {
    Floats values;
    for (int i = 1; i <= 12; ++i) values.push_back(f(static_cast<float>(i)));
    return values;
  };
  ExpectOf([](Tensor x) { return Silu(x); },
           each([](float x) { return x / (1 + std::exp(-x)); }));
  ExpectOf([](Tensor x) { return Gelu(x - 6); }, each([](float x) {
             return (x - 6) / 2 * (1 + std::erf((x - 6) / std::sqrt(2.0f)));
           }));
  ExpectOf([](Tensor x) { return Clip(x, 2.5f, 9); },
           each([](float x) { return std::fmin(std::fmax(x, 2.5f), 9.0f); }));
  ExpectOf([](Tensor x) { return Reciprocal(x); },
           each([](float x) { return 1 / x; }));
  ExpectOf([](Tensor x) { return Sum(Softmax(x, 0), {0}); }, {1, 1, 1, 1});
}

TEST(TracedOperations, ATransposedConvolutionOfUnknownSize) {
  // Every pixel becomes a 2x2 block of itself times {1, 2; 3, 4}.
  Model model({Trace("up", {{kFloat32, {1, -1, -1, 1}, "x"}}, [](Tensor x) {
    return Conv2DTranspose(
        x, Constant(std::vector<float>{1, 2, 3, 4}, {2, 2, 1, 1}),
        {{2, 2}, {}, "SAME"});
  })});
  EXPECT_THAT(
      model.Run("up", {{"x", {1, 10}}}, "output_0", {{"x", {1, 1, 2, 1}}}),
      ElementsAre(1, 2, 10, 20, 3, 4, 30, 40));
}

//---------------------------------------------------------------------- errors

TEST(Trace, MistakesAreReportedWithTheOperation) {
  const auto f = Trace("f", {{kFloat32, {2, 3}, "x"}, {kFloat32, {2, 3}, "y"}},
                       [](Tensor x, Tensor y) { return MatMul(x, y) + 1; });
  ASSERT_FALSE(f.status());
  EXPECT_THAT(Model({f}).error(),
              AllOf(HasSubstr("function 'f'"), HasSubstr("MatMul"),
                    HasSubstr("[2,3]")));
  EXPECT_THAT(Model({Trace("g", {{kFloat32, {-1, 3}}, {kFloat32, {-1, 4}}},
                           [](Tensor a, Tensor b) { return a + b; })})
                  .error(),
              HasSubstr("AddV2: shapes [?,3] and [?,4]"));
  EXPECT_THAT(Model({Trace("h", {{kFloat32, {2}}},
                           [](Tensor a, Tensor b) { return a + b; })})
                  .error(),
              HasSubstr("takes 2 tensors and is given 1"));
  EXPECT_THAT(Model({Trace("i", {{kInt32, {2}}},
                           [](Tensor a) { return a + Constant(1.5f); })})
                  .error(),
              HasSubstr("int32 and float32"));
}

TEST(Trace, ALoopsTensorsStayInIt) {
  Tensor smuggled;
  const auto f = Trace("f", {{kFloat32, {}, "x"}}, [&](Tensor x) {
    const auto end = While(
        {x}, [](Tensor v) { return v < 5; },
        [&](Tensor v) {
          smuggled = v * 2;
          return v + 1;
        });
    return end[0] + smuggled;
  });
  ASSERT_FALSE(f.status());
  EXPECT_THAT(f.status().error().ToString(), HasSubstr("leaves it as its"));
}

TEST(Trace, LoopsAndBranchesThatDoNotFit) {
  const auto error = [](const TensorFunction& function) {
    const auto f = Trace("f", {{kFloat32, {}, "x"}}, function);
    return f.status() ? "" : f.status().error().ToString();
  };
  EXPECT_THAT(error([](Tensor x) {
                return While(
                    {x, x}, [](Tensor a, Tensor) { return a < 1; },
                    [](Tensor a, Tensor) { return a; });
              }),
              HasSubstr("the loop has 2 values, its body gives 1"));
  EXPECT_THAT(error([](Tensor x) {
                return While(
                    {x}, [](Tensor a) { return a; },
                    [](Tensor a) { return a; });
              }),
              HasSubstr("one boolean scalar"));
  EXPECT_THAT(error([](Tensor x) {
                return While(
                    {x}, [](Tensor a) { return a < 1; },
                    [](Tensor a) { return Cast(a, kInt32); });
              }),
              HasSubstr("begins as float32 and becomes int32"));
  EXPECT_THAT(error([](Tensor x) {
                return If(
                    x > 0, [&] { return x; }, [&] { return Cast(x, kInt32); });
              }),
              HasSubstr("float32 in one branch and int32 in the other"));
}

TEST(Trace, NamesAreDistinct) {
  const Variable a("v", ArrayOf(Floats{1}, {})), b("v", ArrayOf(Floats{2}, {}));
  const auto f = Trace("f", {}, [&] { return a.Read() + 1; });
  const auto g = Trace("g", {}, [&] { return b.Read() + 1; });
  EXPECT_THAT(Model({f, g}).error(), HasSubstr("two variables are named 'v'"));
  const auto h = Trace("h", {}, [&] { return a.Read() + b; });
  EXPECT_THAT(Model({h}).error(), HasSubstr("two variables are named 'v'"));
  const auto x = Trace("x", {{kFloat32, {}}}, [](Tensor t) { return t * 2; });
  EXPECT_THAT(Model({x, x}).error(), HasSubstr("two functions are named 'x'"));
}

TEST(Trace, OutsideOfAFunctionNothingIsBuilt) {
  const Variable v("v", ArrayOf(Floats{1}, {}));
  EXPECT_TRUE(v.Read().empty());
  EXPECT_TRUE(Constant(1.0f).empty());
  v.Assign(Tensor());
}

}  // namespace liteforge::concrete_functions_test
