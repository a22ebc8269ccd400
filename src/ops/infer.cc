// SPDX-License-Identifier: Apache-2.0
#include "ops/infer.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"
#include "ops/infer_checks.h"
#include "ops/required_inputs.h"

namespace liteforge {
namespace {

template <class T>
void AppendAs(const void* data, int64_t count, std::vector<int64_t>& values) {
  const auto* bytes = static_cast<const std::byte*>(data);
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    values.push_back(static_cast<int64_t>(value));
  }
}

bool IsSignedInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt16 ||
         type == DataType::kInt32 || type == DataType::kInt64;
}

}  // namespace

InferContext::InferContext(Op op, const OpOptions& options,
                           std::span<const TensorInfo> inputs,
                           std::span<const TensorInfo> declared_outputs)
    : op_(op),
      options_(options),
      inputs_(inputs),
      declared_(declared_outputs),
      outputs_(declared_outputs.size()) {}

const TensorInfo& InferContext::input(int i) const {
  static const TensorInfo kOmitted;
  return i >= 0 && i < input_count() ? inputs_[static_cast<size_t>(i)]
                                     : kOmitted;
}

DataType InferContext::declared_type(int i) const {
  return i < output_count() ? declared_[static_cast<size_t>(i)].type
                            : DataType::kNone;
}

Shape InferContext::declared_shape(int i) const {
  return declared_type(i) == DataType::kNone
             ? Shape::UnknownRank()
             : declared_[static_cast<size_t>(i)].shape;
}

bool InferContext::GetIntegers(int i, std::vector<int64_t>& values) const {
  values.clear();
  const TensorInfo& tensor = input(i);
  if (tensor.present() && !IsSignedInteger(tensor.type)) not_integers_ = i;
  if (!tensor.present()) return false;
  const int64_t count = tensor.shape.elements();
  if (count == 0) return true;
  if (count < 0 || tensor.data == nullptr) {
    lacks_values_ = true;
    return false;
  }
  switch (tensor.type) {
    case DataType::kInt8:
      AppendAs<int8_t>(tensor.data, count, values);
      break;
    case DataType::kInt16:
      AppendAs<int16_t>(tensor.data, count, values);
      break;
    case DataType::kInt32:
      AppendAs<int32_t>(tensor.data, count, values);
      break;
    case DataType::kInt64:
      AppendAs<int64_t>(tensor.data, count, values);
      break;
    default:
      return false;
  }
  return true;
}

void InferContext::SetOutput(int i, DataType type, const Shape& shape) {
  const auto at = static_cast<size_t>(i);
  if (at >= outputs_.size()) outputs_.resize(at + 1);
  outputs_[at] = {type, shape, true};
}

Result<void> CheckGiven(const InferContext& context) {
  const auto given = static_cast<int64_t>(
      std::count_if(context.outputs().begin(), context.outputs().end(),
                    [](const InferContext::Output& o) { return o.given; }));
  if (given == context.output_count()) return {};
  return InvalidModel("it has " + std::to_string(context.output_count()) +
                      " outputs, not " + std::to_string(given));
}

Result<void> InferOutputs(InferContext& context) {
  const auto rules = AllInferRules();
  const auto rule =
      std::lower_bound(rules.begin(), rules.end(), context.op(),
                       [](const InferRule& row, Op op) { return row.op < op; });
  if (rule == rules.end() || rule->op != context.op()) {
    return Unsupported(std::string(Name(context.op())) +
                       " is not supported by this version");
  }
  // The rule goes first: it names a missing input by its role.
  TRY(rule->infer(context));
  TRY(NeedInputs(context, RequiredInputs(context.op())));
  if (const int i = context.not_integers(); i >= 0)
    return InvalidModel("input " + std::to_string(i) +
                        " must hold integers, it is " +
                        std::string(Name(context.input(i).type)));
  return CheckGiven(context);
}

Result<Shape> Broadcast(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::UnknownRank();
  const int rank = std::max(a.rank(), b.rank());
  Shape result;
  for (int axis = 0; axis < rank; ++axis) {
    const int in_a = axis - (rank - a.rank()), in_b = axis - (rank - b.rank());
    const int32_t x = in_a < 0 ? 1 : a[in_a], y = in_b < 0 ? 1 : b[in_b];
    if (x == 1) {
      result.Append(y);
    } else if (y == 1 || x == y || y < 0) {
      result.Append(x);
    } else if (x < 0) {
      result.Append(y);
    } else {
      return InvalidModel("shapes " + a.ToString() + " and " + b.ToString() +
                          " cannot be broadcast together");
    }
  }
  return result;
}

int32_t WindowOutput(Padding padding, int32_t input, int32_t window,
                     int32_t stride, int32_t dilation) {
  if (input < 0) return Shape::kUnknownDim;
  const int64_t reach = (int64_t{window} - 1) * dilation + 1;
  const int64_t covered =
      padding == Padding::kSame ? input : int64_t{input} - reach + 1;
  return static_cast<int32_t>(
      std::max<int64_t>(0, (covered + stride - 1) / stride));
}

int32_t WindowPadding(int32_t input, int32_t output, int32_t window,
                      int32_t stride, int32_t dilation) {
  const int64_t reach = (int64_t{window} - 1) * dilation + 1;
  const int64_t total = (int64_t{output} - 1) * stride + reach - input;
  return static_cast<int32_t>(std::max<int64_t>(0, total) / 2);
}

Result<int> NormalizeAxis(int64_t axis, int rank, std::string_view role) {
  if (axis >= -rank && axis < rank) {
    return static_cast<int>(axis < 0 ? axis + rank : axis);
  }
  return InvalidModel(std::string(role) + " " + std::to_string(axis) +
                      " is out of range for rank " + std::to_string(rank));
}

}  // namespace liteforge
