// SPDX-License-Identifier: Apache-2.0
// Variables that nobody assigns, as constants.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

struct VariableState;

// Every variable of `variables`, by its shared name, that no function of the
// model assigns, nor one that it calls, becomes a constant where it is read.
void FreezeVariables(
    std::vector<ConcreteFunction>& model,
    const std::map<std::string, std::shared_ptr<const VariableState>>&
        variables);

}  // namespace liteforge
