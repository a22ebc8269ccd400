// SPDX-License-Identifier: Apache-2.0
// The checks behind TfliteModel::Open, from the bytes up. Each assumes the
// ones above it and names its place in the error's trail. Internal to
// formats/tflite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/external_data.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct MisplacedVector;  // realign.h

// A file under verification.
struct FileView {
  std::span<const std::byte> bytes;
  const tflite::Model& model;
  const ExternalData& external;
};

// The same bytes at a multiple of 16: positions in a file are aligned relative
// to its start.
Blob Aligned(const Blob& bytes);

// Bytes that claim to be a .tflite: the identifier is there and every table,
// vector and string lies inside. Returns the root table.
Result<const tflite::Model*> VerifyFlatBuffer(std::span<const std::byte> bytes);

// What the FlatBuffers verifier leaves out: vectors are not shared so often
// that reading the model would take far more than its size. Returns those of
// 8-byte elements that are not aligned; they must not be read before Realign.
Result<std::vector<MisplacedVector>> VerifyLayout(const FileView& file);

// Version, buffers, operator codes, metadata and signatures.
Result<void> VerifyModelTables(const FileView& file);

// Types, shapes, constants, quantization and sparsity of all tensors.
Result<void> VerifyTensors(const FileView& file);

// Elements that a sparse tensor's metadata says are stored. The metadata is
// consistent in itself and with the shape.
Result<int64_t> CountSparseElements(const tflite::SparsityParameters& sparsity,
                                    const Shape& shape);

// Operators, the order they stand in, and the borders of all subgraphs.
Result<void> VerifyOperators(const FileView& file);

// Subgraphs that operators name exist and do not call themselves.
Result<void> VerifyCalls(const FileView& file);

// Data of a tensor, in its buffer or in a file of its own; nothing for one
// that is not a constant.
std::optional<std::span<const std::byte>> FindTensorData(
    const FileView& file, const tflite::Tensor& tensor);

// Data of a buffer; nothing for a buffer without data and for buffer 0. An
// existing empty vector is data of no bytes. The index must exist.
std::optional<std::span<const std::byte>> FindBufferData(const FileView& file,
                                                         uint32_t index);

// TfliteModel::OperatorNumber while the model is not one yet.
int32_t NumberOf(const tflite::OperatorCode& code);

// Checks that `index` is in [0, count): "<what> index 99 of 12".
Result<void> CheckIndex(int64_t index, uint32_t count, std::string_view what);

// A name from the file for an error message: quoted, cut when long, with '?'
// for what is not printable.
std::string Quoted(std::string_view name);

// Places for the trail: "subgraph 0", "operator 3 (CONV_2D)",
// "tensor 5 ('conv1')".
std::string SubgraphPlace(uint32_t index);
std::string OperatorPlace(const FileView& file, uint32_t index,
                          const tflite::Operator& op);
std::string TensorPlace(uint32_t index, const tflite::Tensor& tensor);

}  // namespace liteforge
