// SPDX-License-Identifier: Apache-2.0
#include "convert/calibrate.h"

#include <optional>
#include <string>

#include "base/try.h"
#include "convert/examples.h"
#include "emit/emit.h"
#include "quantize/lstm.h"

namespace liteforge {

namespace {

TensorDetails DetailsOfValue(const ir::Value& value, const std::string& name,
                             size_t index) {
  TensorDetails details;
  details.name = name;
  details.index = static_cast<int>(index);
  details.shape = details.shape_signature = value.shape;
  details.dtype = value.type;
  details.quantization = value.quantization;
  return details;
}

// What users know an input by is the signature's name.
std::string NameOf(const ir::Module& module, const ir::Value& value) {
  for (const ir::Signature& signature : module.signatures) {
    for (const auto& [name, known] : signature.inputs) {
      if (known == &value) return name;
    }
  }
  return value.name;
}

// The first one runs where none is named.
std::string KeyOf(const ir::Module& module, size_t signature) {
  return signature > 0 ? module.signatures[signature].key : "";
}

// An interpreter whose one signature runs, or what runs unasked.
class Runner {
 public:
  Result<void> Open(std::span<const std::byte> bytes,
                    const InterpreterOptions& options, const std::string& key) {
    TRY_ASSIGN(interpreter_, Interpreter::FromBuffer(bytes, options));
    if (key.empty()) return interpreter_->AllocateTensors();
    TRY_ASSIGN(signature_, interpreter_->Signature(key));
    return signature_->AllocateTensors();
  }

  Result<void> Run(std::span<const NpyArray> example) {
    if (signature_) {
      TRY(SetExample(*signature_, example));
      TRY(signature_->Invoke());
    } else {
      TRY(SetExample(*interpreter_, example));
      TRY(interpreter_->Invoke());
    }
    return {};
  }
  void Reset() { interpreter_->ResetVariableTensors(); }

 private:
  std::optional<Interpreter> interpreter_;
  std::optional<SignatureRunner> signature_;
};

}  // namespace

std::vector<TensorDetails> InputsOf(const ir::Module& module,
                                    size_t signature) {
  std::vector<TensorDetails> inputs;
  if (signature > 0) {
    for (const auto& [name, value] : module.signatures[signature].inputs)
      inputs.push_back(DetailsOfValue(*value, name, inputs.size()));
    return inputs;
  }
  for (const ir::Value* value : module.graphs[0]->inputs()) {
    if (!value->is_variable)
      inputs.push_back(
          DetailsOfValue(*value, NameOf(module, *value), inputs.size()));
  }
  return inputs;
}

Result<void> RunExamples(const ir::Module& module,
                         const RepresentativeDataset& examples,
                         const ShowTensor& show,
                         const std::function<void(size_t)>& finished,
                         size_t signature) {
  TRY_ASSIGN(const std::vector<std::byte> bytes, Emit(module));
  InterpreterOptions options;
  options.num_threads = 0;
  Result<void> shown;
  options.observer = [&](const ObservedTensor& tensor) {
    if (shown)
      shown =
          show(*module.graphs[static_cast<size_t>(tensor.subgraph)], tensor);
  };
  Runner runner;
  TRY(runner.Open(bytes, options, KeyOf(module, signature)));
  std::vector<NpyArray> example;
  size_t count = 0;
  while (true) {
    const std::string place = "example " + std::to_string(count);
    auto more = examples(example);
    if (!more) return tl::unexpected(std::move(more.error()).In(place));
    if (!*more) break;
    TRY_IN(place, runner.Run(example));
    TRY_IN(place, shown);
    runner.Reset();
    ++count;
    if (finished) finished(count);
  }
  if (count == 0)
    return InvalidArgument("the representative data holds no example");
  return {};
}

Result<void> RunExamplePairs(const ir::Module& module,
                             std::span<const std::byte> before,
                             const RepresentativeDataset& examples,
                             const WantTensor& wanted, const ShowPair& show,
                             const std::function<void(size_t)>& finished,
                             size_t signature) {
  // What the run before has shown, in order; the other one shows the same.
  struct Kept {
    ObservedTensor tensor;
    std::vector<std::byte> data;
  };
  std::vector<Kept> kept;
  InterpreterOptions options;
  options.num_threads = 0;
  options.observer = [&](const ObservedTensor& tensor) {
    const auto& graph = *module.graphs[static_cast<size_t>(tensor.subgraph)];
    if (wanted(graph, tensor.name))
      kept.push_back({tensor, {tensor.data.begin(), tensor.data.end()}});
  };
  Runner first;
  TRY(first.Open(before, options, KeyOf(module, signature)));
  size_t next = 0;
  const auto run_first = [&](std::vector<NpyArray>& example) -> Result<bool> {
    TRY_ASSIGN(const bool more, examples(example));
    if (!more) return false;
    kept.clear();
    next = 0;
    TRY(first.Run(example));
    first.Reset();
    return true;
  };
  const auto pair = [&](const ir::Graph& graph,
                        const ObservedTensor& now) -> Result<void> {
    if (!wanted(graph, now.name) || next >= kept.size()) return {};
    Kept& was = kept[next++];
    was.tensor.data = was.data;
    return show(graph, now, was.tensor);
  };
  return RunExamples(module, run_first, pair, finished, signature);
}

Result<Calibration> Calibrate(const ir::Module& module,
                              const RepresentativeDataset& examples,
                              const std::function<void(size_t)>& finished,
                              size_t signature) {
  Calibration calibration;
  const LstmWatcher lstms(module);
  const auto add = [&](const ir::Graph& graph,
                       const ObservedTensor& tensor) -> Result<void> {
    if (tensor.dtype != DataType::kFloat32) return {};
    const std::span values(reinterpret_cast<const float*>(tensor.data.data()),
                           tensor.data.size() / sizeof(float));
    const std::string place = "tensor '" + std::string(tensor.name) + "'";
    const int rank = tensor.shape.rank();
    TRY_IN(place, calibration.At(graph.name, std::string(tensor.name))
                      .Add(values, rank > 0 ? tensor.shape[rank - 1] : 0));
    TRY_IN(place,
           lstms.See(graph, tensor.name, values, tensor.shape, calibration));
    return {};
  };
  TRY(RunExamples(module, examples, add, finished, signature));
  return calibration;
}

}  // namespace liteforge
