// The network side of --rejoin: asks all other members for everything they know, again and again until enough of them have
// answered at the same time (protection/rejoin.hpp decides). Nothing is on disk until then.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protector/chain_clock.hpp"
#include "shared/base/result.hpp"
#include "shared/base/task_group.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/rejoin.hpp"

namespace holdfast::protector {

class Rejoining {
public:
    // Both must outlive it.
    Rejoining(Clock& clock, net::HttpClient& http, protection::Cluster cluster, std::string node_id);

    // Two slots: what the lost memory said yes to may still be on its way to the others, and no client counts answers to a
    // request for longer than a slot (docs/quorum-model.md). To be called before run().
    Task<void> wait_for_requests_in_flight();
    // Returns when the plan stands, or with kRefused (a wrong clock, a cluster of one). Says every few seconds who is missing.
    Task<Result<protection::RejoinPlan>> run();
    // What it waits for, as a sentence.
    [[nodiscard]] const std::string& detail() const { return detail_; }

private:
    struct Round;

    Clock& clock_;
    net::HttpClient& http_;
    protection::Cluster cluster_;
    std::string node_id_;
    ChainClock chain_;
    std::string detail_{"it asks the other members for what they know"};

    Task<Result<protection::RejoinPlan>> try_once();
    static Task<void> ask(net::HttpClient& http, net::HttpRequest request, SteadyTime deadline, std::shared_ptr<Round> round,
                          std::size_t index, Clock& clock, ChainClock chain);
};

}  // namespace holdfast::protector
