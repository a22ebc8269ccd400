/* SPDX-License-Identifier: Apache-2.0 */
/* The C interface, used from C; c_api_test.cc makes the models. Each returns
 * null, or the check that failed with the library's last error. */
#ifndef TESTS_C_API_CHECKS_H_
#define TESTS_C_API_CHECKS_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A model y = -x of float32[?,2] (1 row in the file, scale 0.5 and zero point
 * 3 on x), with signature "negate": value -> negative. */
const char* CheckRun(const void* model, size_t bytes);
const char* CheckSignature(const void* model, size_t bytes);
const char* CheckProfile(const void* model, size_t bytes);
const char* CheckMistakes(const void* model, size_t bytes);
const char* CheckFile(const char* path);
/* A model of two nodes: y = Half(x), z = Where(y), x float32[4]. Half halves
 * by its option, an int32; Where finds numbers above 0. */
const char* CheckCustomOps(const void* model, size_t bytes);
const char* CheckNulls(void);

#ifdef __cplusplus
}
#endif

#endif /* TESTS_C_API_CHECKS_H_ */
