// SPDX-License-Identifier: Apache-2.0
// Lists of tensors, which become tensors with one axis more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/compile.h"
#include "convert/lowered_op_testing.h"
#include "liteforge/interpreter.h"

namespace liteforge::list_ops_test {

using testing::ElementsAre;
using Values = std::vector<double>;

// The rows {1, 2}, {3, 4}, {5, 6} as "list".
TestFunction ListOfRows() {
  TestFunction f;
  f.Input("x", {3, 2}).Ints("shape", {2}).Ints("anything", {}, {-1});
  f.Ints("zero", {}, {0}).Ints("one", {}, {1}).Ints("two", {}, {2});
  f.Ints("three", {}, {3});
  f.Node("TensorListFromTensor", "list", {"x", "shape"},
         {{"element_dtype", DataType::kFloat32}});
  return f;
}

struct Answer {
  Shape shape;
  Values values;
};

Answer Evaluate(TestFunction& f, const std::string& output) {
  f.function().outputs.clear();
  f.Output("y", output);
  const auto bytes = Compile(f.function(), true);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  if (!interpreter || !interpreter->AllocateTensors()) return {};
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(
      interpreter->SetTensor<float>(interpreter->InputDetails()[0].index, x));
  const auto done = interpreter->Invoke();
  EXPECT_TRUE(done) << done.error().ToString();
  const TensorDetails details = interpreter->OutputDetails()[0];
  Answer answer{details.shape, {}};
  if (details.dtype == DataType::kFloat32) {
    const auto values = interpreter->Tensor<float>(details.index);
    answer.values.assign(values.begin(), values.end());
  } else if (details.dtype == DataType::kInt64) {
    const auto values = interpreter->Tensor<int64_t>(details.index);
    answer.values.assign(values.begin(), values.end());
  } else {
    const auto values = interpreter->Tensor<int32_t>(details.index);
    answer.values.assign(values.begin(), values.end());
  }
  return answer;
}

const TestAttributes kFloatElements = {{"element_dtype", DataType::kFloat32}};

TEST(ListOps, Items) {
  TestFunction f = ListOfRows();
  f.Ints("places", {2, 0});
  f.Node("TensorListGetItem", "item", {"list", "two", "shape"}, kFloatElements);
  f.Node("TensorListGather", "some", {"list", "places", "shape"},
         kFloatElements);
  f.Node("TensorListLength", "length", {"list"});
  f.Node("TensorListStack", "all", {"list", "shape"}, kFloatElements);
  f.Node("TensorListElementShape", "dims", {"list"},
         {{"shape_type", DataType::kInt64}});
  EXPECT_THAT(Evaluate(f, "item").values, ElementsAre(5, 6));
  EXPECT_THAT(Evaluate(f, "some").values, ElementsAre(5, 6, 1, 2));
  EXPECT_THAT(Evaluate(f, "length").values, ElementsAre(3));
  EXPECT_EQ(Evaluate(f, "all").shape, (Shape{3, 2}));
  EXPECT_THAT(Evaluate(f, "dims").values, ElementsAre(2));
}

TEST(ListOps, ReservedAndSet) {
  for (const char* shape : {"shape", "anything"}) {
    TestFunction f = ListOfRows();
    f.Node("TensorListGetItem", "item", {"list", "one", "shape"},
           kFloatElements);
    f.Node("TensorListReserve", "new", {shape, "two"}, kFloatElements);
    f.Node("TensorListSetItem", "set", {"new", "one", "item"}, kFloatElements);
    f.Node("TensorListStack", "all", {"set", "shape"}, kFloatElements);
    EXPECT_THAT(Evaluate(f, "all").values, ElementsAre(0, 0, 3, 4)) << shape;
  }
}

TEST(ListOps, PushedAndPopped) {
  for (const char* shape : {"shape", "anything"}) {
    TestFunction f = ListOfRows();
    f.Node("EmptyTensorList", "none", {shape, "two"}, kFloatElements);
    f.Node("TensorListGetItem", "a", {"list", "zero", "shape"}, kFloatElements);
    f.Node("TensorListGetItem", "b", {"list", "two", "shape"}, kFloatElements);
    f.Node("TensorListPushBack", "one_of", {"none", "a"}, kFloatElements);
    f.Node("TensorListPushBack", "both", {"one_of", "b"}, kFloatElements);
    f.Node("TensorListPopBack", "popped", {"both", "shape"}, kFloatElements);
    f.Node("TensorListStack", "left", {"popped", "shape"}, kFloatElements);
    EXPECT_THAT(Evaluate(f, "both").values, ElementsAre(1, 2, 5, 6)) << shape;
    EXPECT_THAT(Evaluate(f, "left").values, ElementsAre(1, 2)) << shape;
    EXPECT_THAT(Evaluate(f, "popped:1").values, ElementsAre(5, 6)) << shape;
  }
}

TEST(ListOps, Scattered) {
  TestFunction f = ListOfRows();
  f.Ints("places", {3, 0, 1}).Ints("order", {0, 1, 2}).Ints("four", {}, {4});
  f.Node("TensorListScatterV2", "far", {"x", "places", "shape", "four"},
         kFloatElements);
  f.Node("TensorListScatterV2", "near", {"x", "order", "shape", "anything"},
         kFloatElements);
  f.Node("TensorListScatterIntoExistingList", "put", {"list", "x", "order"},
         kFloatElements);
  EXPECT_THAT(Evaluate(f, "far").values, ElementsAre(3, 4, 5, 6, 0, 0, 1, 2));
  EXPECT_THAT(Evaluate(f, "near").values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Evaluate(f, "put").values, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ListOps, ScatteredInAnyOrder) {
  TestFunction f = ListOfRows();
  f.Ints("places", {2, 0}).Ints("row_of", {1, 0}).Ints("zero_axis", {}, {0});
  f.Node("GatherV2", "rows", {"x", "row_of", "zero_axis"});
  f.Node("TensorListScatterIntoExistingList", "put", {"list", "rows", "places"},
         kFloatElements);
  f.Node("TensorListScatter", "old", {"x", "far", "shape"}, kFloatElements);
  f.Ints("far", {2, 0, 1});
  EXPECT_THAT(Evaluate(f, "put").values, ElementsAre(1, 2, 3, 4, 3, 4));
  EXPECT_THAT(Evaluate(f, "old").values, ElementsAre(3, 4, 5, 6, 1, 2));
}

TEST(ListOps, Resized) {
  TestFunction f = ListOfRows();
  f.Ints("five", {}, {5});
  f.Node("TensorListResize", "shorter", {"list", "two"});
  f.Node("TensorListResize", "longer", {"list", "five"});
  f.Node("TensorListConcatLists", "both", {"shorter", "list"}, kFloatElements);
  EXPECT_THAT(Evaluate(f, "shorter").values, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Evaluate(f, "longer").values,
              ElementsAre(1, 2, 3, 4, 5, 6, 0, 0, 0, 0));
  EXPECT_THAT(Evaluate(f, "both").values,
              ElementsAre(1, 2, 3, 4, 1, 2, 3, 4, 5, 6));
}

// Before anything is in it, by its length alone.
TEST(ListOps, ResizedWhileEmpty) {
  TestFunction f = ListOfRows();
  f.Node("TensorListReserve", "new", {"anything", "one"}, kFloatElements);
  f.Node("TensorListResize", "longer", {"new", "two"});
  f.Node("TensorListGetItem", "item", {"list", "one", "shape"}, kFloatElements);
  f.Node("TensorListSetItem", "set", {"longer", "zero", "item"},
         kFloatElements);
  EXPECT_THAT(Evaluate(f, "set").values, ElementsAre(3, 4, 0, 0));
}

TEST(ListOps, JoinedAndSplit) {
  TestFunction f = ListOfRows();
  f.Ints("none", {}, {0}).Ints("flat", {-1}).Ints("lengths", {3, 3});
  f.Node("TensorListConcatV2", "joined", {"list", "shape", "none"},
         kFloatElements);
  f.Node("TensorListConcat", "old", {"list"}, kFloatElements);
  f.Node("Reshape", "row", {"x", "flat"});
  f.Node("TensorListSplit", "parts", {"row", "shape", "lengths"},
         kFloatElements);
  const Answer joined = Evaluate(f, "joined");
  EXPECT_EQ(joined.shape, (Shape{6}));
  EXPECT_THAT(joined.values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Evaluate(f, "old").values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Evaluate(f, "joined:1").values, ElementsAre(2, 2, 2));
  EXPECT_EQ(Evaluate(f, "parts").shape, (Shape{2, 3}));
}

}  // namespace liteforge::list_ops_test
