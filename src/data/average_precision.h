// SPDX-License-Identifier: Apache-2.0
// Average precision of detectors, as COCO measures it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace liteforge {

struct PixelBox {
  double left = 0, top = 0, width = 0, height = 0;  // in pixels
};

// What is in an image.
struct TrueObject {
  int64_t image = 0;
  int64_t category = 0;
  PixelBox box;
  bool is_crowd = false;  // many objects in one box
};

// What a detector says is in an image.
struct FoundObject {
  int64_t image = 0;
  int64_t category = 0;
  PixelBox box;
  double score = 0;
};

struct AveragePrecision {
  double map = 0;  // mean over categories and over IoU 0.5, 0.55 … 0.95
  double ap50 = 0;
  double ap75 = 0;
  struct Category {
    int64_t category = 0;
    int64_t objects = 0;  // no crowds
    double ap = 0;        // over all IoUs
  };
  std::vector<Category> categories;  // by number; those with objects
};

// Of each image and category the 100 detections of the highest score count.
// From the highest score on, each takes the object that it overlaps most and
// that none has taken; it is right if their intersection over union (IoU) is
// at least the threshold. What lies in a crowd, measured by the part of the
// detection within it, and takes nothing else counts neither as right nor as
// wrong; nor do crowds count as missed. Precision at a recall is the highest
// at that recall or any above; average precision its mean over the recalls 0,
// 0.01 … 1. All zero where there are no objects.
// Source: cocodataset.org/#detection-eval.
AveragePrecision MeasureAveragePrecision(std::span<const TrueObject> objects,
                                         std::span<const FoundObject> found);

}  // namespace liteforge
