// SPDX-License-Identifier: Apache-2.0
// For tests of what is told of a model file.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "emit/emit.h"
#include "formats/keras/h5_test_writer.h"
#include "ir/parse.h"
#include "liteforge/inspect.h"

namespace liteforge {

using Json = nlohmann::json;

inline ModelDescription Inspected(const std::filesystem::path& path) {
  auto model = Inspect(path);
  EXPECT_TRUE(model) << model.error().ToString();
  return model ? *std::move(model) : ModelDescription();
}

inline void WriteModule(const std::filesystem::path& path,
                        const ir::Module& module) {
  const auto bytes = Emit(module);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  WriteBytes(path,
             {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

// One graph, with a signature from "image" to "scores".
inline void WriteTflite(const std::filesystem::path& path,
                        std::string_view text) {
  auto graph = ir::Parse(text);
  ASSERT_TRUE(graph) << graph.error().ToString();
  ir::Module module;
  module.graphs.push_back(std::move(*graph));
  ir::Graph& g = *module.graphs[0];
  module.description = "hand made";
  module.signatures.push_back({"serving_default",
                               0,
                               {{"image", g.inputs()[0]}},
                               {{"scores", g.outputs()[0]}}});
  WriteModule(path, module);
}

constexpr const char* kTwoLayers =
    "graph main(%x: float32[?,3]) {\n"
    "  %h = FULLY_CONNECTED(%x, @w: float32[4,3], @b: float32[4])\n"
    "  %r = RELU(%h)\n"
    "  %z = FULLY_CONNECTED(%r, @v: float32[2,4], none)\n"
    "  %y = RESHAPE(%z, @s: int32[2] = [-1,2])\n"
    "  return %y }";

}  // namespace liteforge
