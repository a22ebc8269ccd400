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
//
// or by name, where the model has signatures:
//
//   auto runner = interpreter->Signature("serving_default");
//   runner->AllocateTensors();
//   runner->SetInput("image", std::span<const float>(pixels));
//   runner->Invoke();
//   auto scores = runner->Values<float>("scores");
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "liteforge/custom_op.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

class TensorAccess;
class TfliteModel;
struct SignatureSpec;

// One level of a sparse constant: dense, of `dense_size`, or the children
// stored for each entry of the level above, as in compressed sparse rows.
struct SparseDimension {
  bool dense = true;
  int32_t dense_size = 0;
  std::vector<int32_t> segments;
  std::vector<int32_t> indices;
  friend bool operator==(const SparseDimension&,
                         const SparseDimension&) = default;
};

// How a sparse constant is stored; no dimensions for one that is not.
// Source: TFLite schema, SparsityParameters.
struct Sparsity {
  std::vector<int32_t> traversal_order;
  std::vector<int32_t> block_map;
  std::vector<SparseDimension> dimensions;

  bool empty() const { return dimensions.empty(); }
  friend bool operator==(const Sparsity&, const Sparsity&) = default;
};

// One tensor, as get_input_details() describes it.
struct TensorDetails {
  std::string name;
  int index = 0;          // for SetTensor, GetTensor, ResizeInputTensor
  Shape shape;            // now, after any resize
  Shape shape_signature;  // as the model says: kUnknownDim where it may vary
  DataType dtype = DataType::kNone;
  Quantization quantization;
  Sparsity sparsity = {};
  bool is_constant = false;  // its value lies in the file and cannot be set
};

// A signature: names for inputs and outputs, with the tensors they stand for.
struct SignatureDetails {
  std::string key;
  std::vector<std::pair<std::string, int>> inputs;  // name, tensor index
  std::vector<std::pair<std::string, int>> outputs;
  int subgraph = 0;  // whose tensors the indices count
};

// What an operator, or the caller of a subgraph, has just written.
struct ObservedTensor {
  int subgraph = 0;
  int tensor = 0;  // in the subgraph, in the order of the file
  std::string_view name;
  DataType dtype = DataType::kNone;
  Shape shape;
  std::span<const std::byte> data;
};

struct InterpreterOptions {
  int num_threads = 1;  // the caller's included; below 1: one per core
  // Plain scalar kernels everywhere: slow, and exactly TensorFlow Lite's
  // reference arithmetic.
  bool reference_kernels = false;
  // 3x3 convolutions of float32 by Winograd's products where that is faster.
  // Their results are about ten times as far from the exact ones as those of
  // the plain sum, which is still in the last of 6 digits, and what is infinite
  // in the input makes not-a-numbers of its neighbours; see docs/numerics.md.
  bool winograd = true;
  // Gives every intermediate tensor memory of its own, so that GetTensor can
  // read all of them after Invoke. Takes more memory.
  bool preserve_all_tensors = false;
  // Measures every operator; see Interpreter::Profile. Costs two looks at the
  // clock an operator.
  bool profile = false;
  // Called during Invoke with every input of a subgraph before it runs, and
  // every output of an operator right after it ran; both hold only until it
  // returns. What is constant from AllocateTensors on is not shown.
  std::function<void(const ObservedTensor&)> observer = {};
  // The most that all tensors together may take, the file's constants not
  // counted; 0: what the machine has. What wants more is an error before it
  // is allocated.
  size_t max_memory_bytes = 0;
  // A file that keeps weights as this machine's kernels want them, so that the
  // next AllocateTensors of this model maps them instead of laying them out
  // again. Its pages are shared by all who map it. Made when it is not there,
  // and made again when it is another model's, another machine's or damaged.
  // AllocateTensors fails when it cannot be written.
  std::filesystem::path weight_cache = {};
  // Operators of your own; one takes the place of a built-in custom operator
  // of its name.
  std::vector<CustomOp> custom_ops = {};
};

// What one operator has taken since the interpreter was made or ResetProfile,
// with those that are computed as one with it, which are never called.
struct ProfileEntry {
  int subgraph = 0;
  int node = 0;      // in the subgraph, in the order of the file
  std::string op;    // "CONV_2D"; "CUSTOM 'Name'"
  std::string name;  // of its first output
  int64_t calls = 0;
  // Of all calls; those of IF, WHILE and CALL_ONCE contain their subgraphs'.
  int64_t nanoseconds = 0;
  // Of one call, with the shapes of the last: multiplications and additions of
  // convolutions and matrix products as they are defined (0 for other
  // operators), and bytes of inputs and outputs.
  int64_t operations = 0;
  int64_t bytes = 0;
  DataType type = DataType::kFloat32;  // of its first output
};

// Runs one signature by the names of its inputs and outputs, whichever
// subgraph it belongs to. A view: the interpreter must outlive it, and may be
// moved. Signatures of one subgraph share its tensors.
class SignatureRunner {
 public:
  const std::string& key() const;

  // In the order of the signature, under the signature's names.
  std::vector<TensorDetails> InputDetails() const;
  std::vector<TensorDetails> OutputDetails() const;

  // As the interpreter's functions, for this subgraph. Errors for a name that
  // is none list those there are.
  Result<void> AllocateTensors();
  Result<void> ResizeInput(std::string_view name, const Shape& shape,
                           bool strict = false);
  Result<void> SetInput(std::string_view name, DataType dtype,
                        const Shape& shape, std::span<const std::byte> data);
  template <class T>
  Result<void> SetInput(std::string_view name, std::span<const T> values) {
    return SetInputFlat(name, DataTypeOf<T>::value, values.size(),
                        std::as_bytes(values));
  }
  Result<void> Invoke();

  // An output's bytes; valid as long as GetTensor's.
  Result<std::span<const std::byte>> Output(std::string_view name) const;
  // Its values; empty when there is no such output or it is of another type.
  template <class T>
  std::vector<T> Values(std::string_view name) const {
    auto bytes = TypedOutput(name, DataTypeOf<T>::value);
    if (!bytes) return {};
    auto* first = reinterpret_cast<const T*>(bytes->data());
    return std::vector<T>(first, first + bytes->size() / sizeof(T));
  }

  // Of this signature's subgraph, as the interpreter's.
  size_t ArenaBytes() const;
  size_t ArenaLowerBound() const;

 private:
  friend class Interpreter;
  SignatureRunner(const SignatureSpec& spec, TensorAccess& tensors)
      : spec_(&spec), tensors_(&tensors) {}
  Result<void> SetInputFlat(std::string_view name, DataType dtype,
                            size_t elements, std::span<const std::byte> data);
  Result<std::span<const std::byte>> TypedOutput(std::string_view name,
                                                 DataType dtype) const;
  Result<int> FindInput(std::string_view name) const;
  Result<int> FindOutput(std::string_view name) const;

  const SignatureSpec* spec_;
  TensorAccess* tensors_;
};

// Not thread-safe: one interpreter, one thread at a time; only Cancel may be
// called from another. Movable.
class Interpreter {
 public:
  // Maps and verifies the file. Errors name the file and the place in it, and
  // every operator without a kernel at once.
  static Result<Interpreter> FromFile(const std::filesystem::path& path,
                                      const InterpreterOptions& options = {});
  // The bytes are copied.
  static Result<Interpreter> FromBuffer(std::span<const std::byte> model,
                                        const InterpreterOptions& options = {});
  // They are not: they must stay as they are while the interpreter lives.
  static Result<Interpreter> FromView(std::span<const std::byte> model,
                                      const InterpreterOptions& options = {});
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

  // Infers every shape, prepares every kernel and lays out the arena; variable
  // tensors become zero, and so does everything else after a resize. Needed
  // again after a resize. Errors name the operator.
  Result<void> AllocateTensors();

  // In the model's order. Shapes of outputs are known after AllocateTensors,
  // or after Invoke where they depend on values.
  std::vector<TensorDetails> InputDetails() const;
  std::vector<TensorDetails> OutputDetails() const;
  std::vector<TensorDetails> AllTensorDetails() const;
  // Errors when there is no such tensor.
  Result<TensorDetails> DetailsOf(int index) const;
  std::vector<SignatureDetails> Signatures() const;

  // The signature of this key; "" stands for the only one. Errors list the
  // keys there are.
  Result<SignatureRunner> Signature(std::string_view key = "");

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
  // One string an element.
  Result<void> SetStrings(int index, std::span<const std::string> values);

  // A tensor's bytes in place; valid until the next Invoke, AllocateTensors
  // or ResizeInputTensor. Outputs are zero before the first Invoke. Errors
  // when the tensor has no memory of its own (an intermediate one whose place
  // has been reused), and before Invoke when its size depends on values.
  Result<std::span<const std::byte>> GetTensor(int index) const;
  // Its values; empty when there is an error or the tensor is of another
  // type. Types without a C++ one (float16, int4, …) are read by GetTensor.
  template <class T>
  std::vector<T> Tensor(int index) const {
    auto bytes = TypedTensor(index, DataTypeOf<T>::value);
    if (!bytes) return {};
    auto* first = reinterpret_cast<const T*>(bytes->data());
    return std::vector<T>(first, first + bytes->size() / sizeof(T));
  }
  Result<std::vector<std::string>> Strings(int index) const;

  // Gives an input a new shape; AllocateTensors must follow. With `strict`
  // only dimensions that are unknown in shape_signature may change.
  Result<void> ResizeInputTensor(int index, const Shape& shape,
                                 bool strict = false);

  // Runs the model. Errors name the operator that failed; kCancelled after
  // Cancel.
  Result<void> Invoke();

  // Stops the Invoke that is running, of whichever signature, before its next
  // operator; without one it does nothing. Outputs are undefined then, and
  // the interpreter can be used on. May be called from any thread.
  void Cancel();

  // Sets variable tensors (states of recurrent layers) of every subgraph back
  // to zero; int8 ones to their zero point. Resource variables and hash tables
  // forget their contents too, and initializations run again.
  void ResetVariableTensors();

  // One entry an operator, in the order of the file; empty without
  // InterpreterOptions::profile. Operators whose result is known before
  // Invoke, and those that another one computes, are not called.
  std::vector<ProfileEntry> Profile() const;
  void ResetProfile();

  // Bytes of the arena that holds intermediate tensors, and the least that any
  // arena could take: the largest set of tensors alive at the same time. 0
  // before AllocateTensors.
  size_t ArenaBytes() const;
  size_t ArenaLowerBound() const;

 private:
  class Impl;
  explicit Interpreter(std::unique_ptr<Impl> impl);
  static Result<Interpreter> FromModel(const TfliteModel& file,
                                       const InterpreterOptions& options);
  Result<void> SetTensorFlat(int index, DataType dtype, size_t elements,
                             std::span<const std::byte> data);
  Result<std::span<const std::byte>> TypedTensor(int index,
                                                 DataType dtype) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace liteforge
