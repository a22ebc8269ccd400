// SPDX-License-Identifier: Apache-2.0
// make_fuzz_seeds FOLDER: writes FOLDER/<target>/…, what each fuzz target
// starts from.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "formats/keras/h5_index.h"
#include "liteforge/interpreter.h"
#include "tests/fuzz/seed_graphs.h"
#include "tests/fuzz/seed_models.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& file, std::span<const std::byte> bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// Whether every hand-made model is sound: one that is not is a mistake here.
bool WriteModels(const fs::path& folder) {
  bool good = true;
  const auto made = HandMadeModels();
  for (const SeedModel& model : made) {
    auto interpreter = Interpreter::FromBuffer(model.bytes);
    Result<void> ready;
    if (interpreter) ready = interpreter->AllocateTensors();
    if (interpreter && ready) continue;
    const Error& error = interpreter ? ready.error() : interpreter.error();
    std::fprintf(stderr, "error: seed %s: %s\n", model.name.c_str(),
                 error.ToString().c_str());
    good = false;
  }
  const auto found = OneOperatorModels();
  for (const auto& models : {made, found}) {
    for (const SeedModel& model : models) {
      for (const char* target : {"read_tflite", "invoke"})
        Write(folder / target / model.name, model.bytes);
    }
  }
  std::printf("%zu models\n", made.size() + found.size());
  return good;
}

void WriteConfigs(const fs::path& folder) {
  const std::string texts[] = {
      "{\"class_name\": \"Sequential\", \"config\": [{\"x\": [1, -2.5e3]}]}",
      "{\"a\": NaN, \"b\": -Infinity, \"c\": [Infinity, null, true]}",
      "[\"\\u00e9\\\"NaN\\\\\", {}, []]"};
  int number = 0;
  for (const std::string& text : texts)
    Write(folder / "keras_config" / std::to_string(number++),
          std::as_bytes(std::span(text)));
}

void WriteIndex(const fs::path& folder) {
  const fs::path file = folder / "h5_index" / "index";
  fs::create_directories(file.parent_path());
  std::FILE* stream = std::fopen(file.c_str(), "wb");
  if (stream == nullptr) return;
  H5IndexWriter writer(fileno(stream));
  writer.EnterGroup("model_weights");
  writer.Attribute("layer_names", {"dense", "conv"});
  writer.EnterGroup("dense");
  writer.Dataset("kernel:0", DataType::kFloat32, {2, 3}, H5Place::kFile, 8, 24);
  writer.Dataset("bias:0", DataType::kFloat32, {3}, H5Place::kShared, 0, 12);
  writer.Unread("odd", "is of a compound type");
  writer.LeaveGroup();
  writer.LeaveGroup();
  writer.Done();
  std::fclose(stream);
}

void WriteGraphs(const fs::path& folder) {
  for (const SeedFile& seed : SeedGraphs())
    Write(folder / seed.target / seed.name,
          std::as_bytes(std::span(seed.bytes)));
}

}  // namespace
}  // namespace liteforge

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_fuzz_seeds FOLDER\n");
    return 2;
  }
  liteforge::WriteConfigs(argv[1]);
  liteforge::WriteIndex(argv[1]);
  liteforge::WriteGraphs(argv[1]);
  return liteforge::WriteModels(argv[1]) ? 0 : 1;
}
