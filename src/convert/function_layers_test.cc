// SPDX-License-Identifier: Apache-2.0
// Functions called between layers, as Keras 3, TFOpLambda and
// TensorFlowOpLayer store them, against what they compute.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge::function_layers_test {

// Keras 3: a tensor of a call, and an operation on them.
std::string T(const std::string& name) {
  return R"({"class_name":"__keras_tensor__","config":{"shape":[],"dtype":
      "float32","keras_history":[")" +
         name + R"(",0,0]}})";
}

std::string Operation(const std::string& module, const std::string& class_name,
                      const std::string& config, const std::string& args,
                      const std::string& kwargs = "") {
  return R"({"module":"keras.src.ops.)" + module + R"(","class_name":")" +
         class_name + R"(","registered_name":")" + class_name +
         R"(","name":"l","config":{"name":"l")" +
         (config.empty() ? "" : "," + config) +
         R"(},"inbound_nodes":[{"args":[)" + args + R"(],"kwargs":{)" + kwargs +
         "}}]}";
}

// Keras 2: a function by its symbol, first argument `first`.
std::string Lambda(const std::string& function, const std::string& first,
                   const std::string& arguments) {
  return R"({"class_name":"TFOpLambda","name":"l","config":{"name":"l",
      "trainable":true,"dtype":"float32","function":")" +
         function + R"("},"inbound_nodes":[[")" + first + R"(",0,0,{)" +
         arguments + "}]]}";
}

// An operation of TensorFlow as TensorFlow 2.3 stores it.
std::string Raw(const std::string& op, const std::string& inputs,
                const std::string& attributes, const std::string& constants,
                const std::string& taken) {
  std::string node = R"({"name":"l","op":")" + op + R"(","input":[)" + inputs +
                     R"(],"attr":{)" + attributes + "}}";
  std::string quoted;
  for (const char c : node) {
    if (c == '"') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return R"({"class_name":"TensorFlowOpLayer","name":"l","config":{"name":"l",
      "node_def":")" +
         quoted + R"(","constants":{)" + constants +
         R"(}},"inbound_nodes":[[)" + taken + "]]}";
}

class Functions : public testing::Test {
 protected:
  void Expect(int generation, const std::string& layer, const Array& want,
              double tolerance = 1e-5) {
    SCOPED_TRACE(layer);
    ExpectRuns(FunctionalModel(generation,
                               {InputLayer("a", "3,4"), InputLayer("b", "3,4")},
                               {layer, kSum}, "s"),
               {a_, b_}, want, tolerance);
  }
  // The same where every element is a function of a's and b's.
  void ExpectEach(int generation, const std::string& layer,
                  const std::function<double(double, double)>& f) {
    Expect(generation, layer, Filled(a_.dims, [&](const Indices& at) {
             return f(a_[at], b_[at]);
           }));
  }

  // An output that is a slice of an input is a layer's output as well.
  const std::string kSum =
      R"({"class_name":"ReLU","name":"s","config":{"name":"s",
          "negative_slope":1.0},"inbound_nodes":[[["l",0,0,{}]]]})";
  const Array a_ = Draw({2, 3, 4}, 1);
  const Array b_ = Draw({2, 3, 4}, 2);
};

TEST_F(Functions, ElementwiseOfTwo) {
  const auto k3 = [](const char* name) {
    return Operation("numpy", name, "", T("a") + "," + T("b"));
  };
  const auto k2 = [](const char* name) {
    return Lambda(name, "a", R"("y":["b",0,0])");
  };
  const auto raw = [](const char* name) {
    return Raw(name, R"("a","b")", R"("T":{"type":"DT_FLOAT"})", "",
               R"(["a",0,0,{}],["b",0,0,{}])");
  };
  const auto all = [&](const char* three, const char* two, const char* op,
                       double (*f)(double, double)) {
    ExpectEach(3, k3(three), f);
    ExpectEach(2, k2(two), f);
    ExpectEach(2, raw(op), f);
  };
  all("Add", "math.add", "AddV2", [](double x, double y) { return x + y; });
  all("Subtract", "math.subtract", "Sub",
      [](double x, double y) { return x - y; });
  all("Multiply", "math.multiply", "Mul",
      [](double x, double y) { return x * y; });
  all("Maximum", "math.maximum", "Maximum",
      [](double x, double y) { return std::max(x, y); });
  all("Minimum", "math.minimum", "Minimum",
      [](double x, double y) { return std::min(x, y); });
}

TEST_F(Functions, ElementwiseWithConstants) {
  ExpectEach(3, Operation("numpy", "Divide", "", T("a") + ",4"),
             [](double x, double) { return x / 4; });
  ExpectEach(3, Operation("numpy", "Subtract", "", "1.0," + T("a")),
             [](double x, double) { return 1 - x; });
  ExpectEach(2, Lambda("math.multiply", "a", R"("y":0.5,"name":null)"),
             [](double x, double) { return x * 0.5; });
  ExpectEach(2,
             R"({"class_name":"TFOpLambda","name":"l","config":{"name":"l",
                 "function":"math.subtract"},"inbound_nodes":[
                 ["_CONSTANT_VALUE",-1,1.0,{"y":["a",0,0],"name":null}]]})",
             [](double x, double) { return 1 - x; });
  ExpectEach(2,
             Raw("Mul", R"("a","l/y")", "", R"("1":0.25)", R"(["a",0,0,{}])"),
             [](double x, double) { return x / 4; });
  Array spread = a_;
  ForEach(a_.dims, [&](const Indices& at) { spread[at] += at[2]; });
  Expect(2, Lambda("__operators__.add", "a", R"("y":[0.0,1.0,2.0,3.0])"),
         spread);
}

TEST_F(Functions, ElementwiseOfOne) {
  const auto all = [&](const char* three, const char* two,
                       double (*f)(double)) {
    ExpectEach(3, Operation("numpy", three, "", T("a")),
               [&](double x, double) { return f(x); });
    ExpectEach(2, Lambda(two, "a", ""), [&](double x, double) { return f(x); });
  };
  all("Absolute", "math.abs", [](double x) { return std::abs(x); });
  all("Negative", "math.negative", [](double x) { return -x; });
  all("Square", "math.square", [](double x) { return x * x; });
  all("Exp", "math.exp", [](double x) { return std::exp(x); });
  all("Sin", "math.sin", [](double x) { return std::sin(x); });
  all("Tanh", "math.tanh", [](double x) { return std::tanh(x); });
  all("Floor", "math.floor", [](double x) { return std::floor(x); });
  all("Relu", "nn.relu", [](double x) { return std::max(x, 0.0); });
  all("Sigmoid", "math.sigmoid",
      [](double x) { return 1 / (1 + std::exp(-x)); });
  all("Silu", "nn.silu", [](double x) { return x / (1 + std::exp(-x)); });
  ExpectEach(3, Operation("nn", "LeakyRelu", R"("negative_slope":0.1)", T("a")),
             [](double x, double) { return x > 0 ? x : 0.1 * x; });
  ExpectEach(2, Lambda("nn.leaky_relu", "a", R"("alpha":0.3)"),
             [](double x, double) { return x > 0 ? x : 0.3 * x; });
  ExpectEach(3, Operation("nn", "Gelu", R"("approximate":false)", T("a")),
             [](double x, double) {
               return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
             });
  ExpectEach(3,
             Operation("numpy", "Clip", R"("x_min":-0.25,"x_max":0.5)", T("a")),
             [](double x, double) { return std::clamp(x, -0.25, 0.5); });
  ExpectEach(2,
             Lambda("clip_by_value", "a",
                    R"("clip_value_min":-0.25,"clip_value_max":0.5)"),
             [](double x, double) { return std::clamp(x, -0.25, 0.5); });
}

TEST_F(Functions, Comparing) {
  const std::string less = R"({"module":"keras.src.ops.numpy",
      "class_name":"Less","registered_name":"Less","name":"c",
      "config":{"name":"c"},"inbound_nodes":[{"args":[)" +
                           T("a") + "," + T("b") + R"(],"kwargs":{}}]})";
  const std::string where =
      Operation("numpy", "Where", "", T("c") + "," + T("a") + ",0.5");
  ExpectRuns(
      FunctionalModel(3, {InputLayer("a", "3,4"), InputLayer("b", "3,4")},
                      {less, where}, "l"),
      {a_, b_}, Filled(a_.dims, [&](const Indices& at) {
        return a_[at] < b_[at] ? a_[at] : 0.5;
      }));
}

TEST_F(Functions, Reductions) {
  const Array mean = Filled({2, 4}, [&](const Indices& at) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += a_[{at[0], i, at[1]}];
    return sum / 3;
  });
  Expect(3, Operation("numpy", "Mean", R"("axis":1,"keepdims":false)", T("a")),
         mean);
  Expect(2, Lambda("math.reduce_mean", "a", R"("axis":1,"keepdims":false)"),
         mean);
  Expect(2,
         Raw("Mean", R"("a","l/axis")", R"("keep_dims":{"b":false})",
             R"("1":1)", R"(["a",0,0,{}])"),
         mean);
  Expect(2, Lambda("math.reduce_sum", "a", R"("axis":[1,2],"keepdims":true)"),
         Filled({2, 1, 1}, [&](const Indices& at) {
           double sum = 0;
           ForEach({3, 4}, [&](const Indices& p) {
             sum += a_[{at[0], p[0], p[1]}];
           });
           return sum;
         }));
  Expect(3, Operation("numpy", "Max", R"("axis":-1,"keepdims":true)", T("a")),
         Filled({2, 3, 1}, [&](const Indices& at) {
           double largest = -1e30;
           for (int i = 0; i < 4; ++i)
             largest = std::max(largest, a_[{at[0], at[1], i}]);
           return largest;
         }));
  Expect(3, Operation("numpy", "Var", R"("axis":1)", T("a")),
         Filled({2, 4}, [&](const Indices& at) {
           double sum = 0;
           for (int i = 0; i < 3; ++i) {
             const double d = a_[{at[0], i, at[1]}] - mean[at];
             sum += d * d;
           }
           return sum / 3;
         }));
  const auto unit = [&](const Indices& at) {
    double sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += a_[{at[0], at[1], i}] * a_[{at[0], at[1], i}];
    return a_[at] / std::sqrt(sum);
  };
  Expect(2, Lambda("math.l2_normalize", "a", R"("axis":-1)"),
         Filled(a_.dims, unit));
  Expect(3, Operation("nn", "Normalize", R"("axis":-1,"order":2)", T("a")),
         Filled(a_.dims, unit));
}

TEST_F(Functions, ShapesAndOrders) {
  Array flat = a_;
  flat.dims = {2, 12};
  Expect(3, Operation("numpy", "Reshape", R"("newshape":[-1,12])", T("a")),
         flat);
  Expect(2, Lambda("reshape", "a", R"("shape":[-1,12])"), flat);
  Array grown = a_;
  grown.dims = {2, 1, 3, 4};
  Expect(2, Lambda("expand_dims", "a", R"("axis":1)"), grown);
  const Array turned = Permuted(a_, {0, 2, 1});
  Expect(3, Operation("numpy", "Transpose", R"("axes":[0,2,1])", T("a")),
         turned);
  Expect(3, Operation("numpy", "Swapaxes", R"("axis1":1,"axis2":-1)", T("a")),
         turned);
  Expect(2, Lambda("compat.v1.transpose", "a", R"("perm":[0,2,1])"), turned);
}

TEST_F(Functions, ReshapeToAShapeThatIsComputed) {
  // reshape(x, [shape(x)[0], 12])
  const std::string shape =
      R"({"class_name":"TFOpLambda","name":"p","config":{"name":"p",
          "function":"compat.v1.shape"},"inbound_nodes":[["a",0,0,{}]]})";
  const std::string first =
      R"({"class_name":"SlicingOpLambda","name":"q","config":{"name":"q",
          "function":"__operators__.getitem"},
          "inbound_nodes":[["p",0,0,{"slice_spec":0}]]})";
  Array flat = a_;
  flat.dims = {2, 12};
  ExpectRuns(
      FunctionalModel(
          2, {InputLayer("a", "null,4")},
          {shape, first, Lambda("reshape", "a", R"("shape":[["q",0,0],12])"),
           R"({"class_name":"Dense","name":"d","config":
                                 {"name":"d","units":12,"use_bias":false},
                                 "inbound_nodes":[[["l",0,0,{}]]]})"},
          "d",
          {{"d",
            {Weight("kernel", Filled({12, 12},
                                     [](const Indices& at) {
                                       return at[0] == at[1] ? 1.0 : 0.0;
                                     }))}}}),
      {a_}, flat);
}

TEST_F(Functions, JoiningAndParting) {
  const Array joined = Filled({2, 6, 4}, [&](const Indices& at) {
    return at[1] < 3 ? a_[at] : b_[{at[0], at[1] - 3, at[2]}];
  });
  Expect(3,
         Operation("numpy", "Concatenate", R"("axis":1)",
                   "[" + T("a") + "," + T("b") + "]"),
         joined);
  Expect(2,
         R"({"class_name":"TFOpLambda","name":"l","config":{"name":"l",
             "function":"concat"},"inbound_nodes":[[["a",0,0,{"axis":1}],
             ["b",0,0,{"axis":1}]]]})",
         joined);
  Expect(2,
         Raw("ConcatV2", R"("a","b","l/axis")", R"("N":{"i":"2"})", R"("2":1)",
             R"(["a",0,0,{}],["b",0,0,{}])"),
         joined);
  Expect(3,
         Operation("numpy", "Stack", R"("axis":1)",
                   "[" + T("a") + "," + T("b") + "]"),
         Filled({2, 2, 3, 4}, [&](const Indices& at) {
           return (at[1] == 0 ? a_ : b_)[{at[0], at[2], at[3]}];
         }));
  Expect(2, Lambda("split", "a", R"("num_or_size_splits":2,"axis":-1)"),
         Filled({2, 3, 2}, [&](const Indices& at) { return a_[at]; }));
}

TEST_F(Functions, Indexing) {
  const auto slice = [](const char* start, const char* stop, const char* step) {
    return std::string(R"({"start":)") + start + R"(,"stop":)" + stop +
           R"(,"step":)" + step + "}";
  };
  const auto expect = [&](const std::string& items, const Array& want) {
    Expect(2,
           R"({"class_name":"SlicingOpLambda","name":"l","config":{"name":"l",
               "function":"__operators__.getitem"},"inbound_nodes":[["a",0,0,
               {"slice_spec":)" +
               items + "}]]}",
           want);
    std::string three = items;
    for (size_t at = 0;
         (at = three.find(R"({"start")", at)) != std::string::npos;) {
      const size_t end = three.find('}', at);
      const std::string wrapped = R"({"class_name":"__slice__","config":)" +
                                  three.substr(at, end - at + 1) + "}";
      three.replace(at, end - at + 1, wrapped);
      at += wrapped.size();
    }
    Expect(3, Operation("numpy", "GetItem", "", T("a") + "," + three), want);
  };
  const std::string all = slice("null", "null", "null");
  expect("[" + all + "," + slice("1", "null", "null") + "]",
         Filled({2, 2, 4}, [&](const Indices& at) {
           return a_[{at[0], at[1] + 1, at[2]}];
         }));
  expect("[" + all + ",-1]", Filled({2, 4}, [&](const Indices& at) {
           return a_[{at[0], 2, at[1]}];
         }));
  expect("[" + all + "," + slice("null", "null", "-1") + "]",
         Filled({2, 3, 4}, [&](const Indices& at) {
           return a_[{at[0], 2 - at[1], at[2]}];
         }));
  expect("[" + all + ",1," + slice("0", "4", "2") + "]",
         Filled({2, 2}, [&](const Indices& at) {
           return a_[{at[0], 1, at[1] * 2}];
         }));
  expect(R"([{"class_name":"__ellipsis__"},2])",
         Filled({2, 3}, [&](const Indices& at) {
           return a_[{at[0], at[1], 2}];
         }));
  expect("[" + all + ",null,1]", Filled({2, 1, 4}, [&](const Indices& at) {
           return a_[{at[0], 1, at[2]}];
         }));
  Expect(2,
         Raw("StridedSlice", R"("a","l/b","l/e","l/s")",
             R"("begin_mask":{"i":"1"},"end_mask":{"i":"1"},
                "shrink_axis_mask":{"i":"2"})",
             R"("1":[0,1],"2":[0,2],"3":[1,1])", R"(["a",0,0,{}])"),
         Filled({2, 4}, [&](const Indices& at) {
           return a_[{at[0], 1, at[1]}];
         }));
}

TEST_F(Functions, Products) {
  const Array product = Filled({2, 3, 3}, [&](const Indices& at) {
    double sum = 0;
    for (int d = 0; d < 4; ++d)
      sum += a_[{at[0], at[1], d}] * b_[{at[0], at[2], d}];
    return sum;
  });
  Expect(2, Lambda("linalg.matmul", "a", R"("b":["b",0,0],"transpose_b":true)"),
         product);
  Expect(3,
         Operation("numpy", "Einsum", R"("subscripts":"abc,adc->abd")",
                   T("a") + "," + T("b")),
         product);
}

TEST(ImageFunctions, Resize) {
  const Array x = Draw({2, 2, 3, 1}, 3);
  const Array y = Filled({2, 4, 6, 1}, [&](const Indices& at) {
    return x[{at[0], at[1] / 2, at[2] / 2, 0}];
  });
  ExpectRuns(FunctionalModel(2, {InputLayer("a", "2,3,1")},
                             {Lambda("image.resize", "a",
                                     R"("size":[4,6],"method":"nearest")")},
                             "l"),
             {x}, y);
  ExpectRuns(
      FunctionalModel(3, {InputLayer("a", "2,3,1")},
                      {Operation("image", "Resize",
                                 R"("size":[4,6],"interpolation":"nearest",
                                    "data_format":"channels_last")",
                                 T("a"))},
                      "l"),
      {x}, y);
}

TEST(UnknownFunctions, AreNamed) {
  const auto error =
      ErrorOf(FunctionalModel(2, {InputLayer("a", "3")},
                              {Lambda("math.igamma", "a", R"("x":1.0)")}, "l"));
  EXPECT_THAT(error, testing::HasSubstr("math.igamma"));
  EXPECT_THAT(error, testing::HasSubstr("layer 'l'"));
}

}  // namespace liteforge::function_layers_test
