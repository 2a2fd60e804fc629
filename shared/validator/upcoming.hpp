// What lies before our validators, as far as it is known: for handovers and for the question whether a restart is safe now.
#pragma once

#include <optional>

#include "shared/base/types.hpp"

namespace holdfast::validator {

struct Upcoming {
    bool known{false};                  // the proposer and attester duties of this epoch are
    std::optional<Slot> next_proposal;  // this slot or later, up to the end of the next epoch where that is known
    std::optional<Slot> next_attestation;
    std::optional<Epoch> sync_committee_until;
};

}  // namespace holdfast::validator
