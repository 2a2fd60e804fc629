#include "tests/beacon_chain/pool.hpp"

#include <algorithm>

#include "tests/beacon_chain/merkle.hpp"

namespace holdfast::sim {

void Pool::add(const ethereum::AttestationData& data, std::uint32_t validator, const Signature& signature) {
    std::vector<DataVotes>& groups = by_slot_[data.slot];
    auto group = std::find_if(groups.begin(), groups.end(), [&](const DataVotes& votes) { return votes.data == data; });
    if (group == groups.end()) group = groups.insert(groups.end(), DataVotes{data, root_of(data), {}, {}});
    group->validators.push_back(validator);
    group->signatures.push_back(signature);
}

const DataVotes* Pool::find(Slot slot, const Root& data_root) const {
    const auto groups = by_slot_.find(slot);
    if (groups == by_slot_.end()) return nullptr;
    const auto group = std::ranges::find(groups->second, data_root, &DataVotes::data_root);
    return group == groups->second.end() ? nullptr : &*group;
}

void Pool::prune(Slot slot) { by_slot_.erase(by_slot_.begin(), by_slot_.lower_bound(slot)); }

}  // namespace holdfast::sim
