// SPDX-License-Identifier: Apache-2.0
// Non-max suppression in all its versions.
#include "convert/lowered_op_testing.h"

namespace liteforge {
namespace lowered_suppression_test {

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;

double Overlap(const NdArray& boxes, int a, int b) {
  const auto side = [&](int box, int i) { return boxes({box, i}); };
  const double height =
      std::min(side(a, 2), side(b, 2)) - std::max(side(a, 0), side(b, 0));
  const double width =
      std::min(side(a, 3), side(b, 3)) - std::max(side(a, 1), side(b, 1));
  const double both = std::max(height, 0.0) * std::max(width, 0.0);
  const auto area = [&](int box) {
    return (side(box, 2) - side(box, 0)) * (side(box, 3) - side(box, 1));
  };
  return both / (area(a) + area(b) - both);
}

// Greedy: the best score that overlaps none chosen before by more.
std::vector<int> Chosen(const NdArray& boxes, const std::vector<double>& scores,
                        int most, double overlap, double least) {
  std::vector<int> order(scores.size()), chosen;
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::ranges::sort(order, [&](int a, int b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  for (const int box : order) {
    if (static_cast<int>(chosen.size()) == most ||
        scores[static_cast<size_t>(box)] <= least)
      break;
    const bool suppressed = std::ranges::any_of(chosen, [&](int other) {
      return Overlap(boxes, box, other) > overlap;
    });
    if (!suppressed) chosen.push_back(box);
  }
  return chosen;
}

NdArray DrawBoxes(OpCase& c, int count) {
  NdArray boxes = Filled({count, 4}, 0);
  for (int box = 0; box < count; ++box) {
    for (int axis = 0; axis < 2; ++axis) {
      boxes({box, axis}) = static_cast<float>(c.Real(0, 2));
      boxes({box, axis + 2}) = static_cast<float>(boxes({box, axis}) + 1);
    }
  }
  return boxes;
}

NdArray Numbers(const std::vector<int>& values) {
  return {{static_cast<int32_t>(values.size())},
          {values.begin(), values.end()}};
}

// Versions 1, 2: without a threshold of scores; 4, 5: filled up, counted.
void Suppression(OpCase& c, int version) {
  const int count = c.Int(2, 7), most = c.Int(1, 5);
  const NdArray boxes = c.Given(DrawBoxes(c, count));
  const NdArray scores = c.Input({count}, 0.05, 1);
  c.Scalar(most);
  const auto overlap = static_cast<float>(c.Real(0.1, 0.6));
  const auto least = static_cast<float>(c.Real(0, 0.3));
  if (version == 1) {
    c.Attr("iou_threshold", overlap);
  } else {
    c.Scalar(overlap, kF32);
  }
  if (version >= 3) c.Scalar(least, kF32);
  if (version == 5) c.Scalar(0, kF32);  // sigma: hard suppression
  const auto chosen =
      Chosen(boxes, scores.v, most, overlap, version >= 3 ? least : -1);
  const bool pads = version >= 4 && c.Coin();
  if (pads) c.Attr("pad_to_max_output_size", true);
  auto filled = chosen;
  std::vector<double> own;
  for (const int box : chosen)
    own.push_back(scores.v[static_cast<size_t>(box)]);
  if (pads) {
    filled.resize(static_cast<size_t>(most));
    own.resize(static_cast<size_t>(most));
  }
  c.Expect(Numbers(filled), kI32);
  if (version == 5) c.Expect({{static_cast<int32_t>(own.size())}, own});
  if (version >= 4)
    c.Expect({Shape(), {static_cast<double>(chosen.size())}}, kI32);
}

void Combined(OpCase& c) {
  const int images = c.Int(1, 2), count = c.Int(2, 6), classes = c.Int(1, 3);
  const int own_boxes = c.Coin() ? classes : 1;
  const int most = c.Int(1, 4), total = c.Int(1, 8);
  const bool pads = c.Coin(), clips = c.Coin();
  NdArray boxes = Filled({images, count, own_boxes, 4}, 0);
  for (int image = 0; image < images; ++image) {
    for (int q = 0; q < own_boxes; ++q) {
      const NdArray drawn = DrawBoxes(c, count);
      ForEachPosition(drawn.shape, [&](const Position& at) {
        boxes({image, at[0], q, at[1]}) = drawn(at);
      });
    }
  }
  c.Given(boxes);
  const NdArray scores = c.Input({images, count, classes}, 0.05, 1);
  c.Scalar(most);
  c.Scalar(total);
  const auto overlap = static_cast<float>(c.Real(0.1, 0.6));
  const auto least = static_cast<float>(c.Real(0, 0.3));
  c.Scalar(overlap, kF32);
  c.Scalar(least, kF32);
  c.Attr("pad_per_class", pads);
  c.Attr("clip_boxes", clips);
  const int places = pads ? std::min(total, most * classes) : total;
  NdArray y = Filled({images, places, 4}, 0), s = Filled({images, places}, 0);
  NdArray k = s, n = Filled({images}, 0);
  for (int image = 0; image < images; ++image) {
    struct Found {
      double score;
      int box, of_class;
    };
    std::vector<Found> found;
    for (int of_class = 0; of_class < classes; ++of_class) {
      const int q = own_boxes == 1 ? 0 : of_class;
      const NdArray own = Made({count, 4}, [&](const Position& at) {
        return boxes({image, at[0], q, at[1]});
      });
      std::vector<double> score;
      for (int box = 0; box < count; ++box)
        score.push_back(scores({image, box, of_class}));
      for (const int box : Chosen(own, score, most, overlap, least))
        found.push_back({score[static_cast<size_t>(box)], box, of_class});
    }
    std::ranges::sort(found, std::greater<>(), &Found::score);
    found.resize(std::min(found.size(), static_cast<size_t>(places)));
    n.v[static_cast<size_t>(image)] = static_cast<double>(found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      const int at = static_cast<int>(i);
      const int q = own_boxes == 1 ? 0 : found[i].of_class;
      s({image, at}) = found[i].score;
      k({image, at}) = found[i].of_class;
      for (int side = 0; side < 4; ++side) {
        const double v = boxes({image, found[i].box, q, side});
        y({image, at, side}) = clips ? std::clamp(v, 0.0, 1.0) : v;
      }
    }
  }
  c.Expect(y);
  c.Expect(s);
  c.Expect(k);
  c.Expect(n, kI32);
}

template <int version>
void SuppressionRow(OpCase& c) {
  Suppression(c, version);
}

constexpr OpRow kRows[] = {
    {"CombinedNonMaxSuppression", Combined},
    {"NonMaxSuppression", SuppressionRow<1>},
    {"NonMaxSuppressionV2", SuppressionRow<2>},
    {"NonMaxSuppressionV3", SuppressionRow<3>},
    {"NonMaxSuppressionV4", SuppressionRow<4>},
    {"NonMaxSuppressionV5", SuppressionRow<5>},
};

}  // namespace lowered_suppression_test

std::span<const OpRow> SuppressionRows() {
  return lowered_suppression_test::kRows;
}

TEST(LoweredOps, Suppression) { CheckRows(SuppressionRows()); }

}  // namespace liteforge
