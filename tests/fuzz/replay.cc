// SPDX-License-Identifier: Apache-2.0
// What libFuzzer's main does when given files, for every compiler:
//   fuzz_<target> FILE|FOLDER…      feeds each file to the target
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

namespace fs = std::filesystem;

namespace {

void Feed(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), {});
  // Seen last when the target dies.
  std::fprintf(stderr, "%s\n", file.filename().c_str());
  // A copy of exactly this size, so that AddressSanitizer sees its end.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  int fed = 0;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      Feed(argv[i]);
      ++fed;
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      Feed(entry.path());
      ++fed;
    }
  }
  std::printf("%d files\n", fed);
  return fed > 0 ? 0 : 1;
}
