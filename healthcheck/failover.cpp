#include "healthcheck/failover.hpp"

namespace holdfast::healthcheck {

std::string_view to_string(Action action) {
    switch (action) {
        case Action::kLook: return "look";
        case Action::kGoOnDuty: return "go on duty";
        case Action::kDrain: return "drain";
        case Action::kGoOnAgain: return "go on again";
        case Action::kStandDown: return "stand down";
    }
    return "unknown";
}

std::string_view to_string(Command command) {
    switch (command) {
        case Command::kFailover: return "failover";
        case Command::kForceFailover: return "force-failover";
        case Command::kFailback: return "failback";
        case Command::kForceFailback: return "force-failback";
        case Command::kPause: return "pause";
        case Command::kResume: return "resume";
    }
    return "unknown";
}

}  // namespace holdfast::healthcheck
