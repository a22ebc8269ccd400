// SPDX-License-Identifier: Apache-2.0
// CombinedNonMaxSuppression of boxes [B, N, 1 or C, 4] and scores [B, N, C]:
// within each class of each image NON_MAX_SUPPRESSION_V4 chooses at most M
// boxes; those of all classes are sorted by score and the best T kept. Places
// that nothing fills are zero. Source:
// tensorflow/core/kernels/image/non_max_suppression_op.cc.
#include <algorithm>
#include <limits>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

constexpr int32_t kMostSuppressions = 1024;
constexpr int64_t kMostPlaces = 1 << 20;
constexpr float kNothing = -std::numeric_limits<float>::max();

struct SuppressionSizes {
  int32_t images, boxes, box_classes, classes;
  int32_t most_of_class, total, places;  // M, T, slots of the result
};

Result<SuppressionSizes> ReadSizes(const LowerContext& c) {
  const Shape& boxes = c.input(0)->shape;
  const Shape& scores = c.input(1)->shape;
  if (!boxes.IsStatic() || !scores.IsStatic() || boxes.rank() != 4 ||
      scores.rank() != 3 || boxes[3] != 4)
    return Unsupported(
        "boxes or scores of unknown size; give inputs their sizes with "
        "--input-shape");
  SuppressionSizes s{boxes[0], boxes[1], boxes[2], scores[2], 0, 0, 0};
  if (s.images < 1 || s.boxes < 1 || s.classes < 1 || scores[0] != s.images ||
      scores[1] != s.boxes ||
      (s.box_classes != 1 && s.box_classes != s.classes))
    return InvalidModel("boxes and scores do not fit each other");
  if (int64_t{s.images} * s.classes > kMostSuppressions)
    return Unsupported("suppression of so many images and classes");
  TRY_ASSIGN(int64_t most, c.IntegerOf(2, "max_output_size_per_class"));
  TRY_ASSIGN(int64_t total, c.IntegerOf(3, "max_total_size"));
  TRY_ASSIGN(const bool pads, c.Attribute<bool>("pad_per_class", false));
  if (most < 1 || total < 1 || total > kMostPlaces)
    return InvalidModel("it keeps no boxes, or too many");
  if (pads) total = std::min(total, std::min(most, kMostPlaces) * s.classes);
  most = std::min<int64_t>(most, s.boxes);
  s.most_of_class = static_cast<int32_t>(most);
  s.places = static_cast<int32_t>(total);
  s.total = static_cast<int32_t>(std::min(total, most * s.classes));
  return s;
}

class Suppressor {
 public:
  Suppressor(LowerContext& c, const SuppressionSizes& sizes)
      : f_(c), c_(c), sizes_(sizes) {}

  Result<void> Run(bool clip) {
    std::vector<Value*> boxes, scores, classes, counts;
    for (int32_t image = 0; image < sizes_.images; ++image) {
      const Found best = BestOf(image);
      boxes.push_back(best.boxes);
      scores.push_back(best.scores);
      classes.push_back(best.classes);
      counts.push_back(best.count);
    }
    Value* all = Stacked(boxes);
    if (clip) all = f_.Min(f_.Max(all, f_.Like(all, 0)), f_.Like(all, 1));
    Value* outputs[] = {all, Stacked(scores), Stacked(classes),
                        f_.Concat(counts, 0)};
    TRY(f_.Check());
    for (int i = 0; i < 4; ++i) c_.SetOutput(i, outputs[i]);
    return {};
  }

 private:
  // Of one class [M] or of an image [T]; boxes have four columns.
  struct Found {
    Value *boxes, *scores, *classes, *count;
  };

  Value* Stacked(const std::vector<Value*>& values) {
    std::vector<Value*> rows;
    for (Value* value : values) rows.push_back(f_.ExpandDims(value, 0));
    return rows.size() == 1 ? rows[0] : f_.Concat(rows, 0);
  }

  Found OfClass(Value* boxes, Value* scores, int32_t number) {
    Value* most = f_.ir().Int32(sizes_.most_of_class);
    const auto kept =
        f_.EmitMany(Op::kNonMaxSuppressionV4, NonMaxSuppressionV4Options{},
                    {boxes, scores, most, c_.input(4), c_.input(5)}, 2);
    Value* real = f_.Compare(Op::kLess, f_.Range(most), kept[1]);
    Value* score = f_.Select(real, f_.Gather(scores, kept[0]),
                             f_.Number(DataType::kFloat32, kNothing));
    std::vector<float> classes(static_cast<size_t>(sizes_.most_of_class),
                               static_cast<float>(number));
    return {f_.Gather(boxes, kept[0]), score,
            f_.Floats({sizes_.most_of_class}, std::move(classes)), kept[1]};
  }

  Found BestOf(int32_t image) {
    Value* at = f_.ir().Int32(image);
    Value* image_boxes = f_.Gather(c_.input(0), at);
    Value* image_scores = f_.Gather(c_.input(1), at);
    std::vector<Value*> boxes, scores, classes;
    for (int32_t i = 0; i < sizes_.classes; ++i) {
      Value* own = f_.ir().Int32(sizes_.box_classes == 1 ? 0 : i);
      const Found found =
          OfClass(f_.Gather(image_boxes, own, 1),
                  f_.Gather(image_scores, f_.ir().Int32(i), 1), i);
      boxes.push_back(found.boxes);
      scores.push_back(found.scores);
      classes.push_back(found.classes);
    }
    const bool single = sizes_.classes == 1;
    const auto top = f_.EmitMany(Op::kTopKV2, TopKV2Options{},
                                 {single ? scores[0] : f_.Concat(scores, 0),
                                  f_.ir().Int32(sizes_.total)},
                                 2);
    Value* real = f_.Compare(Op::kGreater, top[0],
                             f_.Number(DataType::kFloat32, kNothing));
    const auto best = [&](std::vector<Value*>& of) {
      return f_.Gather(single ? of[0] : f_.Concat(of, 0), top[1]);
    };
    Value* zero = f_.Number(DataType::kFloat32, 0);
    Value* count = f_.Sum(f_.Cast(real, DataType::kInt32), {0}, true);
    return {Padded(f_.Select(f_.ExpandDims(real, 1), best(boxes), zero), 2),
            Padded(f_.Select(real, top[0], zero), 1),
            Padded(f_.Select(real, best(classes), zero), 1), count};
  }

  // With zeros up to all places.
  Value* Padded(Value* x, int32_t rank) {
    const int32_t missing = sizes_.places - sizes_.total;
    if (missing == 0) return x;
    std::vector<int32_t> amounts(static_cast<size_t>(2 * rank));
    amounts[1] = missing;
    Value* table = f_.Reshape(f_.Ints(std::move(amounts)), {rank, 2});
    return f_.Emit(Op::kPad, PadOptions{}, {x, table});
  }

  Formula f_;
  LowerContext& c_;
  const SuppressionSizes sizes_;
};

Result<void> LowerCombined(LowerContext& c) {
  TRY_ASSIGN(const SuppressionSizes sizes, ReadSizes(c));
  TRY_ASSIGN(const bool clip, c.Attribute<bool>("clip_boxes", true));
  return Suppressor(c, sizes).Run(clip);
}

}  // namespace

std::span<const TfOp> CombinedSuppressionOps() {
  static constexpr TfOp kOps[] = {
      {"CombinedNonMaxSuppression", 6, LowerCombined}};
  return kOps;
}

}  // namespace liteforge
