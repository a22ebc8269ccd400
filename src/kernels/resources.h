// SPDX-License-Identifier: Apache-2.0
// What a model remembers from one run to the next: resource variables, hash
// tables, and which initializations have run. A resource tensor holds the
// int32 handle of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// A variable after its first assignment.
struct ResourceVariable {
  DataType type = DataType::kNone;
  Shape shape;
  std::vector<std::byte> value;
};

// Keys and values are an element's bytes, or the text of a string.
struct HashTable {
  DataType key_type = DataType::kNone;
  DataType value_type = DataType::kNone;
  bool filled = false;  // imported into; a second import changes nothing
  std::map<std::string, std::string, std::less<>> entries;
};

class Resources {
 public:
  // The handle of the variable of that name; the same for the same name.
  int32_t VariableHandle(std::string_view container, std::string_view name);

  // nullptr when the handle was never assigned to.
  const ResourceVariable* FindVariable(int32_t handle) const;
  // The error says that memory does not suffice.
  Result<void> Assign(int32_t handle, DataType type, const Shape& shape,
                      const std::byte* value, size_t bytes);

  // The table of that id, made now with these types unless it exists. An error
  // when it exists with others.
  Result<void> MakeTable(int32_t id, DataType key_type, DataType value_type);
  // nullptr when there is none.
  HashTable* FindTable(int32_t id);

  // Whether the initialization (a subgraph) has run.
  bool IsInitialized(int graph) const { return initialized_.contains(graph); }
  void MarkInitialized(int graph) { initialized_.insert(graph); }

  // Forgets all values and initializations; handles stay what they are.
  void Reset();

 private:
  std::map<std::pair<std::string, std::string>, int32_t> handles_;
  std::map<int32_t, ResourceVariable> variables_;
  std::map<int32_t, HashTable> tables_;
  std::set<int> initialized_;
};

}  // namespace liteforge
