// SPDX-License-Identifier: Apache-2.0
// Any text as what was seen while calibrating; what is read is written and read
// again.
#include "quantize/calibration.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto calibration = liteforge::Calibration::FromJson(
      {reinterpret_cast<const char*>(data), size});
  if (!calibration) return 0;
  const auto again = liteforge::Calibration::FromJson(calibration->ToJson());
  if (again) (void)calibration->Merge(*again);
  return 0;
}
