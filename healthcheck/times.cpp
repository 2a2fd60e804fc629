#include "healthcheck/times.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::healthcheck {

namespace {

// A heartbeat comes every 500 ms (QuorumClient::start_heartbeats); one that is half an interval late is still there.
constexpr Duration kHeartbeat = std::chrono::milliseconds{500};
constexpr Duration kWitnessAgeMin = kHeartbeat * 3 / 2;

std::string text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

// "poll-timeout: 600 ms, but it must be shorter than --poll-interval (500 ms), or ..."
struct Pair {
    const char* name;
    Duration value;
    const char* relation;
    const char* other;
    Duration limit;
    const char* why;
};

std::string sentence(const Pair& pair) {
    return std::string{pair.name} + ": " + text(pair.value) + ", but it must be " + pair.relation + " --" + pair.other + " (" +
           text(pair.limit) + "), or " + pair.why;
}

void find_zeros(const FailoverTimes& times, std::vector<std::string>& problems) {
    const std::pair<const char*, Duration> durations[] = {
        {"sample-interval", times.sample_interval},
        {"poll-interval", times.poll_interval},
        {"poll-timeout", times.poll_timeout},
        {"look-interval", times.look_interval},
        {"look-timeout", times.look_timeout},
        {"witness-age", times.witness_age},
        {"vacancy", times.vacancy},
        {"patience", times.patience},
        {"handover-timeout", times.handover_timeout},
        {"stop-timeout", times.stop_timeout},
        {"acquire-timeout", times.acquire_timeout},
    };
    for (const auto& [name, value] : durations) {
        if (value < std::chrono::milliseconds{1}) problems.push_back(std::string{name} + ": it must be at least 1 ms");
    }
    const std::pair<const char*, std::uint32_t> counts[] = {
        {"rise", times.rise}, {"fall", times.fall}, {"polls-to-suspect", times.polls_to_suspect}};
    for (const auto& [name, value] : counts) {
        if (value == 0) problems.push_back(std::string{name} + ": it must be at least 1");
    }
    const std::pair<const char*, Duration> may_be_zero[] = {{"start-grace", times.start_grace},
                                                            {"failback-after", times.failback_after},
                                                            {"failback-after-max", times.failback_after_max}};
    for (const auto& [name, value] : may_be_zero) {
        if (value < Duration::zero()) problems.push_back(std::string{name} + ": it can't be negative");
    }
}

void find_contradictions(const FailoverTimes& times, std::vector<std::string>& problems) {
    const auto shorter = [&](const Pair& pair) {
        if (pair.value >= pair.limit) problems.push_back(sentence(pair));
    };
    const auto at_least = [&](const Pair& pair) {
        if (pair.value < pair.limit) problems.push_back(sentence(pair));
    };
    shorter({"poll-timeout", times.poll_timeout, "shorter than", "poll-interval", times.poll_interval,
             "polls of the primary would pile up"});
    if (times.witness_age < kWitnessAgeMin) {
        problems.push_back("witness-age: " + text(times.witness_age) + ", but it must be at least " + text(kWitnessAgeMin) +
                           ": heartbeats come every " + text(kHeartbeat) + ", and a late one is no failure");
    }
    if (times.vacancy <= times.witness_age) {
        problems.push_back(sentence({"vacancy", times.vacancy, "longer than", "witness-age", times.witness_age,
                                     "an instance would be gone that is still there"}));
    }
    at_least({"patience", times.patience, "at least", "witness-age", times.witness_age,
              "one late heartbeat would cost an instance its duty"});
    at_least({"failback-after-max", times.failback_after_max, "at least", "failback-after", times.failback_after,
              "the delay of a failback could not even begin"});
    at_least({"handover-timeout", times.handover_timeout, "at least", "poll-interval", times.poll_interval,
              "the secondary would not hear of the handover in time"});
    const Duration look = times.look_interval + times.look_timeout;
    if (times.handover_timeout < look) {
        problems.push_back("handover-timeout: " + text(times.handover_timeout) +
                           ", but it must be at least --look-interval and --look-timeout together (" + text(look) +
                           "), or the primary would not hear of the handover in time");
    }
    at_least({"stop-timeout", times.stop_timeout, "at least", "handover-timeout", times.handover_timeout,
              "a stop could not wait for a handover"});
}

}  // namespace

std::vector<std::string> find_problems(const FailoverTimes& times, Duration slot_duration, bool polls) {
    std::vector<std::string> problems;
    find_zeros(times, problems);
    // What is zero or negative contradicts others in ways that say nothing new.
    if (!problems.empty()) return problems;
    find_contradictions(times, problems);
    const Duration bound = detection_bound(times);
    if (polls && bound >= slot_duration) {
        problems.push_back("polls-to-suspect: it may take " + text(bound) + " until a dead primary is noticed, a slot lasts " +
                           text(slot_duration) +
                           "; lower --polls-to-suspect, --poll-interval, --poll-timeout, --witness-age, --look-interval or "
                           "--look-timeout");
    }
    return problems;
}

// The last poll that must fail begins at most so many intervals after the last good answer. Meanwhile the protectors may still
// have heard it lately: then they are asked once more an interval after the first time.
Duration detection_bound(const FailoverTimes& times) {
    const Duration polls = times.polls_to_suspect * times.poll_interval + times.poll_timeout;
    const Duration witnesses = times.witness_age + times.look_interval;
    return std::max(polls, witnesses) + times.look_timeout;
}

}  // namespace holdfast::healthcheck
