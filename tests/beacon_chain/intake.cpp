#include "tests/beacon_chain/intake.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using ethereum::SingleAttestation;

Intake::Intake(const ChainConfig& config, ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& checker,
               Ledger& ledger)
    : config_{config},
      time_{time},
      clock_{clock},
      pool_{pool},
      checker_{checker},
      ledger_{ledger},
      genesis_validators_root_{genesis_validators_root_of(config)},
      arrivals_{time} {}

void Intake::submit(std::size_t node, std::vector<SingleAttestation> attestations) {
    const WallTime when = clock_.now();
    const Slot slot = time_.slot_at(when);
    for (SingleAttestation& attestation : attestations) {
        if (attestation.data.slot <= slot + 1) {
            arrivals_.attestation(attestation.data.slot, attestation.attester_index.value, node, when);
        }
        if (!ledger_.first_time(attestation)) {
            ++duplicates_;
        } else if (!ledger_.known_validator(attestation)) {
            ledger_.take(attestation, false, slot);
        } else {
            queue_.push_back({std::move(attestation), slot});
        }
    }
    submitted_.notify_all();
}

Task<void> Intake::run() {
    for (;;) {
        while (queue_.empty()) co_await submitted_.wait();
        co_await sleep_for(clock_, pause());
        const std::vector<Waiting> batch = std::exchange(queue_, {});
        in_work_ = batch.size();
        auto work = [checker = &checker_, groups = by_data(batch), count = batch.size()] {
            return verify(*checker, groups, count);
        };
        const Verdicts verdicts = co_await pool_.run(std::move(work));
        for (std::size_t i = 0; i < batch.size(); ++i) ledger_.take(batch[i].attestation, verdicts[i], batch[i].arrived);
        in_work_ = 0;
    }
}

Duration Intake::pause() const {
    const WallTime now = clock_.now();
    const Duration left = time_.start_of(time_.slot_at(now) + 1) - now;
    return left > time_.slot() / 4 ? time_.slot() / 16 : Duration{0};
}

std::vector<Intake::SameData> Intake::by_data(const std::vector<Waiting>& batch) const {
    std::vector<SameData> groups;
    std::vector<const ethereum::AttestationData*> data;
    for (std::size_t place = 0; place < batch.size(); ++place) {
        const SingleAttestation& attestation = batch[place].attestation;
        const auto same = std::find_if(data.begin(), data.end(), [&](const auto* other) { return *other == attestation.data; });
        const auto group = static_cast<std::size_t>(same - data.begin());
        if (same == data.end()) {
            const ForkVersion version = fork_at(config_, attestation.data.target.epoch).version;
            data.push_back(&attestation.data);
            groups.push_back({signing_root_of(attestation.data, version, genesis_validators_root_), {}, {}});
        }
        groups[group].signatures.push_back(
            {static_cast<std::uint32_t>(attestation.attester_index.value), attestation.signature});
        groups[group].places.push_back(place);
    }
    return groups;
}

Intake::Verdicts Intake::verify(const SignatureChecker& checker, const std::vector<SameData>& groups, std::size_t count) {
    Verdicts verdicts(count, false);
    for (const SameData& group : groups) {
        const Verdicts of_group = checker.check(group.signing_root, group.signatures);
        for (std::size_t i = 0; i < of_group.size(); ++i) verdicts[group.places[i]] = of_group[i];
    }
    return verdicts;
}

}  // namespace holdfast::sim
