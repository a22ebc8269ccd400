// SPDX-License-Identifier: Apache-2.0
// What the runtime takes from the shared libraries of fmt and Highway, which
// Debian has no static ones of: formatting and printing, which fmt's headers
// can define, and which instruction sets this machine has.
#define FMT_HEADER_ONLY
#define FMT_STATIC_THOUSANDS_SEPARATOR ','  // without std::locale
#include <fmt/format.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdio>
#include <string>

// Asked for here, so that this object holds it.
extern const auto kFmtVformat =
    static_cast<std::string (*)(fmt::string_view, fmt::format_args)>(
        fmt::vformat);
extern const auto kFmtVprint =
    static_cast<void (*)(fmt::string_view, fmt::format_args)>(fmt::vprint);
extern const auto kFmtVprintTo =
    static_cast<void (*)(std::FILE*, fmt::string_view, fmt::format_args)>(
        fmt::vprint);

namespace hwy {
namespace {

int64_t Detected() {
  int64_t targets = HWY_ENABLED_BASELINE;
#if HWY_ARCH_X86
  __builtin_cpu_init();
  const bool sse4 = __builtin_cpu_supports("sse4.1") &&
                    __builtin_cpu_supports("pclmul") &&
                    __builtin_cpu_supports("aes");
  const bool avx2 =
      sse4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool avx3 = avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd");
  const bool avx3_dl = avx3 && __builtin_cpu_supports("avx512vnni") &&
                       __builtin_cpu_supports("vpclmulqdq") &&
                       __builtin_cpu_supports("gfni") &&
                       __builtin_cpu_supports("avx512vbmi") &&
                       __builtin_cpu_supports("avx512vbmi2") &&
                       __builtin_cpu_supports("avx512bitalg") &&
                       __builtin_cpu_supports("avx512vpopcntdq");
  if (sse4) targets |= HWY_SSE4;
  if (avx2) targets |= HWY_AVX2;
  if (avx3) targets |= HWY_AVX3;
  if (avx3_dl) targets |= HWY_AVX3_DL;
#endif
  return targets;
}

}  // namespace

int64_t SupportedTargets() {
  static const int64_t kTargets = Detected();
  return kTargets;
}

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
