#include "instance/check.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <string>

#include "healthcheck/document.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::instance {

namespace {

std::string utc(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(time));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return {text, size};
}

bool settled(const std::vector<beacon::NodeState>& states) {
    return std::ranges::none_of(states, [](const beacon::NodeState& s) { return s.fitness == beacon::Fitness::kUnknown; });
}

Task<void> wait_until_settled(Clock& clock, beacon::BeaconNodes& nodes, SteadyTime deadline) {
    while (clock.steady() < deadline && !settled(nodes.states())) co_await sleep_for(clock, std::chrono::milliseconds{50});
}

void print_chain(const beacon::BeaconNodes& nodes, std::ostream& out) {
    out << "chain\n  genesis " << utc(nodes.genesis().time) << ", validators root " << to_hex(nodes.genesis().validators_root)
        << "\n  slots of " << to_ms(nodes.spec().slot_duration()) / 1000 << " s, epochs of " << nodes.spec().slots_per_epoch()
        << " slots\n";
}

// `genesis`: of the nodes that are not foreign, once known.
void print_nodes(const beacon::BeaconNodes& nodes, const std::string& genesis, std::ostream& out) {
    out << "beacon nodes\n";
    for (const beacon::NodeState& state : nodes.states()) {
        out << "  " << state.index + 1 << "  " << std::left << std::setw(40) << state.url << "  " << std::setw(11)
            << beacon::to_string(state.fitness) << "  ";
        if (!state.version.empty()) out << state.version << ", head slot " << state.head_slot.value << ", ";
        if (!genesis.empty() && !state.version.empty() && state.fitness != beacon::Fitness::kForeign)
            out << "genesis " << genesis << ", ";
        out << state.detail << "\n";
    }
}

void print_protectors(const protection::QuorumClient& quorum, std::ostream& out) {
    out << "protectors (quorum " << quorum.quorum() << ")\n";
    std::size_t number = 0;
    for (const protection::MemberStatus& member : quorum.members()) {
        const char* word = !member.reachable ? "unreachable" : member.votes() ? "votes" : "no votes";
        out << "  " << ++number << "  " << std::left << std::setw(12) << member.name << "  " << std::setw(32) << member.url
            << "  " << std::setw(11) << word << "  " << member.detail << "\n";
    }
}

bool print_verdict(const std::string& what, std::size_t have, std::size_t all, std::size_t need, std::ostream& out) {
    const bool ok = have >= need;
    out << (ok ? "ok      " : "FAILED  ") << what << ": " << have << " of " << all << ", " << need << " needed\n";
    return ok;
}

// Says what the chain knows of the keys; no verdict, for keys may still be pending.
Task<void> print_keys(beacon::BeaconNodes& nodes, std::vector<PublicKey> keys, Duration limit, std::ostream& out) {
    validator::ValidatorSet set{keys};
    const Result<std::vector<beacon::Validator>> found = co_await nodes.validators(std::move(keys), limit);
    out << "keys\n  " << set.keys().size() << " keys found";
    if (found) {
        set.apply(found.value());
        out << ", " << set.active().size() << " active on chain (" << validator::describe(set) << ")\n";
        for (const PublicKey& key : set.unknown()) out << "  " << to_hex(key) << " is not known to the chain\n";
    } else {
        out << ", could not be looked up: " << found.error().message << "\n";
    }
}

Task<Result<healthcheck::HealthDocument>> ask_peer(Clock& clock, net::HttpClient& http, std::string url, Duration limit) {
    net::HttpRequest request;
    request.url = std::move(url);
    const Result<net::HttpResponse> answer = co_await http.send(std::move(request), clock.steady() + limit);
    if (!answer) co_return answer.error();
    co_return healthcheck::parse_health(answer.value().body);
}

// Says whether the primary is there and does the same; false if it does something else.
Task<bool> print_peer(Clock& clock, CheckPeer peer, Duration limit, std::ostream& out) {
    if (peer.url.empty()) co_return true;
    out << "primary\n  " << peer.url << "  ";
    const Result<healthcheck::HealthDocument> health = co_await ask_peer(clock, peer.http, peer.url + "/healthz", limit);
    if (!health) {
        out << health.error().message << "\n";
        co_return true;
    }
    out << health.value().state << ", " << health.value().reason << "\n";
    const bool known = !health.value().configuration.keys.empty();
    const auto differences = known ? healthcheck::differences(peer.ours, health.value().configuration, peer.accepted_drift)
                                   : std::vector<std::string>{};
    for (const std::string& difference : differences) out << "FAILED  differs from the primary: " << difference << "\n";
    co_return differences.empty();
}

}  // namespace

Task<bool> run_check(Clock& clock, beacon::BeaconNodes& nodes, QuorumMaker make_quorum, std::vector<PublicKey> keys,
                     std::size_t threshold, CheckLimits limits, CheckPeer peer, std::ostream& out) {
    const std::size_t key_count = keys.size();
    const Result<void> connected = co_await nodes.connect(threshold, clock.steady() + limits.connect);
    if (!connected) {
        print_nodes(nodes, "", out);
        out << "FAILED  " << connected.error().message << "\n";
        co_return false;
    }
    const Result<protection::QuorumClient*> made = make_quorum();
    if (!made) {
        out << "FAILED  " << made.error().message << "\n";
        co_return false;
    }
    protection::QuorumClient& quorum = *made.value();
    nodes.start();
    co_await quorum.refresh(clock.steady() + limits.connect);
    co_await wait_until_settled(clock, nodes, clock.steady() + limits.settle);
    print_chain(nodes, out);
    print_nodes(nodes, to_short_hex(nodes.genesis().validators_root), out);
    print_protectors(quorum, out);
    co_await print_keys(nodes, std::move(keys), limits.connect, out);
    const std::vector<protection::MemberStatus> members = quorum.members();
    const auto voting = static_cast<std::size_t>(std::ranges::count_if(members, &protection::MemberStatus::votes));
    const bool same = co_await print_peer(clock, std::move(peer), limits.connect, out);
    out << "\n";
    bool ok = same;
    ok = print_verdict("beacon nodes fit", nodes.fit_count(), nodes.size(), threshold, out) && ok;
    ok = print_verdict("protectors that vote", voting, members.size(), quorum.quorum(), out) && ok;
    ok = print_verdict("keys loaded", key_count, key_count, 1, out) && ok;
    co_await nodes.stop();
    co_return ok;
}

}  // namespace holdfast::instance
