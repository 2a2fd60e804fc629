// What one check says, steadied: a check turns bad after `fall` bad samples in a row, good after `rise` good ones. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "healthcheck/times.hpp"
#include "shared/validator/health.hpp"

namespace holdfast::healthcheck {

// One check with its verdict.
struct CheckState {
    std::string name;
    bool ok{false};
    WallTime since;      // the verdict's
    std::string detail;  // of the last sample: a sentence
    bool moves_duty{true};
};

// All checks of a process. A check that was never seen before starts with its first sample's verdict.
class Checks {
public:
    Checks(std::uint32_t rise, std::uint32_t fall) : rise_{rise}, fall_{fall} {}

    // One sample of every check, in the order in which they are shown. A check that is missing in it is forgotten.
    void sample(const std::vector<validator::HealthCheck>& raw, WallTime now);

    [[nodiscard]] const std::vector<CheckState>& all() const { return states_; }
    // Every check that moves duty is good, and there was a sample.
    [[nodiscard]] bool ok() const;
    // "beacon_nodes: 0 of 3 fit, 2 needed; protectors: ..."; empty if all is well.
    [[nodiscard]] std::string why_not() const;

private:
    std::uint32_t rise_;
    std::uint32_t fall_;
    std::vector<CheckState> states_;
    std::vector<std::uint32_t> against_;  // samples in a row that contradict the verdict, parallel to states_
};

}  // namespace holdfast::healthcheck
