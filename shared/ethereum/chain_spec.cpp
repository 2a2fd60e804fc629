#include "shared/ethereum/chain_spec.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace holdfast::ethereum {
namespace {

constexpr std::array kDeadlines{"ATTESTATION_DUE_BPS",        "ATTESTATION_DUE_BPS_GLOAS",  "AGGREGATE_DUE_BPS",
                                "AGGREGATE_DUE_BPS_GLOAS",    "SYNC_MESSAGE_DUE_BPS",       "SYNC_MESSAGE_DUE_BPS_GLOAS",
                                "CONTRIBUTION_DUE_BPS",       "CONTRIBUTION_DUE_BPS_GLOAS", "PAYLOAD_DUE_BPS",
                                "PAYLOAD_ATTESTATION_DUE_BPS"};

using Values = std::map<std::string, std::string>;

struct NamedFork {
    ForkName name;
    const char* upper;
};
constexpr std::array<NamedFork, 8> kForks{{{ForkName::kPhase0, "GENESIS"},
                                           {ForkName::kAltair, "ALTAIR"},
                                           {ForkName::kBellatrix, "BELLATRIX"},
                                           {ForkName::kCapella, "CAPELLA"},
                                           {ForkName::kDeneb, "DENEB"},
                                           {ForkName::kElectra, "ELECTRA"},
                                           {ForkName::kFulu, "FULU"},
                                           {ForkName::kGloas, "GLOAS"}}};

// Longer than any chain's: an hour. It keeps slot arithmetic far from the end of 64 bits.
constexpr std::uint64_t kSlotMillisecondsMax = 3'600'000;
constexpr std::uint64_t kSlotsPerEpochMax = 1'000'000;
constexpr std::uint64_t kBasisPoints = 10'000;
constexpr WallTime kLastStart{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

Error wrong(const std::string& name, const std::string& why) {
    return failure(ErrorCode::kMalformed, "chain specification: " + name + " " + why);
}

Result<std::uint64_t> require_number(const Values& values, const std::string& name) {
    const auto found = values.find(name);
    if (found == values.end()) return wrong(name, "is missing");
    const auto number = parse_decimal(found->second);
    if (!number) return wrong(name, "is not a number: '" + found->second + "'");
    return number.value();
}

Result<std::optional<std::uint64_t>> optional_number(const Values& values, const std::string& name) {
    if (!values.contains(name)) return std::optional<std::uint64_t>{};
    HOLDFAST_TRY(const auto number, require_number(values, name));
    return std::optional<std::uint64_t>{number};
}

Result<Duration> read_slot_duration(const Values& values) {
    HOLDFAST_TRY(const auto in_ms, optional_number(values, "SLOT_DURATION_MS"));
    std::uint64_t milliseconds = in_ms.value_or(0);
    if (!in_ms) {
        HOLDFAST_TRY(const auto seconds, require_number(values, "SECONDS_PER_SLOT"));
        if (seconds > kSlotMillisecondsMax) return wrong("SECONDS_PER_SLOT", "is not a slot's length");
        milliseconds = seconds * 1000;
    }
    if (milliseconds == 0 || milliseconds > kSlotMillisecondsMax)
        return wrong("the slot's length", "is not between 1 ms and an hour");
    return Duration{std::chrono::milliseconds{milliseconds}};
}

Result<ForkVersion> read_version(const Values& values, const std::string& name) {
    const auto found = values.find(name);
    if (found == values.end()) return wrong(name, "is missing");
    auto version = parse_hex<ForkVersion>(found->second);
    if (!version) return wrong(name, "is not four bytes in hexadecimal: '" + found->second + "'");
    return version.value();
}

Result<std::vector<Fork>> read_forks(const Values& values) {
    std::vector<Fork> forks;
    for (const NamedFork& fork : kForks) {
        const std::string upper = fork.upper;
        if (fork.name == ForkName::kPhase0) {
            HOLDFAST_TRY(const auto version, read_version(values, "GENESIS_FORK_VERSION"));
            forks.push_back({fork.name, version, Epoch{0}});
            continue;
        }
        HOLDFAST_TRY(const auto epoch, optional_number(values, upper + "_FORK_EPOCH"));
        if (!epoch || Epoch{*epoch} == kFarFutureEpoch) continue;
        HOLDFAST_TRY(const auto version, read_version(values, upper + "_FORK_VERSION"));
        if (Epoch{*epoch} < forks.back().epoch) return wrong(upper + "_FORK_EPOCH", "is before the fork that precedes it");
        forks.push_back({fork.name, version, Epoch{*epoch}});
    }
    return forks;
}

Duration share_of(Duration slot, std::uint64_t basis_points) {
    return Duration{slot.count() * static_cast<std::int64_t>(basis_points) / static_cast<std::int64_t>(kBasisPoints)};
}

std::string describe(const Fork& fork) {
    return std::string{to_string(fork.name)} + " " + to_hex(fork.version) + " at epoch " + to_string(fork.epoch);
}

}  // namespace

std::string_view to_string(ForkName fork) {
    switch (fork) {
        case ForkName::kPhase0: return "phase0";
        case ForkName::kAltair: return "altair";
        case ForkName::kBellatrix: return "bellatrix";
        case ForkName::kCapella: return "capella";
        case ForkName::kDeneb: return "deneb";
        case ForkName::kElectra: return "electra";
        case ForkName::kFulu: return "fulu";
        case ForkName::kGloas: return "gloas";
    }
    return "unknown";
}

Result<ChainSpec> ChainSpec::parse(const Values& values) {
    ChainSpec spec;
    spec.values_ = values;
    HOLDFAST_TRY(spec.slot_duration_, read_slot_duration(values));
    HOLDFAST_TRY(spec.slots_per_epoch_, require_number(values, "SLOTS_PER_EPOCH"));
    if (spec.slots_per_epoch_ == 0 || spec.slots_per_epoch_ > kSlotsPerEpochMax)
        return wrong("SLOTS_PER_EPOCH", "is impossible");
    HOLDFAST_TRY(const auto aggregators, optional_number(values, "TARGET_AGGREGATORS_PER_COMMITTEE"));
    spec.target_aggregators_per_committee_ = std::max<std::uint64_t>(1, aggregators.value_or(16));
    HOLDFAST_TRY(spec.forks_, read_forks(values));
    for (const char* name : kDeadlines) {
        HOLDFAST_TRY(const auto share, optional_number(values, name));
        if (share && *share > kBasisPoints) return wrong(name, "is more than 10000 basis points");
    }
    return spec;
}

Slot ChainSpec::first_slot(Epoch epoch) const {
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    return Slot{epoch.value > kMax / slots_per_epoch_ ? kMax : epoch.value * slots_per_epoch_};
}

const Fork& ChainSpec::fork_at(Epoch epoch) const {
    const auto after = std::ranges::find_if(forks_, [epoch](const Fork& fork) { return fork.epoch > epoch; });
    return *std::prev(after);  // the first fork is in force from epoch 0 on
}

// Where a node names no share, the older forks' thirds of a slot, and for Gloas its own default.
Duration ChainSpec::due(Slot slot, std::string_view name, std::uint64_t thirds, std::uint64_t gloas_default) const {
    const bool gloas = fork_at(epoch_of(slot)).name >= ForkName::kGloas;
    const auto share = number(std::string{name} + (gloas ? "_GLOAS" : ""));
    if (share) return share_of(slot_duration_, share.value());
    if (gloas) return share_of(slot_duration_, gloas_default);
    return slot_duration_ * static_cast<std::int64_t>(thirds) / 3;
}

Duration ChainSpec::attestation_due(Slot slot) const { return due(slot, "ATTESTATION_DUE_BPS", 1, 2500); }
Duration ChainSpec::aggregate_due(Slot slot) const { return due(slot, "AGGREGATE_DUE_BPS", 2, 5000); }
Duration ChainSpec::sync_message_due(Slot slot) const { return due(slot, "SYNC_MESSAGE_DUE_BPS", 1, 2500); }
Duration ChainSpec::contribution_due(Slot slot) const { return due(slot, "CONTRIBUTION_DUE_BPS", 2, 5000); }

Duration ChainSpec::payload_due(Slot /*slot*/) const {
    const Result<std::uint64_t> share = number("PAYLOAD_DUE_BPS");
    return share_of(slot_duration_, share ? share.value() : 5000);
}
Duration ChainSpec::payload_attestation_due(Slot /*slot*/) const {
    const Result<std::uint64_t> share = number("PAYLOAD_ATTESTATION_DUE_BPS");
    return share_of(slot_duration_, share ? share.value() : 7500);
}

Result<std::uint64_t> ChainSpec::number(std::string_view name) const {
    const auto found = values_.find(std::string{name});
    if (found == values_.end()) return failure(ErrorCode::kNotFound, "the chain specification has no " + std::string{name});
    return parse_decimal(found->second);
}

std::string ChainSpec::difference(const ChainSpec& other) const {
    const auto differ = [](const std::string& what, const std::string& a, const std::string& b) {
        return what + " is " + a + " instead of " + b;
    };
    if (slot_duration_ != other.slot_duration_) {
        return differ("the slot's length", std::to_string(to_ms(slot_duration_)) + " ms",
                      std::to_string(to_ms(other.slot_duration_)) + " ms");
    }
    if (slots_per_epoch_ != other.slots_per_epoch_) {
        return differ("SLOTS_PER_EPOCH", std::to_string(slots_per_epoch_), std::to_string(other.slots_per_epoch_));
    }
    for (std::size_t i = 0; i < std::max(forks_.size(), other.forks_.size()); ++i) {
        const std::string mine = i < forks_.size() ? describe(forks_[i]) : "none";
        const std::string theirs = i < other.forks_.size() ? describe(other.forks_[i]) : "none";
        if (mine != theirs) return differ("fork " + std::to_string(i), mine, theirs);
    }
    const auto differ_in_time = [&differ](const std::string& what, Duration a, Duration b) {
        return differ(what, std::to_string(to_ms(a)) + " ms", std::to_string(to_ms(b)) + " ms");
    };
    for (const Fork& fork : forks_) {
        const Slot slot = first_slot(fork.epoch);
        const std::string of_fork = " deadline of " + std::string{to_string(fork.name)};
        if (attestation_due(slot) != other.attestation_due(slot)) {
            return differ_in_time("the attestation" + of_fork, attestation_due(slot), other.attestation_due(slot));
        }
        if (aggregate_due(slot) != other.aggregate_due(slot)) {
            return differ_in_time("the aggregate" + of_fork, aggregate_due(slot), other.aggregate_due(slot));
        }
    }
    return {};
}

WallTime SlotClock::start_of(Slot slot) const {
    if (genesis_ >= kLastStart) return kLastStart;
    // A genesis before 1970 would make the difference too large for 64 bits.
    const auto slots_left = (kLastStart - std::max(genesis_, WallTime{})) / slot_duration_;
    if (slot.value > static_cast<std::uint64_t>(slots_left)) return kLastStart;
    return genesis_ + slot_duration_ * static_cast<std::int64_t>(slot.value);
}

Slot SlotClock::slot_at(WallTime when) const {
    if (when <= genesis_) return Slot{0};
    return Slot{static_cast<std::uint64_t>((when - genesis_) / slot_duration_)};
}

}  // namespace holdfast::ethereum
