// Which of ours sit in which sync committee: this period's and the next one's. Pure. A slot's messages are signed by the
// committee of the epoch of the next slot, because the next block carries them.
// Specification: consensus-specs, altair/validator.md, "Sync Committee".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/beacon/production_types.hpp"

namespace holdfast::duties {

// altair/validator.md: SYNC_COMMITTEE_SUBNET_COUNT
inline constexpr std::uint64_t kSyncSubcommittees = 4;

class SyncMembers {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // `period_epochs`: 0 if the chain has no sync committees; then nothing is ever due.
    SyncMembers(std::uint64_t period_epochs, std::uint64_t committee_size)
        : period_epochs_{period_epochs}, committee_size_{committee_size} {}

    [[nodiscard]] bool exist() const { return period_epochs_ > 0; }
    [[nodiscard]] Epoch first_of_period(Epoch epoch) const { return Epoch{epoch.value - epoch.value % period_epochs_}; }
    [[nodiscard]] Epoch next_period(Epoch epoch) const { return first_of_period(epoch) + period_epochs_; }

    // Takes the members of the period that begins at `first` in place of what was known, asked in epoch `when` for `asked`.
    // kMalformed, and nothing is changed, if a key isn't ours, has another index, or a position is impossible.
    Result<void> put(Epoch first, Epoch when, const Validators& asked, std::vector<beacon::SyncDuty> duties);
    // Asked for just these validators, and not in an epoch in which the committee could still be another branch's: the first of
    // the period before.
    [[nodiscard]] bool settled(Epoch first, Epoch now, const Validators& validators) const;
    [[nodiscard]] bool known(Epoch epoch) const { return !exist() || periods_.contains(first_of_period(epoch)); }
    // Of the committee that serves in `epoch`; empty if there are none or they are not known.
    [[nodiscard]] const std::vector<beacon::SyncDuty>& at(Epoch epoch) const;
    // Nothing if none of ours sits in the committee of `now`. Else the last epoch of its period; of the next one, too, if one
    // of ours sits there.
    [[nodiscard]] std::optional<Epoch> until(Epoch now) const;
    void forget_before(Epoch epoch);

    // In which subcommittees these positions lie, each once.
    [[nodiscard]] std::vector<std::uint64_t> subcommittees(const beacon::SyncDuty& duty) const;
    [[nodiscard]] std::uint64_t subcommittee_size() const { return committee_size_ / kSyncSubcommittees; }
    [[nodiscard]] std::uint64_t committee_size() const { return committee_size_; }

private:
    struct Period {
        Epoch when;
        Validators asked;
        std::vector<beacon::SyncDuty> duties;
    };
    std::uint64_t period_epochs_;
    std::uint64_t committee_size_;
    std::map<Epoch, Period> periods_;  // by first epoch
};

}  // namespace holdfast::duties
