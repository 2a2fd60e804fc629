#include "shared/duties/duty_book.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace holdfast::duties {

using beacon::AttesterDuties;
using beacon::AttesterDuty;
using OurValidators = std::unordered_map<PublicKey, ValidatorIndex>;

namespace {

Result<void> check_duty(const AttesterDuty& duty, Epoch epoch, std::uint64_t slots_per_epoch, const OurValidators& asked) {
    const std::string who = "attester duty of validator " + to_string(duty.validator_index) + " in epoch " + to_string(epoch);
    const auto ours = asked.find(duty.key);
    if (ours == asked.end()) return failure(ErrorCode::kMalformed, who + ": its key was not asked for");
    if (ours->second != duty.validator_index) return failure(ErrorCode::kMalformed, who + ": its key has another index");
    if (duty.slot.value / slots_per_epoch != epoch.value) {
        return failure(ErrorCode::kMalformed, who + ": slot " + to_string(duty.slot) + " is outside the epoch");
    }
    if (duty.committee_index.value >= duty.committees_at_slot || duty.validator_committee_index >= duty.committee_length) {
        return failure(ErrorCode::kMalformed, who + ": its place in the committee is impossible");
    }
    return success();
}

}  // namespace

Result<void> DutyBook::put(AttesterDuties duties, const OurValidators& asked) {
    std::unordered_set<ValidatorIndex> seen;
    for (const AttesterDuty& duty : duties.duties) {
        HOLDFAST_TRY(check_duty(duty, duties.epoch, slots_per_epoch_, asked));
        if (!seen.insert(duty.validator_index).second) {
            return failure(ErrorCode::kMalformed, "attester duties of epoch " + to_string(duties.epoch) + " name validator " +
                                                      to_string(duty.validator_index) + " twice");
        }
    }
    Known known{duties.dependent_root, {}, std::move(duties.duties), ++versions_};
    known.asked.reserve(asked.size());
    for (const auto& [key, index] : asked) known.asked.push_back(key);
    std::ranges::sort(known.asked);
    epochs_.insert_or_assign(duties.epoch, std::move(known));
    return success();
}

void DutyBook::keep_only(const OurValidators& validators) {
    for (auto& [epoch, known] : epochs_) {
        const std::size_t gone =
            std::erase_if(known.duties, [&](const AttesterDuty& duty) { return !validators.contains(duty.key); });
        if (gone == 0) continue;
        // Those who come back are asked for again.
        std::erase_if(known.asked, [&](const PublicKey& key) { return !validators.contains(key); });
        known.version = ++versions_;
    }
}

std::vector<AttesterDuty> DutyBook::at(Slot slot) const {
    std::vector<AttesterDuty> result;
    const auto known = epochs_.find(Epoch{slot.value / slots_per_epoch_});
    if (known == epochs_.end()) return result;
    std::ranges::copy_if(known->second.duties, std::back_inserter(result),
                         [slot](const AttesterDuty& d) { return d.slot == slot; });
    return result;
}

bool DutyBook::asked_for_all(Epoch epoch, const OurValidators& validators) const {
    const auto known = epochs_.find(epoch);
    if (known == epochs_.end()) return false;
    return std::ranges::all_of(validators, [&known](const auto& validator) {
        return std::ranges::binary_search(known->second.asked, validator.first);
    });
}

std::size_t DutyBook::count(Epoch epoch) const {
    const auto known = epochs_.find(epoch);
    return known == epochs_.end() ? 0 : known->second.duties.size();
}

AttesterDuties DutyBook::all(Epoch epoch) const {
    const auto known = epochs_.find(epoch);
    if (known == epochs_.end()) return {epoch, {}, {}};
    return {epoch, known->second.dependent_root, known->second.duties};
}

std::uint64_t DutyBook::version(Epoch epoch) const {
    const auto known = epochs_.find(epoch);
    return known == epochs_.end() ? 0 : known->second.version;
}

std::vector<Epoch> DutyBook::stale_after(const beacon::HeadEvent& event) const {
    const Epoch epoch{event.slot.value / slots_per_epoch_};
    std::vector<Epoch> stale;
    const auto compare = [this, &stale](Epoch of, const Root& root) {
        const auto known = epochs_.find(of);
        if (known == epochs_.end() || root.is_zero() || known->second.dependent_root == root) return;
        stale.push_back(of);
    };
    compare(epoch, event.previous_duty_dependent_root);
    compare(epoch + 1, event.current_duty_dependent_root);
    return stale;
}

void DutyBook::forget_before(Epoch epoch) { epochs_.erase(epochs_.begin(), epochs_.lower_bound(epoch)); }

}  // namespace holdfast::duties
