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
    std::size_t waiting = 0;
    std::string why;
    for (std::size_t i = 0; i < set->nodes.size(); ++i) {
        if (set->judge.fitness(i) == Fitness::kForeign) continue;
        if (set->seen[i].sending >= kSendingMax) {
            why += (why.empty() ? "" : "; ") + set->nodes[i]->url() + " has not answered what was sent before";
            continue;
        }
        set->sending.spawn("a message to a beacon node", send_one(set, i, call, answers, judged));
        ++waiting;
    }
    while (waiting > 0) {
        std::optional<NodeAnswer<void>> answer = co_await answers->pop_until(set->clock, deadline);
        if (!answer) break;
        if (answer->result) co_return success();
        why += (why.empty() ? "" : "; ") + answer->result.error().message;
        --waiting;
    }
    co_return nobody_answered(waiting == 0, why.empty() ? "no node is on our chain" : why);
}

}  // namespace holdfast::beacon
