/* SPDX-License-Identifier: Apache-2.0 */
/* run MODEL.tflite: from C. */
#include <liteforge/c_api.h>
#include <stdio.h>

int main(int argc, char** argv) {
  LfInterpreter* interpreter = NULL;
  const void* scores = NULL;
  size_t bytes = 0;
  if (argc != 2) return 2;
  if (LfInterpreterFromFile(argv[1], NULL, &interpreter) != kLfOk ||
      LfInterpreterAllocateTensors(interpreter) != kLfOk ||
      LfInterpreterInvoke(interpreter) != kLfOk ||
      LfInterpreterGetTensor(interpreter, LfInterpreterOutput(interpreter, 0),
                             &scores, &bytes) != kLfOk) {
    fprintf(stderr, "error: %s\n", LfErrorMessage());
    LfInterpreterDelete(interpreter);
    return 1;
  }
  printf("C: %d scores\n", (int)(bytes / sizeof(float)));
  LfInterpreterDelete(interpreter);
  return 0;
}
