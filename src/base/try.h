// SPDX-License-Identifier: Apache-2.0
// TRY and TRY_ASSIGN: leave the function with the error of a Result.
//
//   TRY(file.Flush());                      // Result<void>
//   TRY_ASSIGN(auto bytes, ReadFile(path)); // Result<T>
//   TRY_IN("layer 'a'", Build(layer));      // adds a place to the error's
//   trail
#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "liteforge/result.h"

#define LITEFORGE_CONCAT_(a, b) a##b
#define LITEFORGE_CONCAT(a, b) LITEFORGE_CONCAT_(a, b)

#define TRY(expr)                                                              \
  do {                                                                         \
    auto try_result_ = (expr);                                                 \
    if (!try_result_) return ::tl::unexpected(std::move(try_result_).error()); \
  } while (false)

#define TRY_IN(place, expr)                                              \
  do {                                                                   \
    auto try_result_ = (expr);                                           \
    if (!try_result_)                                                    \
      return ::tl::unexpected(std::move(try_result_.error()).In(place)); \
  } while (false)

#define TRY_ASSIGN(declaration, expr) \
  TRY_ASSIGN_(LITEFORGE_CONCAT(try_value_, __LINE__), declaration, expr)
#define TRY_ASSIGN_(holder, declaration, expr)                     \
  auto holder = (expr);                                            \
  if (!holder) return ::tl::unexpected(std::move(holder).error()); \
  declaration = *std::move(holder)

// Invariants of liteforge itself; never about input. Always on.
#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, \
                   __LINE__, #condition);                             \
      std::abort();                                                   \
    }                                                                 \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) ((void)0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
