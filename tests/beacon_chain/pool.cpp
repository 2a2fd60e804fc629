#include "tests/beacon_chain/pool.hpp"

#include <algorithm>

namespace holdfast::sim {

void Pool::add(const ethereum::AttestationData& data, std::uint32_t validator) {
    std::vector<DataVotes>& groups = by_slot_[data.slot];
    auto group = std::find_if(groups.begin(), groups.end(), [&](const DataVotes& votes) { return votes.data == data; });
    if (group == groups.end()) group = groups.insert(groups.end(), DataVotes{data, {}});
    group->validators.push_back(validator);
}

void Pool::prune(Slot slot) { by_slot_.erase(by_slot_.begin(), by_slot_.lower_bound(slot)); }

}  // namespace holdfast::sim
