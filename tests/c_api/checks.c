/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/c_api/checks.h"

#include <liteforge/c_api.h>
#include <stdio.h>
#include <string.h>

static char failure[1000];

static const char* Failed(int line, const char* what) {
  snprintf(failure, sizeof(failure), "checks.c:%d: %s; last error: %s", line,
           what, LfErrorMessage());
  return failure;
}

#define EXPECT(condition)                                  \
  do {                                                     \
    if (!(condition)) return Failed(__LINE__, #condition); \
  } while (0)
#define EXPECT_OK(call) EXPECT((call) == kLfOk)
#define EXPECT_ERROR(call, status, text)         \
  do {                                           \
    EXPECT((call) == (status));                  \
    EXPECT(strcmp(LfErrorMessage(), text) == 0); \
  } while (0)

const char* CheckRun(const void* model, size_t bytes) {
  const float values[4] = {1, -2, 3, -4};
  const int32_t two_rows[2] = {2, 2};
  const void* data = NULL;
  size_t size = 0;
  LfTensorInfo info;
  LfInterpreter* interpreter = NULL;
  EXPECT(LfApiVersion() == LF_API_VERSION);
  EXPECT(strlen(LfVersion()) >= 5);
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, NULL, &interpreter));
  EXPECT(LfInterpreterInputCount(interpreter) == 1);
  EXPECT(LfInterpreterOutputCount(interpreter) == 1);
  EXPECT(LfInterpreterTensorCount(interpreter) == 2);
  EXPECT(LfInterpreterInput(interpreter, 0) == 0);
  EXPECT(LfInterpreterOutput(interpreter, 0) == 1);
  EXPECT(LfInterpreterOutput(interpreter, 1) == -1);
  EXPECT(LfInterpreterInput(interpreter, -1) == -1);

  EXPECT_OK(LfInterpreterResizeInput(interpreter, 0, two_rows, 2, 1));
  EXPECT_OK(LfInterpreterAllocateTensors(interpreter));
  EXPECT_OK(LfInterpreterTensorInfo(interpreter, 0, &info));
  EXPECT(strcmp(info.name, "x") == 0);
  EXPECT(info.index == 0 && info.type == kLfFloat32 && info.rank == 2);
  EXPECT(info.dims[0] == 2 && info.dims[1] == 2);
  EXPECT(info.signature_rank == 2 && info.signature_dims[0] == -1);
  EXPECT(info.bytes == sizeof(values));
  EXPECT(info.scale_count == 1 && info.scales[0] == 0.5f);
  EXPECT(info.zero_point_count == 1 && info.zero_points[0] == 3);
  EXPECT(strcmp(LfTypeName(info.type), "float32") == 0);

  EXPECT_OK(LfInterpreterSetTensor(interpreter, 0, values, sizeof(values)));
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  EXPECT_OK(LfInterpreterGetTensor(interpreter, 1, &data, &size));
  EXPECT(size == sizeof(values));
  EXPECT(((const float*)data)[0] == -1 && ((const float*)data)[3] == 4);
  EXPECT(LfInterpreterArenaBytes(interpreter) == 128);
  EXPECT(LfInterpreterArenaLowerBound(interpreter) == 128);
  LfInterpreterCancel(interpreter);
  LfInterpreterResetVariableTensors(interpreter);
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  LfInterpreterDelete(interpreter);
  return NULL;
}

const char* CheckSignature(const void* model, size_t bytes) {
  const float values[2] = {5, -6};
  const int32_t shape[2] = {1, 2};
  const void* data = NULL;
  size_t size = 0;
  LfTensorInfo info;
  LfInterpreter* interpreter = NULL;
  LfSignatureRunner* runner = NULL;
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, NULL, &interpreter));
  EXPECT(LfInterpreterSignatureCount(interpreter) == 1);
  EXPECT(strcmp(LfInterpreterSignatureKey(interpreter, 0), "negate") == 0);
  EXPECT(LfInterpreterSignatureKey(interpreter, 1) == NULL);
  EXPECT_OK(LfSignatureRunnerCreate(interpreter, NULL, &runner));
  LfSignatureRunnerDelete(runner);
  EXPECT_OK(LfSignatureRunnerCreate(interpreter, "negate", &runner));
  EXPECT(LfSignatureRunnerInputCount(runner) == 1);
  EXPECT(LfSignatureRunnerOutputCount(runner) == 1);
  EXPECT(strcmp(LfSignatureRunnerInputName(runner, 0), "value") == 0);
  EXPECT(strcmp(LfSignatureRunnerOutputName(runner, 0), "negative") == 0);
  EXPECT(LfSignatureRunnerOutputName(runner, 1) == NULL);
  EXPECT_OK(LfSignatureRunnerResizeInput(runner, "value", shape, 2, 0));
  EXPECT_OK(LfSignatureRunnerAllocateTensors(runner));
  EXPECT_OK(LfSignatureRunnerInputInfo(runner, "value", &info));
  EXPECT(strcmp(info.name, "value") == 0 && info.scale_count == 1);
  EXPECT_OK(LfSignatureRunnerOutputInfo(runner, "negative", &info));
  EXPECT(info.index == 1 && info.bytes == sizeof(values));
  EXPECT_OK(LfSignatureRunnerSetInput(runner, "value", values, sizeof(values)));
  EXPECT_OK(LfSignatureRunnerInvoke(runner));
  EXPECT_OK(LfSignatureRunnerGetOutput(runner, "negative", &data, &size));
  EXPECT(size == sizeof(values));
  EXPECT(((const float*)data)[0] == -5 && ((const float*)data)[1] == 6);
  EXPECT_ERROR(LfSignatureRunnerGetOutput(runner, "x", &data, &size),
               kLfInvalidArgument,
               "signature 'negate' has no output 'x'; it has 'negative'");
  EXPECT(LfSignatureRunnerInputInfo(runner, "x", &info) == kLfInvalidArgument);
  LfSignatureRunnerDelete(runner);
  EXPECT_ERROR(LfSignatureRunnerCreate(interpreter, "serve", &runner),
               kLfInvalidArgument,
               "the model has no signature 'serve'; it has 'negate'");
  EXPECT(runner == NULL);
  LfInterpreterDelete(interpreter);
  return NULL;
}

const char* CheckProfile(const void* model, size_t bytes) {
  LfProfileEntry entry;
  LfInterpreter* interpreter = NULL;
  LfOptions* options = LfOptionsCreate();
  EXPECT(options != NULL);
  LfOptionsSetNumThreads(options, 2);
  LfOptionsSetReferenceKernels(options, 1);
  LfOptionsSetPreserveAllTensors(options, 1);
  LfOptionsSetProfile(options, 1);
  LfOptionsSetMaxMemoryBytes(options, 1 << 20);
  LfOptionsSetWeightCache(options, NULL);
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, options, &interpreter));
  LfOptionsDelete(options);
  EXPECT_OK(LfInterpreterAllocateTensors(interpreter));
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  EXPECT(LfInterpreterProfileCount(interpreter) == 1);
  EXPECT_OK(LfInterpreterProfileEntry(interpreter, 0, &entry));
  EXPECT(strcmp(entry.op, "NEG") == 0 && strcmp(entry.name, "y") == 0);
  EXPECT(entry.calls == 2 && entry.nanoseconds > 0);
  EXPECT(entry.subgraph == 0 && entry.node == 0);
  EXPECT_ERROR(LfInterpreterProfileEntry(interpreter, 1, &entry),
               kLfInvalidArgument, "there is no profile entry 1");
  LfInterpreterResetProfile(interpreter);
  EXPECT(LfInterpreterProfileCount(interpreter) == 1);
  EXPECT_OK(LfInterpreterProfileEntry(interpreter, 0, &entry));
  EXPECT(entry.calls == 0);
  LfInterpreterDelete(interpreter);
  return NULL;
}

const char* CheckMistakes(const void* model, size_t bytes) {
  const double doubles[2] = {1, 2};
  const int32_t two[1] = {2};
  LfTensorInfo info;
  LfOptions* options = NULL;
  LfInterpreter* interpreter = NULL;
  EXPECT(LfInterpreterFromBuffer(model, bytes / 2, NULL, &interpreter) ==
         kLfInvalidModel);
  EXPECT(interpreter == NULL);
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, NULL, &interpreter));
  EXPECT_ERROR(LfInterpreterInvoke(interpreter), kLfInvalidArgument,
               "the tensors have no memory yet; call AllocateTensors before "
               "Invoke");
  EXPECT_OK(LfInterpreterAllocateTensors(interpreter));
  EXPECT_ERROR(LfInterpreterSetTyped(interpreter, 0, kLfFloat64, two, 1,
                                     doubles, sizeof(doubles)),
               kLfInvalidArgument,
               "input 'x' wants float32[1,2], got float64[2]");
  EXPECT_ERROR(LfInterpreterSetTensor(interpreter, 0, doubles, sizeof(doubles)),
               kLfInvalidArgument,
               "input 'x' wants float32[1,2], got 16 bytes");
  EXPECT(LfInterpreterSetTyped(interpreter, 0, 256, two, 1, doubles, 8) ==
         kLfInvalidArgument);
  EXPECT_ERROR(LfInterpreterSetTensor(interpreter, 0, NULL, 8),
               kLfInvalidArgument, "the data is null but has 8 bytes");
  EXPECT_ERROR(LfInterpreterResizeInput(interpreter, 0, two, 17, 0),
               kLfInvalidArgument, "a shape has 0 to 16 dimensions, not 17");
  EXPECT_ERROR(LfInterpreterResizeInput(interpreter, 0, two, 1, 1),
               kLfInvalidArgument,
               "input 'x' is [?,2] in the model and cannot become [2]; only ? "
               "dimensions may change");
  EXPECT_ERROR(LfInterpreterTensorInfo(interpreter, 9, &info),
               kLfInvalidArgument, "there is no tensor 9; the model has 2");
  EXPECT(strcmp(LfTypeName(1000), "unknown type") == 0);
  LfInterpreterDelete(interpreter);

  options = LfOptionsCreate();
  LfOptionsSetMaxMemoryBytes(options, 64);
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, options, &interpreter));
  LfOptionsDelete(options);
  EXPECT(LfInterpreterAllocateTensors(interpreter) == kLfUnsupported);
  LfInterpreterDelete(interpreter);
  return NULL;
}

const char* CheckFile(const char* path) {
  LfInterpreter* interpreter = NULL;
  EXPECT(LfInterpreterFromFile("/nowhere/m.tflite", NULL, &interpreter) ==
         kLfIo);
  EXPECT(strncmp(LfErrorMessage(), "/nowhere/m.tflite: ", 19) == 0);
  EXPECT_OK(LfInterpreterFromFile(path, NULL, &interpreter));
  EXPECT_OK(LfInterpreterAllocateTensors(interpreter));
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  LfInterpreterDelete(interpreter);
  return NULL;
}

/* y = x / option */
static LfStatus InferHalf(LfOpContext* op, void* user) {
  LfOpTensor x;
  size_t bytes = 0;
  ++*(int*)user;
  if (LfOpInputCount(op) != 1 || LfOpOutputCount(op) != 1) {
    LfOpFail(op, "needs one input and one output");
    return kLfInvalidModel;
  }
  if (LfOpOptions(op, &bytes) == NULL || bytes != sizeof(int32_t))
    return kLfInvalidModel;
  if (LfOpInput(op, 0, &x) != kLfOk || x.scale_count != 1) return kLfInternal;
  return LfOpSetOutput(op, 0, x.type, x.dims, x.rank);
}

static LfStatus EvalHalf(LfOpContext* op, void* user) {
  LfOpTensor x, y;
  void* data = NULL;
  size_t bytes = 0, i;
  int32_t divisor;
  (void)user;
  memcpy(&divisor, LfOpOptions(op, &bytes), sizeof(divisor));
  if (LfOpInput(op, 0, &x) != kLfOk || LfOpOutput(op, 0, &y, &data) != kLfOk)
    return kLfInternal;
  if (((const float*)x.data)[0] > 100) {
    LfOpFail(op, "that is too much");
    return kLfUnsupported;
  }
  for (i = 0; i < y.bytes / sizeof(float); ++i)
    ((float*)data)[i] = ((const float*)x.data)[i] / (float)divisor;
  return kLfOk;
}

/* Where x > 0; how many there are only eval knows. */
static LfStatus InferWhere(LfOpContext* op, void* user) {
  const int32_t unknown = -1;
  LfOpTensor left_out, declared;
  (void)user;
  if (LfOpInput(op, 5, &left_out) != kLfOk || left_out.type != kLfNoType)
    return kLfInternal;
  if (LfOpOutput(op, 0, &declared, NULL) != kLfOk || declared.type != kLfInt32)
    return kLfInternal;
  return LfOpSetOutput(op, 0, kLfInt32, &unknown, 1);
}

static LfStatus EvalWhere(LfOpContext* op, void* user) {
  LfOpTensor x, y;
  void* data = NULL;
  int32_t i, count = 0;
  (void)user;
  if (LfOpInput(op, 0, &x) != kLfOk) return kLfInternal;
  for (i = 0; i < x.dims[0]; ++i) count += ((const float*)x.data)[i] > 0;
  if (LfOpResizeOutput(op, 0, &count, 1, 0) != kLfOk ||
      LfOpOutput(op, 0, &y, &data) != kLfOk || y.dims[0] != count)
    return kLfInternal;
  for (i = x.dims[0]; i-- > 0;)
    if (((const float*)x.data)[i] > 0) ((int32_t*)data)[--count] = i;
  return kLfOk;
}

const char* CheckCustomOps(const void* model, size_t bytes) {
  const float values[4] = {1, -2, 3, 4}, large[4] = {101, 0, 0, 0};
  const void* data = NULL;
  size_t size = 0;
  int calls = 0;
  LfInterpreter* interpreter = NULL;
  LfOptions* options = LfOptionsCreate();
  LfCustomOp half = {"Half", InferHalf, EvalHalf, NULL};
  const LfCustomOp where = {"Where", InferWhere, EvalWhere, NULL};
  const LfCustomOp nothing = {"Nothing", NULL, EvalWhere, NULL};
  half.user = &calls;
  EXPECT_ERROR(LfOptionsAddCustomOp(options, &nothing), kLfInvalidArgument,
               "operator 'Nothing' needs infer and eval");
  EXPECT_OK(LfOptionsAddCustomOp(options, &half));
  EXPECT(LfInterpreterFromBuffer(model, bytes, options, &interpreter) ==
         kLfUnsupported);
  EXPECT_OK(LfOptionsAddCustomOp(options, &where));
  EXPECT_OK(LfInterpreterFromBuffer(model, bytes, options, &interpreter));
  LfOptionsDelete(options);
  EXPECT_OK(LfInterpreterAllocateTensors(interpreter));
  EXPECT(calls == 1);
  EXPECT_OK(LfInterpreterSetTensor(interpreter, 0, values, sizeof(values)));
  EXPECT_OK(LfInterpreterInvoke(interpreter));
  EXPECT_OK(LfInterpreterGetTensor(interpreter, 1, &data, &size));
  EXPECT(size == 16 && ((const float*)data)[0] == 0.5f);
  EXPECT(((const float*)data)[3] == 2);
  EXPECT_OK(LfInterpreterGetTensor(interpreter, 2, &data, &size));
  EXPECT(size == 12 && ((const int32_t*)data)[0] == 0);
  EXPECT(((const int32_t*)data)[1] == 2 && ((const int32_t*)data)[2] == 3);
  EXPECT_OK(LfInterpreterSetTensor(interpreter, 0, large, sizeof(large)));
  EXPECT_ERROR(LfInterpreterInvoke(interpreter), kLfUnsupported,
               "operator 0 (CUSTOM 'Half') 'y': that is too much");
  LfInterpreterDelete(interpreter);
  return NULL;
}

const char* CheckNulls(void) {
  const void* data = NULL;
  size_t size = 0;
  LfInterpreter* interpreter = NULL;
  EXPECT_ERROR(LfInterpreterInvoke(NULL), kLfInvalidArgument,
               "an argument that must be given is null");
  EXPECT(LfInterpreterFromFile(NULL, NULL, &interpreter) == kLfInvalidArgument);
  EXPECT(LfInterpreterFromFile("a", NULL, NULL) == kLfInvalidArgument);
  EXPECT(LfInterpreterFromBuffer(NULL, 0, NULL, &interpreter) ==
         kLfInvalidModel);
  EXPECT(LfInterpreterFromBuffer(NULL, 5, NULL, &interpreter) ==
         kLfInvalidArgument);
  EXPECT(LfInterpreterGetTensor(NULL, 0, &data, &size) == kLfInvalidArgument);
  EXPECT(LfSignatureRunnerInvoke(NULL) == kLfInvalidArgument);
  EXPECT(LfInterpreterInputCount(NULL) == 0);
  EXPECT(LfInterpreterOutput(NULL, 0) == -1);
  EXPECT(LfInterpreterSignatureKey(NULL, 0) == NULL);
  EXPECT(LfSignatureRunnerInputName(NULL, 0) == NULL);
  EXPECT(LfInterpreterProfileCount(NULL) == 0);
  EXPECT(LfInterpreterArenaBytes(NULL) == 0);
  LfInterpreterCancel(NULL);
  LfInterpreterResetVariableTensors(NULL);
  LfInterpreterResetProfile(NULL);
  LfInterpreterDelete(NULL);
  LfSignatureRunnerDelete(NULL);
  LfOptionsDelete(NULL);
  LfOptionsSetNumThreads(NULL, 1);
  EXPECT(LfOptionsAddCustomOp(NULL, NULL) == kLfInvalidArgument);
  EXPECT(LfOpInputCount(NULL) == 0 && LfOpOutputCount(NULL) == 0);
  EXPECT(LfOpOptions(NULL, &size) == NULL && size == 0);
  EXPECT(LfOpInput(NULL, 0, NULL) == kLfInvalidArgument);
  LfOpFail(NULL, NULL);
  return NULL;
}
