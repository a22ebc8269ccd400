// SPDX-License-Identifier: Apache-2.0
// A GraphDef's nodes in the order in which they can be lowered.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// An output of a node: "split:1". Views into the ConcreteFunction.
using TensorReference = std::pair<std::string_view, int>;

struct OrderedNode {
  const tf::NodeDef* def;
  std::vector<TensorReference> inputs;  // data inputs; control ones left out
  std::vector<bool> read;  // of each output, up to the last one that is read
};

// The nodes that the function's outputs depend on, each after the ones it
// reads; the file's own order where that is such an order. What a function
// input stands for is not looked behind. Control inputs count only where they
// name what has an effect: an assignment of a variable, the filling of a table,
// a loop or a condition. Errors, all kInvalidModel and naming
// the node: two nodes of one name, an input or output that names no node or a
// negative output, a cycle.
//
// `check` sees all these nodes before a cycle is reported (a cycle of
// operations that cannot be lowered is no damage); its error goes first.
using CheckNodes =
    std::function<Result<void>(const std::vector<OrderedNode>& nodes)>;
Result<std::vector<OrderedNode>> NodesInOrder(const ConcreteFunction& function,
                                              const CheckNodes& check = {});

}  // namespace liteforge
