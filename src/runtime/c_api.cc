// SPDX-License-Identifier: Apache-2.0
// The C face of interpreter.h.
#include "liteforge/c_api.h"

#include <map>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "base/try.h"
#include "liteforge/interpreter.h"
#include "runtime/c_api_common.h"

using liteforge::CheckGiven;
using liteforge::CopyDims;
using liteforge::DataType;
using liteforge::Guarded;
using liteforge::InvalidArgument;
using liteforge::MakeShape;
using liteforge::Result;
using liteforge::Shape;
using liteforge::TensorDetails;
using liteforge::TypeOf;

// Details that callers hold pointers into: by tensor, never erased.
using Described = std::map<int, TensorDetails>;

struct LfInterpreter {
  liteforge::Interpreter interpreter;
  std::vector<int> inputs;
  std::vector<int> outputs;
  int tensors = 0;
  std::vector<liteforge::SignatureDetails> signatures;
  Described described;
  std::vector<liteforge::ProfileEntry> profile;
};

struct LfSignatureRunner {
  liteforge::SignatureRunner runner;
  std::vector<TensorDetails> inputs;  // for their names
  std::vector<TensorDetails> outputs;
  Described described_inputs;  // by position
  Described described_outputs;
};

namespace {

Result<std::span<const std::byte>> Bytes(const void* data, size_t bytes) {
  if (data == nullptr && bytes > 0)
    return InvalidArgument("the data is null but has " + std::to_string(bytes) +
                           " bytes");
  return std::span(static_cast<const std::byte*>(data), bytes);
}

template <class T>
const T* At(const std::vector<T>& values, int i) {
  return i >= 0 && static_cast<size_t>(i) < values.size()
             ? &values[static_cast<size_t>(i)]
             : nullptr;
}

template <class T>
int CountOf(const std::vector<T>& values) {
  return static_cast<int>(values.size());
}

// Name and quantization of a tensor never change, so what callers point to is
// kept from the first time; the rest is taken anew.
void FillInfo(TensorDetails details, int key, Described& described,
              LfTensorInfo& info) {
  const auto [at, added] = described.try_emplace(key);
  if (added) at->second = details;
  const TensorDetails& kept = at->second;
  info = {};
  info.name = kept.name.c_str();
  info.index = details.index;
  info.type = static_cast<LfType>(details.dtype);
  info.rank = CopyDims(details.shape, info.dims);
  info.signature_rank = CopyDims(details.shape_signature, info.signature_dims);
  const int64_t bytes = ByteSize(details.dtype, details.shape.elements());
  info.bytes = bytes > 0 ? static_cast<size_t>(bytes) : 0;
  info.scale_count = kept.quantization.scale.size();
  info.scales = kept.quantization.scale.data();
  info.zero_point_count = kept.quantization.zero_point.size();
  info.zero_points = kept.quantization.zero_point.data();
  info.quantized_dimension = kept.quantization.axis;
}

Result<void> Wrap(Result<liteforge::Interpreter> opened,
                  LfInterpreter** result) {
  TRY_ASSIGN(liteforge::Interpreter interpreter, std::move(opened));
  std::vector<int> inputs, outputs;
  for (const TensorDetails& d : interpreter.InputDetails())
    inputs.push_back(d.index);
  for (const TensorDetails& d : interpreter.OutputDetails())
    outputs.push_back(d.index);
  const int tensors = CountOf(interpreter.AllTensorDetails());
  auto signatures = interpreter.Signatures();
  *result = new LfInterpreter{std::move(interpreter),
                              std::move(inputs),
                              std::move(outputs),
                              tensors,
                              std::move(signatures),
                              {},
                              {}};
  return {};
}

liteforge::InterpreterOptions OptionsOf(const LfOptions* options) {
  return options == nullptr ? liteforge::InterpreterOptions()
                            : options->options;
}

// The position of a name in a signature's inputs or outputs.
Result<int> Find(const std::vector<TensorDetails>& tensors,
                 const std::string& key, const char* kind, const char* name) {
  for (int i = 0; i < CountOf(tensors); ++i) {
    if (tensors[static_cast<size_t>(i)].name == name) return i;
  }
  return InvalidArgument("signature '" + key + "' has no " + kind + " '" +
                         name + "'");
}

}  // namespace

int LfApiVersion(void) { return LF_API_VERSION; }

const char* LfVersion(void) { return LITEFORGE_VERSION; }

const char* LfErrorMessage(void) { return liteforge::LastError().c_str(); }

const char* LfTypeName(LfType type) {
  constexpr auto kUnknown = static_cast<DataType>(127);
  const bool known = type >= kLfNoType && type <= kLfFloat8E5M2;
  // Every name is a literal, so it ends with a zero.
  return Name(known ? static_cast<DataType>(type) : kUnknown).data();
}

//------------------------------------------------------------------- options

LfOptions* LfOptionsCreate(void) { return new (std::nothrow) LfOptions; }

void LfOptionsDelete(LfOptions* options) { delete options; }

void LfOptionsSetNumThreads(LfOptions* options, int threads) {
  if (options != nullptr) options->options.num_threads = threads;
}

void LfOptionsSetReferenceKernels(LfOptions* options, int on) {
  if (options != nullptr) options->options.reference_kernels = on != 0;
}

void LfOptionsSetPreserveAllTensors(LfOptions* options, int on) {
  if (options != nullptr) options->options.preserve_all_tensors = on != 0;
}

void LfOptionsSetProfile(LfOptions* options, int on) {
  if (options != nullptr) options->options.profile = on != 0;
}

void LfOptionsSetMaxMemoryBytes(LfOptions* options, size_t bytes) {
  if (options != nullptr) options->options.max_memory_bytes = bytes;
}

void LfOptionsSetWeightCache(LfOptions* options, const char* path) {
  if (options != nullptr)
    options->options.weight_cache = path == nullptr ? "" : path;
}

//--------------------------------------------------------------- interpreter

LfStatus LfInterpreterFromFile(const char* path, const LfOptions* options,
                               LfInterpreter** interpreter) {
  if (interpreter != nullptr) *interpreter = nullptr;
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(path, interpreter));
    return Wrap(liteforge::Interpreter::FromFile(path, OptionsOf(options)),
                interpreter);
  });
}

LfStatus LfInterpreterFromBuffer(const void* model, size_t bytes,
                                 const LfOptions* options,
                                 LfInterpreter** interpreter) {
  if (interpreter != nullptr) *interpreter = nullptr;
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    TRY_ASSIGN(const std::span<const std::byte> data, Bytes(model, bytes));
    return Wrap(liteforge::Interpreter::FromBuffer(data, OptionsOf(options)),
                interpreter);
  });
}

void LfInterpreterDelete(LfInterpreter* interpreter) { delete interpreter; }

LfStatus LfInterpreterAllocateTensors(LfInterpreter* interpreter) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    return interpreter->interpreter.AllocateTensors();
  });
}

LfStatus LfInterpreterInvoke(LfInterpreter* interpreter) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    return interpreter->interpreter.Invoke();
  });
}

void LfInterpreterCancel(LfInterpreter* interpreter) {
  if (interpreter != nullptr) interpreter->interpreter.Cancel();
}

void LfInterpreterResetVariableTensors(LfInterpreter* interpreter) {
  if (interpreter != nullptr) interpreter->interpreter.ResetVariableTensors();
}

size_t LfInterpreterArenaBytes(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : interpreter->interpreter.ArenaBytes();
}

size_t LfInterpreterArenaLowerBound(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0
                                : interpreter->interpreter.ArenaLowerBound();
}

//------------------------------------------------------------------- tensors

int LfInterpreterInputCount(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : CountOf(interpreter->inputs);
}

int LfInterpreterOutputCount(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : CountOf(interpreter->outputs);
}

int LfInterpreterTensorCount(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : interpreter->tensors;
}

int LfInterpreterInput(const LfInterpreter* interpreter, int i) {
  if (interpreter == nullptr) return -1;
  const int* tensor = At(interpreter->inputs, i);
  return tensor == nullptr ? -1 : *tensor;
}

int LfInterpreterOutput(const LfInterpreter* interpreter, int i) {
  if (interpreter == nullptr) return -1;
  const int* tensor = At(interpreter->outputs, i);
  return tensor == nullptr ? -1 : *tensor;
}

LfStatus LfInterpreterTensorInfo(LfInterpreter* interpreter, int tensor,
                                 LfTensorInfo* info) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter, info));
    TRY_ASSIGN(TensorDetails details,
               interpreter->interpreter.DetailsOf(tensor));
    FillInfo(std::move(details), tensor, interpreter->described, *info);
    return {};
  });
}

LfStatus LfInterpreterResizeInput(LfInterpreter* interpreter, int tensor,
                                  const int32_t* dims, int rank, int strict) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    TRY_ASSIGN(const Shape shape, MakeShape(dims, rank));
    return interpreter->interpreter.ResizeInputTensor(tensor, shape,
                                                      strict != 0);
  });
}

LfStatus LfInterpreterSetTensor(LfInterpreter* interpreter, int tensor,
                                const void* data, size_t bytes) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    TRY_ASSIGN(const std::span<const std::byte> values, Bytes(data, bytes));
    TRY_ASSIGN(const TensorDetails details,
               interpreter->interpreter.DetailsOf(tensor));
    return interpreter->interpreter.SetTensor(tensor, details.dtype,
                                              details.shape, values);
  });
}

LfStatus LfInterpreterSetTyped(LfInterpreter* interpreter, int tensor,
                               LfType type, const int32_t* dims, int rank,
                               const void* data, size_t bytes) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    TRY_ASSIGN(const Shape shape, MakeShape(dims, rank));
    TRY_ASSIGN(const std::span<const std::byte> values, Bytes(data, bytes));
    return interpreter->interpreter.SetTensor(tensor, TypeOf(type), shape,
                                              values);
  });
}

LfStatus LfInterpreterGetTensor(const LfInterpreter* interpreter, int tensor,
                                const void** data, size_t* bytes) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter, data, bytes));
    TRY_ASSIGN(const std::span<const std::byte> values,
               interpreter->interpreter.GetTensor(tensor));
    *data = values.data();
    *bytes = values.size();
    return {};
  });
}

//---------------------------------------------------------------- signatures

int LfInterpreterSignatureCount(const LfInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : CountOf(interpreter->signatures);
}

const char* LfInterpreterSignatureKey(const LfInterpreter* interpreter, int i) {
  if (interpreter == nullptr) return nullptr;
  const auto* signature = At(interpreter->signatures, i);
  return signature == nullptr ? nullptr : signature->key.c_str();
}

LfStatus LfSignatureRunnerCreate(LfInterpreter* interpreter, const char* key,
                                 LfSignatureRunner** runner) {
  if (runner != nullptr) *runner = nullptr;
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter, runner));
    TRY_ASSIGN(liteforge::SignatureRunner found,
               interpreter->interpreter.Signature(key == nullptr ? "" : key));
    auto inputs = found.InputDetails();
    auto outputs = found.OutputDetails();
    *runner = new LfSignatureRunner{
        found, std::move(inputs), std::move(outputs), {}, {}};
    return {};
  });
}

void LfSignatureRunnerDelete(LfSignatureRunner* runner) { delete runner; }

int LfSignatureRunnerInputCount(const LfSignatureRunner* runner) {
  return runner == nullptr ? 0 : CountOf(runner->inputs);
}

int LfSignatureRunnerOutputCount(const LfSignatureRunner* runner) {
  return runner == nullptr ? 0 : CountOf(runner->outputs);
}

const char* LfSignatureRunnerInputName(const LfSignatureRunner* runner, int i) {
  const auto* tensor = runner == nullptr ? nullptr : At(runner->inputs, i);
  return tensor == nullptr ? nullptr : tensor->name.c_str();
}

const char* LfSignatureRunnerOutputName(const LfSignatureRunner* runner,
                                        int i) {
  const auto* tensor = runner == nullptr ? nullptr : At(runner->outputs, i);
  return tensor == nullptr ? nullptr : tensor->name.c_str();
}

LfStatus LfSignatureRunnerInputInfo(LfSignatureRunner* runner, const char* name,
                                    LfTensorInfo* info) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner, name, info));
    TRY_ASSIGN(const int i,
               Find(runner->inputs, runner->runner.key(), "input", name));
    FillInfo(runner->runner.InputDetails()[static_cast<size_t>(i)], i,
             runner->described_inputs, *info);
    return {};
  });
}

LfStatus LfSignatureRunnerOutputInfo(LfSignatureRunner* runner,
                                     const char* name, LfTensorInfo* info) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner, name, info));
    TRY_ASSIGN(const int i,
               Find(runner->outputs, runner->runner.key(), "output", name));
    FillInfo(runner->runner.OutputDetails()[static_cast<size_t>(i)], i,
             runner->described_outputs, *info);
    return {};
  });
}

LfStatus LfSignatureRunnerResizeInput(LfSignatureRunner* runner,
                                      const char* name, const int32_t* dims,
                                      int rank, int strict) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner, name));
    TRY_ASSIGN(const Shape shape, MakeShape(dims, rank));
    return runner->runner.ResizeInput(name, shape, strict != 0);
  });
}

LfStatus LfSignatureRunnerAllocateTensors(LfSignatureRunner* runner) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner));
    return runner->runner.AllocateTensors();
  });
}

LfStatus LfSignatureRunnerSetInput(LfSignatureRunner* runner, const char* name,
                                   const void* data, size_t bytes) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner, name));
    TRY_ASSIGN(const std::span<const std::byte> values, Bytes(data, bytes));
    TRY_ASSIGN(const int i,
               Find(runner->inputs, runner->runner.key(), "input", name));
    const TensorDetails details =
        runner->runner.InputDetails()[static_cast<size_t>(i)];
    return runner->runner.SetInput(name, details.dtype, details.shape, values);
  });
}

LfStatus LfSignatureRunnerInvoke(LfSignatureRunner* runner) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner));
    return runner->runner.Invoke();
  });
}

LfStatus LfSignatureRunnerGetOutput(const LfSignatureRunner* runner,
                                    const char* name, const void** data,
                                    size_t* bytes) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(runner, name, data, bytes));
    TRY_ASSIGN(const std::span<const std::byte> values,
               runner->runner.Output(name));
    *data = values.data();
    *bytes = values.size();
    return {};
  });
}

//------------------------------------------------------------------- profile

int LfInterpreterProfileCount(LfInterpreter* interpreter) {
  int count = 0;
  Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter));
    interpreter->profile = interpreter->interpreter.Profile();
    count = CountOf(interpreter->profile);
    return {};
  });
  return count;
}

LfStatus LfInterpreterProfileEntry(const LfInterpreter* interpreter, int i,
                                   LfProfileEntry* entry) {
  return Guarded([&]() -> Result<void> {
    TRY(CheckGiven(interpreter, entry));
    const auto* from = At(interpreter->profile, i);
    if (from == nullptr)
      return InvalidArgument("there is no profile entry " + std::to_string(i));
    *entry = {from->subgraph,     from->node,  from->op.c_str(),
              from->name.c_str(), from->calls, from->nanoseconds};
    return {};
  });
}

void LfInterpreterResetProfile(LfInterpreter* interpreter) {
  if (interpreter != nullptr) {
    Guarded([&]() -> Result<void> {
      interpreter->interpreter.ResetProfile();
      return {};
    });
  }
}
