// SPDX-License-Identifier: Apache-2.0
// Expectations: six anchors worked out by hand, and a second way to the same
// result for random ones: the definition, one box at a time, without sorting.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "kernels/custom_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::detection_postprocess_test {

struct Config {
  int max_detections = 3;
  int max_classes = 1;
  int classes = 2;
  bool regular = false;
  int per_class = -1;  // not written
  float score = 0, iou = 0.5f;
  float y = 10, x = 10, h = 5, w = 5;
};

OpOptions OptionsOf(const Config& s) {
  return FlexMap("TFLite_Detection_PostProcess", [&](flexbuffers::Builder& b) {
    b.Int("max_detections", s.max_detections);
    b.Int("max_classes_per_detection", s.max_classes);
    b.Int("num_classes", s.classes);
    b.Float("nms_score_threshold", s.score);
    b.Float("nms_iou_threshold", s.iou);
    b.Float("y_scale", s.y);
    b.Float("x_scale", s.x);
    b.Float("h_scale", s.h);
    b.Float("w_scale", s.w);
    b.Int("use_regular_nms", s.regular ? 1 : 0);
    if (s.per_class >= 0) b.Int("detections_per_class", s.per_class);
    b.Int("_output_quantized", 1);
  });
}

// Six anchors of size 1: three around (0.5, 0.5), two around (0.5, 10.5) and
// one far off. Offsets of 0.1 in y against neighbours.
const std::vector<float> kAnchors = {0.5f, 0.5f,  1, 1, 0.5f, 0.5f,   1, 1,
                                     0.5f, 0.5f,  1, 1, 0.5f, 10.5f,  1, 1,
                                     0.5f, 10.5f, 1, 1, 0.5f, 100.5f, 1, 1};
const std::vector<float> kEncodings = {0, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0,
                                       0, 0, 0, 0, 0, 1, 0, 0, 0, 0,  0, 0};
// Background, then two classes.
const std::vector<float> kScores = {0, .9f,  .8f,  0, .75f, .72f, 0, .6f, .5f,
                                    0, .93f, .95f, 0, .5f,  .4f,  0, .3f, .2f};

KernelCase SixAnchors(const Config& setup) {
  KernelCase c{Op::kCustom, OptionsOf(setup)};
  c.inputs = {KernelTensor::Of<float>({1, 6, 4}, kEncodings),
              KernelTensor::Of<float>({1, 6, 3}, kScores),
              KernelTensor::Of<float>({6, 4}, kAnchors)};
  c.outputs.resize(4);
  return c;
}

TEST(DetectionPostprocess, FastByHand) {
  const KernelCase c = SixAnchors({});
  ExpectNear<float>(c, {0, 10, 1, 11, 0, 0, 1, 1, 0, 100, 1, 101}, 1e-6,
                    {1, 3, 4}, 0);
  ExpectValues<float>(c, {1, 0, 0}, {1, 3}, 1);
  ExpectValues<float>(c, {.95f, .9f, .3f}, {1, 3}, 2);
  ExpectValues<float>(c, {3}, {1}, 3);
}

// Each class by itself: .95 (1), .93 (0) at the same box, then .9 (0).
TEST(DetectionPostprocess, RegularByHand) {
  const KernelCase c = SixAnchors({.regular = true});
  ExpectNear<float>(c, {0, 10, 1, 11, 0, 10, 1, 11, 0, 0, 1, 1}, 1e-6,
                    {1, 3, 4}, 0);
  ExpectValues<float>(c, {1, 0, 0}, {1, 3}, 1);
  ExpectValues<float>(c, {.95f, .93f, .9f}, {1, 3}, 2);
  ExpectValues<float>(c, {3}, {1}, 3);
}

TEST(DetectionPostprocess, TwoClassesOfEachBox) {
  const KernelCase c = SixAnchors({.max_detections = 2, .max_classes = 3});
  ExpectValues<float>(c, {1, 0, 0, 0, 1, 0}, {1, 6}, 1);
  ExpectValues<float>(c, {.95f, .93f, 0, .9f, .8f, 0}, {1, 6}, 2);
  ExpectValues<float>(c, {2}, {1}, 3);
}

TEST(DetectionPostprocess, SlotsWithoutDetectionAreZero) {
  for (const bool regular : {false, true}) {
    const KernelCase c =
        SixAnchors({.max_detections = 4, .regular = regular, .score = .94f});
    ExpectValues<float>(c, {1, 0, 0, 0}, {1, 4}, 1);
    ExpectValues<float>(c, {.95f, 0, 0, 0}, {1, 4}, 2);
    ExpectValues<float>(c, {1}, {1}, 3);
  }
}

//------------------------------------------------------- the second way there

struct Box {
  float top, left, bottom, right;
};

struct Detections {
  std::vector<float> boxes, classes, scores;
  int count = 0;
};

float Overlap(const Box& a, const Box& b) {
  const auto area = [](const Box& box) {
    return (box.bottom - box.top) * (box.right - box.left);
  };
  if (area(a) <= 0 || area(b) <= 0) return 0;
  const float h =
      std::max(0.0f, std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
  const float w =
      std::max(0.0f, std::min(a.right, b.right) - std::max(a.left, b.left));
  return h * w / (area(a) + area(b) - h * w);
}

// Again and again the best box that is left and overlaps none taken.
std::vector<int> Greedy(const std::vector<Box>& boxes,
                        const std::vector<float>& scores, const Config& s,
                        int most) {
  std::vector<int> taken;
  while (static_cast<int>(taken.size()) < most) {
    int best = -1;
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!(scores[i] >= s.score)) continue;
      const bool free = std::ranges::none_of(taken, [&](int t) {
        return t == static_cast<int>(i) ||
               Overlap(boxes[static_cast<size_t>(t)], boxes[i]) > s.iou;
      });
      if (free && (best < 0 || scores[i] > scores[static_cast<size_t>(best)]))
        best = static_cast<int>(i);
    }
    if (best < 0) break;
    taken.push_back(best);
  }
  return taken;
}

struct Scene {
  int anchors, coordinates, columns;
  std::vector<float> encodings, scores, priors;  // real values
};

std::vector<Box> Decode(const Scene& scene, const Config& s) {
  std::vector<Box> boxes;
  for (int i = 0; i < scene.anchors; ++i) {
    const float* e =
        &scene.encodings[static_cast<size_t>(i * scene.coordinates)];
    const float* a = &scene.priors[static_cast<size_t>(i * 4)];
    const auto center = [](double t, double scale, double size, double at) {
      return static_cast<float>(t / scale * size + at);
    };
    const auto half = [](double t, double scale, double size) {
      return static_cast<float>(0.5 * std::exp(t / scale) * size);
    };
    const float y = center(e[0], s.y, a[2], a[0]);
    const float x = center(e[1], s.x, a[3], a[1]);
    const float h = half(e[2], s.h, a[2]);
    const float w = half(e[3], s.w, a[3]);
    boxes.push_back({y - h, x - w, y + h, x + w});
  }
  return boxes;
}

void Add(Detections& d, const Box& box, int column, float score) {
  d.boxes.insert(d.boxes.end(), {box.top, box.left, box.bottom, box.right});
  d.classes.push_back(static_cast<float>(column));
  d.scores.push_back(score);
}

Detections Expected(const Scene& scene, const Config& s) {
  const std::vector<Box> boxes = Decode(scene, s);
  const auto score = [&](int anchor, int column) {
    return scene.scores[static_cast<size_t>(
        anchor * scene.columns + scene.columns - s.classes + column)];
  };
  Detections d;
  std::vector<float> scores(boxes.size());
  if (!s.regular) {
    for (int i = 0; i < scene.anchors; ++i) {
      scores[static_cast<size_t>(i)] = score(i, 0);
      for (int c = 1; c < s.classes; ++c)
        scores[static_cast<size_t>(i)] =
            std::max(scores[static_cast<size_t>(i)], score(i, c));
    }
    for (const int i : Greedy(boxes, scores, s, s.max_detections)) {
      int column = 0;
      while (score(i, column) != scores[static_cast<size_t>(i)]) ++column;
      Add(d, boxes[static_cast<size_t>(i)], column, score(i, column));
      ++d.count;
    }
  } else {
    struct Kept {
      int anchor, column;
      float score;
    };
    std::vector<Kept> kept;
    for (int c = 0; c < s.classes; ++c) {
      for (int i = 0; i < scene.anchors; ++i)
        scores[static_cast<size_t>(i)] = score(i, c);
      for (const int i : Greedy(
               boxes, scores, s,
               std::min(s.max_detections, s.per_class < 0 ? 100 : s.per_class)))
        kept.push_back({i, c, score(i, c)});
    }
    std::ranges::stable_sort(kept, std::greater<>(), &Kept::score);
    for (const Kept& k : kept) {
      if (d.count == s.max_detections) break;
      Add(d, boxes[static_cast<size_t>(k.anchor)], k.column, k.score);
      ++d.count;
    }
  }
  const auto slots = static_cast<size_t>(s.max_detections * s.max_classes);
  d.boxes.resize(slots * 4);
  d.classes.resize(slots);
  d.scores.resize(slots);
  return d;
}

// Stored as T; `real` becomes what is stored.
template <class T>
KernelTensor Store(const Shape& shape, std::vector<float>& real, float scale,
                   int zero) {
  if constexpr (std::is_same_v<T, float>) {
    return KernelTensor::Of<float>(shape, real);
  } else {
    std::vector<T> stored;
    for (float& value : real) {
      const int q = std::clamp<int>(
          static_cast<int>(std::lround(value / scale)) + zero,
          std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
      stored.push_back(static_cast<T>(q));
      value = static_cast<float>(q - zero) * scale;
    }
    return KernelTensor::Of<T>(shape, stored, Steps(scale, zero));
  }
}

// Many scores are equal: they are quarters, or few steps of their type.
template <class T>
void ExpectAgrees(const Config& setup, bool background, int coordinates,
                  uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(0, 1);
  Scene scene{30, coordinates, setup.classes + (background ? 1 : 0),
              {}, {},          {}};
  for (int i = 0; i < scene.anchors * coordinates; ++i)
    scene.encodings.push_back(unit(random) * 4 - 2);
  for (int i = 0; i < scene.anchors * scene.columns; ++i)
    scene.scores.push_back(std::round(unit(random) * 4) / 4);
  for (int i = 0; i < scene.anchors; ++i) {
    for (int j = 0; j < 4; ++j)
      scene.priors.push_back(j < 2 ? unit(random) : 0.2f + unit(random) / 4);
  }
  const int zero = std::is_same_v<T, int8_t> ? -10 : 128;
  KernelCase c{Op::kCustom, OptionsOf(setup)};
  c.inputs = {
      Store<T>({1, scene.anchors, coordinates}, scene.encodings, 0.02f, zero),
      Store<T>({1, scene.anchors, scene.columns}, scene.scores, 0.01f, zero),
      Store<T>({scene.anchors, 4}, scene.priors, 0.01f, zero)};
  c.outputs.resize(4);
  const Detections d = Expected(scene, setup);
  ExpectValues<float>(c, d.boxes, Shape::UnknownRank(), 0);
  ExpectValues<float>(c, d.classes, Shape::UnknownRank(), 1);
  ExpectValues<float>(c, d.scores, Shape::UnknownRank(), 2);
  ExpectValues<float>(c, {static_cast<float>(d.count)}, {1}, 3);
}

TEST(DetectionPostprocess, AgreesWithTheDefinition) {
  uint32_t seed = 0;
  for (const bool regular : {false, true}) {
    for (const bool background : {false, true}) {
      for (const float iou : {0.1f, 0.5f, 1.0f}) {
        for (const int most : {1, 5, 50}) {
          const Config setup{.max_detections = most,
                             .classes = most == 5 ? 1 : 4,
                             .regular = regular,
                             .per_class = most == 50 ? 3 : -1,
                             .score = iou < 0.4f ? 0.3f : 0.0f,
                             .iou = iou};
          SCOPED_TRACE(testing::Message()
                       << "regular " << regular << ", background " << background
                       << ", iou " << iou << ", most " << most);
          ExpectAgrees<float>(setup, background, 4, ++seed);
          ExpectAgrees<uint8_t>(setup, background, 5, ++seed);
          ExpectAgrees<int8_t>(setup, background, 4, ++seed);
        }
      }
    }
  }
}

TEST(DetectionPostprocess, NanScoresAndEmptyInputs) {
  for (const bool regular : {false, true}) {
    KernelCase c = SixAnchors({.regular = regular});
    c.inputs[1] = KernelTensor::Of<float>(
        {1, 6, 3}, std::vector<float>(18, std::nanf("")));
    ExpectValues<float>(c, {0}, {1}, 3);
    c.inputs = {KernelTensor::Of<float>({1, 0, 4}, {}),
                KernelTensor::Of<float>({1, 0, 3}, {}),
                KernelTensor::Of<float>({0, 4}, {})};
    ExpectValues<float>(c, {0, 0, 0}, {1, 3}, 2);
    ExpectValues<float>(c, {0}, {1}, 3);
  }
}

TEST(DetectionPostprocess, BoxesTurnedInsideOutAreRefused) {
  KernelCase c = SixAnchors({});
  std::vector<float> anchors = kAnchors;
  anchors[2] = -1;
  c.inputs[2] = KernelTensor::Of<float>({6, 4}, anchors);
  ExpectRefused(c, "eval", "ends before it begins");
}

TEST(DetectionPostprocess, OptionsAreChecked) {
  const auto refused = [](const Config& setup, const std::string& message) {
    ExpectRefused(SixAnchors(setup), "infer", message);
  };
  refused({.max_detections = -1}, "max_detections");
  refused({.max_classes = 0}, "max_classes_per_detection");
  refused({.max_detections = 1 << 20, .max_classes = 1 << 20}, "*");
  refused({.classes = 0}, "num_classes");
  refused({.classes = 4}, "there are scores of 3 classes");
  refused({.classes = 1}, "there are scores of 3 classes");
  refused({.max_detections = 0, .regular = true}, "regular");
  refused({.regular = true, .per_class = 0}, "regular");
  refused({.iou = 0}, "nms_iou_threshold");
  refused({.iou = 1.5f}, "nms_iou_threshold");
  refused({.y = 0}, "y_scale");
  refused({.w = std::numeric_limits<float>::infinity()}, "w_scale");
  KernelCase c = SixAnchors({});
  c.options = CustomOptions{"TFLite_Detection_PostProcess", {}};
  ExpectRefused(c, "infer", "no FlexBuffer map");
  c.options = FlexMap("TFLite_Detection_PostProcess",
                      [](flexbuffers::Builder& b) { b.Int("x", 1); });
  ExpectRefused(c, "infer", "'max_detections' is missing");
}

TEST(DetectionPostprocess, InputsAreChecked) {
  const auto refused = [](int input, KernelTensor tensor,
                          const std::string& stage,
                          const std::string& message) {
    KernelCase c = SixAnchors({});
    c.inputs[static_cast<size_t>(input)] = std::move(tensor);
    ExpectRefused(c, stage, message);
  };
  const auto zeros = [](const Shape& shape) {
    return KernelTensor::Of<float>(
        shape, std::vector<float>(static_cast<size_t>(shape.elements())));
  };
  refused(0, zeros({6, 4}), "infer", "box encodings");
  refused(0, zeros({2, 3, 4}), "infer", "batch size");
  refused(0, zeros({1, 6, 3}), "infer", "fewer than 4");
  refused(0, zeros({1, 5, 4}), "infer", "number of boxes");
  refused(1, zeros({1, 5, 3}), "infer", "number of boxes");
  refused(2, zeros({5, 4}), "infer", "anchors");
  refused(2, zeros({6, 5}), "infer", "anchor");
  refused(2, KernelTensor::Absent(), "infer", "");
  refused(2, KernelTensor::Of<int32_t>({6, 4}, std::vector<int32_t>(24)),
          "prepare", "int32");
  refused(1, KernelTensor::Of<int8_t>({1, 6, 3}, std::vector<int8_t>(18)),
          "prepare", "scores");
  KernelCase c = SixAnchors({});
  c.outputs.resize(3);
  ExpectRefused(c, "infer", "");
}

}  // namespace liteforge::detection_postprocess_test
