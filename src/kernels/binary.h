// SPDX-License-Identifier: Apache-2.0
// What kernels of two operands of one type share.
#pragma once

#include "kernels/broadcast.h"
#include "kernels/visit_type.h"

namespace liteforge {

// Both operands and the output are of one type of the list.
template <class List>
Result<void> PrepareFor(KernelContext& k) {
  const DataType type = k.Input(0).type;
  TRY(List::Check(type));
  if (k.Input(1).type != type || k.Output(0).type != type) {
    return InvalidModel("inputs and output must be of one type");
  }
  k.NewState<BroadcastPlan>() =
      PlanBroadcast(k.Input(0).shape, k.Input(1).shape, k.Output(0).shape);
  return {};
}

// output = f(a, b), the state being what PrepareFor left.
template <class T, class Function>
void Apply(KernelContext& k, const Function& f) {
  BroadcastBinary(k.State<BroadcastPlan>(), k.Input(0).Data<T>(),
                  k.Input(1).Data<T>(), k.Output(0).MutableData<T>(), f);
}

// Evaluates f(a, b), the same for every type of the list.
template <class List, class Function>
void ApplyAs(KernelContext& k, const Function& f) {
  List::Dispatch(k.Input(0).type,
                 [&](auto t) { Apply<TypeOf<decltype(t)>>(k, f); });
}

}  // namespace liteforge
