// SHA-256 of some words and roots: how the simulated chain invents roots and seeds, the same ones in every run.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "shared/base/types.hpp"

namespace holdfast::sim {

[[nodiscard]] Root digest(std::string_view label, std::initializer_list<std::uint64_t> numbers, const Root& root = {});

}  // namespace holdfast::sim
