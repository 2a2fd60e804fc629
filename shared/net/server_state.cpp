#include "shared/net/server_state.hpp"

#include <tuple>

#include "shared/net/server_connection.hpp"

namespace holdfast::net {

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
