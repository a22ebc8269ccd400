// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/narrow_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <complex>
#include <set>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "import/saved_model/wrap_unsigned.h"

namespace liteforge {
namespace {

template <class From, class To>
Blob Converted(const Blob& data) {
  const std::vector<From> wide = data.ToVector<From>();
  std::vector<To> narrow(wide.size());
  std::ranges::transform(wide, narrow.begin(),
                         [](From x) { return static_cast<To>(x); });
  return Blob::Own(std::move(narrow));
}

// bfloat16 is the upper half of a float32.
Blob FromBFloat16(const Blob& data) {
  const std::vector<uint16_t> halves = data.ToVector<uint16_t>();
  std::vector<float> values(halves.size());
  std::ranges::transform(halves, values.begin(), [](uint16_t half) {
    return std::bit_cast<float>(static_cast<uint32_t>(half) << 16);
  });
  return Blob::Own(std::move(values));
}

struct Narrowing {
  DataType from, to;
  Blob (*convert)(const Blob& data);
};

constexpr Narrowing kNarrowings[] = {
    {DataType::kFloat64, DataType::kFloat32, Converted<double, float>},
    {DataType::kBFloat16, DataType::kFloat32, FromBFloat16},
    {DataType::kComplex128, DataType::kComplex64,
     Converted<std::complex<double>, std::complex<float>>},
    {DataType::kUInt16, DataType::kInt32, Converted<uint16_t, int32_t>},
    {DataType::kUInt32, DataType::kInt64, Converted<uint32_t, int64_t>},
    {DataType::kUInt64, DataType::kInt64, Converted<uint64_t, int64_t>},
};

const Narrowing* FindNarrowing(DataType type) {
  const auto* found = std::ranges::find(kNarrowings, type, &Narrowing::from);
  return found == std::end(kNarrowings) ? nullptr : found;
}

class Narrower {
 public:
  Result<void> Run(ConcreteFunction& function) {
    WrapUnsigned(function);
    for (tf::NodeDef& node : *function.graph.mutable_node())
      TRY_IN(fmt::format("node '{}'", node.name()), Narrow(node, function));
    for (auto* arguments : {&function.inputs, &function.outputs}) {
      for (FunctionArgument& argument : *arguments)
        argument.type = Narrowed(argument.type);
    }
    for (auto& [name, called] : function.functions) {
      auto copy = std::make_shared<ConcreteFunction>(*called);
      TRY(Run(*copy));
      called = std::move(copy);
    }
    return {};
  }

  const std::set<DataType>& found() const { return found_; }

 private:
  DataType Narrowed(DataType type) {
    const Narrowing* narrowing = FindNarrowing(type);
    if (narrowing == nullptr) return type;
    found_.insert(type);
    return narrowing->to;
  }
  tf::DataType Narrowed(tf::DataType type) {
    const DataType known = FromTensorFlow(type);
    return FindNarrowing(known) == nullptr ? type
                                           : ToTensorFlow(Narrowed(known));
  }

  void Narrow(tf::AttrValue& value) {
    if (value.has_type()) value.set_type(Narrowed(value.type()));
    if (!value.has_list()) return;
    auto& types = *value.mutable_list()->mutable_type();
    for (int i = 0; i < types.size(); ++i)
      types.Set(i, Narrowed(static_cast<tf::DataType>(types[i])));
  }

  Result<void> Narrow(tf::NodeDef& node, ConcreteFunction& function) {
    TRY(NarrowConstant(node, function));
    for (auto& [key, attribute] : *node.mutable_attr()) Narrow(attribute);
    return {};
  }

  Result<void> NarrowConstant(tf::NodeDef& node, ConcreteFunction& function) {
    const auto value = node.attr().find("value");
    if (value == node.attr().end() || !value->second.has_tensor()) return {};
    tf::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
    const Narrowing* narrowing = FindNarrowing(FromTensorFlow(tensor.dtype()));
    if (narrowing == nullptr) return {};
    const auto outside = function.constants.find(node.name());
    Blob data;
    if (outside != function.constants.end()) {
      data = outside->second;
    } else {
      TRY_ASSIGN(data, DecodeTensor(tensor));
    }
    const tf::TensorShapeProto shape = tensor.tensor_shape();
    tensor.Clear();
    tensor.set_dtype(ToTensorFlow(Narrowed(narrowing->from)));
    *tensor.mutable_tensor_shape() = shape;
    function.constants[node.name()] = narrowing->convert(data);
    return {};
  }

  std::set<DataType> found_;
};

}  // namespace

Result<void> NarrowTypes(ConcreteFunction& function,
                         std::vector<std::string>& notices) {
  Narrower narrower;
  TRY(narrower.Run(function));
  for (const DataType type : narrower.found()) {
    std::string notice =
        fmt::format("{} is computed as {}, inputs and outputs included",
                    Name(type), Name(FindNarrowing(type)->to));
    if (std::ranges::find(notices, notice) == notices.end())
      notices.push_back(std::move(notice));
  }
  return {};
}

}  // namespace liteforge
