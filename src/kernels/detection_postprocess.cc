// SPDX-License-Identifier: Apache-2.0
// TFLite_Detection_PostProcess: boxes of a single-shot detector out of its
// encodings, then non-maximum suppression.
//
//   inputs   encodings [1, A, >= 4]: y x h w, what follows (keypoints) is not
//            read; scores [1, A, C] or, with a background class in front,
//            [1, A, 1 + C]; anchors [A, 4]: y x h w. Each f32, u8 or i8.
//   outputs  boxes [1, N, 4]: top left bottom right; classes, scores [1, N];
//            count [1]. All f32; N = max_detections * max_classes_per_detection
//
//   centre y  = y / y_scale * anchor.h + anchor.y           (x likewise)
//   half height = exp(h / h_scale) / 2 * anchor.h           (width likewise)
//
// in double, each rounded to float, of the anchors that get so far as to be
// compared. The fast way suppresses boxes once, by their best class, and gives
// each its best classes; the regular way suppresses each class by itself and
// keeps the best of all. Equal scores stay in the order of anchors, then of
// classes. Slots without a detection are zero.
// Source: tflite/kernels/detection_postprocess.cc.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/flex_options.h"
#include "kernels/micro/arg_best.h"
#include "kernels/numerics.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

struct Options {
  int32_t max_detections = 0;
  int32_t max_classes_per_detection = 0;
  int32_t detections_per_class = 0;
  int32_t num_classes = 0;
  bool regular = false;
  float score_threshold = 0;
  float iou_threshold = 0;
  float scale[4] = {};  // y x h w
  int32_t slots = 0;
};

Result<Options> ReadOptions(const KernelContext& k) {
  TRY_ASSIGN(const FlexOptions flex,
             FlexOptions::Read(k.options<CustomOptions>().bytes));
  Options o;
  TRY_ASSIGN(o.max_detections, flex.Int("max_detections"));
  TRY_ASSIGN(o.max_classes_per_detection,
             flex.Int("max_classes_per_detection"));
  TRY_ASSIGN(o.detections_per_class, flex.Int("detections_per_class", 100));
  TRY_ASSIGN(o.num_classes, flex.Int("num_classes"));
  TRY_ASSIGN(o.regular, flex.Bool("use_regular_nms", false));
  TRY_ASSIGN(o.score_threshold, flex.Float("nms_score_threshold"));
  TRY_ASSIGN(o.iou_threshold, flex.Float("nms_iou_threshold"));
  constexpr const char* kScales[] = {"y_scale", "x_scale", "h_scale",
                                     "w_scale"};
  for (int i = 0; i < 4; ++i) {
    TRY_ASSIGN(o.scale[i], flex.Float(kScales[i]));
    if (!(o.scale[i] > 0 && std::isfinite(o.scale[i])))
      return InvalidModel(std::string(kScales[i]) + " must be above 0");
  }
  return o;
}

Result<Options> CheckedOptions(const KernelContext& k) {
  TRY_ASSIGN(Options o, ReadOptions(k));
  if (o.num_classes < 1) return InvalidModel("num_classes must be 1 or more");
  if (o.max_detections < 0 || o.max_classes_per_detection < 1)
    return InvalidModel(
        "max_detections must be 0 or more and max_classes_per_detection 1 or "
        "more");
  if (o.regular && std::min(o.detections_per_class, o.max_detections) < 1)
    return InvalidModel(
        "regular suppression needs detections_per_class and max_detections of "
        "1 or more");
  if (!(o.iou_threshold > 0 && o.iou_threshold <= 1))
    return InvalidModel("nms_iou_threshold must be in (0, 1]");
  TRY_ASSIGN(o.slots,
             ToDim(int64_t{o.max_detections} * o.max_classes_per_detection,
                   "max_detections * max_classes_per_detection"));
  return o;
}

Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const Options o, CheckedOptions(k));
  TRY(NeedInputs(c, 3));
  TRY(NeedRank(c, 0, 3, "box encodings"));
  TRY(NeedRank(c, 1, 3, "scores"));
  TRY(NeedRank(c, 2, 2, "anchors"));
  const Shape& boxes = c.input(0).shape;
  const Shape& scores = c.input(1).shape;
  const Shape& anchors = c.input(2).shape;
  TRY(NeedEqual(DimOf(boxes, 0), 1, "batch size of box encodings"));
  TRY(NeedEqual(DimOf(scores, 0), 1, "batch size of scores"));
  TRY(NeedEqual(DimOf(boxes, 1), DimOf(scores, 1),
                "number of boxes and of scores"));
  TRY(NeedEqual(DimOf(boxes, 1), DimOf(anchors, 0),
                "number of boxes and of anchors"));
  TRY(NeedEqual(DimOf(anchors, 1), 4, "coordinates of an anchor"));
  const int32_t coordinates = DimOf(boxes, 2);
  if (coordinates != Shape::kUnknownDim && coordinates < 4)
    return InvalidModel("a box encoding has fewer than 4 coordinates");
  const int32_t columns = DimOf(scores, 2);
  if (columns != Shape::kUnknownDim && columns != o.num_classes &&
      columns - 1 != o.num_classes)
    return InvalidModel("there are scores of " + std::to_string(columns) +
                        " classes; num_classes is " +
                        std::to_string(o.num_classes));
  c.SetOutput(0, DataType::kFloat32, {1, o.slots, 4});
  c.SetOutput(1, DataType::kFloat32, {1, o.slots});
  c.SetOutput(2, DataType::kFloat32, {1, o.slots});
  c.SetOutput(3, DataType::kFloat32, {1});
  return {};
}

struct Box {
  float top, left, bottom, right;
};

struct Candidate {
  int anchor;
  int column;  // of the class, background not counted
  float score;
};

// Better first; `order` decides between equal scores.
struct Ranked {
  float score;
  int order;
  friend bool operator<(const Ranked& a, const Ranked& b) {
    return a.score > b.score || (a.score == b.score && a.order < b.order);
  }
};

struct State {
  Options options;
  int anchors = 0;
  int columns = 0;     // of the scores
  int background = 0;  // columns before the first class
  std::vector<Box> boxes;
  std::vector<uint8_t> decoded;  // which boxes are there
  bool valid = true;             // those that are
  // Where they are quantized: of one anchor's classes, or of all anchors.
  std::vector<float> scores;
  std::vector<Ranked> ranked;
  std::vector<int> selected;  // anchors
  std::vector<int> classes;   // of one anchor, the best first
  std::vector<float> best;    // score of each anchor, or of one class
  std::vector<int32_t> best_classes;
  std::vector<Candidate> kept, merged;
};

Result<void> CheckType(const RuntimeTensor& tensor, const char* role) {
  if (tensor.type == DataType::kFloat32) return {};
  if (tensor.type != DataType::kUInt8 && tensor.type != DataType::kInt8)
    return Unsupported(std::string(role) + " of " +
                       std::string(Name(tensor.type)) + " are not supported");
  return CheckQuantized(tensor, role);
}

Result<void> Prepare(KernelContext& k) {
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.options, CheckedOptions(k));
  TRY(CheckType(k.Input(0), "box encodings"));
  TRY(CheckType(k.Input(1), "scores"));
  TRY(CheckType(k.Input(2), "anchors"));
  s.anchors = k.Input(0).shape[1];
  s.columns = k.Input(1).shape[2];
  s.background = s.columns - s.options.num_classes;
  const auto anchors = static_cast<size_t>(s.anchors);
  const auto classes = static_cast<size_t>(s.options.num_classes);
  s.boxes.resize(anchors);
  s.ranked.resize(anchors);
  s.decoded.resize(anchors);
  s.best_classes.resize(anchors);
  s.selected.reserve(anchors);
  s.best.resize(anchors);
  s.classes.resize(classes);
  if (k.Input(1).type != DataType::kFloat32)
    s.scores.resize(s.options.regular
                        ? static_cast<size_t>(k.Input(1).elements())
                        : classes);
  if (s.options.regular) {
    const size_t most = std::min(anchors * classes,
                                 static_cast<size_t>(s.options.max_detections));
    s.kept.reserve(most);
    s.merged.reserve(most + anchors);
  }
  return {};
}

//----------------------------------------------------------------------- boxes

float ValueAt(const RuntimeTensor& tensor, int64_t i) {
  if (tensor.type == DataType::kFloat32) return tensor.Data<float>()[i];
  const int32_t stored = tensor.type == DataType::kUInt8
                             ? int32_t{tensor.Data<uint8_t>()[i]}
                             : int32_t{tensor.Data<int8_t>()[i]};
  return static_cast<float>(stored - tensor.zero_point()) * tensor.scale();
}

// Middle and half the extent along one axis.
struct Span {
  float middle, half;
};

Span DecodeAxis(double place, double extent, double place_scale,
                double extent_scale, double anchor, double anchor_extent) {
  return {static_cast<float>(place / place_scale * anchor_extent + anchor),
          static_cast<float>(0.5 * std::exp(extent / extent_scale) *
                             anchor_extent)};
}

// A box that ends before it begins is not valid.
const Box& BoxOf(const KernelContext& k, State& s, int anchor) {
  const auto i = static_cast<size_t>(anchor);
  if (s.decoded[i] != 0) return s.boxes[i];
  const RuntimeTensor& encodings = k.Input(0);
  const RuntimeTensor& anchors = k.Input(2);
  const float* scale = s.options.scale;
  float e[4], a[4];  // y x h w
  for (int j = 0; j < 4; ++j) {
    e[j] = ValueAt(encodings, int64_t{anchor} * encodings.shape[2] + j);
    a[j] = ValueAt(anchors, int64_t{anchor} * 4 + j);
  }
  const Span y = DecodeAxis(e[0], e[2], scale[0], scale[2], a[0], a[2]);
  const Span x = DecodeAxis(e[1], e[3], scale[1], scale[3], a[1], a[3]);
  const Box box{y.middle - y.half, x.middle - x.half, y.middle + y.half,
                x.middle + x.half};
  s.valid &= !(box.top > box.bottom || box.left > box.right);
  s.decoded[i] = 1;
  return s.boxes[i] = box;
}

// As many scores as s.scores has, from that one on.
const float* ScoresFrom(const RuntimeTensor& tensor, int64_t first, State& s) {
  if (tensor.type == DataType::kFloat32) return tensor.Data<float>() + first;
  for (size_t i = 0; i < s.scores.size(); ++i)
    s.scores[i] = ValueAt(tensor, first + static_cast<int64_t>(i));
  return s.scores.data();
}

//----------------------------------------------------------------- suppression

float Area(const Box& box) {
  return (box.bottom - box.top) * (box.right - box.left);
}

float IntersectionOverUnion(const Box& a, const Box& b) {
  const float area_a = Area(a);
  const float area_b = Area(b);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float common = std::max(height, 0.0f) * std::max(width, 0.0f);
  return common / (area_a + area_b - common);
}

// Takes anchors by falling score, `most` at the most, each unless it overlaps
// one already taken. Fills s.selected. Few are looked at as a rule, so that a
// heap of the others need not be sorted.
void Suppress(const KernelContext& k, State& s, int most) {
  size_t count = 0;
  for (int i = 0; i < s.anchors; ++i) {
    const float score = s.best[static_cast<size_t>(i)];
    if (score >= s.options.score_threshold) s.ranked[count++] = {score, i};
  }
  const auto worse = [](const Ranked& a, const Ranked& b) { return b < a; };
  const auto begin = s.ranked.begin();
  auto end = begin + static_cast<std::ptrdiff_t>(count);
  std::make_heap(begin, end, worse);
  s.selected.clear();
  while (end != begin && static_cast<int>(s.selected.size()) < most) {
    std::pop_heap(begin, end--, worse);
    const int anchor = end->order;
    const Box& box = BoxOf(k, s, anchor);
    const auto overlaps = [&](int taken) {
      return IntersectionOverUnion(s.boxes[static_cast<size_t>(taken)], box) >
             s.options.iou_threshold;
    };
    if (std::ranges::none_of(s.selected, overlaps))
      s.selected.push_back(anchor);
  }
}

void Write(KernelContext& k, const State& s, int slot,
           const Candidate& detection) {
  const Box& box = s.boxes[static_cast<size_t>(detection.anchor)];
  float* const to = k.Output(0).MutableData<float>() + int64_t{slot} * 4;
  to[0] = box.top;
  to[1] = box.left;
  to[2] = box.bottom;
  to[3] = box.right;
  k.Output(1).MutableData<float>()[slot] = static_cast<float>(detection.column);
  k.Output(2).MutableData<float>()[slot] = detection.score;
}

// The first `count` of s.classes become the best ones by `scores`. The order of
// equal ones beyond the first is the standard library's, as in TFLite.
void BestClasses(const float* scores, int count, std::vector<int>& classes) {
  if (count == 1) {
    classes[0] = static_cast<int>(
        std::max_element(scores, scores + classes.size()) - scores);
    return;
  }
  std::iota(classes.begin(), classes.end(), 0);
  const auto key = [scores](int i) {
    return std::isnan(scores[i]) ? -std::numeric_limits<float>::infinity()
                                 : scores[i];
  };
  std::partial_sort(classes.begin(), classes.begin() + count, classes.end(),
                    [key](int a, int b) { return key(a) > key(b); });
}

// Where each anchor's largest score is. Quantized ones have the order of what
// they stand for.
void FindBestClasses(const RuntimeTensor& scores, State& s) {
  if (s.anchors == 0) return;  // there may be no memory
  const auto find = [&](const auto* values) {
    ArgBestOfRows(values + s.background, s.anchors, s.columns,
                  s.options.num_classes, /*largest=*/true,
                  s.best_classes.data());
  };
  if (scores.type == DataType::kFloat32) {
    find(scores.Data<float>());
  } else if (scores.type == DataType::kUInt8) {
    find(scores.Data<uint8_t>());
  } else {
    find(scores.Data<int8_t>());
  }
}

int DetectFast(KernelContext& k, State& s) {
  const RuntimeTensor& scores = k.Input(1);
  const int most = s.options.max_classes_per_detection;
  const int count = std::min(most, s.options.num_classes);
  const auto first = [&](int anchor) {
    return int64_t{anchor} * s.columns + s.background;
  };
  FindBestClasses(scores, s);
  for (int i = 0; i < s.anchors; ++i) {
    const auto at = static_cast<size_t>(i);
    s.best[at] = ValueAt(scores, first(i) + s.best_classes[at]);
  }
  Suppress(k, s, s.options.max_detections);
  int slot = 0;
  for (const int anchor : s.selected) {
    const float* row = ScoresFrom(scores, first(anchor), s);
    BestClasses(row, count, s.classes);
    for (int i = 0; i < count; ++i) {
      const int column = s.classes[static_cast<size_t>(i)];
      Write(k, s, slot + i, {anchor, column, row[column]});
    }
    slot += most;
  }
  return static_cast<int>(s.selected.size());
}

// What is selected joins what earlier classes have kept; those come first
// among equal scores.
void Merge(State& s, int column) {
  s.merged.clear();
  size_t next = 0;
  const auto most = static_cast<size_t>(s.options.max_detections);
  for (const int anchor : s.selected) {
    const float score = s.best[static_cast<size_t>(anchor)];
    while (next < s.kept.size() && s.kept[next].score >= score)
      s.merged.push_back(s.kept[next++]);
    s.merged.push_back({anchor, column, score});
  }
  while (next < s.kept.size()) s.merged.push_back(s.kept[next++]);
  s.kept.assign(s.merged.begin(),
                s.merged.begin() + static_cast<std::ptrdiff_t>(
                                       std::min(most, s.merged.size())));
}

int DetectRegular(KernelContext& k, State& s) {
  const float* scores = ScoresFrom(k.Input(1), 0, s);
  const int most =
      std::min(s.options.detections_per_class, s.options.max_detections);
  s.kept.clear();
  for (int column = 0; column < s.options.num_classes; ++column) {
    for (int i = 0; i < s.anchors; ++i)
      s.best[static_cast<size_t>(i)] =
          scores[int64_t{i} * s.columns + s.background + column];
    Suppress(k, s, most);
    Merge(s, column);
  }
  for (size_t i = 0; i < s.kept.size(); ++i)
    Write(k, s, static_cast<int>(i), s.kept[i]);
  return static_cast<int>(s.kept.size());
}

void Eval(KernelContext& k) noexcept {
  State& s = k.State<State>();
  std::ranges::fill(s.decoded, uint8_t{0});
  s.valid = true;
  for (int i = 0; i < 3; ++i) {
    RuntimeTensor& output = k.Output(i);
    std::fill_n(output.MutableData<float>(), output.elements(), 0.0f);
  }
  const int count = s.options.regular ? DetectRegular(k, s) : DetectFast(k, s);
  k.Output(3).MutableData<float>()[0] = static_cast<float>(count);
  if (!s.valid)
    k.FailEval("a box ends before it begins: an anchor's extent is negative");
}

}  // namespace

extern const CustomKernel kDetectionPostprocess{
    "TFLite_Detection_PostProcess",
    {Op::kCustom, "f32 i8 u8", Prepare, Eval, Infer}};

}  // namespace liteforge
