// SPDX-License-Identifier: Apache-2.0
// What the files behind c_api.h share. Every function that can fail runs in
// Guarded, which turns errors into a status and keeps their text for this
// thread.
#pragma once

#include <exception>
#include <new>
#include <span>
#include <string>

#include "base/try.h"
#include "liteforge/c_api.h"
#include "liteforge/interpreter.h"

struct LfOptions {
  liteforge::InterpreterOptions options;
};

namespace liteforge {

// What LfErrorMessage says on this thread.
inline std::string& LastError() {
  thread_local std::string last_error;
  return last_error;
}

inline LfStatus StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidModel:
      return kLfInvalidModel;
    case ErrorCode::kUnsupported:
      return kLfUnsupported;
    case ErrorCode::kInvalidArgument:
      return kLfInvalidArgument;
    case ErrorCode::kIo:
      return kLfIo;
    case ErrorCode::kCancelled:
      return kLfCancelled;
    case ErrorCode::kInternal:
      break;
  }
  return kLfInternal;
}

template <class Body>
LfStatus Guarded(Body&& body) noexcept {
  try {
    const Result<void> result = body();
    if (result) return kLfOk;
    LastError() = result.error().ToString();
    return StatusOf(result.error().code);
  } catch (const std::bad_alloc&) {
    LastError().clear();
    LastError() += "out of memory";  // fits where a string keeps short texts
    return kLfOutOfMemory;
  } catch (const std::exception& error) {
    LastError() = error.what();
    return kLfInternal;
  }
}

template <class... Pointers>
Result<void> CheckGiven(const Pointers*... pointers) {
  if (((pointers != nullptr) && ...)) return {};
  return InvalidArgument("an argument that must be given is null");
}

inline Result<Shape> MakeShape(const int32_t* dims, int rank) {
  if (rank < 0 || rank > Shape::kMaxRank || (dims == nullptr && rank > 0))
    return InvalidArgument("a shape has 0 to " +
                           std::to_string(Shape::kMaxRank) +
                           " dimensions, not " + std::to_string(rank));
  return Shape(std::span(dims, static_cast<size_t>(rank)));
}

// What no DataType is becomes kNone, which no tensor a caller can set has.
inline DataType TypeOf(LfType type) {
  return type < kLfNoType || type > kLfFloat8E5M2 ? DataType::kNone
                                                  : static_cast<DataType>(type);
}

// Returns the rank.
inline int CopyDims(const Shape& shape, int32_t (&dims)[LF_MAX_RANK]) {
  for (int axis = 0; axis < shape.rank(); ++axis) dims[axis] = shape[axis];
  return shape.rank();
}

}  // namespace liteforge
