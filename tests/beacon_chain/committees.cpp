#include "tests/beacon_chain/committees.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/random.hpp"
#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

std::uint64_t first_number(const Root& root) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < 8; ++i) result = (result << 8U) | root.bytes[i];
    return result;
}

}  // namespace

Committees::Committees(const ChainConfig& config, Epoch epoch, const Root& dependent_root)
    : first_slot_{config.first_slot(epoch)},
      slots_{config.slots_per_epoch},
      per_slot_{std::max<std::uint64_t>(1, std::min(config.max_committees_per_slot, config.validators / config.slots_per_epoch /
                                                                                        config.target_committee_size))},
      shuffled_(config.validators),
      places_(config.validators) {
    std::iota(shuffled_.begin(), shuffled_.end(), 0U);
    SeededRandom random{first_number(digest("shuffle", {config.seed, epoch.value}, dependent_root))};
    for (std::size_t i = shuffled_.size(); i > 1; --i) std::swap(shuffled_[i - 1], shuffled_[random.below(i)]);
    for (std::uint32_t place = 0; place < shuffled_.size(); ++place) places_[shuffled_[place]] = place;
}

std::uint64_t Committees::start(std::uint64_t number) const { return shuffled_.size() * number / (slots_ * per_slot_); }

Duty Committees::duty(ValidatorIndex validator) const {
    HOLDFAST_ASSERT(validator.value < places_.size());
    const std::uint64_t place = places_[validator.value];
    // The inverse of start() up to rounding; the loop corrects that.
    std::uint64_t number = place * slots_ * per_slot_ / places_.size();
    while (start(number + 1) <= place) ++number;
    return {first_slot_ + number / per_slot_, CommitteeIndex{number % per_slot_}, start(number + 1) - start(number), per_slot_,
            place - start(number)};
}

std::span<const std::uint32_t> Committees::attesters(Slot slot) const {
    HOLDFAST_ASSERT(slot >= first_slot_ && slot - first_slot_ < slots_);
    const std::uint64_t number = (slot - first_slot_) * per_slot_;
    return std::span{shuffled_}.subspan(start(number), start(number + per_slot_) - start(number));
}

}  // namespace holdfast::sim
