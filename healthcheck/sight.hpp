// What an instance concludes from the heartbeats that a quorum of protectors has heard. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "healthcheck/times.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/witness.hpp"

namespace holdfast::healthcheck {

struct Sight {
    // Q protectors have answered; all else is false without.
    bool enough{false};
    // Nobody is on duty for sure: the highest generation is our own and nobody else says to be on duty (one that only a few
    // members promised us has fenced nobody), or there is none yet, or its holder itself says that it is off duty (in it).
    bool vacant{false};
    // Another instance was on duty when it was last heard, by any protector within `vacancy`.
    bool other_on_duty{false};
    // ... on duty and well within `witness_age`, by Q of them: it performs.
    bool other_performs{false};
    // Another instance is off duty and says that it could go on duty this second, by Q within `witness_age`.
    bool other_ready{false};
    std::string other;     // its name, if any was heard
    std::string sentence;  // what was seen, for people
};

// `answers`: one for each protector that answered; `highest`: the highest tenure that any of them named; `self`: our name.
[[nodiscard]] Sight look(const std::vector<std::vector<protection::Heard>>& answers, const protection::Tenure& highest,
                         std::string_view self, std::size_t quorum, const FailoverTimes& times);

}  // namespace holdfast::healthcheck
