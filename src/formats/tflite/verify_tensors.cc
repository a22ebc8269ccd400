// SPDX-License-Identifier: Apache-2.0
// Tensors: type, shape, data, quantization.
//
// Strings lie in their buffer as
//
//   int32  n
//   int32  offset of string 0 … n-1, from the buffer's start
//   int32  offset of the end of string n-1
//   char   …
//
// Source: schema.fbs; string layout: string_util.h of TensorFlow Lite.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "base/try.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

Result<Shape> ReadShape(const tflite::Tensor& tensor) {
  const auto dims = Elements(tensor.shape());
  if (dims.size() > static_cast<size_t>(Shape::kMaxRank)) {
    return Unsupported(
        fmt::format("has {} dimensions; at most {} are supported", dims.size(),
                    Shape::kMaxRank));
  }
  const Shape shape(dims);
  for (int32_t dim : dims) {
    if (dim < 0) {
      return InvalidModel(fmt::format("shape has a dimension of {}", dim));
    }
  }
  return shape;
}

Result<void> CheckShapeSignature(const tflite::Tensor& tensor,
                                 const Shape& shape) {
  const auto signature = Elements(tensor.shape_signature());
  if (signature.empty()) return {};
  if (signature.size() != static_cast<size_t>(shape.rank())) {
    return InvalidModel(
        fmt::format("shape_signature has {} dimensions, shape {} has {}",
                    signature.size(), shape.ToString(), shape.rank()));
  }
  for (int32_t dim : signature) {
    if (dim < Shape::kUnknownDim) {
      return InvalidModel(
          fmt::format("shape_signature has a dimension of {}", dim));
    }
  }
  return {};
}

int32_t ReadInt32(std::span<const std::byte> bytes, int64_t index) {
  int32_t value;
  std::memcpy(&value, bytes.data() + index * 4, sizeof(value));
  return value;
}

// Returns how many strings the buffer holds.
Result<int64_t> CheckStrings(std::span<const std::byte> bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t count = size < 4 ? -1 : ReadInt32(bytes, 0);
  const int64_t header = (count + 2) * 4;
  if (count < 0 || header > size) {
    return InvalidModel(
        fmt::format("{} bytes are no string tensor", bytes.size()));
  }
  int64_t last = header;
  for (int64_t i = 1; i <= count + 1; ++i) {
    const int64_t offset = ReadInt32(bytes, i);
    if (offset < last || offset > size) {
      return InvalidModel(
          fmt::format("string {} of {} begins or ends at byte {} of {}",
                      i <= count ? i - 1 : count - 1, count, offset, size));
    }
    last = offset;
  }
  return count;
}

// Quantization of one tensor; the scales' axis refers to its shape.
class QuantizationCheck {
 public:
  QuantizationCheck(const tflite::QuantizationParameters& parameters,
                    const Shape& shape, uint32_t tensor_count)
      : parameters_(parameters), shape_(shape), tensor_count_(tensor_count) {}

  Result<void> Run() const {
    if (parameters_.details_as_BlockwiseQuantization() != nullptr) {
      return CheckBlocks(*parameters_.details_as_BlockwiseQuantization());
    }
    if (parameters_.details_as_MultiAxisQuantization() != nullptr) {
      return CheckAxes(*parameters_.details_as_MultiAxisQuantization());
    }
    if (Count(parameters_.scale()) == 0) return {};
    TRY(CheckCounts());
    return CheckValues();
  }

 private:
  Result<void> CheckCounts() const {
    const uint32_t scales = Count(parameters_.scale());
    const uint32_t zero_points = Count(parameters_.zero_point());
    if (zero_points != scales) {
      return InvalidModel(
          fmt::format("{} scales, {} zero points", scales, zero_points));
    }
    const int32_t axis = parameters_.quantized_dimension();
    if (shape_.rank() == 0) return {};  // a scalar, or of unknown rank
    if (axis < 0 || axis >= shape_.rank()) {
      return InvalidModel(fmt::format("quantized dimension {} of shape {}",
                                      axis, shape_.ToString()));
    }
    if (scales != 1 && int64_t{scales} != shape_[axis]) {
      return InvalidModel(fmt::format("{} scales for dimension {} of shape {}",
                                      scales, axis, shape_.ToString()));
    }
    return {};
  }

  Result<void> CheckValues() const {
    for (float scale : Elements(parameters_.scale())) {
      if (!std::isfinite(scale) || scale < 0) {
        return InvalidModel(fmt::format("a scale of {}", scale));
      }
    }
    using Limits = std::numeric_limits<int32_t>;
    for (int64_t zero_point : Elements(parameters_.zero_point())) {
      if (zero_point < Limits::min() || zero_point > Limits::max()) {
        return InvalidModel(fmt::format("a zero point of {}", zero_point));
      }
    }
    return {};
  }

  template <class Details>
  Result<void> CheckDetails(const Details& details) const {
    TRY(CheckIndex(details.scales(), tensor_count_, "tensor of scales:"));
    if (details.zero_points() != -1) {
      TRY(CheckIndex(details.zero_points(), tensor_count_,
                     "tensor of zero points:"));
    }
    if (details.block_size() < 0) {
      return InvalidModel(
          fmt::format("blocks of {} elements", details.block_size()));
    }
    return {};
  }

  Result<void> CheckBlocks(const tflite::BlockwiseQuantization& blocks) const {
    TRY(CheckDetails(blocks));
    return CheckAxis(parameters_.quantized_dimension());
  }

  Result<void> CheckAxes(const tflite::MultiAxisQuantization& axes) const {
    TRY(CheckDetails(axes));
    if (Count(axes.quantized_dimensions()) == 0) {
      return InvalidModel("names no quantized dimension");
    }
    for (int32_t axis : Elements(axes.quantized_dimensions())) {
      TRY(CheckAxis(axis));
    }
    return {};
  }

  Result<void> CheckAxis(int32_t axis) const {
    if (shape_.rank() == 0) return {};
    return CheckIndex(axis, static_cast<uint32_t>(shape_.rank()), "dimension");
  }

  const tflite::QuantizationParameters& parameters_;
  const Shape& shape_;
  uint32_t tensor_count_;
};

// All tensors of a file; remembers the string buffers it has read.
class TensorCheck {
 public:
  explicit TensorCheck(const FileView& file) : file_(file) {}

  Result<void> Run(const tflite::Tensor& tensor, uint32_t tensor_count) {
    const auto type = static_cast<DataType>(tensor.type());
    if (type < DataType::kFloat32 || type > DataType::kFloat8E5M2) {
      return Unsupported(
          fmt::format("element type {} is unknown; the model may be newer than "
                      "this liteforge",
                      static_cast<int>(type)));
    }
    TRY_ASSIGN(const Shape shape, ReadShape(tensor));
    TRY(CheckShapeSignature(tensor, shape));
    TRY(CheckSize(type, shape));
    TRY(CheckBuffer(tensor));
    if (tensor.quantization() != nullptr) {
      TRY_IN(
          "quantization",
          QuantizationCheck(*tensor.quantization(), shape, tensor_count).Run());
    }
    return CheckData(tensor, type, shape);
  }

 private:
  static Result<void> CheckSize(DataType type, const Shape& shape) {
    const int64_t elements = shape.elements();
    const bool countable =
        BitWidth(type) == 0 ? elements >= 0 : ByteSize(type, elements) >= 0;
    if (countable) return {};
    return InvalidModel(
        fmt::format("{} is larger than any memory", Describe(type, shape)));
  }

  Result<void> CheckBuffer(const tflite::Tensor& tensor) const {
    if (tensor.buffer() == 0) return {};
    TRY(CheckIndex(tensor.buffer(), file_.model.buffers()->size(), "buffer"));
    if (tensor.external_buffer() != 0 &&
        FindBufferData(file_, tensor.buffer()).has_value()) {
      return InvalidModel("has data both in the file and in one of its own");
    }
    return {};
  }

  Result<void> CheckData(const tflite::Tensor& tensor, DataType type,
                         const Shape& shape) {
    int64_t elements = shape.elements();
    if (tensor.sparsity() != nullptr) {
      auto stored = CountSparseElements(*tensor.sparsity(), shape);
      if (!stored) {
        return tl::unexpected(std::move(stored.error()).In("sparsity"));
      }
      elements = *stored;
    }
    const auto data = FindTensorData(file_, tensor);
    if (!data.has_value()) return {};
    if (tensor.is_variable()) {
      return InvalidModel("is a variable and has data as well");
    }
    if (type == DataType::kString) {
      return CheckStringCount(BufferPlace(tensor), *data, elements);
    }
    const int64_t bytes = ByteSize(type, elements);
    if (bytes >= 0 && static_cast<int64_t>(data->size()) != bytes) {
      return InvalidModel(fmt::format("{} takes {} bytes, its {} has {}",
                                      Describe(type, shape), bytes,
                                      BufferPlace(tensor), data->size()));
    }
    return {};
  }

  static std::string BufferPlace(const tflite::Tensor& tensor) {
    return tensor.external_buffer() == 0
               ? fmt::format("buffer {}", tensor.buffer())
               : fmt::format("external buffer {}", tensor.external_buffer());
  }

  Result<void> CheckStringCount(const std::string& place,
                                std::span<const std::byte> data,
                                int64_t elements) {
    auto known = string_counts_.find(place);
    if (known == string_counts_.end()) {
      // A constant of no strings may have no bytes at all.
      Result<int64_t> count = data.empty() ? 0 : CheckStrings(data);
      TRY_IN(place, count);
      known = string_counts_.emplace(place, *count).first;
    }
    if (known->second == elements) return {};
    return InvalidModel(fmt::format("has {} elements, its buffer {} strings",
                                    elements, known->second));
  }

  const FileView& file_;
  std::unordered_map<std::string, int64_t> string_counts_;  // by buffer
};

}  // namespace

Result<void> VerifyTensors(const FileView& file) {
  TensorCheck check(file);
  const auto& subgraphs = *file.model.subgraphs();
  for (uint32_t g = 0; g < subgraphs.size(); ++g) {
    const auto* tensors = subgraphs.Get(g)->tensors();
    for (uint32_t i = 0; i < Count(tensors); ++i) {
      const tflite::Tensor& tensor = *tensors->Get(i);
      TRY_IN(SubgraphPlace(g) + ": " + TensorPlace(i, tensor),
             check.Run(tensor, tensors->size()));
    }
  }
  return {};
}

}  // namespace liteforge
