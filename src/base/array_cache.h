// SPDX-License-Identifier: Apache-2.0
// Arrays that are made of others, as weights are laid out for the machine's
// vectors, and a file that spares making them again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/function_ref.h"
#include "liteforge/result.h"

namespace liteforge {

// What an array is made of, and how: equal recipes make equal arrays.
struct ArrayRecipe {
  uint32_t kind = 0;                  // which function makes it
  std::array<int64_t, 5> numbers{};   // what it depends on besides the source
  std::span<const std::byte> source;  // told by its hash
};

// Not thread-safe.
class ArrayCache {
 public:
  // Without a file: every array is made.
  ArrayCache() = default;
  // Maps the file if it is there, whole, and of the same `maker`, which names
  // everything that arrays depend on besides their recipes: the version of the
  // functions, the machine's instructions. Any other file counts as empty. An
  // array of it is believed when its hash is right.
  ArrayCache(std::filesystem::path file, std::string maker);

  // Tells where mapped sources lie: their pages leave memory as soon as an
  // array has been made of them.
  void SourcesLieIn(const Blob& mapped) { sources_ = mapped; }

  // The array of this recipe, 64-byte aligned: from the file, or `bytes` that
  // `make` has written, all of them. It outlives this.
  Blob Find(const ArrayRecipe& recipe, size_t bytes,
            FunctionRef<void(std::byte*)> make);

  // Writes all arrays that were asked for into the file, unless it holds them.
  // Errors: kIo, naming the file.
  Result<void> Save();

 private:
  // As the file holds it.
  struct Entry {
    uint64_t source_hash = 0;
    std::array<int64_t, 5> numbers{};
    uint64_t kind = 0;
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint64_t hash = 0;
    bool SameRecipe(const Entry& other) const;
  };
  struct Header;

  void Read();
  const Entry* FindIn(const std::vector<Entry>& entries,
                      const Entry& wanted) const;
  void ForgetSource(std::span<const std::byte> source) const;

  std::filesystem::path file_;
  std::string maker_;
  Blob sources_;
  Blob stored_;                 // the file
  std::vector<Entry> entries_;  // of the file; offsets checked
  std::vector<Entry> used_;
  std::vector<Blob> arrays_;  // parallel to used_
  bool complete_ = true;      // the file holds all that is used
};

}  // namespace liteforge
