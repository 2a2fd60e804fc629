#include "tests/simulation/pair/campaign.hpp"

namespace holdfast::simulation::pair {

namespace {

constexpr std::size_t kTraceLines = 80;

template <class Rules>
void find_never_seen(std::size_t party, const Changes& changes, std::vector<std::string>& never) {
    for (const auto& transition : Rules::transitions()) {
        const std::string from{to_string(transition.from)};
        const std::string to{to_string(transition.to)};
        if (!changes.contains({party, {from, to}})) never.push_back(party_name(party) + ": " + from + " -> " + to);
    }
}

}  // namespace

Outcome run_world(const PairSetup& setup) {
    World world{setup};
    Outcome outcome = world.run();
    if (outcome.failure.empty()) return outcome;
    World again{setup, kTraceLines};
    return again.run();
}

Report run_campaign(std::uint64_t first_seed, std::uint64_t seeds, std::uint64_t step,
                    const std::function<bool(const PairCounts&)>& progress) {
    Report report;
    std::uint64_t seed = first_seed;
    for (std::uint64_t done = 0; done < seeds; ++done) {
        const PairSetup setup = make_pair_setup(seed);
        Outcome outcome = run_world(setup);
        report.counts.add(outcome.counts);
        report.changes.merge(outcome.changes);
        if (!outcome.failure.empty()) {
            report.failure = Failure{setup, outcome.failure, outcome.trace};
            break;
        }
        seed += step;
        if (progress && !progress(report.counts)) break;
    }
    report.next_seed = seed;
    return report;
}

std::vector<std::string> never_seen(const Changes& changes) {
    std::vector<std::string> never;
    find_never_seen<healthcheck::PrimaryRules>(kPrimary, changes, never);
    find_never_seen<healthcheck::SecondaryRules>(kSecondary, changes, never);
    return never;
}

}  // namespace holdfast::simulation::pair
