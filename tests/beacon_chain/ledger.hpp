// The books of the simulated chain: what was received, what was dropped and why, what the chain included, and so the score.
// Pure: signatures are judged elsewhere and times are given. All nodes share one ledger: an attestation posted to several
// counts once.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/beacon_chain/chain.hpp"
#include "tests/beacon_chain/slashing_watch.hpp"

namespace holdfast::sim {

// A range of validators; count 0 is none.
struct IndexRange {
    std::uint64_t first{0};
    std::uint64_t count{0};
    [[nodiscard]] bool contains(std::uint64_t index) const { return index >= first && index - first < count; }
};

// How many slots after an epoch its attestations are still waited for before the score calls it final.
inline constexpr std::uint64_t kInclusionSlots = 2;

class Ledger {
public:
    // Scores the validators in `scored` except those that the simulation attests for itself.
    Ledger(Chain& chain, IndexRange scored, IndexRange attested_by_sim);

    // False for what has been received before, byte for byte. Then nothing more is to be done with it.
    bool first_time(const ethereum::SingleAttestation& attestation);
    // Without a validator there is no key to check its signature with.
    [[nodiscard]] bool known_validator(const ethereum::SingleAttestation& attestation) const;
    // Takes a new attestation with the verdict on its signature; into the pool, or counted as dropped with the reason. `now` is
    // the slot in which it arrived.
    void take(const ethereum::SingleAttestation& attestation, bool signature_valid, Slot now);
    // The simulation's own votes, which are right by construction.
    void attest_for(const Block& head, Slot slot);
    void count_dropped(std::string_view reason) { ++dropped_[std::string{reason}]; }

    // A block with a valid signature; a second one of the same slot is slashable.
    void proposed(std::uint32_t validator, Slot slot, const Root& root) { watch_.add_block(validator, slot, root); }
    [[nodiscard]] Pool& pool() { return pool_; }
    [[nodiscard]] const Block& head() const { return *head_; }
    // Whether the score is about this validator.
    [[nodiscard]] bool counts(std::uint64_t validator) const {
        return scored_.contains(validator) && !by_sim_.contains(validator);
    }
    // Whether anything validly signed by the validator, and with that epoch as its target, has been seen.
    [[nodiscard]] bool is_live(std::uint64_t validator, Epoch epoch) const;
    void set_live(std::uint64_t validator, Epoch epoch) { live_[epoch].insert(validator); }
    // The chain's head has moved: what its branch has included is what counts.
    void head_is(const Block& head);

    // Of every epoch that has begun; `only_final`: of those whose inclusion slots have passed.
    [[nodiscard]] Json::Value score(bool only_final) const;
    // Of the duties of one slot, in the current or the previous epoch of the head; zero duties otherwise.
    [[nodiscard]] Json::Value score_of_slot(Slot slot) const;
    [[nodiscard]] const SlashingWatch& slashings() const { return watch_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& dropped() const { return dropped_; }

private:
    struct Missed {
        std::uint32_t validator{0};
        Slot slot;
        std::string why;
    };
    struct EpochScore {
        std::uint64_t duties{0};
        std::uint64_t included{0};
        std::uint64_t right_target{0};
        std::uint64_t right_head{0};
        std::uint64_t distance_sum{0};
        std::uint64_t distance_max{0};
        std::vector<Missed> missed;
    };

    Chain& chain_;
    IndexRange scored_;
    IndexRange by_sim_;
    const Block* head_;
    Pool pool_;
    SlashingWatch watch_;
    std::map<Epoch, std::unordered_set<std::string>> received_;  // by target epoch
    std::map<Epoch, std::unordered_set<std::uint64_t>> live_;
    std::map<std::string, std::uint64_t> dropped_;
    std::map<Epoch, std::unordered_map<std::uint32_t, std::string>> reasons_;  // why a validator's vote was dropped
    std::map<Epoch, std::shared_ptr<const Votes>> votes_;                      // on the head's branch
    std::map<Epoch, EpochScore> closed_;

    [[nodiscard]] std::optional<std::string_view> fault_of(const ethereum::SingleAttestation& attestation, Slot now);
    [[nodiscard]] EpochScore score_of(Epoch epoch, const Votes& votes) const;
    void add_to(EpochScore& score, std::uint32_t validator, Slot slot, const Vote& vote) const;
    [[nodiscard]] std::string why_missed(std::uint32_t validator, Slot slot) const;
    void close_epochs_before(Epoch epoch);
    static Json::Value to_json(const EpochScore& score);
};

[[nodiscard]] Json::Value to_json(const ethereum::AttestationData& data);

}  // namespace holdfast::sim
