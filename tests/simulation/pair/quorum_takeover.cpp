// Going on duty: generations, whom the protectors hear, and what they have recorded.
#include <algorithm>
#include <utility>

#include "tests/simulation/pair/quorum.hpp"

namespace holdfast::simulation::pair {

using protection::Acquisition;

namespace {

// As in http_quorum_*.
constexpr Time kGrace = 100 * kMillisecond;
constexpr Time kContestedRound = 100 * kMillisecond;
constexpr Time kPauseMin = 20 * kMillisecond;
constexpr std::uint64_t kBackoffMsMin = 50;
constexpr std::uint64_t kBackoffMsMax = 500;

}  // namespace

struct Quorum::Acquiring {
    Acquisition machine;
    Time deadline;
    OnPromise then;
    std::uint64_t generation{0};
    std::uint64_t round{0};
    std::uint64_t backoff{kBackoffMsMin};
    bool contested{false};
    bool asking{false};
};

template <class T>
struct Quorum::Gathering {
    std::vector<T> answers{};
    std::size_t failures{0};
    bool grace{false};
    std::function<void(Result<std::vector<T>>)> then{};
};

void Quorum::acquire(Time deadline, OnPromise then) {
    auto run =
        std::make_shared<Acquiring>(Acquiring{Acquisition{members(), quorum(), party_name(party_)}, deadline, std::move(then)});
    const Serve serve = [](Protector& protector, const Respond& respond) { protector.status(respond); };
    for (std::size_t member = 0; member < members(); ++member) {
        call(member, serve, deadline, [this, run, member](const ReplyPtr& reply) {
            if (reply) run->machine.on_tenure(member, reply->said.applied.tenure);
            if (run->generation == 0 && run->machine.state() != Acquisition::State::kReading) ask_round(run);
        });
    }
    process_.after(kGrace, [this, run] {
        if (run->generation == 0) ask_round(run);
    });
}

void Quorum::ask_round(const std::shared_ptr<Acquiring>& run) {
    const Time now = process_.now();
    if (now >= run->deadline) {
        run->generation = ~0ULL;
        return run->then(failure(ErrorCode::kUnavailable, "no generation was promised by a quorum"));
    }
    run->generation = run->machine.ask();
    run->asking = true;
    run->contested = false;
    const std::uint64_t round = ++run->round;
    const auto end_at = [this, run, round](Time delay) {
        process_.after(delay, [this, run, round] {
            if (run->round == round) end_round(run);
        });
    };
    end_at(std::min(run->deadline - now, ground_.setup.base.slot));
    for (std::size_t member = 0; member < members(); ++member) {
        const std::uint64_t generation = run->generation;
        const WallTime wall = wall_of(now);
        const Serve serve = [this, generation, wall, seen = known_[member].seen](Protector& protector, const Respond& respond) {
            protector.acquire(generation, party_name(party_), wall, seen, respond);
        };
        call(member, serve, run->deadline, [this, run, member, generation, round, end_at](const ReplyPtr& reply) {
            if (reply) {
                const MemberAnswer& said = reply->said;
                run->machine.on_answer(member, generation,
                                       {said.applied.promised, said.applied.tenure, said.highest_target, said.highest_slot});
            } else {
                run->machine.on_failure(member, generation);
            }
            if (run->round != round || !run->asking) return;
            if (run->machine.state() != Acquisition::State::kAsking) return end_round(run);
            if (run->machine.contested() && !std::exchange(run->contested, true)) end_at(kContestedRound);
        });
    }
}

void Quorum::end_round(const std::shared_ptr<Acquiring>& run) {
    if (!std::exchange(run->asking, false)) return;
    if (run->machine.state() == Acquisition::State::kPromised) {
        const protection::Promise promise = run->machine.promise();
        generation_ = promise.generation;
        ground_.base.oracle.on_promise(party_name(party_), generation_, process_.now());
        ground_.watch.on_promise(party_, generation_);
        return run->then(promise);
    }
    run->machine.give_up();
    const Time pause = kPauseMin + static_cast<Time>(ground_.base.random.below(run->backoff)) * kMillisecond;
    run->backoff = std::min(2 * run->backoff, kBackoffMsMax);
    process_.after(pause, [this, run] {
        if (run->machine.state() != Acquisition::State::kLost) return ask_round(run);
        run->then(failure(ErrorCode::kRefused, "another instance went on duty: " + describe(run->machine.highest())));
    });
}

template <class T>
void Quorum::gathered(const std::shared_ptr<Gathering<T>>& gathering, std::optional<T> answer) {
    if (!gathering->then) return;
    if (answer) {
        gathering->answers.push_back(std::move(*answer));
    } else {
        ++gathering->failures;
    }
    if (gathering->answers.size() + gathering->failures == members()) return end_gathering(gathering);
    if (gathering->answers.size() < quorum() || std::exchange(gathering->grace, true)) return;
    process_.after(kGrace, [this, gathering] { end_gathering(gathering); });
}

template <class T>
void Quorum::end_gathering(const std::shared_ptr<Gathering<T>>& gathering) {
    if (!gathering->then) return;
    const auto then = std::exchange(gathering->then, nullptr);
    if (gathering->answers.size() >= quorum()) return then(std::move(gathering->answers));
    then(failure(ErrorCode::kUnavailable, "only " + std::to_string(gathering->answers.size()) + " of " +
                                              std::to_string(members()) + " protectors have answered, " +
                                              std::to_string(quorum()) + " are needed"));
}

void Quorum::heard(Time deadline, OnHeard then) {
    auto gathering = std::make_shared<Gathering<std::vector<protection::Heard>>>();
    gathering->then = std::move(then);
    for (std::size_t member = 0; member < members(); ++member) {
        const Serve serve = [this](Protector& protector, const Respond& respond) { protector.heard(ground_.now(), respond); };
        call(member, serve, deadline, [this, gathering](const ReplyPtr& reply) {
            gathered(gathering, reply ? std::optional{reply->heard} : std::nullopt);
        });
    }
}

void Quorum::adoption(Epoch target, Time deadline, OnPlan then) {
    using Groups = std::vector<protection::RecordGroup>;
    auto gathering = std::make_shared<Gathering<Groups>>();
    gathering->then = [this, then = std::move(then)](const Result<std::vector<Groups>>& answers) {
        if (!answers) return then(answers.error());
        then(protection::plan_adoption(answers.value(), quorum(), members()));
    };
    for (std::size_t member = 0; member < members(); ++member) {
        give_records(member, target, deadline, [this, gathering](const ReplyPtr& reply) {
            gathered(gathering, reply ? std::optional{reply->groups} : std::nullopt);
        });
    }
}

// What was read of a member that has not promised our generation could change afterwards: so it promises first.
void Quorum::give_records(std::size_t member, Epoch target, Time deadline, const Respond& then) {
    const std::uint64_t generation = generation_;
    const auto read = [this, member, target, deadline, then, generation] {
        const Serve serve = [target](Protector& protector, const Respond& respond) { protector.records(target, respond); };
        call(member, serve, deadline, [then, generation](const ReplyPtr& reply) {
            then(reply && reply->said.applied.tenure.generation >= generation ? reply : nullptr);
        });
    };
    if (known_[member].tenure.generation >= generation) return read();
    const WallTime wall = wall_of(process_.now());
    const Serve promise = [this, generation, wall, seen = known_[member].seen](Protector& protector, const Respond& respond) {
        protector.acquire(generation, party_name(party_), wall, seen, respond);
    };
    call(member, promise, deadline, [then, read](const ReplyPtr& reply) { reply ? read() : then(nullptr); });
}

}  // namespace holdfast::simulation::pair
