// SPDX-License-Identifier: Apache-2.0
// Small models that run, for the fuzzer to start from.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace liteforge {

struct SeedModel {
  std::string name;
  std::vector<std::byte> bytes;
};

// Models of several operators and what one-operator models do not show: a
// network, quantization, signatures, variables, shapes known at run time,
// sparse constants, several subgraphs.
std::vector<SeedModel> HandMadeModels();

// For each kernel up to three models of this operator that run, found by
// trying random inputs. Always the same ones.
std::vector<SeedModel> OneOperatorModels();

}  // namespace liteforge
