// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .tflite that is loaded, allocated, run, resized and run
// again. Memory is limited by max_memory_bytes; a run is cancelled after a
// while, so that only a single operator that does not end is a finding.
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "liteforge/interpreter.h"
#include "tests/fuzz/target.h"

namespace liteforge {
namespace {

// 64 KiB keep the largest product of two tensors at 10^9 steps.
constexpr size_t kMaxMemoryBytes = 64 << 10;
constexpr auto kPatience = std::chrono::milliseconds(500);

// Cancels the interpreter it is given again and again once the patience is
// over.
class Watchdog {
 public:
  explicit Watchdog(Interpreter& interpreter)
      : thread_([this, &interpreter] { Watch(interpreter); }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

 private:
  void Watch(Interpreter& interpreter) {
    auto wait = kPatience;
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, wait, [&] { return done_; })) {
      interpreter.Cancel();
      wait = std::chrono::milliseconds(10);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

// Values for the inputs: the file's own bytes, from its end backwards.
class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> file) : file_(file) {}
  uint8_t Next() {
    if (at_ == 0) at_ = file_.size();
    return file_.empty() ? 0 : file_[--at_];
  }

 private:
  std::span<const uint8_t> file_;
  size_t at_ = 0;
};

void SetInputs(Interpreter& interpreter, Bytes& bytes) {
  for (const TensorDetails& input : interpreter.InputDetails()) {
    const int64_t size = ByteSize(input.dtype, input.shape.elements());
    if (input.dtype == DataType::kString) {
      std::vector<std::string> texts(
          static_cast<size_t>(std::max<int64_t>(input.shape.elements(), 0)));
      for (std::string& text : texts) text.assign(bytes.Next() % 4, 'a');
      (void)interpreter.SetStrings(input.index, texts);
    } else if (size >= 0) {
      std::vector<std::byte> values(static_cast<size_t>(size));
      for (std::byte& value : values) value = std::byte{bytes.Next()};
      (void)interpreter.SetTensor(input.index, input.dtype, input.shape,
                                  values);
    }
  }
}

// One dimension of every other input gets another size.
void Resize(Interpreter& interpreter, Bytes& bytes) {
  for (const TensorDetails& input : interpreter.InputDetails()) {
    Shape shape = input.shape;
    if (shape.rank() < 1 || bytes.Next() % 2 == 0) continue;
    shape.set_dim(bytes.Next() % shape.rank(), bytes.Next() % 9);
    (void)interpreter.ResizeInputTensor(input.index, shape);
  }
}

void ReadOutputs(const Interpreter& interpreter) {
  unsigned sum = 0;
  for (const TensorDetails& output : interpreter.OutputDetails()) {
    if (output.dtype == DataType::kString) {
      if (const auto texts = interpreter.Strings(output.index))
        sum += static_cast<unsigned>(texts->size());
    } else if (const auto read = interpreter.GetTensor(output.index)) {
      // A known shape promises all of its bytes.
      const int64_t size = ByteSize(output.dtype, output.shape.elements());
      if (size >= 0 && static_cast<size_t>(size) != read->size()) std::abort();
      for (const std::byte b : *read) sum += std::to_integer<unsigned>(b);
    }
  }
  volatile unsigned read = sum;  // so that the reads happen
  (void)read;
}

void Run(Interpreter& interpreter, Bytes& bytes) {
  if (!interpreter.AllocateTensors()) return;
  for (const bool zeros : {true, false}) {
    if (!zeros) SetInputs(interpreter, bytes);
    if (interpreter.Invoke()) ReadOutputs(interpreter);
  }
}

}  // namespace
}  // namespace liteforge

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace liteforge;
  const std::span<const uint8_t> file(data, size);
  auto interpreter = Interpreter::FromBuffer(
      std::as_bytes(file), {.reference_kernels = size % 2 == 1,
                            .max_memory_bytes = kMaxMemoryBytes});
  if (!interpreter) return 0;
  const Watchdog watchdog(*interpreter);
  Bytes bytes(file);
  Run(*interpreter, bytes);
  Resize(*interpreter, bytes);
  Run(*interpreter, bytes);
  return 0;
}
