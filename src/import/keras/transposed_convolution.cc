// SPDX-License-Identifier: Apache-2.0
// Conv1DTranspose, Conv2DTranspose: the gradient of a convolution.
//   x [N, H, W, C]   kernel [H, W, filters, C]   bias [filters]
// Along each axis, of size n with stride s and kernel k:
//   SAME   n s          VALID   n s + max(k - s, 0)
//   with output_padding p   (n - 1) s + k - 2 (SAME: k / 2, VALID: 0) + p
// Source: keras/src/backend/common/backend_utils.py,
// compute_conv_transpose_output_shape.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"
#include "import/keras/spatial.h"

namespace liteforge {
namespace {

// n -> n * times + plus
struct Length {
  int32_t times = 1;
  int32_t plus = 0;
};

Length LengthOf(const SpatialConfig& spatial, size_t axis, int32_t kernel,
                const std::vector<int32_t>& output_padding) {
  const int32_t stride = spatial.strides[axis];
  const bool same = spatial.padding == "SAME";
  if (output_padding.empty())
    return {stride, same ? 0 : std::max(kernel - stride, 0)};
  return {stride, kernel - stride - (same ? 2 * (kernel / 2) : 0) +
                      output_padding[axis]};
}

// The kernel with zeros between its rows and columns: TensorFlow Lite has no
// dilation here.
Result<Tensor> SpreadKernel(LayerContext& c, const std::vector<int32_t>& size,
                            const std::vector<int32_t>& dilations) {
  if (dilations[0] == 1 && dilations[1] == 1) return Kernel(c, "kernel", size);
  TRY_ASSIGN(ConstantValue value, KernelValue(c, "kernel", size));
  if (value.shape.rank() == 3)
    value.shape = {1, value.shape[0], value.shape[1], value.shape[2]};
  const std::vector<float> from = value.data.ToVector<float>();
  const int32_t rows = value.shape[0], cols = value.shape[1];
  const int64_t block = int64_t{value.shape[2]} * value.shape[3];
  TRY_ASSIGN(const int32_t high,
             CheckedDim(int64_t{rows - 1} * dilations[0] + 1));
  TRY_ASSIGN(const int32_t wide,
             CheckedDim(int64_t{cols - 1} * dilations[1] + 1));
  TRY(CheckedDim(int64_t{high} * wide));
  TRY(CheckedDim(int64_t{high} * wide * block));
  std::vector<float> to(static_cast<size_t>(high * wide * block));
  for (int32_t row = 0; row < rows; ++row) {
    for (int32_t col = 0; col < cols; ++col) {
      const int64_t at =
          int64_t{row} * dilations[0] * wide + int64_t{col} * dilations[1];
      std::copy_n(from.begin() + (int64_t{row} * cols + col) * block, block,
                  to.begin() + at * block);
    }
  }
  return c.Constant("kernel",
                    FloatConstant({high, wide, value.shape[2], value.shape[3]},
                                  std::move(to)));
}

// The size of y: known, and as int32 [4].
struct Sizes {
  Shape shape;
  Tensor tensor;
};

Result<Sizes> OutputSizes(LayerContext& c, const Tensor& x, bool first,
                          const std::vector<Length>& lengths, int32_t filters) {
  Sizes sizes;
  const Tensor shape = ShapeOf(x);
  std::vector<Tensor> dims;
  for (int axis = 0; axis < 4; ++axis) {
    const int spatial = axis - (first ? 2 : 1);
    if (axis == (first ? 1 : 3)) {
      sizes.shape.Append(filters);
      dims.push_back(c.f.Constant(IntScalar(filters)));
      continue;
    }
    const Length length =
        axis == 0 ? Length() : lengths[static_cast<size_t>(spatial)];
    if (x.dim(axis) >= 0) {
      TRY_ASSIGN(const int32_t size,
                 CheckedDim(int64_t{x.dim(axis)} * length.times + length.plus));
      sizes.shape.Append(size);
      dims.push_back(c.f.Constant(IntScalar(size)));
      continue;
    }
    sizes.shape.Append(Shape::kUnknownDim);
    Tensor dim = Index(shape, 0, axis);
    if (axis > 0) {
      dim = Add(Mul(dim, c.f.Constant(IntScalar(length.times))),
                c.f.Constant(IntScalar(length.plus)));
    }
    dims.push_back(dim);
  }
  sizes.tensor = Pack(dims, 0);
  return sizes;
}

LayerOutputs BuildTransposed(LayerContext& c, int rank) {
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(std::vector<int32_t> size, c.config.KernelSize(rank));
  std::vector<int32_t> output_padding;
  if (c.config.Has("output_padding")) {
    TRY_ASSIGN(output_padding, c.config.Ints("output_padding", rank, 0));
    if (rank == 1) output_padding.insert(output_padding.begin(), 0);
  }
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  const bool first = spatial.channels_first;
  if (rank == 1) x = AddHeight(x, first);
  TRY_ASSIGN(const Tensor kernel, SpreadKernel(c, size, spatial.dilations));
  if (rank == 1) size.insert(size.begin(), 1);
  const int32_t channels = x.dim(first ? 1 : 3);
  if (kernel.dim(2) != filters || (channels >= 0 && kernel.dim(3) != channels))
    return InvalidModel("its kernel " + kernel.shape().ToString() +
                        " does not fit its input " + x.shape().ToString());
  std::vector<Length> lengths;
  for (size_t axis = 0; axis < 2; ++axis) {
    const int32_t reach = (size[axis] - 1) * spatial.dilations[axis] + 1;
    lengths.push_back(LengthOf(spatial, axis, reach, output_padding));
  }
  TRY_ASSIGN(const Sizes sizes, OutputSizes(c, x, first, lengths, filters));
  const auto all = [&](const std::vector<int32_t>& two) {
    return first ? std::vector<int64_t>{1, 1, two[0], two[1]}
                 : std::vector<int64_t>{1, two[0], two[1], 1};
  };
  Tensor y = c.f.AddNode("Conv2DBackpropInput", {sizes.tensor, kernel, x},
                         Attributes()
                             .Type("T", DataType::kFloat32)
                             .Ints("strides", all(spatial.strides))
                             .Ints("dilations", {1, 1, 1, 1})
                             .String("padding", spatial.padding)
                             .String("data_format", spatial.data_format()),
                         DataType::kFloat32, sizes.shape);
  TRY_ASSIGN(y, AddBias(c, y, filters, spatial));
  if (rank == 1) y = DropHeight(y, first);
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

LayerOutputs BuildConv1DTranspose(LayerContext& c) {
  return BuildTransposed(c, 1);
}
LayerOutputs BuildConv2DTranspose(LayerContext& c) {
  return BuildTransposed(c, 2);
}

}  // namespace

const KerasLayer kConv1DTransposeLayer{"Conv1DTranspose", BuildConv1DTranspose,
                                       KernelAndBias};
const KerasLayer kConv2DTransposeLayer{"Conv2DTranspose", BuildConv2DTranspose,
                                       KernelAndBias};

}  // namespace liteforge
