// SPDX-License-Identifier: Apache-2.0
#include "kernels/resources.h"

#include <new>

namespace liteforge {

int32_t Resources::VariableHandle(std::string_view container,
                                  std::string_view name) {
  const auto next = static_cast<int32_t>(handles_.size());
  return handles_.try_emplace({std::string(container), std::string(name)}, next)
      .first->second;
}

const ResourceVariable* Resources::FindVariable(int32_t handle) const {
  const auto found = variables_.find(handle);
  return found == variables_.end() ? nullptr : &found->second;
}

Result<void> Resources::Assign(int32_t handle, DataType type,
                               const Shape& shape, const std::byte* value,
                               size_t bytes) try {
  ResourceVariable& variable = variables_[handle];
  variable.value.assign(value, value + bytes);
  variable.type = type;
  variable.shape = shape;
  return {};
} catch (const std::bad_alloc&) {
  return Unsupported("the variable's " + std::to_string(bytes) +
                     " bytes do not fit into memory");
}

Result<void> Resources::MakeTable(int32_t id, DataType key_type,
                                  DataType value_type) {
  HashTable& table =
      tables_.try_emplace(id, HashTable{key_type, value_type, false, {}})
          .first->second;
  if (table.key_type == key_type && table.value_type == value_type) return {};
  return InvalidModel("hash table " + std::to_string(id) + " has keys of " +
                      std::string(Name(table.key_type)) + " and values of " +
                      std::string(Name(table.value_type)) +
                      " in one place, other types in another");
}

HashTable* Resources::FindTable(int32_t id) {
  const auto found = tables_.find(id);
  return found == tables_.end() ? nullptr : &found->second;
}

void Resources::Reset() {
  variables_.clear();
  initialized_.clear();
  for (auto& [id, table] : tables_) {
    table.filled = false;
    table.entries.clear();
  }
}

}  // namespace liteforge
