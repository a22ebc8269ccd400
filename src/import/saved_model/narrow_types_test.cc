// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/narrow_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tensorflow/tensor_proto.h"

namespace liteforge::narrow_types_test {

using testing::ElementsAre;

// A Const "c" of one value, in its attribute, and a Cast of it.
ConcreteFunction FunctionOf(tf::TensorProto value) {
  ConcreteFunction function;
  tf::NodeDef& constant = *function.graph.add_node();
  constant.set_name("c");
  constant.set_op("Const");
  (*constant.mutable_attr())["dtype"].set_type(value.dtype());
  tf::NodeDef& cast = *function.graph.add_node();
  cast.set_name("y");
  cast.set_op("Cast");
  cast.add_input("c");
  (*cast.mutable_attr())["SrcT"].set_type(value.dtype());
  (*cast.mutable_attr())["list"].mutable_list()->add_type(value.dtype());
  function.outputs.push_back(
      {"y", "y", FromTensorFlow(value.dtype()), Shape()});
  *(*constant.mutable_attr())["value"].mutable_tensor() = std::move(value);
  return function;
}

tf::TensorProto Scalar(tf::DataType type) {
  tf::TensorProto value;
  value.set_dtype(type);
  value.mutable_tensor_shape();
  return value;
}

TEST(NarrowTypes, ConstantsAndAttributes) {
  tf::TensorProto value = Scalar(tf::DT_DOUBLE);
  value.add_double_val(1.5);
  ConcreteFunction function = FunctionOf(value);
  std::vector<std::string> notices;
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_THAT(notices,
              ElementsAre("float64 is computed as float32, inputs and outputs "
                          "included"));
  EXPECT_EQ(function.constants.at("c").ToVector<float>(),
            std::vector<float>{1.5f});
  const auto& constant = function.graph.node(0).attr();
  EXPECT_EQ(constant.at("dtype").type(), tf::DT_FLOAT);
  EXPECT_EQ(constant.at("value").tensor().dtype(), tf::DT_FLOAT);
  const auto& cast = function.graph.node(1).attr();
  EXPECT_EQ(cast.at("SrcT").type(), tf::DT_FLOAT);
  EXPECT_EQ(cast.at("list").list().type(0), tf::DT_FLOAT);
  EXPECT_EQ(function.outputs[0].type, DataType::kFloat32);
}

TEST(NarrowTypes, EveryType) {
  std::vector<std::string> notices;
  tf::TensorProto value = Scalar(tf::DT_UINT32);
  value.add_uint32_val(4'000'000'000u);
  ConcreteFunction function = FunctionOf(value);
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_EQ(function.constants.at("c").ToVector<int64_t>(),
            std::vector<int64_t>{4'000'000'000});
  value = Scalar(tf::DT_UINT16);
  value.add_int_val(65535);
  function = FunctionOf(value);
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_EQ(function.constants.at("c").ToVector<int32_t>(),
            std::vector<int32_t>{65535});
  value = Scalar(tf::DT_BFLOAT16);
  value.add_half_val(0x3FC0);  // 1.5
  function = FunctionOf(value);
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_EQ(function.constants.at("c").ToVector<float>(),
            std::vector<float>{1.5f});
  value = Scalar(tf::DT_COMPLEX128);
  value.add_dcomplex_val(1);
  value.add_dcomplex_val(-2);
  function = FunctionOf(value);
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_EQ(function.constants.at("c").ToVector<float>(),
            (std::vector<float>{1, -2}));
  EXPECT_EQ(notices.size(), 4u);
}

TEST(NarrowTypes, CalledFunctionsTooAndEachTypeIsToldOnce) {
  tf::TensorProto value = Scalar(tf::DT_DOUBLE);
  value.add_double_val(2);
  ConcreteFunction function = FunctionOf(value);
  const auto inner = std::make_shared<const ConcreteFunction>(function);
  function.functions["f"] = inner;
  std::vector<std::string> notices;
  ASSERT_TRUE(NarrowTypes(function, notices));
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_EQ(notices.size(), 1u);
  EXPECT_EQ(function.functions.at("f")->outputs[0].type, DataType::kFloat32);
  EXPECT_EQ(inner->outputs[0].type, DataType::kFloat64);
}

TEST(NarrowTypes, FloatsAreLeftAlone) {
  tf::TensorProto value = Scalar(tf::DT_FLOAT);
  value.add_float_val(2);
  ConcreteFunction function = FunctionOf(value);
  std::vector<std::string> notices;
  ASSERT_TRUE(NarrowTypes(function, notices));
  EXPECT_TRUE(notices.empty());
  EXPECT_TRUE(function.constants.empty());
}

}  // namespace liteforge::narrow_types_test
