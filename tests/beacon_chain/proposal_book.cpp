#include "tests/beacon_chain/proposal_book.hpp"

#include <utility>

namespace holdfast::sim {

void ProposalBook::offer(Offer offer) {
    const Root root = offer.forged.block.root();
    offers_.insert_or_assign(root, std::move(offer));
}

const Offer* ProposalBook::find(const Root& root) const {
    const auto found = offers_.find(root);
    return found == offers_.end() ? nullptr : &found->second;
}

void ProposalBook::accept(Slot slot, const Root& root, std::uint64_t ms, const Address& wanted_payee) {
    const Offer* const offer = find(root);
    accepted_[slot] = {root, ms, offer == nullptr || offer->blinded || offer->payee == wanted_payee};
}

std::optional<Root> ProposalBook::accepted(Slot slot) const {
    const auto found = accepted_.find(slot);
    return found == accepted_.end() ? std::nullopt : std::optional{found->second.root};
}

KindScore ProposalBook::close(Slot slot, ValidatorIndex proposer, std::optional<Root> canonical) const {
    KindScore score;
    score.expected = 1;
    const auto found = accepted_.find(slot);
    if (found != accepted_.end() && canonical == found->second.root) {
        score.accepted = 1;
        score.right = found->second.right_payee ? 1 : 0;
        score.last_ms = found->second.ms;
    } else if (found != accepted_.end()) {
        score.miss(proposer.value, "orphaned");
    } else {
        const auto refused = refused_.find(slot);
        score.miss(proposer.value, refused == refused_.end() ? "never received" : refused->second);
    }
    return score;
}

void ProposalBook::prune(Slot slot) {
    std::erase_if(offers_, [slot](const auto& entry) { return entry.second.slot < slot; });
    accepted_.erase(accepted_.begin(), accepted_.lower_bound(slot));
    refused_.erase(refused_.begin(), refused_.lower_bound(slot));
}

}  // namespace holdfast::sim
