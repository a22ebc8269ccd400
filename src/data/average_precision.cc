// SPDX-License-Identifier: Apache-2.0
//   IoU(d, g)   = |d ∩ g| / |d ∪ g|,    of a crowd g: |d ∩ g| / |d|
//   recall_k    = right among the first k / objects
//   precision_k = right among the first k / k
//   AP          = mean over r = 0, 0.01 … 1 of max {precision_k: recall_k >= r}
#include "data/average_precision.h"

#include <algorithm>
#include <array>
#include <map>

namespace liteforge {
namespace {

constexpr size_t kMostDetections = 100;  // an image and category
constexpr size_t kThresholds = 10;
constexpr int kRecalls = 101;

using Thresholds = std::array<double, kThresholds>;

Thresholds IouThresholds() {
  Thresholds thresholds;
  for (size_t i = 0; i < kThresholds; ++i)
    thresholds[i] = static_cast<double>(50 + 5 * i) / 100;
  return thresholds;
}

double Area(const PixelBox& box) { return box.width * box.height; }

double Overlap(const PixelBox& found, const TrueObject& object) {
  const PixelBox& box = object.box;
  const double width =
      std::min(found.left + found.width, box.left + box.width) -
      std::max(found.left, box.left);
  const double height =
      std::min(found.top + found.height, box.top + box.height) -
      std::max(found.top, box.top);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both /
         (object.is_crowd ? Area(found) : Area(found) + Area(box) - both);
}

enum class Verdict : uint8_t { kWrong, kRight, kIgnored };

// One detection, judged at every threshold.
struct Judged {
  double score;
  std::array<Verdict, kThresholds> verdicts;
};

// Objects and detections of one category in one image.
struct Scene {
  std::vector<TrueObject> objects;  // crowds behind the others
  std::vector<FoundObject> found;   // the best first
};

// The object that a detection takes; objects.size() for none. Crowds, which
// many may lie in, are taken only where nothing else is.
size_t TakenBy(const FoundObject& found, const std::vector<TrueObject>& objects,
               const std::vector<bool>& taken, double threshold) {
  size_t best = objects.size();
  double least = threshold;
  for (size_t i = 0; i < objects.size(); ++i) {
    if (taken[i]) continue;
    if (objects[i].is_crowd && best < objects.size() && !objects[best].is_crowd)
      break;
    const double overlap = Overlap(found.box, objects[i]);
    if (overlap < least) continue;
    least = overlap;
    best = i;
  }
  return best;
}

void JudgeAt(double threshold, size_t t, const Scene& scene,
             std::span<Judged> judged) {
  std::vector<bool> taken(scene.objects.size(), false);
  for (size_t d = 0; d < scene.found.size(); ++d) {
    const size_t object =
        TakenBy(scene.found[d], scene.objects, taken, threshold);
    Verdict& verdict = judged[d].verdicts[t];
    if (object == scene.objects.size()) {
      verdict = Verdict::kWrong;
    } else if (scene.objects[object].is_crowd) {
      verdict = Verdict::kIgnored;
    } else {
      verdict = Verdict::kRight;
      taken[object] = true;
    }
  }
}

void Judge(Scene& scene, std::vector<Judged>& judged) {
  std::ranges::stable_sort(scene.found, std::ranges::greater(),
                           &FoundObject::score);
  if (scene.found.size() > kMostDetections) scene.found.resize(kMostDetections);
  std::ranges::stable_sort(scene.objects, {}, &TrueObject::is_crowd);
  const size_t first = judged.size();
  for (const FoundObject& found : scene.found)
    judged.push_back({found.score, {}});
  const Thresholds thresholds = IouThresholds();
  for (size_t t = 0; t < kThresholds; ++t)
    JudgeAt(thresholds[t], t, scene, std::span(judged).subspan(first));
}

// Of detections in the order of their scores.
double AveragePrecisionAt(size_t t, const std::vector<Judged>& judged,
                          int64_t objects) {
  std::vector<double> recall, precision;
  int64_t right = 0, wrong = 0;
  for (const Judged& j : judged) {
    right += j.verdicts[t] == Verdict::kRight;
    wrong += j.verdicts[t] == Verdict::kWrong;
    const int64_t counted = std::max<int64_t>(right + wrong, 1);
    recall.push_back(static_cast<double>(right) / static_cast<double>(objects));
    precision.push_back(static_cast<double>(right) /
                        static_cast<double>(counted));
  }
  for (size_t i = precision.size(); i-- > 1;)
    precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  size_t at = 0;
  for (int r = 0; r < kRecalls; ++r) {
    // As numpy.linspace has them, which decides where a recall just meets one.
    const double wanted = 0.01 * r;
    while (at < recall.size() && recall[at] < wanted) ++at;
    if (at < recall.size()) sum += precision[at];
  }
  return sum / kRecalls;
}

}  // namespace

AveragePrecision MeasureAveragePrecision(std::span<const TrueObject> objects,
                                         std::span<const FoundObject> found) {
  std::map<int64_t, std::map<int64_t, Scene>> scenes;  // by category and image
  std::map<int64_t, int64_t> counts;
  for (const TrueObject& object : objects) {
    scenes[object.category][object.image].objects.push_back(object);
    counts[object.category] += !object.is_crowd;
  }
  for (const FoundObject& f : found)
    scenes[f.category][f.image].found.push_back(f);
  AveragePrecision result;
  for (auto& [category, images] : scenes) {
    const int64_t count = counts[category];
    if (count == 0) continue;  // nothing to be found
    std::vector<Judged> judged;
    for (auto& [image, scene] : images) Judge(scene, judged);
    std::ranges::stable_sort(judged, std::ranges::greater(), &Judged::score);
    double sum = 0;
    for (size_t t = 0; t < kThresholds; ++t) {
      const double ap = AveragePrecisionAt(t, judged, count);
      sum += ap;
      if (t == 0) result.ap50 += ap;
      if (t == 5) result.ap75 += ap;
    }
    result.categories.push_back({category, count, sum / kThresholds});
    result.map += sum / kThresholds;
  }
  const auto n =
      static_cast<double>(std::max<size_t>(result.categories.size(), 1));
  result.map /= n;
  result.ap50 /= n;
  result.ap75 /= n;
  return result;
}

}  // namespace liteforge
