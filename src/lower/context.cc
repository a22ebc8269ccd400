// SPDX-License-Identifier: Apache-2.0
#include "lower/context.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "function/concrete_function.h"

namespace liteforge {
namespace {

tl::unexpected<Error> WrongKind(const char* name, std::string_view wanted) {
  return InvalidModel(fmt::format(
      "attribute '{}' is not {}; the graph is damaged", name, wanted));
}

}  // namespace

Result<std::vector<int64_t>> LowerContext::IntegersOf(
    int i, std::string_view role) const {
  const auto known = ir_.Known(input(i));
  if (!known || !AllKnown(*known)) {
    return Unsupported(
        fmt::format("{} ('{}') must be constant; it is computed at run time",
                    role, input(i)->name));
  }
  return *known;
}

Result<int64_t> LowerContext::IntegerOf(int i, std::string_view role) const {
  TRY_ASSIGN(const std::vector<int64_t> values, IntegersOf(i, role));
  if (values.size() != 1) {
    return InvalidModel(
        fmt::format("{} must be one number, not {}", role, values.size()));
  }
  return values[0];
}

void LowerContext::SetOutput(int i, Value* value) {
  const auto index = static_cast<size_t>(i);
  if (outputs_.size() <= index) outputs_.resize(index + 1, nullptr);
  outputs_[index] = value;
  ir_.NameResult(value,
                 i == 0 ? node_.name() : fmt::format("{}:{}", node_.name(), i));
}

const tf::AttrValue* LowerContext::Find(const char* name) const {
  const auto found = node_.attr().find(name);
  return found == node_.attr().end() ? nullptr : &found->second;
}

Result<const tf::AttrValue*> LowerContext::Required(const char* name) const {
  const tf::AttrValue* value = Find(name);
  if (value == nullptr)
    return InvalidModel(
        fmt::format("attribute '{}' is missing; the graph is damaged", name));
  return value;
}

Result<size_t> LowerContext::Choice(const char* name,
                                    std::span<const std::string_view> choices,
                                    std::optional<size_t> otherwise) const {
  if (otherwise && Find(name) == nullptr) return *otherwise;
  TRY_ASSIGN(const tf::AttrValue* value, Required(name));
  if (!value->has_s()) return WrongKind(name, "a string");
  const auto found = std::find(choices.begin(), choices.end(), value->s());
  if (found != choices.end())
    return static_cast<size_t>(found - choices.begin());
  return Unsupported(
      fmt::format("attribute '{}' is '{}'; TFLite can express {}", name,
                  value->s(), fmt::join(choices, ", ")));
}

Result<std::string> LowerContext::FunctionName(const char* name) const {
  TRY_ASSIGN(const tf::AttrValue* value, Required(name));
  if (!value->has_func()) return WrongKind(name, "a function");
  return value->func().name();
}

Result<int32_t> LowerContext::IntegerIn(const char* name, int64_t low,
                                        int64_t high) const {
  TRY_ASSIGN(const int64_t value, Attribute<int64_t>(name));
  if (value < low || value > high) {
    return InvalidModel(fmt::format("attribute '{}' is {}, not in [{}, {}]",
                                    name, value, low, high));
  }
  return static_cast<int32_t>(value);
}

template <>
Result<int64_t> LowerContext::Read(const char* name,
                                   const tf::AttrValue& value) {
  if (!value.has_i()) return WrongKind(name, "an integer");
  return value.i();
}

template <>
Result<float> LowerContext::Read(const char* name, const tf::AttrValue& value) {
  if (!value.has_f()) return WrongKind(name, "a float");
  return value.f();
}

template <>
Result<bool> LowerContext::Read(const char* name, const tf::AttrValue& value) {
  if (!value.has_b()) return WrongKind(name, "a bool");
  return value.b();
}

template <>
Result<std::string> LowerContext::Read(const char* name,
                                       const tf::AttrValue& value) {
  if (!value.has_s()) return WrongKind(name, "a string");
  return value.s();
}

template <>
Result<DataType> LowerContext::Read(const char* name,
                                    const tf::AttrValue& value) {
  if (!value.has_type()) return WrongKind(name, "a type");
  const DataType type = FromTensorFlow(value.type());
  if (type == DataType::kNone)
    return Unsupported(fmt::format("attribute '{}' is a type TFLite lacks ({})",
                                   name, static_cast<int>(value.type())));
  return type;
}

template <>
Result<std::vector<int64_t>> LowerContext::Read(const char* name,
                                                const tf::AttrValue& value) {
  if (!value.has_list()) return WrongKind(name, "a list of integers");
  const auto& list = value.list();
  if (list.s_size() + list.f_size() + list.b_size() + list.type_size() +
          list.shape_size() + list.tensor_size() + list.func_size() >
      0)
    return WrongKind(name, "a list of integers");
  return std::vector<int64_t>(list.i().begin(), list.i().end());
}

}  // namespace liteforge
