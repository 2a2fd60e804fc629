#include "shared/beacon/ask_nodes.hpp"

#include <algorithm>

namespace holdfast::beacon {
namespace {

// Sends to one node that have no answer yet. A node that hangs gets no more than these.
constexpr std::size_t kSendingMax = 64;

// Counts a send while it lasts, however it ends.
class Sending {
public:
    explicit Sending(std::size_t& count) : count_{count} { ++count_; }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() { --count_; }

private:
    std::size_t& count_;
};

// Of one message, by all its sendings.
struct Delivering {
    Channel<NodeAnswer<void>> answers;  // a node's last
    bool taken{false};
};

Task<void> insist(std::shared_ptr<NodeSet> set, std::size_t node, NodeCall<void> call, Resending again, Judged judged,
                  std::shared_ptr<Delivering> all) {
    const Sending counted{set->seen[node].sending};
    std::size_t left = again.to_rest;
    for (;;) {
        Result<void> sent = co_await call(*set->nodes[node]);
        if (sent) all->taken = true;
        const SteadyTime next = set->clock.steady() + (all->taken ? again.pause_to_rest : again.pause);
        const bool given_up = next >= again.until || (all->taken && left == 0);
        if (sent || given_up) {
            count_use(*set, node, sent, judged);
            all->answers.push({node, std::move(sent)});
            co_return;
        }
        if (all->taken) --left;
        co_await sleep_until(set->clock, next);
    }
}

// Whom something is sent to: who is not foreign, and has not left too much unanswered.
std::vector<std::size_t> nodes_to_tell(const NodeSet& set, std::string& why) {
    std::vector<std::size_t> nodes;
    for (std::size_t i = 0; i < set.nodes.size(); ++i) {
        if (set.judge.fitness(i) == Fitness::kForeign) continue;
        if (set.seen[i].sending >= kSendingMax) {
            why += (why.empty() ? "" : "; ") + set.nodes[i]->url() + " has not answered what was sent before";
        } else {
            nodes.push_back(i);
        }
    }
    return nodes;
}

Task<void> send_one(std::shared_ptr<NodeSet> set, std::size_t node, NodeCall<void> call,
                    std::shared_ptr<NodeAnswers<void>> answers, Judged judged) {
    const Sending counted{set->seen[node].sending};
    co_await ask_one<void>(set, node, std::move(call), std::move(answers), judged);
}

}  // namespace

std::string why_none_is_fit(const NodeSet& set) {
    std::string text = "no beacon node is fit";
    for (std::size_t i = 0; i < set.nodes.size(); ++i) {
        text += (i == 0 ? ": " : "; ") + set.nodes[i]->url() + " is " + std::string{to_string(set.judge.fitness(i))} + " (" +
                set.judge.detail(i) + ")";
    }
    return text;
}

Error nobody_answered(bool in_time, const std::string& why) {
    if (in_time) return failure(ErrorCode::kUnavailable, "all beacon nodes failed: " + why);
    return failure(ErrorCode::kTimeout, "no beacon node answered in time" + (why.empty() ? "" : ": " + why));
}

std::vector<std::size_t> fit_nodes_of(const NodeSet& set, const std::vector<std::size_t>& only) {
    const std::vector<std::size_t> fit = set.judge.fit_nodes();
    std::vector<std::size_t> named = fit;
    std::erase_if(named, [&](std::size_t node) { return std::ranges::find(only, node) == only.end(); });
    return named.empty() ? fit : named;
}

Task<Result<void>> send_to_all(std::shared_ptr<NodeSet> set, NodeCall<void> call, SteadyTime deadline, Judged judged) {
    const auto answers = std::make_shared<NodeAnswers<void>>();
    std::string why;
    const std::vector<std::size_t> nodes = nodes_to_tell(*set, why);
    for (const std::size_t node : nodes) {
        set->sending.spawn("a message to a beacon node", send_one(set, node, call, answers, judged));
    }
    std::size_t waiting = nodes.size();
    while (waiting > 0) {
        std::optional<NodeAnswer<void>> answer = co_await answers->pop_until(set->clock, deadline);
        if (!answer) break;
        if (answer->result) co_return success();
        why += (why.empty() ? "" : "; ") + answer->result.error().message;
        --waiting;
    }
    co_return nobody_answered(waiting == 0, why.empty() ? "no node is on our chain" : why);
}

Task<Delivery> send_until_taken(std::shared_ptr<NodeSet> set, NodeCall<void> call, Resending again, Judged judged) {
    const auto all = std::make_shared<Delivering>();
    Delivery delivery;
    const std::vector<std::size_t> nodes = nodes_to_tell(*set, delivery.why);
    for (const std::size_t node : nodes) {
        set->sending.spawn("a message to a beacon node", insist(set, node, call, again, judged, all));
    }
    delivery.nodes = nodes.size();
    SteadyTime until = again.until;
    std::vector<std::size_t> silent = nodes;
    while (!silent.empty()) {
        std::optional<NodeAnswer<void>> answer = co_await all->answers.pop_until(set->clock, until);
        if (!answer) break;
        std::erase(silent, answer->node);
        if (!answer->result) {
            delivery.why += (delivery.why.empty() ? "" : "; ") + answer->result.error().message;
            continue;
        }
        ++delivery.taken;
        if (delivery.first) continue;
        delivery.first = set->clock.steady();
        until = std::min(until, *delivery.first + again.pause_to_rest * (static_cast<std::int64_t>(again.to_rest) + 1));
    }
    for (const std::size_t node : silent) {
        delivery.why += (delivery.why.empty() ? "" : "; ") + set->nodes[node]->url() + " has not taken it yet";
    }
    if (nodes.empty() && delivery.why.empty()) delivery.why = "no node is on our chain";
    co_return delivery;
}

}  // namespace holdfast::beacon
