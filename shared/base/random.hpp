// Chance as a dependency: the machine's for the programs, a seeded one for simulations.
#pragma once

#include <cstdint>
#include <random>

namespace holdfast {

class Random {
public:
    Random() = default;
    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    virtual ~Random() = default;

    virtual std::uint64_t next() = 0;
    // Evenly from 0 to bound - 1; bound > 0.
    std::uint64_t below(std::uint64_t bound);
    // True in `percent` of 100 cases.
    bool chance(unsigned percent) { return below(100) < percent; }
};

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_{seed} {}
    std::uint64_t next() override { return engine_(); }

private:
    std::mt19937_64 engine_;
};

// From the operating system (OpenSSL's generator); fit for secrets. Ends the process if there is none.
class SystemRandom final : public Random {
public:
    std::uint64_t next() override;
};

}  // namespace holdfast
