// A node's stream of server-sent events, read piece by piece: what is complete goes to the listener, what makes no sense is
// counted.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/beacon/beacon_node.hpp"
#include "shared/net/sse.hpp"

namespace holdfast::beacon {

class EventStream {
public:
    explicit EventStream(std::function<void(NodeEvent)> on_event);
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;
    ~EventStream() = default;

    // False when the stream can't be read on.
    bool feed(std::string_view piece);
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] const std::optional<Error>& broken() const { return broken_; }
    [[nodiscard]] std::size_t malformed() const { return malformed_; }
    [[nodiscard]] const std::string& first_problem() const { return first_problem_; }

private:
    std::function<void(NodeEvent)> on_event_;
    net::SseParser parser_;
    bool any_{false};
    std::size_t malformed_{0};
    std::optional<Root> last_head_v2_;
    std::string first_problem_;
    std::optional<Error> broken_;

    void take(std::string_view name, std::string_view data);
};

}  // namespace holdfast::beacon
