// Goal: what the fuzzer has found worth keeping is still digested. Method: every file of one target's corpus through the
// target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> corpus() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{HOLDFAST_CORPUS}) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(Corpus, IsDigested) {
    const auto files = corpus();
    EXPECT_FALSE(files.empty());
    for (const fs::path& file : files) {
        std::ifstream stream{file, std::ios::binary};
        const std::vector<char> bytes{std::istreambuf_iterator<char>{stream}, {}};
        // Before it, so that a crash can be told from its name.
        std::printf("%s\n", file.filename().c_str());
        std::fflush(stdout);
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
}

}  // namespace
