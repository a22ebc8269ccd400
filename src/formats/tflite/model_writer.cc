// SPDX-License-Identifier: Apache-2.0
// FlatBuffers are built from the file's end to its start. The buffers' data
// are therefore put down first and in reverse, so that they end up last and in
// order. To keep the weights in memory once, the builder works in the vector
// that is returned, whose size is known beforehand: a dry run without data
// gives the size of everything else.
#include "formats/tflite/model_writer.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "base/hash.h"
#include "base/try.h"

namespace liteforge {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr size_t kAlignment = 16;
constexpr uint64_t kMostFieldNotes = 4096;

// Lends the builder one vector. The builder asks for memory once when the
// size it was given was enough.
class VectorAllocator : public flatbuffers::Allocator {
 public:
  uint8_t* allocate(size_t size) override {
    CHECK(bytes_.empty());
    bytes_.resize(size);
    return reinterpret_cast<uint8_t*>(bytes_.data());
  }
  void deallocate(uint8_t*, size_t) override {}
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

std::string_view AsText(const Blob& blob) {
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

enum class Data { kWrite, kLeaveOut };

auto PackBuffers(FlatBufferBuilder& builder, const std::vector<Blob>& buffers,
                 Data data) {
  std::vector<Offset<flatbuffers::Vector<uint8_t>>> contents(buffers.size());
  for (size_t i = buffers.size(); i-- > 1;) {
    const size_t size = data == Data::kWrite ? buffers[i].size() : 0;
    builder.ForceVectorAlignment(size, sizeof(uint8_t), kAlignment);
    contents[i] = builder.CreateVector(
        reinterpret_cast<const uint8_t*>(buffers[i].data()), size);
  }
  std::vector<Offset<tflite::Buffer>> tables;
  for (const auto& content : contents) {
    tables.push_back(tflite::CreateBuffer(builder, content));
  }
  return builder.CreateVector(tables);
}

template <class Table>
using Tables = Offset<flatbuffers::Vector<Offset<Table>>>;

// A vector of tables from their object form; absent when there are none.
template <class Object>
auto PackTables(FlatBufferBuilder& builder,
                const std::vector<std::unique_ptr<Object>>& objects) {
  using Table = typename Object::TableType;
  std::vector<Offset<Table>> tables;
  for (const auto& object : objects) {
    tables.push_back(Table::Pack(builder, object.get()));
  }
  return tables.empty() ? Tables<Table>() : builder.CreateVector(tables);
}

template <class T>
Offset<flatbuffers::Vector<T>> PackList(FlatBufferBuilder& builder,
                                        const std::vector<T>& values) {
  return values.empty() ? Offset<flatbuffers::Vector<T>>()
                        : builder.CreateVector(values);
}

// Zero points of tensors already packed. Those of weights and biases are all
// zeros, 8 bytes a channel: equal ones are stored once.
using ZeroPoints =
    std::map<std::vector<int64_t>, Offset<flatbuffers::Vector<int64_t>>>;

Offset<tflite::QuantizationParameters> PackQuantization(
    FlatBufferBuilder& builder, const tflite::QuantizationParametersT& from,
    ZeroPoints& packed) {
  const auto min = PackList(builder, from.min),
             max = PackList(builder, from.max);
  const auto scale = PackList(builder, from.scale);
  auto& zero_point = packed[from.zero_point];
  if (zero_point.IsNull()) zero_point = PackList(builder, from.zero_point);
  const auto details = from.details.Pack(builder);
  return tflite::CreateQuantizationParameters(
      builder, min, max, scale, zero_point, from.details.type, details,
      from.quantized_dimension);
}

// The generated Pack() leaves empty vectors out. TensorFlow Lite's verifier
// and Python tools want some of them present all the same: the shape of a
// scalar, the operands of an operator that has none. Those are written here.
Offset<tflite::Tensor> PackTensor(FlatBufferBuilder& builder,
                                  const tflite::TensorT& tensor,
                                  ZeroPoints& zero_points) {
  const auto shape = builder.CreateVector(tensor.shape);
  const auto name = builder.CreateString(tensor.name);
  Offset<tflite::QuantizationParameters> quantization;
  if (tensor.quantization != nullptr) {
    quantization = PackQuantization(builder, *tensor.quantization, zero_points);
  }
  Offset<tflite::SparsityParameters> sparsity;
  if (tensor.sparsity != nullptr) {
    sparsity = tflite::SparsityParameters::Pack(builder, tensor.sparsity.get());
  }
  const auto signature = PackList(builder, tensor.shape_signature);
  const auto variants = PackTables(builder, tensor.variant_tensors);
  return tflite::CreateTensor(builder, shape, tensor.type, tensor.buffer, name,
                              quantization, tensor.is_variable, sparsity,
                              signature, tensor.has_rank, variants,
                              tensor.external_buffer);
}

Offset<tflite::Operator> PackOperator(FlatBufferBuilder& builder,
                                      const tflite::OperatorT& op) {
  const auto inputs = builder.CreateVector(op.inputs);
  const auto outputs = builder.CreateVector(op.outputs);
  const auto options = op.builtin_options.Pack(builder);
  const auto custom = PackList(builder, op.custom_options);
  Offset<flatbuffers::Vector<uint8_t>> mutating;
  if (!op.mutating_variable_inputs.empty()) {
    mutating = builder.CreateVector(op.mutating_variable_inputs);
  }
  const auto intermediates = PackList(builder, op.intermediates);
  const auto options_2 = op.builtin_options_2.Pack(builder);
  return tflite::CreateOperator(
      builder, op.opcode_index, inputs, outputs, op.builtin_options.type,
      options, custom, op.custom_options_format, mutating, intermediates, 0, 0,
      op.builtin_options_2.type, options_2, op.debug_metadata_index);
}

Offset<tflite::SubGraph> PackSubGraph(FlatBufferBuilder& builder,
                                      const tflite::SubGraphT& subgraph,
                                      ZeroPoints& zero_points) {
  std::vector<Offset<tflite::Tensor>> tensors;
  for (const auto& tensor : subgraph.tensors) {
    tensors.push_back(PackTensor(builder, *tensor, zero_points));
  }
  std::vector<Offset<tflite::Operator>> operators;
  for (const auto& op : subgraph.operators) {
    operators.push_back(PackOperator(builder, *op));
  }
  const auto packed_tensors = builder.CreateVector(tensors);
  const auto inputs = builder.CreateVector(subgraph.inputs);
  const auto outputs = builder.CreateVector(subgraph.outputs);
  const auto packed_operators = builder.CreateVector(operators);
  const auto name = builder.CreateString(subgraph.name);
  return tflite::CreateSubGraph(builder, packed_tensors, inputs, outputs,
                                packed_operators, name,
                                subgraph.debug_metadata_index);
}

Tables<tflite::SubGraph> PackSubGraphs(FlatBufferBuilder& builder,
                                       const tflite::ModelT& model) {
  std::vector<Offset<tflite::SubGraph>> subgraphs;
  ZeroPoints zero_points;
  for (const auto& subgraph : model.subgraphs) {
    subgraphs.push_back(PackSubGraph(builder, *subgraph, zero_points));
  }
  return builder.CreateVector(subgraphs);
}

void Pack(FlatBufferBuilder& builder, const tflite::ModelT& model,
          const std::vector<Blob>& buffers, Data data) {
  const auto packed_buffers = PackBuffers(builder, buffers, data);
  const auto codes = PackTables(builder, model.operator_codes);
  const auto subgraphs = PackSubGraphs(builder, model);
  const auto description = builder.CreateString(model.description);
  const auto metadata = PackTables(builder, model.metadata);
  const auto signatures = PackTables(builder, model.signature_defs);
  const auto root =
      tflite::CreateModel(builder, model.version, codes, subgraphs, description,
                          packed_buffers, 0, metadata, signatures);
  tflite::FinishModelBuffer(builder, root);
}

}  // namespace

uint32_t BufferTable::Add(Blob bytes) {
  const uint64_t hash = HashBytes(bytes.bytes());
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (AsText(buffers_[it->second]) == AsText(bytes)) return it->second;
  }
  const uint32_t index = AddUnshared(std::move(bytes));
  by_hash_.emplace(hash, index);
  return index;
}

uint32_t BufferTable::AddUnshared(Blob bytes) {
  buffers_.push_back(std::move(bytes));
  return static_cast<uint32_t>(buffers_.size() - 1);
}

Result<std::vector<std::byte>> PackModel(const tflite::ModelT& model,
                                         const BufferTable& buffers) {
  CHECK(model.buffers.empty() && model.metadata_buffer.empty());
  FlatBufferBuilder dry;
  Pack(dry, model, buffers.buffers(), Data::kLeaveOut);
  // Twice, since the builder keeps notes of at most four bytes a table, which
  // is what a table takes at least, and of a table's fields, in the same
  // memory.
  uint64_t size = 2 * uint64_t{dry.GetSize()} + kMostFieldNotes;
  dry.Reset();
  // Each vector may shift what is in front of it by less than the alignment.
  for (const Blob& blob : buffers.buffers()) size += blob.size() + kAlignment;
  if (size >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return Unsupported(fmt::format(
        "the model takes {} MB, and a .tflite of this form less than 2048; "
        "make its weights smaller, for example with --optimize float16",
        size >> 20));
  }
  VectorAllocator memory;
  FlatBufferBuilder builder(static_cast<size_t>(size), &memory);
  Pack(builder, model, buffers.buffers(), Data::kWrite);
  // The file stands at the end of the memory.
  auto& bytes = memory.bytes();
  const size_t unused = bytes.size() - builder.GetSize();
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(unused));
  return std::move(bytes);
}

}  // namespace liteforge
