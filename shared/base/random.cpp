#include "shared/base/random.hpp"

#include <openssl/rand.h>

#include "shared/base/assert.hpp"

namespace holdfast {

std::uint64_t Random::below(std::uint64_t bound) {
    HOLDFAST_ASSERT(bound > 0);
    // Values above the last full multiple of `bound` are thrown away, so that none is likelier than another.
    const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
    std::uint64_t value = next();
    while (value >= limit) value = next();
    return value % bound;
}

std::uint64_t SystemRandom::next() {
    std::uint64_t value = 0;
    HOLDFAST_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
    return value;
}

}  // namespace holdfast
