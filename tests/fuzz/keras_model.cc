// SPDX-License-Identifier: Apache-2.0
// Any text as the configuration of a Keras model, the first byte telling which
// Keras wrote it: every layer's reading of what it is told. There are no
// weights, so layers with some end there.
#include <string_view>

#include "import/keras/import_keras.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  auto model = liteforge::ParsePythonJson(
      {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!model) return 0;
  liteforge::KerasFile file;
  file.path = "model.keras";
  file.generation = 1 + data[0] % 3;
  file.model = *std::move(model);
  (void)liteforge::ImportKeras(file);
  return 0;
}
