// SPDX-License-Identifier: Apache-2.0
// A walk over everything in the file, through the type tables that flatc
// generates. The FlatBuffers verifier (2.0) looks at the alignment of a
// vector's length, not of its elements, and lets any number of tables share
// one vector, so that a small file can stand for terabytes.
#include <cstdint>
#include <vector>

#include "base/try.h"
#include "flatbuffers/minireflect.h"
#include "formats/tflite/realign.h"
#include "formats/tflite/verify.h"

namespace liteforge {
namespace {

class LayoutWalk {
 public:
  explicit LayoutWalk(std::span<const std::byte> file)
      : file_(file), budget_(8 * uint64_t{file.size()} + (1 << 20)) {}

  Result<void> Visit(const flatbuffers::Table& table,
                     const flatbuffers::TypeTable& type) {
    for (size_t i = 0; i < type.num_elems; ++i) {
      const auto field =
          flatbuffers::FieldIndexToOffset(static_cast<uint16_t>(i));
      if (table.CheckField(field)) TRY(VisitField(table, type, i, field));
    }
    return {};
  }

  std::vector<MisplacedVector> Misplaced() && { return std::move(misplaced_); }

 private:
  Result<void> VisitField(const flatbuffers::Table& table,
                          const flatbuffers::TypeTable& type, size_t i,
                          flatbuffers::voffset_t field) {
    const flatbuffers::TypeCode& code = type.type_codes[i];
    const flatbuffers::TypeTable* of =
        code.sequence_ref < 0 ? nullptr : type.type_refs[code.sequence_ref]();
    if (code.is_repeating) {
      return VisitVector(table, code, of, field);
    }
    if (code.base_type != flatbuffers::ET_SEQUENCE) return {};
    if (of->st == flatbuffers::ST_UNION) {
      // The field in front of a union holds its member's number.
      const auto member = table.GetField<uint8_t>(
          static_cast<flatbuffers::voffset_t>(field - 2), 0);
      if (member == 0 || member >= of->num_elems) return {};
      of = of->type_refs[of->type_codes[member].sequence_ref]();
    }
    return Visit(*table.GetPointer<const flatbuffers::Table*>(field), *of);
  }

  Result<void> VisitVector(const flatbuffers::Table& table,
                           const flatbuffers::TypeCode& code,
                           const flatbuffers::TypeTable* of,
                           flatbuffers::voffset_t field) {
    const auto type = static_cast<flatbuffers::ElementaryType>(code.base_type);
    const auto* vector =
        table.GetPointer<const flatbuffers::Vector<uint8_t>*>(field);
    const size_t width = flatbuffers::InlineSize(type, of);
    const uint64_t bytes = uint64_t{vector->size()} * width;
    if (bytes > budget_) {
      return InvalidModel(
          "names the same data again and again; it is damaged or crafted");
    }
    budget_ -= bytes;
    if (reinterpret_cast<uintptr_t>(vector->Data()) % width != 0) {
      misplaced_.push_back({Position(table.GetAddressOf(field)),
                            Position(vector), static_cast<size_t>(bytes)});
    }
    if (type != flatbuffers::ET_SEQUENCE) return {};
    const auto* tables = reinterpret_cast<
        const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>*>(
        vector);
    for (const flatbuffers::Table* element : *tables) {
      TRY(Visit(*element, *of));
    }
    return {};
  }

  size_t Position(const void* address) const {
    return static_cast<size_t>(static_cast<const std::byte*>(address) -
                               file_.data());
  }

  std::span<const std::byte> file_;
  std::vector<MisplacedVector> misplaced_;
  uint64_t budget_;  // bytes of vectors that may still be visited
};

}  // namespace

Result<std::vector<MisplacedVector>> VerifyLayout(const FileView& file) {
  LayoutWalk walk(file.bytes);
  TRY(walk.Visit(reinterpret_cast<const flatbuffers::Table&>(file.model),
                 *tflite::ModelTypeTable()));
  return std::move(walk).Misplaced();
}

}  // namespace liteforge
