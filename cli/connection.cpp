#include "cli/connection.hpp"

namespace holdfast::cli {

void Connection::declare(OptionSet& set) {
    declare_identity(set, true);
    set.duration({.name = "wait", .help = "how long a member that can't be reached is asked again"}, wait, Duration{},
                 std::chrono::hours{1});
    set.toggle({.name = "json", .help = "print JSON, for programs", .in_file = false}, json);
}

protection::RequestHead Connection::head() const {
    return {cluster.id(), person.empty() ? "operator" : person, 0, cluster.chain.genesis_validators_root, 0};
}

}  // namespace holdfast::cli
