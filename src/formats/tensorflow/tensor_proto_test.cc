// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/tensor_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace liteforge::tensor_proto_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TensorProto, TypesGoBothWays) {
  for (int number = 0; number <= 22; ++number) {
    const auto type = static_cast<DataType>(number);
    const tf::DataType tensorflow = ToTensorFlow(type);
    if (tensorflow == tf::DT_INVALID) continue;
    EXPECT_EQ(FromTensorFlow(tensorflow), type) << Name(type);
    // References count as their base.
    EXPECT_EQ(FromTensorFlow(static_cast<tf::DataType>(tensorflow + 100)),
              type);
  }
  EXPECT_EQ(ToTensorFlow(DataType::kFloat32), tf::DT_FLOAT);
  EXPECT_EQ(ToTensorFlow(DataType::kNone), tf::DT_INVALID);
  EXPECT_EQ(FromTensorFlow(tf::DT_QINT8), DataType::kInt8);
  EXPECT_EQ(ToTensorFlow(DataType::kInt8), tf::DT_INT8);
  EXPECT_EQ(FromTensorFlow(tf::DT_INVALID), DataType::kNone);
  EXPECT_EQ(FromTensorFlow(static_cast<tf::DataType>(100)), DataType::kNone);
  EXPECT_EQ(FromTensorFlow(static_cast<tf::DataType>(-3)), DataType::kNone);
}

TEST(TensorProto, ShapesGoBothWays) {
  for (const Shape& shape : {Shape(), Shape{2, -1, 0}, Shape::UnknownRank()})
    EXPECT_EQ(FromTensorFlow(ToTensorFlow(shape)), shape);
  tf::TensorShapeProto proto;
  proto.add_dim()->set_size(int64_t{1} << 40);
  proto.add_dim()->set_size(-5);
  EXPECT_EQ(FromTensorFlow(proto), (Shape{-1, -1}));
  while (proto.dim_size() <= Shape::kMaxRank) proto.add_dim()->set_size(1);
  EXPECT_FALSE(FromTensorFlow(proto).has_rank());
}

//--------------------------------------------------------------- DecodeTensor

tf::TensorProto Proto(tf::DataType type, std::initializer_list<int64_t> dims) {
  tf::TensorProto tensor;
  tensor.set_dtype(type);
  for (const int64_t dim : dims)
    tensor.mutable_tensor_shape()->add_dim()->set_size(dim);
  return tensor;
}

template <class T>
std::vector<T> Decoded(const tf::TensorProto& tensor) {
  const auto blob = DecodeTensor(tensor);
  EXPECT_TRUE(blob) << blob.error().ToString();
  return blob ? blob->ToVector<T>() : std::vector<T>();
}

std::string ErrorOf(const tf::TensorProto& tensor) {
  const auto blob = DecodeTensor(tensor);
  return blob ? "" : blob.error().message;
}

TEST(DecodeTensor, TheLastValueRepeats) {
  tf::TensorProto floats = Proto(tf::DT_FLOAT, {4});
  EXPECT_THAT(Decoded<float>(floats), ElementsAre(0, 0, 0, 0));
  floats.add_float_val(1);
  floats.add_float_val(2);
  EXPECT_THAT(Decoded<float>(floats), ElementsAre(1, 2, 2, 2));
}

TEST(DecodeTensor, EveryField) {
  tf::TensorProto t = Proto(tf::DT_DOUBLE, {1});
  t.add_double_val(0.1);
  EXPECT_THAT(Decoded<double>(t), ElementsAre(0.1));
  t = Proto(tf::DT_HALF, {1});
  t.add_half_val(0x3C00);
  EXPECT_THAT(Decoded<uint16_t>(t), ElementsAre(0x3C00));
  t = Proto(tf::DT_INT64, {1});
  t.add_int64_val(std::numeric_limits<int64_t>::min());
  EXPECT_THAT(Decoded<int64_t>(t),
              ElementsAre(std::numeric_limits<int64_t>::min()));
  t = Proto(tf::DT_BOOL, {2});
  t.add_bool_val(true);
  EXPECT_THAT(Decoded<uint8_t>(t), ElementsAre(1, 1));
  t = Proto(tf::DT_UINT64, {1});
  t.add_uint64_val(std::numeric_limits<uint64_t>::max());
  EXPECT_THAT(Decoded<uint64_t>(t),
              ElementsAre(std::numeric_limits<uint64_t>::max()));
  t = Proto(tf::DT_UINT32, {1});
  t.add_uint32_val(0xFFFFFFFF);
  EXPECT_THAT(Decoded<uint32_t>(t), ElementsAre(0xFFFFFFFF));
  t = Proto(tf::DT_COMPLEX64, {2});
  t.add_scomplex_val(1);
  t.add_scomplex_val(-2);
  EXPECT_THAT(Decoded<float>(t), ElementsAre(1, -2, 1, -2));
  for (const tf::DataType type : {tf::DT_INT8, tf::DT_UINT8}) {
    t = Proto(type, {2});
    t.add_int_val(type == tf::DT_INT8 ? -3 : 253);
    EXPECT_THAT(Decoded<uint8_t>(t), ElementsAre(253, 253));
  }
  t = Proto(tf::DT_INT16, {1});
  t.add_int_val(-300);
  EXPECT_THAT(Decoded<int16_t>(t), ElementsAre(-300));
  t = Proto(tf::DT_INT32, {});
  t.add_int_val(-70000);
  EXPECT_THAT(Decoded<int32_t>(t), ElementsAre(-70000));
}

TEST(DecodeTensor, Content) {
  tf::TensorProto t = Proto(tf::DT_INT16, {2});
  t.set_tensor_content(std::string("\x01\x00\xFF\xFF", 4));
  EXPECT_THAT(Decoded<int16_t>(t), ElementsAre(1, -1));
  t.set_tensor_content(std::string("\x01\x00\xFF", 3));
  EXPECT_EQ(ErrorOf(t), "a constant int16[2] holds 3 bytes, not 4");
}

TEST(DecodeTensor, RefusesWhatItCannotHold) {
  tf::TensorProto t = Proto(tf::DT_FLOAT, {1});
  t.add_float_val(1);
  t.add_float_val(2);
  EXPECT_THAT(ErrorOf(t), HasSubstr("holds 2 values"));
  EXPECT_THAT(ErrorOf(Proto(tf::DT_FLOAT, {-1})), HasSubstr("no definite"));
  EXPECT_THAT(ErrorOf(Proto(tf::DT_STRING, {1})), HasSubstr("not supported"));
  EXPECT_THAT(ErrorOf(Proto(tf::DT_INT4, {2})), HasSubstr("not supported"));
  EXPECT_THAT(ErrorOf(Proto(tf::DT_FLOAT, {1 << 20, 1 << 20})),
              HasSubstr("larger than 2 GB"));
  EXPECT_NE(ErrorOf(Proto(tf::DT_FLOAT, {1 << 30, 1 << 30, 1 << 30})), "");
  t = Proto(tf::DT_INT8, {(256 << 20) + 1});
  t.add_int_val(1);
  EXPECT_THAT(ErrorOf(t), HasSubstr("repeats one value"));
  EXPECT_EQ(ErrorOf(Proto(tf::DT_FLOAT, {0, 7})), "");
}

TEST(DecodeTensor, EightBitFloats) {
  tf::TensorProto tensor = Proto(tf::DT_FLOAT8_E5M2, {3});
  tensor.set_float8_val("\x3C\x40");
  EXPECT_THAT(Decoded<uint8_t>(tensor), ElementsAre(0x3C, 0x40, 0x40));
  tensor.set_float8_val("abcd");
  EXPECT_THAT(ErrorOf(tensor), HasSubstr("holds 4 values"));
}

TEST(DecodeStrings, TheLastOneRepeats) {
  tf::TensorProto tensor = Proto(tf::DT_STRING, {3});
  EXPECT_THAT(DecodeStrings(tensor).value(), ElementsAre("", "", ""));
  tensor.add_string_val("a");
  tensor.add_string_val("bc");
  EXPECT_THAT(DecodeStrings(tensor).value(), ElementsAre("a", "bc", "bc"));
}

TEST(DecodeStrings, RefusesWhatItCannotHold) {
  EXPECT_FALSE(DecodeStrings(Proto(tf::DT_FLOAT, {1})));
  EXPECT_FALSE(DecodeStrings(Proto(tf::DT_STRING, {-1})));
  EXPECT_FALSE(DecodeStrings(Proto(tf::DT_STRING, {1 << 30, 1 << 30})));
  tf::TensorProto tensor = Proto(tf::DT_STRING, {1 << 30});
  tensor.add_string_val("a");
  EXPECT_FALSE(DecodeStrings(tensor));
  tensor = Proto(tf::DT_STRING, {(8 << 20) + 1});
  EXPECT_FALSE(DecodeStrings(tensor));
  tensor = Proto(tf::DT_STRING, {});
  tensor.add_string_val("a");
  tensor.add_string_val("b");
  EXPECT_FALSE(DecodeStrings(tensor));
}

}  // namespace liteforge::tensor_proto_test
