// SPDX-License-Identifier: Apache-2.0
// NON_MAX_SUPPRESSION against its definition: the best box is kept, every
// other one loses by its overlap, and so on. Boxes and answers of the first
// test are those of tflite/kernels/non_max_suppression_test.cc.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge::non_max_suppression_test {

struct Case {
  std::vector<float> boxes, scores;
  int32_t most;
  float iou, score;
  float sigma = -1;  // V4 below 0
};

KernelCase NmsCase(const Case& c) {
  const auto count = static_cast<int32_t>(c.scores.size());
  KernelCase k{c.sigma < 0 ? Op::kNonMaxSuppressionV4
                           : Op::kNonMaxSuppressionV5};
  k.inputs = {KernelTensor::Of<float>({count, 4}, c.boxes),
              KernelTensor::Of<float>({count}, c.scores),
              KernelTensor::Of<int32_t>({}, {c.most}),
              KernelTensor::Of<float>({}, {c.iou}),
              KernelTensor::Of<float>({}, {c.score})};
  k.outputs.resize(2);
  if (c.sigma >= 0) {
    k.inputs.push_back(KernelTensor::Of<float>({}, {c.sigma}));
    k.outputs.resize(3);
  }
  return k;
}

const std::vector<float> kBoxes = {1, 1,     0, 0,     0, 0.1f, 1, 1.1f,
                                   0, 0.9f,  1, -0.1f, 0, 10,   1, 11,
                                   1, 10.1f, 0, 11.1f, 1, 101,  0, 100};
const std::vector<float> kScores = {0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f};

TEST(NonMaxSuppression, KeepsTheBestOfThoseThatOverlap) {
  ExpectValues<int32_t>(NmsCase({kBoxes, kScores, 6, 0.5f, 0.4f}),
                        {3, 0, 0, 0, 0, 0}, {6}, 0);
  ExpectValues<int32_t>(NmsCase({kBoxes, kScores, 6, 0.5f, 0.4f}), {2}, Shape{},
                        1);
  ExpectValues<int32_t>(NmsCase({kBoxes, kScores, 1, 0.5f, 0.4f}), {3}, {1}, 0);
  ExpectValues<int32_t>(NmsCase({kBoxes, kScores, 2, 0.5f, 0.99f}), {0, 0}, {2},
                        0);
  ExpectValues<int32_t>(NmsCase({kBoxes, kScores, 0, 0.5f, 0.4f}), {0}, Shape{},
                        1);
  const KernelCase soft = NmsCase({kBoxes, kScores, 6, 0.5f, 0.0f, 0.5f});
  ExpectValues<int32_t>(soft, {3, 0, 5, 0, 0, 0}, {6}, 0);
  ExpectNear<float>(soft, {0.95f, 0.9f, 0.3f, 0, 0, 0}, 1e-6, {6}, 1);
  ExpectValues<int32_t>(soft, {3}, Shape{}, 2);
}

double Overlap(const float* a, const float* b) {
  const auto low = [](const float* box, int i) {
    return static_cast<double>(std::min(box[i], box[i + 2]));
  };
  const auto high = [](const float* box, int i) {
    return static_cast<double>(std::max(box[i], box[i + 2]));
  };
  double both = 1, of_a = 1, of_b = 1;
  for (const int i : {0, 1}) {
    both *= std::max(
        0.0, std::min(high(a, i), high(b, i)) - std::max(low(a, i), low(b, i)));
    of_a *= high(a, i) - low(a, i);
    of_b *= high(b, i) - low(b, i);
  }
  return of_a > 0 && of_b > 0 ? both / (of_a + of_b - both) : 0;
}

struct Kept {
  std::vector<int32_t> indices;
  std::vector<float> scores;
  int32_t count = 0;
};

Kept Suppress(const Case& c) {
  std::vector<double> scores(c.scores.begin(), c.scores.end());
  Kept kept;
  while (kept.count < c.most) {
    const auto best = std::max_element(scores.begin(), scores.end());
    if (best == scores.end() || !(*best > static_cast<double>(c.score))) break;
    const auto index = best - scores.begin();
    kept.indices.push_back(static_cast<int32_t>(index));
    kept.scores.push_back(static_cast<float>(*best));
    ++kept.count;
    *best = -HUGE_VAL;
    for (size_t i = 0; i < scores.size(); ++i) {
      const double iou =
          Overlap(c.boxes.data() + 4 * index, c.boxes.data() + 4 * i);
      if (iou >= static_cast<double>(c.iou)) {
        scores[i] = -HUGE_VAL;
      } else if (c.sigma > 0) {
        scores[i] *= std::exp(-iou * iou / (2 * static_cast<double>(c.sigma)));
      }
    }
  }
  kept.indices.resize(static_cast<size_t>(c.most));
  kept.scores.resize(static_cast<size_t>(c.most));
  return kept;
}

TEST(NonMaxSuppression, RandomBoxes) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(0, 1);
  for (int round = 0; round < 40; ++round) {
    Case c;
    const int count = 1 + round;
    for (int i = 0; i < count; ++i) {
      const float y = unit(random), x = unit(random);
      const float h = unit(random) * 0.5f, w = unit(random) * 0.5f;
      // The corners in either order; some boxes have no area.
      const bool turned = i % 3 == 0;
      const float bottom = i % 7 == 6 ? y : y + h;
      for (const float v : turned ? std::vector<float>{bottom, x + w, y, x}
                                  : std::vector<float>{y, x, bottom, x + w})
        c.boxes.push_back(v);
      c.scores.push_back(unit(random));
    }
    for (const int32_t most : {1, 5, 50}) {
      for (const float iou : {0.1f, 0.5f, 1.0f}) {
        for (const float sigma : {-1.0f, 0.0f, 0.25f, 1.0f}) {
          c.most = most;
          c.iou = iou;
          c.score = 0.2f;
          c.sigma = sigma;
          const Kept kept = Suppress(c);
          const KernelCase k = NmsCase(c);
          ExpectValues(k, kept.indices, {most}, 0);
          if (sigma >= 0) ExpectNear(k, kept.scores, 1e-5, {most}, 1);
          ExpectValues<int32_t>(k, {kept.count}, Shape{}, sigma < 0 ? 1 : 2);
        }
      }
    }
  }
}

TEST(NonMaxSuppression, NoBoxes) {
  ExpectValues<int32_t>(NmsCase({{}, {}, 2, 0.5f, 0}), {0, 0}, {2}, 0);
  ExpectValues<int32_t>(NmsCase({{}, {}, 2, 0.5f, 0}), {0}, Shape{}, 1);
}

TEST(NonMaxSuppression, RefusesWhatDoesNotFit) {
  const Case plain{kBoxes, kScores, 2, 0.5f, 0.1f};
  KernelCase k = NmsCase(plain);
  k.inputs[0] = KernelTensor::Of<float>({1, 5}, {1, 2, 3, 4, 5});
  ExpectRefused(k, "infer", "the numbers that make a box");
  k = NmsCase(plain);
  k.inputs[1] = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(k, "infer", "the counts of boxes and scores");
  k = NmsCase(plain);
  k.inputs[2] = KernelTensor::Of<int32_t>({}, {-1});
  ExpectRefused(k, "", "max_output_size");
  k = NmsCase(plain);
  k.inputs[3] = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(k, "prepare", "must be one value");
  k = NmsCase(plain);
  k.inputs[4] = KernelTensor::Of<int32_t>({}, {1});
  ExpectRefused(k, "prepare", "must be float32");
}

}  // namespace liteforge::non_max_suppression_test
