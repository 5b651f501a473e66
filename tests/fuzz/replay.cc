// SPDX-License-Identifier: Apache-2.0
// All fuzz targets in one program of the ordinary build, for who has no time or no clang: each
// corpus file, and then changed ones for a while. It sees no coverage; libFuzzer does (the preset
// "fuzz").   fuzz_replay TARGET CORPUS [SECONDS [SEED]]
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using Target = int(const std::uint8_t*, std::size_t);
#define CAISSON_FUZZ_TARGET(name) extern "C" Target Fuzz_##name;
#include "fuzz_targets.inc"
#undef CAISSON_FUZZ_TARGET

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Row {
  const char* name;
  Target* run;
};
constexpr Row kTargets[] = {
#define CAISSON_FUZZ_TARGET(name) {#name, Fuzz_##name},
#include "fuzz_targets.inc"
#undef CAISSON_FUZZ_TARGET
};

Target* Find(const std::string& name) {
  for (const Row& row : kTargets)
    if (name == row.name) return row.run;
  return nullptr;
}

std::vector<Bytes> ReadCorpus(const std::string& folder) {
  std::vector<Bytes> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// One to eight small harms to a file of the corpus.
class Mutator {
 public:
  Mutator(const std::vector<Bytes>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  Bytes Next() {
    Bytes bytes = corpus_[Below(corpus_.size())];
    for (std::size_t harms = 1 + Below(8); harms > 0; --harms) Harm(bytes);
    return bytes;
  }

 private:
  std::size_t Below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void Harm(Bytes& bytes) {
    static constexpr std::uint8_t kOdd[] = {0,   1,   0x7f, 0x80, 0xff, '"', '{', '}', '[', ',',
                                            ':', '-', '/',  '\\', '\n', ' ', '9', '0', '.'};
    const std::size_t at = Below(bytes.size() + 1);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t rest = bytes.size() - at;
    switch (Below(5)) {
      case 0:
        if (rest > 0) *place ^= static_cast<std::uint8_t>(1U << Below(8));
        break;
      case 1:
        if (rest > 0) *place = kOdd[Below(std::size(kOdd))];
        break;
      case 2: bytes.insert(place, kOdd[Below(std::size(kOdd))]); break;
      case 3: bytes.erase(place, place + static_cast<std::ptrdiff_t>(Below(rest + 1))); break;
      default: {
        const Bytes& other = corpus_[Below(corpus_.size())];
        const auto from = static_cast<std::ptrdiff_t>(Below(other.size() + 1));
        const auto end = from + static_cast<std::ptrdiff_t>(
                                    Below(other.size() - static_cast<std::size_t>(from) + 1));
        bytes.insert(place, other.begin() + from, other.begin() + end);
      }
    }
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  Target* const target = argc > 2 ? Find(argv[1]) : nullptr;
  const std::vector<Bytes> corpus = argc > 2 ? ReadCorpus(argv[2]) : std::vector<Bytes>();
  if (target == nullptr || corpus.empty()) {
    std::cerr << "fuzz_replay TARGET CORPUS [SECONDS [SEED]]: no such target, or an empty corpus\n";
    return 2;
  }
  const double seconds = argc > 3 ? std::atof(argv[3]) : 1;
  const std::uint64_t seed =
      argc > 4 ? std::strtoull(argv[4], nullptr, 10) : std::random_device()();
  std::cout << argv[1] << ": seed " << seed << std::endl;  // at once: it may not live to the end
  for (const Bytes& bytes : corpus) (void)target(bytes.data(), bytes.size());
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  Mutator mutator(corpus, seed);
  std::uint64_t runs = 0;
  for (; Clock::now() < end; ++runs) {
    const Bytes bytes = mutator.Next();
    (void)target(bytes.data(), bytes.size());
  }
  std::cout << corpus.size() << " files of the corpus, " << runs << " changed ones\n";
  return 0;
}
