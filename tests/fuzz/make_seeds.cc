// SPDX-License-Identifier: Apache-2.0
// make_fuzz_seeds FOLDER: writes FOLDER/<target>/…, what each fuzz target
// starts from.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/keras/h5_index.h"
#include "formats/keras/pickle_samples.h"
#include "import/keras/all_layers.h"
#include "liteforge/interpreter.h"
#include "liteforge/npy.h"
#include "tests/fuzz/seed_graphs.h"
#include "tests/fuzz/seed_models.h"
#include "tests/zip.h"

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

void WriteText(const fs::path& file, std::string_view text) {
  Write(file, std::as_bytes(std::span(text)));
}

// A model of a layer of each kind.
void WriteKerasModels(const fs::path& folder) {
  int number = 0;
  for (const std::string_view layer : KerasLayerNames()) {
    const std::string shape =
        R"("batch_input_shape":[null,4,4,2],"name":"l","units":2,"filters":2,)"
        R"("kernel_size":[2,2],"padding":"same","size":[2,2],"height":2,)"
        R"("width":2,"target_shape":[32],"dims":[2,1,3],"axis":-1)";
    WriteText(folder / "keras_model" / std::to_string(number++),
              R"(2{"class_name":"Sequential","config":[{"class_name":")" +
                  std::string(layer) + R"(","config":{)" + shape + "}}]}");
  }
}

void WriteArrays(const fs::path& folder) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  fs::create_directories(folder / "npy");
  static_cast<void>(WriteNpy(folder / "npy" / "floats", DataType::kFloat32,
                             {2, 3}, std::as_bytes(std::span(values))));
  std::ifstream stream(folder / "npy" / "floats", std::ios::binary);
  const std::string npy((std::istreambuf_iterator<char>(stream)), {});
  const std::string archive = liteforge_tests::Zip({{"a.npy", npy}});
  WriteText(folder / "npz" / "one", archive);
  WriteText(folder / "keras_archive" / "small",
            liteforge_tests::Zip(
                {{"metadata.json", R"({"keras_version":"3.4.1"})"},
                 {"config.json",
                  R"({"class_name":"Sequential","config":{"layers":[]}})"},
                 {"model.weights.npz", archive}}));
  WriteText(folder / "pickle" / "protocol2",
            {kProtocol2, sizeof(kProtocol2) - 1});
  WriteText(folder / "pickle" / "protocol3",
            {kProtocol3, sizeof(kProtocol3) - 1});
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
  liteforge::WriteKerasModels(argv[1]);
  liteforge::WriteArrays(argv[1]);
  liteforge::WriteIndex(argv[1]);
  liteforge::WriteGraphs(argv[1]);
  return liteforge::WriteModels(argv[1]) ? 0 : 1;
}
