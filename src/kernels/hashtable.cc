// SPDX-License-Identifier: Apache-2.0
// Hash tables, from any of int32, int64, string to any of float32, int32,
// int64, string. An import fills a table once; a key that is not there gives
// the default value.
// Source: tflite/kernels/hashtable*.cc, experimental/resource/static_hashtable.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "kernels/kernel.h"
#include "kernels/resources.h"
#include "kernels/string_tensor.h"

namespace liteforge {
namespace {

bool IsKeyType(DataType type) {
  return type == DataType::kInt32 || type == DataType::kInt64 ||
         type == DataType::kString;
}

bool IsValueType(DataType type) {
  return IsKeyType(type) || type == DataType::kFloat32;
}

Result<void> CheckTypes(DataType key, DataType value) {
  if (IsKeyType(key) && IsValueType(value)) return {};
  return Unsupported("a hash table from " + std::string(Name(key)) + " to " +
                     std::string(Name(value)) + " is not supported");
}

Result<void> CheckHandle(const RuntimeTensor& handle) {
  const bool fits =
      handle.type == DataType::kResource || handle.type == DataType::kInt32;
  if (fits && handle.elements() == 1) return {};
  return InvalidModel("the table must be one resource, it is " +
                      Describe(handle.type, handle.shape));
}

// Element i as the table keeps it.
std::string_view ElementAt(const RuntimeTensor& tensor, int64_t i) {
  if (tensor.type == DataType::kString)
    return StringAt(tensor, static_cast<int32_t>(i));
  const auto width = static_cast<size_t>(ByteSize(tensor.type, 1));
  return {tensor.Data<char>() + static_cast<size_t>(i) * width, width};
}

// Elements that are really there: the bytes of a string tensor have a count of
// their own.
int64_t CountOf(const RuntimeTensor& tensor) {
  const int64_t count = tensor.elements();
  return tensor.type == DataType::kString
             ? std::min<int64_t>(count, StringCount(tensor))
             : count;
}

Result<HashTable*> TableOf(KernelContext& k) {
  HashTable* table =
      k.host().resources().FindTable(*k.Input(0).Data<int32_t>());
  if (table == nullptr) return InvalidModel("the handle is of no hash table");
  return table;
}

Result<HashTable*> TableOf(KernelContext& k, DataType key, DataType value) {
  TRY_ASSIGN(HashTable * table, TableOf(k));
  if (table->key_type == key && table->value_type == value) return table;
  return InvalidModel(
      "the table is from " + std::string(Name(table->key_type)) + " to " +
      std::string(Name(table->value_type)) + ", it is used from " +
      std::string(Name(key)) + " to " + std::string(Name(value)));
}

//---------------------------------------------------------------- HASHTABLE

Result<void> PrepareTable(KernelContext& k) {
  const auto& options = k.options<HashtableOptions>();
  return CheckTypes(options.key_dtype, options.value_dtype);
}

void EvalTable(KernelContext& k) noexcept {
  const auto& options = k.options<HashtableOptions>();
  if (auto made = k.host().resources().MakeTable(
          options.table_id, options.key_dtype, options.value_dtype);
      !made)
    return k.FailEval(made.error());
  *k.Output(0).MutableData<int32_t>() = options.table_id;
}

//--------------------------------------------------------- HASHTABLE_IMPORT

Result<void> PrepareImport(KernelContext& k) {
  TRY(CheckHandle(k.Input(0)));
  return CheckTypes(k.Input(1).type, k.Input(2).type);
}

Result<void> Import(KernelContext& k) {
  const RuntimeTensor& keys = k.Input(1);
  const RuntimeTensor& values = k.Input(2);
  TRY_ASSIGN(HashTable * table, TableOf(k, keys.type, values.type));
  if (table->filled) return {};
  const int64_t count = std::min(CountOf(keys), CountOf(values));
  for (int64_t i = 0; i < count; ++i)
    table->entries.insert_or_assign(std::string(ElementAt(keys, i)),
                                    std::string(ElementAt(values, i)));
  table->filled = true;
  return {};
}

void EvalImport(KernelContext& k) noexcept {
  if (auto done = Import(k); !done) k.FailEval(done.error());
}

//----------------------------------------------------------- HASHTABLE_FIND

Result<void> PrepareFind(KernelContext& k) {
  TRY(CheckHandle(k.Input(0)));
  if (k.Input(2).elements() != 1)
    return InvalidModel("the default must be one value");
  return CheckTypes(k.Input(1).type, k.Input(2).type);
}

Result<void> Find(KernelContext& k) {
  const RuntimeTensor& keys = k.Input(1);
  RuntimeTensor& output = k.Output(0);
  TRY_ASSIGN(const HashTable* table, TableOf(k, keys.type, output.type));
  const std::string_view missing =
      CountOf(k.Input(2)) == 1 ? ElementAt(k.Input(2), 0) : std::string_view();
  std::vector<std::string_view> found;
  for (int64_t i = 0; i < CountOf(keys); ++i) {
    const auto entry = table->entries.find(ElementAt(keys, i));
    found.push_back(entry == table->entries.end() ? missing : entry->second);
  }
  if (output.type == DataType::kString) {
    found.resize(static_cast<size_t>(output.elements()));
    SetStrings(k, output, found);
    return {};
  }
  std::memset(output.data, 0, output.bytes);
  char* to = output.MutableData<char>();
  for (const std::string_view value : found)
    to = std::copy(value.begin(), value.end(), to);
  return {};
}

void EvalFind(KernelContext& k) noexcept {
  if (k.Output(0).elements() == 0) return;
  if (auto done = Find(k); !done) k.FailEval(done.error());
}

//----------------------------------------------------------- HASHTABLE_SIZE

Result<void> PrepareSize(KernelContext& k) { return CheckHandle(k.Input(0)); }

void EvalSize(KernelContext& k) noexcept {
  const auto table = TableOf(k);
  if (!table) return k.FailEval(table.error());
  *k.Output(0).MutableData<int64_t>() =
      static_cast<int64_t>((*table)->entries.size());
}

constexpr char kTypes[] = "string i32 i64 f32";

}  // namespace

extern const Kernel kHashtable{Op::kHashtable, kTypes, PrepareTable, EvalTable};
extern const Kernel kHashtableFind{Op::kHashtableFind, kTypes, PrepareFind,
                                   EvalFind};
extern const Kernel kHashtableImport{Op::kHashtableImport, kTypes,
                                     PrepareImport, EvalImport};
extern const Kernel kHashtableSize{Op::kHashtableSize, kTypes, PrepareSize,
                                   EvalSize};

}  // namespace liteforge
