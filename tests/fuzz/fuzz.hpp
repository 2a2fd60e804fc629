// A fuzz target: eats any bytes, and ends the process if something is wrong. libFuzzer calls it with inputs that it makes up;
// the short tests call it with the files of the corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace holdfast::fuzz {

// The first byte of an input chooses; the rest is what is read.
struct Input {
    Input(const std::uint8_t* data, std::size_t size)
        : choice{size == 0 ? std::uint8_t{0} : data[0]},
          rest{reinterpret_cast<const char*>(data) + (size == 0 ? 0 : 1), size == 0 ? 0 : size - 1} {}

    std::uint8_t choice;
    std::string_view rest;
};

inline void require(bool holds, std::string_view what) {
    if (holds) return;
    std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace holdfast::fuzz
