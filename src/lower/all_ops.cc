// SPDX-License-Identifier: Apache-2.0
#include "lower/all_ops.h"

#include <algorithm>
#include <array>
#include <span>

namespace liteforge {

// One table per file of this folder, sorted.
std::span<const TfOp> ActivationOps();
std::span<const TfOp> AudioOps();
std::span<const TfOp> BinaryOps();
std::span<const TfOp> BitOps();
std::span<const TfOp> BlockLstmOps();
std::span<const TfOp> ColorOps();
std::span<const TfOp> CombinedSuppressionOps();
std::span<const TfOp> ComplexOps();
std::span<const TfOp> ComplexPartOps();
std::span<const TfOp> CompositeOps();
std::span<const TfOp> ConcatenationOps();
std::span<const TfOp> ControlFlowOps();
std::span<const TfOp> ConvolutionOps();
std::span<const TfOp> CreationOps();
std::span<const TfOp> CropAndResizeOps();
std::span<const TfOp> CtcOps();
std::span<const TfOp> DataFormatOps();
std::span<const TfOp> DetectionOps();
std::span<const TfOp> DiagonalOps();
std::span<const TfOp> EinsumOps();
std::span<const TfOp> FakeQuantOps();
std::span<const TfOp> FourierOps();
std::span<const TfOp> FusedOps();
std::span<const TfOp> GatherOps();
std::span<const TfOp> LossOps();
std::span<const TfOp> MatrixOps();
std::span<const TfOp> NormalizationOps();
std::span<const TfOp> NumberTestOps();
std::span<const TfOp> PaddingOps();
std::span<const TfOp> PartitionOps();
std::span<const TfOp> PassThroughOps();
std::span<const TfOp> PatchOps();
std::span<const TfOp> PoolingOps();
std::span<const TfOp> RandomOps();
std::span<const TfOp> RecurrentCellOps();
std::span<const TfOp> ReductionOps();
std::span<const TfOp> ResampleOps();
std::span<const TfOp> ResizeOps();
std::span<const TfOp> ScaleAndTranslateOps();
std::span<const TfOp> ScanOps();
std::span<const TfOp> ScatterOps();
std::span<const TfOp> SearchOps();
std::span<const TfOp> SegmentOps();
std::span<const TfOp> SelectionOps();
std::span<const TfOp> SetOps();
std::span<const TfOp> ShapeOps();
std::span<const TfOp> SliceOps();
std::span<const TfOp> SpaceOps();
std::span<const TfOp> SparseOps();
std::span<const TfOp> SpecialFunctionOps();
std::span<const TfOp> StatelessRandomOps();
std::span<const TfOp> TableOps();
std::span<const TfOp> TensorListOps();
std::span<const TfOp> TransposeConvOps();
std::span<const TfOp> TrigonometryOps();
std::span<const TfOp> UnaryOps();
std::span<const TfOp> VariableOps();
std::span<const TfOp> VolumeOps();
std::span<const TfOp> XlaArrayOps();
std::span<const TfOp> XlaConvolutionOps();
std::span<const TfOp> XlaDotOps();
std::span<const TfOp> XlaGatherOps();
std::span<const TfOp> XlaReduceOps();
std::span<const TfOp> XlaReduceWindowOps();
std::span<const TfOp> XlaScatterOps();
std::span<const TfOp> XlaSortOps();

namespace {

constexpr std::array kFamilies = {
    ActivationOps,
    AudioOps,
    BinaryOps,
    BitOps,
    BlockLstmOps,
    ColorOps,
    CombinedSuppressionOps,
    ComplexOps,
    ComplexPartOps,
    CompositeOps,
    ConcatenationOps,
    ControlFlowOps,
    ConvolutionOps,
    CreationOps,
    CropAndResizeOps,
    CtcOps,
    DataFormatOps,
    DetectionOps,
    DiagonalOps,
    EinsumOps,
    FakeQuantOps,
    FourierOps,
    FusedOps,
    GatherOps,
    LossOps,
    MatrixOps,
    NormalizationOps,
    NumberTestOps,
    PaddingOps,
    PartitionOps,
    PassThroughOps,
    PatchOps,
    PoolingOps,
    RandomOps,
    RecurrentCellOps,
    ReductionOps,
    ResampleOps,
    ResizeOps,
    ScaleAndTranslateOps,
    ScanOps,
    ScatterOps,
    SearchOps,
    SegmentOps,
    SelectionOps,
    SetOps,
    ShapeOps,
    SliceOps,
    SpaceOps,
    SparseOps,
    SpecialFunctionOps,
    StatelessRandomOps,
    TableOps,
    TensorListOps,
    TransposeConvOps,
    TrigonometryOps,
    UnaryOps,
    VariableOps,
    VolumeOps,
    XlaArrayOps,
    XlaConvolutionOps,
    XlaDotOps,
    XlaGatherOps,
    XlaReduceOps,
    XlaReduceWindowOps,
    XlaScatterOps,
    XlaSortOps,
};

const std::vector<const TfOp*>& SortedOps() {
  static const std::vector<const TfOp*> ops = AllTfOps();
  return ops;
}

}  // namespace

std::vector<const TfOp*> AllTfOps() {
  std::vector<const TfOp*> ops;
  for (auto family : kFamilies)
    for (const TfOp& op : family()) ops.push_back(&op);
  std::sort(ops.begin(), ops.end(),
            [](const TfOp* a, const TfOp* b) { return a->name < b->name; });
  return ops;
}

const TfOp* FindTfOp(std::string_view name) {
  const auto& ops = SortedOps();
  const auto found =
      std::lower_bound(ops.begin(), ops.end(), name,
                       [](const TfOp* op, std::string_view wanted) {
                         return op->name < wanted;
                       });
  return found != ops.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace liteforge
