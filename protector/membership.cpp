#include "protector/membership.hpp"

#include <utility>

#include "shared/base/log.hpp"
#include "shared/base/systemd.hpp"

namespace holdfast::protector {

using protection::Floor;
using protection::Standing;

Membership::Membership(Identity identity, Store& store, const Clock& clock)
    : identity_{std::move(identity)},
      cluster_id_{identity_.cluster.id()},
      store_{store},
      clock_{clock},
      chain_{identity_.cluster.chain},
      standing_{identity_.cluster.members.size(), identity_.cluster.quorum} {}

protection::RequestHead Membership::head() const {
    protection::RequestHead head;
    head.cluster = cluster_id_;
    head.instance = identity_.node_id;
    head.genesis_validators_root = identity_.cluster.chain.genesis_validators_root;
    return head;
}

void Membership::on_seen(const std::string& who, bool is_peer, protection::Position seen_of_us) {
    const Standing::State before = standing_.state();
    standing_.on_seen(who, is_peer, seen_of_us, store_.position());
    if (standing_.state() == before) return;
    if (stale()) {
        log_error("this protector does not vote any more: {}", standing_.explain());
    } else {
        log_info("voting: {} other members have said how far they have seen this protector", standing_.peers_heard());
    }
    announce();
}

Task<void> Membership::note_peer(std::string node, protection::Position position) {
    if (position <= seen_of(node)) co_return;
    Command command = SeenCommand{std::move(node), position};
    co_await store_.apply(std::move(command));
}

bool Membership::rejoining() const {
    const Floor floor = store_.facts().floor;
    const protection::ChainTime at = now();
    return floor != Floor{} && (floor.target >= at.epoch || floor.slot >= at.slot);
}

std::string Membership::state() const {
    switch (standing_.state()) {
        case Standing::State::kStarting: return "starting";
        case Standing::State::kStale: return "stale";
        case Standing::State::kVoting: break;
    }
    return rejoining() ? "rejoining" : "voting";
}

std::string Membership::detail() const {
    if (!votes()) return standing_.explain();
    if (!rejoining()) return {};
    const Floor floor = store_.facts().floor;
    return "it has rejoined: it votes above target epoch " + to_string(floor.target) + " and block slot " +
           to_string(floor.slot);
}

void Membership::announce() const {
    const std::string why = detail();
    notify_status(state() + (why.empty() ? "" : ": " + why));
}

}  // namespace holdfast::protector
