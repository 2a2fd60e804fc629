#include "shared/net/server_state.hpp"

#include <algorithm>
#include <tuple>

#include "shared/net/server_connection.hpp"

namespace holdfast::net {

namespace {

// A tenth of a processor or two. What has come within a burst is not held up: a request with 100,000 keys, for one.
constexpr std::int64_t kBytesPerSecond = 128 << 20;
constexpr Duration kBurst = std::chrono::milliseconds{250};

}  // namespace

Duration ServerState::pause_after(std::size_t bytes) {
    const SteadyTime now = clock.steady();
    taken_until_ =
        std::max(taken_until_, now - kBurst) + Duration{static_cast<std::int64_t>(bytes) * 1'000'000'000 / kBytesPerSecond};
    return std::max(taken_until_ - now, Duration::zero());
}

bool ServerState::make_room() {
    const auto rank = [](const ServerConnection& it) { return std::tuple{it.known(), it.idle_since()}; };
    ServerConnection* least = nullptr;
    for (ServerConnection* connection : connections) {
        if (!connection->dispensable()) continue;
        if (least == nullptr || rank(*connection) < rank(*least)) least = connection;
    }
    if (least != nullptr) least->leave();
    return least != nullptr;
}

}  // namespace holdfast::net
