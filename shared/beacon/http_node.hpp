// The class behind make_http_beacon_node(), for its sources only: http_beacon_node.cpp (the chain, its validators, their
// duties), http_events.cpp, http_production.cpp (blocks and payloads), http_committees.cpp (aggregates, sync committees, PTC).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/beacon/event_stream.hpp"
#include "shared/beacon/http_beacon_node.hpp"
#include "shared/beacon/http_link.hpp"

namespace holdfast::beacon {

class HttpBeaconNode final : public BeaconNode {
public:
    HttpBeaconNode(net::HttpClient& client, Clock& clock, std::string url, HttpBeaconNodeOptions options)
        : link_{client, std::move(url)}, client_{client}, clock_{clock}, options_{options} {}

    [[nodiscard]] const std::string& url() const override { return link_.shown(); }

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
    void use_types(ethereum::TypeTablePtr types) override { types_ = std::move(types); }

    Task<Result<ProducedBlock>> produce_block(BlockRequest request, SteadyTime deadline) override;
    Task<Result<void>> publish_block(std::shared_ptr<const SignedBlock> block, SteadyTime deadline) override;
    Task<Result<void>> publish_envelope(std::shared_ptr<const SignedEnvelope> envelope, SteadyTime deadline) override;
    Task<Result<ChainBlock>> block(std::string block_id, SteadyTime deadline) override;

    Task<Result<Aggregate>> aggregate(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline) override;
    Task<Result<void>> publish_aggregates(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                          SteadyTime deadline) override;
    Task<Result<void>> publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<SyncContribution>> sync_contribution(Slot slot, std::uint64_t subcommittee, Root block,
                                                     SteadyTime deadline) override;
    Task<Result<void>> publish_contributions(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<void>> subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline) override;
    Task<Result<void>> prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline) override;
    Task<Result<void>> register_validators(std::shared_ptr<const std::string> body, SteadyTime deadline) override;
    Task<Result<std::vector<Liveness>>> liveness(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                 SteadyTime deadline) override;
    Task<Result<PtcDuties>> ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) override;
    Task<Result<ethereum::PayloadAttestationData>> payload_attestation_data(Slot slot, SteadyTime deadline) override;
    Task<Result<void>> publish_payload_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                    SteadyTime deadline) override;
    Task<Result<void>> publish_preferences(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                           SteadyTime deadline) override;

    Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) override;

private:
    HttpLink link_;
    net::HttpClient& client_;
    Clock& clock_;
    HttpBeaconNodeOptions options_;
    ethereum::TypeTablePtr types_;
    // What this node has shown that it doesn't do; forgotten when it is asked for its chain anew, as it may be another version.
    bool get_validators_{false};             // the POST form of validators
    std::optional<Epoch> old_proposers_in_;  // version 2 of proposer duties: the last epoch for which it was not known
    bool json_answers_{false};               // SSZ in answers, as one of two forms
    bool json_blocks_{false};                // SSZ in blocks sent to it
    std::size_t topics_{0};                  // which wish for topics is next, or was granted
    bool gloas_scheduled_{false};            // on its chain, as it says
    std::optional<SteadyTime> told_of_malformed_events_;

    template <class T>
    Task<Result<T>> ask(const char* path, Result<T> (*decode)(std::string_view), SteadyTime deadline);
    Task<Result<std::vector<Validator>>> some_validators(std::vector<PublicKey> keys, SteadyTime deadline);
    // Asks for SSZ or JSON; a node that takes no such list (406) is asked for JSON from then on.
    Task<Result<net::HttpResponse>> ask_either(const std::string& path, SteadyTime deadline);
    Task<Result<ProposerDuties>> some_proposer_duties(Epoch epoch, int version, SteadyTime deadline);
    // As SSZ, or as JSON to a node that doesn't take it; `request` has neither body nor type yet.
    Task<Result<void>> publish_object(net::HttpRequest request, const ethereum::schema::Object& object, SteadyTime deadline);
    [[nodiscard]] Error no_types(std::string_view path) const;
    [[nodiscard]] Error nobody(std::string_view path) const;
    Task<Result<void>> follow_topics(const std::string& path, EventStream& stream);
    void note_malformed_events(const EventStream& stream);
};

template <class T>
Task<Result<T>> HttpBeaconNode::ask(const char* path, Result<T> (*decode)(std::string_view), SteadyTime deadline) {
    net::HttpRequest request = get_request(path);
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode(response.value().body));
}

}  // namespace holdfast::beacon
