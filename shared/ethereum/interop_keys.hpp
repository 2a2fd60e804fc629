// The well-known keys of test chains (eth2.0-pm, "interop mocked start"). Everybody knows them: never for a real chain.
#pragma once

#include <array>
#include <cstdint>

namespace holdfast::ethereum {

// SHA-256 of the index (32 bytes, little-endian), read as a little-endian number, modulo the group's order; big-endian.
[[nodiscard]] std::array<std::uint8_t, 32> interop_secret(std::uint64_t index);

}  // namespace holdfast::ethereum
