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
    Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) override;

private:
    HttpLink link_;
    net::HttpClient& client_;
    Clock& clock_;
    HttpBeaconNodeOptions options_;
    bool get_validators_{false};   // the node does not know the POST form
    bool repeated_topics_{false};  // topics=a&topics=b instead of topics=a,b
    std::optional<SteadyTime> told_of_malformed_events_;

    template <class T>
    Task<Result<T>> ask(const char* path, Result<T> (*decode)(std::string_view), SteadyTime deadline);
    Task<Result<std::vector<Validator>>> some_validators(std::vector<PublicKey> keys, SteadyTime deadline);
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
