// The fullest of what nodes give for one question: an aggregate, a contribution. All are asked; a full one ends it, else it is
// over a moment after the first that is right. While no node has anything, all are asked again.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/log.hpp"
#include "shared/base/time.hpp"
#include "shared/beacon/asking.hpp"

namespace holdfast::duties {

struct FullestSettings {
    std::size_t full{0};  // votes of one that can't be bettered
    Duration wait{};      // after the first that is right
    Duration again{};     // between two questions while there is none
    SteadyTime end;
};

template <class T>
struct Fullest {
    std::optional<T> best;
    std::vector<std::pair<std::size_t, std::size_t>> votes_of;  // by node
    std::string why_not;                                        // while there is none: what the last node said
};

// `ask` puts the question to the nodes; `fault` says what is wrong with an answer, nothing if it is right.
template <class T>
Task<Fullest<T>> ask_for_fullest(Clock& clock, std::function<beacon::AskingPtr<T>(SteadyTime)> ask,
                                 std::function<std::string(const T&)> fault, FullestSettings settings) {
    Fullest<T> result;
    result.why_not = "no beacon node is fit";
    for (;;) {
        const beacon::AskingPtr<T> asking = ask(settings.end);
        SteadyTime until = settings.end;
        for (;;) {
            std::optional<beacon::NodeAnswer<T>> answer = co_await asking->next(until);
            if (!answer) break;
            const std::size_t node = answer->node;
            const std::string wrong = answer->result ? fault(answer->result.value()) : answer->result.error().message;
            if (!wrong.empty()) {
                if (answer->result) log_warn("node {}: {}", node + 1, wrong);
                result.why_not = wrong;
                continue;
            }
            if (!result.best) until = std::min(settings.end, clock.steady() + settings.wait);
            T given = std::move(answer->result).value();
            result.votes_of.emplace_back(node, given.votes);
            if (!result.best || given.votes > result.best->votes) result.best.emplace(std::move(given));
            if (result.best->votes >= settings.full) co_return result;
        }
        if (result.best || clock.steady() + settings.again >= settings.end) co_return result;
        co_await sleep_for(clock, settings.again);
    }
}

}  // namespace holdfast::duties
