// SPDX-License-Identifier: Apache-2.0
// Coordinates of the input become those of the picture in it:
//
//   y of the picture = (y of the input * input height - top) / height
//
// PoseNet: the cell (r, c) of a heatmap's maximum, of h x w, stands for
//   y = r / (h - 1) * input height + offset[r, c, k]      (x: + K, likewise)
// Source: tfjs-models/posenet, the single-pose decoder.
#include "detection/decode.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

namespace liteforge {
namespace {

std::string NameOf(int label, std::span<const std::string> labels) {
  const auto at = static_cast<size_t>(label);
  if (label >= 0 && at < labels.size() && !labels[at].empty())
    return labels[at];
  return std::to_string(label);
}

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// From pixels of the input.
float PictureY(float y, const DecodeContext& c) {
  return (y - static_cast<float>(c.place.top)) /
         static_cast<float>(c.place.height);
}
float PictureX(float x, const DecodeContext& c) {
  return (x - static_cast<float>(c.place.left)) /
         static_cast<float>(c.place.width);
}

// From fractions of the input, within the picture.
Box PictureBox(const float* box, const DecodeContext& c) {
  const auto height = static_cast<float>(c.input_height);
  const auto width = static_cast<float>(c.input_width);
  const auto inside = [](float v) { return std::clamp(v, 0.0f, 1.0f); };
  return {inside(PictureY(box[0] * height, c)),
          inside(PictureX(box[1] * width, c)),
          inside(PictureY(box[2] * height, c)),
          inside(PictureX(box[3] * width, c))};
}

void DecodeDetection(const OutputRoles& roles,
                     std::span<const OutputValues> outputs,
                     const DecodeContext& context, Findings& findings) {
  const auto values = [&](int k) -> const std::vector<float>& {
    return outputs[static_cast<size_t>(k)].values;
  };
  const auto& boxes = values(roles.boxes);
  const auto& classes = values(roles.classes);
  const auto& scores = values(roles.scores);
  size_t count = std::min({boxes.size() / 4, classes.size(), scores.size()});
  if (roles.count >= 0 && !values(roles.count).empty()) {
    const float said = values(roles.count)[0];
    if (said >= 0 && said < static_cast<float>(count))
      count = static_cast<size_t>(said);
  }
  for (size_t i = 0; i < count; ++i) {
    const float* box = &boxes[i * 4];
    const bool is_finite =
        std::all_of(box, box + 4, [](float v) { return std::isfinite(v); });
    if (!(scores[i] >= context.threshold) || !is_finite ||
        !(std::abs(classes[i]) < 1e9f))
      continue;
    DetectedObject object;
    object.label = static_cast<int>(std::lround(classes[i]));
    object.name = NameOf(object.label, context.labels);
    object.score = scores[i];
    object.box = PictureBox(box, context);
    findings.objects.push_back(std::move(object));
  }
  std::ranges::stable_sort(findings.objects, std::greater<>(),
                           &DetectedObject::score);
}

// Shares that add up to 1; logits become such.
std::vector<float> Probabilities(std::vector<float> values) {
  const auto in_range = [](float v) { return v >= 0 && v <= 1; };
  if (std::ranges::all_of(values, in_range)) return values;
  const float largest = *std::ranges::max_element(values);
  float sum = 0;
  for (float& value : values) sum += value = std::exp(value - largest);
  for (float& value : values) value /= sum;
  return values;
}

void DecodeClassification(const OutputValues& output,
                          const DecodeContext& context, Findings& findings) {
  std::vector<float> scores = output.values;
  for (float& score : scores)
    if (!std::isfinite(score)) score = std::numeric_limits<float>::lowest();
  scores = Probabilities(std::move(scores));
  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto score_of = [&](int k) { return scores[static_cast<size_t>(k)]; };
  std::ranges::stable_sort(order, std::greater<>(), score_of);
  order.resize(std::min(order.size(), static_cast<size_t>(context.top)));
  for (const int label : order)
    findings.classes.push_back(
        {label, NameOf(label, context.labels), score_of(label)});
}

//--------------------------------------------------------------- segmentation

// The best class of a cell, or the one it names; a single real value is how
// sure the model is of class 1.
int32_t CellLabel(const float* cell, int channels, bool is_real) {
  if (channels > 1)
    return static_cast<int32_t>(std::max_element(cell, cell + channels) - cell);
  if (is_real) return *cell >= 0.5f ? 1 : 0;
  return static_cast<int32_t>(std::clamp(*cell, -1e9f, 1e9f));
}

void DecodeSegmentation(const OutputValues& output,
                        const DecodeContext& context, Findings& findings) {
  if (output.values.empty()) return;
  const Shape& shape = output.shape;
  const int height = shape[1], width = shape[2];
  const int channels = shape.rank() == 4 ? shape[3] : 1;
  const bool is_real = output.type == DataType::kFloat32;
  Segmentation& grid = findings.segmentation;
  // The cells that the picture covers.
  const auto cells = [](int pixels, int of, int count) {
    return static_cast<int>(
        std::lround(static_cast<double>(pixels) * count / of));
  };
  const Placement& place = context.place;
  const int top = cells(place.top, context.input_height, height);
  const int left = cells(place.left, context.input_width, width);
  grid.height = std::clamp(cells(place.height, context.input_height, height), 1,
                           height - top);
  grid.width = std::clamp(cells(place.width, context.input_width, width), 1,
                          width - left);
  std::map<int32_t, int64_t> counts;
  for (int y = top; y < top + grid.height; ++y) {
    for (int x = left; x < left + grid.width; ++x) {
      const auto cell =
          static_cast<size_t>(y * width + x) * static_cast<size_t>(channels);
      grid.labels.push_back(CellLabel(&output.values[cell], channels, is_real));
      ++counts[grid.labels.back()];
    }
  }
  for (const auto& [label, count] : counts) {
    const auto share =
        static_cast<double>(count) / static_cast<double>(grid.labels.size());
    findings.classes.push_back(
        {label, NameOf(label, context.labels), static_cast<float>(share)});
  }
  std::ranges::stable_sort(findings.classes, std::greater<>(),
                           &ScoredLabel::score);
}

//----------------------------------------------------------------------- pose

void DecodePoints(const OutputValues& output, const DecodeContext& context,
                  Findings& findings) {
  for (size_t i = 0; i + 3 <= output.values.size(); i += 3) {
    const float* point = &output.values[i];
    findings.points.push_back(
        {PictureY(point[0] * static_cast<float>(context.input_height), context),
         PictureX(point[1] * static_cast<float>(context.input_width), context),
         point[2]});
  }
}

void DecodeHeatmaps(const OutputValues& heatmaps, const OutputValues& offsets,
                    const DecodeContext& context, Findings& findings) {
  const int h = heatmaps.shape[1], w = heatmaps.shape[2];
  const auto points = static_cast<size_t>(heatmaps.shape[3]);
  const auto cells = static_cast<size_t>(h) * static_cast<size_t>(w);
  for (size_t k = 0; k < points; ++k) {
    size_t best = 0;
    for (size_t cell = 1; cell < cells; ++cell)
      if (heatmaps.values[cell * points + k] >
          heatmaps.values[best * points + k])
        best = cell;
    const auto at = [](size_t cell, int count, int size) {
      return count < 2
                 ? 0.0f
                 : static_cast<float>(cell) / static_cast<float>(count - 1) *
                       static_cast<float>(size);
    };
    const float* offset = &offsets.values[best * 2 * points];
    const auto columns = static_cast<size_t>(w);
    const float y = at(best / columns, h, context.input_height) + offset[k];
    const float x =
        at(best % columns, w, context.input_width) + offset[points + k];
    findings.points.push_back({PictureY(y, context), PictureX(x, context),
                               Sigmoid(heatmaps.values[best * points + k])});
  }
}

void DecodeLandmarks(const OutputValues& output, const DecodeContext& context,
                     Findings& findings) {
  for (size_t i = 0; i + 3 <= output.values.size(); i += 3)
    findings.points.push_back({PictureY(output.values[i + 1], context),
                               PictureX(output.values[i], context), 1});
}

//--------------------------------------------------------------------- values

template <class T>
std::vector<float> Reals(std::span<const std::byte> data,
                         const Quantization& quantization) {
  const bool plain = quantization.scale.size() != 1;
  const float scale = plain ? 1 : quantization.scale[0];
  const auto zero = plain || quantization.zero_point.empty()
                        ? 0.0f
                        : static_cast<float>(quantization.zero_point[0]);
  std::vector<float> values(data.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    values[i] = (static_cast<float>(value) - zero) * scale;
  }
  return values;
}

}  // namespace

Result<OutputValues> ReadOutput(const TensorDetails& output,
                                std::span<const std::byte> data) {
  OutputValues read{output.shape, output.dtype, {}};
  switch (output.dtype) {
    case DataType::kFloat32:
      read.values = Reals<float>(data, {});
      return read;
    case DataType::kUInt8:
      read.values = Reals<uint8_t>(data, output.quantization);
      return read;
    case DataType::kInt8:
      read.values = Reals<int8_t>(data, output.quantization);
      return read;
    case DataType::kInt16:
      read.values = Reals<int16_t>(data, output.quantization);
      return read;
    case DataType::kInt32:
      read.values = Reals<int32_t>(data, output.quantization);
      return read;
    case DataType::kInt64:
      read.values = Reals<int64_t>(data, output.quantization);
      return read;
    case DataType::kBool:
      read.values = Reals<uint8_t>(data, {});
      return read;
    default:
      return Unsupported("output '" + output.name + "' is of type " +
                         std::string(Name(output.dtype)) +
                         "; float32 and integers are known");
  }
}

Findings Decode(const OutputRoles& roles, std::span<const OutputValues> outputs,
                const DecodeContext& context) {
  Findings findings;
  findings.task = roles.task;
  if (roles.task == ModelTask::kDetection) {
    DecodeDetection(roles, outputs, context, findings);
    return findings;
  }
  const OutputValues& values = outputs[static_cast<size_t>(roles.values)];
  if (roles.task == ModelTask::kClassification)
    DecodeClassification(values, context, findings);
  else if (roles.task == ModelTask::kSegmentation)
    DecodeSegmentation(values, context, findings);
  else if (roles.pose == PoseKind::kHeatmaps)
    DecodeHeatmaps(values, outputs[static_cast<size_t>(roles.offsets)], context,
                   findings);
  else if (roles.pose == PoseKind::kLandmarks)
    DecodeLandmarks(values, context, findings);
  else
    DecodePoints(values, context, findings);
  return findings;
}

}  // namespace liteforge
