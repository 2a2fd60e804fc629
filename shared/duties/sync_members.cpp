#include "shared/duties/sync_members.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::duties {

using beacon::SyncDuty;

namespace {

Result<void> check_duty(const SyncDuty& duty, const SyncMembers::Validators& asked, std::uint64_t committee_size) {
    const std::string who = "sync committee duty of validator " + to_string(duty.validator_index);
    const auto ours = asked.find(duty.key);
    if (ours == asked.end()) return failure(ErrorCode::kMalformed, who + ": its key was not asked for");
    if (ours->second != duty.validator_index) return failure(ErrorCode::kMalformed, who + ": its key has another index");
    for (const std::uint64_t position : duty.positions) {
        if (position < committee_size) continue;
        return failure(ErrorCode::kMalformed, who + ": position " + std::to_string(position) + " is not in the committee");
    }
    return success();
}

}  // namespace

Result<void> SyncMembers::put(Epoch first, Epoch when, const Validators& asked, std::vector<SyncDuty> duties) {
    // A node may name a validator once for each of its positions.
    std::map<ValidatorIndex, SyncDuty> members;
    for (SyncDuty& duty : duties) {
        HOLDFAST_TRY(check_duty(duty, asked, committee_size_));
        if (duty.positions.empty()) continue;
        SyncDuty& member =
            members.try_emplace(duty.validator_index, SyncDuty{duty.key, duty.validator_index, {}}).first->second;
        member.positions.insert(member.positions.end(), duty.positions.begin(), duty.positions.end());
    }
    Period period{when, asked, {}};
    for (auto& [index, member] : members) {
        std::ranges::sort(member.positions);
        const auto repeated = std::unique(member.positions.begin(), member.positions.end());
        member.positions.erase(repeated, member.positions.end());
        period.duties.push_back(std::move(member));
    }
    periods_.insert_or_assign(first, std::move(period));
    return success();
}

bool SyncMembers::settled(Epoch first, Epoch now, const Validators& validators) const {
    const auto period = periods_.find(first);
    if (period == periods_.end() || period->second.asked != validators) return false;
    if (first.value < period_epochs_) return true;
    const Epoch drawn = first - period_epochs_;  // when its committee was drawn
    return period->second.when > drawn || now <= drawn;
}

const std::vector<SyncDuty>& SyncMembers::at(Epoch epoch) const {
    static const std::vector<SyncDuty> kNone;
    if (!exist()) return kNone;
    const auto period = periods_.find(first_of_period(epoch));
    return period == periods_.end() ? kNone : period->second.duties;
}

std::optional<Epoch> SyncMembers::until(Epoch now) const {
    if (!exist() || at(now).empty()) return std::nullopt;
    const Epoch next = next_period(now);
    return (at(next).empty() ? next : next_period(next)) - 1;
}

void SyncMembers::forget_before(Epoch epoch) {
    if (exist()) periods_.erase(periods_.begin(), periods_.lower_bound(first_of_period(epoch)));
}

std::vector<std::uint64_t> SyncMembers::subcommittees(const SyncDuty& duty) const {
    std::vector<std::uint64_t> result;
    for (const std::uint64_t position : duty.positions) {
        const std::uint64_t subcommittee = position / std::max<std::uint64_t>(1, subcommittee_size());
        if (result.empty() || result.back() != subcommittee) result.push_back(subcommittee);
    }
    return result;
}

}  // namespace holdfast::duties
