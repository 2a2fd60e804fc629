#include "tests/simulation/world.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/instance.hpp"

namespace holdfast::simulation {

namespace {

constexpr Time kTroubleMin = 150 * kMillisecond;
constexpr Time kTroubleMore = 900 * kMillisecond;
constexpr std::uint64_t kHealingSlotsMax = 160;

}  // namespace

Environment::Environment(const Setup& how)
    : setup{how}, random{how.seed}, network{events, random, how.members + how.instances + 1}, oracle{setup} {
    for (std::size_t i = 0; i < setup.members; ++i) members.push_back(std::make_unique<Member>(*this, i));
    for (std::size_t i = 0; i < setup.instances; ++i) instances.push_back(std::make_unique<Instance>(*this, i));
}
Environment::~Environment() = default;

World::World(const Setup& setup) : world_{setup} {}

Outcome World::run() {
    world_.setup.story == Story::kTakeovers ? begin_quiet() : begin();
    run_slots(world_.setup.slots);
    heal();
    Outcome outcome{world_.oracle.counts, world_.oracle.failure()};
    outcome.counts.worlds = 1;
    return outcome;
}

void World::run_slots(std::uint64_t slots) {
    const Time end = world_.events.now() + static_cast<Time>(slots) * world_.setup.slot;
    world_.events.run_until(end, world_.oracle.failed());
}

void World::begin() {
    SeededRandom& random = world_.random;
    const auto more = static_cast<unsigned>(random.below(3));
    world_.network.set_weather({5 * more, static_cast<unsigned>(random.below(15)), 5 * more, 3 * kSecond});
    for (auto& member : world_.members)
        member->set_clock(world_.random_time(world_.setup.slot * 3 / 5) - world_.setup.slot * 3 / 10);
    for (auto& instance : world_.instances) {
        instance->set_clock(world_.random_time(world_.setup.slot) - world_.setup.slot / 2);
        world_.events.after(world_.random_time(kSecond) + kSecond, [this, &instance] {
            if (healing_) return;
            instance->start();
            instance->take_over();
        });
    }
    world_.events.after(3 * kSecond, [this] { next_trouble(); });
}

void World::next_trouble() {
    if (healing_) return;
    trouble();
    mend_stale_members();
    world_.events.after(kTroubleMin + world_.random_time(kTroubleMore), [this] { next_trouble(); });
}

void World::trouble() {
    const Story story = world_.setup.story;
    const std::uint64_t dice = world_.random.below(100);
    if (dice < 12) return crash_a_member();
    if (dice < 24) return cut_links();
    if (dice < 32) return kill_an_instance();
    if (dice < 48) return any_instance().take_over();
    if (dice < 54) return halt_a_validator();
    if (dice < 62) return import_history();
    if (dice < 67) return change_a_clock();
    if (story == Story::kLate || story == Story::kLostDisks) return lose_a_disk();
    if (story != Story::kBackups) return;
    dice < 84 ? keep_a_backup() : put_back_a_backup();
}

void World::crash_a_member() {
    Member& member = any_member();
    if (!member.up() || !may_stop(member)) return;
    member.crash();
    world_.events.after(50 * kMillisecond + world_.random_time(4 * kSecond), [this, &member] {
        if (!healing_) member.restart();
    });
}

void World::cut_links() {
    const std::size_t endpoints = world_.setup.operator_endpoint() + 1;
    std::vector<std::pair<std::size_t, std::size_t>> cut;
    const bool halves = world_.random.chance(50);
    const std::uint64_t side = world_.random.next();
    const std::size_t one = world_.random.below(endpoints);
    for (std::size_t a = 0; a < endpoints; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            const bool apart =
                halves ? ((side >> a) & 1U) != ((side >> b) & 1U) : (a == one || b == one) && world_.random.chance(60);
            if (apart) cut.emplace_back(a, b);
        }
    }
    cut_for_a_while(std::move(cut), 200 * kMillisecond + world_.random_time(5 * kSecond));
}

void World::cut_for_a_while(std::vector<std::pair<std::size_t, std::size_t>> links, Time duration) {
    for (const auto& [a, b] : links) world_.network.cut(a, b, true);
    world_.events.after(duration, [this, links = std::move(links)] {
        for (const auto& [a, b] : links) world_.network.cut(a, b, false);
    });
}

void World::kill_an_instance() {
    Instance& instance = any_instance();
    if (!instance.up()) return;
    instance.kill();
    world_.events.after(100 * kMillisecond + world_.random_time(3 * kSecond), [this, &instance] {
        if (healing_) return;
        instance.start();
        if (world_.random.chance(70)) instance.take_over();
    });
}

// Far off, for some seconds. Not where requests may outlive a rejoin: there a wrong clock in the past can do harm.
void World::change_a_clock() {
    if (world_.setup.story == Story::kLate) return;
    const Time far = static_cast<Time>(4 * world_.setup.slots_per_epoch) * world_.setup.slot;
    const Time ahead = world_.random_time(2 * far) - far;
    if (world_.random.chance(30)) {
        any_instance().set_clock(ahead);
        return;
    }
    Member& member = any_member();
    member.set_clock(ahead);
    world_.events.after(2 * kSecond + world_.random_time(10 * kSecond), [this, &member] {
        if (!healing_) member.set_clock(world_.random_time(world_.setup.slot * 3 / 5) - world_.setup.slot * 3 / 10);
    });
}

void World::halt_a_validator() {
    const auto validator = static_cast<ValidatorNumber>(world_.random.below(world_.setup.validators));
    if (validator % 8 != 0) return;
    halt(validator, std::make_shared<std::vector<bool>>(world_.setup.members, false),
         world_.events.now() + world_.setup.rejoin_wait / 2);
}

// The operator's command asks for a while, and succeeds if all members have it by then. Like any request it is over before a
// member that has just lost the halt again reads what others know.
void World::halt(ValidatorNumber validator, std::shared_ptr<std::vector<bool>> done, Time end) {
    if (healing_ || world_.events.now() >= end) return;
    const std::size_t us = world_.setup.operator_endpoint();
    for (std::size_t member = 0; member < world_.setup.members; ++member) {
        if ((*done)[member]) continue;
        world_.network.send(us, member, [this, us, member, validator, done, end] {
            const auto answer = [this, us, member, validator, done, end](const MemberAnswer&) {
                world_.network.send(member, us, [this, member, validator, done, end] {
                    if (world_.events.now() >= end) return;
                    (*done)[member] = true;
                    if (std::ranges::count(*done, false) == 0)
                        world_.oracle.on_halted_everywhere(validator, world_.events.now());
                });
            };
            world_.members[member]->on_command(protector::HaltCommand{{key_of(validator)}, true}, {}, answer);
        });
    }
    if (std::ranges::count(*done, false) == 0) return;
    world_.events.after(kSecond, [this, validator, done, end] { halt(validator, done, end); });
}

// An old file, somebody else's, or nonsense: it may refuse too much, never allow more.
void World::import_history() {
    SeededRandom& random = world_.random;
    const std::uint64_t epoch = chain_at(world_.setup, world_.events.now()).epoch.value;
    protector::ImportCommand import;
    for (int i = 0; i < 12; ++i) {
        protection::MemberRecords::Entry entry;
        entry.key = key_of(static_cast<ValidatorNumber>(random.below(world_.setup.validators)));
        Root root;
        if (random.chance(60)) root.bytes[0] = static_cast<std::uint8_t>(1 + random.below(200));
        const std::uint64_t target = epoch + random.below(2) - random.below(8);
        const std::uint64_t source = world_.setup.story == Story::kLate ? kFirstEpoch - 10 : target - 1 - random.below(3);
        entry.record.attestation = {Epoch{source}, Epoch{target}, root};
        entry.record.block = {Slot{epoch * world_.setup.slots_per_epoch - random.below(30)}, root};
        import.entries.push_back(std::move(entry));
    }
    for (std::size_t member = 0; member < world_.setup.members; ++member) {
        if (random.chance(20)) continue;
        world_.network.send(world_.setup.operator_endpoint(), member,
                            [this, member, import] { world_.members[member]->on_command(import, {}, nullptr); });
    }
}

std::size_t World::without_memory() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(world_.members, [](const auto& member) { return member->without_memory(); }));
}

// While a memory is gone: one that starts needs the word of others, and one that rejoins needs those that vote. Where both wait
// for each other only the operator can decide (docs/quorum-model.md), so that is not tried here.
bool World::may_stop(const Member& member) const {
    const auto helps = [&](const auto& other) { return other.get() != &member && other->votes() && !other->rejoining(); };
    const auto helpers = static_cast<std::size_t>(std::ranges::count_if(world_.members, helps));
    const protection::Standing standing{world_.setup.members, world_.setup.quorum};
    return without_memory() == 0 || helpers >= standing.peers_needed();
}

// ... or are without memory too.
bool World::all_others_answer(const Member& member) const {
    return std::ranges::all_of(
        world_.members, [&](const auto& other) { return other.get() == &member || other->votes() || other->without_memory(); });
}

void World::lose_a_disk() {
    Member& member = any_member();
    if (memory_gone_unnoticed_ || member.without_memory() || !member.up() || !all_others_answer(member)) return;
    if (without_memory() >= world_.setup.losses_at_once()) return;
    const Time pause = world_.setup.story == Story::kLate ? world_.random_time(kSecond) : world_.random_time(4 * kSecond);
    const auto lose = [this, pause, &member] {
        if (member.without_memory() || !member.up() || !all_others_answer(member)) return;
        if (healing_ || without_memory() >= world_.setup.losses_at_once()) return;
        member.lose_disk();
        world_.events.after(pause, [this, &member] {
            if (!healing_) member.begin_rejoin();
        });
    };
    if (world_.random.chance(30)) return lose();
    split_views(member.number());
    const Time next_slot = world_.setup.slot - world_.events.now() % world_.setup.slot;
    world_.events.after(next_slot + world_.random_time(world_.setup.slot * 2 / 3), lose);
}

// So that a disk dies where it hurts: the victim and the next Q - 1 members hear one instance (or those hear nobody yet), the
// rest hear another. With the victim's memory each side has a quorum, one of them perhaps too late.
void World::split_views(std::size_t victim) {
    const Setup& setup = world_.setup;
    const std::size_t one = world_.random.below(setup.instances);
    const std::size_t other = (one + 1) % setup.instances;
    const bool late = setup.story == Story::kLate || world_.random.chance(40);
    std::vector<std::pair<std::size_t, std::size_t>> cut;
    for (std::size_t i = 0; i < setup.members; ++i) {
        const std::size_t member = (victim + i) % setup.members;
        const bool with_one = i == 0 || (i < setup.quorum && !late);
        const bool with_other = i >= setup.quorum;
        for (std::size_t instance = 0; instance < setup.instances; ++instance) {
            const bool hears = (with_one && instance == one) || (with_other && instance == other);
            if (!hears) cut.emplace_back(member, setup.members + instance);
        }
    }
    cut_for_a_while(std::move(cut), setup.slot + world_.random_time(setup.slot));
}

void World::keep_a_backup() {
    const std::size_t number = world_.random.below(world_.setup.members);
    const Member& member = *world_.members[number];
    if (member.lost() || !member.up()) return;
    Backup backup{number, member.copy_disk(), {}};
    backup.position = member.position_of(backup.disk);
    backups_.push_back(std::move(backup));
}

// The promise: every other member has written down that it has seen this one further on.
bool World::will_be_noticed(const Backup& backup) const {
    for (std::size_t other = 0; other < world_.setup.members; ++other) {
        if (other == backup.member) continue;
        if (world_.members[other]->lost() || world_.members[other]->seen_on_disk(backup.member) <= backup.position)
            return false;
    }
    return true;
}

void World::put_back_a_backup() {
    if (backups_.empty() || memory_gone_unnoticed_ || world_.setup.members == 1) return;
    const Backup& backup = backups_[world_.random.below(backups_.size())];
    Member& member = *world_.members[backup.member];
    if (member.without_memory() || !member.up() || !may_stop(member) || !all_others_answer(member)) return;
    if (without_memory() >= world_.setup.losses_at_once()) return;
    if (!will_be_noticed(backup)) {
        // One memory may be gone where two quorums share two members; then it must stay the only one.
        if (world_.setup.needs_every_memory() || without_memory() > 0) return;
        memory_gone_unnoticed_ = true;
    }
    member.put_back(backup.disk);
    world_.events.after(50 * kMillisecond + world_.random_time(2 * kSecond), [this, &member] {
        if (!healing_) member.restart();
    });
}

// The operator moves the old copy away and lets the member rejoin.
void World::mend_stale_members() {
    for (auto& member : world_.members) {
        if (!member->stale() || !world_.random.chance(30)) continue;
        member->lose_disk();
        member->begin_rejoin();
    }
}

// One instance works, another waits; the one on duty is killed at any moment, now and then it only stops.
void World::begin_quiet() {
    for (auto& instance : world_.instances) {
        instance->be_sound(true);
        instance->start();
    }
    world_.instances.front()->take_over();
    world_.events.after(world_.setup.slot + world_.random_time(world_.setup.slot), [this] { change_over(0); });
}

void World::change_over(std::size_t from) {
    if (healing_) return;
    const std::size_t to = (from + 1) % world_.instances.size();
    Instance& before = *world_.instances[from];
    if (world_.random.chance(80)) before.kill();
    world_.events.after(world_.random_time(kSecond), [this, to] {
        if (!healing_) world_.instances[to]->take_over();
    });
    world_.events.after(2 * kSecond, [this, &before] {
        if (!healing_) before.start();
    });
    if (world_.setup.quorum < world_.setup.members && world_.random.chance(50)) crash_a_member();
    // Most duties are performed in the first third of a slot.
    const Time slots = static_cast<Time>(1 + world_.random.below(3)) * world_.setup.slot;
    const Time next = slots - world_.events.now() % world_.setup.slot + world_.random_time(world_.setup.slot / 3);
    world_.events.after(next + world_.setup.slot, [this, to] { change_over(to); });
}

void World::heal() {
    if (world_.oracle.failed()) return;
    healing_ = true;
    world_.network.heal();
    for (auto& member : world_.members) {
        member->set_clock(world_.random_time(kSecond) - kSecond / 2);
        member->restart();
    }
    // One is to be on duty; another, fenced off by now, goes on as before.
    Instance& winner = *world_.instances.back();
    for (auto& instance : world_.instances) {
        instance->be_sound(true);
        instance->set_clock(0);
        if (instance != world_.instances.front() || world_.setup.mode == protection::Mode::kShared) instance->kill();
    }
    winner.start();
    run_slots(2);  // what was asked before is over
    for (std::uint64_t slot = 0; !settled(); ++slot) {
        if (slot == kHealingSlotsMax) return world_.oracle.fail("liveness: the members don't come back");
        for (auto& member : world_.members) {
            if (member->stale()) member->lose_disk();
            member->restart();
        }
        const bool contested =
            std::ranges::any_of(world_.instances, [&](const auto& other) { return other->generation() > winner.generation(); });
        if (!winner.on_duty() || winner.generation() == 0 || contested) winner.take_over();
        run_slots(1);
        if (world_.oracle.failed()) return;
    }
    check_final_epoch();
    if (world_.setup.story == Story::kTakeovers) check_published();
}

bool World::settled() const {
    const std::uint64_t now = chain_at(world_.setup, world_.events.now()).epoch.value;
    const auto ready = [&](const auto& member) {
        const protection::Floor floor = member->ledger().facts().floor;
        return member->votes() && !member->rejoining() && member->highest_target() <= now && floor.target.value < now;
    };
    const Instance& winner = *world_.instances.back();
    const bool shared = world_.setup.mode == protection::Mode::kShared;
    const auto behind = [&](const auto& other) { return other.get() == &winner || other->generation() < winner.generation(); };
    const bool on_duty = winner.on_duty() && (shared || std::ranges::all_of(world_.instances, behind));
    return on_duty && std::ranges::all_of(world_.members, ready);
}

// From here on every validator that isn't halted gets its approval in every epoch.
void World::check_final_epoch() {
    const Setup& setup = world_.setup;
    final_epoch_ = chain_at(setup, world_.events.now()).epoch + 1;
    const auto slots_to_come = (final_epoch_.value + 1 - kFirstEpoch) * setup.slots_per_epoch;
    const Time end = static_cast<Time>(slots_to_come + 1) * setup.slot;
    world_.events.run_until(end, world_.oracle.failed());
    const auto& ledgers = world_.members;
    for (ValidatorNumber v = 0; v < setup.validators && !world_.oracle.failed(); ++v) {
        const auto halted = [&](const auto& member) {
            const protector::Validator* known = member->ledger().find(key_of(v));
            return known != nullptr && known->record.halted;
        };
        if (std::ranges::any_of(ledgers, halted)) continue;
        if (world_.oracle.approved(v, final_epoch_) == nullptr) {
            world_.oracle.fail("liveness: no quorum for validator " + std::to_string(v) + " after healing");
        }
    }
}

// What anybody got approved was published, by itself or by a successor.
void World::check_published() {
    const Setup& setup = world_.setup;
    for (ValidatorNumber v = 0; v < setup.validators; ++v) {
        for (Epoch target{kFirstEpoch}; target < final_epoch_; ++target) {
            const Ballot* approved = world_.oracle.approved(v, target);
            if (approved != nullptr && !world_.oracle.published(v, *approved)) {
                world_.oracle.fail("adoption: approved and never published, target " + to_string(target));
                return;
            }
        }
    }
}

}  // namespace holdfast::simulation
