// SPDX-License-Identifier: Apache-2.0
// TensorFlow 1 writes loops and conditions as nodes that pass tensors on or
// hold them back; TensorFlow 2 as While and If, which call functions.
#pragma once

#include "formats/tensorflow/graph.pb.h"
#include "liteforge/result.h"

namespace liteforge {

// Turns loops (Enter … Exit) into StatelessWhile, conditions (Switch, Merge)
// into StatelessIf and TensorArrays into tensor lists, with their branches and
// bodies as new functions of the library. Nodes keep their names: an Exit
// becomes an Identity, a Merge the If itself. In these functions an input is
// an argument or "node:N".
//
// kInvalidModel names what is damaged: a loop without a condition, a Merge
// whose inputs no Switch tells apart.
Result<void> RaiseControlFlow(tf::GraphDef& graph);

// TensorArrayV3 and its kin as tensor lists; a part of the above.
void RaiseTensorArrays(tf::GraphDef& graph);

}  // namespace liteforge
