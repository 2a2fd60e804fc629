#include "tests/simulation/campaign.hpp"

namespace holdfast::simulation {

Outcome run_world(const Setup& setup) {
    World world{setup};
    return world.run();
}

Report run_campaign(std::uint64_t first_seed, std::uint64_t decisions, std::uint64_t step,
                    const std::function<bool(const Counts&)>& progress) {
    Report report;
    std::uint64_t seed = first_seed;
    while (report.counts.decisions < decisions) {
        const Setup setup = make_setup(seed);
        const Outcome outcome = run_world(setup);
        report.counts.add(outcome.counts);
        if (!outcome.failure.empty()) {
            report.failure = Failure{setup, outcome.failure};
            break;
        }
        seed += step;
        if (progress && !progress(report.counts)) break;
    }
    report.next_seed = seed;
    return report;
}

}  // namespace holdfast::simulation
