// How an instance goes on duty.
#include <algorithm>
#include <utility>

#include "tests/simulation/instance.hpp"
#include "tests/simulation/member.hpp"

namespace holdfast::simulation {

using protection::Acquisition;
using protection::RecordGroup;
using State = protection::Acquisition::State;

namespace {

constexpr Time kReadTenures = 100 * kMillisecond;
constexpr Time kRound = 800 * kMillisecond;
constexpr Time kLook = 50 * kMillisecond;
constexpr Time kBackOff = 400 * kMillisecond;
constexpr Time kReadAgain = 300 * kMillisecond;

}  // namespace

struct Instance::Reading {
    Epoch target;
    std::uint64_t generation;
    std::vector<std::vector<RecordGroup>> answers{};
    std::vector<bool> answered;
    bool done{false};
};

void Instance::take_over() {
    if (!up_ || acquisition_ || world_.setup.mode == protection::Mode::kShared) return;
    acquisition_.emplace(world_.setup.members, world_.setup.quorum, name_);
    ++acquisition_number_;
    for (std::size_t member = 0; member < world_.setup.members; ++member) {
        world_.network.send(endpoint(), member, [this, member, life = life_, number = acquisition_number_] {
            const auto answer = [this, member, life, number](const MemberAnswer& said) {
                world_.network.send(member, endpoint(), [this, member, life, number, said] {
                    if (life != life_ || !acquisition_ || number != acquisition_number_) return;
                    note(member, said);
                    acquisition_->on_tenure(member, said.applied.tenure);
                });
            };
            world_.members[member]->on_status(answer);
        });
    }
    world_.events.after(kReadTenures, [this, life = life_] {
        if (life == life_ && acquisition_) acquire_round();
    });
}

void Instance::acquire_round() {
    const std::uint64_t generation = acquisition_->ask();
    for (std::size_t member = 0; member < world_.setup.members; ++member) ask_promise(member, generation);
    watch_round(world_.events.now() + kRound, generation);
}

void Instance::ask_promise(std::size_t member, std::uint64_t generation) {
    const auto then = [this, member, generation, number = acquisition_number_](const MemberAnswer& said) {
        if (!acquisition_ || number != acquisition_number_) return;
        acquisition_->on_answer(member, generation,
                                {said.applied.promised, said.applied.tenure, said.highest_target, said.highest_slot});
        if (acquisition_->state() == State::kPromised) {
            const protection::Promise promise = acquisition_->promise();
            acquisition_.reset();
            on_promised(promise);
        }
    };
    const WallTime when{std::chrono::seconds{1'700'000'000}};
    command(member, protector::AcquireCommand{generation, name_, when}, then);
}

void Instance::watch_round(Time until, std::uint64_t generation) {
    world_.events.after(kLook, [this, until, generation, life = life_, number = acquisition_number_] {
        if (life != life_ || !acquisition_ || number != acquisition_number_) return;
        if (acquisition_->state() == State::kAsking && world_.events.now() < until) return watch_round(until, generation);
        acquisition_->give_up();
        world_.events.after(world_.random_time(kBackOff), [this, life, number] {
            if (life != life_ || !acquisition_ || number != acquisition_number_) return;
            if (acquisition_->state() == State::kLost) {
                acquisition_.reset();
            } else {
                acquire_round();
            }
        });
    });
}

void Instance::on_promised(const protection::Promise& promise) {
    generation_ = promise.generation;
    on_duty_ = false;
    world_.oracle.on_promise(name_, generation_, world_.events.now());
    const Epoch now = clock().epoch;
    std::vector<Epoch> targets;
    if (promise.highest_target + 1 >= now) targets.push_back(promise.highest_target);
    if (promise.highest_target > now) targets.push_back(now);
    readings_open_ = targets.size();
    on_duty_ = targets.empty();
    for (const Epoch target : targets) {
        auto reading = std::make_shared<Reading>(Reading{target, generation_, {}, std::vector<bool>(world_.setup.members)});
        read(reading);
    }
}

void Instance::read(const std::shared_ptr<Reading>& reading) {
    if (reading->done || reading->generation != generation_) return;
    for (std::size_t member = 0; member < world_.setup.members; ++member) {
        if (!reading->answered[member]) read_member(reading, member);
    }
    world_.events.after(kReadAgain, [this, reading, life = life_] {
        if (life == life_) read(reading);
    });
}

// What was read of a member that has not promised our generation could change afterwards.
void Instance::read_member(const std::shared_ptr<Reading>& reading, std::size_t member) {
    if (tenures_[member].generation < reading->generation) {
        const WallTime when{std::chrono::seconds{1'700'000'000}};
        command(member, protector::AcquireCommand{reading->generation, name_, when}, [](const MemberAnswer&) {});
        return;
    }
    world_.network.send(endpoint(), member, [this, reading, member, life = life_] {
        const auto answer = [this, reading, member, life](const protection::Tenure& tenure,
                                                          const std::vector<RecordGroup>& groups) {
            world_.network.send(member, endpoint(), [this, reading, member, life, tenure, groups] {
                if (life == life_ && tenure.generation >= reading->generation) on_records(reading, member, groups);
            });
        };
        world_.members[member]->on_records(reading->target, answer);
    });
}

void Instance::on_records(const std::shared_ptr<Reading>& reading, std::size_t member, const std::vector<RecordGroup>& groups) {
    if (reading->done || reading->answered[member] || reading->generation != generation_) return;
    reading->answered[member] = true;
    reading->answers.push_back(groups);
    const auto plan = protection::plan_adoption(reading->answers, world_.setup.quorum, world_.setup.members);
    if (!plan) return;
    reading->done = true;
    check_plan(reading->target, plan.value());
    take(reading->target, plan.value());
    if (--readings_open_ == 0) on_duty_ = true;
}

void Instance::take(Epoch target, const protection::AdoptionPlan& plan) {
    std::set<ValidatorNumber>& left_out = left_out_[target];
    for (const PublicKey& key : plan.lost) left_out.insert(validator_of(key));
    for (const protection::AdoptedGroup& group : plan.adopt) {
        std::vector<ValidatorNumber> validators;
        for (const PublicKey& key : group.keys) validators.push_back(validator_of(key));
        left_out.insert(validators.begin(), validators.end());
        world_.oracle.counts.adopted += validators.size();
        propose(Ballot{group.mark, {}, false, 0}, group.data, std::move(validators));
    }
}

// What a predecessor may have published must be in the plan, where nobody holds anything else for this target and nobody has
// gone on to a later one.
void Instance::check_plan(Epoch target, const protection::AdoptionPlan& plan) const {
    if (world_.oracle.memory_was_lost()) return;
    std::map<ValidatorNumber, protection::AttestationMark> adopted;
    for (const protection::AdoptedGroup& group : plan.adopt) {
        for (const PublicKey& key : group.keys) adopted[validator_of(key)] = group.mark;
    }
    for (ValidatorNumber v = 0; v < world_.setup.validators; ++v) {
        const Ballot* approved = world_.oracle.approved(v, target);
        if (approved == nullptr || approved->attestation.signing_root.is_zero()) continue;
        const auto contradicts = [&](const auto& member) {
            const protector::Validator* known = member->ledger().find(key_of(v));
            if (known == nullptr || !known->record.attestation) return false;
            const protection::AttestationMark& mark = *known->record.attestation;
            return mark.target > target || (mark.target == target && mark != approved->attestation);
        };
        if (std::ranges::any_of(world_.members, contradicts)) continue;
        const auto found = adopted.find(v);
        if (found == adopted.end() || found->second != approved->attestation) {
            world_.oracle.fail("adoption: a message that may be published was not adopted");
        }
    }
}

}  // namespace holdfast::simulation
