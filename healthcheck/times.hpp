// The times of the failover: all configurable, checked against each other and against the slot at start. docs/failover.md says
// what each is for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/time.hpp"

namespace holdfast::healthcheck {

struct FailoverTimes {
    // Health of this process.
    Duration sample_interval{std::chrono::milliseconds{250}};  // how often its checks are looked at
    std::uint32_t fall{3};                                     // bad samples in a row until a check is bad
    std::uint32_t rise{2};                                     // good samples in a row until it is good again

    // Secondary: the polls of the primary.
    Duration poll_interval{std::chrono::milliseconds{500}};
    Duration poll_timeout{std::chrono::milliseconds{400}};
    std::uint32_t polls_to_suspect{3};  // without a good answer in a row; a refused connection counts as all of them
    Duration start_grace{std::chrono::seconds{10}};  // for a primary that was not seen on duty since we started

    // What protectors have heard.
    Duration look_interval{std::chrono::milliseconds{500}};  // how often they are asked while it matters
    Duration look_timeout{std::chrono::milliseconds{400}};
    Duration witness_age{std::chrono::seconds{1}};  // an instance heard so lately is there
    Duration vacancy{std::chrono::seconds{3}};      // one not heard for so long isn't
    Duration patience{std::chrono::seconds{2}};     // how long the other may be on duty without being well

    // Giving duty back, or away.
    Duration failback_after{std::chrono::minutes{5}};    // the primary must have been ready for so long
    Duration failback_after_max{std::chrono::hours{1}};  // the delay doubles with each takeover, up to this
    Duration handover_timeout{std::chrono::seconds{4}};  // so long the one that has drained waits for the other
    Duration stop_timeout{std::chrono::seconds{60}};     // so long a stop waits for the handover
    Duration acquire_timeout{std::chrono::seconds{5}};   // one attempt to go on duty
};

// What is wrong, one sentence each, beginning with the option that is to blame ("poll-timeout: ..."): times that contradict
// each other, or that take longer than a slot to notice a failure. `polls`: it is a secondary; only then the latter matters.
[[nodiscard]] std::vector<std::string> find_problems(const FailoverTimes& times, Duration slot_duration, bool polls = true);
// From a primary's sudden silence to the moment when its duty is taken, at most, with answering protectors.
[[nodiscard]] Duration detection_bound(const FailoverTimes& times);

}  // namespace holdfast::healthcheck
