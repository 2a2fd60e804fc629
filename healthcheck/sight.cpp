#include "healthcheck/sight.hpp"

#include <algorithm>
#include <map>

#include "shared/base/time.hpp"

namespace holdfast::healthcheck {

using protection::Heard;

namespace {

using Answers = std::vector<std::vector<Heard>>;

// What was last heard of each other instance, by whoever heard it last.
std::map<std::string, Heard, std::less<>> youngest(const Answers& answers, std::string_view self) {
    std::map<std::string, Heard, std::less<>> last;
    for (const auto& answer : answers) {
        for (const Heard& heard : answer) {
            if (heard.beat.instance == self) continue;
            const auto found = last.try_emplace(heard.beat.instance, heard).first;
            if (heard.age < found->second.age) found->second = heard;
        }
    }
    return last;
}

bool ready_by(const Answers& answers, std::string_view instance, Duration age_max, std::size_t quorum) {
    const auto says_ready = [&](const Heard& heard) {
        return heard.beat.instance == instance && !heard.beat.on_duty && heard.beat.well && heard.age <= age_max;
    };
    const auto count =
        std::ranges::count_if(answers, [&](const auto& answer) { return std::ranges::any_of(answer, says_ready); });
    return static_cast<std::size_t>(count) >= quorum;
}

std::string describe(const Heard& heard) {
    const char* what = heard.beat.on_duty ? (heard.beat.well ? "on duty and well" : "on duty, but not well")
                                          : (heard.beat.well ? "off duty and ready" : "off duty, not ready");
    std::string seconds = std::to_string(to_ms(heard.age) / 1000);
    seconds.resize(seconds.find('.') + 2);
    return heard.beat.instance + " was heard " + seconds + " s ago, " + what;
}

// The holder says itself, in the generation in force, that it is off duty.
bool given_up(const std::map<std::string, Heard, std::less<>>& last, const protection::Tenure& highest, Duration age_max) {
    const auto holder = last.find(highest.holder);
    if (holder == last.end()) return false;
    const Heard& heard = holder->second;
    return !heard.beat.on_duty && heard.beat.generation >= highest.generation && heard.age <= age_max;
}

}  // namespace

Sight look(const Answers& answers, const protection::Tenure& highest, std::string_view self, std::size_t quorum,
           const FailoverTimes& times) {
    Sight sight;
    const std::string count = std::to_string(answers.size());
    if (answers.size() < quorum) {
        sight.sentence = "only " + count + " protectors say whom they hear, " + std::to_string(quorum) + " are needed";
        return sight;
    }
    sight.enough = true;
    const auto last = youngest(answers, self);
    for (const auto& [name, heard] : last) {
        const bool on_duty = heard.beat.on_duty && heard.age <= times.vacancy;
        sight.other_on_duty = sight.other_on_duty || on_duty;
        sight.other_performs = sight.other_performs || protection::witnessed(answers, name, times.witness_age, quorum);
        sight.other_ready = sight.other_ready || ready_by(answers, name, times.witness_age, quorum);
        if (sight.other.empty() || on_duty) sight.other = name;
        sight.sentence += (sight.sentence.empty() ? "" : "; ") + describe(heard);
    }
    // The highest generation may be ours by the promise of a few: then whoever is on duty goes on in the one before.
    const bool ours = highest.holder == self && !sight.other_on_duty;
    sight.vacant = highest.generation == 0 || ours || given_up(last, highest, times.vacancy);
    if (last.empty()) sight.sentence = "no other instance was heard by " + count + " protectors";
    return sight;
}

}  // namespace holdfast::healthcheck
