// SPDX-License-Identifier: Apache-2.0
// Errors as values. Every function that can fail on user input returns
// Result<T>; nothing inside liteforge throws or aborts on bad input.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace liteforge {

enum class ErrorCode {
  kInvalidModel,     // the file contradicts its own format
  kUnsupported,      // a valid model that liteforge or TFLite cannot express
  kInvalidArgument,  // the caller asked for something impossible
  kIo,               // the operating system said no
  kCancelled,        // Interpreter::Cancel was called
  kInternal,         // a bug in liteforge
};

// What went wrong and where. `message` reads "what is wrong; what to do".
// `where` is the trail from the outside in ("model.h5", then "layer 'conv1'
// (Conv2D)"), built by In() while the error travels up.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string where;

  // Puts `place` in front of the trail.
  Error&& In(std::string_view place) &&;
  // The same for a file that `where` may begin with already.
  Error&& InFile(std::string_view file) &&;

  // "model.h5: layer 'conv1' (Conv2D): what is wrong; what to do"
  std::string ToString() const;
};

template <class T>
using Result = tl::expected<T, Error>;

// The failing half of a Result:  return Fail(ErrorCode::kIo, "no such file");
tl::unexpected<Error> Fail(ErrorCode code, std::string message);

// Shorthands for the common codes.
tl::unexpected<Error> InvalidModel(std::string message);
tl::unexpected<Error> Unsupported(std::string message);
tl::unexpected<Error> InvalidArgument(std::string message);

}  // namespace liteforge
