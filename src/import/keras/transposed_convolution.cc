// SPDX-License-Identifier: Apache-2.0
// Conv1DTranspose to Conv3DTranspose: the gradient of a convolution.
//   x [N, H, W, C]   kernel [H, W, filters, C]   bias [filters]
// Deconvolution2D is what Keras 1 calls Conv2DTranspose.
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
Result<ConstantValue> Spread(const ConstantValue& kernel,
                             const std::vector<int32_t>& dilations) {
  const auto rank = static_cast<int>(dilations.size());
  Shape shape = kernel.shape;
  for (int axis = 0; axis < rank; ++axis) {
    TRY_ASSIGN(const int32_t size,
               CheckedDim((int64_t{shape[axis]} - 1) *
                              dilations[static_cast<size_t>(axis)] +
                          1));
    shape.set_dim(axis, size);
  }
  if (shape.elements() < 0 || shape.elements() > kMaxMadeElements)
    return InvalidModel("its kernel is too large");
  const int64_t block =
      int64_t{shape[rank]} * shape[rank + 1];  // one place's weights
  const std::vector<float> from = kernel.data.ToVector<float>();
  std::vector<float> to(static_cast<size_t>(shape.elements()));
  const int64_t places = block == 0 ? 0 : kernel.shape.elements() / block;
  for (int64_t place = 0; place < places; ++place) {
    int64_t rest = place, at = 0, stride = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
      at += rest % kernel.shape[axis] * dilations[static_cast<size_t>(axis)] *
            stride;
      rest /= kernel.shape[axis];
      stride *= shape[axis];
    }
    std::copy_n(from.begin() + place * block, block, to.begin() + at * block);
  }
  return FloatConstant(shape, std::move(to));
}

// Keras 1 (Deconvolution2D) stores [H, W, C, filters].
ConstantValue FiltersBeforeChannels(const ConstantValue& kernel) {
  const std::vector<float> from = kernel.data.ToVector<float>();
  std::vector<float> to(from.size());
  Shape shape = kernel.shape;
  shape.set_dim(2, kernel.shape[3]);
  shape.set_dim(3, kernel.shape[2]);
  const auto channels = static_cast<size_t>(kernel.shape[2]);
  const auto filters = static_cast<size_t>(kernel.shape[3]);
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t place = i / (channels * filters);
    const size_t channel = i / filters % channels, filter = i % filters;
    to[(place * filters + filter) * channels + channel] = from[i];
  }
  return FloatConstant(shape, std::move(to));
}

Result<Tensor> KernelOf(LayerContext& c, const std::vector<int32_t>& size,
                        const SpatialConfig& spatial) {
  if (const Tensor* made = c.FindConstant("kernel")) return *made;
  TRY_ASSIGN(ConstantValue value, KernelValue(c, "kernel", size));
  if (size.size() == 1)
    value.shape = {1, value.shape[0], value.shape[1], value.shape[2]};
  if (c.file.generation == 1 && size.size() == 2)
    value = FiltersBeforeChannels(value);
  const bool dilated =
      std::ranges::any_of(spatial.dilations, [](int32_t d) { return d > 1; });
  if (dilated) {
    TRY_ASSIGN(value, Spread(value, spatial.dilations));
  }
  return c.Constant("kernel", std::move(value));
}

// The size of y: known, and as int32 [rank].
struct Sizes {
  Shape shape;
  Tensor tensor;
};

Result<Sizes> OutputSizes(LayerContext& c, const Tensor& x, bool first,
                          const std::vector<Length>& lengths, int32_t filters) {
  Sizes sizes;
  const Tensor shape = ShapeOf(x);
  std::vector<Tensor> dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const int spatial = axis - (first ? 2 : 1);
    if (axis == (first ? 1 : x.rank() - 1)) {
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

Result<std::vector<Length>> Lengths(const LayerContext& c,
                                    std::vector<int32_t> size,
                                    const SpatialConfig& spatial) {
  const auto rank = static_cast<int>(size.size());
  std::vector<int32_t> output_padding;
  if (c.config.Has("output_padding")) {
    TRY_ASSIGN(output_padding, c.config.Ints("output_padding", rank, 0));
    if (rank == 1) output_padding.insert(output_padding.begin(), 0);
  }
  if (rank == 1) size.insert(size.begin(), 1);
  std::vector<Length> lengths;
  for (size_t axis = 0; axis < size.size(); ++axis) {
    TRY_ASSIGN(
        const int32_t reach,
        CheckedDim((int64_t{size[axis]} - 1) * spatial.dilations[axis] + 1));
    lengths.push_back(LengthOf(spatial, axis, reach, output_padding));
  }
  return lengths;
}

// [1, spatial…, 1] in the order of the layout.
std::vector<int64_t> WithOnes(const std::vector<int32_t>& spatial, bool first) {
  std::vector<int64_t> all(spatial.begin(), spatial.end());
  all.insert(all.begin(), 1);
  all.insert(first ? all.begin() : all.end(), 1);
  return all;
}

LayerOutputs BuildTransposed(LayerContext& c, int rank) {
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  TRY_ASSIGN(SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/false, ones));
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(const std::vector<int32_t> size, c.config.KernelSize(rank));
  TRY_ASSIGN(const auto lengths, Lengths(c, size, spatial));
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  const bool turned = rank == 3 && spatial.channels_first;
  if (turned) {
    x = Transpose(x, ChannelsToLast(5));
    spatial.channels_first = false;
  }
  const bool first = spatial.channels_first;
  if (rank == 1) x = AddHeight(x, first);
  TRY_ASSIGN(const Tensor kernel, KernelOf(c, size, spatial));
  const int32_t channels = x.dim(first ? 1 : -1);
  if (kernel.dim(-2) != filters ||
      (channels >= 0 && kernel.dim(-1) != channels))
    return InvalidModel("its kernel " + kernel.shape().ToString() +
                        " does not fit its input " + x.shape().ToString());
  TRY_ASSIGN(const Sizes sizes, OutputSizes(c, x, first, lengths, filters));
  const std::vector<int32_t> undilated(spatial.strides.size(), 1);
  Tensor y = c.f.AddNode(
      rank == 3 ? "Conv3DBackpropInputV2" : "Conv2DBackpropInput",
      {sizes.tensor, kernel, x},
      Attributes()
          .Type("T", DataType::kFloat32)
          .Ints("strides", WithOnes(spatial.strides, first))
          .Ints("dilations", WithOnes(undilated, first))
          .String("padding", spatial.padding)
          .String("data_format", rank == 3 ? "NDHWC" : spatial.data_format()),
      DataType::kFloat32, sizes.shape);
  TRY_ASSIGN(y, AddBias(c, y, filters, spatial));
  if (rank == 1) y = DropHeight(y, first);
  if (turned) y = Transpose(y, ChannelsToFirst(5));
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

LayerOutputs BuildConv1DTranspose(LayerContext& c) {
  return BuildTransposed(c, 1);
}
LayerOutputs BuildConv2DTranspose(LayerContext& c) {
  return BuildTransposed(c, 2);
}

LayerOutputs BuildConv3DTranspose(LayerContext& c) {
  return BuildTransposed(c, 3);
}

}  // namespace

const KerasLayer kConv3DTransposeLayer{"Conv3DTranspose", BuildConv3DTranspose,
                                       KernelAndBias};
const KerasLayer kConv1DTransposeLayer{"Conv1DTranspose", BuildConv1DTranspose,
                                       KernelAndBias};
const KerasLayer kConv2DTransposeLayer{"Conv2DTranspose", BuildConv2DTranspose,
                                       KernelAndBias};

}  // namespace liteforge
