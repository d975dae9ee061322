// A main() for the fuzzers where libFuzzer is not: replays the corpus, then mutates it with a fixed seed for some seconds. Used in the
// build with sanitizers of continuous integration; `./dev fuzz` uses libFuzzer.
//
//   NAME_fuzz CORPUS_FOLDER FINDINGS_FOLDER     BYWASH_FUZZ_SECONDS (5), BYWASH_FUZZ_SEED (1)
//
// The input that was running when a sanitizer or abort() ended the program is left in FINDINGS_FOLDER/NAME_fuzz.input.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr size_t kInputMax = 4096;

std::string running;  // the input
std::string findings_file;

void keep_input() {
  if (FILE* file = std::fopen(findings_file.c_str(), "wb")) {
    std::fwrite(running.data(), 1, running.size(), file);
    std::fclose(file);
    std::fprintf(stderr, "The input is in %s (%zu bytes)\n", findings_file.c_str(), running.size());
  }
}

void on_abort(int) {
  keep_input();
  std::_Exit(134);
}

void run_one(std::string input) {
  running = std::move(input);
  // A copy of exactly its size on the heap: the sanitizer sees a read past its end.
  std::vector<uint8_t> bytes(running.begin(), running.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  size_t below(size_t n) { return n == 0 ? 0 : std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  std::string mutate(std::string bytes, const std::string& other) {
    const size_t changes = 1 + below(4);
    for (size_t i = 0; i < changes; ++i) change(&bytes, other);
    if (bytes.size() > kInputMax) bytes.resize(kInputMax);
    return bytes;
  }

 private:
  void change(std::string* bytes, const std::string& other) {
    static constexpr unsigned char kTelling[] = {0, 1, 2, 7, 8, 9, 10, 15, 16, 34, 44, 45, 48, 57, 58, 91, 92, 93, 123, 125, 126, 127, 128, 129, 192, 224, 237, 240, 254, 255};
    const size_t at = below(bytes->size() + 1);
    switch (below(8)) {
      case 0: if (at < bytes->size()) (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << below(8))); break;
      case 1: if (at < bytes->size()) (*bytes)[at] = static_cast<char>(kTelling[below(std::size(kTelling))]); break;
      case 2: bytes->insert(at, 1, static_cast<char>(kTelling[below(std::size(kTelling))])); break;
      case 3: bytes->erase(at, 1 + below(8)); break;
      case 4: bytes->resize(at); break;
      case 5: bytes->insert(at, bytes->substr(below(bytes->size() + 1), 1 + below(16))); break;
      case 6: bytes->insert(at, other.substr(below(other.size() + 1), 1 + below(32))); break;
      // Depth and length: the same few bytes many times.
      default: {
        const std::string piece = bytes->substr(at, 1 + below(4));
        std::string many;
        for (size_t n = below(200); n > 0; --n) many += piece;
        bytes->insert(at, many);
      }
    }
  }
  std::mt19937_64 random_;
};

long number_of(const char* name, long fallback) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "Usage: %s CORPUS_FOLDER FINDINGS_FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::string> paths, corpus;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "No corpus in %s\n", argv[1]);
    return 2;
  }
  std::filesystem::create_directories(argv[2]);
  findings_file = std::string(argv[2]) + "/" + std::filesystem::path(argv[0]).filename().string() + ".input";
  std::signal(SIGABRT, on_abort);
  __sanitizer_set_death_callback(keep_input);
  for (const std::string& input : corpus) run_one(input);

  const auto seconds = std::chrono::seconds(number_of("BYWASH_FUZZ_SECONDS", 5));
  Mutator mutator(static_cast<uint64_t>(number_of("BYWASH_FUZZ_SEED", 1)));
  const size_t seeds = corpus.size();
  size_t runs = 0;
  for (const auto until = std::chrono::steady_clock::now() + seconds; std::chrono::steady_clock::now() < until; ++runs) {
    run_one(mutator.mutate(corpus[mutator.below(corpus.size())], corpus[mutator.below(corpus.size())]));
    // Some mutants are bred from further.
    if (mutator.below(50) != 0) continue;
    if (corpus.size() < seeds * 8) corpus.push_back(running);
    else corpus[seeds + mutator.below(corpus.size() - seeds)] = running;
  }
  std::printf("%zu inputs of the corpus, %zu mutants: nothing found\n", seeds, runs);
  return 0;
}
