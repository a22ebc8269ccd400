// SPDX-License-Identifier: Apache-2.0
// Running .tflite models, in the words of tf.lite.Interpreter.
//
//   auto interpreter = Interpreter::FromFile("model.tflite");
//   interpreter->AllocateTensors();
//   interpreter->SetTensor(interpreter->InputDetails()[0].index,
//                          std::span<const float>(pixels));
//   interpreter->Invoke();
//   auto scores = interpreter->Tensor<float>(
//       interpreter->OutputDetails()[0].index);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

class TfliteModel;

// The DataType that holds a C++ arithmetic type.
template <class T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr auto value = DataType::kFloat32;
};
template <>
struct DataTypeOf<double> {
  static constexpr auto value = DataType::kFloat64;
};
template <>
struct DataTypeOf<int8_t> {
  static constexpr auto value = DataType::kInt8;
};
template <>
struct DataTypeOf<uint8_t> {
  static constexpr auto value = DataType::kUInt8;
};
template <>
struct DataTypeOf<int16_t> {
  static constexpr auto value = DataType::kInt16;
};
template <>
struct DataTypeOf<int32_t> {
  static constexpr auto value = DataType::kInt32;
};
template <>
struct DataTypeOf<int64_t> {
  static constexpr auto value = DataType::kInt64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr auto value = DataType::kBool;
};

// One tensor, as get_input_details() describes it.
struct TensorDetails {
  std::string name;
  int index = 0;          // for SetTensor, GetTensor, ResizeInputTensor
  Shape shape;            // now, after any resize
  Shape shape_signature;  // as the model says: kUnknownDim where it may vary
  DataType dtype = DataType::kNone;
  Quantization quantization;
};

// A signature: names for inputs and outputs, with the tensors they stand for.
struct SignatureDetails {
  std::string key;
  std::vector<std::pair<std::string, int>> inputs;  // name, tensor index
  std::vector<std::pair<std::string, int>> outputs;
  int subgraph = 0;  // whose tensors the indices count
};

struct InterpreterOptions {
  int num_threads = 1;  // the caller's included; below 1: one per core
  // Plain scalar kernels everywhere: slow, and exactly TensorFlow Lite's
  // reference arithmetic.
  bool reference_kernels = false;
  // Gives every intermediate tensor memory of its own, so that GetTensor can
  // read all of them after Invoke. Takes more memory.
  bool preserve_all_tensors = false;
};

// Not thread-safe: one interpreter, one thread at a time. Movable.
class Interpreter {
 public:
  // Maps and verifies the file. Errors name the file and the place in it, and
  // every operator without a kernel at once.
  static Result<Interpreter> FromFile(const std::filesystem::path& path,
                                      const InterpreterOptions& options = {});
  // The bytes are copied.
  static Result<Interpreter> FromBuffer(std::span<const std::byte> model,
                                        const InterpreterOptions& options = {});
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

  // Infers every shape, prepares every kernel and lays out the arena; variable
  // tensors become zero, and so do inputs after a resize. Needed again after a
  // resize. Errors name the operator.
  Result<void> AllocateTensors();

  // In the model's order. Shapes of outputs are known after AllocateTensors,
  // or after Invoke where they depend on values.
  std::vector<TensorDetails> InputDetails() const;
  std::vector<TensorDetails> OutputDetails() const;
  std::vector<TensorDetails> AllTensorDetails() const;
  std::vector<SignatureDetails> Signatures() const;

  // Copies values into an input or a variable tensor. Errors compare in full:
  // "input 'x' wants float32[1,320,320,3], got float64[320,320,3]". A string
  // tensor is given as TFLite stores it: int32 count, count + 1 offsets, text.
  Result<void> SetTensor(int index, DataType dtype, const Shape& shape,
                         std::span<const std::byte> data);
  // The same with the tensor's own shape.
  template <class T>
  Result<void> SetTensor(int index, std::span<const T> values) {
    return SetTensorFlat(index, DataTypeOf<T>::value, values.size(),
                         std::as_bytes(values));
  }

  // A tensor's bytes in place; valid until the next Invoke, AllocateTensors
  // or ResizeInputTensor. Errors when the tensor has no memory of its own (an
  // intermediate one whose place has been reused).
  Result<std::span<const std::byte>> GetTensor(int index) const;
  template <class T>
  std::vector<T> Tensor(int index) const {
    auto bytes = GetTensor(index);
    if (!bytes) return {};
    auto* first = reinterpret_cast<const T*>(bytes->data());
    return std::vector<T>(first, first + bytes->size() / sizeof(T));
  }

  // Gives an input a new shape; AllocateTensors must follow. With `strict`
  // only dimensions that are unknown in shape_signature may change.
  Result<void> ResizeInputTensor(int index, const Shape& shape,
                                 bool strict = false);

  // Runs the model. Errors name the operator that failed.
  Result<void> Invoke();

  // Sets variable tensors (states of recurrent layers) back to zero; int8 ones
  // to their zero point.
  void ResetVariableTensors();

  // Bytes of the arena that holds intermediate tensors; 0 before
  // AllocateTensors.
  size_t ArenaBytes() const;

 private:
  class Impl;
  explicit Interpreter(std::unique_ptr<Impl> impl);
  static Result<Interpreter> FromModel(const TfliteModel& file,
                                       const InterpreterOptions& options);
  Result<void> SetTensorFlat(int index, DataType dtype, size_t elements,
                             std::span<const std::byte> data);
  std::unique_ptr<Impl> impl_;
};

}  // namespace liteforge
