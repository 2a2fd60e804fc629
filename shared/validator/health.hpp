// What healthy means for an engine: a list of checks, each with its own verdict and sentence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::validator {

struct HealthCheck {
    std::string name;  // stable: "beacon_nodes", "protectors", "generation", "duties", "last_duties", "duty_loop"
    bool ok{false};
    std::string detail;
    // Whether an instance in which it is bad is unfit for duty. Else it is shown and no more: the other instance would be in
    // the same state.
    bool moves_duty{true};
};

struct Health {
    std::string state;            // "starting", "on_duty", "fenced", "draining"
    std::uint64_t generation{0};  // ours; 0: none, or the cluster works without
    std::vector<HealthCheck> checks;

    [[nodiscard]] bool ok() const {
        if (state != "on_duty") return false;
        for (const HealthCheck& check : checks) {
            if (!check.ok && check.moves_duty) return false;
        }
        return true;
    }
};

}  // namespace holdfast::validator
