// SPDX-License-Identifier: Apache-2.0
// Opening a .tflite: nothing in the file is believed until it is checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/external_data.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"

namespace liteforge {

struct FileView;
struct MisplacedVector;

// A verified model. The table pointers stay valid while the object lives; it
// keeps the file mapped.
//
// What holds of every opened model, so that readers need not ask again: every
// index names something that exists (-1 only for omitted operator inputs);
// shapes have no negative dimension and at most Shape::kMaxRank of them, and
// their elements and bytes can be counted; constants have exactly the bytes of
// their shape (strings: a sound layout with one string an element; sparse ones:
// what their metadata says); scales are finite, as many as zero points, and one
// or one per slice of the axis; every operator reads what is an input, a
// constant, a variable or an earlier output, and writes what nobody else does;
// operators are known, and subgraphs do not call themselves.
//
// What the format allows to be absent may be absent: a vector that is a null
// pointer is an empty one (use Elements() and Count()), a name may be missing
// (use Text()).
class TfliteModel {
 public:
  // Maps and verifies, the files beside it that it keeps constants in
  // included. Errors: kIo; kInvalidModel naming the place in the file
  // ("subgraph 0: operator 3 (CONV_2D): input 1: tensor index 99 of 12").
  static Result<TfliteModel> Open(const std::filesystem::path& path);

  // Verifies bytes in memory; `bytes` should be 16-byte aligned, or is copied.
  // Errors also when constants lie in files of their own.
  static Result<TfliteModel> FromBytes(Blob bytes);

  const tflite::Model& root() const { return *root_; }
  const tflite::Model* operator->() const { return root_; }

  // The bytes of one buffer, wherever they lie (in the FlatBuffer or behind
  // it). Empty for an empty buffer, and for buffer 0, which by convention is
  // empty whatever it holds. `index` is one that the model names. Aligned to
  // 16 bytes in files of the usual writers, to the element size in all.
  Blob BufferData(uint32_t index) const;

  // Whether the file gives the tensor's value: it has data, or it has no
  // elements and a buffer of its own that says so.
  bool IsConstant(const tflite::Tensor& tensor) const;

  // The value of a constant, wherever it lies; empty for any other tensor.
  // Aligned as BufferData.
  Blob ConstantData(const tflite::Tensor& tensor) const;

  // The bytes of a custom operator's options, wherever they lie.
  Blob CustomOptionsData(const tflite::Operator& op) const;

  // The operator's number from both fields of its OperatorCode; checked to be
  // a known operator.
  int32_t OperatorNumber(uint32_t opcode_index) const;

  // The file; a corrected copy of it when it had unaligned 8-byte numbers.
  const Blob& bytes() const { return bytes_; }

 private:
  static Result<TfliteModel> Read(
      Blob bytes, const std::optional<std::filesystem::path>& folder);
  FileView View() const;
  // Checks everything and sets root_, unless vectors must be put right first,
  // which it returns.
  Result<std::vector<MisplacedVector>> Verify(
      const std::optional<std::filesystem::path>& folder);

  Blob bytes_;
  ExternalData external_;
  const tflite::Model* root_ = nullptr;
};

// The elements of a vector of numbers; none for one that is absent.
template <class T>
std::span<const T> Elements(const flatbuffers::Vector<T>* vector) {
  if (vector == nullptr) return {};
  return {reinterpret_cast<const T*>(vector->Data()), vector->size()};
}

// The length of a vector of anything; 0 for one that is absent.
template <class T>
uint32_t Count(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

// The characters of a string; none for one that is absent.
inline std::string_view Text(const flatbuffers::String* string) {
  return string == nullptr ? std::string_view() : string->string_view();
}

}  // namespace liteforge
