#include "tests/beacon_chain/event_hub.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace holdfast::sim {
namespace {

// What a node sends when nothing happens, so that a client can tell silence from a dead connection.
constexpr Duration kKeepAlive = std::chrono::seconds{10};

constexpr std::array<std::string_view, 22> kTopics{"head",
                                                   "head_v2",
                                                   "execution_payload",
                                                   "execution_payload_available",
                                                   "payload_attestation_message",
                                                   "proposer_preferences",
                                                   "block",
                                                   "block_gossip",
                                                   "attestation",
                                                   "single_attestation",
                                                   "voluntary_exit",
                                                   "bls_to_execution_change",
                                                   "proposer_slashing",
                                                   "attester_slashing",
                                                   "finalized_checkpoint",
                                                   "chain_reorg",
                                                   "contribution_and_proof",
                                                   "light_client_finality_update",
                                                   "light_client_optimistic_update",
                                                   "payload_attributes",
                                                   "blob_sidecar",
                                                   "data_column_sidecar"};

}  // namespace

Result<net::StreamResponse> EventHub::subscribe(const std::string& topics) {
    auto subscriber = std::make_shared<Subscriber>();
    std::istringstream names{topics};
    for (std::string name; std::getline(names, name, ',');) {
        if (std::find(kTopics.begin(), kTopics.end(), name) == kTopics.end()) {
            return failure(ErrorCode::kInvalidArgument, name + ": invalid topic name");
        }
        subscriber->topics.insert(name);
    }
    if (subscriber->topics.empty()) return failure(ErrorCode::kInvalidArgument, "No topics specified to subscribe to");
    subscribers_.push_back(subscriber);
    net::StreamResponse response;
    response.head.status = 200;
    response.head.headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-cache"}};
    response.body = [subscriber, clock = &clock_](net::StreamWriter& writer) { return serve(subscriber, *clock, writer); };
    return response;
}

void EventHub::publish(const std::string& topic, const std::string& data) {
    subscribers_.remove_if([](const auto& subscriber) { return subscriber.expired(); });
    for (const auto& weak : subscribers_) {
        const auto subscriber = weak.lock();
        if (subscriber && subscriber->topics.contains(topic)) {
            subscriber->events.push("event: " + topic + "\ndata: " + data + "\n\n");
        }
    }
}

std::size_t EventHub::subscribers() const {
    return static_cast<std::size_t>(
        std::count_if(subscribers_.begin(), subscribers_.end(), [](const auto& s) { return !s.expired(); }));
}

Task<void> EventHub::serve(std::shared_ptr<Subscriber> subscriber, Clock& clock, net::StreamWriter& writer) {
    // Sent at once, so that the client's headers don't wait for the first event.
    std::string text{":\n\n"};
    for (;;) {
        const bool taken = co_await writer.write(std::move(text));
        if (!taken) co_return;
        std::optional<std::string> event = co_await subscriber->events.pop_until(clock, clock.steady() + kKeepAlive);
        text = event ? std::move(*event) : std::string{":\n\n"};
    }
}

}  // namespace holdfast::sim
