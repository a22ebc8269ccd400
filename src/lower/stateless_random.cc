// SPDX-License-Identifier: Apache-2.0
// Random numbers that seeds and shape alone decide: drawn here, where these are
// constant. Both seeds, as the counter of Philox 4x32-10, are mixed into its
// key and the upper half of its counter (StatelessRandomGetKeyCounter); V2
// takes these. Each 128 bits give four numbers, those of int64 two:
//   uniform          23 bits as the fraction of a number in [1, 2), less 1
//   normal           Box and Muller's: sqrt(-2 log u) sin and cos of 2 pi v
//   truncated        of those the ones within 2 of 0; each four begin 256 draws
//                    after the four before
//   integers         min + bits mod (max - min); "full": the bits
// Source: tensorflow/core/kernels/stateless_random_ops*.cc,
// core/lib/random/random_distributions.h.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "base/philox.h"
#include "lower/context.h"

namespace liteforge {
namespace {

using Words = Philox::Words;

uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }
uint32_t Low(uint64_t x) { return static_cast<uint32_t>(x); }
uint32_t High(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

Result<std::vector<int64_t>> SeedsOf(const LowerContext& c, int i,
                                     size_t count) {
  const auto known = c.ir().Known(c.input(i));
  if (!known || !AllKnown(*known)) {
    return Unsupported(
        "seeds that are computed at run time: TFLite has no operator whose "
        "numbers they decide");
  }
  if (known->size() != count)
    return InvalidModel("seeds, a key or a counter of another length");
  return *known;
}

Result<Philox> MixedSeeds(const LowerContext& c, int i) {
  TRY_ASSIGN(const auto seeds, SeedsOf(c, i, 2));
  const uint64_t a = Bits(seeds[0]), b = Bits(seeds[1]);
  const Words mixed =
      Philox({0x3ec8f720, 0x02461e29}, {Low(a), High(a), Low(b), High(b)})
          .Next();
  return Philox({mixed[0], mixed[1]}, {0, 0, mixed[2], mixed[3]});
}

//-------------------------------------------------------------- keys, counters

constexpr int32_t kPhilox = 1, kAnyAlgorithm = 3;

Value* Int64s(LowerContext& c, const Shape& shape,
              std::vector<int64_t> values) {
  return c.ir().Constant(DataType::kInt64, shape, Blob::Own(std::move(values)));
}

Result<void> LowerKeyCounter(LowerContext& c) {
  TRY_ASSIGN(const Philox mixed, MixedSeeds(c, 0));
  const auto join = [](uint32_t low, uint32_t high) {
    return static_cast<int64_t>(low | (uint64_t{high} << 32));
  };
  const Words& counter = mixed.counter();
  c.SetOutput(0, Int64s(c, {1}, {join(mixed.key()[0], mixed.key()[1])}));
  c.SetOutput(
      1, Int64s(c, {2},
                {join(counter[0], counter[1]), join(counter[2], counter[3])}));
  c.SetOutput(2, c.ir().Int32(kPhilox));
  return {};
}

Result<void> LowerAlgorithm(LowerContext& c) {
  c.SetOutput(0, c.ir().Int32(kPhilox));
  return {};
}

// key [1], counter [2], algorithm: operands 1 to 3.
Result<Philox> KeyCounter(const LowerContext& c) {
  TRY_ASSIGN(const auto key, SeedsOf(c, 1, 1));
  TRY_ASSIGN(const auto counter, SeedsOf(c, 2, 2));
  TRY_ASSIGN(const int64_t algorithm, c.IntegerOf(3, "alg"));
  if (algorithm != kPhilox && algorithm != kAnyAlgorithm)
    return Unsupported("another generator than Philox");
  const uint64_t k = Bits(key[0]), a = Bits(counter[0]), b = Bits(counter[1]);
  return Philox({Low(k), High(k)}, {Low(a), High(a), Low(b), High(b)});
}

//--------------------------------------------------------------------- numbers

float Uniform(uint32_t word) {
  return std::bit_cast<float>((word & 0x7FFFFF) | 0x3F800000) - 1.0f;
}

std::array<float, 2> NormalPair(uint32_t a, uint32_t b) {
  constexpr float kLeast = 1.0e-7f;
  const float radius =
      std::sqrt(-2.0f * std::log(std::max(Uniform(a), kLeast)));
  const auto angle =
      static_cast<float>(2 * M_PI * static_cast<double>(Uniform(b)));
  return {std::sin(angle) * radius, std::cos(angle) * radius};
}

// So many numbers, a group of them at a time.
template <class T, class Draw>
std::vector<T> Drawn(size_t count, Draw draw) {
  std::vector<T> values;
  values.reserve(count);
  while (values.size() < count) {
    for (const T value : draw()) {
      if (values.size() < count) values.push_back(value);
    }
  }
  return values;
}

std::vector<float> Uniforms(Philox random, size_t count) {
  return Drawn<float>(count, [&] {
    const Words w = random.Next();
    return std::array{Uniform(w[0]), Uniform(w[1]), Uniform(w[2]),
                      Uniform(w[3])};
  });
}

std::vector<float> Normals(Philox random, size_t count) {
  return Drawn<float>(count, [&] {
    const Words w = random.Next();
    const auto a = NormalPair(w[0], w[1]), b = NormalPair(w[2], w[3]);
    return std::array{a[0], a[1], b[0], b[1]};
  });
}

std::vector<float> Truncated(Philox random, size_t count) {
  constexpr uint64_t kDrawsOfFour = 256;
  return Drawn<float>(count, [&] {
    Philox own = random;
    random.Skip(kDrawsOfFour);
    std::vector<float> four;
    while (four.size() < 4) {
      const Words w = own.Next();
      for (const auto& pair :
           {NormalPair(w[0], w[1]), NormalPair(w[2], w[3])}) {
        for (const float value : pair) {
          if (std::abs(value) < 2.0f && four.size() < 4) four.push_back(value);
        }
      }
    }
    return four;
  });
}

std::vector<int32_t> RandomIntegers(Philox random, size_t count, int32_t low,
                                    uint32_t range) {
  return Drawn<int32_t>(count, [&] {
    std::array<int32_t, 4> four{};
    const Words w = random.Next();
    for (size_t i = 0; i < 4; ++i)
      four[i] = static_cast<int32_t>(static_cast<uint32_t>(low) +
                                     (range == 0 ? w[i] : w[i] % range));
    return four;
  });
}

std::vector<int64_t> WideIntegers(Philox random, size_t count, int64_t low,
                                  uint64_t range) {
  return Drawn<int64_t>(count, [&] {
    const Words w = random.Next();
    const uint64_t bits[] = {w[0] | (uint64_t{w[1]} << 32),
                             w[2] | (uint64_t{w[3]} << 32)};
    return std::array{static_cast<int64_t>(Bits(low) + bits[0] % range),
                      static_cast<int64_t>(Bits(low) + bits[1] % range)};
  });
}

//----------------------------------------------------------------- operations

Result<Shape> RandomShape(const LowerContext& c) {
  constexpr int64_t kMost = 1 << 24;  // elements, which the file then has
  TRY_ASSIGN(const auto dims, c.IntegersOf(0, "shape"));
  if (dims.size() > Shape::kMaxRank) return InvalidModel("too many dimensions");
  Shape shape;
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 0) return InvalidModel("a shape with a dimension below 0");
    if (dim > kMost || count * dim > kMost)
      return Unsupported("that many random numbers that seeds decide");
    shape.Append(static_cast<int32_t>(dim));
    count *= dim;
  }
  return shape;
}

template <class T>
Result<void> Give(LowerContext& c, DataType type, const Shape& shape,
                  std::vector<T> values) {
  c.SetOutput(0, c.ir().Constant(type, shape, Blob::Own(std::move(values))));
  return {};
}

// V1 has seeds as operand 1, V2 key, counter and algorithm from 1 on.
template <int version>
Result<Philox> Generator(const LowerContext& c) {
  return version == 1 ? MixedSeeds(c, 1) : KeyCounter(c);
}

using Floats = std::vector<float> (*)(Philox random, size_t count);

template <int version, Floats floats>
Result<void> LowerFloats(LowerContext& c) {
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("dtype", DataType::kFloat32));
  if (type != DataType::kFloat32)
    return Unsupported("random numbers other than float32");
  TRY_ASSIGN(const Philox random, Generator<version>(c));
  TRY_ASSIGN(const Shape shape, RandomShape(c));
  return Give(c, type, shape,
              floats(random, static_cast<size_t>(shape.elements())));
}

template <int version>
Result<void> LowerFull(LowerContext& c) {
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("dtype"));
  if (type != DataType::kInt32)
    return Unsupported("all bits of other than int32");
  TRY_ASSIGN(const Philox random, Generator<version>(c));
  TRY_ASSIGN(const Shape shape, RandomShape(c));
  return Give(
      c, type, shape,
      RandomIntegers(random, static_cast<size_t>(shape.elements()), 0, 0));
}

template <int version>
Result<void> LowerIntegers(LowerContext& c) {
  constexpr int kFirst = version == 1 ? 2 : 4;
  TRY_ASSIGN(const Philox random, Generator<version>(c));
  TRY_ASSIGN(const int64_t low, c.IntegerOf(kFirst, "minval"));
  TRY_ASSIGN(const int64_t high, c.IntegerOf(kFirst + 1, "maxval"));
  TRY_ASSIGN(const Shape shape, RandomShape(c));
  if (low >= high) return InvalidModel("minval is not below maxval");
  const auto count = static_cast<size_t>(shape.elements());
  const uint64_t range = Bits(high) - Bits(low);
  const DataType type = c.input(kFirst)->type;
  if (type == DataType::kInt32)
    return Give(
        c, type, shape,
        RandomIntegers(random, count, static_cast<int32_t>(low), Low(range)));
  if (type == DataType::kInt64)
    return Give(c, type, shape, WideIntegers(random, count, low, range));
  return Unsupported("random integers other than int32 and int64");
}

}  // namespace

std::span<const TfOp> StatelessRandomOps() {
  static constexpr TfOp kOps[] = {
      {"StatelessRandomGetAlg", 0, LowerAlgorithm},
      {"StatelessRandomGetKeyCounter", 1, LowerKeyCounter},
      {"StatelessRandomGetKeyCounterAlg", 1, LowerKeyCounter},
      {"StatelessRandomNormal", 2, LowerFloats<1, Normals>},
      {"StatelessRandomNormalV2", 4, LowerFloats<2, Normals>},
      {"StatelessRandomUniform", 2, LowerFloats<1, Uniforms>},
      {"StatelessRandomUniformFullInt", 2, LowerFull<1>},
      {"StatelessRandomUniformFullIntV2", 4, LowerFull<2>},
      {"StatelessRandomUniformInt", 4, LowerIntegers<1>},
      {"StatelessRandomUniformIntV2", 6, LowerIntegers<2>},
      {"StatelessRandomUniformV2", 4, LowerFloats<2, Uniforms>},
      {"StatelessTruncatedNormal", 2, LowerFloats<1, Truncated>},
      {"StatelessTruncatedNormalV2", 4, LowerFloats<2, Truncated>},
  };
  return kOps;
}

}  // namespace liteforge
