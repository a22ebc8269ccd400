// SPDX-License-Identifier: Apache-2.0
// A weight's cost is what its layer's outputs err more without it, of their
// energy, times the layer's importance, and one threshold cuts all costs. What
// a layer errs is not what the model errs: layers behind it are fitted to what
// reaches them and take part of it back. So importances begin as 1 and are
// doubled and halved in turns, as long as that makes the model's outputs err
// less on every fifth example, which the trials do not fit to.
#include "convert/prune_layers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/try.h"
#include "convert/calibrate.h"
#include "convert/estimate_work.h"
#include "emit/emit.h"

namespace liteforge {
namespace {

constexpr size_t kHeldOut = 5;          // every so manieth example
constexpr size_t kLeastExamples = 50;   // else a fifth says too little
constexpr size_t kMostExamples = 1000;  // of a trial
constexpr int kRounds = 3;
// Multiplications that all trials may take together.
constexpr double kMostOperations = 3e10;
// Bytes of sums of products that are held at once.
constexpr size_t kMostBytes = size_t{512} << 20;

enum class Part : uint8_t { kAll, kFitted, kHeldOut };

// Those examples that a part of a trial runs on.
RepresentativeDataset PartOf(const RepresentativeDataset& examples, Part part) {
  if (part == Part::kAll) return examples;
  auto next = std::make_shared<size_t>(0);
  return [=](std::vector<NpyArray>& example) -> Result<bool> {
    while (*next < kMostExamples) {
      TRY_ASSIGN(const bool more, examples(example));
      if (!more) return false;
      const bool held = (*next)++ % kHeldOut == kHeldOut - 1;
      if (held == (part == Part::kHeldOut)) return true;
    }
    return false;
  };
}

std::string LayerKey(const ir::Graph& graph, std::string_view name) {
  return graph.name + "/" + std::string(name);
}

std::span<const float> FloatsOf(const ObservedTensor& tensor) {
  return {reinterpret_cast<const float*>(tensor.data.data()),
          tensor.data.size() / sizeof(float)};
}

// What the model's outputs say most clearly: scores before they become
// probabilities, most of which are nearly 0 or 1.
std::set<std::string> OutputsOf(const ir::Module& module) {
  std::set<int> entries = {0};
  for (const ir::Signature& signature : module.signatures)
    entries.insert(signature.graph);
  std::set<std::string> names;
  for (const int entry : entries) {
    const ir::Graph& graph = *module.graphs[static_cast<size_t>(entry)];
    for (const ir::Value* output : graph.outputs()) {
      const ir::Node* last = output->producer();
      const bool squeezes = last != nullptr && (last->op() == Op::kSoftmax ||
                                                last->op() == Op::kLogistic);
      names.insert(
          LayerKey(graph, squeezes ? last->input(0)->name : output->name));
    }
  }
  return names;
}

class Pruner {
 public:
  Pruner(const ir::Module& module, const std::vector<WeightMatrix>& layers,
         float fraction, PrunePattern pattern, const OnExamples& examples)
      : module_(module),
        layers_(layers),
        fraction_(fraction),
        pattern_(pattern),
        examples_(examples) {}

  Result<std::vector<PrunedLayer>> Run() {
    TRY_ASSIGN(before_, Emit(module_));
    if (pattern_ != PrunePattern::kGlobal)
      return Prune(std::vector<float>(layers_.size(), fraction_), Part::kAll);
    TRY_ASSIGN(costs_, SeeCosts());
    std::vector<double> importance(layers_.size(), 1);
    TRY_ASSIGN(const bool tries, MayTry());
    if (tries) TRY(Improve(importance));
    return Prune(FractionsOf(costs_, importance, fraction_), Part::kAll);
  }

 private:
  //--------------------------------------------------------- seeing and pruning

  using Readers = std::multimap<std::string, InputProducts*>;

  static void AddReader(const WeightMatrix& layer, InputProducts* products,
                        Readers& readers) {
    readers.emplace(LayerKey(*layer.graph, layer.node->input(0)->name),
                    products);
  }

  // What the layers in [first, end) read, as the module is now and as it was;
  // `end` comes nearer where there is room for fewer. Nothing without examples.
  Result<ProductsByNode> SeeInputs(size_t first, size_t& end, Part part) {
    ProductsByNode products;
    Readers readers;
    size_t bytes = 0;
    const size_t most = end;
    if (!examples_) return products;
    for (end = first; end < most && (end == first || bytes < kMostBytes);
         ++end) {
      const WeightMatrix& layer = layers_[end];
      if (layer.columns > InputProducts::kMostColumns) continue;
      auto& of_layer = products[layer.node];
      of_layer = std::make_unique<InputProducts>(layer);
      bytes += of_layer->bytes();
      AddReader(layer, of_layer.get(), readers);
      for (const WeightMatrix& twin : layer.twins)
        AddReader(twin, of_layer.get(), readers);
    }
    if (readers.empty()) return products;
    const auto wanted = [&](const ir::Graph& graph, std::string_view name) {
      return readers.contains(LayerKey(graph, name));
    };
    const auto show = [&](const ir::Graph& graph, const ObservedTensor& now,
                          const ObservedTensor& was) -> Result<void> {
      if (now.dtype != DataType::kFloat32 || now.data.size() != was.data.size())
        return {};
      const auto [from, to] = readers.equal_range(LayerKey(graph, now.name));
      for (auto reader = from; reader != to; ++reader)
        reader->second->Add(now.shape, FloatsOf(now), FloatsOf(was));
      return {};
    };
    TRY(RunPairs(part, wanted, show));
    return products;
  }

  Result<void> RunPairs(Part part, const WantTensor& wanted,
                        const ShowPair& show) {
    return examples_([&](size_t signature,
                         const RepresentativeDataset& examples,
                         const std::function<void(size_t)>& finished) {
      return RunExamplePairs(module_, before_, PartOf(examples, part), wanted,
                             show, finished, signature);
    });
  }

  static const InputProducts* Find(const ProductsByNode& products,
                                   const WeightMatrix& layer) {
    const auto found = products.find(layer.node);
    return found == products.end() ? nullptr : found->second.get();
  }

  Result<std::vector<std::vector<float>>> SeeCosts() {
    std::vector<std::vector<float>> costs;
    for (size_t first = 0; first < layers_.size();) {
      size_t end = layers_.size();
      TRY_ASSIGN(const ProductsByNode products,
                 SeeInputs(first, end, Part::kAll));
      for (; first < end; ++first)
        costs.push_back(
            RelativeCosts(layers_[first], Find(products, layers_[first])));
    }
    return costs;
  }

  Result<std::vector<PrunedLayer>> Prune(const std::vector<float>& fractions,
                                         Part part) {
    std::vector<PrunedLayer> pruned;
    for (size_t l = 0; l < layers_.size(); ++l) {
      size_t end = l + 1;
      TRY_ASSIGN(const ProductsByNode products, SeeInputs(l, end, part));
      pruned.push_back(PruneLayer(layers_[l], fractions[l], pattern_,
                                  Find(products, layers_[l])));
    }
    return pruned;
  }

  //--------------------------------------------------------------------- trials

  Result<bool> MayTry() {
    if (!examples_ || layers_.size() < 2) return false;
    size_t count = 0, least = kMostExamples;
    TRY(examples_([&](size_t, const RepresentativeDataset& examples,
                      const auto&) -> Result<void> {
      size_t of_signature = 0;
      std::vector<NpyArray> example;
      while (of_signature < kMostExamples) {
        TRY_ASSIGN(const bool more, examples(example));
        if (!more) break;
        ++of_signature;
      }
      count += of_signature;
      least = std::min(least, of_signature);
      return {};
    }));
    if (count < kLeastExamples || least < kHeldOut) return false;
    const auto n = static_cast<double>(layers_.size());
    double work =
        (n + 1) * 2 * static_cast<double>(count) * EstimateWork(module_, {});
    for (const WeightMatrix& layer : layers_)
      work += static_cast<double>(layer.rows) *
              std::pow(static_cast<double>(layer.columns), 3);
    return work * 2 * n * kRounds < kMostOperations;
  }

  Result<void> Improve(std::vector<double>& importance) {
    TRY_ASSIGN(double least, ErrorWith(importance));
    bool moved = true;
    for (int round = 0; round < kRounds && moved; ++round) {
      moved = false;
      for (size_t l = 0; l < layers_.size(); ++l) {
        for (const double factor : {2.0, 0.5}) {
          std::vector<double> tried = importance;
          tried[l] *= factor;
          TRY_ASSIGN(const double error, ErrorWith(tried));
          if (error >= least) continue;
          least = error;
          importance = std::move(tried);
          moved = true;
        }
      }
    }
    return {};
  }

  // Of the outputs, on examples held out, of their energy. The weights are left
  // as they were.
  Result<double> ErrorWith(const std::vector<double>& importance) {
    std::vector<Blob> weights, biases;
    for (const WeightMatrix& layer : layers_) {
      weights.push_back(layer.weights->data());
      biases.push_back(layer.bias == nullptr ? Blob() : layer.bias->data());
    }
    auto error = OutputError(FractionsOf(costs_, importance, fraction_));
    for (size_t l = 0; l < layers_.size(); ++l) {
      layers_[l].SetWeights(weights[l]);
      layers_[l].SetBias(biases[l]);
    }
    return error;
  }

  Result<double> OutputError(const std::vector<float>& fractions) {
    TRY(Prune(fractions, Part::kFitted));
    const std::set<std::string> outputs = OutputsOf(module_);
    std::map<std::string, std::pair<double, double>> error_and_energy;
    const auto wanted = [&](const ir::Graph& graph, std::string_view name) {
      return outputs.contains(LayerKey(graph, name));
    };
    const auto show = [&](const ir::Graph& graph, const ObservedTensor& now,
                          const ObservedTensor& was) -> Result<void> {
      if (now.dtype != DataType::kFloat32 || now.data.size() != was.data.size())
        return {};
      auto& [error, energy] = error_and_energy[LayerKey(graph, now.name)];
      const auto a = FloatsOf(was), b = FloatsOf(now);
      for (size_t i = 0; i < a.size(); ++i) {
        const auto exact = static_cast<double>(a[i]);
        energy += exact * exact;
        error += (static_cast<double>(b[i]) - exact) *
                 (static_cast<double>(b[i]) - exact);
      }
      return {};
    };
    TRY(RunPairs(Part::kHeldOut, wanted, show));
    double sum = 0;
    for (const auto& [name, of_output] : error_and_energy)
      sum += of_output.second > 0 ? of_output.first / of_output.second : 0;
    return sum;
  }

  const ir::Module& module_;
  const std::vector<WeightMatrix>& layers_;
  const float fraction_;
  const PrunePattern pattern_;
  const OnExamples& examples_;
  std::vector<std::byte> before_;
  std::vector<std::vector<float>> costs_;  // of the weights of each layer
};

}  // namespace

Result<std::vector<PrunedLayer>> PruneLayers(
    const ir::Module& module, const std::vector<WeightMatrix>& layers,
    float fraction, PrunePattern pattern, const OnExamples& examples) {
  return Pruner(module, layers, fraction, pattern, examples).Run();
}

}  // namespace liteforge
