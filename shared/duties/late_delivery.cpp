#include "shared/duties/late_delivery.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::duties {

void LateDelivery::published(Slot slot, const Root& block, std::vector<bool> knew,
                             const std::vector<ethereum::SingleAttestation>& attestations, ethereum::ForkName fork,
                             SteadyTime deadline) {
    std::erase_if(votes_, [slot](const Votes& votes) { return votes.slot < slot; });
    if (std::ranges::find(knew, false) == knew.end()) return;
    auto body = std::make_shared<const std::string>(beacon::encode_attestations(attestations));
    votes_.push_back({slot, block, std::move(knew), std::move(body), fork, deadline});
}

void LateDelivery::on_head(std::size_t node, const beacon::HeadEvent& event) {
    for (Votes& votes : votes_) {
        if (votes.block != event.block || node >= votes.knew.size() || votes.knew[node]) continue;
        votes.knew[node] = true;
        sending_.spawn("votes once more", send(node, votes));
    }
}

Task<void> LateDelivery::send(std::size_t node, Votes votes) {
    beacon::BeaconNode& to = nodes_.node(node);
    const Result<void> sent = co_await to.publish_attestations(votes.body, votes.fork, votes.deadline);
    if (!sent) log_debug("slot {}: votes sent once more: {}", votes.slot.value, sent.error().message);
}

Task<void> LateDelivery::stop() {
    sending_.cancel();
    co_await sending_.join();
}

}  // namespace holdfast::duties
