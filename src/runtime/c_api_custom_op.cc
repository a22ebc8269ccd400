// SPDX-License-Identifier: Apache-2.0
// Operators written in C: custom_op.h through c_api.h.
#include <string>

#include "runtime/c_api_common.h"

using liteforge::CustomOpRun;
using liteforge::CustomOpShapes;
using liteforge::Error;
using liteforge::ErrorCode;
using liteforge::InvalidArgument;
using liteforge::Result;
using liteforge::Shape;

// One of the two, as the call is infer or eval.
struct LfOpContext {
  CustomOpShapes* shapes = nullptr;
  CustomOpRun* run = nullptr;
  std::string failure;
};

namespace {

ErrorCode CodeOf(LfStatus status) {
  switch (status) {
    case kLfInvalidModel:
      return ErrorCode::kInvalidModel;
    case kLfUnsupported:
      return ErrorCode::kUnsupported;
    case kLfInvalidArgument:
      return ErrorCode::kInvalidArgument;
    case kLfIo:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kInternal;
  }
}

// Calls one of the user's functions.
Result<void> Call(LfStatus (*function)(LfOpContext*, void*),
                  LfOpContext& context, void* user) {
  const LfStatus status = function(&context, user);
  if (status == kLfOk) return {};
  return tl::unexpected(Error{
      CodeOf(status),
      context.failure.empty()
          ? "the custom operator failed with status " + std::to_string(status)
          : context.failure,
      {}});
}

void Describe(liteforge::DataType type, const Shape& shape,
              const liteforge::Quantization* quantization,
              std::span<const std::byte> data, LfOpTensor& tensor) {
  tensor = {};
  tensor.type = static_cast<LfType>(type);
  tensor.rank = liteforge::CopyDims(shape, tensor.dims);
  tensor.data = data.empty() ? nullptr : data.data();
  tensor.bytes = data.size();
  if (quantization == nullptr) return;
  tensor.scale_count = quantization->scale.size();
  tensor.scales = quantization->scale.data();
  tensor.zero_point_count = quantization->zero_point.size();
  tensor.zero_points = quantization->zero_point.data();
  tensor.quantized_dimension = quantization->axis;
}

Result<void> CheckOutput(const LfOpContext& op, int i) {
  if (i >= 0 && i < LfOpOutputCount(&op)) return {};
  return InvalidArgument("there is no output " + std::to_string(i));
}

}  // namespace

LfStatus LfOptionsAddCustomOp(LfOptions* options, const LfCustomOp* op) {
  return liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(options, op));
    TRY(liteforge::CheckGiven(op->name));
    if (op->infer == nullptr || op->eval == nullptr)
      return InvalidArgument("operator '" + std::string(op->name) +
                             "' needs infer and eval");
    const auto infer = op->infer, eval = op->eval;
    void* const user = op->user;
    liteforge::CustomOp made;
    made.name = op->name;
    made.infer = [infer, user](CustomOpShapes& shapes) {
      LfOpContext context;
      context.shapes = &shapes;
      return Call(infer, context, user);
    };
    made.eval = [eval, user](CustomOpRun& run) {
      LfOpContext context;
      context.run = &run;
      return Call(eval, context, user);
    };
    options->options.custom_ops.push_back(std::move(made));
    return {};
  });
}

const void* LfOpOptions(const LfOpContext* op, size_t* bytes) {
  if (bytes != nullptr) *bytes = 0;
  if (op == nullptr) return nullptr;
  const auto options =
      op->shapes != nullptr ? op->shapes->options() : op->run->options();
  if (bytes != nullptr) *bytes = options.size();
  return options.data();
}

int LfOpInputCount(const LfOpContext* op) {
  if (op == nullptr) return 0;
  return op->shapes != nullptr ? op->shapes->input_count()
                               : op->run->input_count();
}

int LfOpOutputCount(const LfOpContext* op) {
  if (op == nullptr) return 0;
  return op->shapes != nullptr ? op->shapes->output_count()
                               : op->run->output_count();
}

LfStatus LfOpInput(const LfOpContext* op, int i, LfOpTensor* tensor) {
  return liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(op, tensor));
    liteforge::CustomInput input;  // left out
    if (i >= 0 && i < LfOpInputCount(op))
      input = op->shapes != nullptr ? op->shapes->Input(i) : op->run->Input(i);
    Describe(input.dtype, input.shape, input.quantization, input.data, *tensor);
    return {};
  });
}

LfStatus LfOpOutput(const LfOpContext* op, int i, LfOpTensor* tensor,
                    void** data) {
  if (data != nullptr) *data = nullptr;
  return liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(op, tensor));
    TRY(CheckOutput(*op, i));
    if (op->shapes != nullptr) {
      Describe(op->shapes->DeclaredType(i), op->shapes->DeclaredShape(i),
               nullptr, {}, *tensor);
      return {};
    }
    const liteforge::CustomOutput output = op->run->Output(i);
    Describe(output.dtype, output.shape, output.quantization, output.data,
             *tensor);
    if (data != nullptr && !output.data.empty()) *data = output.data.data();
    return {};
  });
}

LfStatus LfOpSetOutput(LfOpContext* op, int i, LfType type, const int32_t* dims,
                       int rank) {
  return liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(op));
    TRY(CheckOutput(*op, i));
    TRY_ASSIGN(const Shape shape, liteforge::MakeShape(dims, rank));
    if (op->shapes == nullptr)
      return InvalidArgument("outputs are set in infer; use LfOpResizeOutput");
    op->shapes->SetOutput(i, liteforge::TypeOf(type), shape);
    return {};
  });
}

LfStatus LfOpResizeOutput(LfOpContext* op, int i, const int32_t* dims, int rank,
                          size_t bytes) {
  return liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(op));
    TRY_ASSIGN(const Shape shape, liteforge::MakeShape(dims, rank));
    if (op->run == nullptr)
      return InvalidArgument("outputs are resized in eval; use LfOpSetOutput");
    return op->run->ResizeOutput(i, shape, bytes);
  });
}

void LfOpFail(LfOpContext* op, const char* message) {
  liteforge::Guarded([&]() -> Result<void> {
    TRY(liteforge::CheckGiven(op, message));
    op->failure = message;
    return {};
  });
}
