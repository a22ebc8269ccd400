// SPDX-License-Identifier: Apache-2.0
#include "import/keras/spatial.h"

#include <algorithm>
#include <string>

#include "base/try.h"
#include "import/keras/activations.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

// The stored order is not the one Keras 2 has, transposed to it.
ConstantValue TransposedValue(const ConstantValue& value,
                              const std::vector<int>& permutation) {
  const std::vector<float> in = value.data.ToVector<float>();
  const int rank = value.shape.rank();
  std::vector<int64_t> stride(static_cast<size_t>(rank), 1);
  for (int axis = rank - 2; axis >= 0; --axis) {
    const auto a = static_cast<size_t>(axis);
    stride[a] = stride[a + 1] * value.shape[axis + 1];
  }
  Shape shape;
  for (int axis : permutation) shape.Append(value.shape[axis]);
  std::vector<float> out(in.size());
  for (size_t i = 0; i < out.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    int64_t from = 0;
    for (int axis = rank - 1; axis >= 0; --axis) {
      const auto a =
          static_cast<size_t>(permutation[static_cast<size_t>(axis)]);
      from += rest % shape[axis] * stride[a];
      rest /= shape[axis];
    }
    out[i] = in[static_cast<size_t>(from)];
  }
  return FloatConstant(shape, std::move(out));
}

// [H, W, in, out] with H and W backwards: for a dense run of spatial positions
// that is the order of the positions backwards.
ConstantValue TurnedKernel(const ConstantValue& value) {
  const std::vector<float> in = value.data.ToVector<float>();
  const int rank = value.shape.rank();
  const auto block = static_cast<size_t>(int64_t{value.shape[rank - 2]} *
                                         value.shape[rank - 1]);
  if (block == 0) return value;
  std::vector<float> out(in.size());
  for (size_t at = 0; at + block <= in.size(); at += block) {
    std::copy_n(in.begin() + static_cast<ptrdiff_t>(at), block,
                out.end() - static_cast<ptrdiff_t>(at + block));
  }
  return FloatConstant(value.shape, std::move(out));
}

// Keras 1.2 stored [W, 1, in, out], Keras 1.1 [out, in, W, 1].
ConstantValue Keras1Kernel1D(ConstantValue value, int32_t size,
                             int32_t filters) {
  if (value.shape[0] != size || value.shape[1] != 1 ||
      value.shape[3] != filters) {
    value = TransposedValue(value, {2, 3, 1, 0});
  }
  if (value.shape[1] != 1) return value;  // refused by the check of its shape
  value.shape = {value.shape[0], value.shape[2], value.shape[3]};
  return value;
}

Result<ConstantValue> Keras1Kernel(LayerContext& c, ConstantValue value,
                                   const std::vector<int32_t>& size) {
  if (value.shape.rank() != 4) return value;
  if (size.size() == 1) {
    TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
    return Keras1Kernel1D(std::move(value), size[0], filters);
  }
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  return channels_first ? TransposedValue(value, {2, 3, 1, 0}) : value;
}

Result<void> CheckSize(const ConstantValue& value,
                       const std::vector<int32_t>& size,
                       std::string_view name) {
  Shape wanted;
  for (int32_t extent : size) wanted.Append(extent);
  wanted.Append(Shape::kUnknownDim);
  wanted.Append(Shape::kUnknownDim);
  bool fits = value.shape.rank() == wanted.rank();
  for (int axis = 0; fits && axis < wanted.rank(); ++axis) {
    fits = value.shape[axis] > 0 &&
           (wanted[axis] < 0 || wanted[axis] == value.shape[axis]);
  }
  if (fits) return {};
  return InvalidModel("its stored " + std::string(name) + " is " +
                      value.shape.ToString() + ", its configuration asks for " +
                      wanted.ToString());
}

}  // namespace

WindowAttributes SpatialConfig::Window() const {
  return {.strides = strides,
          .dilations = dilations,
          .padding = padding == "SAME" ? "SAME" : "VALID",
          .data_format = data_format()};
}

Result<SpatialConfig> ReadSpatial(const LayerConfig& config, int rank,
                                  bool causal,
                                  const std::vector<int32_t>& strides) {
  SpatialConfig spatial;
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  TRY_ASSIGN(spatial.channels_first, config.ChannelsFirst());
  TRY_ASSIGN(spatial.padding, config.Padding(causal));
  TRY_ASSIGN(spatial.strides, config.Ints("strides", rank, 1, strides));
  TRY_ASSIGN(spatial.dilations, config.Ints("dilation_rate", rank, 1, ones));
  if (rank == 1) {
    spatial.strides.insert(spatial.strides.begin(), 1);
    spatial.dilations.insert(spatial.dilations.begin(), 1);
  }
  return spatial;
}

Tensor AddHeight(Tensor x, bool channels_first) {
  return ExpandDims(x, channels_first ? 2 : 1);
}

Tensor DropHeight(Tensor x, bool channels_first) {
  return Squeeze(x, {channels_first ? 2 : 1});
}

Result<Tensor> PadCausal(Tensor x, int32_t size, const SpatialConfig& spatial) {
  if (spatial.padding != "CAUSAL") return x;
  const int64_t before = (int64_t{size} - 1) * spatial.dilations.back();
  const auto axis = static_cast<size_t>(spatial.channels_first ? 3 : 2);
  const int64_t extent = std::max(0, x.dim(static_cast<int>(axis)));
  TRY(CheckedDim(extent + before + 1));
  std::vector<std::pair<int32_t, int32_t>> paddings(4);
  paddings[axis].first = static_cast<int32_t>(before);
  return Pad(x, std::move(paddings));
}

Result<ConstantValue> KernelValue(LayerContext& c, std::string_view name,
                                  const std::vector<int32_t>& size) {
  TRY_ASSIGN(ConstantValue value, c.WeightValue(name, Shape::UnknownRank()));
  if (c.file.generation == 1) {
    TRY_ASSIGN(value, Keras1Kernel(c, std::move(value), size));
  }
  TRY(CheckSize(value, size, name));
  const bool turned =
      c.file.generation == 2 && c.file.backend == "theano" && name == "kernel";
  return turned ? TurnedKernel(value) : value;
}

Result<Tensor> Kernel(LayerContext& c, std::string_view name,
                      const std::vector<int32_t>& size) {
  if (const Tensor* made = c.FindConstant(name)) return *made;
  TRY_ASSIGN(ConstantValue value, KernelValue(c, name, size));
  if (value.shape.rank() == 3) {
    value.shape = {1, value.shape[0], value.shape[1], value.shape[2]};
  }
  return c.Constant(name, std::move(value));
}

Result<Tensor> AddBias(LayerContext& c, Tensor y, int32_t filters,
                       const SpatialConfig& spatial) {
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {filters}));
    y = BiasAdd(y, bias, spatial.data_format());
  }
  return y;
}

}  // namespace liteforge
