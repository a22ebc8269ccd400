// SPDX-License-Identifier: Apache-2.0
// k-means of one dimension: centres evenly spread over [min, max] at first,
// then each to the mean of the weights nearest to it, until none moves.
// Source: S. Han, H. Mao, W. J. Dally, "Deep Compression", ICLR 2016, 3.
#include <algorithm>
#include <cmath>
#include <set>

#include "quantize/prune.h"

namespace liteforge {
namespace {

constexpr int kMostRounds = 100;

size_t Nearest(const std::vector<float>& centres, float value) {
  const auto above = std::ranges::lower_bound(centres, value);
  if (above == centres.begin()) return 0;
  if (above == centres.end()) return centres.size() - 1;
  const auto at = static_cast<size_t>(above - centres.begin());
  return value - centres[at - 1] <= centres[at] - value ? at - 1 : at;
}

// Sorted centres of the weights other than zero.
std::vector<float> Centres(const std::vector<float>& weights, int count) {
  const auto [low, high] = std::ranges::minmax(weights);
  std::vector<float> centres;
  for (int i = 0; i < count; ++i) {
    const float part =
        count == 1 ? 0.5f
                   : static_cast<float>(i) / static_cast<float>(count - 1);
    centres.push_back(low + (high - low) * part);
  }
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<double> sum(centres.size());
    std::vector<int64_t> size(centres.size());
    for (const float w : weights) {
      const size_t c = Nearest(centres, w);
      sum[c] += static_cast<double>(w);
      ++size[c];
    }
    bool moved = false;
    for (size_t c = 0; c < centres.size(); ++c) {
      if (size[c] == 0) continue;
      const auto mean =
          static_cast<float>(sum[c] / static_cast<double>(size[c]));
      moved = moved || mean != centres[c];
      centres[c] = mean;
    }
    std::ranges::sort(centres);
    if (!moved) break;
  }
  return centres;
}

}  // namespace

int ClusterWeights(const std::vector<WeightMatrix>& layers, int count) {
  int changed = 0;
  for (const WeightMatrix& layer : layers) {
    std::vector<float> weights = layer.weights->ToVector<float>();
    const std::set<float> different(weights.begin(), weights.end());
    if (different.size() <= static_cast<size_t>(count)) continue;
    std::vector<float> others;
    std::ranges::copy_if(weights, std::back_inserter(others),
                         [](float w) { return w != 0; });
    const bool zeros = others.size() < weights.size();
    const std::vector<float> centres =
        Centres(others, std::max(1, zeros ? count - 1 : count));
    for (float& w : weights) {
      if (w != 0) w = centres[Nearest(centres, w)];
    }
    layer.SetWeights(Blob::Own(std::move(weights)));
    ++changed;
  }
  return changed;
}

}  // namespace liteforge
