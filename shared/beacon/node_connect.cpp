#include <algorithm>
#include <numeric>

#include "shared/beacon/node_watch.hpp"

namespace holdfast::beacon {
namespace {

constexpr Duration kRetry = std::chrono::milliseconds{500};
// Once enough nodes agree, so long those that have said nothing yet are waited for: they may show that more are on another
// chain, and a start with all nodes is better than one with just enough.
constexpr Duration kGrace = std::chrono::milliseconds{500};

struct FirstAnswer {
    ChainIdentity chain;
    SyncStatus sync;
    std::string version;
};
using Answers = Channel<NodeAnswer<FirstAnswer>>;

Task<Result<FirstAnswer>> ask_all(std::shared_ptr<NodeSet> set, std::size_t node, SteadyTime deadline) {
    Result<ChainIdentity> chain = co_await ask_chain(set, node, deadline);
    if (!chain) co_return std::move(chain).error();
    const Result<SyncStatus> sync = co_await set->nodes[node]->syncing(deadline);
    if (!sync) co_return sync.error();
    FirstAnswer answer{std::move(chain).value(), sync.value(), {}};
    Result<std::string> version = co_await set->nodes[node]->version(deadline);
    if (version) answer.version = std::move(version).value();
    co_return answer;
}

Task<void> ask_until_answered(std::shared_ptr<NodeSet> set, std::size_t node, std::shared_ptr<Answers> answers,
                              SteadyTime deadline) {
    while (true) {
        Result<FirstAnswer> answer = co_await ask_all(set, node, std::min(deadline, set->call_deadline()));
        const bool answered = answer.has_value();
        answers->push({node, std::move(answer)});
        if (answered || set->clock.steady() >= deadline) co_return;
        co_await sleep_for(set->clock, kRetry);
    }
}

// What is known so far.
struct Connecting {
    explicit Connecting(std::size_t nodes) : vote{nodes}, answers(nodes), errors(nodes) {}

    ChainVote vote;
    std::vector<std::optional<FirstAnswer>> answers;
    std::vector<std::optional<Error>> errors;  // the last

    void take(NodeAnswer<FirstAnswer> told) {
        if (!told.result) {
            errors[told.node] = std::move(told.result).error();
            return;
        }
        answers[told.node] = std::move(told.result).value();
        vote.add(told.node, answers[told.node]->chain);
    }
    [[nodiscard]] bool enough(std::size_t threshold) const {
        const ChainIdentity* winner = vote.winner();
        return winner != nullptr && vote.votes(*winner) >= threshold;
    }
    [[nodiscard]] bool all_answered() const { return vote.answers() == answers.size(); }
    [[nodiscard]] bool heard_from_all() const {
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i] && !errors[i]) return false;
        }
        return true;
    }
};

Error too_few(const NodeSet& set, const Connecting& state, std::size_t threshold) {
    const ChainIdentity* winner = state.vote.winner();
    std::string text =
        "too few beacon nodes on one chain: " + std::to_string(winner == nullptr ? 0 : state.vote.votes(*winner)) + " of " +
        std::to_string(set.nodes.size()) + ", " + std::to_string(threshold) + " needed";
    for (std::size_t i = 0; i < set.nodes.size(); ++i) {
        // The error names the node itself.
        if (!state.answers[i]) {
            const std::string why = state.errors[i] ? state.errors[i]->message : "no answer";
            text += "; " + (why.starts_with(set.nodes[i]->url()) ? why : set.nodes[i]->url() + ": " + why);
            continue;
        }
        const ChainIdentity& chain = state.answers[i]->chain;
        const std::string differs = winner == nullptr ? "" : difference(chain, *winner);
        text += "; " + set.nodes[i]->url() + ": ";
        text += differs.empty() ? "answers, its genesis validators root is " + to_short_hex(chain.genesis.validators_root)
                                : "is on another chain: " + differs;
    }
    return failure(ErrorCode::kUnavailable, std::move(text));
}

void adopt(NodeSet& set, const Connecting& state) {
    set.chain = *state.vote.winner();
    set.types = std::make_shared<const ethereum::TypeTable>(set.chain->spec);
    for (const auto& node : set.nodes) node->use_types(set.types);
    for (std::size_t i = 0; i < set.nodes.size(); ++i) {
        if (!state.answers[i]) {
            if (state.errors[i]) set.on_poll_failure(i, *state.errors[i]);
            continue;
        }
        set.seen[i].version = state.answers[i]->version;
        if (!set.seen[i].version.empty()) set.seen[i].version_asked = set.clock.steady();
        set.on_chain(i, state.answers[i]->chain);
    }
    // The best head first: it is the measure of the others.
    std::vector<std::size_t> order(set.nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return !state.answers[i]; });
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return state.answers[a]->sync.head_slot > state.answers[b]->sync.head_slot;
    });
    for (const std::size_t i : order) set.on_sync(i, state.answers[i]->sync);
}

}  // namespace

Task<Result<void>> connect_nodes(std::shared_ptr<NodeSet> set, std::size_t threshold, SteadyTime deadline) {
    const auto answers = std::make_shared<Answers>();
    Connecting state{set->nodes.size()};
    TaskGroup asking{set->executor};
    for (std::size_t i = 0; i < set->nodes.size(); ++i) {
        asking.spawn("first look at a beacon node", ask_until_answered(set, i, answers, deadline));
    }
    SteadyTime until = deadline;
    while (true) {
        const bool enough = state.enough(threshold);
        if (state.all_answered() || (enough && state.heard_from_all() && state.vote.settled())) break;
        until = enough ? std::min(until, set->clock.steady() + kGrace) : deadline;
        std::optional<NodeAnswer<FirstAnswer>> told = co_await answers->pop_until(set->clock, until);
        if (!told) break;
        state.take(std::move(*told));
    }
    if (!state.enough(threshold)) co_return too_few(*set, state, threshold);
    adopt(*set, state);
    co_return success();
}

}  // namespace holdfast::beacon
