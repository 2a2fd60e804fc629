#include "tests/simulation/instance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "tests/simulation/member.hpp"

namespace holdfast::simulation {

using protection::AttestationMark;
using protection::QuorumTally;

namespace {

constexpr Time kAskAgain = 400 * kMillisecond;
constexpr Time kSignMax = 30 * kMillisecond;
constexpr std::uint64_t kCommonView = 7;

Root root_of(std::array<std::uint64_t, 4> content) {
    Root root;
    std::memcpy(root.data(), content.data(), sizeof content);
    return root;
}

std::vector<std::string> member_names(std::size_t members) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < members; ++i) names.push_back(member_name(i));
    return names;
}

}  // namespace

struct Instance::Round {
    VerdictRequest request;
    QuorumTally tally;
    std::vector<std::uint32_t> yes;  // of each key: the members whose yes has arrived, as bits
    std::vector<bool> answered;
    Time begun;
    Time end;
};

Instance::Instance(Environment& world, std::size_t number)
    : world_{world},
      number_{number},
      name_{"instance" + std::to_string(number + 1)},
      tenures_(world.setup.members),
      seen_(world.setup.members) {}

protection::ChainTime Instance::clock() const { return chain_at(world_.setup, world_.events.now() + clock_ahead_); }

void Instance::start() {
    if (up_) return;
    up_ = true;
    ++life_;
    source_lag_ = world_.setup.story == Story::kLate ? 0 : 5 * world_.random.below(2);
    on_duty_ = world_.setup.mode == protection::Mode::kShared;
    next_slot();
}

// All that it knew is gone.
void Instance::kill() {
    up_ = on_duty_ = false;
    ++life_;
    generation_ = 0;
    acquisition_.reset();
    left_out_.clear();
    readings_open_ = 0;
    tenures_.assign(tenures_.size(), {});
    seen_.assign(seen_.size(), {});
}

void Instance::next_slot() {
    const Setup& setup = world_.setup;
    const Time by_our_clock = world_.events.now() + clock_ahead_;
    const Time until_next = setup.slot - ((by_our_clock % setup.slot) + setup.slot) % setup.slot;
    world_.events.after(until_next + world_.random_time(setup.slot / 3), [this, life = life_] {
        if (life != life_) return;
        if (on_duty_) perform(clock().slot);
        next_slot();
    });
}

void Instance::perform(Slot slot) {
    const Setup& setup = world_.setup;
    const Epoch epoch{slot.value / setup.slots_per_epoch};
    std::vector<ValidatorNumber> due;
    for (ValidatorNumber v = 0; v < setup.validators; ++v) {
        if ((v + epoch.value) % setup.slots_per_epoch != slot.value % setup.slots_per_epoch) continue;
        const auto left_out = left_out_.find(epoch);
        if (left_out == left_out_.end() || !left_out->second.contains(v)) due.push_back(v);
    }
    if (!sound_ && world_.random.chance(30)) {  // two views at once
        std::vector<ValidatorNumber> some(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(due.size() / 2));
        propose_attestations(slot, std::move(some));
    }
    propose_attestations(slot, std::move(due));
    propose_block(slot);
}

void Instance::make_wild(AttestationMark& mark) {
    SeededRandom& random = world_.random;
    if (random.chance(4)) mark.target = mark.target + 1 + random.below(3);
    if (random.chance(4)) mark.target = mark.target - 1 - random.below(2);
    if (world_.setup.story == Story::kLate) return;
    mark.source = mark.source - source_lag_;
    if (random.chance(15)) mark.source = mark.source - random.below(4);
    if (random.chance(5)) mark.source = mark.target - random.below(2);
    if (random.chance(2)) mark.source = mark.target + 1;
}

void Instance::propose_attestations(Slot slot, std::vector<ValidatorNumber> validators) {
    if (validators.empty()) return;
    const Setup& setup = world_.setup;
    SeededRandom& random = world_.random;
    const Epoch epoch{slot.value / setup.slots_per_epoch};
    AttestationMark mark{epoch - 1, epoch, {}};
    if (setup.story == Story::kLate) mark.source = Epoch{kFirstEpoch - 10};
    if (!sound_) make_wild(mark);
    const std::uint64_t view = !sound_ && random.chance(60) ? kCommonView + random.below(2) : 100 + number_;
    auto data = std::make_shared<ethereum::AttestationData>();
    data->slot = slot;
    data->beacon_block_root = root_of({slot.value, view, 0, 0});
    data->source.epoch = mark.source;
    data->target.epoch = mark.target;
    Ballot ballot{mark, {}, false, 0};
    if (!sound_ && random.chance(3)) {  // a client that names no signing root
        ballot.content = 1 + random.next() / 2;
        data = nullptr;
    } else {
        ballot.attestation.signing_root = root_of({slot.value, view, mark.source.value, mark.target.value});
    }
    propose(ballot, std::move(data), std::move(validators));
}

void Instance::propose_block(Slot slot) {
    SeededRandom& random = world_.random;
    Ballot ballot;
    ballot.is_block = true;
    if (!sound_ && random.chance(10)) slot = slot + random.below(45);
    if (!sound_ && random.chance(20)) slot = slot - random.below(6);
    const std::uint64_t view = sound_ ? number_ : random.below(2);
    ballot.block = {slot, root_of({slot.value, view, 1, 0})};
    propose(ballot, nullptr, {static_cast<ValidatorNumber>(slot.value % world_.setup.validators)});
}

void Instance::propose(Ballot ballot, std::shared_ptr<const ethereum::AttestationData> data,
                       std::vector<ValidatorNumber> validators) {
    const Setup& setup = world_.setup;
    const std::size_t keys = validators.size();
    VerdictRequest request{std::move(validators), {}, ballot, std::move(data), generation_, name_};
    for (const ValidatorNumber validator : request.validators) request.keys.push_back(key_of(validator));
    const Time now = world_.events.now();
    ask(std::make_shared<Round>(Round{std::move(request), QuorumTally{member_names(setup.members), setup.quorum, keys},
                                      std::vector<std::uint32_t>(keys, 0), std::vector<bool>(setup.members, false), now,
                                      now + setup.request_life}));
}

void Instance::ask(const std::shared_ptr<Round>& round) {
    for (std::size_t member = 0; member < world_.setup.members; ++member) {
        if (round->answered[member]) continue;
        world_.network.send(endpoint(), member, [this, member, round, seen = seen_[member], life = life_] {
            const auto answer = [this, member, round, life](const MemberAnswer& said) {
                world_.network.send(member, endpoint(), [this, member, round, life, said] {
                    if (life == life_) on_verdicts(round, member, said);
                });
            };
            world_.members[member]->on_verdicts(round->request, seen, answer);
        });
    }
    world_.events.after(kAskAgain, [this, round, life = life_] {
        if (life == life_ && !round->tally.decided() && world_.events.now() < round->end) ask(round);
    });
}

void Instance::on_verdicts(const std::shared_ptr<Round>& round, std::size_t member, const MemberAnswer& answer) {
    note(member, answer);
    if (world_.events.now() > round->end) return;
    const std::vector<protection::Verdict>& verdicts = answer.applied.verdicts;
    round->answered[member] = true;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i].yes()) round->yes[i] |= 1U << member;
    }
    const VerdictRequest& request = round->request;
    for (const std::size_t i : round->tally.on_answer(member, verdicts, answer.applied.tenure).approved) {
        const ValidatorNumber validator = request.validators[i];
        const auto yes = static_cast<std::size_t>(std::popcount(round->yes[i]));
        world_.oracle.on_approved(validator, request.ballot, yes, request.generation, round->begun);
        if (request.ballot.is_block) continue;
        world_.events.after(world_.random_time(kSignMax), [this, validator, ballot = request.ballot, life = life_] {
            if (life == life_) world_.oracle.on_published(validator, ballot);
        });
    }
}

void Instance::command(std::size_t member, protector::Command what, OnAnswer then) {
    world_.network.send(endpoint(), member,
                        [this, member, what = std::move(what), then = std::move(then), seen = seen_[member], life = life_] {
                            const auto answer = [this, member, then, life](const MemberAnswer& said) {
                                world_.network.send(member, endpoint(), [this, member, then, life, said] {
                                    if (life != life_) return;
                                    note(member, said);
                                    then(said);
                                });
                            };
                            world_.members[member]->on_command(what, seen, answer);
                        });
}

void Instance::note(std::size_t member, const MemberAnswer& answer) {
    seen_[member] = std::max(seen_[member], answer.applied.position);
    if (answer.applied.tenure.generation >= tenures_[member].generation) tenures_[member] = answer.applied.tenure;
}

}  // namespace holdfast::simulation
