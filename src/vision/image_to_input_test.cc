// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "liteforge/image.h"

namespace liteforge::image_to_input_test {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

TensorDetails Input(DataType type, const Shape& shape) {
  TensorDetails input;
  input.name = "image";
  input.dtype = type;
  input.shape = input.shape_signature = shape;
  return input;
}

template <class T>
std::vector<T> Values(const NpyArray& array) {
  std::vector<T> values(array.data.size() / sizeof(T));
  std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

const Image kTwoPixels{2, 1, {0, 128, 255, 10, 20, 30}};

TEST(ImageToInput, FloatsAreNormalizedByChannel) {
  ImageInput options;
  options.mean = {0, 128, 255};
  options.std = {2};
  const auto array = ImageToInput(
      kTwoPixels, Input(DataType::kFloat32, {1, 1, 2, 3}), options);
  ASSERT_TRUE(array) << array.error().ToString();
  EXPECT_EQ(array->shape, (Shape{1, 1, 2, 3}));
  EXPECT_THAT(Values<float>(*array),
              ElementsAre(0, 0, 0, FloatEq(5), FloatEq(-54), FloatEq(-112.5)));
}

TEST(ImageToInput, BytesArePixels) {
  ImageInput options;
  options.mean = options.std = {127.5f};
  const auto array =
      ImageToInput(kTwoPixels, Input(DataType::kUInt8, {1, 1, 2, 3}), options);
  ASSERT_TRUE(array);
  EXPECT_THAT(Values<uint8_t>(*array), ElementsAre(0, 128, 255, 10, 20, 30));
}

TEST(ImageToInput, SignedBytesAreShiftedOrQuantized) {
  TensorDetails input = Input(DataType::kInt8, {1, 1, 2, 3});
  const auto plain = ImageToInput(kTwoPixels, input);
  ASSERT_TRUE(plain);
  EXPECT_THAT(Values<int8_t>(*plain),
              ElementsAre(-128, 0, 127, -118, -108, -98));

  // (x - 127.5) / 127.5 in steps of 1/100 around 5, saturated.
  input.quantization.scale = {0.01f};
  input.quantization.zero_point = {5};
  const auto quantized =
      ImageToInput(kTwoPixels, input, {Fit::kStretch, {127.5f}, {127.5f}});
  ASSERT_TRUE(quantized);
  EXPECT_THAT(Values<int8_t>(*quantized),
              ElementsAre(-95, 5, 105, -87, -79, -71));
}

TEST(ImageToInput, ChannelsFirstAndGray) {
  const auto planes =
      ImageToInput(kTwoPixels, Input(DataType::kUInt8, {1, 3, 1, 2}));
  ASSERT_TRUE(planes);
  EXPECT_EQ(planes->shape, (Shape{1, 3, 1, 2}));
  EXPECT_THAT(Values<uint8_t>(*planes), ElementsAre(0, 10, 128, 20, 255, 30));

  const auto gray =
      ImageToInput(kTwoPixels, Input(DataType::kUInt8, {1, 1, 2, 1}));
  ASSERT_TRUE(gray);
  // 0.587 * 128 + 0.114 * 255 = 104.2; 0.299 * 10 + 0.587 * 20 + 0.114 * 30.
  EXPECT_THAT(Values<uint8_t>(*gray), ElementsAre(104, 18));
}

TEST(ImageToInput, UnknownDimensionsAreTheImages) {
  const auto array =
      ImageToInput(kTwoPixels, Input(DataType::kUInt8, {1, -1, -1, 3}));
  ASSERT_TRUE(array);
  EXPECT_EQ(array->shape, (Shape{1, 1, 2, 3}));
}

TEST(ImageToInput, RefusesWhatIsNoImage) {
  const auto rank =
      ImageToInput(kTwoPixels, Input(DataType::kFloat32, {1, 490}));
  ASSERT_FALSE(rank);
  EXPECT_THAT(rank.error().message,
              HasSubstr("input 'image' is float32[1,490]; an image is"));
  EXPECT_FALSE(ImageToInput(kTwoPixels, Input(DataType::kInt64, {1, 2, 2, 3})));
  EXPECT_FALSE(ImageToInput(kTwoPixels, Input(DataType::kUInt8, {1, 2, 2, 4})));
  EXPECT_FALSE(ImageToInput(kTwoPixels,
                            Input(DataType::kUInt8, {1, 1 << 20, 1 << 20, 3})));
  for (const Image& broken : {Image{2, 1, {1, 2, 3}}, Image{0, 0, {}}})
    EXPECT_FALSE(ImageToInput(broken, Input(DataType::kUInt8, {1, 2, 2, 3})));
  ImageInput options;
  options.mean = {1, 2};
  const auto mean = ImageToInput(
      kTwoPixels, Input(DataType::kFloat32, {1, 1, 2, 3}), options);
  ASSERT_FALSE(mean);
  EXPECT_THAT(mean.error().message, HasSubstr("given for 2 channels"));
}

}  // namespace liteforge::image_to_input_test
