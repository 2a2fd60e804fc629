#include "shared/ethereum/interop_keys.hpp"

#include <blst.h>

#include "shared/ethereum/hash.hpp"

namespace holdfast::ethereum {

std::array<std::uint8_t, 32> interop_secret(std::uint64_t index) {
    std::array<std::uint8_t, 32> number{};
    for (std::size_t i = 0; i < 8; ++i) number[i] = static_cast<std::uint8_t>(index >> (8 * i));
    const Root digest = sha256(number);
    blst_scalar scalar;
    blst_scalar_from_le_bytes(&scalar, digest.data(), Root::size());  // reduces modulo the order
    std::array<std::uint8_t, 32> secret{};
    blst_bendian_from_scalar(secret.data(), &scalar);
    return secret;
}

}  // namespace holdfast::ethereum
