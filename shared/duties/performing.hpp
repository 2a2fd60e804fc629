// What the duties of committees have in common: waiting until they may be performed, signatures of many keys, tasks side by
// side, reports.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"

namespace holdfast::duties {

// Counts as long as it lives.
struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& which) : count{which} { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
};

// How long the other nodes' answers are waited for after the first: a twelfth of a slot, at least 250 ms.
[[nodiscard]] Duration answer_wait(const DutyParts& parts);
// The pause before nodes that have nothing yet are asked again: 250 ms of a slot of 12 s, at least 50 ms.
[[nodiscard]] Duration ask_again(const DutyParts& parts);
// Of use to the next proposer until then: a twelfth before the end of `slot`.
[[nodiscard]] SteadyTime last_moment(const DutyParts& parts, Slot slot);
[[nodiscard]] Duration since_start_of(const DutyParts& parts, Slot slot);

// Until duties of `slot` may be performed; false if they may not until `end`. An instance that takes over in the middle of a
// slot performs what is left of it.
Task<bool> wait_to_perform(const DutyParts& parts, Slot slot, SteadyTime end);

struct SignedAll {
    std::vector<signing::SignedKey> made;
    std::string why_not;  // of the first key that is not among them
};
// One call for all keys. If that fails, each key for itself: one that can't be used takes no duty from the others.
Task<SignedAll> sign_with_all(signing::SigningDoor& door, signing::Message message, std::vector<PublicKey> keys,
                              signing::Urgency urgency);

// Some tasks of a group, awaited together. They may outlive whoever waits (it may be cancelled), but not the group's owner, and
// share what they use.
class SideBySide {
public:
    explicit SideBySide(TaskGroup& group) : group_{group}, state_{std::make_shared<State>()} {}
    void add(std::string name, Task<void> task);
    Task<void> join();

private:
    struct State {
        std::size_t open{0};
        Notifier changed;
    };
    TaskGroup& group_;
    std::shared_ptr<State> state_;

    static Task<void> run(std::shared_ptr<State> state, Task<void> task);
};

[[nodiscard]] DutyReport begin_report(const DutyParts& parts, DutyKind kind, Slot slot, Duration deadline);
// "begun 11500 ms into the slot"
[[nodiscard]] std::string begun_late(const DutyReport& report);
// The gate was closed before `count` of the duties could be signed: they are not missed.
void leave_to_others(DutyReport& report, std::size_t count);
// Logs it, and tells the observer. Nothing if nothing was due.
void finish_report(const DutyReport& report, const DutyObserver& observer);

}  // namespace holdfast::duties
