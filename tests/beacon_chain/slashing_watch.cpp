#include "tests/beacon_chain/slashing_watch.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

using ethereum::AttestationData;

bool surrounds(const AttestationData& outer, const AttestationData& inner) {
    return outer.source.epoch < inner.source.epoch && inner.target.epoch < outer.target.epoch;
}

}  // namespace

void SlashingWatch::add(std::uint32_t validator, const AttestationData& data) {
    std::vector<AttestationData>& seen = seen_[validator];
    if (std::find(seen.rbegin(), seen.rend(), data) != seen.rend()) return;
    for (const AttestationData& other : seen) {
        if (other.target.epoch == data.target.epoch) pairs_.push_back({validator, "double vote", other, data});
        if (surrounds(other, data) || surrounds(data, other)) pairs_.push_back({validator, "surround", other, data});
    }
    seen.push_back(data);
}

void SlashingWatch::add_block(std::uint32_t validator, Slot slot, const Root& root) {
    std::vector<Root>& seen = blocks_[{validator, slot}];
    if (std::ranges::find(seen, root) != seen.end()) return;
    for (const Root& other : seen) {
        const ethereum::AttestationData first{slot, {}, other, {}, {}};
        const ethereum::AttestationData second{slot, {}, root, {}, {}};
        pairs_.push_back({validator, "double proposal", first, second});
    }
    seen.push_back(root);
}

}  // namespace holdfast::sim
