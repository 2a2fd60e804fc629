// What most nodes say of a slot's payload. Pure. Equal numbers: that the payload is there (a node can miss what is there, but
// not see what isn't), then that its blobs are, then the lower root.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "shared/ethereum/validator_messages.hpp"

namespace holdfast::duties {

class PayloadMajority {
public:
    using Data = ethereum::PayloadAttestationData;

    void said(const Data& data) {
        const auto same = std::ranges::find(votes_, data, &std::pair<Data, std::size_t>::first);
        if (same == votes_.end()) {
            votes_.emplace_back(data, 1);
        } else {
            ++same->second;
        }
    }

    [[nodiscard]] std::optional<Data> most() const {
        if (votes_.empty()) return std::nullopt;
        return std::ranges::max_element(votes_, {}, rank)->first;
    }
    // What most say, if `silent` nodes more could not change it.
    [[nodiscard]] std::optional<Data> certain(std::size_t silent) const {
        const std::optional<Data> leader = most();
        if (!leader || silent == 0) return leader;
        std::size_t next = 0;
        for (const auto& [data, count] : votes_) {
            if (data != *leader) next = std::max(next, count);
        }
        return count(*leader) > next + silent ? leader : std::nullopt;
    }
    [[nodiscard]] std::size_t count(const Data& data) const {
        const auto same = std::ranges::find(votes_, data, &std::pair<Data, std::size_t>::first);
        return same == votes_.end() ? 0 : same->second;
    }

private:
    std::vector<std::pair<Data, std::size_t>> votes_;

    // Highest first; the root's bytes are turned round for that.
    static std::tuple<std::size_t, bool, bool, Root> rank(const std::pair<Data, std::size_t>& vote) {
        Root turned = vote.first.beacon_block_root;
        for (std::uint8_t& byte : turned.bytes) byte = static_cast<std::uint8_t>(~byte);
        return {vote.second, vote.first.payload_present, vote.first.blob_data_available, turned};
    }
};

}  // namespace holdfast::duties
