// SPDX-License-Identifier: Apache-2.0
// One layer's weights, chosen and fitted by what the layer reads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quantize/input_products.h"

namespace liteforge {

// The normal equations of a layer: with inputs x, damped, and w the weights of
// an output, dropped weights cost (w - w')^T H (w - w').
struct NormalEquations {
  size_t columns = 0;
  double damping = 0;            // on h's diagonal
  std::vector<double> h;         // of x by x, [columns, columns]
  std::vector<double> inverse;   // of h
  std::vector<double> targets;   // of x by what the layer gave, [rows, columns]
  std::vector<double> optimal;   // h^-1 targets: the best weights, none dropped
  std::vector<double> mean_now;  // of x; and of what the layer gave: where the
  std::vector<double> mean_of_output;  // layer has a bias, all is about these
  double energy = 0;  // of the layer's outputs, as the costs count it

  bool sound() const { return !inverse.empty(); }
};

// `weights` and `bias` (empty: none) are the layer's as they were. Without
// `products`, or where they say nothing, the result is not sound().
NormalEquations EquationsOf(const WeightMatrix& layer,
                            std::span<const float> weights,
                            std::span<const float> bias,
                            const InputProducts* products);

// A unit of weights, `size` neighbours of one row from column unit * size on,
// and by how much the layer errs more without it.
struct Removal {
  double cost;
  int64_t row;
  int64_t unit;
};

struct RemovalOrder {
  int64_t unit = 1;           // weights that go together, 16 at the most
  int64_t group = 0;          // of any so many neighbours …
  int64_t most_of_group = 0;  // … at most so many go; 0: any number
};

// Every unit of every row in the order in which its row loses it: each time
// the one that costs least when the others of its row make up for it.
// Source: E. Frantar, D. Alistarh, "Optimal Brain Compression", NeurIPS 2022,
// algorithm 1; B. Hassibi, D. Stork, "Optimal Brain Surgeon", NIPS 1992.
std::vector<Removal> RemovalsOf(const NormalEquations& equations, int64_t rows,
                                const RemovalOrder& order);
// Whether that takes a few seconds at most.
bool CanOrderRemovals(int64_t rows, int64_t columns);

// The weights of a row that are not zero, and its bias, fitted to what the
// layer gave before.
void FitRow(const NormalEquations& equations, int64_t row,
            std::span<float> weights, float* bias);

}  // namespace liteforge
