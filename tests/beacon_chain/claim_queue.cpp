#include "tests/beacon_chain/claim_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::sim {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kSumsKept = 1024;

}  // namespace

ClaimQueue::ClaimQueue(ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& checker)
    : time_{time}, clock_{clock}, pool_{pool}, checker_{checker} {}

void ClaimQueue::submit(std::vector<Claim> claims, std::function<void(const Verdicts&)> then) {
    if (claims.empty()) return then({});
    waiting_.push_back({claims_.size(), claims.size(), std::move(then)});
    std::ranges::move(claims, std::back_inserter(claims_));
    submitted_.notify_all();
}

Task<ClaimQueue::Verdicts> ClaimQueue::check_now(std::vector<Claim> claims) {
    auto work = [checker = &checker_, claims = std::move(claims)] { return checker->check(claims); };
    Verdicts verdicts = co_await pool_.run(std::move(work));
    co_return verdicts;
}

Task<Signature> ClaimQueue::sum(std::vector<Signature> signatures) {
    Bytes all;
    for (const Signature& signature : signatures) all.insert(all.end(), signature.bytes.begin(), signature.bytes.end());
    const Leaf digest = hash_of(all);
    for (const auto& [known, sum] : sums_) {
        if (known == digest) co_return sum;
    }
    auto work = [signatures = std::move(signatures)] { return sum_of(signatures); };
    Signature result = co_await pool_.run(std::move(work));
    sums_.emplace_back(digest, result);
    if (sums_.size() > kSumsKept) sums_.pop_front();
    co_return result;
}

Task<std::vector<Signature>> ClaimQueue::sign(std::vector<std::uint64_t> validators, Root signing_root) {
    auto work = [validators = std::move(validators), signing_root] { return sign_all(validators, signing_root); };
    std::vector<Signature> result = co_await pool_.run(std::move(work));
    co_return result;
}

Task<void> ClaimQueue::run() {
    for (;;) {
        while (claims_.empty()) co_await submitted_.wait();
        co_await sleep_for(clock_, time_.slot() / 64);
        std::vector<Claim> claims = std::exchange(claims_, {});
        const std::vector<Waiting> waiting = std::exchange(waiting_, {});
        const Verdicts verdicts = co_await check_now(std::move(claims));
        for (const Waiting& one : waiting) {
            const auto first = verdicts.begin() + static_cast<std::ptrdiff_t>(one.first);
            one.then(Verdicts(first, first + static_cast<std::ptrdiff_t>(one.count)));
        }
    }
}

}  // namespace holdfast::sim
