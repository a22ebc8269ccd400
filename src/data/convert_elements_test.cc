// SPDX-License-Identifier: Apache-2.0
#include "data/convert_elements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/half.h"

namespace liteforge::convert_elements_test {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
NpyArray Array(DataType type, const std::vector<T>& values) {
  NpyArray array{type, Shape{static_cast<int>(values.size())}, {}};
  array.data.resize(values.size() * sizeof(T));
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

template <class T>
std::vector<T> ValuesOf(const Result<NpyArray>& array) {
  EXPECT_TRUE(array) << array.error().ToString();
  if (!array) return {};
  std::vector<T> values(array->data.size() / sizeof(T));
  std::memcpy(values.data(), array->data.data(), array->data.size());
  return values;
}

TEST(ConvertElements, IntegersAreSaturated) {
  const NpyArray wide =
      Array<int32_t>(DataType::kInt32, {-70000, -129, -1, 0, 127, 256, 70000});
  EXPECT_THAT(ValuesOf<int8_t>(ConvertElements(wide, DataType::kInt8)),
              ElementsAre(-128, -128, -1, 0, 127, 127, 127));
  EXPECT_THAT(ValuesOf<uint8_t>(ConvertElements(wide, DataType::kUInt8)),
              ElementsAre(0, 0, 0, 0, 127, 255, 255));
  EXPECT_THAT(ValuesOf<int16_t>(ConvertElements(wide, DataType::kInt16)),
              ElementsAre(-32768, -129, -1, 0, 127, 256, 32767));
  EXPECT_THAT(ValuesOf<uint8_t>(ConvertElements(wide, DataType::kBool)),
              ElementsAre(1, 1, 1, 0, 1, 1, 1));
  EXPECT_THAT(ValuesOf<float>(ConvertElements(wide, DataType::kFloat32)),
              ElementsAre(-70000, -129, -1, 0, 127, 256, 70000));
}

TEST(ConvertElements, FloatsBecomeIntegersWhereTheyAreSome) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const NpyArray whole =
      Array<double>(DataType::kFloat64, {-kInfinity, -2, 3e18, 1e19});
  EXPECT_THAT(
      ValuesOf<int64_t>(ConvertElements(whole, DataType::kInt64)),
      ElementsAre(std::numeric_limits<int64_t>::min(), -2, 3000000000000000000,
                  std::numeric_limits<int64_t>::max()));
  for (const double fraction :
       {0.5, -1e-9, std::numeric_limits<double>::quiet_NaN()}) {
    const auto none = ConvertElements(
        Array<double>(DataType::kFloat64, {1, fraction}), DataType::kInt8);
    ASSERT_FALSE(none) << fraction;
    EXPECT_THAT(none.error().ToString(), HasSubstr("fractions"));
  }
}

TEST(ConvertElements, HalvesAndBooleansAreNumbers) {
  const NpyArray halves =
      Array<Float16>(DataType::kFloat16,
                     {static_cast<Float16>(0.5f), static_cast<Float16>(-3.0f)});
  EXPECT_THAT(ValuesOf<float>(ConvertElements(halves, DataType::kFloat32)),
              ElementsAre(0.5f, -3));
  const NpyArray flags = Array<uint8_t>(DataType::kBool, {1, 0});
  EXPECT_THAT(ValuesOf<int16_t>(ConvertElements(flags, DataType::kInt16)),
              ElementsAre(1, 0));
}

TEST(ConvertElements, TheSameTypeStaysAsItIs) {
  const NpyArray text = Array<uint8_t>(DataType::kString, {1, 2, 3});
  const auto same = ConvertElements(text, DataType::kString);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->data, text.data);
  EXPECT_EQ(same->shape, text.shape);
}

TEST(ConvertElements, OtherTypesAreRefused) {
  const NpyArray complex = Array<float>(DataType::kComplex64, {1, 2});
  EXPECT_THAT(ConvertElements(complex, DataType::kFloat32).error().ToString(),
              HasSubstr("complex64"));
  const NpyArray floats = Array<float>(DataType::kFloat32, {1});
  EXPECT_THAT(ConvertElements(floats, DataType::kString).error().ToString(),
              HasSubstr("cannot become string"));
}

}  // namespace liteforge::convert_elements_test
