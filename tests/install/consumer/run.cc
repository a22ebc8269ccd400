// SPDX-License-Identifier: Apache-2.0
// run MODEL.tflite: with the runtime alone.
#include <liteforge/interpreter.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto interpreter = liteforge::Interpreter::FromFile(argv[1]);
  if (!interpreter || !interpreter->AllocateTensors() || !interpreter->Invoke())
    return 1;
  const int output = interpreter->OutputDetails()[0].index;
  std::printf("C++: %zu scores\n", interpreter->Tensor<float>(output).size());
  return 0;
}
