// SPDX-License-Identifier: Apache-2.0
// For tests: modules from text, examples, and what a module makes of them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <random>
#include <vector>

#include "convert/calibrate.h"
#include "emit/emit.h"
#include "ir/parse.h"

namespace liteforge {

// Graphs as ir::Print writes them, the first the one that runs.
inline ir::Module ModuleOf(std::initializer_list<const char*> graphs) {
  ir::Module module;
  for (const char* text : graphs) {
    auto graph = ir::Parse(text);
    EXPECT_TRUE(graph) << graph.error().ToString();
    if (graph) module.graphs.push_back(*std::move(graph));
  }
  NameUniquely(module);
  return module;
}

// A signature of that name for each graph.
inline void SignEveryGraph(ir::Module& module) {
  for (size_t g = 0; g < module.graphs.size(); ++g) {
    const ir::Graph& graph = *module.graphs[g];
    ir::Signature signature{graph.name, static_cast<int>(g), {}, {}};
    for (ir::Value* value : graph.inputs())
      signature.inputs.emplace_back(value->name, value);
    for (ir::Value* value : graph.outputs())
      signature.outputs.emplace_back(value->name, value);
    module.signatures.push_back(std::move(signature));
  }
}

inline std::vector<std::byte> EmittedBytes(const ir::Module& module) {
  auto bytes = Emit(module);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  return bytes ? *std::move(bytes) : std::vector<std::byte>();
}

template <class T>
NpyArray ExampleArray(const Shape& shape, const std::vector<T>& values) {
  NpyArray array{DataTypeOf<T>::value, shape, {}};
  array.data.resize(values.size() * sizeof(T));
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

// For a module of one input, one after the other.
inline RepresentativeDataset ExamplesOf(std::vector<NpyArray> arrays) {
  auto next = std::make_shared<size_t>(0);
  return [=](std::vector<NpyArray>& example) -> Result<bool> {
    if (*next == arrays.size()) return false;
    example = {arrays[(*next)++]};
    return true;
  };
}

// Floats from -largest to largest for the first input.
inline RepresentativeDataset DrawExamples(const ir::Module& module, int count,
                                          uint32_t seed, float largest) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> real(-largest, largest);
  const Shape shape = InputsOf(module)[0].shape;
  std::vector<NpyArray> arrays;
  for (int i = 0; i < count; ++i) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = real(generator);
    arrays.push_back(ExampleArray(shape, values));
  }
  return ExamplesOf(std::move(arrays));
}

// The first output, of all examples one behind the other.
inline std::vector<float> FirstOutput(const ir::Module& module,
                                      const RepresentativeDataset& examples) {
  std::vector<float> all;
  const ir::Graph* main = module.graphs[0].get();
  const auto ran = RunExamples(
      module, examples,
      [&](const ir::Graph& graph,
          const ObservedTensor& tensor) -> Result<void> {
        if (&graph != main || tensor.name != main->outputs()[0]->name)
          return {};
        const auto* first = reinterpret_cast<const float*>(tensor.data.data());
        all.insert(all.end(), first, first + tensor.shape.elements());
        return {};
      });
  EXPECT_TRUE(ran) << ran.error().ToString();
  return all;
}

// A directory that goes with the test.
class ExampleFolder {
 public:
  ExampleFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "liteforge-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ExampleFolder(const ExampleFolder&) = delete;
  ExampleFolder& operator=(const ExampleFolder&) = delete;
  ~ExampleFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  // In a folder below, which is made.
  template <class T>
  void Write(const std::string& file, const Shape& shape,
             const std::vector<T>& values) const {
    const std::filesystem::path path = path_ / file;
    std::filesystem::create_directories(path.parent_path());
    EXPECT_TRUE(WriteNpy(path, DataTypeOf<T>::value, shape,
                         std::as_bytes(std::span(values))));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace liteforge
