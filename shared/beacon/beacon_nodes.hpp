// Many beacon nodes as one: ask all, decide on enough, never wait for the slow. Each node is watched (genesis, spec, head slot,
// optimistic, data it gave); one that is not fit is left out of decisions and comes back by itself when it is fit again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/channel.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_node.hpp"

namespace holdfast::beacon {

// Why a node is in or out.
enum class Fitness {
    kUnknown = 0,  // not asked yet
    kFit,
    kUnreachable,  // no answer
    kForeign,      // another genesis or spec: never used
    kBehind,       // head slot behind the other nodes' or the clock's
    kOptimistic,   // its execution node has not verified its head
    kFailing,      // answers with errors
};
[[nodiscard]] std::string_view to_string(Fitness fitness);

struct NodeState {
    std::size_t index{0};
    std::string url;
    Fitness fitness{Fitness::kUnknown};
    std::string detail;  // one sentence
    Slot head_slot;
    int score{0};  // 0..100
    std::string version;
};

// An event with the node it came from and when it was received.
struct NodeEventAt {
    std::size_t node{0};
    SteadyTime received;
    NodeEvent event;
};

template <class T>
struct NodeAnswer {
    std::size_t node{0};
    Result<T> result;
};

struct BeaconNodesOptions {
    Duration call_timeout{std::chrono::seconds{10}};
    Duration poll_interval{std::chrono::seconds{1}};  // how often each node's head slot is asked for
    std::uint64_t behind_slots_max{2};                // further behind the best head (or the clock, with blocks seen) is unfit
    Duration reconnect_min{std::chrono::milliseconds{100}};
    Duration reconnect_max{std::chrono::seconds{5}};
    Duration hedge_after{std::chrono::milliseconds{500}};  // so long one node may think before the next is asked, too
};

class BeaconNodes {
public:
    // `nodes` in the order of the configuration. Everything passed must outlive the object.
    BeaconNodes(Executor executor, Clock& clock, BeaconNodesOptions options, std::vector<std::unique_ptr<BeaconNode>> nodes);
    BeaconNodes(const BeaconNodes&) = delete;
    BeaconNodes& operator=(const BeaconNodes&) = delete;
    ~BeaconNodes();

    // Asks all for genesis and spec until `threshold` agree on the most common pair, or the deadline. A node that answers with
    // another genesis or spec is kForeign, now or whenever it is first reached. kUnavailable with a sentence per node if too
    // few.
    Task<Result<void>> connect(std::size_t threshold, SteadyTime deadline);
    [[nodiscard]] const ethereum::ChainSpec& spec() const;
    [[nodiscard]] const ethereum::Genesis& genesis() const;

    // Starts watching and following events (after connect()); ended by stop().
    void start();
    Task<void> stop();

    [[nodiscard]] std::vector<NodeState> states() const;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t fit_count() const;
    [[nodiscard]] BeaconNode& node(std::size_t index);
    [[nodiscard]] bool fit(std::size_t index) const;
    // A use of the node went well or failed: moves its score; enough failures in a row make it kFailing until a poll succeeds.
    void report(std::size_t index, const Result<void>& outcome);

    // Every head and reorganisation event of every node that is not foreign, as received (not deduplicated). One consumer.
    [[nodiscard]] Channel<NodeEventAt>& events();

    // The first success among fit nodes, best score first, the next one asked when one fails or has not answered after
    // `hedge_after`; all failures in one message otherwise.
    Task<Result<std::vector<Validator>>> validators(std::vector<PublicKey> keys, SteadyTime deadline);
    Task<Result<AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);
    Task<Result<ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline);
    Task<Result<std::vector<SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);

    // Sent to all nodes that are not foreign; returns as soon as one accepted, or all failed. The rest go on in the background
    // until the deadline.
    Task<Result<void>> publish_attestations(std::vector<ethereum::SingleAttestation> attestations, ethereum::ForkName fork,
                                            SteadyTime deadline);
    Task<Result<void>> subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::beacon
