// Many beacon nodes as one: ask all, decide on enough, never wait for the slow. Each node is watched (genesis, spec, head slot,
// optimistic, data it gave); one that is not fit is left out of decisions and comes back by itself when it is fit again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/channel.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/asking.hpp"
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

struct BeaconNodesOptions {
    Duration call_timeout{std::chrono::seconds{10}};
    Duration poll_interval{std::chrono::seconds{1}};  // how often each node's head slot is asked for
    std::uint64_t behind_slots_max{2};                // further behind the best head (or the clock, with blocks seen) is unfit
    Duration reconnect_min{std::chrono::milliseconds{100}};
    Duration reconnect_max{std::chrono::seconds{5}};
    Duration hedge_after{std::chrono::milliseconds{500}};  // so long one node may think before the next is asked, too
    std::size_t validators_per_part{1000};                 // of a look-up
    std::vector<std::size_t> proposal_nodes{};             // by index: who is asked for blocks; all if none of these is fit
};

// Sending again what a node has not taken: it may not have what the message belongs to yet.
struct Resending {
    Duration pause;          // while no node has taken it
    Duration pause_to_rest;  // once one has
    std::size_t to_rest{0};  // so often to each other node from then on: one that says 200 may be wrong
    SteadyTime until;        // not begun again from then on
};
struct Delivery {
    std::size_t nodes{0};  // it was sent to
    std::size_t taken{0};  // by so many of them
    std::optional<SteadyTime> first;
    std::string why;  // the others have not: a sentence for each
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
    // The types of its blocks, as every node uses them.
    [[nodiscard]] const ethereum::TypeTablePtr& types() const;

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

    // Every event of every node that is not foreign, as received (not deduplicated). One consumer.
    [[nodiscard]] Channel<NodeEventAt>& events();

    // The first success among fit nodes, best score first, the next one asked when one fails or has not answered after
    // `hedge_after`; all failures in one message otherwise.
    // In parts of `validators_per_part`, one after another; each has `timeout` for itself and may be another node's. A part
    // that nobody gives fails all.
    Task<Result<std::vector<Validator>>> validators(std::vector<PublicKey> keys, Duration timeout);
    Task<Result<AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);
    // One with a dependent root, if any node gives that within `hedge_after` of an answer without.
    Task<Result<ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline);
    Task<Result<std::vector<SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);

    Task<Result<PtcDuties>> ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);
    Task<Result<ChainBlock>> block(std::string block_id, SteadyTime deadline);

    // Every fit node is asked at once (blocks: those that BeaconNodesOptions::proposal_nodes names, while any of them is fit);
    // a failure or an answer moves the node's score as always.
    [[nodiscard]] AskingPtr<ProducedBlock> produce_blocks(BlockRequest request, SteadyTime deadline);
    [[nodiscard]] AskingPtr<Aggregate> aggregates(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline);
    [[nodiscard]] AskingPtr<SyncContribution> contributions(Slot slot, std::uint64_t subcommittee, Root block,
                                                            SteadyTime deadline);
    [[nodiscard]] AskingPtr<Root> head_roots(SteadyTime deadline);
    [[nodiscard]] AskingPtr<std::vector<Liveness>> liveness(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                            SteadyTime deadline);
    [[nodiscard]] AskingPtr<ethereum::PayloadAttestationData> payload_attestation_data(Slot slot, SteadyTime deadline);
    // For cross-checks.
    [[nodiscard]] AskingPtr<AttesterDuties> all_attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                                SteadyTime deadline);
    [[nodiscard]] AskingPtr<ProposerDuties> all_proposer_duties(Epoch epoch, SteadyTime deadline);

    // Sent to all nodes that are not foreign; returns as soon as one accepted, or all failed. The rest go on in the background
    // until the deadline.
    Task<Result<void>> publish_attestations(std::vector<ethereum::SingleAttestation> attestations, ethereum::ForkName fork,
                                            SteadyTime deadline);
    Task<Result<void>> subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline);
    Task<Result<void>> publish_block(SignedBlock block, SteadyTime deadline);
    // Again to each node that refuses it, as `again` says; `timeout` is one sending's. Says how many have taken it, when all
    // have or no more is sent.
    Task<Delivery> publish_envelope(SignedEnvelope envelope, Resending again, Duration timeout);
    // Objects are signed_aggregate_and_proof, and signed_contribution_and_proof, of the fork's types.
    Task<Result<void>> publish_aggregates(std::vector<ethereum::schema::Object> aggregates, ethereum::ForkName fork,
                                          SteadyTime deadline);
    Task<Result<void>> publish_contributions(std::vector<ethereum::schema::Object> contributions, SteadyTime deadline);
    Task<Result<void>> publish_sync_messages(std::vector<ethereum::SyncCommitteeMessage> messages, SteadyTime deadline);
    Task<Result<void>> subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline);
    Task<Result<void>> prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline);
    Task<Result<void>> register_validators(std::vector<SignedRegistration> registrations, SteadyTime deadline);
    Task<Result<void>> publish_payload_attestations(std::vector<ethereum::PayloadAttestationMessage> messages,
                                                    ethereum::ForkName fork, SteadyTime deadline);
    Task<Result<void>> publish_preferences(std::vector<SignedPreferences> preferences, ethereum::ForkName fork,
                                           SteadyTime deadline);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::beacon
