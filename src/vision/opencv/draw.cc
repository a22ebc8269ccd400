// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "vision/opencv/guard.h"
#include "vision/opencv/opencv_vision.h"

namespace liteforge {
namespace {

// Colors that differ for neighboring classes: hues a golden angle apart.
cv::Scalar ColorOf(int label) {
  const double hue = std::fmod(std::abs(label) * 137.508, 360) / 60;
  const auto channel = [hue](double shift) {
    const double k = std::fmod(hue + shift, 6);
    return 255 * (1 - 0.85 * std::clamp(std::min(k, 4 - k), 0.0, 1.0));
  };
  return {channel(5), channel(3), channel(1)};
}

// OpenCV's fonts have the characters of ASCII.
std::string Plain(const std::string& text) {
  std::string plain;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) plain += byte < 0x20 ? ' ' : c;
    if (byte >= 0xC0) plain += '?';
  }
  return plain;
}

std::string Caption(const std::string& name, float score) {
  return cv::format("%s %.2f", Plain(name).c_str(), static_cast<double>(score));
}

class Canvas {
 public:
  explicit Canvas(Image& image)
      : picture_(image.height, image.width, CV_8UC3, image.pixels.data()),
        // Legible at any size: 640 pixels have lines of 2 and text of 0.5.
        scale_(std::max(0.35, std::min(image.width, image.height) / 960.0)),
        line_(std::max(1, cvRound(scale_ * 4))) {}

  // Text on a plate whose lower left corner is at `corner`, moved inside.
  void Label(cv::Point corner, const std::string& text,
             const cv::Scalar& color) {
    int below = 0;
    const cv::Size size =
        cv::getTextSize(text, kFont, scale_, TextLine(), &below);
    const int height = size.height + below + 2;
    corner.x = std::clamp(corner.x, 0, std::max(0, picture_.cols - size.width));
    corner.y = std::clamp(corner.y, height, std::max(height, picture_.rows));
    cv::rectangle(picture_, {corner.x, corner.y - height},
                  {corner.x + size.width, corner.y}, color, cv::FILLED);
    const double brightness =
        0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
    const cv::Scalar ink =
        brightness > 110 ? cv::Scalar(0, 0, 0) : cv::Scalar(255, 255, 255);
    cv::putText(picture_, text, {corner.x, corner.y - below}, kFont, scale_,
                ink, TextLine(), cv::LINE_AA);
  }

  void Frame(const DetectedObject& object) {
    const cv::Point first = At(object.box.top, object.box.left);
    const cv::Point last = At(object.box.bottom, object.box.right);
    const cv::Scalar color = ColorOf(object.label);
    cv::rectangle(picture_, first, last, color, line_);
    Label({first.x, first.y}, Caption(object.name, object.score), color);
  }

  // A column of labels in the upper left corner.
  void List(const std::vector<ScoredLabel>& labels) {
    int row = 1;
    for (const ScoredLabel& label : labels)
      Label({0, cvRound(row++ * 44 * scale_)}, Caption(label.name, label.score),
            ColorOf(label.label));
  }

  // Half the class's color over each pixel that is not background.
  void Color(const Segmentation& grid) {
    const cv::Mat cells(grid.height, grid.width, CV_32SC1,
                        const_cast<int32_t*>(grid.labels.data()));
    cv::Mat labels;
    cv::resize(cells, labels, picture_.size(), 0, 0, cv::INTER_NEAREST);
    int last = 0;  // a color is worked out where an area begins
    cv::Scalar color;
    for (int y = 0; y < picture_.rows; ++y) {
      const auto* row = labels.ptr<int32_t>(y);
      auto* pixels = picture_.ptr<cv::Vec3b>(y);
      for (int x = 0; x < picture_.cols; ++x) {
        if (row[x] == 0) continue;
        if (row[x] != last) color = ColorOf(last = row[x]);
        for (int c = 0; c < 3; ++c)
          pixels[x][c] = static_cast<uchar>((pixels[x][c] + color[c]) / 2);
      }
    }
  }

  void Dot(const KeyPoint& point) {
    const int radius = std::max(1, line_);
    cv::circle(picture_, At(point.y, point.x), radius, {0, 255, 0}, cv::FILLED,
               cv::LINE_AA);
  }
  void Bone(const KeyPoint& from, const KeyPoint& to) {
    cv::line(picture_, At(from.y, from.x), At(to.y, to.x), {255, 200, 0}, line_,
             cv::LINE_AA);
  }

 private:
  static constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

  int TextLine() const { return std::max(1, cvRound(scale_ * 1.5)); }
  // Far outside is as good as anywhere outside.
  cv::Point At(float y, float x) const {
    const auto pixel = [](float fraction, int size) {
      return cvRound(std::clamp(fraction, -2.0f, 3.0f) *
                     static_cast<float>(size - 1));
    };
    return {pixel(x, picture_.cols), pixel(y, picture_.rows)};
  }

  cv::Mat picture_;  // red, green, blue: the image's own pixels
  double scale_;
  int line_;
};

// Of the 17 points of COCO: nose, eyes, ears, shoulders, elbows, wrists, hips,
// knees, ankles, left before right.
constexpr int kBodyPoints = 17;
constexpr int kBones[][2] = {{0, 1},   {0, 2},   {1, 3},   {2, 4},
                             {5, 6},   {5, 7},   {7, 9},   {6, 8},
                             {8, 10},  {5, 11},  {6, 12},  {11, 12},
                             {11, 13}, {13, 15}, {12, 14}, {14, 16}};
constexpr float kSurePoint = 0.3f;

void DrawPose(const std::vector<KeyPoint>& points, Canvas& canvas) {
  const auto sure = [](const KeyPoint& p) { return p.score >= kSurePoint; };
  if (points.size() == kBodyPoints) {
    for (const auto& [a, b] : kBones) {
      const KeyPoint& from = points[static_cast<size_t>(a)];
      const KeyPoint& to = points[static_cast<size_t>(b)];
      if (sure(from) && sure(to)) canvas.Bone(from, to);
    }
  }
  for (const KeyPoint& point : points)
    if (sure(point)) canvas.Dot(point);
}

}  // namespace

Result<void> DrawFindings(const Findings& findings, Image& image) {
  return Guarded("draw", [&]() -> Result<void> {
    Canvas canvas(image);
    if (!findings.segmentation.labels.empty())
      canvas.Color(findings.segmentation);
    // The best ones last, on top.
    for (auto object = findings.objects.rbegin();
         object != findings.objects.rend(); ++object)
      canvas.Frame(*object);
    canvas.List(findings.classes);
    DrawPose(findings.points, canvas);
    return {};
  });
}

}  // namespace liteforge
