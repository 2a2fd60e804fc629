// Part of HttpQuorumClient: answers of all members to a question that each answers on its own.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/protection/http_quorum_client.hpp"

namespace holdfast::protection {

// Shared with the requests, some of which outlive the question.
template <class T>
struct HttpQuorumClient::Gathering {
    std::vector<T> answers{};
    std::size_t failures{0};
    Notifier changed{};
};

// Until all have answered or failed; once Q have answered, the others get the grace. At `deadline` at the latest.
template <class T>
Task<void> HttpQuorumClient::gather(std::shared_ptr<Gathering<T>> gathering, SteadyTime deadline) {
    bool grace = false;
    while (gathering->answers.size() + gathering->failures < members_.size()) {
        if (!grace && gathering->answers.size() >= quorum()) {
            grace = true;
            deadline = std::min(deadline, clock_.steady() + options_.straggler_grace);
        }
        const bool in_time = co_await gathering->changed.wait_until(clock_, deadline);
        if (!in_time) break;
    }
}

template <class T>
Task<void> HttpQuorumClient::ask_into(MemberPtr /*keeps it alive*/, std::shared_ptr<Gathering<T>> gathering,
                                      Task<Result<T>> question) {
    Result<T> answer = co_await std::move(question);
    if (answer) {
        gathering->answers.push_back(std::move(answer).value());
    } else {
        ++gathering->failures;
    }
    gathering->changed.notify_all();
}

template <class T>
Error HttpQuorumClient::too_few(const Gathering<T>& gathering, const std::string& what) const {
    std::string text = "only " + std::to_string(gathering.answers.size()) + " of " + std::to_string(members_.size()) +
                       " protectors have said " + what + ", " + std::to_string(quorum()) + " are needed";
    for (const MemberPtr& member : members_) {
        if (!member->last_failure().empty()) text += "; " + member->status().name + ": " + member->last_failure();
    }
    return failure(ErrorCode::kUnavailable, text);
}

}  // namespace holdfast::protection
