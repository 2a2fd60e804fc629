#include "shared/protection/adoption.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "shared/protection/rules.hpp"

namespace holdfast::protection {

namespace {

using MessageNumber = std::size_t;

// Every distinct message of all answers, numbered.
class Messages {
public:
    MessageNumber number_of(const RecordGroup& group) {
        const auto key = std::make_tuple(group.mark.signing_root, group.mark.source, group.mark.target);
        const auto [place, is_new] = numbers_.try_emplace(key, all_.size());
        if (is_new) all_.push_back({group.mark, group.data, {}});
        AdoptedGroup& message = all_[place->second];
        if (!message.data) message.data = group.data;
        return place->second;
    }
    [[nodiscard]] bool adoptable(MessageNumber number) const {
        return all_[number].data && !all_[number].mark.signing_root.is_zero();
    }
    void adopt(MessageNumber number, const PublicKey& key) { all_[number].keys.push_back(key); }
    [[nodiscard]] const AttestationMark& mark(MessageNumber number) const { return all_[number].mark; }
    [[nodiscard]] std::vector<AdoptedGroup> adopted() && {
        std::erase_if(all_, [](const AdoptedGroup& group) { return group.keys.empty(); });
        return std::move(all_);
    }

private:
    std::map<std::tuple<Root, Epoch, Epoch>, MessageNumber> numbers_;
    std::vector<AdoptedGroup> all_;
};

struct Candidate {
    MessageNumber message{0};
    std::size_t holders{0};
};
// Almost always one.
using Candidates = std::vector<Candidate>;

void count_holder(Candidates& candidates, MessageNumber message) {
    for (Candidate& candidate : candidates) {
        if (candidate.message != message) continue;
        ++candidate.holders;
        return;
    }
    candidates.push_back({message, 1});
}

// The message that can still get a quorum and has most holders; null if there is none.
const Candidate* choose(const Candidates& candidates, const Messages& messages, std::size_t quorum, std::size_t members) {
    std::size_t holders = 0;
    for (const Candidate& candidate : candidates) holders += candidate.holders;
    const Candidate* best = nullptr;
    for (const Candidate& candidate : candidates) {
        const std::size_t others = holders - candidate.holders;
        if (members - std::min(others, members) < quorum) continue;
        const bool better = best == nullptr || candidate.holders > best->holders ||
                            (candidate.holders == best->holders &&
                             messages.mark(candidate.message).signing_root < messages.mark(best->message).signing_root);
        if (better) best = &candidate;
    }
    return best;
}

}  // namespace

Result<AdoptionPlan> plan_adoption(const std::vector<std::vector<RecordGroup>>& answers, std::size_t quorum,
                                   std::size_t members) {
    if (answers.size() < quorum && in_force(Rule::kAdoptionReadsQuorum)) {
        return failure(ErrorCode::kUnavailable, "only " + std::to_string(answers.size()) + " of " + std::to_string(members) +
                                                    " protectors have said what they recorded; " + std::to_string(quorum) +
                                                    " are needed");
    }
    AdoptionPlan plan;
    if (!in_force(Rule::kAdoptionTakesRecorded)) return plan;
    Messages messages;
    std::unordered_map<PublicKey, Candidates> by_key;
    for (const std::vector<RecordGroup>& answer : answers) {
        for (const RecordGroup& group : answer) {
            const MessageNumber message = messages.number_of(group);
            for (const PublicKey& key : group.keys) count_holder(by_key[key], message);
        }
    }
    for (const auto& [key, candidates] : by_key) {
        const Candidate* best = choose(candidates, messages, quorum, members);
        if (best != nullptr && messages.adoptable(best->message)) {
            messages.adopt(best->message, key);
        } else {
            plan.lost.push_back(key);
        }
    }
    plan.adopt = std::move(messages).adopted();
    // The same plan from the same answers, whatever order a hash table has.
    for (AdoptedGroup& group : plan.adopt) std::ranges::sort(group.keys);
    std::ranges::sort(plan.lost);
    return plan;
}

std::vector<PublicKey> keys_in_use(const std::vector<std::vector<RecordGroup>>& answers, std::size_t quorum) {
    std::unordered_map<PublicKey, std::size_t> holders;
    for (const std::vector<RecordGroup>& answer : answers) {
        std::unordered_set<PublicKey> of_member;
        for (const RecordGroup& group : answer) {
            if (group.data) of_member.insert(group.keys.begin(), group.keys.end());
        }
        for (const PublicKey& key : of_member) ++holders[key];
    }
    std::vector<PublicKey> in_use;
    for (const auto& [key, count] : holders) {
        if (count >= quorum) in_use.push_back(key);
    }
    std::ranges::sort(in_use);
    return in_use;
}

}  // namespace holdfast::protection
