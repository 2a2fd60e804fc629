// Once a second this protector tells every other member how far its memory has come, and hears how far theirs has and how far
// they have seen it: that is how a restored backup, a snapshot or a wrong --init is noticed, before it votes.
#pragma once

#include <string>
#include <vector>

#include "protector/membership.hpp"
#include "protector/refusals.hpp"
#include "shared/base/metrics.hpp"
#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::protector {

class Peers {
public:
    // All must outlive it.
    struct Parts {
        Clock& clock;
        net::HttpClient& http;
        Membership& membership;
        Refusals& refusals;
        Metrics& metrics;
    };
    explicit Peers(Parts parts);

    // One task for each other member, until the group is cancelled.
    void start(TaskGroup& group);
    // That member has just asked us: one that has not answered us yet is asked again at once, so that a cluster whose members
    // start one after the other needs no second more.
    void called_by(const std::string& name);

private:
    struct Peer {
        protection::ClusterMember member;
        Gauge up;
        bool heard{false};
        bool failed{false};
    };

    Parts parts_;
    std::vector<Peer> peers_;
    Notifier news_;

    Task<void> follow(Peer& peer);
    Task<Result<protection::PeerAnswer>> exchange(const Peer& peer);
    void take(Peer& peer, const Result<protection::PeerAnswer>& answer);
};

}  // namespace holdfast::protector
