// The event streams of one node: GET /eth/v1/events. Specification: Beacon API, "eventstream"; WHATWG server-sent events.
#pragma once

#include <list>
#include <memory>
#include <set>
#include <string>

#include "shared/base/channel.hpp"
#include "shared/base/result.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::sim {

class EventHub {
public:
    explicit EventHub(Clock& clock) : clock_{clock} {}

    // `topics` as in the query: names between commas. kInvalidArgument as Prysm says it for a name that is no topic.
    [[nodiscard]] Result<net::StreamResponse> subscribe(const std::string& topics);
    void publish(const std::string& topic, const std::string& data);
    [[nodiscard]] std::size_t subscribers() const;

private:
    struct Subscriber {
        std::set<std::string> topics;
        Channel<std::string> events;
    };
    Clock& clock_;
    std::list<std::weak_ptr<Subscriber>> subscribers_;

    static Task<void> serve(std::shared_ptr<Subscriber> subscriber, Clock& clock, net::StreamWriter& writer);
};

}  // namespace holdfast::sim
