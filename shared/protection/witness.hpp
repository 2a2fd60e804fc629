// Heartbeats at a protector, and what a secondary concludes from those of a quorum. Pure; nothing of it is on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/time.hpp"

namespace holdfast::protection {

struct Heartbeat {
    std::string instance;
    std::uint64_t generation{0};
    bool on_duty{false};
    bool well{false};
};

// One instance as a protector last heard it.
struct Heard {
    Heartbeat beat;
    Duration age{};
};

// Of one protector. Remembers the last beat of at most kInstancesMax instances (the oldest goes).
class Heartbeats {
public:
    static constexpr std::size_t kInstancesMax = 64;
    void on_beat(Heartbeat beat, SteadyTime now);
    // Youngest first.
    [[nodiscard]] std::vector<Heard> heard(SteadyTime now) const;

private:
    struct Last {
        Heartbeat beat;
        SteadyTime when;
    };
    std::map<std::string, Last, std::less<>> last_;
};

// Is `instance` on duty and well, as at least `quorum` protectors heard it within `age_max`? `answers`: one for each protector
// that answered.
[[nodiscard]] bool witnessed(const std::vector<std::vector<Heard>>& answers, std::string_view instance, Duration age_max,
                             std::size_t quorum);

}  // namespace holdfast::protection
