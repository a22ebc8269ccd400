// SPDX-License-Identifier: Apache-2.0
// convert_and_run MODEL.h5 OUT.tflite
#include <liteforge/converter.h>
#include <liteforge/inspect.h>
#include <liteforge/interpreter.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto converter = liteforge::Converter::FromKerasModel(argv[1]);
  if (!converter || !converter->ConvertToFile(argv[2])) return 1;
  const auto model = liteforge::Inspect(argv[2]);
  auto interpreter = liteforge::Interpreter::FromFile(argv[2]);
  if (!model || !interpreter || !interpreter->AllocateTensors() ||
      !interpreter->Invoke())
    return 1;
  const int output = interpreter->OutputDetails()[0].index;
  std::printf("%s: %zu scores\n", model->kind.c_str(),
              interpreter->Tensor<float>(output).size());
  return 0;
}
