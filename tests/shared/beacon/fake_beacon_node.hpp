// A beacon node that does what a test says and remembers what it was asked. Time comes from the clock it is given, so under a
// VirtualClock a delay costs nothing.
//
//   auto node = std::make_unique<FakeBeaconNode>(clock, "http://one");
//   FakeBeaconNode* one = node.get();          // BeaconNodes owns it
//   one->sync.head_slot = Slot{7};
//   one->behaviour["attestation_data"].hang = true;
//   one->emit(HeadEvent{...});
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_node.hpp"

namespace holdfast::beacon::testing {

// What /eth/v1/config/spec says of a small chain: slots of 12 s, epochs of 32 slots, everything up to Electra from epoch 0.
[[nodiscard]] std::map<std::string, std::string> spec_values();
[[nodiscard]] ethereum::ChainSpec chain_spec();
// Genesis at the moment at which VirtualTime starts.
[[nodiscard]] ethereum::Genesis chain_genesis();

class FakeBeaconNode final : public BeaconNode {
public:
    struct Behaviour {
        Duration delay{};
        bool hang{false};            // says nothing until the call's deadline; then kTimeout, as the real one
        std::optional<Error> error;  // instead of the answer
    };

    FakeBeaconNode(Clock& clock, std::string url);

    Behaviour always;                            // every call, unless the next has one for it
    std::map<std::string, Behaviour> behaviour;  // by the name of the call: "syncing", "attester_duties", ...

    std::map<std::string, std::string> spec_said{spec_values()};
    ethereum::Genesis genesis_said{chain_genesis()};
    std::string version_said{"Fake/v1"};
    SyncStatus sync;
    Root head;
    std::function<Result<std::vector<Validator>>(const std::vector<PublicKey>&)> on_validators;
    std::function<Result<AttesterDuties>(Epoch, const std::vector<ValidatorIndex>&)> on_attester_duties;
    std::function<Result<ProposerDuties>(Epoch)> on_proposer_duties;
    std::function<Result<std::vector<SyncDuty>>(Epoch, const std::vector<ValidatorIndex>&)> on_sync_duties;
    std::function<Result<ethereum::AttestationData>(Slot)> on_attestation_data;
    std::function<Result<ProducedBlock>(const BlockRequest&)> on_produce_block;
    std::function<Result<Aggregate>(Slot, CommitteeIndex, const Root&)> on_aggregate;
    std::function<Result<SyncContribution>(Slot, std::uint64_t, const Root&)> on_sync_contribution;
    std::function<Result<PtcDuties>(Epoch, const std::vector<ValidatorIndex>&)> on_ptc_duties;
    std::function<Result<ethereum::PayloadAttestationData>(Slot)> on_payload_attestation_data;
    std::function<Result<void>(const std::vector<ProposerPreparation>&)> on_prepare_proposers;

    std::map<std::string, std::size_t> asked;  // how often each call was made
    std::vector<std::shared_ptr<const std::string>> published;
    std::vector<ethereum::ForkName> published_forks;
    std::vector<std::vector<CommitteeSubscription>> subscribed;
    std::vector<std::shared_ptr<const SignedBlock>> published_blocks;
    std::vector<std::shared_ptr<const SignedEnvelope>> published_envelopes;
    std::vector<std::vector<ProposerPreparation>> prepared;
    std::vector<std::shared_ptr<const std::string>> registered;
    std::vector<std::pair<std::shared_ptr<const std::string>, ethereum::ForkName>> preferences;

    // Bodies as they came.
    std::vector<std::pair<std::shared_ptr<const std::string>, ethereum::ForkName>> aggregates;
    std::vector<std::shared_ptr<const std::string>> sync_messages;
    std::vector<std::shared_ptr<const std::string>> contributions;
    std::vector<std::pair<std::shared_ptr<const std::string>, ethereum::ForkName>> payload_attestations;
    std::vector<std::vector<SyncSubscription>> sync_subscribed;

    // To whoever follows now; nobody follows: lost, as with a real one.
    void emit(const NodeEvent& event);
    // Ends the stream that is open now with `why`.
    void end_events(Result<void> why);
    [[nodiscard]] bool followed() const { return static_cast<bool>(on_event_); }

    [[nodiscard]] const std::string& url() const override { return url_; }
    Task<Result<ethereum::ChainSpec>> spec(SteadyTime deadline) override;
    Task<Result<ethereum::Genesis>> genesis(SteadyTime deadline) override;
    Task<Result<std::string>> version(SteadyTime deadline) override;
    Task<Result<SyncStatus>> syncing(SteadyTime deadline) override;
    Task<Result<Root>> block_root(std::string block_id, SteadyTime deadline) override;
    Task<Result<std::vector<Validator>>> validators(std::vector<PublicKey> keys, SteadyTime deadline) override;
    Task<Result<AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                 SteadyTime deadline) override;
    Task<Result<ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline) override;
    Task<Result<std::vector<SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                    SteadyTime deadline) override;
    Task<Result<ethereum::AttestationData>> attestation_data(Slot slot, SteadyTime deadline) override;
    Task<Result<void>> subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) override;
    Task<Result<void>> publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                            SteadyTime deadline) override;
    Task<Result<ProducedBlock>> produce_block(BlockRequest request, SteadyTime deadline) override;
    Task<Result<void>> publish_block(std::shared_ptr<const SignedBlock> block, SteadyTime deadline) override;
    Task<Result<void>> publish_envelope(std::shared_ptr<const SignedEnvelope> envelope, SteadyTime deadline) override;
    Task<Result<void>> prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline) override;
    Task<Result<void>> register_validators(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<void>> publish_preferences(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                           SteadyTime deadline) override;
    Task<Result<Aggregate>> aggregate(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline) override;
    Task<Result<void>> publish_aggregates(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                          SteadyTime deadline) override;
    Task<Result<void>> publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<SyncContribution>> sync_contribution(Slot slot, std::uint64_t subcommittee, Root block,
                                                     SteadyTime deadline) override;
    Task<Result<void>> publish_contributions(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<void>> subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline) override;
    Task<Result<PtcDuties>> ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) override;
    Task<Result<ethereum::PayloadAttestationData>> payload_attestation_data(Slot slot, SteadyTime deadline) override;
    Task<Result<void>> publish_payload_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                    SteadyTime deadline) override;
    Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) override;

private:
    Clock& clock_;
    std::string url_;
    std::function<void(NodeEvent)> on_event_;
    std::optional<Result<void>> events_end_;
    Notifier events_changed_;
    std::size_t stream_{0};

    // Counts the call, waits as told; the error that it ends with, if any.
    Task<Result<void>> behave(const char* call, SteadyTime deadline);
};

}  // namespace holdfast::beacon::testing
