#include "shared/beacon/chain_vote.hpp"

#include <algorithm>

namespace holdfast::beacon {

std::string difference(const ChainIdentity& other, const ChainIdentity& ours) {
    const ethereum::Genesis& a = other.genesis;
    const ethereum::Genesis& b = ours.genesis;
    if (a.validators_root != b.validators_root) {
        return "genesis validators root is " + to_short_hex(a.validators_root) + " instead of " +
               to_short_hex(b.validators_root);
    }
    if (a.time != b.time) {
        const auto seconds = [](WallTime time) { return std::to_string(time.time_since_epoch() / std::chrono::seconds{1}); };
        return "genesis time is " + seconds(a.time) + " instead of " + seconds(b.time);
    }
    if (a.fork_version != b.fork_version) {
        return "genesis fork version is " + to_hex(a.fork_version) + " instead of " + to_hex(b.fork_version);
    }
    return other.spec.difference(ours.spec);
}

std::size_t ChainVote::answers() const {
    return static_cast<std::size_t>(std::ranges::count_if(answers_, [](const auto& answer) { return answer.has_value(); }));
}

std::size_t ChainVote::votes(const ChainIdentity& identity) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(answers_, [&](const auto& answer) { return answer && difference(*answer, identity).empty(); }));
}

const ChainIdentity* ChainVote::most_common() const {
    const ChainIdentity* best = nullptr;
    for (const auto& answer : answers_) {
        if (answer && (best == nullptr || votes(*answer) > votes(*best))) best = &*answer;
    }
    return best;
}

// Votes of the chain that comes second; 0 if there is only one.
std::size_t ChainVote::runner_up_votes() const {
    const ChainIdentity* best = most_common();
    std::size_t second = 0;
    for (const auto& answer : answers_) {
        if (answer && !difference(*answer, *best).empty()) second = std::max(second, votes(*answer));
    }
    return second;
}

const ChainIdentity* ChainVote::winner() const {
    const ChainIdentity* best = most_common();
    if (best == nullptr || runner_up_votes() == votes(*best)) return nullptr;
    return best;
}

bool ChainVote::settled() const {
    const ChainIdentity* best = winner();
    const std::size_t silent = answers_.size() - answers();
    return best != nullptr ? votes(*best) > runner_up_votes() + silent : silent == 0;
}

}  // namespace holdfast::beacon
