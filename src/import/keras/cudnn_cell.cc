// SPDX-License-Identifier: Apache-2.0
// The files hold cuDNN's parameters in Keras' shapes. Of each gate, with n
// inputs and u units:
//   kernel            memory [u, n], read transposed
//   recurrent_kernel  transposed
//   bias              one for the input and one for the state: LSTM adds them,
//                     GRU (reset_after) keeps both
// Gates stand in Keras' order. Source: tf_keras/saving/legacy/hdf5_format.py,
// preprocess_weights_for_loading.
#include "import/keras/cudnn_cell.h"

#include "base/try.h"

namespace liteforge {
namespace {

Result<std::vector<float>> FloatsOfShape(const KerasWeight& weight,
                                         const Shape& wanted) {
  if (weight.type == DataType::kFloat32 && weight.shape == wanted &&
      static_cast<int64_t>(weight.data.size()) == 4 * wanted.elements())
    return weight.data.ToVector<float>();
  return InvalidModel(
      "weight '" + weight.name + "' is " + Describe(weight.type, weight.shape) +
      ", its configuration asks for " + Describe(DataType::kFloat32, wanted));
}

// [rows, gates units]: each gate's part transposed. `packed`: it is stored as
// a run of its own rows of `rows` values, not as columns of the matrix.
std::vector<float> TransposedGates(const std::vector<float>& from, int32_t rows,
                                   int32_t units, int32_t gates, bool packed) {
  std::vector<float> to(from.size());
  const auto width = static_cast<size_t>(gates) * static_cast<size_t>(units);
  const auto at = [&](size_t row, size_t column) {
    return row * width + column;
  };
  const auto u = static_cast<size_t>(units), n = static_cast<size_t>(rows);
  for (size_t gate = 0; gate < static_cast<size_t>(gates); ++gate) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < u; ++j) {
        // Within the gate's own [n, u], number j n + i, or [j, i].
        const size_t number = packed ? j * n + i : j * u + i;
        to[at(i, gate * u + j)] = from[at(number / u, gate * u + number % u)];
      }
    }
  }
  return to;
}

KerasWeight Weight(const KerasWeight& like, const Shape& shape,
                   std::vector<float> values) {
  return {like.name, DataType::kFloat32, shape, Blob::Own(std::move(values))};
}

}  // namespace

bool IsCudnn(std::string_view class_name) {
  return class_name == "CuDNNLSTM" || class_name == "CuDNNGRU";
}

Result<PlainCell> FromCudnn(std::string_view class_name,
                            const nlohmann::json& config,
                            const std::vector<const KerasWeight*>& weights) {
  const bool lstm = class_name == "CuDNNLSTM";
  const int32_t gates = lstm ? 4 : 3;
  PlainCell cell{lstm ? "LSTM" : "GRU", config, {}};
  cell.config["activation"] = "tanh";
  cell.config["recurrent_activation"] = "sigmoid";
  cell.config["reset_after"] = true;
  cell.config["use_bias"] = true;
  TRY_ASSIGN(const int32_t units, LayerConfig(config, 2).Int("units"));
  if (units < 1 || units > INT32_MAX / 8)
    return InvalidModel("'units' is out of range");
  if (weights.size() != 3 || weights[0]->shape.rank() != 2)
    return InvalidModel("its weights are not stored");
  const int32_t rows = weights[0]->shape[0], width = gates * units;
  TRY_ASSIGN(const auto kernel, FloatsOfShape(*weights[0], {rows, width}));
  TRY_ASSIGN(const auto recurrent, FloatsOfShape(*weights[1], {units, width}));
  TRY_ASSIGN(auto bias, FloatsOfShape(*weights[2], {2 * width}));
  cell.weights.push_back(
      Weight(*weights[0], {rows, width},
             TransposedGates(kernel, rows, units, gates, /*packed=*/true)));
  cell.weights.push_back(Weight(
      *weights[1], {units, width},
      TransposedGates(recurrent, units, units, gates, /*packed=*/false)));
  if (lstm) {
    for (size_t i = 0; i < static_cast<size_t>(width); ++i)
      bias[i] += bias[static_cast<size_t>(width) + i];
    bias.resize(static_cast<size_t>(width));
  }
  cell.weights.push_back(Weight(
      *weights[2], lstm ? Shape{width} : Shape{2, width}, std::move(bias)));
  return cell;
}

}  // namespace liteforge
