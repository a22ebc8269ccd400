// SPDX-License-Identifier: Apache-2.0
// Inference rules as rows of text, for tests.
//
//   input   "float32[1,?,3]"   "int32[2]=3,-1" (its value is known)
//           "float32[*]" (unknown rank)   "none" (omitted)
//   answer  "float32[3,2]", several joined by a space, or the error's message
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "ops/infer.h"

namespace liteforge {

struct InferRow {
  Op op;
  OpOptions options;
  std::vector<std::string> inputs;
  std::string expected;
  // What the file declares, as inputs are written; one "none" by default.
  std::vector<std::string> declared = {"none"};
};

struct TestTensor {
  TensorInfo info;
  std::vector<int64_t> values;
  std::vector<std::byte> bytes;
};

inline std::vector<int64_t> IntegersIn(const std::string& list) {
  std::vector<int64_t> values;
  for (size_t at = 0; at < list.size();) {
    size_t end = list.find(',', at);
    if (end == std::string::npos) end = list.size();
    values.push_back(list[at] == '?' ? -1 : std::atoll(list.c_str() + at));
    at = end + 1;
  }
  return values;
}

template <class T>
void StoreAs(TestTensor& tensor) {
  for (const int64_t value : tensor.values) {
    const T element = static_cast<T>(value);
    const auto* bytes = reinterpret_cast<const std::byte*>(&element);
    tensor.bytes.insert(tensor.bytes.end(), bytes, bytes + sizeof(T));
  }
}

inline TestTensor ParseTensor(const std::string& text) {
  TestTensor tensor;
  if (text == "none") return tensor;
  const size_t open = text.find('['), close = text.find(']');
  tensor.info.type = DataTypeFromName(text.substr(0, open));
  const std::string dims = text.substr(open + 1, close - open - 1);
  tensor.info.shape = dims == "*" ? Shape::UnknownRank() : Shape();
  for (const int64_t dim :
       dims == "*" ? std::vector<int64_t>{} : IntegersIn(dims)) {
    tensor.info.shape.Append(static_cast<int32_t>(dim));
  }
  if (close + 1 == text.size()) return tensor;
  tensor.values = IntegersIn(text.substr(close + 2));
  switch (BitWidth(tensor.info.type)) {
    case 8:
      StoreAs<int8_t>(tensor);
      break;
    case 16:
      StoreAs<int16_t>(tensor);
      break;
    case 64:
      StoreAs<int64_t>(tensor);
      break;
    default:
      tensor.info.type == DataType::kFloat32 ? StoreAs<float>(tensor)
                                             : StoreAs<int32_t>(tensor);
  }
  // A value of no elements is known too.
  if (tensor.bytes.empty()) tensor.bytes.resize(1);
  return tensor;
}

inline std::vector<TestTensor> ParseTensors(
    const std::vector<std::string>& texts) {
  std::vector<TestTensor> tensors;
  for (const std::string& text : texts) tensors.push_back(ParseTensor(text));
  return tensors;
}

inline std::vector<TensorInfo> Infos(const std::vector<TestTensor>& tensors) {
  std::vector<TensorInfo> infos;
  for (const TestTensor& tensor : tensors) {
    infos.push_back(tensor.info);
    if (!tensor.bytes.empty()) infos.back().data = tensor.bytes.data();
  }
  return infos;
}

inline std::string Answer(const InferRow& row) {
  const std::vector<TestTensor> inputs = ParseTensors(row.inputs);
  const std::vector<TestTensor> declared = ParseTensors(row.declared);
  const std::vector<TensorInfo> input_infos = Infos(inputs);
  const std::vector<TensorInfo> declared_infos = Infos(declared);
  InferContext context(row.op, row.options, input_infos, declared_infos);
  const auto done = InferOutputs(context);
  if (!done) return done.error().message;
  std::string answer;
  for (const InferContext::Output& output : context.outputs()) {
    const std::string shape =
        output.shape.has_rank() ? output.shape.ToString() : "[*]";
    answer +=
        (answer.empty() ? "" : " ") +
        (output.type == DataType::kNone ? "?"
                                        : std::string(Name(output.type))) +
        shape;
  }
  return answer;
}

#define EXPECT_ROWS(...)                                                   \
  for (const InferRow& row : std::vector<InferRow> __VA_ARGS__) {          \
    std::string inputs;                                                    \
    for (const auto& input : row.inputs) inputs += input + " ";            \
    EXPECT_EQ(Answer(row), row.expected) << Name(row.op) << " " << inputs; \
  }

}  // namespace liteforge
