// SPDX-License-Identifier: Apache-2.0
#include "convert/model_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::model_notes_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TensorDescription Image(std::vector<float> mean, std::vector<float> std) {
  TensorDescription tensor;
  tensor.name = "image";
  tensor.mean = std::move(mean);
  tensor.std = std::move(std);
  return tensor;
}

TEST(UseMetadata, TakesTheFirstImage) {
  ModelDescriptionParts notes;
  DatasetOptions options;
  notes.inputs = {Image({}, {})};
  UseMetadata(notes, options);
  EXPECT_THAT(options.image_mean, IsEmpty());
  notes.inputs.push_back(Image({127.5f}, {128}));
  UseMetadata(notes, options);
  EXPECT_THAT(options.image_mean, ElementsAre(127.5f));
  EXPECT_THAT(options.image_std, ElementsAre(128));
  EXPECT_THAT(options.mean, IsEmpty());
}

TEST(WarnOfRange, ExamplesThatAreNotNormalizedSo) {
  const TensorDescription centred = Image({127.5f}, {127.5f});  // -1 to 1
  EXPECT_EQ(WarnOfRange(centred, -1, 1), "");
  EXPECT_EQ(WarnOfRange(centred, -0.9, 0.7), "");
  EXPECT_THAT(WarnOfRange(centred, 0, 255),
              HasSubstr("lie in [0, 255], but its metadata says that images "
                        "become [-1, 1]"));
  EXPECT_NE(WarnOfRange(centred, 0, 1), "");
  const TensorDescription raw = Image({0}, {1});  // 0 to 255
  EXPECT_EQ(WarnOfRange(raw, 3, 250), "");
  EXPECT_NE(WarnOfRange(raw, 0, 1), "");
  EXPECT_NE(WarnOfRange(raw, -1, 1), "");
}

// ImageNet's means and deviations, one a channel: -2.1 to 2.6.
TEST(WarnOfRange, ChannelsOfTheirOwn) {
  const TensorDescription image =
      Image({123.68f, 116.78f, 103.94f}, {58.4f, 57.1f, 57.4f});
  EXPECT_EQ(WarnOfRange(image, -2.1, 2.6), "");
  EXPECT_NE(WarnOfRange(image, 0, 255), "");
}

TEST(WarnOfRange, NothingSaid) {
  EXPECT_EQ(WarnOfRange(Image({}, {}), 0, 1), "");
}

}  // namespace liteforge::model_notes_test
