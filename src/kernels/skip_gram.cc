// SPDX-License-Identifier: Apache-2.0
// SKIP_GRAM: from one string, every selection of ngram_size words (with
// include_all_ngrams also of fewer) in order, at most max_skip_size words left
// out between neighbours, joined by blanks. None when there are fewer words
// than ngram_size. Order: depth first, longer selections before the shorter
// ones they extend.
// Source: tflite/kernels/skip_gram.cc.
#include <cctype>
#include <new>
#include <string>
#include <vector>

#include "kernels/string_tensor.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type != DataType::kString) {
    return InvalidModel("the input must be a string");
  }
  const auto& options = k.options<SkipGramOptions>();
  if (options.ngram_size < 1 || options.max_skip_size < 0) {
    return InvalidModel(
        "ngram_size must be positive, max_skip_size not below "
        "0");
  }
  return {};
}

bool IsBlank(char c) { return std::isspace(static_cast<unsigned char>(c)); }

// As TensorFlow Lite splits: a blank at the very start hides the word after it
// (or stays on it, when it is the only word).
std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (!IsBlank(text[i])) continue;
    if (i > begin && !IsBlank(text[begin])) {
      words.push_back(text.substr(begin, i - begin));
    }
    begin = i + 1;
  }
  if (begin < text.size()) words.push_back(text.substr(begin));
  return words;
}

class Grams {
 public:
  Grams(const SkipGramOptions& options, std::vector<std::string_view> words)
      : options_(options), words_(std::move(words)) {}

  // Selections are at most ngram_size deep, and ngram_size words exist.
  std::vector<std::string> Collect() {
    if (words_.size() < static_cast<size_t>(options_.ngram_size)) return {};
    for (size_t first = 0; first < words_.size(); ++first) {
      Extend(first, std::string(words_[first]), 1);
    }
    return std::move(grams_);
  }

 private:
  void Extend(size_t last, const std::string& text, int32_t size) {
    if (size < options_.ngram_size) {
      const auto skip = static_cast<size_t>(options_.max_skip_size);
      for (size_t next = last + 1;
           next < words_.size() && next - last - 1 <= skip; ++next) {
        Extend(next, text + " " + std::string(words_[next]), size + 1);
      }
    }
    if (size == options_.ngram_size || options_.include_all_ngrams) {
      grams_.push_back(text);
    }
  }

  const SkipGramOptions& options_;
  std::vector<std::string_view> words_;
  std::vector<std::string> grams_;
};

void Eval(KernelContext& k) noexcept {
  try {
    const bool any = StringCount(k.Input(0)) > 0;
    const auto text = any ? StringAt(k.Input(0), 0) : std::string_view();
    Grams grams(k.options<SkipGramOptions>(), SplitWords(text));
    const std::vector<std::string> found = grams.Collect();
    const std::vector<std::string_view> views(found.begin(), found.end());
    k.Output(0).shape = Shape{static_cast<int32_t>(views.size())};
    SetStrings(k, k.Output(0), views);
  } catch (const std::bad_alloc&) {
    k.FailEval("not enough memory for its strings");
  }
}

}  // namespace

extern const Kernel kSkipGram{Op::kSkipGram, "string", Prepare, Eval};

}  // namespace liteforge
