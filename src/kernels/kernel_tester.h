// SPDX-License-Identifier: Apache-2.0
// For tests: runs one operator as the interpreter would, without one: shape
// inference, Prepare, Eval, each tensor in memory of exactly its size (so that
// AddressSanitizer sees one byte too many). Outputs and scratch memory start
// as noise; Eval must not change its inputs.
//
//   KernelCase c{Op::kAdd, AddOptions{}};
//   c.inputs = {KernelTensor::Of<int8_t>({2, 2}, {1, 2, 3, 4}, Steps(0.5f, 3)),
//               KernelTensor::Of<int8_t>({2}, {1, 2}, Steps(0.5f,
//               0)).Constant()};
//   c.outputs = {KernelTensor::Of<int8_t>({}, {}, Steps(1.0f, 0))};
//   ExpectValues<int8_t>(c, {…});              // in every mode
//   EXPECT_THAT(RunKernel(c).error, HasSubstr("filter has 3"));
//
// An output says what the file would: a type and a quantization; its shape
// counts only where the operator's rule takes it from the file.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/half.h"
#include "base/thread_pool.h"
#include "kernels/kernel.h"
#include "kernels/resources.h"
#include "kernels/string_tensor.h"
#include "ops/infer.h"

namespace liteforge {

// Quantization of a whole tensor, and of its slices along `axis`.
inline Quantization Steps(float scale, int64_t zero_point = 0) {
  Quantization q;
  q.scale = {scale};
  q.zero_point = {zero_point};
  return q;
}
inline Quantization ChannelSteps(std::vector<float> scale, int32_t axis,
                                 std::vector<int64_t> zero_point = {}) {
  Quantization q;
  if (zero_point.empty()) zero_point.assign(scale.size(), 0);
  q.scale = std::move(scale);
  q.zero_point = std::move(zero_point);
  q.axis = axis;
  return q;
}

template <class T>
constexpr DataType TypeOf() {
  if constexpr (std::is_same_v<T, float>) return DataType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return DataType::kFloat64;
  if constexpr (std::is_same_v<T, Float16>) return DataType::kFloat16;
  if constexpr (std::is_same_v<T, BFloat16>) return DataType::kBFloat16;
  if constexpr (std::is_same_v<T, std::complex<float>>)
    return DataType::kComplex64;
  if constexpr (std::is_same_v<T, bool>) return DataType::kBool;
  if constexpr (std::is_same_v<T, int8_t>) return DataType::kInt8;
  if constexpr (std::is_same_v<T, int16_t>) return DataType::kInt16;
  if constexpr (std::is_same_v<T, int32_t>) return DataType::kInt32;
  if constexpr (std::is_same_v<T, int64_t>) return DataType::kInt64;
  if constexpr (std::is_same_v<T, uint8_t>) return DataType::kUInt8;
  if constexpr (std::is_same_v<T, uint16_t>) return DataType::kUInt16;
  if constexpr (std::is_same_v<T, uint32_t>) return DataType::kUInt32;
  if constexpr (std::is_same_v<T, uint64_t>) return DataType::kUInt64;
  return DataType::kNone;
}

struct KernelTensor {
  DataType type = DataType::kNone;
  Shape shape;
  std::vector<std::byte> bytes;
  Quantization quantization;
  bool is_constant = false;
  bool is_variable = false;

  // The type follows from T. For bool give uint8_t values to OfType().
  template <class T>
  static KernelTensor Of(Shape shape, const std::vector<T>& values,
                         Quantization quantization = {}) {
    static_assert(TypeOf<T>() != DataType::kNone, "use OfType");
    return OfType(TypeOf<T>(), shape, values, std::move(quantization));
  }
  // Elements stored as T: uint16_t for float16, bytes for packed int4, …
  template <class T>
  static KernelTensor OfType(DataType type, Shape shape,
                             const std::vector<T>& values,
                             Quantization quantization = {}) {
    KernelTensor tensor{type, shape, {}, std::move(quantization)};
    tensor.bytes.resize(values.size() * sizeof(T));
    if (!values.empty())
      std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    return tensor;
  }
  static KernelTensor Strings(Shape shape,
                              const std::vector<std::string>& strings);
  // An optional input that is left out.
  static KernelTensor Absent() { return {}; }
  // An output of this type.
  static KernelTensor Output(DataType type, Quantization quantization = {}) {
    return {type, Shape(), {}, std::move(quantization)};
  }

  // Its value is known to inference and to Prepare.
  KernelTensor Constant() && {
    is_constant = true;
    return std::move(*this);
  }
  // Written by Eval; its value after it is in KernelRun::variables.
  KernelTensor Variable() && {
    is_variable = true;
    return std::move(*this);
  }

  bool present() const { return type != DataType::kNone; }
  template <class T>
  std::vector<T> Values() const {
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty())
      std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
  }
  std::vector<std::string> StringValues() const;
};

// count | offsets, one more than there are strings | text
inline KernelTensor KernelTensor::Strings(
    Shape shape, const std::vector<std::string>& strings) {
  const auto count = static_cast<int32_t>(strings.size());
  std::vector<int32_t> head = {count};
  int32_t at = 4 * (count + 2);
  std::string text;
  for (const std::string& string : strings) {
    head.push_back(at);
    at += static_cast<int32_t>(string.size());
    text += string;
  }
  head.push_back(at);
  KernelTensor tensor = OfType(DataType::kString, shape, head);
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  tensor.bytes.insert(tensor.bytes.end(), bytes, bytes + text.size());
  return tensor;
}

inline std::vector<std::string> KernelTensor::StringValues() const {
  std::vector<int32_t> head(bytes.size() / 4);
  if (head.empty()) return {};
  std::memcpy(head.data(), bytes.data(), head.size() * 4);
  std::vector<std::string> strings;
  for (size_t i = 0; i < static_cast<size_t>(head[0]); ++i) {
    const auto begin = static_cast<size_t>(head[i + 1]);
    const auto end = static_cast<size_t>(head[i + 2]);
    strings.emplace_back(reinterpret_cast<const char*>(bytes.data()) + begin,
                         end - begin);
  }
  return strings;
}

struct KernelCase {
  Op op;
  OpOptions options = {};
  std::vector<KernelTensor> inputs = {};
  // One of unknown type by default: inference says what it is.
  std::vector<KernelTensor> outputs = {KernelTensor()};
  // Carry quantization only.
  std::vector<KernelTensor> intermediates = {};
};

enum class KernelMode { kReference, kDefault, kThreads };
inline constexpr KernelMode kKernelModes[] = {
    KernelMode::kReference, KernelMode::kDefault, KernelMode::kThreads};
inline const char* Name(KernelMode mode) {
  constexpr const char* kNames[] = {"reference", "default", "threads"};
  return kNames[static_cast<int>(mode)];
}

struct KernelRun {
  // Who failed, "" for nobody: "infer", "prepare" or "eval", and its message.
  std::string stage;
  std::string error;
  std::vector<KernelTensor> outputs;
  std::vector<KernelTensor> variables;  // the variable inputs, in order

  bool ok() const { return stage.empty(); }
  const Shape& shape(int i = 0) const {
    return outputs[static_cast<size_t>(i)].shape;
  }
  template <class T>
  std::vector<T> Values(int i = 0) const {
    return ok() ? outputs[static_cast<size_t>(i)].Values<T>()
                : std::vector<T>();
  }
};

namespace kernel_tester {

// Exactly `bytes` bytes, aligned as the arena is, full of noise.
class Memory {
 public:
  explicit Memory(size_t bytes)
      : data_(static_cast<std::byte*>(
            ::operator new (bytes, std::align_val_t{64}))) {
    for (size_t i = 0; i < bytes; ++i) data_[i] = std::byte(0xA5 ^ (i * 37));
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::operator delete (data_, std::align_val_t{64}); }
  std::byte* data() const { return data_; }

 private:
  std::byte* data_;
};

class Runner final : public KernelHost {
 public:
  Runner(const KernelCase& c, KernelMode mode)
      : case_(c),
        threads_(mode == KernelMode::kThreads ? 3 : 1),
        context_(c.op, c.options, this) {
    context_.reference_ = mode == KernelMode::kReference;
    for (const KernelTensor& input : c.inputs)
      context_.inputs_.push_back(input.present() ? Add(input, true) : nullptr);
    for (const KernelTensor& output : c.outputs)
      context_.outputs_.push_back(Add(output, false));
    for (const KernelTensor& intermediate : c.intermediates)
      context_.intermediates_.push_back(Add(intermediate, false));
  }

  KernelRun Run() {
    KernelRun run;
    if (!Step(run, "infer", Infer(false)) || !Step(run, "prepare", Prepare()) ||
        !Step(run, "eval", Eval()))
      return run;
    for (const RuntimeTensor* output : context_.outputs_)
      run.outputs.push_back(Read(*output));
    for (size_t i = 0; i < case_.inputs.size(); ++i) {
      if (!case_.inputs[i].present()) continue;
      const KernelTensor now = Read(*context_.inputs_[i]);
      if (case_.inputs[i].is_variable) run.variables.push_back(now);
      EXPECT_TRUE(case_.inputs[i].is_variable ||
                  now.bytes == case_.inputs[i].bytes)
          << "Eval wrote to input " << i;
    }
    return run;
  }

  Result<void> Resize(RuntimeTensor& t, const Shape& shape,
                      size_t string_bytes) override {
    t.shape = shape;
    if (t.type == DataType::kString) {
      Allocate(t, string_bytes);
    } else {
      Allocate(t, static_cast<size_t>(ByteSize(t.type, shape.elements())));
    }
    return {};
  }
  ThreadPool& threads() override { return threads_; }
  // Operators that run subgraphs are tested where subgraphs are: runtime/.
  CallableGraph& graph(int) override { std::abort(); }
  Resources& resources() override { return resources_; }
  ArrayCache& arrays() override { return arrays_; }

 private:
  static bool Step(KernelRun& run, const char* stage,
                   const Result<void>& result) {
    if (result) return true;
    run.stage = stage;
    run.error = result.error().message;
    return false;
  }

  static KernelTensor Read(const RuntimeTensor& t) {
    KernelTensor tensor{t.type, t.shape, {}, *t.quantization};
    if (t.bytes > 0) tensor.bytes.assign(t.data, t.data + t.bytes);
    return tensor;
  }

  void Allocate(RuntimeTensor& t, size_t bytes) {
    memory_.push_back(std::make_unique<Memory>(bytes));
    t.bytes = bytes;
    t.data = bytes == 0 ? nullptr : memory_.back()->data();
  }

  RuntimeTensor* Add(const KernelTensor& tensor, bool with_data) {
    RuntimeTensor& t = tensors_.emplace_back();
    t.name = "tensor";
    t.type = tensor.type;
    t.shape = tensor.shape;
    t.quantization = &tensor.quantization;
    t.is_constant = tensor.is_constant;
    t.is_variable = tensor.is_variable;
    if (!with_data) return &t;
    Allocate(t, tensor.bytes.size());
    if (t.bytes > 0) std::memcpy(t.data, tensor.bytes.data(), t.bytes);
    return &t;
  }

  static TensorInfo InfoOf(const RuntimeTensor* t, bool with_data) {
    alignas(16) static constexpr std::byte kNothing[16] = {};
    if (t == nullptr) return {};
    TensorInfo info{t->type, t->shape, nullptr, t->quantization};
    if (with_data || t->is_constant)
      info.data = t->data == nullptr ? kNothing : t->data;
    return info;
  }

  Result<void> Infer(bool with_data) {
    std::vector<TensorInfo> inputs, declared;
    for (const RuntimeTensor* input : context_.inputs_)
      inputs.push_back(InfoOf(input, with_data));
    for (const KernelTensor& output : case_.outputs)
      declared.push_back(
          {output.type, output.shape, nullptr, &output.quantization});
    InferContext context(case_.op, case_.options, inputs, declared);
    const Kernel* kernel = FindKernel(case_.op, case_.options);
    if (kernel != nullptr && kernel->infer != nullptr) {
      TRY(kernel->infer(context_, context));
      TRY(CheckGiven(context));
    } else {
      TRY(InferOutputs(context));
    }
    for (int i = 0; i < context.output_count(); ++i) {
      const auto& inferred = context.outputs()[static_cast<size_t>(i)];
      RuntimeTensor& t = context_.Output(i);
      if (t.type != DataType::kNone && inferred.type != DataType::kNone &&
          t.type != inferred.type)
        return InvalidModel("output is declared " + std::string(Name(t.type)) +
                            " but is " + std::string(Name(inferred.type)));
      if (inferred.type != DataType::kNone) t.type = inferred.type;
      t.shape = inferred.shape;
    }
    return {};
  }

  bool OutputsAreStatic() const {
    return std::ranges::all_of(context_.outputs_, [](const RuntimeTensor* t) {
      return t->shape.IsStatic();
    });
  }

  // As the interpreter prepares: before values are known where shapes do not
  // depend on them, and with them otherwise.
  Result<void> Prepare() {
    const Kernel* kernel = FindKernel(case_.op, case_.options);
    if (kernel == nullptr)
      return Unsupported(std::string(Name(case_.op)) + " has no kernel");
    if (!OutputsAreStatic()) TRY(Infer(true));
    for (RuntimeTensor* t : context_.outputs_) {
      const bool sized = t->shape.IsStatic() && BitWidth(t->type) > 0;
      Allocate(*t, sized ? static_cast<size_t>(
                               ByteSize(t->type, t->shape.elements()))
                         : 0);
    }
    return kernel->prepare(context_);
  }

  Result<void> Eval() {
    for (size_t slot = 0; slot < KernelContext::kMaxScratch; ++slot) {
      const size_t bytes = context_.scratch_bytes_[slot];
      if (bytes == 0) continue;
      memory_.push_back(std::make_unique<Memory>(bytes));
      context_.scratch_[slot] = memory_.back()->data();
    }
    FindKernel(case_.op, case_.options)->eval(context_);
    if (context_.failed_) return tl::unexpected(context_.failure_);
    if (!OutputsAreStatic())
      return Fail(ErrorCode::kInternal, "the kernel left a shape open");
    return {};
  }

  const KernelCase& case_;
  ThreadPool threads_;
  Resources resources_;
  ArrayCache arrays_;
  KernelContext context_;
  std::deque<RuntimeTensor> tensors_;
  std::vector<std::unique_ptr<Memory>> memory_;
};

}  // namespace kernel_tester

// The types of inputs and outputs that operators have run with, by the name of
// the operator; all_kernels_test.cc asks whether that is all they claim.
inline std::map<std::string, std::set<DataType>>& TestedTypes() {
  static std::map<std::string, std::set<DataType>> types;
  return types;
}

inline KernelRun RunKernel(const KernelCase& c,
                           KernelMode mode = KernelMode::kDefault) {
  KernelRun run = kernel_tester::Runner(c, mode).Run();
  if (!run.ok()) return run;
  auto& types =
      TestedTypes()[c.op == Op::kCustom ? c.options.Get<CustomOptions>().name
                                        : std::string(Name(c.op))];
  for (const KernelTensor& input : c.inputs) types.insert(input.type);
  for (const KernelTensor& output : run.outputs) types.insert(output.type);
  return run;
}

// Every mode gives exactly these values, and this shape where one is given.
template <class T>
void ExpectValues(const KernelCase& c, const std::vector<T>& expected,
                  const Shape& shape = Shape::UnknownRank(), int output = 0) {
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    EXPECT_EQ(run.Values<T>(output), expected) << Name(mode);
    EXPECT_TRUE(!shape.has_rank() || run.shape(output) == shape)
        << Name(mode) << ": " << run.shape(output).ToString();
  }
}

// The same to within `tolerance` times the larger of 1 and the value; NaN
// matches NaN, and infinities themselves.
template <class T>
void ExpectNear(const KernelCase& c, const std::vector<T>& expected,
                double tolerance = 1e-5,
                const Shape& shape = Shape::UnknownRank(), int output = 0) {
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    const std::vector<T> values = run.Values<T>(output);
    ASSERT_EQ(values.size(), expected.size()) << Name(mode);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto got = static_cast<double>(values[i]);
      const auto want = static_cast<double>(expected[i]);
      if (got == want || (got != got && want != want)) continue;
      ASSERT_LE(std::abs(got - want), tolerance * std::max(1.0, std::abs(want)))
          << Name(mode) << ", element " << i << ": " << got << " for " << want;
    }
    EXPECT_TRUE(!shape.has_rank() || run.shape(output) == shape)
        << Name(mode) << ": " << run.shape(output).ToString();
  }
}

// Every mode refuses it, at this stage ("" for any), with a message that has
// `message` in it.
inline void ExpectRefused(const KernelCase& c, const std::string& stage,
                          const std::string& message) {
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    EXPECT_FALSE(run.ok()) << Name(mode);
    EXPECT_TRUE(stage.empty() || run.stage == stage)
        << run.stage << ": " << run.error;
    EXPECT_THAT(run.error, testing::HasSubstr(message));
  }
}

}  // namespace liteforge
