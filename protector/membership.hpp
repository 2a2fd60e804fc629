// This protector as a member of its cluster: who it is, where the chain is by its clock, whether it may vote, and what it has
// seen of the other members. I/O thread only.
#pragma once

#include <string>

#include "protector/chain_clock.hpp"
#include "protector/store.hpp"
#include "shared/base/time.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/position.hpp"

namespace holdfast::protector {

class Membership {
public:
    // `store` and `clock` must outlive it.
    Membership(Identity identity, Store& store, const Clock& clock);

    [[nodiscard]] const std::string& node() const { return identity_.node_id; }
    [[nodiscard]] const protection::Cluster& cluster() const { return identity_.cluster; }
    [[nodiscard]] const protection::ClusterId& cluster_id() const { return cluster_id_; }
    [[nodiscard]] protection::ChainTime now() const { return chain_.at(clock_.now()); }
    [[nodiscard]] WallTime wall() const { return clock_.now(); }

    [[nodiscard]] protection::Position position() const { return store_.position(); }

    // Of what it asks other members.
    [[nodiscard]] protection::RequestHead head() const;

    // `who` says how far it has seen this protector. A change of what follows from that is logged, and told to systemd.
    void on_seen(const std::string& who, bool is_peer, protection::Position seen_of_us);
    // Another member says where it is.
    Task<void> note_peer(std::string node, protection::Position position);
    [[nodiscard]] protection::Position seen_of(const std::string& node) const { return store_.facts().seen.of(node); }

    [[nodiscard]] bool votes() const { return standing_.state() == protection::Standing::State::kVoting; }
    [[nodiscard]] bool stale() const { return standing_.state() == protection::Standing::State::kStale; }
    // Its floor is still ahead of its clock: what it knows doesn't count for another member's rejoin.
    [[nodiscard]] bool rejoining() const;
    // "starting", "voting", "rejoining" or "stale".
    [[nodiscard]] std::string state() const;
    // Why it is not "voting", as a sentence; empty if it is.
    [[nodiscard]] std::string detail() const;
    // Tells systemd the state.
    void announce() const;

private:
    Identity identity_;
    protection::ClusterId cluster_id_;
    Store& store_;
    const Clock& clock_;
    ChainClock chain_;
    protection::Standing standing_;
};

}  // namespace holdfast::protector
