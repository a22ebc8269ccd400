// SPDX-License-Identifier: Apache-2.0
#include "cli/model_run.h"

#include <fmt/core.h>

#include <cstring>
#include <functional>
#include <utility>

using liteforge::DataType;
using liteforge::NpyArray;
using liteforge::Result;
using liteforge::TensorDetails;

namespace {

template <class T>
void Fill(std::vector<std::byte>& data, const std::function<T()>& next) {
  for (size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    const T value = next();
    std::memcpy(data.data() + at, &value, sizeof(T));
  }
}

}  // namespace

NpyArray DrawInput(const TensorDetails& input, std::mt19937_64& generator) {
  NpyArray array{input.dtype, input.shape, {}};
  const int64_t bytes = ByteSize(input.dtype, input.shape.elements());
  array.data.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
  std::uniform_real_distribution<float> real(-1.0f, 1.0f);
  std::uniform_int_distribution<int> any(0, 255), few(0, 7), coin(0, 1);
  const auto draw_few = [&] { return few(generator); };
  switch (input.dtype) {
    case DataType::kFloat32:
      Fill<float>(array.data, [&] { return real(generator); });
      break;
    case DataType::kFloat64:
      Fill<double>(array.data, [&] { return real(generator); });
      break;
    case DataType::kInt8:
    case DataType::kUInt8:
      Fill<uint8_t>(array.data,
                    [&] { return static_cast<uint8_t>(any(generator)); });
      break;
    case DataType::kBool:
      Fill<uint8_t>(array.data,
                    [&] { return static_cast<uint8_t>(coin(generator)); });
      break;
    case DataType::kInt16:
    case DataType::kUInt16:
      Fill<int16_t>(array.data,
                    [&] { return static_cast<int16_t>(draw_few()); });
      break;
    case DataType::kInt32:
    case DataType::kUInt32:
      Fill<int32_t>(array.data, [&] { return draw_few(); });
      break;
    case DataType::kInt64:
    case DataType::kUInt64:
      Fill<int64_t>(array.data, [&] { return draw_few(); });
      break;
    default:
      break;  // left zero
  }
  return array;
}

Result<ModelRun> ModelRun::Open(const std::string& file,
                                const liteforge::InterpreterOptions& options,
                                const std::string& signature) {
  auto interpreter = liteforge::Interpreter::FromFile(file, options);
  if (!interpreter) return tl::unexpected(std::move(interpreter).error());
  ModelRun run(*std::move(interpreter));
  if (signature.empty()) return run;
  auto runner = run.interpreter_.Signature(signature);
  if (!runner) return tl::unexpected(std::move(runner).error());
  run.runner_ = *std::move(runner);
  return run;
}

std::vector<TensorDetails> ModelRun::Inputs() const {
  return runner_ ? runner_->InputDetails() : interpreter_.InputDetails();
}

std::vector<TensorDetails> ModelRun::Outputs() const {
  return runner_ ? runner_->OutputDetails() : interpreter_.OutputDetails();
}

Result<void> ModelRun::Allocate() {
  return runner_ ? runner_->AllocateTensors() : interpreter_.AllocateTensors();
}

Result<void> ModelRun::Resize(const TensorDetails& input,
                              const liteforge::Shape& shape) {
  return runner_ ? runner_->ResizeInput(input.name, shape)
                 : interpreter_.ResizeInputTensor(input.index, shape);
}

Result<void> ModelRun::Set(const TensorDetails& input, const NpyArray& array) {
  return runner_ ? runner_->SetInput(input.name, array.type, array.shape,
                                     array.data)
                 : interpreter_.SetTensor(input.index, array.type, array.shape,
                                          array.data);
}

Result<void> ModelRun::SetInputs(std::span<const NpyArray> arrays,
                                 std::mt19937_64& generator) {
  const std::vector<TensorDetails> inputs = Inputs();
  if (arrays.size() > inputs.size()) {
    return liteforge::InvalidArgument(fmt::format(
        "takes {} inputs, {} were given", inputs.size(), arrays.size()));
  }
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].shape == inputs[i].shape) continue;
    if (auto done = Resize(inputs[i], arrays[i].shape); !done) return done;
  }
  if (auto done = Allocate(); !done) return done;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool given = i < arrays.size();
    const bool keeps_its_value =
        inputs[i].is_constant || inputs[i].dtype == DataType::kString;
    if (!given && keeps_its_value) continue;
    auto done =
        Set(inputs[i], given ? arrays[i] : DrawInput(inputs[i], generator));
    if (!done) return done;
  }
  return {};
}

Result<void> ModelRun::Invoke() {
  return runner_ ? runner_->Invoke() : interpreter_.Invoke();
}

Result<std::span<const std::byte>> ModelRun::Output(size_t position) const {
  const TensorDetails output = Outputs()[position];
  return runner_ ? runner_->Output(output.name)
                 : interpreter_.GetTensor(output.index);
}

size_t ModelRun::ArenaBytes() const {
  return runner_ ? runner_->ArenaBytes() : interpreter_.ArenaBytes();
}

size_t ModelRun::ArenaLowerBound() const {
  return runner_ ? runner_->ArenaLowerBound() : interpreter_.ArenaLowerBound();
}
