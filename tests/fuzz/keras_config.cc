// SPDX-License-Identifier: Apache-2.0
// Any text as the JSON that Python writes into Keras files.
#include <string_view>

#include "formats/keras/keras_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)liteforge::ParsePythonJson(text);
  return 0;
}
