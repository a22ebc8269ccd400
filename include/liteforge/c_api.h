/* SPDX-License-Identifier: Apache-2.0 */
/* Running .tflite models from C and from languages that call C.
 *
 *   LfInterpreter* interpreter = NULL;
 *   if (LfInterpreterFromFile("model.tflite", NULL, &interpreter) != kLfOk)
 *     puts(LfErrorMessage());
 *   LfInterpreterAllocateTensors(interpreter);
 *   LfInterpreterSetTensor(interpreter, LfInterpreterInput(interpreter, 0),
 *                          pixels, sizeof(pixels));
 *   LfInterpreterInvoke(interpreter);
 *   LfInterpreterGetTensor(interpreter, LfInterpreterOutput(interpreter, 0),
 *                          &data, &bytes);
 *   LfInterpreterDelete(interpreter);
 *
 * The functions mean what those of liteforge/interpreter.h mean. Pointers to
 * objects must not be null unless said; where they are, the call answers
 * kLfInvalidArgument, a count of 0, or null. Nothing throws, nothing aborts on
 * input. One interpreter, one thread at a time; only LfInterpreterCancel may be
 * called from another. */
#ifndef LITEFORGE_C_API_H_
#define LITEFORGE_C_API_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LF_API __attribute__((visibility("default")))
#else
#define LF_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Grows with every addition; what is there keeps its meaning and its layout.
 * LfApiVersion() is the library's, LF_API_VERSION the header's. */
#define LF_API_VERSION 2
LF_API int LfApiVersion(void);
/* "0.1.0" */
LF_API const char* LfVersion(void);

typedef enum LfStatus {
  kLfOk = 0,
  kLfInvalidModel = 1,
  kLfUnsupported = 2,
  kLfInvalidArgument = 3,
  kLfIo = 4,
  kLfInternal = 5,
  kLfCancelled = 6,
  kLfOutOfMemory = 7
} LfStatus;

/* What was wrong in the last call of this thread that did not answer kLfOk,
 * with the place and what to do about it; "" before the first. Valid until the
 * next such call of this thread. */
LF_API const char* LfErrorMessage(void);

/* Element types; the numbers are TensorType's in the TFLite schema. */
typedef int32_t LfType;
enum {
  kLfNoType = -1,
  kLfFloat32 = 0,
  kLfFloat16 = 1,
  kLfInt32 = 2,
  kLfUInt8 = 3,
  kLfInt64 = 4,
  kLfString = 5,
  kLfBool = 6,
  kLfInt16 = 7,
  kLfComplex64 = 8,
  kLfInt8 = 9,
  kLfFloat64 = 10,
  kLfComplex128 = 11,
  kLfUInt64 = 12,
  kLfResource = 13,
  kLfVariant = 14,
  kLfUInt32 = 15,
  kLfUInt16 = 16,
  kLfInt4 = 17,
  kLfBFloat16 = 18,
  kLfInt2 = 19,
  kLfUInt4 = 20,
  kLfFloat8E4M3FN = 21,
  kLfFloat8E5M2 = 22
};

/* "float32"; "unknown type" for a number that is none. */
LF_API const char* LfTypeName(LfType type);

/* ------------------------------------------------------------- options */

typedef struct LfOptions LfOptions;

/* The defaults of InterpreterOptions; null when out of memory. */
LF_API LfOptions* LfOptionsCreate(void);
LF_API void LfOptionsDelete(LfOptions* options); /* null is allowed */
LF_API void LfOptionsSetNumThreads(LfOptions* options, int threads);
LF_API void LfOptionsSetReferenceKernels(LfOptions* options, int on);
LF_API void LfOptionsSetPreserveAllTensors(LfOptions* options, int on);
LF_API void LfOptionsSetProfile(LfOptions* options, int on);
LF_API void LfOptionsSetMaxMemoryBytes(LfOptions* options, size_t bytes);
/* The path is copied; null or "" for none. */
LF_API void LfOptionsSetWeightCache(LfOptions* options, const char* path);

/* --------------------------------------------------------- interpreter */

typedef struct LfInterpreter LfInterpreter;

/* `options` may be null, and is not kept. On failure *interpreter is null. */
LF_API LfStatus LfInterpreterFromFile(const char* path,
                                      const LfOptions* options,
                                      LfInterpreter** interpreter);
/* The bytes are copied. */
LF_API LfStatus LfInterpreterFromBuffer(const void* model, size_t bytes,
                                        const LfOptions* options,
                                        LfInterpreter** interpreter);
LF_API void LfInterpreterDelete(LfInterpreter* interpreter); /* or null */

LF_API LfStatus LfInterpreterAllocateTensors(LfInterpreter* interpreter);
LF_API LfStatus LfInterpreterInvoke(LfInterpreter* interpreter);
LF_API void LfInterpreterCancel(LfInterpreter* interpreter);
LF_API void LfInterpreterResetVariableTensors(LfInterpreter* interpreter);
LF_API size_t LfInterpreterArenaBytes(const LfInterpreter* interpreter);
LF_API size_t LfInterpreterArenaLowerBound(const LfInterpreter* interpreter);

/* -------------------------------------------------------------- tensors */

#define LF_MAX_RANK 16

/* One tensor. The pointers live as long as the interpreter. */
typedef struct LfTensorInfo {
  const char* name;
  int index;
  LfType type;
  int rank;                  /* -1: not even the rank is known */
  int32_t dims[LF_MAX_RANK]; /* -1: not known before LfInterpreterInvoke */
  int signature_rank;
  int32_t signature_dims[LF_MAX_RANK]; /* -1: may vary */
  size_t bytes; /* 0 when dims are not known, and for strings */
  /* real = scale * (stored - zero_point), one per tensor or one per slice of
   * quantized_dimension; no scales: not quantized. */
  size_t scale_count;
  const float* scales;
  size_t zero_point_count;
  const int64_t* zero_points;
  int32_t quantized_dimension;
} LfTensorInfo;

LF_API int LfInterpreterInputCount(const LfInterpreter* interpreter);
LF_API int LfInterpreterOutputCount(const LfInterpreter* interpreter);
LF_API int LfInterpreterTensorCount(const LfInterpreter* interpreter);

/* The tensor of input or output `i`; -1 when there is none. */
LF_API int LfInterpreterInput(const LfInterpreter* interpreter, int i);
LF_API int LfInterpreterOutput(const LfInterpreter* interpreter, int i);

LF_API LfStatus LfInterpreterTensorInfo(LfInterpreter* interpreter, int tensor,
                                        LfTensorInfo* info);

LF_API LfStatus LfInterpreterResizeInput(LfInterpreter* interpreter, int tensor,
                                         const int32_t* dims, int rank,
                                         int strict);

/* Copies all bytes of an input or variable tensor. Strings: int32 count,
 * count + 1 int32 offsets from the first byte, text. */
LF_API LfStatus LfInterpreterSetTensor(LfInterpreter* interpreter, int tensor,
                                       const void* data, size_t bytes);
/* The same, refused unless type and shape are the tensor's. */
LF_API LfStatus LfInterpreterSetTyped(LfInterpreter* interpreter, int tensor,
                                      LfType type, const int32_t* dims,
                                      int rank, const void* data, size_t bytes);

/* The bytes in place; valid until the next Invoke, AllocateTensors or Resize.
 * *data may be null when *bytes is 0. */
LF_API LfStatus LfInterpreterGetTensor(const LfInterpreter* interpreter,
                                       int tensor, const void** data,
                                       size_t* bytes);

/* ----------------------------------------------------------- signatures */

LF_API int LfInterpreterSignatureCount(const LfInterpreter* interpreter);
/* Null when there is none; lives as long as the interpreter. */
LF_API const char* LfInterpreterSignatureKey(const LfInterpreter* interpreter,
                                             int i);

/* Runs one signature by the names of its inputs and outputs. */
typedef struct LfSignatureRunner LfSignatureRunner;

/* The signature of this key; null or "" for the only one. The interpreter must
 * outlive it. On failure *runner is null. */
LF_API LfStatus LfSignatureRunnerCreate(LfInterpreter* interpreter,
                                        const char* key,
                                        LfSignatureRunner** runner);
LF_API void LfSignatureRunnerDelete(LfSignatureRunner* runner); /* or null */

LF_API int LfSignatureRunnerInputCount(const LfSignatureRunner* runner);
LF_API int LfSignatureRunnerOutputCount(const LfSignatureRunner* runner);
/* Null when there is none; live as long as the runner. */
LF_API const char* LfSignatureRunnerInputName(const LfSignatureRunner* runner,
                                              int i);
LF_API const char* LfSignatureRunnerOutputName(const LfSignatureRunner* runner,
                                               int i);
/* The pointers in `info` live as long as the runner. */
LF_API LfStatus LfSignatureRunnerInputInfo(LfSignatureRunner* runner,
                                           const char* name,
                                           LfTensorInfo* info);
LF_API LfStatus LfSignatureRunnerOutputInfo(LfSignatureRunner* runner,
                                            const char* name,
                                            LfTensorInfo* info);
LF_API LfStatus LfSignatureRunnerResizeInput(LfSignatureRunner* runner,
                                             const char* name,
                                             const int32_t* dims, int rank,
                                             int strict);
LF_API LfStatus LfSignatureRunnerAllocateTensors(LfSignatureRunner* runner);
LF_API LfStatus LfSignatureRunnerSetInput(LfSignatureRunner* runner,
                                          const char* name, const void* data,
                                          size_t bytes);
LF_API LfStatus LfSignatureRunnerInvoke(LfSignatureRunner* runner);
LF_API LfStatus LfSignatureRunnerGetOutput(const LfSignatureRunner* runner,
                                           const char* name, const void** data,
                                           size_t* bytes);

/* -------------------------------------------------------------- profile */

/* Of one operator; see ProfileEntry. The pointers live until the next call of
 * LfInterpreterProfileCount, which takes the figures as they are then. */
typedef struct LfProfileEntry {
  int subgraph;
  int node;
  const char* op;
  const char* name;
  int64_t calls;
  int64_t nanoseconds;
} LfProfileEntry;

LF_API int LfInterpreterProfileCount(LfInterpreter* interpreter);
LF_API LfStatus LfInterpreterProfileEntry(const LfInterpreter* interpreter,
                                          int i, LfProfileEntry* entry);
LF_API void LfInterpreterResetProfile(LfInterpreter* interpreter);

/* ------------------------------------------------ operators of your own */

/* What the functions of an operator see of its node; valid during the call. */
typedef struct LfOpContext LfOpContext;

/* A tensor there. The pointers live during the call. */
typedef struct LfOpTensor {
  LfType type;               /* kLfNoType: an optional input, left out */
  int rank;                  /* -1: not even the rank is known */
  int32_t dims[LF_MAX_RANK]; /* -1: not known */
  const void* data;          /* null while the value is not known */
  size_t bytes;
  size_t scale_count; /* quantization: see LfTensorInfo */
  const float* scales;
  size_t zero_point_count;
  const int64_t* zero_points;
  int32_t quantized_dimension;
} LfOpTensor;

/* An operator; what the functions do, liteforge/custom_op.h says. They answer
 * kLfOk or what went wrong, with LfOpFail's message, may be called by several
 * interpreters at once, and get `user`. */
typedef struct LfCustomOp {
  const char* name; /* the node's custom_code */
  /* Checks inputs and options and sets each output once (LfOpSetOutput). */
  LfStatus (*infer)(LfOpContext* op, void* user);
  /* Computes the outputs. */
  LfStatus (*eval)(LfOpContext* op, void* user);
  void* user; /* must outlive the interpreters */
} LfCustomOp;

/* For interpreters made with these options from now on. *op is copied. */
LF_API LfStatus LfOptionsAddCustomOp(LfOptions* options, const LfCustomOp* op);

/* custom_options of the node. */
LF_API const void* LfOpOptions(const LfOpContext* op, size_t* bytes);
LF_API int LfOpInputCount(const LfOpContext* op);
LF_API int LfOpOutputCount(const LfOpContext* op);
/* An input past the last is one left out. */
LF_API LfStatus LfOpInput(const LfOpContext* op, int i, LfOpTensor* tensor);
/* In infer what the file says of an output; in eval the output, with the memory
 * to write to in *data, which may be null. */
LF_API LfStatus LfOpOutput(const LfOpContext* op, int i, LfOpTensor* tensor,
                           void** data);
/* In infer. -1 is a dimension that depends on values. */
LF_API LfStatus LfOpSetOutput(LfOpContext* op, int i, LfType type,
                              const int32_t* dims, int rank);
/* In eval, for outputs with such dimensions. For strings `bytes` is the size of
 * all that is stored, otherwise 0. */
LF_API LfStatus LfOpResizeOutput(LfOpContext* op, int i, const int32_t* dims,
                                 int rank, size_t bytes);
/* What was wrong, for the error; copied. */
LF_API void LfOpFail(LfOpContext* op, const char* message);

#ifdef __cplusplus
}
#endif

#endif /* LITEFORGE_C_API_H_ */
