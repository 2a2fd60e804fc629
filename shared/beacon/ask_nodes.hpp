// One question to many nodes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "shared/beacon/asking.hpp"
#include "shared/beacon/node_set.hpp"

namespace holdfast::beacon {

template <class T>
using NodeCall = std::function<Task<Result<T>>(BeaconNode&)>;

template <class T>
using NodeAnswers = Channel<NodeAnswer<T>>;

// "url: why" of nodes that are not fit, for a message.
[[nodiscard]] std::string why_none_is_fit(const NodeSet& set);
// As a Result; kTimeout if the deadline was it, else kUnavailable. `why` has a sentence per node.
[[nodiscard]] Error nobody_answered(bool in_time, const std::string& why);

// What counts as a failure of the node. That there is nothing (kNotFound: no aggregate, no block) never does.
enum class Judged { kAll, kNotRefusals, kNoFailures };

template <class T>
void count_use(NodeSet& set, std::size_t node, const Result<T>& result, Judged judged) {
    const bool nothing = !result && result.error().code == ErrorCode::kNotFound;
    const bool refused = !result && result.error().code == ErrorCode::kRefused;
    const bool forgiven = (refused && judged == Judged::kNotRefusals) || (!result && judged == Judged::kNoFailures);
    if (!nothing && !forgiven) set.on_use(node, outcome_of(result));
}

template <class T>
Task<void> ask_one(std::shared_ptr<NodeSet> set, std::size_t node, NodeCall<T> call, std::shared_ptr<NodeAnswers<T>> answers,
                   Judged judged = Judged::kAll) {
    Result<T> result = co_await call(*set->nodes[node]);
    count_use(*set, node, result, judged);
    answers->push({node, std::move(result)});
}

// The first success among the fit nodes, best score first; the next is asked when one fails or takes longer than `hedge_after`.
// Those that are still asked then are given up. A success that is not `whole` is used only if no better one comes: all others
// are asked at once then, and have `hedge_after`.
template <class T>
Task<Result<T>> first_success(std::shared_ptr<NodeSet> set, NodeCall<T> call, SteadyTime deadline,
                              std::function<bool(const T&)> whole = nullptr) {
    const std::vector<std::size_t> order = set->judge.fit_nodes();
    if (order.empty()) co_return failure(ErrorCode::kUnavailable, why_none_is_fit(*set));
    const auto answers = std::make_shared<NodeAnswers<T>>();
    TaskGroup asking{set->executor};
    SteadyTime next = set->clock.steady();
    std::size_t asked = 0;
    std::size_t done = 0;
    std::string why;
    std::optional<T> poor;
    while (done < order.size() && set->clock.steady() < deadline) {
        if (asked < order.size() && set->clock.steady() >= next) {
            asking.spawn("a question to a beacon node", ask_one<T>(set, order[asked], call, answers));
            next = set->clock.steady() + (poor ? Duration::zero() : set->options.hedge_after);
            ++asked;
        }
        const SteadyTime until = asked < order.size() ? std::min(next, deadline) : deadline;
        std::optional<NodeAnswer<T>> answer = co_await answers->pop_until(set->clock, until);
        if (!answer) continue;
        if (answer->result && (!whole || whole(answer->result.value()))) co_return std::move(answer->result).value();
        if (!answer->result) {
            why += (why.empty() ? "" : "; ") + answer->result.error().message;
        } else if (!poor) {
            poor = std::move(answer->result).value();
            deadline = std::min(deadline, set->clock.steady() + set->options.hedge_after);
        }
        ++done;
        next = set->clock.steady();
    }
    if (poor) co_return std::move(*poor);
    co_return nobody_answered(done == order.size(), why);
}

// Every one of `nodes` at once, each as its answer comes.
template <class T>
[[nodiscard]] AskingPtr<T> ask_each(std::shared_ptr<NodeSet> set, const std::vector<std::size_t>& nodes, NodeCall<T> call,
                                    Judged judged = Judged::kAll) {
    auto asking = std::make_unique<Asking<T>>(set->executor, set->clock);
    for (const std::size_t node : nodes) asking->add(ask_one<T>(set, node, call, asking->channel(), judged));
    return asking;
}
// Of the fit nodes those that `only` names; all if none of these is fit.
[[nodiscard]] std::vector<std::size_t> fit_nodes_of(const NodeSet& set, const std::vector<std::size_t>& only);

// To all nodes that are not foreign. Returns at the first success; the others go on until their calls end.
Task<Result<void>> send_to_all(std::shared_ptr<NodeSet> set, NodeCall<void> call, SteadyTime deadline,
                               Judged judged = Judged::kAll);
// To all nodes that are not foreign, to each until it takes it, as `again` says. Returns when all have taken it or are given
// up; of those that say nothing no later than `again.until`, or when others could have been sent it for the last time. Their
// sendings go on in the background. A node's failures count once.
Task<Delivery> send_until_taken(std::shared_ptr<NodeSet> set, NodeCall<void> call, Resending again, Judged judged);

}  // namespace holdfast::beacon
