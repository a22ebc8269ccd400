// SPDX-License-Identifier: Apache-2.0
// A box of scale s and ratio r is s/√r high and s·√r wide, times a base size.
//
//   multiscale  level l has stride 2^l pixels and base anchor_scale · 2^l;
//               centres lie at i · stride + offset, where the offset is half a
//               stride if the stride divides the image's side, else 0
//   ssd         a grid of f cells has stride 1/f and offset 0.5/f; the base is
//               the image's shorter side
//
// Then corners are taken and turned back into centre and size, in float32, as
// TensorFlow does: the last bits of the result depend on it.
// Source: object_detection/anchor_generators/{multiscale_grid,multiple_grid,
// grid}_anchor_generator.py and core/box_list.py.
#include "import/detection/anchors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr int kMaxAnchorLevel = 12;
constexpr int kMaxLayers = 32;
constexpr size_t kMaxPerCell = 256;

struct GridAxis {
  float stride = 0;
  float offset = 0;
  float base = 1;   // size of a box of scale 1
  float scale = 1;  // to fractions of the image
};

// Centre and extent, in fractions of the image.
struct Span {
  float centre, extent;
};

Span Place(const GridAxis& axis, int32_t cell, float size) {
  const float centre = static_cast<float>(cell) * axis.stride + axis.offset;
  const float half = 0.5f * size;
  const float low = (centre - half) * axis.scale;
  const float high = (centre + half) * axis.scale;
  const float extent = high - low;
  return {low + extent / 2.0f, extent};
}

void AppendGrid(std::span<const AnchorShape> shapes,
                const AnchorGenerator::Grid& grid, const GridAxis& y,
                const GridAxis& x, std::vector<float>& out) {
  for (int32_t row = 0; row < grid.height; ++row) {
    for (int32_t col = 0; col < grid.width; ++col) {
      for (const AnchorShape& shape : shapes) {
        const float root = std::sqrt(static_cast<float>(shape.aspect_ratio));
        const auto scale = static_cast<float>(shape.scale);
        const Span v = Place(y, row, scale / root * y.base);
        const Span h = Place(x, col, scale * root * x.base);
        out.insert(out.end(), {v.centre, h.centre, v.extent, h.extent});
      }
    }
  }
}

GridAxis MultiscaleAxis(int level, double anchor_scale, int32_t side) {
  const int32_t stride = 1 << level;
  const auto length = static_cast<float>(stride);
  return {length, side % stride == 0 ? length / 2 : 0.0f,
          static_cast<float>(anchor_scale * stride),
          1.0f / static_cast<float>(side)};
}

// `stride` and `offset` in pixels, where the configuration says them.
GridAxis SsdAxis(int32_t cells, const int32_t* stride, const int32_t* offset,
                 double base, int32_t side, int32_t shorter) {
  GridAxis axis;
  const double step =
      stride != nullptr ? static_cast<double>(*stride) / side : 1.0 / cells;
  axis.stride = static_cast<float>(step);
  axis.offset = static_cast<float>(
      offset != nullptr ? static_cast<double>(*offset) / side : 0.5 * step);
  axis.base = static_cast<float>(
      base * static_cast<float>(static_cast<double>(shorter) / side));
  return axis;
}

}  // namespace

Result<AnchorGenerator> AnchorGenerator::Make(
    const od::AnchorGenerator& config) {
  AnchorGenerator generator;
  if (config.has_multiscale_anchor_generator()) {
    const auto& c = config.multiscale_anchor_generator();
    if (!c.normalize_coordinates())
      return Unsupported(
          "multiscale_anchor_generator has normalize_coordinates: false; "
          "TFLite's post-processing wants fractions of the image");
    if (c.min_level() < 0 || c.max_level() < c.min_level() ||
        c.max_level() > kMaxAnchorLevel || c.scales_per_octave() < 1 ||
        c.scales_per_octave() > kMaxLayers || c.aspect_ratios_size() == 0)
      return InvalidModel("multiscale_anchor_generator makes no boxes");
    generator.ReadMultiscale(c);
  } else if (config.has_ssd_anchor_generator()) {
    TRY_IN("ssd_anchor_generator",
           generator.ReadSsd(config.ssd_anchor_generator()));
  } else {
    return Unsupported(
        "anchor_generator is neither multiscale_anchor_generator nor "
        "ssd_anchor_generator, the two that are known");
  }
  for (const auto& shapes : generator.shapes_) {
    if (shapes.empty() || shapes.size() > kMaxPerCell)
      return InvalidModel(fmt::format(
          "anchor_generator makes {} boxes in a cell", shapes.size()));
    for (const AnchorShape& shape : shapes) {
      if (!(shape.aspect_ratio > 0) || !(shape.scale > 0))
        return InvalidModel(
            "anchor_generator has a scale or an aspect ratio that is not "
            "above 0");
    }
  }
  return generator;
}

void AnchorGenerator::ReadMultiscale(
    const od::MultiscaleAnchorGenerator& config) {
  min_level_ = config.min_level();
  anchor_scale_ = config.anchor_scale();
  std::vector<AnchorShape> shapes;
  for (const float ratio : config.aspect_ratios()) {
    for (int i = 0; i < config.scales_per_octave(); ++i)
      shapes.push_back(
          {std::exp2(static_cast<double>(i) / config.scales_per_octave()),
           ratio});
  }
  shapes_.assign(
      static_cast<size_t>(config.max_level() - config.min_level() + 1), shapes);
}

Result<void> AnchorGenerator::ReadSsd(const od::SsdAnchorGenerator& config) {
  ssd_ = config;
  std::vector<double> scales(config.scales().begin(), config.scales().end());
  const int layers = config.num_layers();
  if (layers < 1 || layers > kMaxLayers || (scales.empty() && layers < 2))
    return InvalidModel(fmt::format("num_layers is {}", layers));
  if (scales.empty()) {
    const double low = config.min_scale(), high = config.max_scale();
    for (int i = 0; i < layers; ++i)
      scales.push_back(low + (high - low) * i / (layers - 1));
  }
  if (static_cast<int>(scales.size()) < layers)
    return InvalidModel(
        fmt::format("has {} scales for {} layers", scales.size(), layers));
  for (const auto* list : {&config.height_stride(), &config.width_stride(),
                           &config.height_offset(), &config.width_offset()}) {
    if (!list->empty() && list->size() != layers)
      return InvalidModel(fmt::format("has {} strides or offsets for {} layers",
                                      list->size(), layers));
  }
  scales.push_back(1.0);
  for (size_t i = 0; i < static_cast<size_t>(layers); ++i) {
    if (i == 0 && config.reduce_boxes_in_lowest_layer()) {
      shapes_.push_back({{0.1, 1.0}, {scales[0], 2.0}, {scales[0], 0.5}});
      continue;
    }
    std::vector<AnchorShape> shapes;
    for (const float ratio : config.aspect_ratios())
      shapes.push_back({scales[i], ratio});
    if (config.interpolated_scale_aspect_ratio() > 0)
      shapes.push_back({std::sqrt(scales[i] * scales[i + 1]),
                        config.interpolated_scale_aspect_ratio()});
    shapes_.push_back(std::move(shapes));
  }
  return {};
}

std::vector<float> AnchorGenerator::Generate(std::span<const Grid> grids,
                                             const ImageSize& image) const {
  std::vector<float> anchors;
  const int32_t shorter = std::min(image.height, image.width);
  for (size_t l = 0; l < std::min(grids.size(), levels()); ++l) {
    const Grid& grid = grids[l];
    if (anchor_scale_ > 0) {
      const int level = min_level_ + static_cast<int>(l);
      AppendGrid(shapes_[l], grid,
                 MultiscaleAxis(level, anchor_scale_, image.height),
                 MultiscaleAxis(level, anchor_scale_, image.width), anchors);
      continue;
    }
    const auto at = [l](const auto& list) {
      return list.empty() ? nullptr : list.data() + l;
    };
    AppendGrid(
        shapes_[l], grid,
        SsdAxis(grid.height, at(ssd_.height_stride()), at(ssd_.height_offset()),
                ssd_.base_anchor_height(), image.height, shorter),
        SsdAxis(grid.width, at(ssd_.width_stride()), at(ssd_.width_offset()),
                ssd_.base_anchor_width(), image.width, shorter),
        anchors);
  }
  return anchors;
}

}  // namespace liteforge
