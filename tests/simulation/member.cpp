#include "tests/simulation/member.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/simulation/instance.hpp"

namespace holdfast::simulation {

using protection::MemberRecords;
using protection::Position;
using protection::Standing;
using protector::Applied;
using protector::Command;
using protector::Ledger;

namespace {

constexpr Time kExchange = kSecond;
constexpr Time kRejoinRound = kSecond;
constexpr Time kSyncMin = kMillisecond;
constexpr Time kSyncMore = 15 * kMillisecond;

WallTime wall_of(Time time) { return WallTime{std::chrono::seconds{1'700'000'000} + std::chrono::microseconds{time}}; }

}  // namespace

PublicKey key_of(ValidatorNumber validator) {
    PublicKey key;
    std::memcpy(key.data() + 8, &validator, sizeof validator);
    return key;
}

ValidatorNumber validator_of(const PublicKey& key) {
    ValidatorNumber validator = 0;
    std::memcpy(&validator, key.data() + 8, sizeof validator);
    return validator;
}

std::string member_name(std::size_t member) { return "p" + std::to_string(member + 1); }

Member::Member(Environment& world, std::size_t number)
    : world_{world}, number_{number}, name_{member_name(number)}, ledger_{{world.setup.mode, false}} {
    start_process();
}

void Member::start_process() {
    up_ = true;
    ++life_;
    standing_.emplace(world_.setup.members, world_.setup.quorum);
    exchange();
}

bool Member::votes() const { return up_ && !lost_ && standing_->state() == Standing::State::kVoting; }
bool Member::stale() const { return up_ && !lost_ && standing_->state() == Standing::State::kStale; }

bool Member::rejoining() const {
    if (!up_ || lost_) return false;
    const protection::Floor floor = ledger_.facts().floor;
    const protection::ChainTime now = clock();
    return floor != protection::Floor{} && (floor.target >= now.epoch || floor.slot >= now.slot);
}

protection::ChainTime Member::clock() const { return chain_at(world_.setup, world_.events.now() + clock_ahead_); }

Position Member::position_of(const Disk& disk) const { return {ledger_.facts().incarnation, disk.size()}; }

Position Member::seen_on_disk(std::size_t other) const {
    const auto found = seen_on_disk_.find(member_name(other));
    return found == seen_on_disk_.end() ? Position{} : found->second;
}

std::uint64_t Member::highest_target() const {
    std::uint64_t highest = 0;
    for (const auto& validator : ledger_.validators()) {
        if (validator.record.attestation) highest = std::max(highest, validator.record.attestation->target.value);
    }
    return highest;
}

void Member::note_seen(const std::string& who, bool is_peer, Position seen) {
    const bool was_stale = stale();
    standing_->on_seen(who, is_peer, seen, position());
    if (!was_stale && stale()) ++world_.oracle.counts.backups_noticed;
}

void Member::on_command(const Command& command, Position seen, OnAnswer answer) {
    if (!up_ || lost_) return;
    note_seen("client", false, seen);
    if (!votes()) return;
    enqueue({command, nullptr, {}, std::move(answer), nullptr});
}

void Member::on_verdicts(const VerdictRequest& request, Position seen, OnAnswer answer) {
    if (!up_ || lost_) return;
    note_seen("client", false, seen);
    if (!votes()) return;
    const protector::Asker asker{request.generation, request.instance, clock(), wall_of(world_.events.now())};
    Waiting waiting;
    waiting.request = std::make_shared<const VerdictRequest>(request);
    waiting.clock = asker.now;
    if (request.ballot.is_block) {
        waiting.command = protector::BlockBatch{request.keys, {request.ballot.block}, asker};
    } else {
        waiting.command = protector::AttestationBatch{request.keys, {request.ballot.attestation}, request.data, asker};
    }
    waiting.answer = std::move(answer);
    enqueue(std::move(waiting));
}

void Member::on_records(Epoch target, OnRecords answer) {
    if (!votes()) return;
    Waiting waiting;
    waiting.read = [this, target, answer = std::move(answer)] {
        return [answer, tenure = ledger_.facts().tenure, groups = ledger_.records_for(target)] { answer(tenure, groups); };
    };
    enqueue(std::move(waiting));
}

void Member::on_status(OnAnswer answer) {
    if (!up_ || lost_) return;
    Waiting waiting;
    waiting.read = [this, answer = std::move(answer)] {
        MemberAnswer said;
        said.applied.tenure = ledger_.facts().tenure;
        said.applied.position = position();
        return [answer, said] { answer(said); };
    };
    enqueue(std::move(waiting));
}

void Member::on_all_records(std::size_t asker, OnAllRecords answer) {
    if (!votes()) return;
    Waiting waiting;
    waiting.read = [this, asker, answer = std::move(answer)] {
        return [answer, records = all_records(asker)] { answer(records); };
    };
    enqueue(std::move(waiting));
}

MemberRecords Member::all_records(std::size_t asker) const {
    MemberRecords records;
    records.node = name_;
    records.rejoining = rejoining();
    records.now = clock();
    records.tenure = ledger_.facts().tenure;
    records.seen_of_asker = ledger_.facts().seen.of(member_name(asker));
    for (const auto& validator : ledger_.validators()) {
        records.entries.push_back({validator.key, validator.record});
        const auto& record = validator.record;
        if (record.attestation) records.highest_target = std::max(records.highest_target, record.attestation->target.value);
        if (record.block) records.highest_slot = std::max(records.highest_slot, record.block->slot.value);
    }
    return records;
}

void Member::enqueue(Waiting waiting) {
    waiting_.push_back(std::move(waiting));
    if (!syncing_) write();
}

// Decides all that waits, and answers when what changed is on disk; nothing waits for the disk if nothing changed.
void Member::write() {
    auto row = std::make_shared<std::string>();
    std::vector<Events::Action> answers;
    for (Waiting& waiting : std::exchange(waiting_, {})) answers.push_back(answer_of(waiting, *row));
    if (row->empty()) {
        finish_group(nullptr, std::move(answers));
        return;
    }
    syncing_ = row;
    world_.events.after(kSyncMin + world_.random_time(kSyncMore),
                        [this, life = life_, row = std::move(row), answers = std::move(answers)]() mutable {
                            if (life == life_) finish_group(std::move(row), std::move(answers));
                        });
}

Events::Action Member::answer_of(Waiting& waiting, std::string& row) {
    if (waiting.read) return waiting.read();
    MemberAnswer said;
    said.applied = ledger_.apply(*waiting.command, row);
    if (std::holds_alternative<protector::AcquireCommand>(*waiting.command)) {
        const MemberRecords records = all_records(number_);
        said.highest_target = Epoch{records.highest_target};
        said.highest_slot = Slot{records.highest_slot};
    }
    return [this, said = std::move(said), answer = std::move(waiting.answer), request = std::move(waiting.request),
            clock_then = waiting.clock]() mutable {
        said.applied.position = position();
        if (request) {
            for (const protection::Verdict& verdict : said.applied.verdicts) {
                world_.oracle.on_verdict(number_, request->ballot, verdict, request->generation, clock_then);
            }
        }
        world_.oracle.on_tenure(number_, said.applied.tenure);
        if (answer) answer(said);
    };
}

void Member::finish_group(std::shared_ptr<const std::string> row, std::vector<Events::Action> answers) {
    if (row) {
        disk_.push_back(std::move(row));
        seen_on_disk_ = ledger_.facts().seen.all();
    }
    syncing_ = nullptr;
    for (const Events::Action& answer : answers) answer();
    if (!waiting_.empty() && !syncing_) write();
}

// What is being written when the process ends may be on the disk or not; nobody was told.
void Member::crash() {
    if (!up_) return;
    ++world_.oracle.counts.crashes;
    if (syncing_ && world_.random.chance(50)) disk_.push_back(syncing_);
    syncing_ = nullptr;
    waiting_.clear();
    up_ = false;
    ++life_;
}

void Member::restart() {
    if (up_) return;
    if (lost_) {
        begin_rejoin();
        return;
    }
    ledger_ = Ledger{{world_.setup.mode, false}};
    for (const auto& row : disk_) {
        if (!ledger_.replay(*row)) world_.oracle.fail("journal: a row can't be read again");
    }
    seen_on_disk_ = ledger_.facts().seen.all();
    start_process();
}

void Member::lose_disk() {
    crash();
    ++world_.oracle.counts.lost_disks;
    world_.oracle.on_memory_lost(number_);
    disk_.clear();
    seen_on_disk_.clear();
    ledger_ = Ledger{{world_.setup.mode, false}};
    lost_ = true;
    put_back_ = false;
}

void Member::put_back(Disk disk) {
    crash();
    ++world_.oracle.counts.backups_restored;
    world_.oracle.on_memory_lost(number_);
    disk_ = std::move(disk);
    put_back_ = true;
}

void Member::begin_rejoin() {
    if (up_ || !lost_) return;
    up_ = true;
    ++life_;
    standing_.emplace(world_.setup.members, world_.setup.quorum);
    world_.events.after(world_.setup.rejoin_wait, [this, life = life_] {
        if (life == life_) ask_to_rejoin();
    });
}

void Member::ask_to_rejoin() {
    answers_.clear();
    answers_arrived_.clear();
    for (std::size_t other = 0; other < world_.setup.members; ++other) {
        if (other == number_) continue;
        world_.network.send(number_, other, [this, other, life = life_] {
            const auto answer = [this, other, life](const MemberRecords& records) {
                world_.network.send(other, number_, [this, life, records] {
                    const auto same = [&](const MemberRecords& known) { return known.node == records.node; };
                    if (life != life_ || !lost_ || std::ranges::any_of(answers_, same)) return;
                    answers_.push_back(records);
                    answers_arrived_.push_back(clock().slot.value);
                });
            };
            world_.members[other]->on_all_records(number_, answer);
        });
    }
    world_.events.after(kRejoinRound, [this, life = life_] {
        if (life != life_ || !lost_) return;
        try_to_rejoin();
        if (lost_) ask_to_rejoin();
    });
}

void Member::try_to_rejoin() {
    const Setup& setup = world_.setup;
    const protection::ChainTime now = clock();
    std::size_t usable = 0;
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
        MemberRecords& records = answers_[i];
        records.now.slot = records.now.slot + (now.slot.value - answers_arrived_[i]);
        records.now.epoch = Epoch{records.now.slot.value / setup.slots_per_epoch};
        answers_arrived_[i] = now.slot.value;
        if (records.rejoining) continue;
        ++usable;
        const auto [low, high] = std::minmax(records.now.slot.value, now.slot.value);
        difference = std::max(difference, high - low);
    }
    const auto plan = protection::plan_rejoin(answers_, setup.members, setup.quorum, now, setup.slots_per_epoch);
    if (!plan) return;
    world_.oracle.on_rejoin(usable, difference);
    auto row = std::make_shared<std::string>();
    ledger_ = Ledger{{setup.mode, false}};
    ledger_.rejoin(plan.value(), *row);
    disk_ = {std::move(row)};
    lost_ = false;
    start_process();
}

// Once a second with everybody else.
void Member::exchange() {
    for (std::size_t other = 0; other < world_.setup.members; ++other) {
        if (other != number_) exchange_with(other);
    }
    world_.events.after(kExchange + world_.random_time(50 * kMillisecond), [this, life = life_] {
        if (life == life_) exchange();
    });
}

void Member::exchange_with(std::size_t other) {
    const Position own = position();
    const Position seen_of_other = ledger_.facts().seen.of(member_name(other));
    world_.network.send(number_, other, [this, other, own, seen_of_other, life = life_] {
        const auto answer = [this, other, life](Position position_there, Position seen_of_us, bool is_rejoining) {
            world_.network.send(other, number_, [this, other, life, position_there, seen_of_us, is_rejoining] {
                if (life != life_ || lost_) return;
                note_seen(member_name(other), !is_rejoining, seen_of_us);
                std::string nothing;
                ledger_.apply(protector::SeenCommand{member_name(other), position_there}, nothing);
            });
        };
        world_.members[other]->on_peer(number_, own, seen_of_other, answer);
    });
}

void Member::on_peer(std::size_t from, Position position_there, Position seen_of_us,
                     std::function<void(Position, Position, bool)> answer) {
    if (!up_ || lost_) return;
    note_seen(member_name(from), false, seen_of_us);
    std::string nothing;
    ledger_.apply(protector::SeenCommand{member_name(from), position_there}, nothing);
    answer(position(), ledger_.facts().seen.of(member_name(from)), rejoining());
}

}  // namespace holdfast::simulation
