// SPDX-License-Identifier: Apache-2.0
// Against the formulas, in double, and values of real models.
#include "import/detection/anchors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "formats/tensorflow/text_format.h"

namespace liteforge::anchors_test {

using testing::HasSubstr;

Result<AnchorGenerator> Parse(const std::string& text) {
  od::AnchorGenerator config;
  EXPECT_TRUE(ParseText(text, UnknownFields::kRefuse, config));
  return AnchorGenerator::Make(config);
}

// centre y, centre x, height, width
void ExpectBox(const std::vector<float>& anchors, size_t i, double y, double x,
               double h, double w) {
  constexpr double kTolerance = 1e-6;  // of float32 in [0, 2]
  EXPECT_NEAR(anchors[4 * i], y, kTolerance) << "anchor " << i;
  EXPECT_NEAR(anchors[4 * i + 1], x, kTolerance) << "anchor " << i;
  EXPECT_NEAR(anchors[4 * i + 2], h, kTolerance) << "anchor " << i;
  EXPECT_NEAR(anchors[4 * i + 3], w, kTolerance) << "anchor " << i;
}

TEST(Anchors, MultiscaleFollowsTheFormula) {
  const auto generator = Parse(
      "multiscale_anchor_generator { min_level: 3 max_level: 7 "
      "anchor_scale: 4.0 aspect_ratios: [1.0, 2.0, 0.5] scales_per_octave: 2 "
      "}");
  ASSERT_TRUE(generator) << generator.error().ToString();
  ASSERT_EQ(generator->levels(), 5u);
  const std::vector<AnchorGenerator::Grid> grids = {
      {40, 40}, {20, 20}, {10, 10}, {5, 5}, {3, 3}};
  const auto anchors = generator->Generate(grids, {320, 320, 3});
  ASSERT_EQ(anchors.size(), 12804u * 4);
  size_t i = 0;
  for (int level = 3; level <= 7; ++level) {
    const double stride = 1 << level;
    // 128 does not divide 320: the last level's grid begins at the corner.
    const double offset = 320 % (1 << level) == 0 ? stride / 2 : 0;
    for (int row = 0; row < grids[static_cast<size_t>(level - 3)].height; ++row)
      for (int col = 0; col < grids[static_cast<size_t>(level - 3)].width;
           ++col)
        for (const double ratio : {1.0, 2.0, 0.5})
          for (const double octave : {1.0, std::sqrt(2.0)})
            ExpectBox(anchors, i++, (row * stride + offset) / 320,
                      (col * stride + offset) / 320,
                      octave / std::sqrt(ratio) * 4 * stride / 320,
                      octave * std::sqrt(ratio) * 4 * stride / 320);
  }
  ExpectBox(anchors, 0, 0.0125, 0.0125, 0.1, 0.1);
  ExpectBox(anchors, 2, 0.0125, 0.0125, 0.0707107, 0.1414214);
  ExpectBox(anchors, 12750, 0, 0, 1.6, 1.6);
}

TEST(Anchors, SsdFollowsTheFormula) {
  const auto generator = Parse(
      "ssd_anchor_generator { num_layers: 6 min_scale: 0.2 max_scale: 0.95 "
      "aspect_ratios: 1.0 aspect_ratios: 2.0 aspect_ratios: 0.5 "
      "aspect_ratios: 3.0 aspect_ratios: 0.3333 }");
  ASSERT_TRUE(generator) << generator.error().ToString();
  const std::vector<AnchorGenerator::Grid> grids = {{19, 19}, {10, 10}, {5, 5},
                                                    {3, 3},   {2, 2},   {1, 1}};
  const auto anchors = generator->Generate(grids, {300, 300, 3});
  ASSERT_EQ(anchors.size(), 1917u * 4);
  size_t i = 0;
  for (int layer = 0; layer < 6; ++layer) {
    const auto scale = [](int l) { return l > 5 ? 1.0 : 0.2 + 0.75 * l / 5; };
    const int cells = grids[static_cast<size_t>(layer)].height;
    struct Spec {
      double scale, ratio;
    };
    std::vector<Spec> specs = {{0.1, 1}, {0.2, 2}, {0.2, 0.5}};
    if (layer > 0) {
      specs.clear();
      for (const double ratio : {1.0, 2.0, 0.5, 3.0, 0.3333})
        specs.push_back({scale(layer), ratio});
      specs.push_back({std::sqrt(scale(layer) * scale(layer + 1)), 1});
    }
    for (int row = 0; row < cells; ++row)
      for (int col = 0; col < cells; ++col)
        for (const Spec& spec : specs)
          ExpectBox(anchors, i++, (row + 0.5) / cells, (col + 0.5) / cells,
                    spec.scale / std::sqrt(spec.ratio),
                    spec.scale * std::sqrt(spec.ratio));
  }
}

TEST(Anchors, WideImagesShrinkTheWidths) {
  const auto generator = Parse(
      "ssd_anchor_generator { num_layers: 1 scales: 0.4 aspect_ratios: 1 "
      "reduce_boxes_in_lowest_layer: false interpolated_scale_aspect_ratio: 0 "
      "height_stride: 50 width_stride: 50 height_offset: 10 width_offset: 20 "
      "}");
  ASSERT_TRUE(generator) << generator.error().ToString();
  const std::vector<AnchorGenerator::Grid> grids = {{2, 4}};
  const auto anchors = generator->Generate(grids, {100, 200, 3});
  ASSERT_EQ(anchors.size(), 8u * 4);
  ExpectBox(anchors, 0, 0.1, 0.1, 0.4, 0.2);
  ExpectBox(anchors, 5, 0.6, 0.35, 0.4, 0.2);
}

TEST(Anchors, RefusesWhatMakesNoBoxes) {
  const auto error = [](const std::string& text) {
    return Parse(text).error().ToString();
  };
  EXPECT_THAT(error("grid_anchor_generator { }"), HasSubstr("neither"));
  EXPECT_THAT(error("multiscale_anchor_generator { aspect_ratios: 1 "
                    "normalize_coordinates: false }"),
              HasSubstr("normalize_coordinates"));
  EXPECT_THAT(error("multiscale_anchor_generator { }"), HasSubstr("no boxes"));
  EXPECT_THAT(error("ssd_anchor_generator { aspect_ratios: -1 }"),
              HasSubstr("not above 0"));
  EXPECT_THAT(error("ssd_anchor_generator { num_layers: 3 scales: 0.5 }"),
              HasSubstr("1 scales for 3 layers"));
}

}  // namespace liteforge::anchors_test
