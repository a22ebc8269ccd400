// SPDX-License-Identifier: Apache-2.0
// NON_MAX_SUPPRESSION_V4: boxes in the order of their scores, each kept unless
// it overlaps a kept one by iou_threshold or more. V5 lowers scores instead,
//   score * e^(-iou^2 / (2 sigma)), where soft_nms_sigma > 0.
//   boxes [N, 4] as two corners y1 x1 y2 x2, scores [N], max_output_size [],
//   iou_threshold [], score_threshold [] (, soft_nms_sigma []): f32
//   -> indices [max] (, scores [max]), count []; zeros behind the last
// Source: tflite/kernels/non_max_suppression.cc; Bodla et al., "Soft-NMS".
#include <algorithm>
#include <cmath>

#include "kernels/kernel.h"

namespace liteforge {
namespace {

struct Candidate {
  int32_t index;
  int32_t seen;  // kept boxes that it has been compared with
  float score;
};

Result<void> Prepare(KernelContext& k) {
  for (int i = 0; i < k.input_count(); ++i) {
    const DataType wanted = i == 2 ? DataType::kInt32 : DataType::kFloat32;
    if (k.Input(i).type != wanted)
      return InvalidModel(
          "boxes, scores and thresholds must be float32, "
          "max_output_size int32");
    if (i > 2 && k.Input(i).elements() != 1)
      return InvalidModel("thresholds must be one value");
  }
  k.NeedScratch(0,
                sizeof(Candidate) * static_cast<size_t>(k.Input(1).elements()));
  return {};
}

struct Box {
  float top, left, bottom, right;
  float area() const { return (bottom - top) * (right - left); }
};

Box BoxAt(const float* boxes, int32_t i) {
  const float* b = boxes + int64_t{4} * i;
  return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]),
          std::max(b[1], b[3])};
}

float Overlap(const Box& a, const Box& b) {
  if (!(a.area() > 0) || !(b.area() > 0)) return 0;
  const float height =
      std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0f);
  const float width =
      std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0f);
  const float both = height * width;
  return both / (a.area() + b.area() - both);
}

struct Thresholds {
  float iou, score, sigma;
};

// Compares the candidate with the boxes kept since the last time, latest
// first. False when it is suppressed.
bool Survives(const float* boxes, const int32_t* kept, int32_t count,
              const Thresholds& t, Candidate& candidate) {
  const Box box = BoxAt(boxes, candidate.index);
  for (int32_t i = count - 1; i >= candidate.seen; --i) {
    const float iou = Overlap(box, BoxAt(boxes, kept[i]));
    if (iou >= t.iou) return false;
    if (t.sigma > 0) candidate.score *= std::exp(-0.5f / t.sigma * iou * iou);
    if (candidate.score <= t.score) return false;
  }
  candidate.seen = count;
  return true;
}

bool Worse(const Candidate& a, const Candidate& b) { return a.score < b.score; }

// A heap of the boxes above the score threshold, best first.
Candidate* FillHeap(KernelContext& k, float score_threshold, Candidate* heap) {
  const float* scores = k.Input(1).Data<float>();
  Candidate* end = heap;
  for (int64_t i = 0; i < k.Input(1).elements(); ++i) {
    if (!(scores[i] > score_threshold)) continue;
    *end++ = {static_cast<int32_t>(i), 0, scores[i]};
    std::push_heap(heap, end, Worse);
  }
  return end;
}

void Eval(KernelContext& k) noexcept {
  const bool soft = k.op() == Op::kNonMaxSuppressionV5;
  const float* boxes = k.Input(0).Data<float>();
  const Thresholds t{*k.Input(3).Data<float>(), *k.Input(4).Data<float>(),
                     soft ? *k.Input(5).Data<float>() : 0.0f};
  auto* kept = k.Output(0).MutableData<int32_t>();
  float* scores = soft ? k.Output(1).MutableData<float>() : nullptr;
  const int64_t most = k.Output(0).elements();
  auto* heap = k.Scratch<Candidate>(0);
  Candidate* end = FillHeap(k, t.score, heap);
  int32_t count = 0;
  while (count < most && end != heap) {
    std::pop_heap(heap, end, Worse);
    Candidate& best = *(end - 1);
    const float before = best.score;
    if (!Survives(boxes, kept, count, t, best)) {
      --end;
    } else if (best.score == before) {
      kept[count] = best.index;
      if (soft) scores[count] = best.score;
      ++count;
      --end;
    } else {
      std::push_heap(heap, end, Worse);
    }
  }
  std::fill(kept + count, kept + most, 0);
  if (soft) std::fill(scores + count, scores + most, 0.0f);
  *k.Output(soft ? 2 : 1).MutableData<int32_t>() = count;
}

constexpr const char* kTypes = "f32";

}  // namespace

extern const Kernel kNonMaxSuppressionV4{Op::kNonMaxSuppressionV4, kTypes,
                                         Prepare, Eval};
extern const Kernel kNonMaxSuppressionV5{Op::kNonMaxSuppressionV5, kTypes,
                                         Prepare, Eval};

}  // namespace liteforge
