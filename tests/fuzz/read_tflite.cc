// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .tflite: opened or refused, and what was opened keeps what
// TfliteModel promises to those who walk it.
#include <span>

#include "base/try.h"
#include "convert/model_notes.h"
#include "formats/tflite/model_reader.h"
#include "formats/tflite/read_sparsity.h"
#include "runtime/load_model.h"
#include "tests/fuzz/target.h"

namespace liteforge {
namespace {

void Visit(const TfliteModel& file, const ModelSpec& model) {
  unsigned sum = 0;
  for (const GraphSpec& graph : model.graphs) {
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
      for (const std::byte b : graph.tensors[i].data.bytes())
        sum += std::to_integer<unsigned>(b);
      sum += static_cast<unsigned>(
          ReadSparsity(file, graph.index, static_cast<int>(i))
              .dimensions.size());
    }
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      sum += static_cast<unsigned>(Place(graph, i).size());
  }
  volatile unsigned read = sum;  // so that the reads happen
  (void)read;
}

}  // namespace
}  // namespace liteforge

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace liteforge;
  const auto file =
      TfliteModel::FromBytes(Blob::Copy(std::as_bytes(std::span(data, size))));
  if (!file) return 0;
  if (const auto model = LoadModel(*file)) Visit(*file, *model);
  if (const auto notes = NotesOf(*file))
    (void)LabelsOf(file->bytes().bytes(), *notes);
  return 0;
}
