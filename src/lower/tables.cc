// SPDX-License-Identifier: Apache-2.0
// Hash tables from int64 to strings and back, TFLite's kinds:
//   HashTableV2           CALL_ONCE(what fills it), HASHTABLE
//   LookupTableImportV2   HASHTABLE_IMPORT
//   LookupTableFindV2     HASHTABLE_FIND
//   LookupTableSizeV2     HASHTABLE_SIZE
// A table is known by a number, which TensorFlow Lite's converter takes from a
// hash of its name as well.
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

// FNV-1a, without the sign.
int32_t HashOf(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return static_cast<int32_t>(hash & 0x7fffffffu);
}

Result<void> LowerTable(LowerContext& c) {
  HashtableOptions options;
  TRY_ASSIGN(options.key_dtype, c.Attribute<DataType>("key_dtype"));
  TRY_ASSIGN(options.value_dtype, c.Attribute<DataType>("value_dtype"));
  TRY_ASSIGN(const auto container, c.Attribute<std::string>("container", ""));
  TRY_ASSIGN(const auto name, c.Attribute<std::string>("shared_name"));
  const std::string key = container + "/" + name;
  options.table_id = HashOf(key);
  if (c.node().attr().contains("initializer")) {
    TRY_ASSIGN(const std::string function, c.FunctionName("initializer"));
    CallOnceOptions once;
    TRY_ASSIGN(once.init_subgraph_index,
               c.calls().LowerInitializer(key, function));
    c.ir().EmitCall(Op::kCallOnce, once, {}, {});
  }
  return Finish(c, c.ir().Emit(Op::kHashtable, options, {}));
}

Result<void> LowerImport(LowerContext& c) {
  c.ir().EmitCall(Op::kHashtableImport, HashtableImportOptions{},
                  {c.input(0), c.input(1), c.input(2)}, {});
  return {};
}

Result<void> LowerFind(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kHashtableFind, HashtableFindOptions{},
                               {c.input(0), c.input(1), c.input(2)}));
}

Result<void> LowerTableSize(LowerContext& c) {
  TRY_ASSIGN(Value * size, c.ir().Emit(Op::kHashtableSize,
                                       HashtableSizeOptions{}, {c.input(0)}));
  return Finish(c, c.ir().Reshape(size, Shape()));
}

}  // namespace

std::span<const TfOp> TableOps() {
  static constexpr TfOp kOps[] = {
      {"HashTableV2", 0, LowerTable},
      {"LookupTableFindV2", 3, LowerFind},
      {"LookupTableImportV2", 3, LowerImport},
      {"LookupTableSizeV2", 1, LowerTableSize},
  };
  return kOps;
}

}  // namespace liteforge
