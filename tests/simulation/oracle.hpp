// Watches a world and knows what must never happen in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/protection/adoption.hpp"
#include "shared/protection/verdict.hpp"
#include "tests/simulation/setup.hpp"

namespace holdfast::simulation {

using ValidatorNumber = std::uint32_t;

// A message as the world knows it: two with an unknown signing root are still two.
struct Ballot {
    protection::AttestationMark attestation;  // of an attestation
    protection::BlockMark block;              // of a block
    bool is_block{false};
    std::uint64_t content{0};
    friend bool operator==(const Ballot&, const Ballot&) = default;
};

struct Counts {
    std::uint64_t worlds{0};
    std::uint64_t decisions{0};  // verdicts, by key and member
    std::uint64_t approvals{0};  // keys that got their quorum
    std::uint64_t crashes{0};
    std::uint64_t lost_disks{0};
    std::uint64_t rejoined{0};
    std::uint64_t backups_restored{0};
    std::uint64_t backups_noticed{0};
    std::uint64_t generations{0};
    std::uint64_t adopted{0};
    std::uint64_t published_again{0};
    void add(const Counts& other);
};

class Oracle {
public:
    explicit Oracle(const Setup& setup);

    // A member's verdict leaves it. `clock`: what it shows there.
    void on_verdict(std::size_t member, const Ballot& ballot, const protection::Verdict& verdict, std::uint64_t generation,
                    const protection::ChainTime& clock);
    // A member says which tenure is in force there.
    void on_tenure(std::size_t member, const protection::Tenure& tenure);
    // It has lost what it knew, or is put back.
    void on_memory_lost(std::size_t member);

    // An instance has its quorum; `yes`: how many members' yes has really reached it in this request.
    void on_approved(ValidatorNumber validator, const Ballot& ballot, std::size_t yes, std::uint64_t generation, Time begun);
    void on_published(ValidatorNumber validator, const Ballot& ballot);
    void on_promise(const std::string& holder, std::uint64_t generation, Time now);
    void on_halted_everywhere(ValidatorNumber validator, Time now);
    // A member rejoins on the word of `answers` others, at clocks this many slots off at most.
    void on_rejoin(std::size_t usable_answers, std::uint64_t clock_difference);

    // The message for `target` that has had its quorum; null if none.
    [[nodiscard]] const Ballot* approved(ValidatorNumber validator, Epoch target) const;
    [[nodiscard]] bool published(ValidatorNumber validator, const Ballot& ballot) const;
    [[nodiscard]] bool memory_was_lost() const { return memory_was_lost_; }

    void fail(const std::string& what);
    [[nodiscard]] const bool& failed() const { return failed_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    Counts counts;

private:
    struct History {
        std::vector<Ballot> attestations;
        std::map<Slot, Ballot> blocks;
        std::vector<Ballot> published;
        Time halted_at{-1};
    };
    struct PromiseHeld {
        std::string holder;
        Time when;
    };

    const Setup& setup_;
    std::vector<History> validators_;
    std::vector<std::uint64_t> generation_at_;
    std::map<std::uint64_t, PromiseHeld> promises_;
    bool memory_was_lost_{false};
    bool failed_{false};
    std::string failure_;

    void check_conflicts(ValidatorNumber validator, const Ballot& ballot);
    void check_fence(std::uint64_t generation, Time begun);
};

}  // namespace holdfast::simulation
