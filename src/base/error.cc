// SPDX-License-Identifier: Apache-2.0
#include "liteforge/result.h"

namespace liteforge {

Error&& Error::In(std::string_view place) && {
  std::string trail(place);
  if (!where.empty()) trail += ": " + where;
  where = std::move(trail);
  return std::move(*this);
}

Error&& Error::InFile(std::string_view file) && {
  return where.starts_with(file) ? std::move(*this) : std::move(*this).In(file);
}

std::string Error::ToString() const {
  return where.empty() ? message : where + ": " + message;
}

tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected(Error{code, std::move(message), {}});
}

tl::unexpected<Error> InvalidModel(std::string message) {
  return Fail(ErrorCode::kInvalidModel, std::move(message));
}

tl::unexpected<Error> Unsupported(std::string message) {
  return Fail(ErrorCode::kUnsupported, std::move(message));
}

tl::unexpected<Error> InvalidArgument(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace liteforge
