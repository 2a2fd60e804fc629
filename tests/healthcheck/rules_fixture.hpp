// What the tests of both roles' rules share: a time that only moves when told, and what rules have asked for.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "healthcheck/failover.hpp"
#include "healthcheck/sight.hpp"

namespace holdfast::healthcheck {

template <class Rules>
std::vector<Action> take_actions(Rules& rules) {
    std::vector<Action> actions;
    while (const auto action = rules.next()) actions.push_back(*action);
    return actions;
}

inline Sight nobody_heard() { return {true, false, false, false, false, "", "no other instance was heard"}; }
inline Sight too_few_answers() { return {false, false, false, false, false, "", "only 2 protectors say whom they hear"}; }
inline Sight vacant() { return {true, true, false, false, false, "", "off duty"}; }
inline Sight other_performs() { return {true, false, true, true, false, "other", "other is on duty and well"}; }
inline Sight other_unwell() { return {true, false, true, false, false, "other", "other is on duty, but not well"}; }
inline Sight other_ready() { return {true, false, false, false, true, "other", "other is ready"}; }

inline const Readiness kReady{true, ""};
inline const Readiness kNotReady{false, "beacon_nodes: 0 of 3 fit"};

}  // namespace holdfast::healthcheck
