// Signatures that wait for their verdict: gathered for a moment, verified off the I/O thread. Used on the I/O thread only.
#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/base/worker_pool.hpp"
#include "tests/beacon_chain/chain_time.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

class ClaimQueue {
public:
    using Verdicts = std::vector<bool>;

    // Everything passed must outlive it.
    ClaimQueue(ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& checker);

    // `then` gets a verdict for each claim; with no claims at once.
    void submit(std::vector<Claim> claims, std::function<void(const Verdicts&)> then);
    // Without the pause, beside the queue.
    Task<Verdicts> check_now(std::vector<Claim> claims);
    // The aggregate of signatures that have been verified; the last ones are remembered.
    Task<Signature> sum(std::vector<Signature> signatures);
    // Signs one message for many with their interop keys: what the simulation has to know to keep the score.
    Task<std::vector<Signature>> sign(std::vector<std::uint64_t> validators, Root signing_root);
    // Verifies what was submitted; ends by cancellation.
    Task<void> run();

private:
    struct Waiting {
        std::size_t first{0};
        std::size_t count{0};
        std::function<void(const Verdicts&)> then;
    };
    ChainTime time_;
    Clock& clock_;
    WorkerPool& pool_;
    const SignatureChecker& checker_;
    Notifier submitted_;
    std::vector<Claim> claims_;
    std::vector<Waiting> waiting_;
    std::deque<std::pair<Leaf, Signature>> sums_;  // by what was added up
};

}  // namespace holdfast::sim
