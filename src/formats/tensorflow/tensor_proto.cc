// SPDX-License-Identifier: Apache-2.0
#include "formats/tensorflow/tensor_proto.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"

namespace liteforge {
namespace {

struct TypeRow {
  tf::DataType tensorflow;
  DataType ours;
};

// The first row of a type is what ToTensorFlow answers.
constexpr TypeRow kTypes[] = {
    {tf::DT_FLOAT, DataType::kFloat32},
    {tf::DT_DOUBLE, DataType::kFloat64},
    {tf::DT_HALF, DataType::kFloat16},
    {tf::DT_BFLOAT16, DataType::kBFloat16},
    {tf::DT_INT8, DataType::kInt8},
    {tf::DT_INT16, DataType::kInt16},
    {tf::DT_INT32, DataType::kInt32},
    {tf::DT_INT64, DataType::kInt64},
    {tf::DT_UINT8, DataType::kUInt8},
    {tf::DT_UINT16, DataType::kUInt16},
    {tf::DT_UINT32, DataType::kUInt32},
    {tf::DT_UINT64, DataType::kUInt64},
    {tf::DT_BOOL, DataType::kBool},
    {tf::DT_STRING, DataType::kString},
    {tf::DT_COMPLEX64, DataType::kComplex64},
    {tf::DT_COMPLEX128, DataType::kComplex128},
    {tf::DT_RESOURCE, DataType::kResource},
    {tf::DT_VARIANT, DataType::kVariant},
    {tf::DT_INT4, DataType::kInt4},
    {tf::DT_UINT4, DataType::kUInt4},
    {tf::DT_FLOAT8_E4M3FN, DataType::kFloat8E4M3FN},
    {tf::DT_FLOAT8_E5M2, DataType::kFloat8E5M2},
    {tf::DT_QINT8, DataType::kInt8},
    {tf::DT_QUINT8, DataType::kUInt8},
    {tf::DT_QINT16, DataType::kInt16},
    {tf::DT_QUINT16, DataType::kUInt16},
    {tf::DT_QINT32, DataType::kInt32},
};

constexpr int kFirstReference = 100;
constexpr int64_t kMaxTensorBytes = int64_t{1} << 31;
// Of a tensor that the file gives fewer values than elements: memory that the
// file does not have.
constexpr int64_t kMaxRepeatedBytes = int64_t{256} << 20;

// Writes `values` as `To`, the last one repeated up to `count`; zeros when
// there is none.
template <class To, class Values>
std::vector<std::byte> Spread(const Values& values, int64_t count) {
  std::vector<std::byte> bytes(static_cast<size_t>(count) * sizeof(To));
  To value{};
  for (int64_t i = 0; i < count; ++i) {
    if (i < values.size())
      value = static_cast<To>(values.Get(static_cast<int>(i)));
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(To), &value,
                sizeof(To));
  }
  return bytes;
}

// Eight-bit floating-point values are stored as bytes.
std::vector<std::byte> SpreadBytes(const std::string& values, int64_t count) {
  std::vector<std::byte> bytes(static_cast<size_t>(count));
  for (size_t i = 0; i < bytes.size() && !values.empty(); ++i)
    bytes[i] = static_cast<std::byte>(values[std::min(i, values.size() - 1)]);
  return bytes;
}

// Complex values are pairs: the last pair repeats.
template <class Part, class Values>
std::vector<std::byte> SpreadPairs(const Values& values, int64_t count) {
  std::vector<std::byte> bytes(static_cast<size_t>(count) * 2 * sizeof(Part));
  Part pair[2] = {};
  for (int64_t i = 0; i < count; ++i) {
    if (2 * i + 1 < values.size()) {
      pair[0] = values.Get(static_cast<int>(2 * i));
      pair[1] = values.Get(static_cast<int>(2 * i + 1));
    }
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(pair), pair,
                sizeof(pair));
  }
  return bytes;
}

// How many values the field of this type holds.
int64_t ValuesHeld(const tf::TensorProto& t, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return t.float_val_size();
    case DataType::kFloat64:
      return t.double_val_size();
    case DataType::kFloat16:
    case DataType::kBFloat16:
      return t.half_val_size();
    case DataType::kInt64:
      return t.int64_val_size();
    case DataType::kBool:
      return t.bool_val_size();
    case DataType::kUInt32:
      return t.uint32_val_size();
    case DataType::kUInt64:
      return t.uint64_val_size();
    case DataType::kFloat8E4M3FN:
    case DataType::kFloat8E5M2:
      return static_cast<int64_t>(t.float8_val().size());
    case DataType::kComplex64:
      return t.scomplex_val_size() / 2;
    case DataType::kComplex128:
      return t.dcomplex_val_size() / 2;
    default:
      return t.int_val_size();
  }
}

std::vector<std::byte> SpreadValues(const tf::TensorProto& t, DataType type,
                                    int64_t n) {
  switch (type) {
    case DataType::kFloat32:
      return Spread<float>(t.float_val(), n);
    case DataType::kFloat64:
      return Spread<double>(t.double_val(), n);
    case DataType::kFloat16:
    case DataType::kBFloat16:
      return Spread<uint16_t>(t.half_val(), n);
    case DataType::kInt64:
      return Spread<int64_t>(t.int64_val(), n);
    case DataType::kBool:
      return Spread<uint8_t>(t.bool_val(), n);
    case DataType::kUInt32:
      return Spread<uint32_t>(t.uint32_val(), n);
    case DataType::kUInt64:
      return Spread<uint64_t>(t.uint64_val(), n);
    case DataType::kFloat8E4M3FN:
    case DataType::kFloat8E5M2:
      return SpreadBytes(t.float8_val(), n);
    case DataType::kComplex64:
      return SpreadPairs<float>(t.scomplex_val(), n);
    case DataType::kComplex128:
      return SpreadPairs<double>(t.dcomplex_val(), n);
    case DataType::kInt32:
      return Spread<int32_t>(t.int_val(), n);
    case DataType::kInt16:
    case DataType::kUInt16:
      return Spread<uint16_t>(t.int_val(), n);
    default:
      return Spread<uint8_t>(t.int_val(), n);
  }
}

tl::unexpected<Error> TooOftenRepeated(const std::string& what) {
  return Unsupported("a constant " + what +
                     " repeats one value over more than 256 MB; compute it in "
                     "the graph (tf.fill) or store it whole");
}

}  // namespace

DataType FromTensorFlow(tf::DataType type) {
  int number = type;
  if (number > kFirstReference) number -= kFirstReference;
  for (const TypeRow& row : kTypes) {
    if (row.tensorflow == number) return row.ours;
  }
  return DataType::kNone;
}

tf::DataType ToTensorFlow(DataType type) {
  for (const TypeRow& row : kTypes) {
    if (row.ours == type) return row.tensorflow;
  }
  return tf::DT_INVALID;
}

Shape FromTensorFlow(const tf::TensorShapeProto& proto) {
  if (proto.unknown_rank() || proto.dim_size() > Shape::kMaxRank) {
    return Shape::UnknownRank();
  }
  Shape shape;
  for (const auto& dim : proto.dim()) {
    const bool known = dim.size() >= 0 && dim.size() <= INT32_MAX;
    shape.Append(known ? static_cast<int32_t>(dim.size()) : Shape::kUnknownDim);
  }
  return shape;
}

tf::TensorShapeProto ToTensorFlow(const Shape& shape) {
  tf::TensorShapeProto proto;
  proto.set_unknown_rank(!shape.has_rank());
  for (int32_t dim : shape.dims()) proto.add_dim()->set_size(dim);
  return proto;
}

Result<Blob> DecodeTensor(const tf::TensorProto& tensor) {
  const DataType type = FromTensorFlow(tensor.dtype());
  const Shape shape = FromTensorFlow(tensor.tensor_shape());
  const int64_t elements = shape.elements();
  const int64_t bytes = ByteSize(type, elements);
  if (elements < 0) {
    return InvalidModel("a constant has no definite shape: " +
                        shape.ToString());
  }
  if (bytes < 0 || BitWidth(type) < 8) {
    return Unsupported("constants of type " + std::string(Name(type)) +
                       " are not supported");
  }
  if (bytes > kMaxTensorBytes) {
    return Unsupported("a constant " + Describe(type, shape) +
                       " is larger than 2 GB");
  }
  if (!tensor.tensor_content().empty()) {
    const std::string& content = tensor.tensor_content();
    if (static_cast<int64_t>(content.size()) != bytes) {
      return InvalidModel("a constant " + Describe(type, shape) + " holds " +
                          std::to_string(content.size()) + " bytes, not " +
                          std::to_string(bytes));
    }
    return Blob::Copy(std::as_bytes(std::span(content)));
  }
  if (ValuesHeld(tensor, type) > elements) {
    return InvalidModel("a constant " + Describe(type, shape) + " holds " +
                        std::to_string(ValuesHeld(tensor, type)) + " values");
  }
  if (ValuesHeld(tensor, type) < elements && bytes > kMaxRepeatedBytes)
    return TooOftenRepeated(Describe(type, shape));
  return Blob::Own(SpreadValues(tensor, type, elements));
}

Result<std::vector<std::string>> DecodeStrings(const tf::TensorProto& tensor) {
  const int64_t elements = FromTensorFlow(tensor.tensor_shape()).elements();
  const auto& values = tensor.string_val();
  if (FromTensorFlow(tensor.dtype()) != DataType::kString)
    return InvalidModel("a constant is no string");
  if (elements < 0 || elements > kMaxTensorBytes)
    return InvalidModel("a constant of strings has no definite shape");
  if (values.size() > elements)
    return InvalidModel("a constant holds more strings than its shape says");
  const std::string last = values.empty() ? "" : *values.rbegin();
  const auto repeated = static_cast<size_t>(elements - values.size());
  if (repeated > 0 && static_cast<uint64_t>(kMaxRepeatedBytes) / repeated <
                          last.size() + sizeof(std::string))
    return TooOftenRepeated("of strings");
  std::vector<std::string> strings(values.begin(), values.end());
  strings.resize(static_cast<size_t>(elements), last);
  return strings;
}

}  // namespace liteforge
