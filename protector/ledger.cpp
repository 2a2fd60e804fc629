#include "protector/ledger.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "protector/journal.hpp"
#include "shared/protection/rules.hpp"

namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;
using protection::Fence;
using protection::in_force;
using protection::KeyIndex;
using protection::Outcome;
using protection::Reason;
using protection::Rule;
using protection::ValidatorRecord;
using protection::Verdict;
using protection::VotingTerms;

namespace {

using DataPointer = std::shared_ptr<const ethereum::AttestationData>;

constexpr std::size_t kBlock = 32;  // keys that are looked up together

Verdict decide_one(const ValidatorRecord& record, const AttestationMark& mark, const VotingTerms& terms) {
    return decide_attestation(record, mark, terms);
}
Verdict decide_one(const ValidatorRecord& record, const BlockMark& mark, const VotingTerms& terms) {
    return decide_block(record, mark, terms);
}

void set(ValidatorRecord& record, const AttestationMark& mark, const DataPointer& data) {
    record.attestation = mark;
    record.data = data;
}
void set(ValidatorRecord& record, const BlockMark& mark, const DataPointer&) { record.block = mark; }

const DataPointer& data_of(const AttestationBatch& batch) { return batch.data; }
DataPointer data_of(const BlockBatch&) { return nullptr; }

void append_group_head(std::string& to, const AttestationMark& mark, const DataPointer& data) {
    to += 'a';
    append_number(to, mark.source.value);
    append_number(to, mark.target.value);
    append_bytes(to, mark.signing_root);
    to += data ? '\1' : '\0';
    if (data) append_ssz(to, *data);
}

void append_group_head(std::string& to, const BlockMark& mark, const DataPointer&) {
    to += 'b';
    append_number(to, mark.slot.value);
    append_bytes(to, mark.signing_root);
}

// Writes groups: consecutive approvals of the same message become one.
template <class Mark>
class GroupWriter {
public:
    GroupWriter(std::string& to, DataPointer data) : to_{to}, data_{std::move(data)} {}
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;
    ~GroupWriter() { flush(); }

    void add(const Mark& mark, ValidatorId id) {
        if (!ids_.empty() && mark != mark_) flush();
        mark_ = mark;
        ids_.push_back(id);
    }

private:
    std::string& to_;
    DataPointer data_;
    Mark mark_;
    std::vector<ValidatorId> ids_;

    void flush() {
        if (ids_.empty()) return;
        append_group_head(to_, mark_, data_);
        append_number(to_, static_cast<std::uint32_t>(ids_.size()));
        for (const ValidatorId id : ids_) append_number(to_, id);
        ids_.clear();
    }
};

void append_short_text(std::string& to, const std::string& text) {
    to += static_cast<char>(text.size());
    to += text;
}

void append_ids(std::string& to, const std::vector<ValidatorId>& ids) {
    append_number(to, static_cast<std::uint32_t>(ids.size()));
    for (const ValidatorId id : ids) append_number(to, id);
}

std::uint64_t seconds_of(WallTime when) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
}

// As the journal will give it back.
WallTime whole_seconds(WallTime when) { return WallTime{std::chrono::seconds{seconds_of(when)}}; }

void append_tenure(std::string& to, const protection::Tenure& tenure) {
    to += 'g';
    append_number(to, tenure.generation);
    append_number(to, seconds_of(tenure.since));
    append_short_text(to, tenure.holder);
}

void append_seen(std::string& to, const std::string& node, protection::Position position) {
    to += 's';
    append_number(to, position.incarnation);
    append_number(to, position.sequence);
    append_short_text(to, node);
}

void append_floor(std::string& to, const protection::Floor& floor, std::uint64_t incarnation) {
    to += 'f';
    append_number(to, floor.target.value);
    append_number(to, floor.slot.value);
    append_number(to, incarnation);
}

void append_record(std::string& to, ValidatorId id, const ValidatorRecord& record) {
    append_number(to, id);
    to += static_cast<char>(flags_of(record));
    if (record.attestation) {
        append_number(to, record.attestation->source.value);
        append_number(to, record.attestation->target.value);
        append_bytes(to, record.attestation->signing_root);
    }
    if (record.data) append_ssz(to, *record.data);
    if (record.block) {
        append_number(to, record.block->slot.value);
        append_bytes(to, record.block->signing_root);
    }
}

// Every message refused for one reason that has nothing to do with it.
std::vector<Verdict> refuse_all(std::size_t keys, Reason reason) {
    return std::vector<Verdict>(keys, Verdict{Outcome::kRefused, reason, {}});
}

bool same(const ValidatorRecord& a, const ValidatorRecord& b) {
    return a.attestation == b.attestation && a.block == b.block && a.halted == b.halted && a.enrolled == b.enrolled;
}

}  // namespace

void append_ssz(std::string& to, const ethereum::AttestationData& data) {
    append_number(to, data.slot.value);
    append_number(to, data.index.value);
    append_bytes(to, data.beacon_block_root);
    append_number(to, data.source.epoch.value);
    append_bytes(to, data.source.root);
    append_number(to, data.target.epoch.value);
    append_bytes(to, data.target.root);
}

ethereum::AttestationData attestation_data_from_ssz(const std::uint8_t* bytes) {
    BytesReader reader{{reinterpret_cast<const char*>(bytes), kAttestationDataSize}};
    ethereum::AttestationData data;
    data.slot = Slot{reader.number<std::uint64_t>()};
    data.index = CommitteeIndex{reader.number<std::uint64_t>()};
    data.beacon_block_root = reader.bytes<Root>();
    data.source.epoch = Epoch{reader.number<std::uint64_t>()};
    data.source.root = reader.bytes<Root>();
    data.target.epoch = Epoch{reader.number<std::uint64_t>()};
    data.target.root = reader.bytes<Root>();
    return data;
}

ValidatorId Ledger::id_of(const PublicKey& key) {
    const ValidatorId known = known_id(key);
    if (known != KeyIndex::kNone) return known;
    add(Validator{key, {}});
    return static_cast<ValidatorId>(validators_.size() - 1);
}

ValidatorId Ledger::known_id(const PublicKey& key) const {
    return ids_.find(key, [this](ValidatorId id) -> const PublicKey& { return validators_[id].key; });
}

void Ledger::add(Validator validator) {
    ids_.insert(validator.key, static_cast<ValidatorId>(validators_.size()));
    validators_.push_back(std::move(validator));
    is_changed_.push_back(false);
}

void Ledger::note_changed(ValidatorId id) {
    if (is_changed_[id]) return;
    is_changed_[id] = true;
    changed_.push_back(id);
}

// What a batch decides on lies all over the memory: asked for ahead, the cache misses of many keys pass together.
void Ledger::prefetch(std::span<const PublicKey> keys) const {
    for (const PublicKey& key : keys) ids_.prefetch(key);
    for (const PublicKey& key : keys) {
        const ValidatorId id = ids_.guess(key);
        if (id == KeyIndex::kNone) continue;
        constexpr std::size_t kLine = 64;
        const auto* bytes = reinterpret_cast<const char*>(&validators_[id]);
        for (std::size_t at = 0; at < sizeof(Validator); at += kLine) __builtin_prefetch(bytes + at);
    }
}

Applied Ledger::apply(const Command& command, std::string& journal) {
    const std::size_t before = journal.size();
    Applied applied = std::visit([&](const auto& which) { return apply_one(which, journal); }, command);
    if (journal.size() > before) {
        for (const auto& [node, position] : std::exchange(seen_to_write_, {})) append_seen(journal, node, position);
    }
    applied.tenure = facts_.tenure;
    return applied;
}

// The fence comes first. A learned generation is recorded with the verdicts.
template <class Mark, class BatchOf>
Applied Ledger::apply_batch(const BatchOf& batch, std::string& journal) {
    Applied applied;
    switch (check_generation(facts_.tenure, settings_.mode, batch.asker.generation)) {
        case Fence::kFenced: applied.verdicts = refuse_all(batch.keys.size(), Reason::kFenced); return applied;
        case Fence::kWrongMode: applied.verdicts = refuse_all(batch.keys.size(), Reason::kWrongMode); return applied;
        case Fence::kLearned: hold({batch.asker.generation, batch.asker.instance, batch.asker.wall}, journal); break;
        case Fence::kCurrent: break;
    }
    applied.verdicts = decide_all<Mark>(batch, journal);
    return applied;
}

Applied Ledger::apply_one(const AttestationBatch& batch, std::string& journal) {
    return apply_batch<AttestationMark>(batch, journal);
}
Applied Ledger::apply_one(const BlockBatch& batch, std::string& journal) { return apply_batch<BlockMark>(batch, journal); }

Applied Ledger::apply_one(const AcquireCommand& command, std::string& journal) {
    Applied applied;
    applied.promised = may_acquire(facts_.tenure, settings_.mode, command.generation, command.holder);
    const bool is_new = command.generation != facts_.tenure.generation || command.holder != facts_.tenure.holder;
    if (applied.promised && is_new) hold({command.generation, command.holder, command.when}, journal);
    return applied;
}

Applied Ledger::apply_one(const HaltCommand& command, std::string& journal) {
    return change_flag(command.keys, &ValidatorRecord::halted, command.halt, command.halt ? "h\1" : std::string_view{"h\0", 2},
                       journal);
}

Applied Ledger::apply_one(const EnrolCommand& command, std::string& journal) {
    return change_flag(command.keys, &ValidatorRecord::enrolled, true, "e", journal);
}

Applied Ledger::apply_one(const ImportCommand& command, std::string& journal) {
    const std::size_t known = validators_.size();
    std::string records;
    std::uint32_t count = 0;
    for (const auto& entry : command.entries) {
        const ValidatorId id = id_of(entry.key);
        ValidatorRecord merged = validators_[id].record;
        if (in_force(Rule::kImportNeverLowers)) {
            merge_upwards(merged, entry.record);
        } else {
            merged = entry.record;
        }
        merged.enrolled = true;
        if (same(merged, validators_[id].record)) continue;
        validators_[id].record = std::move(merged);
        note_changed(id);
        append_record(records, id, validators_[id].record);
        ++count;
    }
    append_new_validators(known, journal);
    append_records(count, records, journal);
    Applied applied;
    applied.changed = count;
    return applied;
}

Applied Ledger::apply_one(const SeenCommand& command, std::string&) {
    if (facts_.seen.note(command.node, command.position)) seen_to_write_[command.node] = command.position;
    return {};
}

void Ledger::rejoin(const protection::RejoinPlan& plan, std::string& journal) {
    facts_.floor = plan.floor;
    facts_.incarnation = plan.position.incarnation;
    append_floor(journal, facts_.floor, facts_.incarnation);
    if (plan.tenure.generation > 0) hold(plan.tenure, journal);
    std::string records;
    for (const auto& entry : plan.entries) {
        const ValidatorId id = id_of(entry.key);
        validators_[id].record = entry.record;
        note_changed(id);
        append_record(records, id, entry.record);
    }
    append_new_validators(0, journal);
    append_records(static_cast<std::uint32_t>(plan.entries.size()), records, journal);
}

void Ledger::hold(protection::Tenure tenure, std::string& journal) {
    tenure.since = whole_seconds(tenure.since);
    facts_.tenure = std::move(tenure);
    if (in_force(Rule::kGenerationDurable)) append_tenure(journal, facts_.tenure);
}

Applied Ledger::change_flag(const std::vector<PublicKey>& keys, bool ValidatorRecord::*flag, bool value, std::string_view group,
                            std::string& journal) {
    const std::size_t known = validators_.size();
    std::vector<ValidatorId> ids;
    for (const PublicKey& key : keys) {
        const Validator* there = find(key);
        if ((there != nullptr && there->record.*flag) == value) continue;
        const ValidatorId id = id_of(key);
        validators_[id].record.*flag = value;
        ids.push_back(id);
        note_changed(id);
    }
    append_new_validators(known, journal);
    if (!ids.empty()) {
        journal += group;
        append_ids(journal, ids);
    }
    Applied applied;
    applied.changed = ids.size();
    return applied;
}

template <class Mark, class BatchOf>
std::vector<Verdict> Ledger::decide_all(const BatchOf& batch, std::string& journal) {
    const DataPointer data = data_of(batch);
    const VotingTerms terms{batch.asker.now, facts_.floor, settings_.refuse_unknown};
    const std::size_t known = validators_.size();
    std::vector<Verdict> verdicts;
    verdicts.reserve(batch.keys.size());
    std::string groups;
    {
        GroupWriter<Mark> writer{groups, data};
        for (std::size_t i = 0; i < batch.keys.size(); ++i) {
            if (i % kBlock == 0) prefetch(std::span{batch.keys}.subspan(i, std::min(kBlock, batch.keys.size() - i)));
            const Mark& mark = batch.marks.size() == 1 ? batch.marks.front() : batch.marks[i];
            ValidatorId id = known_id(batch.keys[i]);
            static const ValidatorRecord kNothing;
            verdicts.push_back(decide_one(id == KeyIndex::kNone ? kNothing : validators_[id].record, mark, terms));
            if (verdicts.back().outcome != Outcome::kApproved) continue;
            if (id == KeyIndex::kNone) id = id_of(batch.keys[i]);
            set(validators_[id].record, mark, data);
            note_changed(id);
            writer.add(mark, id);
        }
    }
    append_new_validators(known, journal);
    journal += groups;
    return verdicts;
}

void Ledger::append_new_validators(std::size_t from, std::string& journal) const {
    if (from == validators_.size()) return;
    journal += 'v';
    append_number(journal, static_cast<std::uint32_t>(from));
    append_number(journal, static_cast<std::uint32_t>(validators_.size() - from));
    for (std::size_t i = from; i < validators_.size(); ++i) append_bytes(journal, validators_[i].key);
}

void Ledger::append_records(std::uint32_t count, const std::string& records, std::string& journal) {
    if (count == 0) return;
    journal += 'i';
    append_number(journal, count);
    journal += records;
}

Result<void> Ledger::load(ValidatorId id, Validator validator) {
    if (id != validators_.size())
        return failure(ErrorCode::kMalformed, "validator number " + std::to_string(id) + " is out of order");
    if (known_id(validator.key) != KeyIndex::kNone) {
        return failure(ErrorCode::kMalformed, "validator " + to_hex(validator.key) + " is there twice");
    }
    add(std::move(validator));
    return success();
}

const Validator* Ledger::find(const PublicKey& key) const {
    const ValidatorId id = known_id(key);
    return id == KeyIndex::kNone ? nullptr : &validators_[id];
}

std::vector<protection::RecordGroup> Ledger::records_for(Epoch target) const {
    std::vector<protection::RecordGroup> groups;
    // What was imported stays apart from what this cluster's instances have asked for, which has data.
    std::map<std::tuple<Root, Epoch, bool>, std::size_t> places;
    for (const Validator& validator : validators_) {
        const auto& mark = validator.record.attestation;
        if (!mark || mark->target != target) continue;
        const DataPointer& data = validator.record.data;
        const auto [place, is_new] = places.try_emplace({mark->signing_root, mark->source, data != nullptr}, groups.size());
        if (is_new) groups.push_back({*mark, data, {}});
        groups[place->second].keys.push_back(validator.key);
    }
    return groups;
}

bool operator==(const Ledger& a, const Ledger& b) {
    const auto equal = [](const Validator& left, const Validator& right) {
        return left.key == right.key && same(left.record, right.record);
    };
    return a.facts_.tenure == b.facts_.tenure && a.facts_.floor == b.facts_.floor &&
           a.facts_.incarnation == b.facts_.incarnation && std::ranges::equal(a.validators_, b.validators_, equal);
}

std::vector<ValidatorId> Ledger::take_changed() {
    std::sort(changed_.begin(), changed_.end());
    is_changed_.assign(is_changed_.size(), false);
    return std::exchange(changed_, {});
}

}  // namespace holdfast::protector
