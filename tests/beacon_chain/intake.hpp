// The one gate of all nodes: attestations come in, their signatures are verified off the I/O thread, the ledger takes them.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/base/worker_pool.hpp"
#include "tests/beacon_chain/arrivals.hpp"
#include "tests/beacon_chain/ledger.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

class Intake {
public:
    // Everything passed must outlive it.
    Intake(const ChainConfig& config, ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& checker,
           Ledger& ledger);

    void submit(std::size_t node, std::vector<ethereum::SingleAttestation> attestations);
    // Verifies what was submitted; ends by cancellation. Not at once: a pause lets a slot's attestations from all nodes gather,
    // and keeps the verification's work out of the moment in which clients are measured. Late in a slot there is none, so that
    // the next block has what came before it.
    Task<void> run();

    [[nodiscard]] Arrivals& arrivals() { return arrivals_; }
    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
    // Nothing waits for its verdict.
    [[nodiscard]] bool idle() const { return queue_.empty() && in_work_ == 0; }

private:
    struct Waiting {
        ethereum::SingleAttestation attestation;
        Slot arrived;
    };
    struct SameData {
        Root signing_root;
        std::vector<SignedBy> signatures;
        std::vector<std::size_t> places;
    };
    using Verdicts = std::vector<bool>;

    const ChainConfig& config_;
    ChainTime time_;
    Clock& clock_;
    WorkerPool& pool_;
    const SignatureChecker& checker_;
    Ledger& ledger_;
    Root genesis_validators_root_;
    Arrivals arrivals_;
    Notifier submitted_;
    std::vector<Waiting> queue_;
    std::size_t in_work_{0};
    std::uint64_t duplicates_{0};

    [[nodiscard]] Duration pause() const;
    [[nodiscard]] std::vector<SameData> by_data(const std::vector<Waiting>& batch) const;
    static Verdicts verify(const SignatureChecker& checker, const std::vector<SameData>& groups, std::size_t count);
};

}  // namespace holdfast::sim
