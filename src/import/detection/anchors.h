// SPDX-License-Identifier: Apache-2.0
// The boxes that a single-shot detector's predictions are relative to.
#pragma once

#include <span>
#include <vector>

#include "import/detection/pipeline_config.h"

namespace liteforge {

// One grid's boxes, in every cell: relative sizes as the generator states them.
struct AnchorShape {
  double scale = 1;
  double aspect_ratio = 1;  // width to height
};

class AnchorGenerator {
 public:
  // kUnsupported for generators other than multiscale_anchor_generator and
  // ssd_anchor_generator, and for coordinates in pixels; kInvalidModel for
  // numbers that make no boxes.
  static Result<AnchorGenerator> Make(const od::AnchorGenerator& config);

  size_t levels() const { return shapes_.size(); }
  // Boxes in a cell of a level's grid.
  int32_t PerCell(size_t level) const {
    return static_cast<int32_t>(shapes_[level].size());
  }
  // The range of levels, for multiscale ones; 0 for others.
  int min_level() const { return min_level_; }

  struct Grid {
    int32_t height = 0;
    int32_t width = 0;
  };
  // [A, 4]: centre y, centre x, height, width, in fractions of the image. Level
  // by level, row by row, cell by cell. One grid a level.
  std::vector<float> Generate(std::span<const Grid> grids,
                              const ImageSize& image) const;

 private:
  void ReadMultiscale(const od::MultiscaleAnchorGenerator& config);
  Result<void> ReadSsd(const od::SsdAnchorGenerator& config);

  std::vector<std::vector<AnchorShape>> shapes_;  // of each level
  int min_level_ = 0;
  // Of multiscale ones: the size of a box of scale 1, in strides.
  double anchor_scale_ = 0;
  od::SsdAnchorGenerator ssd_;
};

}  // namespace liteforge
