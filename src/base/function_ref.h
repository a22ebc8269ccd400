// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace liteforge {

// A function object to call, without a copy of it: for parameters of functions
// that would else be compiled for each caller. Allocates nothing; what it is
// made of must outlive it.
template <class Signature>
class FunctionRef;

template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class Function, class = std::enable_if_t<!std::is_same_v<
                                std::remove_cvref_t<Function>, FunctionRef>>>
  FunctionRef(const Function& function)  // by intention not explicit
      : object_(std::addressof(function)),
        call_([](const void* object, Arguments... arguments) -> Result {
          return (*static_cast<const Function*>(object))(
              std::forward<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  const void* object_;
  Result (*call_)(const void*, Arguments...);
};

}  // namespace liteforge
